# SPDX-License-Identifier: GPL-2.0-or-later
"""Direct entries: phase IV, which has no others, and virtual swap that falls back to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from checker.language import *
from model.alloc import direct_device, has_memcg_table, vm_vswap_enabled
from model.design import MID_A, MID_B, PHASE_IV, RFC_V1, RFC_V2, SwapDesign, design
from model.free import zap_nonpresent_ptes, zap_present_ptes
from model.objects import Folio, Memcg, PhysSlot, Shrinker, Swap, TableWord, Task, VswapSlot
from model.swap_in import do_swap_page
from model.vswap import VSWAP
from model.zswap import writeback_direct
from specs.content import a_dirty_folio_has_no_compressed_copy
from specs.ownership import (
    a_zswap_entry_has_one_place,
    no_physical_slot_behind_a_compressed_page,
    zeros_are_stored_nowhere,
)
from specs.promises import PROMISES
from specs.reached import a_page_is_only_in_zswap, a_page_is_only_on_the_disk
from specs.scopes import ONE_OF_EACH, ZEROS


def the_device_has_entries(s: Swap):
    """The last entry is no virtual slot: it is the slot of the device."""
    s.direct[VswapSlot(len(VswapSlot) - 1)] = PhysSlot(0)


@invariant
def a_direct_slot_has_a_memcg_table(s: Swap):
    """Where a slot of the device is somebody's entry, the cluster has room for its memcg."""
    return all(
        s.direct[v] is None or s.table[v] == TableWord.NULL or has_memcg_table(s, direct_device(s, v))
        for v in VswapSlot
    )


@step_invariant
def no_virtual_slot_is_taken_while_it_is_off(old: Swap, new: Swap):
    """While virtual swap is off, a page that is swapped out gets a slot of the device."""
    return all(
        design.virtual_swap and all(old.folio[f].memcg != m or not old.memcg[m].vswap_off for m in Memcg)
        for v in VswapSlot for f in Folio
        if old.direct[v] is None and old.table[v] == TableWord.NULL and new.table[v] == TableWord.PFN(f)
    )


@reachable
def virtual_and_direct_entries_meet(s: Swap):
    """A virtual slot is in use, and so is a slot of the device."""
    return any(s.direct[v] is None and s.direct[w] is not None
               and s.table[v] != TableWord.NULL and s.table[w] != TableWord.NULL
               for v in VswapSlot for w in VswapSlot)


@reachable
def a_direct_entry_is_written_back(s: Swap):
    """The shrinker moves a compressed page to the slot that it has anyway."""
    return at(writeback_direct, "out of the xarray")


@reachable
def a_virtual_slot_outlives_the_switch(s: Swap):
    """Virtual swap is off, and a page is in a virtual slot."""
    return any(s.memcg[m].vswap_off for m in Memcg) and any(
        s.direct[v] is None and s.table[v] == TableWord.SHADOW for v in VswapSlot
    )


COUPLED = (no_physical_slot_behind_a_compressed_page, a_dirty_folio_has_no_compressed_copy)
"""What a direct entry breaks by its nature: its slot is there, and an older compressed copy may be."""
COUPLED_ZEROS = (*COUPLED, zeros_are_stored_nowhere, a_zswap_entry_has_one_place)
"""... and where pages may be all zeros: the flag does not free the compressed copy [mainline]."""
DIRECT_PROMISES = [*(promise for promise in PROMISES if promise not in COUPLED), a_direct_slot_has_a_memcg_table,
                   no_virtual_slot_is_taken_while_it_is_off]


def device_too(name: str, changes: Mapping[type, int], *, failures: Iterable[str] = (),
               task: Iterable[Callable[..., Any]] = ZEROS) -> Scope:
    """A virtual slot and a slot of the device, unless the changes say otherwise; a failure is named or not there."""
    sizes = {**ONE_OF_EACH, VswapSlot: 2, **changes}
    return Scope(name, sizes=sizes, operations={Task: list(task)}, failures=failures)


