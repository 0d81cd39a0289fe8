# SPDX-License-Identifier: GPL-2.0-or-later
"""What if swap-out skipped one of its tests?"""

from __future__ import annotations

from model.design import SwapDesign
from specs.promises import PROMISES
from specs.requirements import REQUIREMENTS
from specs.scopes import no_shrinker
from specs.what_if import what_if

alloc_leaves_folio_clean = what_if(
    """A folio that receives a fresh slot is dirty until it is written [O15].""",
    SwapDesign(alloc_dirties_folio=False),
    breaks=["the_only_copy_is_dirty"],
    default=False,
)

unmap_without_folio_lock = what_if(
    """Swap PTEs must be installed under the folio lock: only it keeps a count at zero.""",
    SwapDesign(unmap_holds_folio_lock=False),
    breaks=["the_first_pte_needs_the_folio_lock", "a_cached_slot_changes_backing_under_its_folio_lock"],
)

remove_ignores_references = what_if(
    """__remove_mapping must give up when somebody else holds a reference to the folio.""",
    SwapDesign(remove_freezes_refs=False),
    breaks=[
        "nothing is freed twice",
        "swapin_returns_what_was_written",
        "what_is_used_has_a_reference",
        "nothing freed is used",
        "a_folio_at_work_is_in_use",
        "the_only_copy_is_dirty",
        "no_slot_without_content",
        "the_owner_of_the_slot_pays_for_the_folio",
    ],
    scope=no_shrinker,
)

nobody_dirties_the_folio = what_if(
    """Two places make a folio dirty that gets a slot without having been written to: the one
    where it gets the slot and the one where it lost the last. One of them is enough to keep the
    content; with neither, a page that was read from zswap and not touched is dropped unwritten.""",
    SwapDesign(alloc_dirties_folio=False, free_swap_dirties_folio=False),
    breaks=["the_only_copy_is_dirty", "no_slot_without_content", "clean_means_backed"],
)

write_error_leaves_folio_clean = what_if(
    """A write that failed must leave the folio dirty: the slot holds nothing of use.""",
    SwapDesign(write_error_dirties=False),
    breaks=["clean_means_backed", "swapin_returns_what_was_written"],
    default=False,
)

alloc_takes_physical_slot = what_if(
    """A virtual slot must not come with a physical one: swap space would have to be provisioned for
    pages that zswap takes, or that are all zeros.""",
    SwapDesign(alloc_leaves_backing_for_later=False),
    breaks=["a_physical_slot_is_taken_to_write_a_page", "dynamic_swap_space"],
    scope=no_shrinker,
    promises=(*PROMISES, *REQUIREMENTS),
)

unmap_loses_marker = what_if(
    """The exclusive marker must go from a page to its swap entry: without it a page that nobody
    shares comes back read-only, and is copied or taken over once more.""",
    SwapDesign(unmap_keeps_marker=False),
    breaks=["an_exclusive_marker_survives"],
    scope=no_shrinker,
)
