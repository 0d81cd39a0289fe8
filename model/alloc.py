# SPDX-License-Identifier: GPL-2.0-or-later
"""The entry that a folio is swapped out to: a virtual slot, or a slot of the device itself.

Mirrors   folio_alloc_swap(), alloc_swap_scan_cluster(), mem_cgroup_try_charge_swap() [v2p2] [v2p4] [v2p6]
          [P4c]; the switch vm.vswap_enabled [midA]
Left out  the per-cpu allocator caches and their local_locks, the scan order, cluster
          lists: any free slot of the device at hand may be found, or none.  Only the direct
          entries that a scope names exist (``Swap.direct``); most scopes name none.  Direct entries for
          a large folio: a device that is no block device has none [midB].  The switch is read in
          the hold that takes the slot: an allocation that has begun before it was flipped may end behind, and nothing
          asks it again.
"""

from __future__ import annotations

from checker.language import *
from model.cluster import drop_empty_cluster, folio_realloc_swap
from model.design import Charge, MemcgTable, design
from model.device import cached_cluster_elsewhere, comes_first, is_writeok
from model.memcg import mem_cgroup_record_swap, record_memcg_id, try_charge_swap
from model.memory import folio_put_refs
from model.objects import Device, Folio, Memcg, PhysSlot, Swap, TableWord, Task, VswapSlot, in_use
from model.swap_cache import __swap_cache_add_folio


def folio_alloc_swap(s: Swap, f: Folio):
    """Put a folio into the swap cache, on a new entry; False when there is none."""
    if design.virtual_swap and wants_virtual_slot(s, f):
        v = vswap_alloc(s, f)
        if v is not None:
            yield "a virtual slot is taken"
            if not vswap_charge(s, f, v):
                return False
            if not design.alloc_leaves_backing_for_later:
                yield "the memcg is recorded"
                yield from folio_realloc_swap(s, v, s.folio[f].nr_pages)
            return True
    if not design.falls_back_to_direct or all(s.direct[v] is None for v in VswapSlot) or s.folio[f].nr_pages > 1:
        return False
    if design.virtual_swap:
        yield "no virtual slot"
    return (yield from swap_alloc_direct(s, f))


def vswap_alloc(s: Swap, f: Folio) -> VswapSlot | None:
    """Put a folio into the swap cache, on new virtual slots: the first one, or None."""
    nr = s.folio[f].nr_pages
    if maybe("no memory"):
        return None  # all clusters are full, and there is no memory for a new one
    with hold(s.vswap_cluster.lock):
        v = choose_or_none(VswapSlot, where=lambda v: place(v) % nr == 0 and all(
            s.table[v + i] == TableWord.NULL and s.direct[v + i] is None for i in range(nr)))
        if v is not None:
            __swap_cache_add_folio(s, v, f)
    return v


def wants_virtual_slot(s: Swap, f: Folio) -> bool:
    """Whether the folio's memcg uses virtual swap at the moment."""
    if not design.alloc_asks_the_switch or (not design.switched_at_run_time and not design.chosen_per_memcg):
        return True
    m = s.folio[f].memcg
    return m is None or not s.memcg[m].vswap_off


def swap_cache_forget_folio(s: Swap, f: Folio, v: VswapSlot):
    """swap_cache_del_folio() for a new entry that may not be charged: there is nothing to uncharge."""
    nr = s.folio[f].nr_pages
    with hold(s.vswap_cluster.lock):
        for i in range(nr):
            s.table[v + i] = TableWord.NULL
            s.folio[f + i].swap = None
        drop_empty_cluster(s)
    folio_put_refs(s, f, nr)


