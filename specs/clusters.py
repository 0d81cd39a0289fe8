# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual clusters: as posted, mended, and with less.

Most what-ifs are asked of the mended design, so that they show what they are about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from checker.language import Scope, Spec, broken
from model.cluster_alloc import folio_alloc_swap
from model.cluster_design import CLUSTERS_MENDED, CLUSTERS_V2, CachedPointer, ClusterDesign
from model.cluster_free import folio_free_swap, unmap_mapping_range, zap_nonpresent_ptes
from model.cluster_lookup import copy_nonpresent_pte, do_swap_page
from model.cluster_objects import CiOff, Cluster, ClusterIndex, Cpu, Page, SwapTable, VirtualTable, vswap_init
from model.clusters import CLUSTERS
from specs.cluster_promises import (
    CLUSTER_PROMISES,
    CLUSTERS_REACHED,
    a_dead_cluster_is_given_back,
    a_dead_cluster_is_kept_by_a_cpu,
    a_look_up_meets_a_dead_cluster,
    every_cluster_can_be_given_back,
    two_clusters_are_in_use,
)

TWO_OF_EACH = {
    Cpu: 2, Page: 2, CiOff: 2, ClusterIndex: 3, Cluster: 3, SwapTable: 3, VirtualTable: 3,
}  # one cluster is cluster 0


def clusters(name: str, run: Iterable[Callable[..., Any]], changes: Mapping[type, int] | None = None,
             failures: Iterable[str] = ()) -> Scope:
    """Two CPUs that run these operations, two pages; memory for two clusters of two slots but for the changes."""
    return Scope(name, sizes={**TWO_OF_EACH, **(changes or {})}, operations={Cpu: list(run)}, failures=list(failures))


ONE_CLUSTER = {ClusterIndex: 2, Cluster: 2, SwapTable: 2, VirtualTable: 2}
FREED = [folio_alloc_swap, zap_nonpresent_ptes]
LOOKED_UP = [*FREED, do_swap_page]

swapped = clusters("two pages, memory for two clusters; swapped out and unmapped", FREED)
swapped_in_cache = clusters(
    "two pages, memory for one cluster; swapped out and taken back", [folio_alloc_swap, folio_free_swap], ONE_CLUSTER,
)
looked_up = clusters("two pages, memory for one cluster; swapped out, unmapped, faulted on", LOOKED_UP, ONE_CLUSTER)
looked_up_alone = clusters(
    "one page, memory for two clusters; swapped out, unmapped, faulted on", LOOKED_UP, {Page: 1, ClusterIndex: 2},
)
short_of_tables = clusters(
    "two pages, few tables; swapped out and unmapped", FREED, {SwapTable: 2, VirtualTable: 2},
)
short_of_virtual_tables = clusters("two pages, few virtual_tables; swapped out and unmapped", FREED, {VirtualTable: 2})
no_virtual_table = clusters(
    "one page, no memory for a virtual_table; swapped out", [folio_alloc_swap], {Page: 1, VirtualTable: 1},
)
short_of_indices = clusters("two pages, one index; swapped out and unmapped", FREED, {ClusterIndex: 2})
one_page = clusters("one page, memory for one cluster; swapped out and unmapped", FREED, {**ONE_CLUSTER, Page: 1})
three_slots = clusters(
    "three pages, memory for one cluster of three slots; swapped out and unmapped", FREED,
    {**ONE_CLUSTER, Page: 3, CiOff: 3},
)
everything = clusters(
    "two pages, memory for one cluster; everything that happens to virtual clusters",
    [folio_alloc_swap, folio_free_swap, zap_nonpresent_ptes, unmap_mapping_range, copy_nonpresent_pte, do_swap_page],
    ONE_CLUSTER, ["the swap count overflows"],
)
forked = clusters(
    "two pages, memory for one cluster; swapped out, copied and unmapped by the process",
    [*FREED, copy_nonpresent_pte], ONE_CLUSTER, ["the swap count overflows"],
)
forked_and_truncated = clusters(
    "one page, memory for two clusters; swapped out, copied by the process, truncated by anybody",
    [folio_alloc_swap, unmap_mapping_range, copy_nonpresent_pte], {Page: 1, ClusterIndex: 2},
    ["the swap count overflows"],
)


