# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold of the clusters of physical devices, and what must be reached."""

from __future__ import annotations

from checker.language import *
from model.cluster_objects import CiOff, Cpu, Flag, Memory, Page
from model.objects import Worker
from model.phys_alloc import alloc_swap_scan_list
from model.phys_free import swap_discard_work, swap_reclaim_work
from model.phys_objects import Device, PhysCluster, PhysClusters, Word


def isolated(s: PhysClusters, c: PhysCluster) -> bool:
    """Whether some actor has taken the cluster off its list, and will put it onto one."""
    return (at(alloc_swap_scan_list, "there is time to wait for memory", c=c)
            or at(swap_discard_work, "the device discards it", c=c)
            or at(swap_reclaim_work, "a slot may be taken back", c=c)
            or at(swap_reclaim_work, "the slot was looked at", c=c))


def being_discarded(s: PhysClusters, c: PhysCluster) -> bool:
    """Whether the device is being told that the cluster's content is of no use."""
    return at(swap_discard_work, "the device discards it", c=c)


@invariant
def a_phys_cluster_counts_its_slots(s: PhysClusters):
    """The count of a physical cluster is the number of its slots that are in use."""
    return all(s.ci[c].count == sum(1 for off in CiOff if s.ci[c].word[off] != Word.NULL) for c in PhysCluster)


@invariant
def a_phys_cluster_is_on_the_list_of_its_flags(s: PhysClusters):
    """A physical cluster is in exactly the list that its flags say; but one that is being discarded is in none."""
    return all(
        s.ci[c].on_list == s.ci[c].flags or (s.ci[c].on_list == Flag.NONE and s.ci[c].flags == Flag.DISCARD)
        for c in PhysCluster
    )


@invariant
def the_list_suits_the_phys_cluster(s: PhysClusters):
    """Free and discard list: no slot in use. Full: no slot free. Nonfull and frag: some of each."""
    return all(
        (s.ci[c].flags not in (Flag.FREE, Flag.DISCARD) or s.ci[c].count == 0)
        and (s.ci[c].flags != Flag.FULL or s.ci[c].count == len(CiOff))
        and (s.ci[c].flags not in (Flag.NONFULL, Flag.FRAG) or 0 < s.ci[c].count < len(CiOff))
        for c in PhysCluster
    )


@invariant
def no_phys_cluster_is_lost(s: PhysClusters):
    """A cluster that is on no list is in the hands of somebody who will put it onto one."""
    return all(s.ci[c].on_list != Flag.NONE or isolated(s, c) for c in PhysCluster)


@invariant
def no_phys_cluster_is_taken_twice(s: PhysClusters):
    """Of two works, only one discards a cluster."""
    return all(
        v == w or not (at(swap_discard_work, "the device discards it", c=c, actor=v)
                       and at(swap_discard_work, "the device discards it", c=c, actor=w))
        for c in PhysCluster for v in Worker for w in Worker
    )


@invariant
def what_is_discarded_is_empty(s: PhysClusters):
    """No slot of a cluster is in use while the device is told that its content is of no use."""
    return all(s.ci[c].count == 0 for c in PhysCluster if being_discarded(s, c))


@invariant
def who_has_slots_has_a_table(s: PhysClusters):
    """A cluster with a slot in use has its swap table, a free one has none."""
    return all((s.ci[c].table or s.ci[c].count == 0) and not (s.ci[c].table and s.ci[c].flags == Flag.FREE)
               for c in PhysCluster)


@invariant
def who_has_direct_slots_has_a_memcg_table(s: PhysClusters):
    """A physical cluster with a direct slot has its memcg_table."""
    return all(
        s.ci[c].memcg_table or s.device[d].is_vswap
        for c in PhysCluster for d in Device for off in CiOff
        if s.ci[c].device == d and s.ci[c].word[off] == Word.DIRECT
    )


