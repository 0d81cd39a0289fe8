# SPDX-License-Identifier: GPL-2.0-or-later
"""The objects of physical clusters: a static array for each device, lists, and what each CPU notes.

Mirrors   struct swap_info_struct, struct swap_cluster_info, percpu_swap_cluster, percpu_vswap_cluster;
          include/linux/swap.h, mm/swap.h, mm/swapfile.c [v2p1] [v2p2] [midB] [mainline]
Left out  what is in a slot, but for one thing: a Pointer is freed under the lock of its virtual cluster, a
          direct slot is not.  All virtual clusters have one lock here.  Orders: single pages only.
          The lists' order, as in ``model/cluster_objects.py``.  HDDs, which allocate through one place for all CPUs.
          local_lock: a CPU of the model ends an operation before it begins the next.
          Where the virtual device is one of the devices, only the notes of allocators are at stake: its
          clusters are an array, too, and a new one is one that was free.
"""

from __future__ import annotations

import enum

from checker.language import *
from model.cluster_design import AllocatorCache, design
from model.cluster_objects import CiOff, Cpu, Flag, Memory, Page
from model.objects import Worker


class Device(Index, ordered=True, prefix="si"):
    """A swap_info_struct, which is never freed; what it points to is."""


class PhysCluster(Index, prefix="ci"):
    """A member of some device's cluster_info array."""


class Counted(Index, ordered=True, prefix="n"):
    """How far slow allocations are counted."""


class Word(enum.Enum):
    """A word of a physical cluster's swap table."""

    NULL = "NULL"
    DIRECT = "DIRECT"  # PFN or Shadow: somebody's entry
    POINTER = "POINTER"  # backs a virtual slot


class Place(Record):
    """A slot, by its cluster and its offset there; a cluster that is None is no slot."""

    ci: PhysCluster | None
    off: CiOff


class PhysPage(Record):
    """A page and its slots; whoever has its lock keeps them as they are."""

    lock: Lock
    slot: Place
    has_virtual_slot: bool
    tier: Device | None  # the one device that its memcg may use; None: any


class DeviceInfo(Record):
    """struct swap_info_struct."""

    lock: Spinlock
    is_vswap: bool  # never changes
    discards: bool  # SWP_PAGE_DISCARD; never changes
    writeok: bool
    dying: bool  # percpu_ref_kill(&si->users)
    users: Set[Cpu]  # who has a reference from get_swap_device
    works: Range(0, size(Worker))  # of discard_work and reclaim_work, those that run
    cluster_info: Memory


class PhysClusterInfo(Record):
    """struct swap_cluster_info; ``table`` and ``memcg_table`` say whether it has them."""

    lock: Spinlock
    device: Device  # never changes
    flags: Flag
    on_list: Flag
    count: Range(0, size(CiOff))
    table: bool
    memcg_table: bool
    word: Array[CiOff, Word]


class PhysClusters(State):
    """The devices."""

    page: Array[Page, PhysPage]
    device: Array[Device, DeviceInfo]
    ci: Array[PhysCluster, PhysClusterInfo]
    swap_lock: Spinlock
    vswap_lock: Spinlock  # of the virtual cluster of whichever page
    percpu_swap_cluster: Array[Cpu, Array[Device, Place]]  # where to go on allocating: see ``noted_at``
    slow: Range(0, size(Counted) - 1)  # ghost: allocations that found nothing where the last one was


def noted_at(s: PhysClusters, d: Device) -> Device:
    """Which of a CPU's notes is for a device; the virtual device, where there is one, is the first."""
    if design.allocator_cache == AllocatorCache.PER_DEVICE:
        return d
    if design.allocator_cache == AllocatorCache.PRIVATE and s.device[d].is_vswap:
        return d
    return Device(len(Device) - 1)


def one_device(s: PhysClusters):
    """One device in use, all its clusters free."""
    for d in Device:
        s.device[d].writeok = True
        s.device[d].cluster_info = Memory.LIVE
    for c in PhysCluster:
        s.ci[c].flags = Flag.FREE
        s.ci[c].on_list = Flag.FREE


def discarding_device(s: PhysClusters):
    """One device in use that discards what is free; all its clusters are."""
    one_device(s)
    for d in Device:
        s.device[d].discards = True


def devices_alike(s: PhysClusters):
    """As many devices in use as there are clusters, all free."""
    one_device(s)
    for k in range(len(PhysCluster)):
        s.ci[PhysCluster(k)].device = Device(k)


def vswap_and_devices(s: PhysClusters):
    """The virtual device and some others, each with a free cluster."""
    devices_alike(s)
    s.device[Device(0)].is_vswap = True


def vswap_and_discarding_device(s: PhysClusters):
    """The virtual device and one other, which discards."""
    vswap_and_devices(s)
    s.device[Device(1)].discards = True
