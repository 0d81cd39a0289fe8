# SPDX-License-Identifier: GPL-2.0-or-later
"""Defects of large folios: of the series itself [O04], and of mainline before it [O16] [O18]."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from checker.language import *
from model.design import RFC_V1, RFC_V2, SwapDesign
from model.objects import Backing, Folio, Swap, TableWord, VswapSlot
from specs import large_scopes as scopes
from specs.content import no_cached_page_is_unreadable
from specs.large import LARGE_PROMISES, a_cached_folio_is_split, zswap_has_a_part_of_a_folio
from specs.large_scopes import STILL


@invariant
def a_folio_word_names_the_cached_folio(s: Swap):
    """A slot whose content is only in a folio says in which: it is the one that is cached for it."""
    return all(s.table[v] == TableWord.PFN(f) for v in VswapSlot for f in Folio
               if s.virtual_table[v] == Backing.FOLIO(f))


@can_always_reach
def everything_can_be_swapped_out(s: Swap):
    """All memory can be given back by reclaim."""
    return all(s.folio[f].refcount == 0 for f in Folio)


def of_a_large_folio(why: str, design: SwapDesign, scope: Scope, breaks: list[str], default: bool = False,
                     start: Callable[..., Any] = scopes.a_large_folio,
                     promises: tuple[Callable[..., Any], ...] = (), by_z3: int | None = None) -> Spec:
    """What a large folio that is mapped, or what ``start`` says, keeps of its promises."""
    return Spec(
        why=why, model=STILL, design=design, scope=scope, start=[start], default=default, by_z3=by_z3,
        promises=[*LARGE_PROMISES, *promises], expected={promise: broken() for promise in breaks},
    )


MIXED = ["a_cached_large_folio_is_backed_as_one"]
HALF_STORED = [*MIXED, "a_dirty_folio_has_no_compressed_copy"]
HALF = (zswap_has_a_part_of_a_folio,)

o04_rfc_v1_keeps_a_partial_store = of_a_large_folio(
    """swap: RFC v1 leaves a part of a folio in zswap when it refuses the rest

    zswap takes the first page and refuses the second. RFC v1 rolls nothing back: on the way to the
    disk another call is to release what is stored. But a memcg may forbid that way, and then the
    dirty folio stays in the swap cache with slots that disagree about their backing. RFC v2 releases
    all of them where the store fails.""",
    RFC_V1, scopes.refused, HALF_STORED, default=True, promises=HALF,
)

o04_store_does_not_roll_back = of_a_large_folio(
    """swap: without any rollback a refused store leaks what it has stored

    As o04_rfc_v1_keeps_a_partial_store, and nothing is released on the way to the disk either:
    folio_realloc_swap looks at the first slot, finds no physical one and overwrites all words.""",
    SwapDesign(store_rolls_back=False), scopes.refused, ["a_zswap_entry_has_one_place", *HALF_STORED], promises=HALF,
)

o04_rfc_v1_rolls_back = of_a_large_folio(
    """RFC v1 with RFC v2's rollback in its place: one is enough.""",
    replace(RFC_V1, store_rolls_back=True, writeout_releases_again=False), scopes.refused, [], promises=HALF,
)

o16_read_looks_at_first_zero_flag = of_a_large_folio(
    """mm: swap-in of a large folio must look at every zero flag

    One page is on the disk, the next is all zeros and only marked. Their entries follow, so a fault
    reads both as one; the first is not marked, so the disk is read for both, and the second gets
    what happens to be there (mainline, 7cc0a2f81a60).""",
    SwapDesign(thp_refuses_mixed=False, add_compares_zero=False, read_tests_every_zero=False), scopes.faults,
    ["swapin_returns_what_was_written", *MIXED, "clean_means_backed", "nothing freed is used"], default=True,
    start=scopes.data_beside_zeros, promises=(no_cached_page_is_unreadable,),
)

read_looks_at_every_zero_flag = of_a_large_folio(
    """As o16_read_looks_at_first_zero_flag, but the read notices: the wrong bytes become a SIGBUS.""",
    SwapDesign(thp_refuses_mixed=False, add_compares_zero=False), scopes.faults,
    ["no_cached_page_is_unreadable", *MIXED], default=True,
    start=scopes.data_beside_zeros, promises=(no_cached_page_is_unreadable,),
)

add_does_not_compare_zero_flags = of_a_large_folio(
    """The zero flags need not be compared where no mixture is let in anyway.""",
    SwapDesign(add_compares_zero=False, read_tests_every_zero=False), scopes.faults, [], default=True,
    start=scopes.data_beside_zeros, promises=(no_cached_page_is_unreadable,),
)

o18_migration_forgets_tail_entries = of_a_large_folio(
    """mm/migrate: every page of a large folio that remembers its entry must be told

    Each page of a cached folio remembers its own entry, as it did until 6.6. Migration gives the
    copy only the first one. Once the copy is split the second page claims no slot, while the word
    of its slot names it.""",
    SwapDesign(folio_has_one_entry=False, migrate_copies_entries=False), scopes.moved_in_the_cache,
    [
        "what_is_used_has_a_reference", "the_cache_and_the_folio_agree", "no_folio_is_leaked",
        "no_slot_without_content", "the_only_copy_is_dirty", "clean_means_backed",
        "a_dirty_folio_has_no_compressed_copy", "a_cached_slot_changes_backing_under_its_folio_lock",
        "the_owner_of_the_slot_pays_for_the_folio",
    ], default=True, promises=(a_cached_folio_is_split,),
)

migration_copies_all_entries = of_a_large_folio(
    """As o18_migration_forgets_tail_entries, with all entries copied.""",
    SwapDesign(folio_has_one_entry=False), scopes.moved_in_the_cache, [], promises=(a_cached_folio_is_split,),
)

r06_folio_tag_is_stale = of_a_large_folio(
    """swap: RFC v1's FOLIO word is stale once the folio is split or moved

    A slot that nothing backs names its folio in RFC v1. Neither a split nor a migration changes the
    virtual_table: the word names a folio that is not cached for the slot any more.""",
    RFC_V1, scopes.moved_and_refused, ["a_folio_word_names_the_cached_folio", *HALF_STORED],
    default=True, promises=(a_folio_word_names_the_cached_folio, *HALF), by_z3=4,
)

rfc_v2_large_folio_without_room = Spec(
    why="""swap: a large folio for which the disk has no run of slots stays in memory for ever

    Of two pages zswap has room for one; two physical slots are free, but not side by side. As single
    pages both could go. Only where no virtual slots are to be had is a folio split; later nobody does.""",
    model=STILL, design=RFC_V2, scope=scopes.no_run_on_disk, start=[scopes.a_large_folio],
    promises=[*LARGE_PROMISES, everything_can_be_swapped_out],
    expected={"everything_can_be_swapped_out": broken()},
)

writeout_splits_the_folio = Spec(
    why="""As rfc_v2_large_folio_without_room, but a folio that the disk has no run for is split.""",
    model=STILL, design=SwapDesign(writeout_splits=True), scope=scopes.no_run_on_disk, start=[scopes.a_large_folio],
    promises=[*LARGE_PROMISES, everything_can_be_swapped_out], default=False,
)
