# SPDX-License-Identifier: GPL-2.0-or-later
"""swapoff of the one physical device behind virtual slots, as posted and with less."""

from __future__ import annotations

from checker.language import *
from model.backing import Effective, backing
from model.design import RFC_V1, RFC_V2, SwapDesign
from model.objects import (
    Backing,
    Bio,
    Device,
    Folio,
    PhysSlot,
    Shrinker,
    Swap,
    SwapInfo,
    Swapoff,
    TableWord,
    VswapSlot,
    Worker,
    folio_matches_swap_entry,
    in_use,
)
from model.slot_reclaim import swap_reclaim_work
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from model.swapoff import swapoff, try_to_unuse
from model.vswap import VSWAP
from model.zswap import zswap_writeback_entry
from specs.hint import HINT_PROMISES
from specs.promises import PROMISES
from specs.scopes import scope
from specs.what_if import what_if


def is_off(s: Swap, p: PhysSlot) -> bool:
    """Whether swapoff of the slot's device has succeeded."""
    return s.swap_info[s.phys_device[p]].flags == SwapInfo.OFF


def some_device_is_off(s: Swap) -> bool:
    """Whether some swapoff has succeeded."""
    return any(s.swap_info[d].flags == SwapInfo.OFF for d in Device)


@invariant
def a_device_that_is_off_backs_nothing(s: Swap):
    """Once swapoff has succeeded, no slot of the device is taken, backs a page, or is read or written."""
    return all(
        not in_use(s, p)
        and not any(s.virtual_table[v] == Backing.SWAPFILE(p) for v in VswapSlot)
        and not any(s.folio[f].bio in (Bio.WRITE(p), Bio.READ(p)) for f in Folio)
        for p in PhysSlot if is_off(s, p) and not s.bad[p]
    )


@invariant
def swapoff_frees_what_it_came_for(s: Swap):
    """The folio that swapoff takes a slot from is cached for the entry that this slot backs."""
    return all(
        folio_matches_swap_entry(s, f, v) and s.virtual_table[v] == Backing.SWAPFILE(p)
        for p in PhysSlot for v in VswapSlot for f in Folio
        if at(try_to_unuse, "still backed by the slot", p=p, v=v, f=f)
    )


@invariant
def the_only_copy_can_be_read(s: Swap):
    """A cached folio that nothing backs holds the page: it is uptodate, unless it is locked."""
    return all(
        s.folio[f].uptodate or locked(s.folio[f].lock)
        for v in VswapSlot for f in Folio if s.table[v] == TableWord.PFN(f) and backing(s, v) == Effective.FOLIO
    )


@invariant
def a_drained_device_has_its_swapoff(s: Swap):
    """A device that nothing is put on any more, and that is not off, is one that swapoff works on."""
    return all(s.swap_info[d].flags not in (SwapInfo.DRAINING, SwapInfo.DYING) or at(swapoff, si=d) for d in Device)


@reachable
def a_page_outlives_its_device(s: Swap):
    """swapoff has succeeded, and a page that is swapped out is only in the swap cache."""
    return some_device_is_off(s) and any(
        s.table[v].tag == TableWord.PFN and s.count[v] > 0 and backing(s, v) == Effective.FOLIO for v in VswapSlot
    )


@reachable
def a_page_moves_to_zswap(s: Swap):
    """swapoff has succeeded, and a page is in zswap only."""
    return some_device_is_off(s) and any(
        s.table[v] == TableWord.SHADOW and s.virtual_table[v].tag == Backing.ZSWAP for v in VswapSlot
    )


@reachable
def swapoff_reads_a_page(s: Swap):
    """swapoff has a page read that nobody else wants."""
    return at(try_to_unuse, "the folio is charged")


@reachable
def swapoff_finds_another_folio(s: Swap):
    """The folio that swapoff waited for is no longer cached for the entry."""
    return at(try_to_unuse, "another folio by now")


