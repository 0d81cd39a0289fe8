# SPDX-License-Identifier: GPL-2.0-or-later
"""What if swap-out skipped one of its tests?"""

from __future__ import annotations

from checker.language import broken
from model.design import SwapDesign
from specs.what_if import what_if

alloc_leaves_folio_clean = what_if(
    """A folio that receives a fresh slot is dirty until it is written [O15].""",
    SwapDesign(alloc_dirties_folio=False),
    breaks={},
)

unmap_without_folio_lock = what_if(
    """Swap PTEs must be installed under the folio lock: only it keeps a count at zero.""",
    SwapDesign(unmap_holds_folio_lock=False),
    breaks={},
)

remove_ignores_references = what_if(
    """__remove_mapping must give up when somebody else holds a reference to the folio.""",
    SwapDesign(remove_freezes_refs=False),
    breaks={},
)

remove_ignores_dirty = what_if(
    """__remove_mapping must look at the dirty flag again, under the cluster lock.""",
    SwapDesign(remove_rechecks_dirty=False),
    breaks={},
)

write_error_leaves_folio_clean = what_if(
    """A write that failed must leave the folio dirty: the slot holds nothing of use.""",
    SwapDesign(write_error_dirties=False),
    breaks={},
)
