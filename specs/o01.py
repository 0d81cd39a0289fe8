# SPDX-License-Identifier: GPL-2.0-or-later
"""What if the accounting inside the removal from the swap cache looked the entry up again?"""

from __future__ import annotations

from model.design import SwapDesign
from specs.scopes import no_shrinker
from specs.what_if import what_if

o01_swapout_takes_the_lock_again = what_if(
    """mm: memcg1_swapout must not take the cluster lock that its caller holds

    __remove_mapping removes a folio from the swap cache under the lock of the entry's cluster, and
    has cgroup v1 account for it in the same section. In the standalone series this looked the
    entry up again and took its lock: the first page that left memory hung the machine (syzbot, v4
    of the standalone series). In the swap table edition the accounting receives the locked cluster.""",
    SwapDesign(swapout_uses_held_lock=False),
    breaks=["no_lock_taken_twice", "locks_are_taken_in_one_order"],
    scope=no_shrinker,
    by_z3=15,
)
