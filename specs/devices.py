# SPDX-License-Identifier: GPL-2.0-or-later
"""Two physical devices behind virtual slots: priorities, a full device, SYNCHRONOUS_IO, swapoff of each."""

from __future__ import annotations

from checker.language import *
from model.backing import Effective, backing
from model.design import RFC_V2, SwapDesign
from model.device import is_synchronous
from model.objects import (
    Bio,
    Device,
    Folio,
    PhysSlot,
    Reclaim,
    Shrinker,
    Swap,
    SwapInfo,
    Swapoff,
    TableWord,
    Task,
    VswapSlot,
    in_use,
)
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from model.vswap import VSWAP
from specs.promises import PROMISES
from specs.scopes import FAULTS_AND_ZAPS, ONE_OF_EACH, scope
from specs.starts import (
    one_device_is_as_good_as_the_other,
    one_slot_on_each_device,
    the_second_device_is_synchronous,
    the_second_device_wants_stable_pages,
)
from specs.swapoff import SWAPOFF_PROMISES, some_device_is_off
from specs.what_if import what_if


@step_invariant
def the_first_device_with_room_is_used(old: Swap, new: Swap):
    """A physical slot is taken on a device only while no device with a higher priority has a free one."""
    return not any(
        old.rmap[p] is None and new.rmap[p] is not None and not in_use(old, q)
        and old.swap_info[old.phys_device[q]].flags == SwapInfo.WRITEOK
        and old.swap_info[old.phys_device[q]].prio > old.swap_info[old.phys_device[p]].prio
        for p in PhysSlot for q in PhysSlot
    )


@invariant
def a_device_that_wants_it_is_not_disturbed(s: Swap):
    """While a device with STABLE_WRITES writes a page, nobody stores to it."""
    return all(
        s.folio[f].content == s.folio[f].submitted
        for f in Folio for p in PhysSlot
        if s.folio[f].bio == Bio.WRITE(p) and s.swap_info[s.phys_device[p]].stable_writes
    )


@reachable
def a_page_moves_to_the_other_device(s: Swap):
    """A device is off, and a page is on another and nowhere else."""
    return some_device_is_off(s) and any(
        s.table[v] == TableWord.SHADOW and backing(s, v).tag == Effective.PHYS for v in VswapSlot
    )


@reachable
def both_devices_are_off(s: Swap):
    """No device is left, and a page that is swapped out has survived."""
    return all(s.swap_info[d].flags == SwapInfo.OFF for d in Device) and any(s.count[v] > 0 for v in VswapSlot)


@reachable
def the_second_device_is_used_while_the_first_is_drained(s: Swap):
    """A page is written to one device while swapoff drains another."""
    return any(
        s.folio[f].bio == Bio.WRITE(p) and s.swap_info[s.phys_device[p]].flags == SwapInfo.WRITEOK
        and any(s.swap_info[d].flags == SwapInfo.DRAINING for d in Device)
        for f in Folio for p in PhysSlot
    )


@reachable
def the_first_device_is_full(s: Swap):
    """Two pages are on the two devices."""
    return all(s.rmap[p] is not None for p in PhysSlot)


@reachable
def a_synchronous_page_is_not_kept(s: Swap):
    """A fault gives up the slot of a page that it has mapped, though nobody is short of slots."""
    return any(at(do_swap_page, "mapped", v=v) and is_synchronous(s, v) for v in VswapSlot)


EACH = {Device: 2, PhysSlot: 2, Shrinker: 0}
FIRST_FIT = ["zswap refuses the page"]

