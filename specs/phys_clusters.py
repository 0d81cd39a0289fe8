# SPDX-License-Identifier: GPL-2.0-or-later
"""Physical clusters: lists, discard, the memcg_table that comes late, swapoff; as posted and with less."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from checker.language import Scope, Spec, broken
from model.cluster_design import CLUSTERS_V2
from model.cluster_objects import CiOff, Cpu, Page
from model.objects import Swapoff, Worker
from model.phys_alloc import folio_alloc_swap, folio_realloc_swap, shrink_folio_list
from model.phys_clusters import PHYS_CLUSTERS
from model.phys_device import do_swap_page
from model.phys_free import swap_discard_work, swap_reclaim_work, zap_nonpresent_ptes
from model.phys_objects import (
    Counted,
    Device,
    PhysCluster,
    devices_alike,
    discarding_device,
    one_device,
    vswap_and_discarding_device,
)
from specs.phys_promises import (
    PHYS_PROMISES,
    a_cluster_has_no_memcg_table,
    a_cluster_moves_under_the_scan,
    a_device_is_gone,
    a_look_up_meets_a_device_that_goes,
    a_noted_cluster_is_being_discarded,
    a_noted_cluster_is_not_in_use,
    a_phys_cluster_is_full,
    a_phys_cluster_is_nonfull,
    every_phys_cluster_can_be_free,
)

ONE_DEVICE = {
    Cpu: 2, Page: 2, CiOff: 2, PhysCluster: 2, Device: 1, Worker: 0, Swapoff: 0, Counted: 1,
}  # nothing is counted


def device(name: str, run: Iterable[Callable[..., Any]], changes: Mapping[type, int] | None = None,
           failures: Iterable[str] = (), work: Iterable[Callable[..., Any]] = ()) -> Scope:
    """Two CPUs that run these operations, two pages; a device with two clusters of two slots but for the changes."""
    return Scope(name, sizes={**ONE_DEVICE, **(changes or {})}, operations={Cpu: list(run), Worker: list(work)},
                 failures=list(failures))


BOTH_KINDS = [folio_alloc_swap, folio_realloc_swap, zap_nonpresent_ptes]

both_kinds = device("two pages, a device of two clusters; direct slots and such that back virtual ones", BOTH_KINDS)
short_of_memory = device(
    "two pages, a device of two clusters; memory for their tables may be short", BOTH_KINDS,
    failures=["no memory for a swap table", "no memory for the memcg_table"],
)
discarded = device(
    "two pages, a device of two clusters that discards, a worker", BOTH_KINDS, {Worker: 1}, work=[swap_discard_work],
)
discarded_by_two = device(
    "two pages, a device of one cluster that discards, two workers", [folio_alloc_swap, zap_nonpresent_ptes],
    {PhysCluster: 1, Worker: 2}, work=[swap_discard_work],
)
reclaimed = device(
    "two pages, a device of one cluster, a worker that scans it when it is full", BOTH_KINDS,
    {PhysCluster: 1, Worker: 1}, ["nobody but the swap cache keeps the slot"], [swap_reclaim_work],
)
drained = device(
    "two pages, a device of one cluster, swapoff, faults; memory for tables may be short",
    [folio_alloc_swap, zap_nonpresent_ptes, do_swap_page], {PhysCluster: 1, Swapoff: 1},
    ["no memory for a swap table"],
)
drained_at_work = device(
    "two pages, a device of one cluster that discards, a worker, swapoff", [folio_alloc_swap, zap_nonpresent_ptes],
    {PhysCluster: 1, Swapoff: 1, Worker: 1}, work=[swap_discard_work, swap_reclaim_work],
    failures=["nobody but the swap cache keeps the slot"],
)

three_slots = device(
    "three pages, a device of one cluster of three slots", [folio_alloc_swap, zap_nonpresent_ptes],
    {PhysCluster: 1, CiOff: 3, Page: 3},
)
scanned_by_two = device(
    "four pages, a device of two clusters that discards, one CPU, two workers", [folio_alloc_swap, zap_nonpresent_ptes],
    {Cpu: 1, Page: 4, Worker: 2}, work=[swap_discard_work, swap_reclaim_work],
    failures=["nobody but the swap cache keeps the slot"],
)
two_devices = device(
    "one page, two devices of one cluster, two that take them out of use",
    [folio_alloc_swap, zap_nonpresent_ptes], {Page: 1, Device: 2, Swapoff: 2},
)
everything = device(
    "two pages, the virtual device and one that discards, a worker, swapoff; everything that happens to their clusters",
    [folio_alloc_swap, folio_realloc_swap, shrink_folio_list, zap_nonpresent_ptes, do_swap_page],
    {Device: 2, Worker: 1, Swapoff: 1}, work=[swap_discard_work, swap_reclaim_work],
    failures=["nobody but the swap cache keeps the slot"],
)


def physical(why: str, scope: Scope, breaks: Iterable[str] = (), promises: Iterable[Callable[..., Any]] = (),
             start: Callable[..., Any] = one_device, by_z3: int | None = None, **switches: Any) -> Spec:
    """All promises of physical clusters, and some more, of RFC v2 but for the switches."""
    return Spec(
        why=why, model=PHYS_CLUSTERS, design=replace(CLUSTERS_V2, **switches), scope=scope, start=[start],
        promises=[*PHYS_PROMISES, *promises], expected={promise: broken() for promise in breaks}, by_z3=by_z3,
    )


LISTS = [a_phys_cluster_is_full, a_phys_cluster_is_nonfull, a_noted_cluster_is_not_in_use]

phys_clusters = physical(
    """The clusters of a device: on the list that suits them, with the tables that their slots need.""",
    both_kinds, promises=[*LISTS, a_cluster_has_no_memcg_table],
    by_z3=10,
)

phys_clusters_short_of_memory = physical(
    """As phys_clusters, where memory for tables may be short: a swap table can be waited for, a memcg_table not.""",
    short_of_memory, promises=[*LISTS, a_cluster_has_no_memcg_table],
)

phys_clusters_discarded = physical(
    """A device that discards: an empty cluster is free only when the device knows.""",
    discarded, promises=[a_phys_cluster_is_nonfull, a_noted_cluster_is_being_discarded], start=discarding_device,
    by_z3=5,
)

phys_clusters_discarded_by_two = physical(
    """As phys_clusters_discarded, with two that tell the device: an allocation that finds nothing does so, too.""",
    discarded_by_two, start=discarding_device,
)

phys_clusters_reclaimed = physical(
    """A full cluster that is looked through for slots to take back, with its lock dropped for each, may be anywhere
    when the lock is taken again.""",
    reclaimed, promises=[a_cluster_moves_under_the_scan],
    by_z3=10,
)

phys_clusters_drained = physical(
    """swapoff frees the clusters when nobody can look at them any more.""",
    drained, promises=[a_look_up_meets_a_device_that_goes, a_device_is_gone], by_z3=6,
)

phys_clusters_drained_at_work = physical(
    """swapoff beside the device's own work: discard, and the scan of a full cluster.""",
    drained_at_work, promises=[a_device_is_gone], start=discarding_device,
)