def vswap_charge(s: Swap, f: Folio, v: VswapSlot) -> bool:
    """Make the folio's memcg the owner of a virtual slot; False: it may not have one."""
    if (design.charge == Charge.ENTRY and not try_charge_swap(s, s.folio[f].memcg, s.folio[f].nr_pages)) or (
        design.charge == Charge.BACKING_AND_ENTRY and maybe("memcg limit of virtual slots reached")
    ):
        swap_cache_forget_folio(s, f, v)
        return False
    if not design.records_memcg_late:
        mem_cgroup_record_swap(s, f, v)  # a hold of its own: the folio lock keeps the slot meanwhile
    return True


def swap_alloc_direct(s: Swap, f: Folio):
    """Put a folio into the swap cache, on a slot of the device; charged at once."""
    if design.memcg_table == MemcgTable.AT_SLOT_WRITE and not design.alloc_tests_table_in_scan:
        with hold(s.phys_cluster.lock):
            if not memcg_table_alloc(s, choose(Device)):
                return False
        yield "the cluster's lock was dropped to reclaim"
    with hold(s.phys_cluster.lock):
        elsewhere = cached_cluster_elsewhere()
        v = choose_or_none(VswapSlot, where=lambda v: any(
            s.direct[v] == p and not in_use(s, p) and is_writeok(s, p) and (elsewhere or comes_first(s, p, True))
            for p in PhysSlot))
        if v is None:
            return False
        si = direct_device(s, v)
        if design.memcg_table == MemcgTable.AT_SLOT_WRITE and design.alloc_tests_table_in_scan:
            if not memcg_table_alloc(s, si):
                return False
        elif design.memcg_table == MemcgTable.AT_EITHER:
            memcg_table_alloc(s, si)
        __swap_cache_add_folio(s, v, f)
    yield "a slot of the device is taken"

    if design.memcg_table == MemcgTable.AT_CHARGE or design.memcg_table == MemcgTable.AT_EITHER:
        if not has_memcg_table(s, si):
            if maybe("no memory for the memcg_table, though there was time"):
                swap_cache_forget_folio(s, f, v)
                return False
            with hold(s.phys_cluster.lock):
                s.memcg_table_ready[si] = True
            yield "the memcg_table is there"
    return mem_cgroup_try_charge_swap(s, f, v)


def direct_device(s: Swap, v: VswapSlot) -> Device:
    """Which device a direct entry is on."""
    p = s.direct[v]
    return s.phys_device[p]


def has_memcg_table(s: Swap, si: Device) -> bool:
    """Whether the physical cluster of a device can record whose its direct entries are."""
    return design.memcg_table == MemcgTable.AT_ONCE or s.memcg_table_ready[si]


def memcg_table_alloc(s: Swap, si: Device) -> bool:
    """P held: the physical cluster of a device has its memcg_table; False: no memory."""
    if not s.memcg_table_ready[si] and maybe("no memory for the memcg_table"):
        return False
    s.memcg_table_ready[si] = True
    return True


def mem_cgroup_try_charge_swap(s: Swap, f: Folio, v: VswapSlot) -> bool:
    """Charge a direct entry and record its memcg; False: refused, the folio is out of the swap cache."""
    m = s.folio[f].memcg
    if not try_charge_swap(s, m, 1):
        swap_cache_forget_folio(s, f, v)
        return False
    si = direct_device(s, v)
    with hold(s.phys_cluster.lock):
        expect(has_memcg_table(s, si), "an id is recorded in a table that is there")  # else it is lost [v2p6]
        if design.alloc_tests_table_in_scan or has_memcg_table(s, si):
            record_memcg_id(s, v, m)
    return True


@operation
def vm_vswap_enabled(s: Swap, cpu: Task):
    """Virtual swap is switched on or off, for everybody."""
    require(design.switched_at_run_time)
    off = any(s.memcg[m].vswap_off for m in Memcg)
    for m in Memcg:
        s.memcg[m].vswap_off = not off


@operation
def memcg_vswap_enabled(s: Swap, cpu: Task, m: Memcg):
    """Virtual swap is switched on or off, for one memcg."""
    require(design.chosen_per_memcg)
    s.memcg[m].vswap_off = not s.memcg[m].vswap_off
