# SPDX-License-Identifier: GPL-2.0-or-later
"""The swap cache and its folio locks."""

from __future__ import annotations

from checker.language import *
from model.backing import backing
from model.objects import Folio, Swap, TableWord, VswapSlot, folio_matches_swap_entry, page_folio


@invariant
def the_cache_and_the_folio_agree(s: Swap):
    """The word of a slot holds a folio exactly if that folio claims the slot."""
    return all(
        (s.table[v] == TableWord.PFN(f)) == (page_folio(s, f) == f and folio_matches_swap_entry(s, f, v))
        for v in VswapSlot for f in Folio
    )


@step_invariant
def a_cached_slot_changes_backing_under_its_folio_lock(old: Swap, new: Swap):
    """What backs a cached slot changes only while its folio is locked."""
    return all(
        locked(old.folio[f].lock)
        for v in VswapSlot for f in Folio
        if old.table[v] == TableWord.PFN(f) and backing(old, v) != backing(new, v)
    )