phys_clusters_three_slots = physical(
    """As phys_clusters, with slots enough for a cluster to lose two and not be empty.""", three_slots, promises=LISTS,
)

phys_clusters_scanned_by_two = physical(
    """As phys_clusters_reclaimed, with two workers: an allocation that finds nothing does such work, too.""",
    scanned_by_two, start=discarding_device,
)

phys_clusters_two_devices = physical(
    """As phys_clusters_drained, with two devices that go at the same time.""",
    two_devices, promises=[a_device_is_gone], start=devices_alike,
)

phys_clusters_everything = physical(
    """All that happens to the clusters of a device at once, beside the virtual device.""",
    everything, start=vswap_and_discarding_device, promises=[
        a_phys_cluster_is_full, a_phys_cluster_is_nonfull, a_noted_cluster_is_being_discarded,
        a_look_up_meets_a_device_that_goes, a_device_is_gone,
    ],
)

phys_clusters_can_be_free = physical(
    """Whatever happened, every cluster can be free again.""",
    reclaimed, promises=[every_phys_cluster_can_be_free],
)

# ------------------------------------------------------------------------------- with less

LOST = [
    "the_list_suits_the_phys_cluster",
    "who_has_slots_has_a_table",
    "who_has_direct_slots_has_a_memcg_table",
    "nothing freed is used",
    "nothing is freed twice",
]
"""What breaks when a cluster is taken for a free one that has slots in use."""

