# SPDX-License-Identifier: GPL-2.0-or-later
"""What if swap-in, or freeing, trusted what it saw before?"""

from __future__ import annotations

from model.design import SwapDesign
from specs.scopes import (
    no_reclaim,
    no_shrinker,
    one_page_in_zswap,
    straight_to_disk,
    two_faults,
    two_threads_no_shrinker,
)
from specs.what_if import what_if

add_checks_once = what_if(
    """swap_cache_alloc_folio must check the slot again where it inserts the folio.""",
    SwapDesign(add_rechecks_slot=False),
    breaks=[
        "the_cache_and_the_folio_agree",
        "no_slot_without_content",
        "no_rmap_without_physical_slot",
        "a_physical_slot_is_taken_for_a_cached_locked_folio",
        "a_free_slot_owns_nothing",
        "a_zswap_entry_has_one_place",
        "a_cached_slot_changes_backing_under_its_folio_lock",
        "nothing freed is used",
        "swapin_returns_what_was_written",
        "the_only_copy_is_dirty",
        "clean_means_backed",
        "memcg_charged_exactly_once",
        "nothing is freed twice",
        "no_folio_is_leaked",
        "a_physical_slot_is_taken_to_write_a_page",
    ],
    scope=no_reclaim,
    start=(one_page_in_zswap,),
)

fault_trusts_folio = what_if(
    """A fault must check, under the folio lock, that the folio is still cached for its slot.""",
    SwapDesign(fault_rechecks_folio=False),
    breaks=["swapin_returns_what_was_written", "a_free_slot_owns_nothing"],
    scope=two_threads_no_shrinker,
    default=False,
)

fault_trusts_pte = what_if(
    """A fault must compare the PTE again under the PTL.""",
    SwapDesign(fault_rechecks_pte=False),
    breaks=["swapin_returns_what_was_written", "nothing is freed twice", "no_folio_is_leaked"],
    scope=two_faults,
    start=(one_page_in_zswap,),
)

fault_drops_ptl_early = what_if(
    """A fault must keep the PTL until it has unlocked the folio: the reference that it had is the
    PTE's now, and whoever clears the PTE may put the last one.""",
    SwapDesign(fault_keeps_ptl=False),
    breaks=[
        "a_folio_at_work_is_in_use",
        "a_dirty_folio_has_no_compressed_copy",
    ],
    scope=two_threads_no_shrinker,
    default=False,
)

fault_maps_unread_folio = what_if(
    """A folio that could not be read must not be mapped [O26].""",
    SwapDesign(fault_checks_uptodate=False),
    breaks=["swapin_returns_what_was_written"],
    default=False,
)

load_unlocks_early = what_if(
    """zswap_load must release the compressed copy before it unlocks the folio.""",
    SwapDesign(load_releases_locked=False),
    breaks=["a_dirty_folio_has_no_compressed_copy", "a_cached_slot_changes_backing_under_its_folio_lock"],
    default=False,
)

zap_without_ptl = what_if(
    """zap lowers the swap count before it clears the PTE: only the PTL makes that safe.""",
    SwapDesign(zap_holds_ptl=False),
    breaks=["the_count_covers_every_pte"],
)

free_swap_ignores_count = what_if(
    """folio_free_swap must see a count of zero under the folio lock [O12].""",
    SwapDesign(free_swap_tests_count=False),
    breaks=["no_slot_without_content", "the_only_copy_is_dirty"],
    scope=no_shrinker,
    default=False,
)

free_swap_ignores_writeback = what_if(
    """folio_free_swap must leave a slot alone whose write is in flight.""",
    SwapDesign(free_swap_tests_writeback=False),
    breaks=[
        "nothing freed is used",
        "a_folio_at_work_is_in_use",
        "clean_means_backed",
        "swapin_returns_what_was_written",
    ],
    scope=straight_to_disk,
)
