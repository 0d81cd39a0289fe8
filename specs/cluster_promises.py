# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold of the virtual device's clusters, and what must be reached."""

from __future__ import annotations

from checker.language import *
from model.cluster_alloc import alloc_swap_scan_dynamic
from model.cluster_free import is_kept, swap_put_entries_direct
from model.cluster_lookup import swap_cluster_lock
from model.cluster_objects import (
    CiOff,
    Cluster,
    ClusterIndex,
    Clusters,
    Cpu,
    Flag,
    Memory,
    Page,
    SlotWord,
    SwapTable,
    VirtualTable,
)


def occupied(s: Clusters, c: Cluster, off: CiOff) -> bool:
    """Whether a slot of a cluster is not free."""
    return any(s.ci[c].table == t and s.table[t].word[off] != SlotWord.NULL for t in SwapTable)


def being_made(s: Clusters, c: Cluster) -> bool:
    """Whether somebody has put the cluster into the xarray and not taken its lock yet."""
    return at(alloc_swap_scan_dynamic, "the new cluster is in the xarray", c=c)


def being_freed(s: Clusters, g: Page) -> bool:
    """Whether the page's slot is free, and the page will lose its entry."""
    return (at(swap_put_entries_direct, "the slot is free", g=g)
            or at(swap_put_entries_direct, "RCU has the cluster", g=g))


@invariant
def a_cluster_counts_its_slots(s: Clusters):
    """The count of a cluster is the number of its slots that are in use, or bad."""
    return all(
        s.ci[c].count == sum(1 for off in CiOff if occupied(s, c, off))
        for c in Cluster if s.ci[c].memory != Memory.FREE
    )


@invariant
def an_empty_cluster_is_freed(s: Clusters):
    """A cluster with no slot in use is gone, unless it is just being made."""
    return all(s.ci[c].count > 0 or being_made(s, c) for c in Cluster if s.ci[c].memory == Memory.LIVE)


@invariant
def a_dead_cluster_is_gone(s: Clusters):
    """A cluster that was freed is on no list and not in the xarray, and has no slot in use."""
    return all(
        s.ci[c].on_list == Flag.NONE and s.ci[c].count == 0
        and not any(s.cluster_info_pool[x] == c for x in ClusterIndex)
        for c in Cluster if s.ci[c].memory != Memory.LIVE or s.ci[c].flags == Flag.DEAD
    )


@invariant
def a_cluster_is_on_the_list_of_its_flags(s: Clusters):
    """A cluster is in exactly the list that its flags say."""
    return all(s.ci[c].on_list == s.ci[c].flags for c in Cluster if s.ci[c].memory == Memory.LIVE)


@invariant
def the_list_suits_the_cluster(s: Clusters):
    """On the full list are the clusters with no free slot; off all lists is cluster 0, and one that is being made."""
    return all(
        (s.ci[c].on_list == Flag.NONE) == (s.cluster_info_pool[ClusterIndex(0)] == c or s.ci[c].count == 0)
        and (s.ci[c].on_list == Flag.FULL) == (s.ci[c].count == len(CiOff))
        for c in Cluster if s.ci[c].memory == Memory.LIVE
    )


@invariant
def the_xarray_holds_what_is_alive(s: Clusters):
    """A cluster that the xarray has is alive, and has it under its own index."""
    return all(
        s.ci[c].memory == Memory.LIVE and s.ci[c].index == x
        for x in ClusterIndex for c in Cluster if s.cluster_info_pool[x] == c
    )


@invariant
def a_slot_has_one_owner(s: Clusters):
    """No two pages have the same entry, unless one is about to lose it."""
    return all(
        g == h or s.page[g].index is None or s.page[g].index != s.page[h].index or s.page[g].off != s.page[h].off
        or being_freed(s, g) or being_freed(s, h)
        for g in Page for h in Page
    )


@invariant
def a_page_has_its_slot(s: Clusters):
    """The slot of a page's entry is in use, in a cluster that the xarray has."""
    return all(
        being_freed(s, g) or any(s.cluster_info_pool[x] == c and occupied(s, c, s.page[g].off) for c in Cluster)
        for g in Page for x in ClusterIndex if s.page[g].index == x
    )


@invariant
def only_the_first_slot_is_bad(s: Clusters):
    """No slot is bad but the first of cluster 0, which is nobody's."""
    return all(
        (s.table[t].word[off] == SlotWord.BAD) == (int(off) == 0 and s.cluster_info_pool[ClusterIndex(0)] == c)
        for c in Cluster for t in SwapTable for off in CiOff if s.ci[c].table == t
    ) and all(s.page[g].index is None or s.page[g].index != ClusterIndex(0) for g in Page)


