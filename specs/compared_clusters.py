# SPDX-License-Identifier: GPL-2.0-or-later
"""What every design of clusters is asked, so that they can be put side by side."""

from __future__ import annotations

from dataclasses import replace

from checker.language import Comparison, Spec
from model.cluster_design import CLUSTERS_MENDED, CLUSTERS_V2
from specs.clusters import (
    clusters_mended_looked_up,
    clusters_mended_short_of_indices,
    clusters_mended_short_of_virtual_tables,
    fork_beside_truncation,
)
from specs.percpu_clusters import cache_of_its_own_and_tiers
from specs.phys_clusters import (
    phys_clusters,
    phys_clusters_discarded_by_two,
    phys_clusters_drained,
    phys_clusters_drained_at_work,
    phys_clusters_reclaimed,
)


def of_clusters(why: str, spec: Spec) -> Spec:
    """Asked of the mended clusters, it holds; a comparison asks it of other designs, too."""
    return replace(spec, why=why, design=CLUSTERS_MENDED, expected={}, default=False)


asked_of_virtual_clusters = of_clusters("Virtual clusters that are made and freed.", clusters_mended_short_of_indices)
asked_of_look_ups = of_clusters("Look-ups of virtual clusters by whoever read an entry.", clusters_mended_looked_up)
asked_of_creation = of_clusters("Virtual clusters, where there may be no memory for a table.",
                                clusters_mended_short_of_virtual_tables)
asked_of_overflows = of_clusters("Swap counts that overflow beside truncation.", fork_beside_truncation)
asked_of_memcg_tables = of_clusters("The tables of physical clusters.", phys_clusters)
asked_of_discard = of_clusters("A device that discards, two workers.", phys_clusters_discarded_by_two)
asked_of_the_scan = of_clusters("The scan of a full physical cluster.", phys_clusters_reclaimed)
asked_of_cluster_arrays = of_clusters("A device whose clusters go.", phys_clusters_drained)
asked_of_work = of_clusters("A device whose clusters go, and its work.", phys_clusters_drained_at_work)
asked_of_notes = of_clusters("Where a CPU notes its last cluster.", cache_of_its_own_and_tiers)

cluster_comparison = Comparison(
    specs=[
        asked_of_virtual_clusters, asked_of_look_ups, asked_of_creation, asked_of_overflows, asked_of_memcg_tables,
        asked_of_discard, asked_of_the_scan, asked_of_cluster_arrays, asked_of_work, asked_of_notes,
    ],
    designs={"clusters_v2": CLUSTERS_V2, "clusters_mended": CLUSTERS_MENDED},
    flipped=["clusters_mended"],
)
"""``vswap compare clusters_v2 clusters_mended``, ``vswap matrix clusters_mended``."""