def asked(why: str, scope: Scope, design: ClusterDesign = CLUSTERS_MENDED, breaks: Iterable[str] = (),
          promises: Iterable[Callable[..., Any]] = (), by_z3: int | None = None) -> Spec:
    """All promises of clusters, and some more, of one design."""
    return Spec(
        why=why, model=CLUSTERS, design=design, scope=scope, start=[vswap_init],
        promises=[*CLUSTER_PROMISES, *promises], expected={promise: broken() for promise in breaks}, by_z3=by_z3,
    )


def without(why: str, scope: Scope, breaks: Iterable[str], promises: Iterable[Callable[..., Any]] = (),
            **switches: Any) -> Spec:
    """The mended design with some switches set another way."""
    return asked(why, scope, replace(CLUSTERS_MENDED, **switches), breaks, promises)


# ------------------------------------------------------------------------------- as posted, and mended

clusters_v2 = asked(
    """mm, swap: a new virtual cluster must not be in the xarray before its lock is held

    alloc_swap_scan_dynamic() puts a new cluster into the xarray and then takes its lock. The index is the lowest free
    one, so it may be that of a cluster which another CPU noted as the place to go on, and which is gone. That CPU
    looks its index up, finds the new cluster, takes a slot and gives it back: the cluster is empty and freed. The
    first CPU, which asks for no DEAD flag, scans a swap table that is not there any more.""",
    swapped, CLUSTERS_V2, breaks=["nothing freed is used"], promises=[*CLUSTERS_REACHED, two_clusters_are_in_use],
    by_z3=10,
)

clusters_mended = asked(
    """Virtual clusters that are published with their lock held: nothing freed is used while pages are swapped out and
    unmapped.""",
    swapped, promises=[*CLUSTERS_REACHED, two_clusters_are_in_use], by_z3=5,
)

clusters_mended_looked_up = asked(
    """As clusters_mended, beside faults on entries that may be anybody's by now.""",
    looked_up, promises=CLUSTERS_REACHED,
)

clusters_mended_cached = asked(
    """As clusters_mended, for pages that take their slots back: whoever holds a slot reads its cluster without any
    lock.""",
    swapped_in_cache, promises=CLUSTERS_REACHED,
)

clusters_mended_three_slots = asked(
    """As clusters_mended, with slots enough for a cluster to lose two and not be empty.""",
    three_slots, promises=CLUSTERS_REACHED,
)

clusters_mended_everything = asked(
    """As clusters_mended, with all that happens to virtual clusters at once.""",
    everything, promises=CLUSTERS_REACHED,
)

clusters_mended_short_of_tables = asked(
    """As clusters_mended, where there may be no memory for the tables of a new cluster.""",
    short_of_tables, promises=CLUSTERS_REACHED,
)
clusters_mended_short_of_virtual_tables = asked(
    """As clusters_mended, where there may be no memory for the virtual_table of a new cluster.""",
    short_of_virtual_tables, promises=CLUSTERS_REACHED,
)
clusters_v2_short_of_indices = asked(
    """As clusters_v2, where the xarray may refuse a new cluster.""",
    short_of_indices, CLUSTERS_V2, breaks=["nothing freed is used"], promises=CLUSTERS_REACHED,
)
clusters_mended_short_of_indices = asked(
    """As clusters_mended, where the xarray may refuse a new cluster.""",
    short_of_indices, promises=CLUSTERS_REACHED,
)

clusters_are_given_back = asked(
    """Whatever happened, all clusters but cluster 0 can go, and a dead one does go, though readers come for ever.""",
    looked_up_alone, promises=[every_cluster_can_be_given_back, a_dead_cluster_is_given_back],
)

# ------------------------------------------------------------------------------- fork

o22_retry_without_lock = asked(
    """mm, swap: swap_retry_table_alloc must look its cluster up as everybody does

    When a swap count does not fit into its word, fork drops the PTLs, allocates, and hangs a table into the entry's
    cluster. It takes the cluster to be alive, for the entry is in use [v2p1]; but nothing keeps it in use. fork holds
    the mmap_lock, which keeps munmap out, not the truncation of a file that the page was a private copy of. The cluster
    may be gone: an address of nothing is locked, or freed memory. On a physical device the array of clusters stayed
    there [O22].""",
    forked_and_truncated, replace(CLUSTERS_MENDED, retry_locks_cluster=False), breaks=["nothing freed is used"],
)

fork_beside_truncation = asked(
    """swap_retry_table_alloc that finds and locks the cluster: nothing freed is used.""", forked_and_truncated,
)

