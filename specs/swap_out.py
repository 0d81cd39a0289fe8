# SPDX-License-Identifier: GPL-2.0-or-later
"""What if swap-out skipped one of its tests?"""

from __future__ import annotations

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

nobody_dirties_the_folio = what_if(
    """Two places make a folio dirty that gets a slot without having been written to: the one
    where it gets the slot and the one where it lost the last. One of them is enough to keep the
    content; with neither, a page that was read from zswap and not touched is dropped unwritten.""",
    SwapDesign(alloc_dirties_folio=False, free_swap_dirties_folio=False),
    breaks={},
)

write_error_leaves_folio_clean = what_if(
    """A write that failed must leave the folio dirty: the slot holds nothing of use.""",
    SwapDesign(write_error_dirties=False),
    breaks={},
)