o22_device_without_reference = physical(
    """swap: who looks an entry up must keep its device

    A fault reads an entry of a device from a PTE and holds no lock. swapoff brings the page in for it, finds the
    device empty and frees its clusters, and the fault looks for the entry's cluster there [O22]. A reference that
    cannot be had once swapoff has begun to wait for all of them keeps the clusters.""",
    drained, ["nothing freed is used"], lookup_pins_device=False,
)

alloc_ignores_going_device = physical(
    """An allocation must keep the device as well: it may have to wait for the memory of a table.""",
    drained, ["nothing freed is used"], alloc_pins_device=False,
)

swapoff_ignores_users = physical(
    """swapoff must wait for everybody who has a reference to the device before it frees the clusters.""",
    drained, ["nothing freed is used", "a_device_that_is_gone_has_nothing"], swapoff_waits_for_users=False,
)

swapoff_ignores_work = physical(
    """swapoff must wait for the device's own work, which has no reference.""",
    drained_at_work, ["nothing freed is used", "a_device_that_is_gone_has_nothing"], start=discarding_device,
    swapoff_flushes_work=False,
)

alloc_ignores_writeok = physical(
    """A slot may be taken only in the hold in which the device is seen to be in use.""",
    drained, ["no_slot_is_taken_on_a_device_that_goes", "a_device_that_is_gone_has_nothing", "nothing freed is used"],
    alloc_tests_writeok=False,
)

noted_cluster_is_trusted = physical(
    """The cluster that a CPU noted may be empty by now, and being discarded: it must be looked at again.""",
    discarded, ["what_is_discarded_is_empty", *LOST], start=discarding_device, cached_cluster_is_rechecked=False,
)

discard_forgets_flag = physical(
    """A cluster that is being discarded must go on saying so, for a CPU may have noted it.""",
    discarded, ["what_is_discarded_is_empty", *LOST], start=discarding_device, discard_keeps_flag=False,
)

discard_leaves_it_listed = physical(
    """A cluster that is being discarded must be off its list, or a second work takes it, too.""",
    discarded_by_two, ["no_phys_cluster_is_taken_twice", "what_is_discarded_is_empty", *LOST],
    start=discarding_device, discard_leaves_list=False,
)

noted_phys_slot_is_trusted = physical(
    """percpu_swap_cluster is a hint: the slot that a CPU noted may be another's by now.""",
    both_kinds, ["a_phys_slot_has_one_owner", "a_phys_cluster_counts_its_slots", *LOST],
    cached_offset_is_rechecked=False,
)

isolated_phys_cluster_keeps_flags = physical(
    """The scan of a full cluster takes it off its list, and must say so: else it is not put back.""",
    reclaimed, ["no_phys_cluster_is_lost", "a_phys_cluster_is_on_the_list_of_its_flags"], isolate_clears_flags=False,
)

phys_cluster_is_left_off_all_lists = physical(
    """A cluster that a slot was taken of must get back onto a list.""",
    both_kinds, ["no_phys_cluster_is_lost", "the_list_suits_the_phys_cluster"], alloc_relocates_cluster=False,
)

cluster_without_table_is_left_off_all_lists = physical(
    """A free cluster for which no swap table can be had must be put back.""",
    short_of_memory, ["no_phys_cluster_is_lost", "every_phys_cluster_can_be_free"],
    promises=[every_phys_cluster_can_be_free], alloc_puts_back_without_table=False,
)

slot_write_ignores_memcg_table = physical(
    """The slot write must see whether the cluster has a memcg_table: slots that back virtual ones need none, so it may
    come to the first direct slot without [v2p6].""",
    both_kinds, ["who_has_direct_slots_has_a_memcg_table"], slot_write_tests_table=False,
)

scan_keeps_cluster_lock = physical(
    """Who goes up from a physical cluster to a virtual one must drop the physical lock first: freeing goes down with
    the virtual one held.""",
    reclaimed, ["locks_are_taken_in_one_order"], scan_drops_cluster_lock=False,
)