two_devices = scope(
    "one page, two devices, swapoff, no shrinker; zswap may refuse a page", {**EACH, Swapoff: 1}, failures=FIRST_FIT,
)
two_devices_and_caches = Scope(
    "one page, two devices, swapoff, a CPU that does all the rest; zswap may refuse a page, a cluster be cached",
    sizes={**ONE_OF_EACH, **EACH, Reclaim: 0, Swapoff: 1}, operations={Task: [*FAULTS_AND_ZAPS, shrink_folio_list]},
    failures=[*FIRST_FIT, "the cached cluster is on another device"],
)
two_devices_two_swapoffs = Scope(
    "one page, two devices, two CPUs in swapoff, one that does all the rest; zswap may refuse a page",
    sizes={**ONE_OF_EACH, **EACH, Reclaim: 0, Swapoff: 2}, operations={Task: [*FAULTS_AND_ZAPS, shrink_folio_list]},
    failures=FIRST_FIT,
)
two_devices_two_pages = Scope(
    "two pages, two devices, a shrinker, a CPU that does all the rest; zswap may refuse a page",
    sizes={**ONE_OF_EACH, **EACH, Shrinker: 1, Reclaim: 0, VswapSlot: 2},
    operations={Task: [*FAULTS_AND_ZAPS, shrink_folio_list]}, failures=FIRST_FIT,
)
two_devices_two_faults = Scope(
    "one page, two devices, two CPUs that fault, unmap and reclaim; zswap may refuse a page",
    sizes={**ONE_OF_EACH, **EACH, Reclaim: 0, Task: 2}, operations={Task: [*FAULTS_AND_ZAPS, shrink_folio_list]},
    failures=[*FIRST_FIT, "the cached cluster is on another device"],
)

rfc_v2_two_devices = Spec(
    why="""RFC v2 with two devices: swapoff of either moves its pages into memory, and from there they go to the
    other, while the process faults and unmaps and reclaim writes out.""",
    model=VSWAP, design=RFC_V2, scope=two_devices, start=[one_slot_on_each_device],
    promises=[
        *SWAPOFF_PROMISES, the_first_device_with_room_is_used, a_page_moves_to_the_other_device, both_devices_are_off,
        the_second_device_is_used_while_the_first_is_drained,
    ],
    by_z3=6,
)

rfc_v2_cached_clusters = Spec(
    why="""RFC v2 with two devices, where each CPU first looks into the cluster that it used last: a page may go to the
    slow device while the fast one has room. Everything else holds.""",
    model=VSWAP, design=RFC_V2, scope=two_devices_and_caches, start=[one_slot_on_each_device],
    promises=[*SWAPOFF_PROMISES, the_first_device_with_room_is_used, a_page_moves_to_the_other_device],
    expected={"the_first_device_with_room_is_used": broken()},
)

rfc_v2_two_devices_two_swapoffs = Spec(
    why="""As rfc_v2_two_devices, with two CPUs in swapoff: both devices may go away at the same time, and the page
    stays in memory or in zswap.""",
    model=VSWAP, design=RFC_V2, scope=two_devices_two_swapoffs, start=[one_device_is_as_good_as_the_other],
    promises=[*SWAPOFF_PROMISES, both_devices_are_off],
    default=False,
)

rfc_v2_full_device = Spec(
    why="""RFC v2 with two devices and two pages: the second page goes to the second device since the first is
    full; the shrinker moves pages there, too.""",
    model=VSWAP, design=RFC_V2, scope=two_devices_two_pages, start=[one_slot_on_each_device],
    promises=[*PROMISES, the_first_device_with_room_is_used, the_first_device_is_full],
    by_z3=6,
)

rfc_v2_synchronous_device = Spec(
    why="""RFC v2 with a synchronous device behind a slower first one: two faults on one PTE; the fault that wins gives
    the slot up at once, the other finds another folio or another PTE.""",
    model=VSWAP, design=RFC_V2, scope=two_devices_two_faults, start=[the_second_device_is_synchronous],
    promises=[*PROMISES, a_synchronous_page_is_not_kept],
    by_z3=6,
)

rfc_v2_stable_second_device = Spec(
    why="""RFC v2 with two devices of which the second wants stable pages: the device behind the slot is asked,
    whichever that is.""",
    model=VSWAP, design=RFC_V2, scope=two_devices_two_faults, start=[the_second_device_wants_stable_pages],
    promises=[*PROMISES, a_device_that_wants_it_is_not_disturbed],
    by_z3=6,
)

stable_writes_are_asked_of_no_device = what_if(
    """Whoever asks the entry for STABLE_WRITES, and not the device behind it, disturbs the one device that has the flag
    among several.""",
    SwapDesign(fault_asks_backing_for_stable_writes=False),
    breaks=["a_device_that_wants_it_is_not_disturbed"],
    scope=two_devices_two_faults, start=(the_second_device_wants_stable_pages,),
    promises=[*PROMISES, a_device_that_wants_it_is_not_disturbed],
)
