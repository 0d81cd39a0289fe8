# SPDX-License-Identifier: GPL-2.0-or-later
"""The clusters of physical devices: lists, discard, tables that come late, and devices that go.

A third model, beside those of pages (``model/vswap.py``) and of virtual clusters (``model/clusters.py``).
"""

from __future__ import annotations

from checker.language import Model
from model.cluster_objects import Cpu
from model.objects import Swapoff, Worker
from model.phys_alloc import folio_alloc_swap, folio_realloc_swap, shrink_folio_list
from model.phys_device import do_swap_page, swapoff
from model.phys_free import swap_discard_work, swap_reclaim_work, zap_nonpresent_ptes
from model.phys_objects import PhysClusters

PHYS_CLUSTERS = Model(
    state=PhysClusters,
    operations={
        Cpu: [folio_alloc_swap, folio_realloc_swap, shrink_folio_list, zap_nonpresent_ptes, do_swap_page],
        Worker: [swap_discard_work, swap_reclaim_work],
        Swapoff: [swapoff],
    },
)
