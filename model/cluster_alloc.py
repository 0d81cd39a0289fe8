# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual slot for a page, and a new cluster when there is none.

Mirrors   folio_alloc_swap(), vswap_alloc(), alloc_swap_scan_cluster(), alloc_swap_scan_list(),
          alloc_swap_scan_dynamic(), cluster_alloc_swap_entry(), isolate_lock_cluster(), relocate_cluster(),
          move_cluster(); mm/swapfile.c [v2p1] [v2p2] [midB]
Left out  the free list, which is empty for the virtual device [v2p1], and reclaim of full clusters, which it has not.
          Failures of the allocator but for want of memory: whatever the scope has no more of, cannot be had.
          What folio_alloc_swap does beside, and the fallback to a slot of a physical device.
"""

from __future__ import annotations

from checker.language import *
from model.cluster_design import design
from model.cluster_lookup import swap_cluster_is_alive, swap_cluster_lock
from model.cluster_objects import (
    CiOff,
    Cluster,
    ClusterIndex,
    ClusterInfo,
    Clusters,
    Cpu,
    Flag,
    Memory,
    Page,
    SlotWord,
    SwapTable,
    VirtualTable,
    rcu_is_not_held_off,
)


@operation
def folio_alloc_swap(s: Clusters, cpu: Cpu, g: Page):
    """Give a locked page a virtual slot."""
    require(s.page[g].index is None)
    acquire(s.page[g].lock)
    s.local_lock |= {cpu}
    yield from vswap_alloc(s, cpu, g)
    s.local_lock -= {cpu}
    rcu_is_not_held_off(s, cpu)
    release(s.page[g].lock)


def vswap_alloc(s: Clusters, cpu: Cpu, g: Page):
    """Try the cluster of the last time, then others, then a new one; True: the page has a slot."""
    x = s.percpu_vswap_cluster[cpu].index
    if x is not None:
        c = yield from swap_cluster_lock(s, cpu, x)
        if c is not None:
            with hold(s.ci[c].lock):
                found = swap_cluster_is_alive(s, cpu, c) and alloc_from_noted(s, cpu, c, g)
            if found:
                return
            yield "no slot where the last one was"
    found = alloc_swap_scan_list(s, cpu, Flag.NONFULL, g)
    if found:
        return
    yield "no cluster is nonfull"
    found = yield from alloc_swap_scan_dynamic(s, cpu, g)
    if found:
        return
    yield "no new cluster"
    found = alloc_swap_scan_list(s, cpu, Flag.FRAG, g)
    if not found:
        s.percpu_vswap_cluster[cpu].index = None


def cluster_is_usable(s: Clusters, c: Cluster) -> bool:
    """Whether to look for a slot at all."""
    return s.ci[c].flags in (Flag.NONE, Flag.NONFULL, Flag.FRAG) and s.ci[c].table is not None


def alloc_from_noted(s: Clusters, cpu: Cpu, c: Cluster, g: Page) -> bool:
    """The cluster's lock held: take a slot at or behind the one that the CPU noted."""
    off = s.percpu_vswap_cluster[cpu].off
    if not design.cached_offset_is_rechecked:
        take_slot(s, cpu, c, off, g)
        return True
    if not cluster_is_usable(s, c):
        return False
    return alloc_swap_scan_cluster(s, cpu, c, CiOff(0) if s.ci[c].count == 0 else off, g)


def alloc_swap_scan_list(s: Clusters, cpu: Cpu, flag: Flag, g: Page) -> bool:
    """Take a slot of some cluster on a list; its lock was had by trylock, so no order of locks is at stake."""
    c = choose_or_none(Cluster, where=lambda c: s.ci[c].on_list == flag)
    if c is None:
        return False
    with hold(s.ci[c].lock):
        expect(s.ci[c].memory != Memory.FREE, "nothing freed is used")
        with hold(s.si_lock):  # isolate_lock_cluster
            s.ci[c].on_list = Flag.NONE
        if design.isolate_clears_flags:
            s.ci[c].flags = Flag.NONE
        found = alloc_swap_scan_cluster(s, cpu, c, CiOff(0), g)
    return found


def first_free(s: Clusters, t: SwapTable, start: CiOff) -> CiOff | None:
    """The first slot that is free, from a given one to the last."""
    for off in CiOff:
        if off >= start and s.table[t].word[off] == SlotWord.NULL:
            return off
    return None


def alloc_swap_scan_cluster(s: Clusters, cpu: Cpu, c: Cluster, start: CiOff, g: Page) -> bool:
    """The cluster's lock held: take a slot; the CPU notes where to go on."""
    t = s.ci[c].table
    expect(t is not None, "nothing freed is used")
    if t is None:
        return False  # an address near zero is read
    expect(s.table[t].memory != Memory.FREE, "nothing freed is used")
    off = first_free(s, t, start)
    if off is None:
        s.percpu_vswap_cluster[cpu].index = None
        relocate_cluster(s, c)
        return False
    take_slot(s, cpu, c, off, g)
    return True