@invariant
def a_phys_slot_has_one_owner(s: PhysClusters):
    """A slot that is in use is one page's, and a page's slot is in use."""
    return all(
        sum(1 for g in Page if s.page[g].slot.ci == c and s.page[g].slot.off == off)
        == (0 if s.ci[c].word[off] == Word.NULL else 1)
        for c in PhysCluster for off in CiOff for d in Device if s.ci[c].device == d and not s.device[d].is_vswap
    )


@invariant
def a_device_that_is_gone_has_nothing(s: PhysClusters):
    """Once swapoff has freed a device's clusters, no slot of it is in use, and nobody has a reference."""
    return all(
        s.device[d].cluster_info == Memory.LIVE or s.device[d].is_vswap
        or (len(s.device[d].users) == 0 and s.device[d].works == 0
            and all(s.ci[c].count == 0 for c in PhysCluster if s.ci[c].device == d))
        for d in Device
    )


@step_invariant
def no_slot_is_taken_on_a_device_that_goes(old: PhysClusters, new: PhysClusters):
    """Slots are taken on devices with SWP_WRITEOK only."""
    return all(new.ci[c].count <= old.ci[c].count or old.device[d].writeok
               for c in PhysCluster for d in Device if old.ci[c].device == d)


@can_always_reach
def every_phys_cluster_can_be_free(s: PhysClusters):
    """Every cluster can get back to the free list."""
    return all(s.ci[c].on_list == Flag.FREE for c in PhysCluster) and all(idle(cpu) for cpu in Cpu)


@reachable
def a_phys_cluster_is_full(s: PhysClusters):
    """A cluster has no free slot."""
    return any(s.ci[c].on_list == Flag.FULL for c in PhysCluster)


@reachable
def a_phys_cluster_is_nonfull(s: PhysClusters):
    """A cluster has lost one of its slots, not the last."""
    return any(s.ci[c].on_list == Flag.NONFULL for c in PhysCluster)


@reachable
def a_noted_cluster_is_not_in_use(s: PhysClusters):
    """A CPU would go on in a cluster that has no slot in use."""
    return any(s.percpu_swap_cluster[cpu][d].ci == c and s.ci[c].count == 0
               for cpu in Cpu for d in Device for c in PhysCluster)


@reachable
def a_noted_cluster_is_being_discarded(s: PhysClusters):
    """A CPU would go on in a cluster that is being discarded."""
    return any(s.percpu_swap_cluster[cpu][d].ci == c and being_discarded(s, c)
               for cpu in Cpu for d in Device for c in PhysCluster)


@reachable
def a_cluster_moves_under_the_scan(s: PhysClusters):
    """A cluster that is looked through for slots to take back has become empty meanwhile."""
    return any(at(swap_reclaim_work, "the slot was looked at", c=c) and s.ci[c].count == 0 for c in PhysCluster)


@reachable
def a_cluster_has_no_memcg_table(s: PhysClusters):
    """A cluster whose slots only back virtual ones needs no memcg_table."""
    return any(s.ci[c].count > 0 and not s.ci[c].memcg_table for c in PhysCluster)


@reachable
def a_look_up_meets_a_device_that_goes(s: PhysClusters):
    """swapoff waits for somebody who has a reference."""
    return any(s.device[d].dying and len(s.device[d].users) > 0 for d in Device)


@reachable
def a_device_is_gone(s: PhysClusters):
    """swapoff has freed the clusters of a device."""
    return any(s.device[d].cluster_info == Memory.FREE and s.device[d].dying for d in Device)


PHYS_PROMISES = [
    a_phys_cluster_counts_its_slots,
    a_phys_cluster_is_on_the_list_of_its_flags,
    the_list_suits_the_phys_cluster,
    no_phys_cluster_is_lost,
    no_phys_cluster_is_taken_twice,
    what_is_discarded_is_empty,
    who_has_slots_has_a_table,
    who_has_direct_slots_has_a_memcg_table,
    a_phys_slot_has_one_owner,
    a_device_that_is_gone_has_nothing,
    no_slot_is_taken_on_a_device_that_goes,
]
