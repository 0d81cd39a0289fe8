# SPDX-License-Identifier: GPL-2.0-or-later
"""What an actor may rely on where it stands: the lemmas of the proofs by induction.

Each is a promise like any other, true of every reachable state, and is checked as one.
An induction looks at one step from any state whatever; these say which states
need not be looked at.
"""

from __future__ import annotations

from checker.language import *
from model.alloc import folio_alloc_swap, swap_alloc_direct
from model.backing import Effective, backing
from model.cluster import folio_realloc_swap
from model.memcg import swap_memcg
from model.objects import Backing, Folio, PhysSlot, Reclaim, Shrinker, Swap, TableWord, VswapSlot, ZswapEntry
from model.swap_cache import folio_free_swap
from model.swap_out import shrink_folio_list, swap_writeout
from model.zswap import writeback_direct, zswap_erase_older, zswap_store_page, zswap_writeback_entry
from specs.lemmas_content import (
    a_compressed_copy_beside_a_dirty_folio_goes,
    a_copy_has_the_content_of_the_page,
    a_folio_is_filled_once,
    a_free_folio_is_blank,
    a_lone_copy_is_dirty_or_on_its_way_out,
    a_mapped_folio_was_read,
    a_mapped_page_is_not_compressed,
    a_page_comes_back_as_it_went,
    a_page_on_its_way_out_is_left_alone,
    an_entry_in_hand_is_the_pages,
    an_unread_folio_is_backed,
    every_page_has_one_owner,
    io_is_done_for_the_cache,
    who_works_on_a_folio_waits_for_no_io,
)
from specs.lemmas_locks import (
    a_fault_maps_its_page_under_the_ptl,
    a_read_keeps_the_folio_locked,
    a_slot_to_be_freed_has_no_pte,
    a_zap_keeps_the_entry_under_the_ptl,
    every_reference_is_somebodys,
    the_count_is_exact,
    who_holds_a_ptl_works_on_its_entry,
    who_works_on_a_cached_folio_finds_it_cached,
    who_works_on_a_folio_holds_its_lock,
)
from specs.ownership import in_transit


@invariant
def no_entry_is_direct(s: Swap):
    """Every entry is a slot of the virtual device, and nobody does what is done for another one."""
    return all(s.direct[v] is None for v in VswapSlot) and not (
        at(folio_alloc_swap, "no virtual slot") or at(swap_alloc_direct) or at(writeback_direct)
        or at(zswap_erase_older))


@invariant
def a_free_slot_is_empty(s: Swap):
    """A virtual slot that is free, or was just taken, has no backing, no memcg and no PTE."""
    return all(
        backing(s, v).tag in (Effective.NONE, Effective.FOLIO) and s.memcg_table[v] is None and s.count[v] == 0
        for v in VswapSlot if s.table[v] == TableWord.NULL or at(folio_alloc_swap, "a virtual slot is taken", v=v)
    )


@invariant
def the_word_has_no_tag_of_rfc_v1(s: Swap):
    """A slot of zeros, and one that only a folio has, say NONE in the virtual_table."""
    return not any(s.virtual_table[v].tag in (Backing.ZERO, Backing.FOLIO) for v in VswapSlot)


@invariant
def the_entry_that_was_compared_stays(s: Swap):
    """From comparing the entry until it gives it another place writeback finds its entry behind the slot."""
    return all(
        s.virtual_table[v] == Backing.ZSWAP(e)
        for v in VswapSlot for e in ZswapEntry
        if at(zswap_writeback_entry, "still the same entry", v=v, e=e)
        or any(at(zswap_writeback_entry, v=v, e=e, actor=a) and at(folio_realloc_swap, actor=a) for a in Shrinker)
    )


@invariant
def a_page_on_its_way_out_has_no_old_copy(s: Swap):
    """Once zero flag and compressed copy are released, there is neither until a new copy backs the slot."""
    return not any(
        s.zero[v] or (s.virtual_table[v].tag == Backing.ZSWAP and (
            at(swap_writeout, "no compressed copy is left", actor=a) or at(zswap_store_page, "compressed", actor=a)
            or at(folio_realloc_swap, actor=a)))
        for v in VswapSlot for f in Folio for a in Reclaim if s.folio[f].swap == v
        and at(shrink_folio_list, f=f, actor=a) and at(swap_writeout, actor=a) and not at(folio_free_swap, actor=a)
    )


