# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs where a CPU notes its last cluster: allocations that have to go through the lists.

A page that is written out takes a virtual slot and then a physical one, so the two kinds of allocation
alternate [seed].  Four pages, and clusters in which all of them have room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from checker.language import *
from model.cluster_design import CLUSTERS_V2, AllocatorCache
from model.cluster_objects import CiOff, Cpu, Page
from model.objects import Swapoff, Worker
from model.phys_alloc import shrink_folio_list
from model.phys_clusters import PHYS_CLUSTERS
from model.phys_objects import Counted, Device, PhysCluster, PhysClusters, vswap_and_devices
from specs.phys_promises import PHYS_PROMISES


@measure
def slow_allocations(s: PhysClusters):
    """How many allocations found nothing where the CPU's last one was, and went through the lists."""
    return s.slow


@reachable
def everything_is_written_out(s: PhysClusters):
    """Each page has a virtual slot, and a physical one behind it."""
    return all(s.page[g].has_virtual_slot and s.page[g].slot.ci is not None for g in Page)


def vswap_and_tiers(s: PhysClusters):
    """The virtual device and two others, of which each page may use one."""
    vswap_and_devices(s)
    for k in range(len(Page)):
        s.page[Page(k)].tier = Device(1 + k % 2)


def caches(devices: int) -> Scope:
    """One CPU that writes four pages out, twice as many allocations, and so many devices with a cluster each."""
    return Scope(
        f"four pages, {'the virtual device and ' + ('one other' if devices == 2 else 'two others')}, one CPU",
        sizes={Cpu: 1, Page: 4, CiOff: 4, PhysCluster: devices, Device: devices, Worker: 0, Swapoff: 0, Counted: 9},
        operations={Cpu: [shrink_folio_list]}, failures=[],
    )


def cached(why: str, cache: AllocatorCache, devices: int, start: Callable[..., Any],
           by_z3: int | None = None) -> Spec:
    """The measure under one way of noting."""
    return Spec(
        why=why, model=PHYS_CLUSTERS, design=replace(CLUSTERS_V2, allocator_cache=cache), scope=caches(devices),
        start=[start], promises=[*PHYS_PROMISES, everything_is_written_out], measures=[slow_allocations],
        by_z3=by_z3,
    )


cache_of_its_own = cached(
    """As posted, the virtual device has a note of its own: one allocation of each kind goes through the lists
    [v1p2].""",
    AllocatorCache.PRIVATE, 2, vswap_and_devices,
)
cache_shared = cached(
    """With one note for all devices, each allocation finds that of the other kind: all go through the lists [seed].""",
    AllocatorCache.SHARED, 2, vswap_and_devices,
)
cache_per_device = cached(
    """With a note for each device, the virtual one needs none of its own [K0602a].""",
    AllocatorCache.PER_DEVICE, 2, vswap_and_devices, by_z3=8,
)
cache_of_its_own_and_tiers = cached(
    """As posted, two physical devices share a note: memcgs that may use one each take it from each other [tier10].""",
    AllocatorCache.PRIVATE, 3, vswap_and_tiers,
    by_z3=10,
)
cache_shared_and_tiers = cached(
    """One note for all, and memcgs that may use one physical device each.""",
    AllocatorCache.SHARED, 3, vswap_and_tiers,
)
cache_per_device_and_tiers = cached(
    """A note for each device, and memcgs that may use one physical device each: nobody takes it away.""",
    AllocatorCache.PER_DEVICE, 3, vswap_and_tiers,
)
