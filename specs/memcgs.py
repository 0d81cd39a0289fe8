# SPDX-License-Identifier: GPL-2.0-or-later
"""Two memcgs: who pays when a slot changes hands."""

from __future__ import annotations

from checker.language import *
from model.design import SwapDesign
from model.objects import Memcg, Reclaim, Shrinker, Swap, TableWord, Task, VswapSlot
from model.swap_cache import __swap_cache_alloc
from model.swap_out import shrink_folio_list
from model.vswap import VSWAP
from specs.promises import PROMISES
from specs.scopes import FAULTS_AND_ZAPS, ONE_OF_EACH, one_page_in_zswap


@reachable
def a_slot_is_freed_under_a_fault(s: Swap):
    """A fault has looked at a slot, and it was freed before the fault could insert its folio."""
    return any(
        at(__swap_cache_alloc, "the slot is swapped out and not cached", v=v) and s.table[v] == TableWord.NULL
        for v in VswapSlot
    )


two_memcgs = Scope(
    "one page, two memcgs, two threads that fault, unmap and reclaim, no shrinker, nothing fails",
    sizes={**ONE_OF_EACH, Memcg: 2, Shrinker: 0, Reclaim: 0, Task: 2},
    operations={Task: [*FAULTS_AND_ZAPS, shrink_folio_list]},
    failures=[],
)

rfc_v2_two_memcgs = Spec(
    why="""As rfc_v2_two_threads, with two memcgs: a slot may belong to another one than the last time.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_memcgs,
    start=[one_page_in_zswap],
    promises=[*PROMISES, a_slot_is_freed_under_a_fault],
    by_z3=8,
)

o17_charge_before_insertion = Spec(
    why="""mm, swap: swap-in must read who pays for the page where it inserts the folio

    A fault reads the memcg of a slot and has its folio charged before the folio is in the swap
    cache. Nothing pins the slot until then: another thread may swap the page in, unmap it and swap
    out a page of another memcg, which is given the same slot. The PTE compares equal, so the fault
    goes on, with a folio that the wrong memcg pays for. Phase IV of the swap table reads the memcg
    in the section that inserts the folio, and charges after it [P4p8].""",
    model=VSWAP,
    design=SwapDesign(add_reads_owner_inserting=False),
    scope=two_memcgs,
    start=[one_page_in_zswap],
    promises=[*PROMISES, a_slot_is_freed_under_a_fault],
    expected={"the_owner_of_the_slot_pays_for_the_folio": broken(steps=21)},
)