@reachable
def swapoff_finds_another_backing(s: Swap):
    """The slot that swapoff came for has been released meanwhile."""
    return at(try_to_unuse, "another backing by now")


@reachable
def swapoff_meets_a_fault(s: Swap):
    """A fault and swapoff wait for the same folio."""
    return any(
        at(do_swap_page, "have a folio", v=v) and at(try_to_unuse, "have a folio", v=v) for v in VswapSlot
    )


@reachable
def swapoff_meets_a_slot_in_transit(s: Swap):
    """swapoff drains while somebody has taken a physical slot and not published it."""
    return at(swapoff) and (at(shrink_folio_list) or at(zswap_writeback_entry)) and any(
        s.rmap[p] == v and s.virtual_table[v] != Backing.SWAPFILE(p) for v in VswapSlot for p in PhysSlot
    )


@reachable
def swapoff_meets_a_worker(s: Swap):
    """swapoff and a worker have come for the same entry."""
    return any(
        at(swap_reclaim_work, "the hint is set", v=v) and at(try_to_unuse, "a slot is in use", v=v) for v in VswapSlot
    )


DRAINED = [
    a_page_outlives_its_device,
    a_page_moves_to_zswap,
    swapoff_reads_a_page,
    swapoff_finds_another_folio,
    swapoff_finds_another_backing,
    swapoff_meets_a_fault,
    swapoff_meets_a_slot_in_transit,
]
SWAPOFF_PROMISES = [
    *PROMISES, a_device_that_is_off_backs_nothing, swapoff_frees_what_it_came_for, the_only_copy_can_be_read,
    a_drained_device_has_its_swapoff,
]

one_page_and_swapoff = scope("one page, a CPU of each role, swapoff", {Swapoff: 1})
reads_may_fail = scope("one page, swapoff, no shrinker", {Swapoff: 1, Shrinker: 0})
reads_succeed = scope(
    "one page, swapoff, no shrinker, no I/O fails", {Swapoff: 1, Shrinker: 0},
    failures=[
        "zswap refuses the page", "swap is nearly full", "memcg charge of the folio fails", "a signal is pending",
    ],
)
swapoff_and_worker = scope(
    "one page, swapoff, a worker, no shrinker; zswap may refuse a page, swap may be nearly full",
    {Swapoff: 1, Worker: 1, Shrinker: 0},
    failures=["zswap refuses the page", "swap is nearly full"],
)
two_physical_slots = scope(
    "one page, two physical slots, swapoff, no shrinker, zswap may refuse a page",
    {PhysSlot: 2, Swapoff: 1, Shrinker: 0}, failures=["zswap refuses the page"],
)
two_slots_and_swapoff = scope(
    "one page, two virtual slots, swapoff, no shrinker, zswap may refuse a page",
    {VswapSlot: 2, Swapoff: 1, Shrinker: 0}, failures=["zswap refuses the page"],
)


def without(why: str, design: SwapDesign, breaks: list[str]) -> Spec:
    """swapoff without one of its guards, where no I/O fails."""
    return what_if(why, design, breaks, scope=reads_succeed, promises=SWAPOFF_PROMISES)


rfc_v2_swapoff = Spec(
    why="""mm: swapoff must not give up a slot whose page could not be read

    swapoff brings each page of the device into the swap cache, releases its physical slot and
    marks the folio dirty. It does not ask whether the folio is uptodate: when the read failed,
    the slot with the only good copy is freed, and the folio stays in the cache, dirty and unreadable [O26].
    Everything else holds, while the process faults and unmaps, reclaim writes out and zswap writes back.""",
    model=VSWAP,
    design=RFC_V2,
    scope=one_page_and_swapoff,
    promises=[*SWAPOFF_PROMISES, *DRAINED],
    expected={"the_only_copy_can_be_read": broken(steps=30)},
)