@invariant
def who_needs_a_physical_slot_has_none(s: Swap):
    """While folio_realloc_swap is under way, nothing but a compressed copy backs the slot."""
    return all(
        backing(s, v).tag in (Effective.FOLIO, Effective.ZSWAP) for v in VswapSlot if at(folio_realloc_swap, v=v)
    )


@invariant
def the_owner_of_the_slot_is_charged(s: Swap):
    """The memcg that folio_realloc_swap has read is the slot's, until it is charged."""
    return all(
        at(folio_realloc_swap, v=v, m=swap_memcg(s, v), actor=a)
        for v in VswapSlot for a in Shrinker if at(folio_realloc_swap, "no physical slot yet", v=v, actor=a)
        or at(folio_realloc_swap, "the reverse map points up", v=v, actor=a)
    ) and all(
        at(folio_realloc_swap, v=v, m=swap_memcg(s, v), actor=a)
        for v in VswapSlot for a in Reclaim if at(folio_realloc_swap, "no physical slot yet", v=v, actor=a)
        or at(folio_realloc_swap, "the reverse map points up", v=v, actor=a)
    )


@invariant
def a_page_on_its_way_has_its_slot(s: Swap):
    """Once folio_realloc_swap has published a physical slot, that backs the slot until the write is submitted."""
    return all(
        backing(s, v) == Effective.PHYS(p) or s.folio[f].swap != v
        for v in VswapSlot for f in Folio for p in PhysSlot
        if at(zswap_writeback_entry, "backed by a physical slot", f=f, p=p)
        or at(zswap_writeback_entry, "decompressed", f=f, p=p)
        or any(at(shrink_folio_list, f=f, actor=a) and at(swap_writeout, "backed by a physical slot", p=p, actor=a)
               for a in Reclaim)
    ) and all(
        backing(s, v).tag == Effective.PHYS for v in VswapSlot if at(zswap_writeback_entry, "not decompressed", v=v)
    )


@invariant
def a_physical_slot_in_hand_points_up(s: Swap):
    """A physical slot that folio_realloc_swap took is nobody else's."""
    return all(s.rmap[p] == v for v in VswapSlot for p in PhysSlot if in_transit(s, v, p))


@invariant
def a_compressed_copy_has_one_holder(s: Swap):
    """No two actors have the same zswap entry to themselves."""
    return all(
        sum(1 for a in Shrinker if at(zswap_writeback_entry, "backed by a physical slot", e=e, actor=a)
            or at(zswap_writeback_entry, "not decompressed", e=e, actor=a)
            or at(zswap_writeback_entry, "decompressed", e=e, actor=a)
            or at(zswap_writeback_entry, "unlocked, the write is submitted", e=e, actor=a))
        + sum(1 for a in Reclaim if at(zswap_store_page, "compressed", e=e, actor=a))
        <= 1
        for e in ZswapEntry
    )


LEMMAS = [
    who_works_on_a_folio_holds_its_lock,
    a_read_keeps_the_folio_locked,
    who_works_on_a_cached_folio_finds_it_cached,
    who_holds_a_ptl_works_on_its_entry,
    a_fault_maps_its_page_under_the_ptl,
    a_zap_keeps_the_entry_under_the_ptl,
    every_reference_is_somebodys,
    the_count_is_exact,
    a_slot_to_be_freed_has_no_pte,
    no_entry_is_direct,
    a_free_slot_is_empty,
    the_word_has_no_tag_of_rfc_v1,
    the_entry_that_was_compared_stays,
    a_page_on_its_way_out_has_no_old_copy,
    who_needs_a_physical_slot_has_none,
    the_owner_of_the_slot_is_charged,
    a_page_on_its_way_has_its_slot,
    a_physical_slot_in_hand_points_up,
    a_compressed_copy_has_one_holder,
    io_is_done_for_the_cache,
    every_page_has_one_owner,
    a_page_on_its_way_out_is_left_alone,
    who_works_on_a_folio_waits_for_no_io,
    a_folio_is_filled_once,
    a_mapped_page_is_not_compressed,
    an_unread_folio_is_backed,
    a_lone_copy_is_dirty_or_on_its_way_out,
    a_compressed_copy_beside_a_dirty_folio_goes,
    an_entry_in_hand_is_the_pages,
    a_copy_has_the_content_of_the_page,
    a_page_comes_back_as_it_went,
    a_free_folio_is_blank,
    a_mapped_folio_was_read,
]
