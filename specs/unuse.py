# SPDX-License-Identifier: GPL-2.0-or-later
"""swapoff where direct entries are: page tables are walked, references waited for, tables freed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from checker.language import *
from model.alloc import vm_vswap_enabled
from model.design import MID_B, PHASE_IV, RFC_V2, SwapDesign
from model.free import __try_to_reclaim_swap, zap_nonpresent_ptes
from model.objects import (
    Bio,
    Device,
    Folio,
    PhysSlot,
    Pte,
    PteWord,
    Reclaim,
    Shrinker,
    Swap,
    SwapInfo,
    Swapoff,
    TableWord,
    Task,
    VswapSlot,
    Word,
    Worker,
    swap_table_word,
)
from model.swap_cache import swap_cache_alloc_folio
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from model.swapoff import swapoff
from model.unuse import unuse_cached, unuse_pte_range
from model.vswap import VSWAP
from model.zswap import zswap_writeback_entry
from specs.direct import DIRECT_PROMISES, FAULTS, the_device_has_entries
from specs.scopes import ONE_OF_EACH, OWNERS
from specs.starts import (
    a_page_is_on_each_device,
    a_reverse_map_is_beside_an_entry,
    both_devices_have_entries,
)
from specs.swapoff import a_device_that_is_off_backs_nothing, some_device_is_off


@invariant
def a_physical_slot_is_one_thing(s: Swap):
    """A physical slot is free, bad, one direct entry's, or backs one virtual slot."""
    return all(
        sum(1 for v in VswapSlot if s.direct[v] == p and s.table[v] != TableWord.NULL)
        + (1 if s.rmap[p] is not None else 0) + (1 if s.bad[p] else 0) <= 1
        for p in PhysSlot
    )


@invariant
def a_device_that_nobody_looks_at_has_no_users(s: Swap):
    """While nobody faults, unmaps or writes back, no device has a reference."""
    return (at(do_swap_page) or at(zap_nonpresent_ptes) or at(zswap_writeback_entry)
            or all(s.swap_info[d].users == 0 for d in Device))


@invariant
def a_device_that_is_off_has_no_users(s: Swap):
    """swapoff has waited for everybody who had a reference to the device."""
    return all(s.swap_info[d].users == 0 for d in Device if s.swap_info[d].flags == SwapInfo.OFF)


@reachable
def a_page_is_mapped_by_swapoff(s: Swap):
    """swapoff has put a page where its PTE had an entry, and the device goes."""
    return some_device_is_off(s) and any(s.pte[p].tag == PteWord.PRESENT for p in Pte)


@reachable
def swapoff_reads_a_page_for_its_owner(s: Swap):
    """swapoff has a page read that its owner has not asked for."""
    return at(unuse_pte_range, "its folio is charged")


@reachable
def swapoff_waits_for_a_write(s: Swap):
    """swapoff has locked a folio that is being written to the device."""
    return any(at(unuse_pte_range, "locked its folio", f=f) and s.folio[f].bio.tag == Bio.WRITE for f in Folio)


@reachable
def swapoff_waits_for_a_fault(s: Swap):
    """The device is drained, and a fault still has a reference to it."""
    return at(swapoff, "nobody gets a reference any more") and any(s.swap_info[d].users > 0 for d in Device)


@reachable
def swapoff_finds_a_left_over_folio(s: Swap):
    """A folio is cached for an entry of the device that no PTE has."""
    return at(unuse_cached, "locked what is left over")


@reachable
def swapoff_meets_a_zap(s: Swap):
    """A zap has put the slot, and swapoff has found its folio."""
    return at(__try_to_reclaim_swap, "found the cached folio") and at(unuse_cached, "a folio is left over")


@reachable
def swapoff_meets_a_writeback(s: Swap):
    """The shrinker is about to read an entry of the device that swapoff drains."""
    return at(swapoff) and at(zswap_writeback_entry) and at(swap_cache_alloc_folio)


@reachable
def a_virtual_page_survives_beside_a_direct_one(s: Swap):
    """The device is off; a page that was on it is swapped out still, under a virtual entry."""
    return some_device_is_off(s) and any(s.direct[v] is None and s.count[v] > 0 for v in VswapSlot)


@reachable
def a_reverse_map_beside_a_cached_entry(s: Swap):
    """One device has a slot that backs a virtual one, and a slot that is a direct entry, cached."""
    return any(
        swap_table_word(s, p) == Word.POINTER and swap_table_word(s, q) == Word.PFN
        and s.phys_device[p] == s.phys_device[q] for p in PhysSlot for q in PhysSlot
    )


@reachable
def every_device_is_off(s: Swap):
    """No device is left, and the pages that were on them are mapped."""
    return (all(s.swap_info[d].flags == SwapInfo.OFF for d in Device)
            and all(s.pte[p].tag == PteWord.PRESENT for p in Pte))


UNUSED = [
    a_page_is_mapped_by_swapoff, swapoff_reads_a_page_for_its_owner, swapoff_waits_for_a_fault,
    swapoff_finds_a_left_over_folio,
]
UNUSE_PROMISES = [
    *DIRECT_PROMISES, a_device_that_is_off_backs_nothing, a_physical_slot_is_one_thing,
    a_device_that_nobody_looks_at_has_no_users, a_device_that_is_off_has_no_users,
]


def drained(name: str, changes: dict[type, int], *, failures: Iterable[str] | None = (),
            task: Iterable[Callable[..., Any]] = FAULTS) -> Scope:
    """One page, swapoff and no shrinker unless the changes say otherwise; a failure is named or not there."""
    sizes = {**ONE_OF_EACH, Swapoff: 1, Shrinker: 0, **changes}
    return Scope(name, sizes=sizes, operations={Task: list(task)}, failures=failures)