rfc_v2_swapoff_and_slot_reclaim = Spec(
    why="""swapoff under RFC v2 beside a worker that takes physical slots back: both come for a page by its
    reverse map, and only one of them finds what it came for.""",
    model=VSWAP,
    design=RFC_V2,
    scope=swapoff_and_worker,
    promises=[*SWAPOFF_PROMISES, *HINT_PROMISES, *DRAINED, swapoff_meets_a_worker],
    by_z3=17,
)

rfc_v2_swapoff_two_slots = Spec(
    why="""swapoff under RFC v2 where no I/O fails, with a second virtual slot: the folio may be cached for another
    entry, and the physical slot back another, when swapoff gets there.""",
    model=VSWAP,
    design=RFC_V2,
    scope=two_slots_and_swapoff,
    promises=[*SWAPOFF_PROMISES, *DRAINED],
    default=False,
)

rfc_v1_swapoff = Spec(
    why="""swapoff under RFC v1 where no I/O fails: it asks only whether some slot of the device backs the page.
    No slot is taken while it drains, so that is the one that it came for.""",
    model=VSWAP,
    design=RFC_V1,
    scope=reads_succeed,
    promises=[*SWAPOFF_PROMISES, *DRAINED],
    default=False,
)

swapoff_asks_for_uptodate = Spec(
    why="""swapoff that gives up when a page could not be read loses none.""",
    model=VSWAP,
    design=SwapDesign(swapoff_trusts_reads=False),
    scope=reads_may_fail,
    promises=[*SWAPOFF_PROMISES, *DRAINED],
    default=False,
)

swapoff_trusts_folio = without(
    """swapoff must check, once it has the folio's lock, that the folio is still cached for the entry that the
    reverse map named [O11].""",
    SwapDesign(swapoff_rechecks_folio=False),
    [
        "swapoff_frees_what_it_came_for",
        "no_slot_without_content",
        "the_only_copy_is_dirty",
        "the_only_copy_can_be_read",
        "clean_means_backed",
        "a_device_that_is_off_backs_nothing",
        "a_cached_slot_changes_backing_under_its_folio_lock",
        "nothing freed is used",
        "swapin_returns_what_was_written",
    ],
)

swapoff_trusts_backing = without(
    """swapoff checks that the page is still backed by the slot that it came from. With single pages on one
    device it is enough that some slot of the device backs it: while the device is drained there is no other.""",
    SwapDesign(swapoff_rechecks_backing=False),
    [],
)

swapoff_trusts_backing_of_open_device = what_if(
    """Only when slots may be taken on a device that is being drained, can swapoff find another slot behind the
    page than the one that it came for.""",
    SwapDesign(swapoff_rechecks_backing=False, alloc_tests_writeok=False),
    ["a_device_that_is_off_backs_nothing", "swapoff_frees_what_it_came_for"],
    scope=two_physical_slots,
    promises=SWAPOFF_PROMISES,
    default=False,
)

swapoff_ignores_writeback = without(
    """swapoff must wait for a write in flight before it releases the slot.""",
    SwapDesign(swapoff_waits_for_writeback=False),
    ["a_device_that_is_off_backs_nothing", "nothing freed is used"],
)

swapoff_leaves_folio_clean = without(
    """The folio that swapoff takes the slot from is the only copy, and must be dirty.""",
    SwapDesign(swapoff_dirties_folio=False),
    ["the_only_copy_is_dirty", "clean_means_backed", "no_slot_without_content", "the_only_copy_can_be_read"],
)

swapoff_forgets_device = without(
    """A swapoff that gives up must put the device back, or its free slots are of no use to anybody.""",
    SwapDesign(swapoff_reinserts=False),
    ["a_drained_device_has_its_swapoff"],
)

swapoff_leaves_device_open = without(
    """No slot may be taken on a device that is being drained, or its end means nothing.""",
    SwapDesign(alloc_tests_writeok=False),
    ["a_device_that_is_off_backs_nothing"],
)