@invariant
def no_memory_is_leaked(s: Clusters):
    """What is allocated belongs to a cluster, and a cluster is in the xarray."""
    return all(
        any(s.cluster_info_pool[x] == c for x in ClusterIndex) for c in Cluster if s.ci[c].memory == Memory.LIVE
    ) and all(
        any(s.ci[c].table == t for c in Cluster) for t in SwapTable if s.table[t].memory == Memory.LIVE
    ) and all(
        any(s.ci[c].virtual_table == v for c in Cluster) for v in VirtualTable if s.vtable[v].memory == Memory.LIVE
    )


@can_always_reach
def every_cluster_can_be_given_back(s: Clusters):
    """The device can become empty again: cluster 0 alone, and nothing that RCU still has."""
    return all(s.page[g].index is None for g in Page) and all(
        s.ci[c].memory == Memory.FREE or s.cluster_info_pool[ClusterIndex(0)] == c for c in Cluster
    ) and sum(1 for t in SwapTable if s.table[t].memory != Memory.FREE) == 1


@progress(fair="weak")
def a_dead_cluster_is_given_back(s: Clusters, c: Cluster):
    """The memory of a cluster that was freed is given back in the end, whoever comes to look."""
    return leads_to(s.ci[c].memory == Memory.RCU, s.ci[c].memory != Memory.RCU)


@reachable
def a_look_up_meets_a_dead_cluster(s: Clusters):
    """A cluster dies between a look-up and its lock."""
    return any(at(swap_cluster_lock, "looked up", c=c) and s.ci[c].flags == Flag.DEAD for c in Cluster)


@reachable
def a_reader_holds_off_a_grace_period(s: Clusters):
    """Only a reader keeps the memory of a dead cluster from being free."""
    return any(s.ci[c].memory == Memory.RCU and len(s.ci[c].held_off_by) > 0 for c in Cluster)


@reachable
def a_noted_cluster_is_gone(s: Clusters):
    """A CPU would go on in a cluster that is no more."""
    return any(s.percpu_vswap_cluster[cpu].index == x and s.cluster_info_pool[x] is None
               for cpu in Cpu for x in ClusterIndex)


@reachable
def a_noted_slot_is_taken(s: Clusters):
    """A CPU would go on with a slot that another one has taken."""
    return any(
        s.percpu_vswap_cluster[cpu].index == s.page[g].index and s.percpu_vswap_cluster[cpu].off == s.page[g].off
        for cpu in Cpu for g in Page if s.page[g].index is not None
    )


@reachable
def a_cluster_is_nonfull(s: Clusters):
    """A cluster has lost one of its slots, not the last."""
    return any(s.ci[c].memory == Memory.LIVE and s.ci[c].on_list == Flag.NONFULL for c in Cluster)


@reachable
def a_cluster_is_full(s: Clusters):
    """A cluster has no free slot."""
    return any(s.ci[c].memory == Memory.LIVE and s.ci[c].on_list == Flag.FULL for c in Cluster)


@reachable
def two_clusters_are_in_use(s: Clusters):
    """Two clusters have pages, beside cluster 0."""
    return sum(1 for c in Cluster if s.ci[c].memory == Memory.LIVE and s.ci[c].count > 0) == 3


@reachable
def a_dead_cluster_is_kept_by_a_cpu(s: Clusters):
    """Only the note of a CPU that does nothing keeps the memory of a dead cluster."""
    return any(is_kept(s, c) and s.ci[c].memory == Memory.RCU for c in Cluster) and all(idle(cpu) for cpu in Cpu)


CLUSTER_PROMISES = [
    a_cluster_counts_its_slots,
    an_empty_cluster_is_freed,
    a_dead_cluster_is_gone,
    a_cluster_is_on_the_list_of_its_flags,
    the_list_suits_the_cluster,
    the_xarray_holds_what_is_alive,
    a_slot_has_one_owner,
    a_page_has_its_slot,
    only_the_first_slot_is_bad,
    no_memory_is_leaked,
]
CLUSTERS_REACHED = [
    a_look_up_meets_a_dead_cluster,
    a_reader_holds_off_a_grace_period,
    a_noted_cluster_is_gone,
    a_noted_slot_is_taken,
    a_cluster_is_nonfull,
    a_cluster_is_full,
]