one_entry = drained("one page, a slot of the device, swapoff, no shrinker, nothing fails", {})
one_entry_io_fails = drained(
    "one page, a slot of the device, swapoff, no shrinker; reads and writes may fail", {},
    failures=["read error", "write error", "memcg charge of the folio fails", "a signal is pending"],
)
one_entry_written_back = drained(
    "one page, a slot of the device and one to spare, swapoff, a shrinker, a CPU that does all the rest",
    {PhysSlot: 2, Shrinker: 1, Reclaim: 0}, task=[*FAULTS, shrink_folio_list],
)
one_entry_two_owners = drained(
    "a page with two owners, a slot of the device, swapoff, a CPU that does all the rest",
    {Pte: 2, Reclaim: 0}, task=[*OWNERS, shrink_folio_list],
)
both_kinds = drained(
    "one page, a virtual slot, a slot of the device, swapoff, one CPU for the rest; zswap may refuse, memory be short",
    {VswapSlot: 2, Reclaim: 0}, failures=["zswap refuses the page", "no memory"], task=[*FAULTS, shrink_folio_list],
)
entries_of_two_devices = drained(
    "one page, a slot on each of two devices, swapoff, a CPU that does all the rest",
    {Device: 2, PhysSlot: 2, VswapSlot: 2, Reclaim: 0}, task=[*FAULTS, shrink_folio_list],
)
both_kinds_and_worker = drained(
    "one page, a virtual slot, a slot of the device, swapoff, a worker, one CPU for the rest; "
    "zswap may refuse, memory be short",
    {VswapSlot: 2, Reclaim: 0, Worker: 1}, failures=["zswap refuses the page", "no memory"],
    task=[*FAULTS, shrink_folio_list],
)
side_by_side = drained(
    "two pages, two slots of one device, swapoff, a CPU that faults and unmaps",
    {Pte: 2, PhysSlot: 2, VswapSlot: 3, Reclaim: 0}, failures=["no memory"],
)
both_devices_go = drained(
    "two pages, a slot on each of two devices, two CPUs in swapoff, one that faults and unmaps",
    {Pte: 2, Device: 2, PhysSlot: 2, VswapSlot: 2, Reclaim: 0, Swapoff: 2},
)
both_kinds_switched = drained(
    "one page, a virtual slot, a slot of the device, swapoff, one CPU for the rest; virtual swap comes and goes",
    {VswapSlot: 2, Reclaim: 0}, task=[*FAULTS, shrink_folio_list, vm_vswap_enabled],
)


def unused(why: str, scope: Scope, reached: Iterable[Callable[..., Any]],
           start: Callable[..., Any] = the_device_has_entries, design: SwapDesign = RFC_V2,
           default: bool = True, by_z3: int | None = None) -> Spec:
    """A spec about swapoff of direct entries that expects nothing to break."""
    return Spec(why=why, model=VSWAP, design=design, scope=scope, start=[start],
                promises=[*UNUSE_PROMISES, *reached], default=default, by_z3=by_z3)


rfc_v2_unuse = unused(
    """swapoff of a device with direct entries: each page is read, mapped where its PTE has the entry, and its slot
    freed; what a zap or a fault left in the swap cache goes as well.""",
    one_entry, [*UNUSED, swapoff_waits_for_a_write],
    by_z3=8,
)

rfc_v2_unuse_io_fails = unused(
    """As rfc_v2_unuse, where reads and writes fail: the owner of a page that cannot be read loses it knowingly.""",
    one_entry_io_fails, UNUSED,
)

rfc_v2_unuse_written_back = unused(
    """As rfc_v2_unuse, with the shrinker, which reads the same tables.""",
    one_entry_written_back, [a_page_is_mapped_by_swapoff, swapoff_meets_a_writeback],
    by_z3=6,
)

rfc_v2_unuse_two_owners = unused(
    """As rfc_v2_unuse, with a process that forks: each PTE is found, the last one frees the slot.""",
    one_entry_two_owners, UNUSED,
)

rfc_v2_unuse_both_kinds = unused(
    """swapoff of a device whose slots are direct entries and back virtual ones at the same time: each word is
    followed in its own way.""",
    both_kinds, [*UNUSED, a_virtual_page_survives_beside_a_direct_one],
)

rfc_v2_unuse_two_devices = unused(
    """swapoff of either of two devices with direct entries; a page may leave one and go to the other meanwhile.""",
    entries_of_two_devices, UNUSED, start=both_devices_have_entries,
)

rfc_v2_unuse_side_by_side = unused(
    """swapoff of a device with a reverse map in one slot and a direct entry in the other.""",
    side_by_side, [a_reverse_map_beside_a_cached_entry, a_virtual_page_survives_beside_a_direct_one, *UNUSED],
    start=a_reverse_map_is_beside_an_entry,
    by_z3=6,
)

rfc_v2_unuse_both_devices = unused(
    """Two devices with direct entries, and both are taken out of use at the same time.""",
    both_devices_go, [every_device_is_off, *UNUSED], start=a_page_is_on_each_device,
    by_z3=6,
)

rfc_v2_unuse_both_kinds_and_worker = unused(
    """As rfc_v2_unuse_both_kinds, with a worker that takes physical slots back.""",
    both_kinds_and_worker, UNUSED, default=False,
)

mid_b_unuse = unused(
    """A later tree: virtual swap is switched on and off while swapoff drains the device that is used without it.""",
    both_kinds_switched, [a_page_is_mapped_by_swapoff], design=MID_B,
)

phase_iv_unuse = unused(
    """Before virtual swap: swapoff as it is today.""", one_entry_io_fails, UNUSED, design=PHASE_IV, default=False,
)