def take_slot(s: Clusters, cpu: Cpu, c: Cluster, off: CiOff, g: Page):
    """The cluster's lock held: a slot is the page's, and the next one is noted."""
    s.table[s.ci[c].table].word[off] = SlotWord.IN_USE
    s.ci[c].count = min(s.ci[c].count + 1, len(CiOff) + 1)
    s.page[g].index = s.ci[c].index
    s.page[g].off = off
    relocate_cluster(s, c)
    if s.ci[c].count < len(CiOff) and int(off) + 1 < len(CiOff):
        s.percpu_vswap_cluster[cpu].index = s.ci[c].index
        s.percpu_vswap_cluster[cpu].off = CiOff(int(off) + 1)
    else:
        s.percpu_vswap_cluster[cpu].index = None


def relocate_cluster(s: Clusters, c: Cluster):
    """The cluster's lock held, some slot in use: on the list that suits it. Full clusters are not scanned."""
    if not design.alloc_relocates_cluster:
        return
    if s.ci[c].count >= len(CiOff):
        move_cluster(s, c, Flag.FULL)
    elif s.ci[c].flags != Flag.FRAG:
        move_cluster(s, c, Flag.FRAG)


def move_cluster(s: Clusters, c: Cluster, flag: Flag):
    """The cluster's lock held: to the end of a list."""
    with hold(s.si_lock):
        s.ci[c].on_list = flag
    s.ci[c].flags = flag


def alloc_swap_scan_dynamic(s: Clusters, cpu: Cpu, g: Page):
    """Make a cluster, and take a slot of it; nobody sleeps here."""
    c = choose_or_none(Cluster, where=lambda c: s.ci[c].memory == Memory.FREE)
    if c is None:
        return False
    s.ci[c] = ClusterInfo(memory=Memory.LIVE)
    if not (swap_cluster_alloc_table(s, c) and vswap_cluster_alloc_vtable(s, c)):
        vswap_unwind(s, c)
        return False
    if design.create_publishes_locked:
        with hold(s.ci[c].lock):
            found = vswap_publish(s, c) and alloc_swap_scan_cluster(s, cpu, c, CiOff(0), g)
        if not found:
            vswap_unwind(s, c)
        return found
    published = vswap_publish(s, c)
    if not published:
        vswap_unwind(s, c)
        return False
    yield "the new cluster is in the xarray"
    with hold(s.ci[c].lock):
        found = alloc_swap_scan_cluster(s, cpu, c, CiOff(0), g)
    return found


def swap_cluster_alloc_table(s: Clusters, c: Cluster) -> bool:
    """Memory for the swap table of a cluster that nobody else knows."""
    t = choose_or_none(SwapTable, where=lambda t: s.table[t].memory == Memory.FREE)
    if t is None:
        return False
    s.table[t].memory = Memory.LIVE
    for off in CiOff:
        s.table[t].word[off] = SlotWord.NULL
    s.ci[c].table = t
    return True


def vswap_cluster_alloc_vtable(s: Clusters, c: Cluster) -> bool:
    """Memory for its virtual_table."""
    v = choose_or_none(VirtualTable, where=lambda v: s.vtable[v].memory == Memory.FREE)
    if v is None:
        return False
    s.vtable[v].memory = Memory.LIVE
    s.ci[c].virtual_table = v
    return True


def vswap_publish(s: Clusters, c: Cluster) -> bool:
    """xa_alloc: the lowest index that is free; from 1 on, but that one is taken anyway."""
    with hold(s.xa_lock):
        x = lowest_free_index(s)
        if x is not None:
            s.cluster_info_pool[x] = c
            s.ci[c].index = x
    return x is not None


def lowest_free_index(s: Clusters) -> ClusterIndex | None:
    """Where xa_alloc puts the next cluster."""
    for x in ClusterIndex:
        if s.cluster_info_pool[x] is None:
            return x
    return None


def vswap_unwind(s: Clusters, c: Cluster):
    """Give back what there is of a cluster that nobody else has seen."""
    if not design.create_unwinds:
        return
    t = s.ci[c].table
    v = s.ci[c].virtual_table
    if t is not None:
        s.table[t].memory = Memory.RCU  # swap_cluster_free_table
        s.table[t].held_off_by = s.rcu_read | s.local_lock
    if v is not None:
        s.vtable[v].memory = Memory.FREE
    s.ci[c].memory = Memory.FREE
    s.ci[c].table = None
    s.ci[c].virtual_table = None
