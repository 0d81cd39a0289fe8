# SPDX-License-Identifier: GPL-2.0-or-later
"""The three requirements that the RFC sets itself, in its own words [v1c], as promises.

*No backend coupling*: pages in zswap and pages of zeros hold no physical slot.  *Dynamic swap space*:
nothing is provisioned ahead; that clusters come and go is not modelled, that a virtual slot costs
nothing physical is.  *Efficient backend transfer*: one word changes, no page table is walked.
store_keeps_physical_slot, alloc_takes_physical_slot and writeback_pins_by_count break one each.
"""

from __future__ import annotations

from checker.language import *
from model.design import RFC_V2
from model.memory import user_store_zeros
from model.objects import Backing, Folio, Reclaim, Swap, Swapoff, TableWord, Task, VswapSlot
from model.swap_out import shrink_folio_list
from model.vswap import VSWAP
from specs.content import a_transfer_touches_no_pte_and_no_count
from specs.ownership import (
    a_physical_slot_is_taken_to_write_a_page,
    no_physical_slot_behind_a_compressed_page,
    zeros_are_stored_nowhere,
)
from specs.reached import a_page_of_zeros_is_stored_nowhere
from specs.scopes import FAULTS_AND_ZAPS, ONE_OF_EACH
from specs.swapoff import a_page_moves_to_zswap


@invariant
def no_backend_coupling(s: Swap):
    """A page in zswap, or of zeros, holds no physical slot and nothing else besides."""
    return no_physical_slot_behind_a_compressed_page(s) and zeros_are_stored_nowhere(s)


@step_invariant
def dynamic_swap_space(old: Swap, new: Swap):
    """Swapping a page out takes no physical slot before the page must be written to the disk."""
    return a_physical_slot_is_taken_to_write_a_page(old, new)


@step_invariant
def efficient_backend_transfer(old: Swap, new: Swap):
    """A page moves from one backend to another, or to memory, while PTEs and counts stay as they are."""
    return a_transfer_touches_no_pte_and_no_count(old, new)


REQUIREMENTS = [no_backend_coupling, dynamic_swap_space, efficient_backend_transfer]


@reachable
def a_page_moves_from_zswap_to_the_disk(s: Swap):
    """A compressed copy has just become a physical slot."""
    return any(
        s.virtual_table[v].tag == Backing.SWAPFILE and s.table[v] == TableWord.PFN(f) and not s.folio[f].uptodate
        for v in VswapSlot for f in Folio
    )


requirements_scope = Scope(
    "one page that may be all zeros, a shrinker, swapoff, a CPU that does all the rest; zswap may refuse a page",
    sizes={**ONE_OF_EACH, Reclaim: 0, Swapoff: 1},
    operations={Task: [*FAULTS_AND_ZAPS, shrink_folio_list, user_store_zeros]},
    failures=["zswap refuses the page"],
)

rfc_v2_requirements = Spec(
    why="""RFC v2 meets the requirements that it sets itself: no backend coupling, dynamic swap space, efficient
    backend transfer.""",
    model=VSWAP,
    design=RFC_V2,
    scope=requirements_scope,
    promises=[
        *REQUIREMENTS, a_page_of_zeros_is_stored_nowhere, a_page_moves_from_zswap_to_the_disk,
        a_page_moves_to_zswap,
    ],
    by_z3=21,
)