FAULTS = [do_swap_page, zap_present_ptes, zap_nonpresent_ptes]
one_slot_of_the_device = device_too("one page that may be all zeros, one slot of the device", {VswapSlot: 1})
one_slot_of_each = device_too(
    "one page, one virtual slot, one slot of the device, no shrinker; zswap and the memcg may refuse, memory be short",
    {Shrinker: 0}, task=FAULTS,
    failures=["zswap refuses the page", "memcg swap.max reached", "no memory for the memcg_table"],
)
one_slot_of_each_zeros = device_too(
    "one page that may be all zeros, one virtual slot, one slot of the device, no shrinker, nothing fails",
    {Shrinker: 0},
)
a_slot_to_spare = device_too(
    "one page, one slot of the device and one to spare; decompression may fail", {VswapSlot: 1, PhysSlot: 2},
    task=FAULTS, failures=["decompression fails"],
)
one_slot_of_each_switched = device_too(
    "one page, one virtual slot, one slot of the device, no shrinker, nothing fails; virtual swap comes and goes",
    {Shrinker: 0}, task=[*FAULTS, vm_vswap_enabled],
)


def direct(why: str, design: SwapDesign, scope: Scope, breaks: Iterable[str], *,
           coupled: Iterable[Callable[..., Any]] = (), reached: Iterable[Callable[..., Any]] = (),
           default: bool = False, by_z3: int | None = None) -> Spec:
    """A spec about entries that name slots of the device; what they break by their nature is asked where named."""
    breaks = [*breaks, *(promise.__name__ for promise in coupled)]
    return Spec(
        why=why, model=VSWAP, design=design, scope=scope, start=[the_device_has_entries],
        promises=[*dict.fromkeys([*DIRECT_PROMISES, *coupled]), *reached],
        expected={promise: broken() for promise in breaks}, default=default, by_z3=by_z3,
    )


phase_iv = direct(
    """swap: phase IV forgets a compressed copy when a page becomes all zeros

    Without virtual swap every entry is a slot of the device, whatever zswap has. A page is in zswap
    and still in the swap cache; its owner maps it from there and fills it with zeros; the next
    write-out sets the zero flag and leaves the compressed copy where it is. The shrinker finds the
    copy, puts what it holds into the swap cache, and there a fault finds it.""",
    PHASE_IV, one_slot_of_the_device,
    ["swapin_returns_what_was_written", "clean_means_backed"], coupled=COUPLED_ZEROS,
    reached=[a_page_is_only_in_zswap, a_direct_entry_is_written_back],
    default=True,
)

rfc_v2_direct = direct(
    """RFC v2 that falls back to the device where there is no virtual slot: what holds of virtual entries does
    not hold of direct ones, and neither is in the other's way.""",
    RFC_V2, one_slot_of_each, [], coupled=COUPLED,
    reached=[a_page_is_only_in_zswap, a_page_is_only_on_the_disk, virtual_and_direct_entries_meet],
    default=True,
    by_z3=12,
)

rfc_v2_direct_writeback = direct(
    """As rfc_v2_direct, with the shrinker: it moves the page of a direct entry to the slot that the entry is.""",
    RFC_V2, a_slot_to_spare, [], reached=[a_direct_entry_is_written_back], default=True,
    by_z3=21,
)

rfc_v1_direct = direct(
    """RFC v1 that falls back to the device: its ZERO and FOLIO words are for virtual slots only.""",
    RFC_V1, one_slot_of_each_zeros, [], coupled=COUPLED_ZEROS, reached=[virtual_and_direct_entries_meet], default=True,
)

mid_a = direct(
    """A later tree, in which virtual slots have no physical ones yet: a page that zswap refuses stays
    in memory, unless it has a direct entry.""",
    MID_A, one_slot_of_each_switched, [], reached=[a_virtual_slot_outlives_the_switch],
)

mid_b = direct(
    """The same tree with physical slots, switched on and off while pages are swapped out: a page stays where
    it is, and is found there.""",
    MID_B, one_slot_of_each_switched, [], reached=[a_virtual_slot_outlives_the_switch], default=True,
    by_z3=16,
)

switch_decides_look_ups = direct(
    """A look-up must ask the entry what it is, not whether virtual swap is on: a page that was swapped out
    while it was on would not be found, and what backs it never freed.""",
    replace(MID_B, lookups_ask_the_entry=False), one_slot_of_each_switched,
    ["a_free_slot_owns_nothing", "a_zswap_entry_has_one_place", "memcg_charged_exactly_once",
     "no_rmap_without_physical_slot"],
)

switch_is_not_asked = direct(
    """Each entry that is taken must ask the switch: an allocator that goes on with the virtual cluster that it
    had takes virtual slots while virtual swap is off.""",
    replace(MID_B, alloc_asks_the_switch=False), one_slot_of_each_switched,
    ["no_virtual_slot_is_taken_while_it_is_off"],
)
