# SPDX-License-Identifier: GPL-2.0-or-later
"""What if a released backing left something behind?"""

from __future__ import annotations

from model.design import SwapDesign
from specs.promises import PROMISES
from specs.requirements import REQUIREMENTS
from specs.scopes import one_folio
from specs.what_if import what_if

release_keeps_rmap = what_if(
    """A released physical slot must lose its reverse map, or nobody can use it again.""",
    SwapDesign(release_clears_rmap=False),
    breaks=[
        "no_rmap_without_physical_slot",
        "no_physical_slot_behind_a_compressed_page",
        "memcg_charged_exactly_once",
    ],
)

release_keeps_backing = what_if(
    """A virtual slot whose backing was released must not keep the word that names it.""",
    SwapDesign(release_clears_backing=False),
    breaks=[
        "a_zswap_entry_has_one_place",
        "a_free_slot_owns_nothing",
        "no_physical_slot_without_rmap",
        "a_dirty_folio_has_no_compressed_copy",
        "nothing is freed twice",
        "nothing freed is used",
        "no_two_virtual_slots_share_a_physical_slot",
    ],
    scope=one_folio,
)

release_keeps_charge = what_if(
    """A released physical slot must be uncharged.""",
    SwapDesign(release_uncharges=False),
    breaks=["memcg_charged_exactly_once"],
)

free_keeps_memcg_id = what_if(
    """A freed virtual slot must put the reference to the memcg id that it recorded.""",
    SwapDesign(free_puts_memcg_id=False),
    breaks=["memcg_id_references_add_up"],
)

realloc_charges_again = what_if(
    """folio_realloc_swap must not charge when the physical slot is there already.""",
    SwapDesign(realloc_charges_new_slots_only=False),
    breaks=["memcg_charged_exactly_once"],
    default=False,
)

realloc_does_not_unwind = what_if(
    """When the memcg refuses the charge, the physical slot must be given back.""",
    SwapDesign(realloc_unwinds=False),
    breaks=[
        "no_rmap_without_physical_slot",
        "memcg_charged_exactly_once",
        "no_physical_slot_behind_a_compressed_page",
    ],
)

store_keeps_physical_slot = what_if(
    """zswap_store must release the physical slot that the page had before.""",
    SwapDesign(store_releases_backing=False),
    breaks=[
        "no_backend_coupling",
        "no_rmap_without_physical_slot",
        "no_physical_slot_behind_a_compressed_page",
        "memcg_charged_exactly_once",
    ],
    promises=(*PROMISES, *REQUIREMENTS),
)
