# SPDX-License-Identifier: GPL-2.0-or-later
"""What if a released backing left something behind?"""

from __future__ import annotations

from model.design import SwapDesign
from specs.scopes import two_slots
from specs.what_if import what_if

release_keeps_rmap = what_if(
    """A released physical slot must lose its reverse map, or nobody can use it again.""",
    SwapDesign(release_clears_rmap=False),
    breaks={},
)

release_keeps_backing = what_if(
    """A virtual slot whose backing was released must not keep the word that names it.""",
    SwapDesign(release_clears_backing=False),
    breaks={},
    scope=two_slots,
)

release_keeps_charge = what_if(
    """A released physical slot must be uncharged.""",
    SwapDesign(release_uncharges=False),
    breaks={},
)

free_keeps_memcg_id = what_if(
    """A freed virtual slot must put the reference to the memcg id that it recorded.""",
    SwapDesign(free_puts_memcg_id=False),
    breaks={},
)

realloc_charges_again = what_if(
    """folio_realloc_swap must not charge when the physical slot is there already.""",
    SwapDesign(realloc_charges_new_slots_only=False),
    breaks={},
)

realloc_does_not_unwind = what_if(
    """When the memcg refuses the charge, the physical slot must be given back.""",
    SwapDesign(realloc_unwinds=False),
    breaks={},
)

store_keeps_physical_slot = what_if(
    """zswap_store must release the physical slot that the page had before.""",
    SwapDesign(store_releases_backing=False),
    breaks={},
)
