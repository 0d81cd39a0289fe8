# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual slot is given back, its cluster with the last one, and the cluster's memory after a grace period.

Mirrors   zap_nonpresent_ptes(), unmap_mapping_range(), swap_put_entries_direct() in mm/memory.c and mm/swapfile.c,
          folio_free_swap(), folio_maybe_swapped(), __swap_cluster_free_entries(), free_cluster(),
          partial_free_cluster() in mm/swapfile.c; call_rcu(), kfree_rcu() [v2p1] [v2p2] [midB] [mainline]
Left out  what is behind the slot.  Freeing a cluster is one step, for it is one hold of its lock.
          Readers without the lock may look in between: what they find there they would also find just
          before (in the xarray, with or without its tables) or just behind (not in the xarray).
          A grace period ends at any time when no reader is left that was there at its begin.
"""

from __future__ import annotations

from checker.language import *
from model.cluster_alloc import move_cluster
from model.cluster_design import CachedPointer, design
from model.cluster_lookup import __swap_offset_to_cluster, swap_cluster_is_alive, swap_cluster_lock, swap_table_get
from model.cluster_objects import (
    CiOff,
    Cluster,
    Clusters,
    Cpu,
    Flag,
    Memory,
    Page,
    SlotWord,
    SwapTable,
    VirtualTable,
    down_read_mmap_lock,
    up_read_mmap_lock,
)


@operation
def zap_nonpresent_ptes(s: Clusters, cpu: Cpu, g: Page):
    """The process unmaps a page that is swapped out (munmap, MADV_DONTNEED)."""
    require(s.page[g].index is not None)
    down_read_mmap_lock(s)
    acquire(s.page[g].lock)
    yield from swap_put_entries_direct(s, cpu, g)
    release(s.page[g].lock)
    up_read_mmap_lock(s)


@operation
def unmap_mapping_range(s: Clusters, cpu: Cpu, g: Page):
    """The page was a private copy of part of a file, which is truncated: nobody takes the mmap_lock for that."""
    require(s.page[g].index is not None)
    acquire(s.page[g].lock)
    yield from swap_put_entries_direct(s, cpu, g)
    release(s.page[g].lock)


@operation
def folio_free_swap(s: Clusters, cpu: Cpu, g: Page):
    """A locked page that is in the swap cache gives its slot back, once nobody else refers to it."""
    require(s.page[g].index is not None)
    acquire(s.page[g].lock)
    yield from folio_maybe_swapped(s, cpu, g)
    yield "nobody else refers to the slot"
    yield from swap_put_entries_direct(s, cpu, g)  # swap_cache_del_folio, which frees the slot alike
    release(s.page[g].lock)


def folio_maybe_swapped(s: Clusters, cpu: Cpu, g: Page):
    """Read the count of a slot that is in use, without any lock of its cluster: the slot pins it."""
    c = __swap_offset_to_cluster(s, cpu, s.page[g].index)
    yield "found the cluster"
    yield from swap_table_get(s, cpu, c, s.page[g].off)


def swap_put_entries_direct(s: Clusters, cpu: Cpu, g: Page):
    """Free the slot of a page whose lock is held: the slot pins the cluster, nobody asks whether there is one."""
    c = yield from swap_cluster_lock(s, cpu, s.page[g].index)
    with hold(s.ci[c].lock):
        swap_cluster_is_alive(s, cpu, c)
        __swap_cluster_free_entries(s, cpu, c, s.page[g].off)
        died = s.ci[c].flags == Flag.DEAD
    if not design.free_erases_first and died:
        yield "RCU has the cluster"
        with hold(s.xa_lock):
            s.cluster_info_pool[s.page[g].index] = None
    yield "the slot is free"
    s.page[g].index = None


def __swap_cluster_free_entries(s: Clusters, cpu: Cpu, c: Cluster, off: CiOff):
    """The cluster's lock held: a slot is free, and if it was the last one, the cluster goes."""
    t = s.ci[c].table
    expect(s.table[t].word[off] == SlotWord.IN_USE, "nothing is freed twice")
    s.table[t].word[off] = SlotWord.NULL
    s.ci[c].count = max(s.ci[c].count - 1, 0)
    if s.ci[c].count == 0:
        free_cluster(s, cpu, c)
    elif s.ci[c].flags != Flag.NONFULL:
        move_cluster(s, c, Flag.NONFULL)  # partial_free_cluster


def free_cluster(s: Clusters, cpu: Cpu, c: Cluster):
    """The cluster's lock held: nobody finds it any more, and who has found it sees that it is dead."""
    if design.free_leaves_list:  # it is on one: its lock is not dropped while it is off all lists
        with hold(s.si_lock):
            s.ci[c].on_list = Flag.NONE
    t = s.ci[c].table
    s.table[t].memory = Memory.RCU if design.free_table_waits_for_readers else Memory.FREE  # swap_cluster_free_table
    s.table[t].held_off_by = s.rcu_read | s.local_lock
    v = s.ci[c].virtual_table
    s.vtable[v].memory = Memory.RCU if design.free_virtual_table_waits else Memory.FREE
    s.vtable[v].held_off_by = s.rcu_read | s.local_lock
    s.ci[c].table = None
    s.ci[c].virtual_table = None
    s.ci[c].extended = False
    if design.free_erases_first:
        with hold(s.xa_lock):
            s.cluster_info_pool[s.ci[c].index] = None
    if design.cached_pointer != CachedPointer.NONE:
        s.last_found[cpu] = None
    s.ci[c].flags = Flag.DEAD
    s.ci[c].memory = Memory.RCU if design.free_waits_for_readers else Memory.FREE
    s.ci[c].held_off_by = s.rcu_read | s.local_lock


def is_kept(s: Clusters, c: Cluster) -> bool:
    """Whether some CPU has a reference to a cluster, from its last look-up."""
    return design.cached_pointer == CachedPointer.REFERENCE and any(s.last_found[cpu] == c for cpu in Cpu)


@rule(fair=True)
def kfree_rcu(s: Clusters, c: Cluster):
    """The memory of a dead cluster is free, after a grace period."""
    require(s.ci[c].memory == Memory.RCU and len(s.ci[c].held_off_by) == 0 and not is_kept(s, c))
    s.ci[c].memory = Memory.FREE


@rule(fair=True)
def call_rcu_virtual_table(s: Clusters, v: VirtualTable):
    """The memory of a virtual_table is free, after a grace period, in a design where RCU gets it."""
    require(s.vtable[v].memory == Memory.RCU and len(s.vtable[v].held_off_by) == 0)
    s.vtable[v].memory = Memory.FREE


@rule(fair=True)
def call_rcu(s: Clusters, t: SwapTable):
    """The memory of a swap table is free, after a grace period."""
    require(s.table[t].memory == Memory.RCU and len(s.table[t].held_off_by) == 0)
    s.table[t].memory = Memory.FREE
