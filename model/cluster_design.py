# SPDX-License-Identifier: GPL-2.0-or-later
"""The design switches of the clusters: what keeps a cluster there while somebody uses it, and what each CPU caches.

All as they stand is RFC v2 [v2p1].  These are a class of their own: no rule of the pages looks at them,
and no rule of the clusters looks at those of ``model/design.py``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from checker.language import Design, bound


class CachedPointer(enum.Enum):
    """What a CPU keeps of its last look-up, to do without the xarray the next time [N0601b] [N0602b]."""

    NONE = "NONE"  # as posted
    BARE = "BARE"  # the address of the cluster
    REFERENCE = "REFERENCE"  # ... and a reference, without which its memory is not given back


class AllocatorCache(enum.Enum):
    """Where a CPU notes in which cluster it allocated last [seed] [K0602a]."""

    SHARED = "SHARED"  # in one place for all devices, the virtual one too
    PRIVATE = "PRIVATE"  # ... for all physical devices; the virtual device has its own [v1p2]
    PER_DEVICE = "PER_DEVICE"  # in one place for each device


@dataclass(frozen=True)
class ClusterDesign(Design):
    """The clusters of RFC v2, one switch for each guard."""

    # the look-up of a virtual cluster [v2p1]
    lookup_holds_rcu: bool = True  # from xa_load until the cluster's lock is held, or its table is read
    lookup_tests_dead: bool = True  # a cluster that was freed before its lock was had is no cluster
    backing_read_locks: bool = True  # the virtual_table is read under the cluster's lock
    cached_pointer: CachedPointer = CachedPointer.NONE
    retry_locks_cluster: bool = False  # as posted: swap_retry_table_alloc takes its entry's cluster to be alive

    # making one [v2p1] [v2p2]
    create_unwinds: bool = True  # what was allocated before something failed is given back
    create_publishes_locked: bool = False  # as posted: in the xarray first, locked then

    init_reserves_offset_zero: bool = True  # cluster 0 is there from the start, and its first slot is bad

    # lists [midB]
    isolate_clears_flags: bool = True  # a cluster that is taken off its list says that it is on none
    alloc_relocates_cluster: bool = True  # ... and is put onto the one that suits it, once a slot was taken

    # freeing one [v2p1] [v2p2]
    free_leaves_list: bool = True  # an empty cluster is taken off its list
    free_erases_first: bool = True  # ... and out of the xarray before RCU gets it
    free_waits_for_readers: bool = True  # its memory is given back after a grace period
    free_table_waits_for_readers: bool = True  # ... as is that of its swap table,
    free_virtual_table_waits: bool = False  # ... but not that of its virtual_table

    # allocation [v2p1] [v2p2] [midB]
    cached_offset_is_rechecked: bool = True  # the slot that a CPU noted last time is looked at again
    cached_cluster_is_rechecked: bool = True  # ... and its cluster must be usable: not full, not being discarded
    allocator_cache: AllocatorCache = AllocatorCache.PRIVATE
    alloc_tests_writeok: bool = True  # in the hold that takes the slot

    # physical clusters [midB]
    discard_leaves_list: bool = True  # a cluster that is being discarded is on no list
    discard_keeps_flag: bool = True  # ... and says so until that is done
    scan_drops_cluster_lock: bool = True  # the scan for slots to take back goes up to the virtual layer without it
    alloc_puts_back_without_table: bool = True  # a free cluster that gets no swap table is free again
    slot_write_tests_table: bool = True  # the first direct slot brings the memcg_table, in the same hold [v2p6]

    # the device [mainline]
    lookup_pins_device: bool = True  # get_swap_device before a cluster of an entry's device is looked at
    alloc_pins_device: bool = True  # ... and before one of a device that is allocated from
    swapoff_waits_for_users: bool = True  # the clusters are freed when no such reference is left
    swapoff_flushes_work: bool = True  # ... and the device's work is done


CLUSTERS_V2 = ClusterDesign()
"""The clusters of the second posting [v2p1] [v2p2]; those of the first differ in nothing that is here."""

CLUSTERS_MENDED = ClusterDesign(retry_locks_cluster=True, create_publishes_locked=True)
"""... without what was found in them: see docs/findings.md."""

design = bound(ClusterDesign)
