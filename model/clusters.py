# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtual device's clusters: made when there is none with a free slot, gone with their last slot.

A second model beside ``model/vswap.py``, in which a cluster lives for ever.  There the question is what a
slot holds, here whether its cluster is there.
"""

from __future__ import annotations

from checker.language import Model
from model.cluster_alloc import folio_alloc_swap
from model.cluster_free import (
    call_rcu,
    call_rcu_virtual_table,
    folio_free_swap,
    kfree_rcu,
    unmap_mapping_range,
    zap_nonpresent_ptes,
)
from model.cluster_lookup import copy_nonpresent_pte, do_swap_page
from model.cluster_objects import Clusters, Cpu

CLUSTERS = Model(
    state=Clusters,
    rules=[kfree_rcu, call_rcu, call_rcu_virtual_table],
    operations={Cpu: [
        folio_alloc_swap, folio_free_swap, zap_nonpresent_ptes, unmap_mapping_range, copy_nonpresent_pte, do_swap_page,
    ]},
)
