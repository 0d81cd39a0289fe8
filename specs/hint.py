# SPDX-License-Identifier: GPL-2.0-or-later
"""The cache-only hint, and the slots that are reclaimed through it."""

from __future__ import annotations

from checker.language import *
from model.design import SwapDesign
from model.objects import (
    Backing,
    Folio,
    PhysSlot,
    Shrinker,
    Swap,
    TableWord,
    VswapSlot,
    Worker,
    folio_matches_swap_entry,
)
from model.slot_reclaim import swap_reclaim_work
from model.swap_cache import folio_free_swap
from model.vswap import VSWAP
from specs.content import folio_is_idle
from specs.promises import PROMISES
from specs.scopes import scope
from specs.what_if import what_if


@invariant
def a_hint_means_no_pte(s: Swap):
    """The cache-only hint stands only on a slot that no PTE refers to and that is cached."""
    return all(
        any(s.rmap[p] == v and s.count[v] == 0 and s.table[v].tag == TableWord.PFN for v in VswapSlot)
        for p in PhysSlot if s.rmap_cache_only[p]
    )


@step_invariant
def the_last_pte_leaves_a_hint(old: Swap, new: Swap):
    """When the last PTE lets go of a cached slot that is on the disk, its physical slot gets the hint."""
    return all(
        new.rmap_cache_only[p] or new.table[v].tag != TableWord.PFN or new.virtual_table[v] != Backing.SWAPFILE(p)
        for v in VswapSlot for p in PhysSlot if old.count[v] > 0 and new.count[v] == 0
    )


@invariant
def a_worker_frees_what_it_came_for(s: Swap):
    """The folio that a worker frees is cached for the slot that the physical slot backs."""
    return all(
        folio_matches_swap_entry(s, f, v) and s.virtual_table[v] == Backing.SWAPFILE(p)
        for p in PhysSlot for v in VswapSlot for f in Folio
        if at(swap_reclaim_work, "still backed by the slot", p=p, v=v, f=f)
    )


@reachable
def a_physical_slot_is_reclaimed(s: Swap):
    """A worker takes a page out of the swap cache to get its physical slot back."""
    return at(swap_reclaim_work) and at(folio_free_swap, "out of the swap cache")


@reachable
def a_hint_is_stale(s: Swap):
    """A worker followed the hint, and meanwhile the slot backs nothing or has a PTE again."""
    return any(
        at(swap_reclaim_work, "the hint is set", p=p, v=v) and (s.rmap[p] != v or s.count[v] > 0)
        for p in PhysSlot for v in VswapSlot
    )


@reachable
def a_slot_without_hint_could_be_reclaimed(s: Swap):
    """Only the cache keeps a physical slot, nobody works on its folio, and no hint says so."""
    return any(
        s.table[v] == TableWord.PFN(f) and s.count[v] == 0 and s.virtual_table[v] == Backing.SWAPFILE(p)
        and not s.rmap_cache_only[p] and folio_is_idle(s, f)
        for v in VswapSlot for f in Folio for p in PhysSlot
    )


HINT_PROMISES = [a_hint_means_no_pte, the_last_pte_leaves_a_hint, a_worker_frees_what_it_came_for]

RECLAIMED = [a_physical_slot_is_reclaimed, a_hint_is_stale, a_slot_without_hint_could_be_reclaimed]


@rule
def the_hint_lies(s: Swap, p: PhysSlot):
    """For no reason the hint changes: who acts on it must not depend on its truth."""
    require(s.rmap[p] is not None)
    s.rmap_cache_only[p] = not s.rmap_cache_only[p]


HINT_LIES = Model(state=VSWAP.state, rules=[*VSWAP.rules, the_hint_lies], operations=VSWAP.operations)

one_page_and_worker = scope("one page, a CPU of each role, a worker", {Worker: 1})
no_shrinker_but_worker = scope("one page, a worker, no shrinker", {Shrinker: 0, Worker: 1})
two_workers = scope(
    "one page, two workers, no shrinker; zswap may refuse a page, swap may be nearly full",
    {Shrinker: 0, Worker: 2}, failures=["zswap refuses the page", "swap is nearly full"],
)
two_slots_and_worker = scope(
    "one page, two virtual slots, a worker, no shrinker, zswap may refuse a page, swap may be nearly full",
    {VswapSlot: 2, Shrinker: 0, Worker: 1}, failures=["zswap refuses the page", "swap is nearly full"],
)

rfc_v2_slot_reclaim = Spec(
    why="""As rfc_v2, with a worker that takes physical slots back from pages that only the swap cache
    keeps: it finds them by the cache-only hint in the reverse map, from below.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=one_page_and_worker,
    promises=[*PROMISES, *HINT_PROMISES, *RECLAIMED],
)

rfc_v2_two_workers = Spec(
    why="""As rfc_v2_slot_reclaim, with two CPUs that come for the same slot: the scan is also run by whoever
    finds no slot free.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_workers,
    promises=[*PROMISES, *HINT_PROMISES, *RECLAIMED],
)

rfc_v2_slot_reclaim_two_slots = Spec(
    why="""As rfc_v2_slot_reclaim, with a second virtual slot: the physical slot may back another one
    when the worker gets there.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_slots_and_worker,
    promises=[*PROMISES, *HINT_PROMISES, *RECLAIMED],
    default=False,
)

rfc_v2_hint_lies = Spec(
    why="""The cache-only hint is never the sole reason to free anything: all promises hold although
    the bit changes at any time, for no reason.""",
    model=HINT_LIES,
    design=SwapDesign(),
    scope=no_shrinker_but_worker,
    promises=[*PROMISES, a_worker_frees_what_it_came_for, *RECLAIMED],
    by_z3=16,
)

hint_stays_on_dup = what_if(
    """A slot that a PTE refers to again must lose the hint. It is only a hint: with RFC v2's worker,
    which looks at the count again, nothing else breaks.""",
    SwapDesign(dup_clears_hint=False),
    breaks=["a_hint_means_no_pte"],
    scope=no_shrinker_but_worker,
    promises=(*PROMISES, *HINT_PROMISES),
    default=False,
)

reclaim_trusts_folio = what_if(
    """A worker must check, under the folio lock, that the folio is still cached for the slot that the
    reverse map named [O13].""",
    SwapDesign(reclaim_rechecks_folio=False),
    breaks=["a_worker_frees_what_it_came_for"],
    scope=no_shrinker_but_worker,
    promises=(*PROMISES, *HINT_PROMISES),
    default=False,
)

reclaim_trusts_backing = what_if(
    """A worker must check, under the folio lock, that the slot is still backed by the physical slot
    that it came from.""",
    SwapDesign(reclaim_rechecks_backing=False),
    breaks=["a_worker_frees_what_it_came_for"],
    scope=no_shrinker_but_worker,
    promises=(*PROMISES, *HINT_PROMISES),
    default=False,
)

put_sets_no_hint = Spec(
    why="""A cached slot whose last PTE lets go of it must get the hint, or no worker comes for its physical slot
    while the page stays in memory.""",
    model=VSWAP,
    design=SwapDesign(put_sets_hint=False),
    scope=no_shrinker_but_worker,
    promises=[*PROMISES, *HINT_PROMISES],
    expected={"the_last_pte_leaves_a_hint": broken()},
)
