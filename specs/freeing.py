# SPDX-License-Identifier: GPL-2.0-or-later
"""What if freeing did things in another order, or trusted what it saw before?"""

from __future__ import annotations

from checker.language import Spec, broken
from model.design import SwapDesign
from model.vswap import VSWAP
from specs.discussion import ON_RECORD
from specs.promises import PROMISES
from specs.reached import a_count_rises_behind_a_zap
from specs.scopes import no_shrinker, one_page, two_owners_zapped, two_pages_in_turn
from specs.what_if import what_if

o12_zap_trusts_count = Spec(
    why="""swap: a zap must ask for the swap count again once it has the folio lock

    One of two owners unmaps its page and drops the last reference to the slot: only the swap
    cache keeps it now, since the other owner has the page in memory. Before the zap has the folio
    lock, reclaim unmaps that owner too and raises the count from zero. The zap takes the folio out
    of the swap cache, and a PTE refers to a slot with nothing in it (mainline had this in
    2017, 322b8afe4a65). With one owner the count cannot rise: there is no other mapping.""",
    model=VSWAP,
    design=SwapDesign(zap_rechecks_count=False),
    scope=two_owners_zapped,
    promises=[*PROMISES, a_count_rises_behind_a_zap],
    expected={
        "no_slot_without_content": broken(),
        "the_only_copy_is_dirty": broken(),
        "swapin_returns_what_was_written": broken(),
    },
    default=False,
)

zap_trusts_count_of_one_owner = what_if(
    """As o12_zap_trusts_count, for a page that has one owner: nothing breaks.""",
    SwapDesign(zap_rechecks_count=False),
    breaks=[],
    scope=one_page,
    default=False,
)

id_is_cleared_first = what_if(
    """A freed slot must release its backing before it forgets its memcg, or nobody gets the charge
    back.""",
    SwapDesign(free_uncharges_before_id=False),
    breaks=["memcg_charged_exactly_once"],
    scope=no_shrinker,
)

id_is_put_later = what_if(
    """The memcg id of a freed slot must be put in the hold that frees it: in a second one it may be
    the next owner's.""",
    SwapDesign(free_puts_id_at_once=False),
    breaks=[
        "a_free_slot_owns_nothing",
        "memcg_id_references_add_up",
        "an_entry_has_its_owner_on_record",
        "an_uncached_entry_has_its_owner_on_record",
        "the_owner_of_the_slot_pays_for_the_folio",
    ],
    scope=two_pages_in_turn,
    promises=[*PROMISES, *ON_RECORD],
)
