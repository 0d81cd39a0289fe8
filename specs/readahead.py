# SPDX-License-Identifier: GPL-2.0-or-later
"""Readahead: what a fault reads that is not its own, on whichever device that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from checker.language import *
from model.design import Readahead, SwapDesign
from model.device import is_synchronous
from model.objects import (
    Device,
    Folio,
    PhysSlot,
    Pte,
    Reclaim,
    Shrinker,
    Swap,
    SwapInfo,
    Swapoff,
    TableWord,
    Task,
    VswapSlot,
)
from model.swap_in import do_swap_page, swapin_readahead
from model.swap_out import shrink_folio_list
from model.vswap import VSWAP
from specs.direct import FAULTS
from specs.promises import PROMISES
from specs.scopes import ONE_OF_EACH
from specs.starts import (
    a_bad_slot_is_beside_an_entry,
    a_page_is_on_each_device,
    a_reverse_map_is_beside_an_entry,
    a_virtual_page_is_on_each_device,
    a_virtual_page_is_on_the_synchronous_device,
)
from specs.unuse import UNUSE_PROMISES
from specs.what_if import what_if


@reachable
def a_neighbour_is_read(s: Swap):
    """A fault has read a page that it was not about."""
    return at(swapin_readahead, "the neighbour is read")


@reachable
def a_neighbour_is_cached_that_nobody_maps(s: Swap):
    """A page that was read ahead stays in the swap cache, and its owner has not asked for it."""
    return any(
        s.table[v] == TableWord.PFN(f) and s.count[v] > 0 and not s.folio[f].anon and s.folio[f].uptodate
        and not at(do_swap_page)
        for v in VswapSlot for f in Folio
    )


@reachable
def a_fault_meets_readahead(s: Swap):
    """A fault is about a page that another fault is reading ahead."""
    return any(at(swapin_readahead, "the neighbour is in the swap cache", w=v) and at(do_swap_page, "have a folio", v=v)
               for v in VswapSlot)


@reachable
def the_neighbour_is_free(s: Swap):
    """A fault is about to read a neighbour that is freed by now."""
    return any(at(swapin_readahead, "there is a neighbour", w=v) and s.table[v] == TableWord.NULL for v in VswapSlot)


@reachable
def what_was_synchronous_is_not(s: Swap):
    """A fault took the synchronous path, and the page is elsewhere by now: the look at the device was a hint."""
    return any(
        at(swapin_readahead, "synchronous: only the page itself", v=v) and not is_synchronous(s, v) for v in VswapSlot
    )


@reachable
def the_device_of_the_neighbour_is_going(s: Swap):
    """swapoff waits for a fault on another device, which reads ahead on this one."""
    return any(
        s.swap_info[d].flags == SwapInfo.DYING and s.swap_info[d].users > 0 for d in Device
    ) and at(swapin_readahead, "there is a neighbour")


@reachable
def a_reverse_map_is_no_entry(s: Swap):
    """A fault would read ahead an entry whose slot backs a virtual one."""
    return any(
        at(swapin_readahead, "there is a neighbour", w=w) and s.direct[w] == p and s.rmap[p] is not None
        for w in VswapSlot for p in PhysSlot
    )


def ahead(name: str, changes: dict[type, int], *, failures: Iterable[str] = (),
          task: Iterable[Callable[..., Any]] = (*FAULTS, shrink_folio_list)) -> Scope:
    """Two pages and one CPU that does everything, unless the changes say otherwise."""
    sizes = {**ONE_OF_EACH, Pte: 2, VswapSlot: 2, Shrinker: 0, Reclaim: 0, **changes}
    return Scope(name, sizes=sizes, operations={Task: list(task)}, failures=failures)


VMA = SwapDesign(readahead=Readahead.VMA)
CLUSTER = SwapDesign(readahead=Readahead.CLUSTER)

two_faults_on_two_devices = ahead(
    "two pages, a slot of each of two devices, swapoff, a CPU that faults and unmaps",
    {Device: 2, PhysSlot: 2, Swapoff: 1}, task=FAULTS,
)
two_readers = ahead(
    "two pages, a slot of each of two devices behind them, two CPUs that fault and unmap",
    {Device: 2, PhysSlot: 2, Task: 2}, task=FAULTS,
)
pointer_beside = ahead(
    "two pages, a virtual slot and two entries of one device, a CPU that faults and unmaps",
    {PhysSlot: 2, VswapSlot: 3}, task=FAULTS,
)

rfc_v2_readahead = Spec(
    why="""RFC v2 with readahead along the page table: virtual neighbours whose pages are on two devices; two CPUs
    fault, and each may read what the other is about.""",
    model=VSWAP, design=VMA, scope=two_readers, start=[a_virtual_page_is_on_each_device],
    promises=[*PROMISES, a_neighbour_is_read, a_neighbour_is_cached_that_nobody_maps, a_fault_meets_readahead,
              the_neighbour_is_free],
    by_z3=6,
)

rfc_v2_readahead_synchronous = Spec(
    why="""RFC v2 with readahead and a synchronous device: whether a fault reads more than its own page is decided by a
    look that nothing pins, and nothing depends on it.""",
    model=VSWAP, design=VMA, scope=two_readers, start=[a_virtual_page_is_on_the_synchronous_device],
    promises=[*PROMISES, a_neighbour_is_read, what_was_synchronous_is_not],
    by_z3=6,
)

rfc_v2_readahead_swapoff = Spec(
    why="""Direct entries of two devices: a fault on one reads ahead on the other, and pins it for that time.""",
    model=VSWAP, design=VMA, scope=two_faults_on_two_devices, start=[a_page_is_on_each_device],
    promises=[*UNUSE_PROMISES, a_neighbour_is_read, the_neighbour_is_free, the_device_of_the_neighbour_is_going],
    by_z3=6,
)

rfc_v2_cluster_readahead = Spec(
    why="""Readahead by offset on a device whose slots are direct entries and reverse maps side by side: a word
    without a count is no entry to read.""",
    model=VSWAP, design=CLUSTER, scope=pointer_beside, start=[a_reverse_map_is_beside_an_entry],
    promises=[*UNUSE_PROMISES, a_reverse_map_is_no_entry],
    by_z3=6,
)

readahead_takes_a_reverse_map = what_if(
    """mm, swap: a word without a count must not look like one in use

    The count of a reverse map is -EINVAL, and that is not zero. Who reads ahead and asks for "not zero" puts a folio
    where the reverse map was; swapoff and slot reclaim never find the virtual slot again, and the physical slot has two
    owners.""",
    SwapDesign(readahead=Readahead.CLUSTER, add_knows_countless_words=False),
    [
        "no_physical_slot_without_rmap", "no_two_virtual_slots_share_a_physical_slot", "memcg_charged_exactly_once",
        "nothing is freed twice",
    ],
    scope=pointer_beside, start=(a_reverse_map_is_beside_an_entry,), promises=UNUSE_PROMISES,
)

readahead_takes_a_bad_slot = what_if(
    """... nor must a bad slot.""",
    SwapDesign(readahead=Readahead.CLUSTER, add_knows_countless_words=False),
    ["a_physical_slot_is_one_thing"],
    scope=pointer_beside, start=(a_bad_slot_is_beside_an_entry,), promises=UNUSE_PROMISES,
)
