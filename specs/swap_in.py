# SPDX-License-Identifier: GPL-2.0-or-later
"""What if swap-in, or freeing, trusted what it saw before?"""

from __future__ import annotations

from checker.language import *
from model.backing import Effective, backing
from model.design import SwapDesign
from model.objects import Swap, VswapSlot
from model.vswap import VSWAP
from specs.counts import nobody_runs
from specs.promises import PROMISES
from specs.reached import a_fault_is_alone_with_its_folio
from specs.scopes import (
    no_reclaim,
    no_shrinker,
    one_page_in_zswap,
    one_page_of_zeros,
    straight_to_disk,
    two_faults,
    two_faults_reclaimed,
    two_owners_faulting,
    two_threads_no_shrinker,
    two_threads_two_slots,
)
from specs.starts import a_virtual_page_is_on_the_disk
from specs.what_if import what_if


@invariant
def no_page_is_lost_for_good(s: Swap):
    """When nobody runs, a slot that a PTE refers to has its content somewhere."""
    return not nobody_runs() or all(backing(s, v) != Effective.NONE for v in VswapSlot if s.count[v] > 0)


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
    by_z3=40,
)

fault_trusts_folio = what_if(
    """A fault must check, under the folio lock, that the folio is still cached for its slot.""",
    SwapDesign(fault_rechecks_folio=False),
    breaks=["swapin_returns_what_was_written", "a_free_slot_owns_nothing"],
    scope=two_threads_no_shrinker,
    default=False,
)

fault_trusts_any_entry = what_if(
    """That the folio is in the swap cache is not enough: it may be there for another slot [O11]. The fault has
    looked it up and waits; another thread maps and unmaps it, reclaim gives it a slot, and the process
    touches the page anew and loses it to the slot that the fault came for.""",
    SwapDesign(fault_compares_entry=False),
    breaks=["swapin_returns_what_was_written", "a_free_slot_owns_nothing"],
    scope=two_threads_two_slots,
    start=(one_page_in_zswap,),
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

o08_load_frees_what_it_has_read = what_if(
    """zswap: a load must not free the entry that it has read, once somebody else can have freed it

    The load decompresses, unlocks the folio, and then frees the entry that it holds a pointer to. A
    second thread maps the folio, which frees slot and entry, and the load frees the entry once more, or
    the next one at the same address (mainline had this in 2023, 18a937076c69). The folio lock is the guard:
    kept until the entry is gone, it does not matter which of the two is freed.""",
    SwapDesign(load_releases_locked=False, load_frees_what_is_there=False),
    breaks=[
        "nothing is freed twice",
        "nothing freed is used",
        "a_zswap_entry_has_one_place",
        "a_cached_slot_changes_backing_under_its_folio_lock",
        "a_dirty_folio_has_no_compressed_copy",
        "the_only_copy_is_dirty",
        "clean_means_backed",
        "no_slot_without_content",
    ],
    scope=two_faults_reclaimed,
    start=(one_page_in_zswap,),
)

load_frees_what_it_has_read = what_if(
    """Under the folio lock the entry that a load has read is the one that backs the slot [O08].""",
    SwapDesign(load_frees_what_is_there=False),
    breaks=[],
    scope=two_faults_reclaimed,
    start=(one_page_in_zswap,),
    default=False,
)

o07_load_frees_the_only_copy = what_if(
    """zswap: a load must not free the entry when the folio is not in the swap cache

    Faults skip the swap cache. zswap decompresses into a folio that only this fault knows, and frees the
    entry as if the swap cache had the page now. Another thread forks, which changes the PTE; the fault
    finds that, and drops the folio: the page is gone, for parent and child (mainline had this in 2024,
    25cd241408a2).""",
    SwapDesign(fault_uses_swap_cache=False, load_frees_only_cached=False),
    breaks=["no_page_is_lost_for_good", "no_slot_without_content", "nothing freed is used", "the_only_copy_is_dirty"],
    scope=two_owners_faulting,
    start=(one_page_in_zswap,),
    promises=[*PROMISES, no_page_is_lost_for_good],
    by_z3=10,
)

o10_fault_skips_swap_cache = Spec(
    why="""mm: a fault must pin the slot that it reads, by its folio in the swap cache

    Two threads fault on one page, and each reads it into a folio of its own. One maps its folio, which frees the
    slot; the process writes to the page; reclaim swaps it out and is given the same slot. The PTE
    compares equal when the other thread looks at it, so it maps what it has read before (mainline had this
    until 2024, CVE-2024-26759). The swap table has no way in without the swap cache.""",
    model=VSWAP,
    design=SwapDesign(fault_uses_swap_cache=False),
    scope=two_faults_reclaimed,
    start=[one_page_in_zswap, one_page_of_zeros, a_virtual_page_is_on_the_disk],
    promises=[*PROMISES, a_fault_is_alone_with_its_folio],
    expected={"swapin_returns_what_was_written": broken()},
    by_z3=10,
)
