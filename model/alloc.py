# SPDX-License-Identifier: GPL-2.0-or-later
"""The entry that a folio is swapped out to: a virtual slot, or a slot of the device itself.

Mirrors   folio_alloc_swap(), alloc_swap_scan_cluster(), mem_cgroup_try_charge_swap() [v2p2] [v2p4] [v2p6]
          [P4c]; the switch vm.vswap_enabled [midA]
Left out  the per-cpu allocator caches and their local_locks, the scan order, cluster
          lists: any free slot may be found, or none.  Only the direct entries that a scope
          names exist (``Swap.direct``); most scopes name none.
"""

from __future__ import annotations

from checker.language import *
from model.cluster import drop_empty_cluster, folio_realloc_swap
from model.design import Charge, MemcgTable, design
from model.memcg import mem_cgroup_record_swap, record_memcg_id, try_charge_swap
from model.memory import folio_put
from model.objects import Folio, Memcg, PhysSlot, Swap, SwapInfo, TableWord, Task, VswapSlot


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
                yield from folio_realloc_swap(s, v)
            return True
    if not design.falls_back_to_direct or all(s.direct[v] is None for v in VswapSlot):
        return False
    if design.virtual_swap:
        yield "no virtual slot"
    return (yield from swap_alloc_direct(s, f))


def vswap_alloc(s: Swap, f: Folio) -> VswapSlot | None:
    """Put a folio into the swap cache, on a new virtual slot: that slot, or None."""
    if maybe("no memory"):
        return None  # all clusters are full, and there is no memory for a new one
    with hold(s.vswap_cluster.lock):
        v = choose_or_none(VswapSlot, where=lambda v: s.table[v] == TableWord.NULL and s.direct[v] is None)
        if v is not None:
            __swap_cache_add_folio(s, v, f)
    return v


def wants_virtual_slot(s: Swap, f: Folio) -> bool:
    """Whether the folio's memcg uses virtual swap at the moment."""
    if not design.switched_at_run_time and not design.chosen_per_memcg:
        return True
    m = s.folio[f].memcg
    return m is None or not s.memcg[m].vswap_off


def __swap_cache_add_folio(s: Swap, v: VswapSlot, f: Folio):
    """The cluster's lock held: the slot's word names the folio."""
    s.table[v] = TableWord.PFN(f)
    s.folio[f].swap = v
    s.folio[f].refcount += 1  # the swap cache's


def swap_cache_forget_folio(s: Swap, f: Folio, v: VswapSlot):
    """swap_cache_del_folio() for a new entry that may not be charged: there is nothing to uncharge."""
    with hold(s.vswap_cluster.lock):
        s.table[v] = TableWord.NULL
        s.folio[f].swap = None
        drop_empty_cluster(s)
    folio_put(s, f)


def vswap_charge(s: Swap, f: Folio, v: VswapSlot) -> bool:
    """Make the folio's memcg the owner of a virtual slot; False: it may not have one."""
    if (design.charge == Charge.ENTRY and not try_charge_swap(s, s.folio[f].memcg)) or (
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
            if not memcg_table_alloc(s):
                return False
        yield "the cluster's lock was dropped to reclaim"
    with hold(s.phys_cluster.lock):
        v = choose_or_none(VswapSlot, where=lambda v: s.table[v] == TableWord.NULL and s.swap_info == SwapInfo.WRITEOK
                           and any(s.direct[v] == p and s.rmap[p] is None for p in PhysSlot))
        if v is None:
            return False
        if design.memcg_table == MemcgTable.AT_SLOT_WRITE and design.alloc_tests_table_in_scan:
            if not memcg_table_alloc(s):
                return False
        elif design.memcg_table == MemcgTable.AT_EITHER:
            memcg_table_alloc(s)
        __swap_cache_add_folio(s, v, f)
    yield "a slot of the device is taken"

    if design.memcg_table == MemcgTable.AT_CHARGE or design.memcg_table == MemcgTable.AT_EITHER:
        if not s.memcg_table_ready:
            if maybe("no memory for the memcg_table, though there was time"):
                swap_cache_forget_folio(s, f, v)
                return False
            with hold(s.phys_cluster.lock):
                s.memcg_table_ready = True
            yield "the memcg_table is there"
    return mem_cgroup_try_charge_swap(s, f, v)


def has_memcg_table(s: Swap) -> bool:
    """Whether the physical cluster can record whose its direct entries are."""
    return design.memcg_table == MemcgTable.AT_ONCE or s.memcg_table_ready


def memcg_table_alloc(s: Swap) -> bool:
    """P held: the physical cluster has its memcg_table; False: no memory."""
    if not s.memcg_table_ready and maybe("no memory for the memcg_table"):
        return False
    s.memcg_table_ready = True
    return True


def mem_cgroup_try_charge_swap(s: Swap, f: Folio, v: VswapSlot) -> bool:
    """Charge a direct entry and record its memcg; False: refused, the folio is out of the swap cache."""
    m = s.folio[f].memcg
    if not try_charge_swap(s, m):
        swap_cache_forget_folio(s, f, v)
        return False
    with hold(s.phys_cluster.lock):
        expect(has_memcg_table(s), "an id is recorded in a table that is there")  # else it is lost [v2p6]
        if design.alloc_tests_table_in_scan or has_memcg_table(s):
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
