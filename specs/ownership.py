# SPDX-License-Identifier: GPL-2.0-or-later
"""Who owns which slot and which compressed copy."""

from __future__ import annotations

from checker.language import *
from model.backing import Effective, backing
from model.cluster import folio_realloc_swap
from model.objects import (
    Backing,
    Folio,
    PhysSlot,
    Swap,
    TableWord,
    VswapSlot,
    ZswapEntry,
    cached,
    folio_mapped,
)
from model.zswap import writeback_direct, zswap_store_page, zswap_writeback_entry


def cached_and_locked(s: Swap, v: VswapSlot) -> bool:
    """Whether a locked folio is in the swap cache for v."""
    return any(s.table[v] == TableWord.PFN(f) and locked(s.folio[f].lock) for f in Folio)


def in_run(s: Swap, v: VswapSlot, i: int) -> bool:
    """The slot is that of page i of the folio that is cached for it; page 0 is that of any folio."""
    return i == 0 or any(s.table[v] == TableWord.PFN(f) and place(v) % s.folio[f].nr_pages == i for f in Folio)


def in_transit(s: Swap, v: VswapSlot, p: PhysSlot) -> bool:
    """Some actor took p for v and has not published it yet."""
    return any(
        i <= place(v) and i <= place(p) and in_run(s, v, i) and (
            at(folio_realloc_swap, "the reverse map points up", v=v - i, p=p - i)
            or at(folio_realloc_swap, "the memcg refuses the charge", v=v - i, p=p - i)
            or at(folio_realloc_swap, "the physical slot is charged", v=v - i, p=p - i)
            or at(folio_realloc_swap, "no memory for the virtual_table", v=v - i, p=p - i))
        for i in range(block(Folio))
    )


def held_by_an_actor(s: Swap, e: ZswapEntry) -> bool:
    """Some actor alone can reach e: it was not published yet, or is no longer."""
    return (at(zswap_store_page, "compressed", e=e)
            or at(zswap_writeback_entry, "backed by a physical slot", e=e)
            or at(zswap_writeback_entry, "not decompressed", e=e)
            or at(zswap_writeback_entry, "decompressed", e=e)
            or at(zswap_writeback_entry, "unlocked, the write is submitted", e=e)
            or at(writeback_direct, "out of the xarray", e=e)
            or at(writeback_direct, "unlocked, the write is under way", e=e))


@invariant
def no_physical_slot_without_rmap(s: Swap):
    """A physical slot that backs a virtual slot points back to it."""
    return all(s.rmap[p] == v or s.direct[v] == p  # a direct entry is its slot
               for v in VswapSlot for p in PhysSlot if backing(s, v) == Effective.PHYS(p))


@invariant
def no_rmap_without_physical_slot(s: Swap):
    """A physical slot points only to the virtual slot that it backs, or is about to back."""
    return all(
        backing(s, v) == Effective.PHYS(p) or (in_transit(s, v, p) and cached_and_locked(s, v))
        for v in VswapSlot for p in PhysSlot if s.rmap[p] == v
    )


@invariant
def no_two_virtual_slots_share_a_physical_slot(s: Swap):
    """A physical slot backs at most one virtual slot."""
    return all(sum(1 for v in VswapSlot if backing(s, v) == Effective.PHYS(p)) <= 1 for p in PhysSlot)


@invariant
def a_zswap_entry_has_one_place(s: Swap):
    """A compressed copy backs one slot, or one actor alone has it; a freed one has no place."""
    return all(
        sum(1 for v in VswapSlot if backing(s, v) == Effective.ZSWAP(e)) + (1 if held_by_an_actor(s, e) else 0)
        == (1 if s.zswap[e].live else 0)
        for e in ZswapEntry
    )


@invariant
def a_free_slot_owns_nothing(s: Swap):
    """A virtual slot without folio and without PTE is free: no backing, no memcg."""
    return all(
        s.table[v] == TableWord.NULL and backing(s, v) == Effective.NONE and s.memcg_table[v] is None
        for v in VswapSlot if s.count[v] == 0 and not cached(s, v)
    )


@invariant
def no_physical_slot_behind_a_compressed_page(s: Swap):
    """No backend coupling: a slot in zswap, or of zeros, uses no physical slot, unless it moves there."""
    return all(
        (s.rmap[p] != v or in_transit(s, v, p)) and s.direct[v] != p
        for v in VswapSlot for p in PhysSlot if backing(s, v).tag in (Effective.ZSWAP, Effective.ZERO)
    )


@invariant
def zeros_are_stored_nowhere(s: Swap):
    """A slot that is marked zero has no other backing."""
    return all(s.virtual_table[v] == Backing.NONE for v in VswapSlot if s.zero[v])


@step_invariant
def a_physical_slot_is_taken_for_a_cached_locked_folio(old: Swap, new: Swap):
    """Physical slots go only to entries whose folio is locked and in the swap cache."""
    return all(
        cached_and_locked(new, v)
        for p in PhysSlot for v in VswapSlot if old.rmap[p] is None and new.rmap[p] == v
    )


@step_invariant
def a_physical_slot_is_taken_to_write_a_page(old: Swap, new: Swap):
    """A page gets a physical slot when no PTE maps it any more: for a write-out, not ahead of time."""
    return all(
        new.table[v] != TableWord.PFN(f) or not folio_mapped(new, f)
        for p in PhysSlot for v in VswapSlot for f in Folio if old.rmap[p] is None and new.rmap[p] == v
    )
