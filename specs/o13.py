# SPDX-License-Identifier: GPL-2.0-or-later
"""What if it was read without the lock which entry a folio is cached for, or that was not asked at all?"""

from __future__ import annotations

from checker.language import *
from model.design import SwapDesign
from model.free import zap_nonpresent_ptes
from model.objects import Folio, Pte, PteWord, Reclaim, Shrinker, Swap, Task, VswapSlot
from model.swap_cache import folio_free_swap
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from specs.promises import PROMISES
from specs.scopes import one_page_in_zswap, owners
from specs.what_if import what_if


@invariant
def a_zap_frees_what_it_came_for(s: Swap):
    """The folio that a zap takes out of the swap cache is cached for the slot that it has put."""
    # the PTE has the entry until the zap is over, and the PTL keeps it there
    return all(
        s.pte[p].tag != PteWord.SWAP or s.folio[f].swap == s.pte[p].slot
        for cpu in Task for p in Pte for f in Folio
        if holds(cpu, s.ptl[p]) and at(zap_nonpresent_ptes, actor=cpu)
        and at(folio_free_swap, "no PTE refers to the slot", actor=cpu, f=f)
    )


two_slots_zapped = owners(
    "a page with two owners, one folio, two virtual slots, two CPUs that fault, unmap and reclaim, nothing fails",
    {Folio: 1, VswapSlot: 2, Shrinker: 0, Reclaim: 0, Task: 2},
    task=[do_swap_page, zap_nonpresent_ptes, shrink_folio_list],
)


def a_shared_page_is_in_zswap(s: Swap):
    """A page with two owners was swapped out to zswap and dropped from memory."""
    one_page_in_zswap(s)
    s.pte[Pte(1)] = s.pte[Pte(0)]
    s.must_see[Pte(1)] = s.must_see[Pte(0)]
    s.count[VswapSlot(0)] = 2
    s.pte_exclusive[Pte(0)] = False


o13_identity_is_read_early = what_if(
    """mm: swap: prevent possible data-race in __try_to_reclaim_swap

    Which entry a folio is cached for is copied before the folio is locked. Until then it may leave the
    swap cache and come back for another entry. The lock holder takes it out of the place where it was: the swap cache
    has a folio that says that it is not there [O13].""",
    SwapDesign(zap_reads_identity_locked=False),
    [
        "the_cache_and_the_folio_agree", "swapin_returns_what_was_written", "no_slot_without_content",
        "the_only_copy_is_dirty", "a_dirty_folio_has_no_compressed_copy", "clean_means_backed",
        "what_is_used_has_a_reference", "a_folio_at_work_is_in_use", "who_may_write_has_the_page_alone",
        "the_owner_of_the_slot_pays_for_the_folio", "nothing freed is used", "nothing is freed twice",
    ],
    scope=two_slots_zapped, start=(a_shared_page_is_in_zswap,), default=False,
)

o13_target_moves = what_if(
    """mm, swap: fix swap cache index error when retrying reclaim

    When the folio is cached for another entry by the time that it is locked, that other entry must not become
    what is reclaimed. Nothing is lost, since folio_free_swap() looks at the entry that the folio has; but a page loses
    its place that nobody had asked about [O13].""",
    SwapDesign(zap_keeps_its_target=False),
    ["a_zap_frees_what_it_came_for"],
    scope=two_slots_zapped, start=(a_shared_page_is_in_zswap,), promises=[*PROMISES, a_zap_frees_what_it_came_for],
    by_z3=6,
)
