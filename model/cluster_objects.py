# SPDX-License-Identifier: GPL-2.0-or-later
"""The objects of cluster lifetime: what exists, since when, and who could still have its address.

Mirrors   struct swap_cluster_info_dynamic and its tables, cluster_info_pool, percpu_vswap_cluster;
          mm/swap.h, mm/vswap.h [v2p1] [v2p2]
Left out  what is in a slot: folios, compressed copies, physical slots, counts.  Whether a cluster
          may go is a matter of one number, how many of its slots are in use; that a slot is freed
          only when nothing needs it is the question of ``model/vswap.py``.  A page here has at most one
          entry, and one lock, which is the folio lock of a cached page and the PTL of any other.
          The memcg_table of a virtual cluster: it comes and goes with the virtual_table, and is touched under
          the same lock.  Orders: single pages only, so there is one list of each kind.  The lists' order:
          a list is scanned for the first cluster whose lock is free, so any may be the one.
          local_lock: a CPU of the model ends an operation before it begins the next.
"""

from __future__ import annotations

import enum

from checker.language import *
from model.cluster_design import design


class Cpu(Actor, prefix="CPU"):
    """A CPU that allocates, frees, and looks up entries."""


class Page(Index, prefix="page"):
    """A page that may be swapped out: whoever has a swap entry."""


class Cluster(Index, prefix="ci"):
    """The memory of a struct swap_cluster_info_dynamic, in use or free."""


class SwapTable(Index, prefix="table"):
    """The memory of a swap table."""


class VirtualTable(Index, prefix="vtable"):
    """The memory of a virtual_table."""


class ClusterIndex(Index, ordered=True, prefix="index"):
    """A key of the xarray cluster_info_pool; the swap offset divided by the slots of a cluster."""


class CiOff(Index, ordered=True, prefix="slot"):
    """A slot of a cluster; the rest of that division."""


class Memory(enum.Enum):
    """What the allocator knows of a piece of memory."""

    FREE = "FREE"  # still there to be read, as freed memory is
    LIVE = "LIVE"
    RCU = "RCU"  # will be free when everybody is gone who may have found it


class Flag(enum.Enum):
    """enum swap_cluster_flags, and the list of that name."""

    NONE = "NONE"
    FREE = "FREE"  # physical clusters only
    NONFULL = "NONFULL"
    FRAG = "FRAG"
    FULL = "FULL"
    DISCARD = "DISCARD"  # physical clusters only
    DEAD = "DEAD"  # virtual clusters only


class SlotWord(enum.Enum):
    """A word of a swap table."""

    NULL = "NULL"
    IN_USE = "IN_USE"
    BAD = "BAD"


class PageState(Record):
    """Who has an entry: the PTE, or the folio in the swap cache."""

    lock: Lock  # the PTL, or the folio lock
    index: ClusterIndex | None  # with ``off`` the swap entry; None: the page has none
    off: CiOff


class ClusterInfo(Record):
    """struct swap_cluster_info_dynamic."""

    lock: Spinlock
    memory: Memory
    held_off_by: Set[Cpu]  # readers that were there when RCU got it
    index: ClusterIndex
    flags: Flag
    on_list: Flag  # the list whose links it is in; nobody looks at that without si->lock
    count: Range(0, size(CiOff) + 1)
    table: SwapTable | None
    virtual_table: VirtualTable | None
    extended: bool  # has an extend_table


class TableMemory(Record):
    """A swap table."""

    memory: Memory
    held_off_by: Set[Cpu]
    word: Array[CiOff, SlotWord]


class VirtualTableMemory(Record):
    """A virtual_table."""

    memory: Memory
    held_off_by: Set[Cpu]


class Noted(Record):
    """percpu_vswap_cluster: where the CPU goes on allocating."""

    index: ClusterIndex | None
    off: CiOff


class Clusters(State):
    """The virtual device, as far as its clusters are concerned."""

    page: Array[Page, PageState]
    cluster_info_pool: Array[ClusterIndex, Cluster | None]
    xa_lock: Spinlock  # of cluster_info_pool
    si_lock: Spinlock  # vswap_si->lock: the lists
    ci: Array[Cluster, ClusterInfo]
    table: Array[SwapTable, TableMemory]
    vtable: Array[VirtualTable, VirtualTableMemory]
    percpu_vswap_cluster: Array[Cpu, Noted]
    last_found: Array[Cpu, Cluster | None]  # switch 13: the cluster of the CPU's last look-up

    rcu_read: Set[Cpu]  # in a section between rcu_read_lock and rcu_read_unlock
    local_lock: Set[Cpu]  # in a section of percpu_vswap_cluster.lock: not preempted, so RCU waits for it as well

    mmap_readers: Range(0, size(Cpu))  # the mmap_lock of the process that has the pages
    mmap_writer: bool


def vswap_init(s: Clusters):
    """The device has cluster 0, whose slot 0 is bad: offset 0 is no entry [v2p1]."""
    # It was never put on a list, and no allocation ends there: its other slots stay unused.
    if not design.init_reserves_offset_zero:
        return
    c, x = Cluster(0), ClusterIndex(0)
    s.cluster_info_pool[x] = c
    s.ci[c].memory = Memory.LIVE
    s.ci[c].index = x
    s.ci[c].count = 1
    s.ci[c].table = SwapTable(0)
    s.ci[c].virtual_table = VirtualTable(0)
    s.table[SwapTable(0)].memory = Memory.LIVE
    s.table[SwapTable(0)].word[CiOff(0)] = SlotWord.BAD
    s.vtable[VirtualTable(0)].memory = Memory.LIVE


def rcu_read_lock(s: Clusters, cpu: Cpu):
    """From here on no grace period ends that has not begun."""
    if design.lookup_holds_rcu:
        s.rcu_read |= {cpu}


def rcu_read_unlock(s: Clusters, cpu: Cpu):
    """The end of a section that rcu_read_lock began."""
    s.rcu_read -= {cpu}
    rcu_is_not_held_off(s, cpu)


def rcu_is_not_held_off(s: Clusters, cpu: Cpu):
    """No grace period waits for a CPU that is in no section."""
    if cpu not in s.rcu_read and cpu not in s.local_lock:
        for c in Cluster:
            s.ci[c].held_off_by -= {cpu}
        for t in SwapTable:
            s.table[t].held_off_by -= {cpu}
        for v in VirtualTable:
            s.vtable[v].held_off_by -= {cpu}


def down_read_mmap_lock(s: Clusters):
    """Taken by whoever unmaps part of the process, shared."""
    require(not s.mmap_writer)
    s.mmap_readers += 1


def up_read_mmap_lock(s: Clusters):
    """Given back."""
    s.mmap_readers -= 1