fork_beside_unmap = asked(
    """swap_retry_table_alloc as posted, where nobody truncates a file: the mmap_lock keeps the entry in use.""",
    forked, replace(CLUSTERS_MENDED, retry_locks_cluster=False), promises=[a_look_up_meets_a_dead_cluster],
)

# ------------------------------------------------------------------------------- look-ups with less

lookup_ignores_dead = without(
    """Who has found a cluster must see, once the lock is held, that it died meanwhile.""",
    looked_up, ["nothing freed is used"], lookup_tests_dead=False,
)

lookup_without_rcu = without(
    """From the xarray to the lock a look-up must be in an RCU section: it holds off the end of the cluster.""",
    looked_up, ["nothing freed is used"], lookup_holds_rcu=False,
)

backing_is_read_without_lock = without(
    """The virtual_table is freed at once, not by RCU, so nobody may read it without the lock of its cluster.""",
    looked_up, ["nothing freed is used"], backing_read_locks=False,
)

backing_is_read_under_rcu = without(
    """With a virtual_table that RCU frees, a look at it could do without the lock.""",
    looked_up, [], backing_read_locks=False, free_virtual_table_waits=True,
)

# ------------------------------------------------------------------------------- freeing with less

cluster_is_freed_at_once = without(
    """A look-up that has found a cluster must be able to take its lock: its memory must wait for a grace period.""",
    looked_up, ["nothing freed is used"], free_waits_for_readers=False,
)

table_is_freed_at_once = without(
    """swap_cache_get_folio reads the swap table without the lock: its memory must wait for a grace period as well.""",
    looked_up, ["nothing freed is used"], free_table_waits_for_readers=False,
)

dead_cluster_stays_listed = without(
    """An empty cluster must leave its list before it is freed, or the next allocation takes it from there.""",
    swapped, ["a_dead_cluster_is_gone", "nothing freed is used"], free_leaves_list=False,
)

dead_cluster_stays_in_xarray = without(
    """A cluster must be out of the xarray before RCU gets it: readers that come later hold nothing off.""",
    looked_up, ["a_dead_cluster_is_gone", "the_xarray_holds_what_is_alive", "nothing freed is used"],
    free_erases_first=False,
)

creation_does_not_unwind = without(
    """When there is no memory for one of a new cluster's tables, what was allocated before must be given back.""",
    no_virtual_table, ["no_memory_is_leaked", "an_empty_cluster_is_freed", "every_cluster_can_be_given_back"],
    promises=[every_cluster_can_be_given_back], create_unwinds=False,
)

cluster_is_left_off_all_lists = without(
    """A cluster must be put onto the list that suits it when a slot of it was taken: one that is on none is never found
    again.""",
    swapped, ["the_list_suits_the_cluster"], alloc_relocates_cluster=False,
)

isolated_cluster_keeps_flags = without(
    """A cluster that was taken off its list must say so, or it is not put onto that list again.""",
    three_slots, ["a_cluster_is_on_the_list_of_its_flags", "the_list_suits_the_cluster"], isolate_clears_flags=False,
)

offset_zero_is_handed_out = without(
    """Without cluster 0 the first page would get offset 0, which is no entry.""",
    one_page, ["only_the_first_slot_is_bad", "the_list_suits_the_cluster"], init_reserves_offset_zero=False,
)

# ------------------------------------------------------------------------------- caches

noted_slot_is_trusted = without(
    """percpu_vswap_cluster is a hint: the slot that a CPU noted may be another's by now.""",
    swapped, ["a_slot_has_one_owner", "a_cluster_counts_its_slots", "a_page_has_its_slot", "nothing is freed twice"],
    cached_offset_is_rechecked=False,
)

cached_pointer_without_reference = without(
    """A CPU that keeps the address of the last cluster it found must have a reference to it [N0602b].""",
    looked_up, ["nothing freed is used"], cached_pointer=CachedPointer.BARE,
)

cached_pointer_with_reference = asked(
    """With a reference the address may be kept [N0602b]. The price: the memory of a dead cluster is kept, too, until
    the CPU looks up something else; a CPU that does nothing, or is gone, must be made to let go.""",
    short_of_indices, replace(CLUSTERS_MENDED, cached_pointer=CachedPointer.REFERENCE),
    breaks=["a_dead_cluster_is_given_back"],
    promises=[every_cluster_can_be_given_back, a_dead_cluster_is_given_back, a_dead_cluster_is_kept_by_a_cpu],
    by_z3=10,
)
