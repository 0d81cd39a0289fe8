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
from model.free import __try_to_reclaim_swap, zap_nonpresent_ptes, zap_present_ptes
from model.memcg import swap_memcg
from model.objects import (
    Backing,
    Bio,
    Folio,
    PhysSlot,
    Pte,
    PteWord,
    Reclaim,
    Shrinker,
    Swap,
    TableWord,
    Task,
    VswapSlot,
    ZswapEntry,
    cached,
)
from model.swap_cache import folio_free_swap, swap_cache_alloc_folio
from model.swap_in import do_swap_page, swap_read_folio
from model.swap_out import shrink_folio_list, swap_writeout
from model.zswap import writeback_direct, zswap_erase_older, zswap_store, zswap_writeback_entry
from specs.counts import users
from specs.ownership import in_transit

# ------------------------------------------------------------------ where actors stand


def writes_back(s: Swap, a: Shrinker, f: Folio) -> bool:
    """The shrinker has a folio in the swap cache, locked, for a compressed page."""
    return (at(swap_cache_alloc_folio, "a new folio is in the swap cache", f=f, actor=a)
            or (at(zswap_writeback_entry, f=f, actor=a)
                and not at(zswap_writeback_entry, "unlocked, the write is submitted", actor=a)))


def reclaims(s: Swap, a: Reclaim, f: Folio) -> bool:
    """Reclaim has the folio locked."""
    return (at(shrink_folio_list, f=f, actor=a)
            and not at(shrink_folio_list, "isolated from the LRU", actor=a)
            and not at(shrink_folio_list, "written out and unlocked", actor=a))


def reclaims_cached(s: Swap, a: Reclaim, f: Folio) -> bool:
    """Reclaim has the folio locked, and it is in the swap cache."""
    return (reclaims(s, a, f)
            and not at(shrink_folio_list, "locked", actor=a)
            and not at(folio_alloc_swap, "no virtual slot", actor=a)
            and not at(folio_free_swap, "out of the swap cache", actor=a)
            and not at(shrink_folio_list, "locked again", actor=a))


def fills(s: Swap, a: Task, f: Folio) -> bool:
    """A fault has put a new folio into the swap cache and reads the page."""
    return (at(swap_cache_alloc_folio, "a new folio is in the swap cache", f=f, actor=a)
            or at(do_swap_page, "the folio is charged", f=f, actor=a)
            or at(swap_read_folio, f=f, actor=a))


def frees(s: Swap, a: Task, f: Folio) -> bool:
    """A zap tries to take the folio out of the swap cache."""
    return (at(__try_to_reclaim_swap, folio=f, actor=a)
            or (at(zap_present_ptes, f=f, actor=a) and at(folio_free_swap, actor=a)))


def out(a: Task) -> bool:
    return at(folio_free_swap, "out of the swap cache", actor=a)


def task_locks(s: Swap, a: Task, f: Folio) -> bool:
    return fills(s, a, f) or at(do_swap_page, folio=f, actor=a) or frees(s, a, f)


# ------------------------------------------------------------------------------ lemmas


@invariant
def who_works_on_a_folio_holds_its_lock(s: Swap):
    """Where an operation relies on the folio lock, it holds it."""
    return all(
        all(holds(a, s.folio[f].lock) for a in Shrinker if writes_back(s, a, f))
        and all(holds(a, s.folio[f].lock) for a in Reclaim if reclaims(s, a, f))
        and all(holds(a, s.folio[f].lock) for a in Task if task_locks(s, a, f))
        for f in Folio
    )


@invariant
def a_read_keeps_the_folio_locked(s: Swap):
    """A folio that is being read is locked, and no actor holds the lock."""
    return all(
        locked(s.folio[f].lock)
        and not any(holds(a, s.folio[f].lock) for a in Shrinker)
        and not any(holds(a, s.folio[f].lock) for a in Reclaim)
        and not any(holds(a, s.folio[f].lock) for a in Task)
        for f in Folio if s.folio[f].bio.tag == Bio.READ
    )


@invariant
def who_works_on_a_cached_folio_finds_it_cached(s: Swap):
    """While its lock is held, a folio stays in the swap cache."""
    return all(
        s.folio[f].swap is not None
        for f in Folio if any(writes_back(s, a, f) for a in Shrinker)
        or any(reclaims_cached(s, a, f) for a in Reclaim)
        or any(task_locks(s, a, f) and not out(a) for a in Task)
    )


@invariant
def every_reference_is_somebodys(s: Swap):
    """A folio's references are those of the swap cache, of the PTEs that map it, and of the actors that found it."""
    return all(
        s.folio[f].refcount == users(s, f)
        + sum(1 for a in Shrinker if writes_back(s, a, f) or at(zswap_writeback_entry, f=f, actor=a))
        + sum(1 for a in Reclaim if at(shrink_folio_list, f=f, actor=a))
        + sum(1 for a in Task if fills(s, a, f)
              or at(do_swap_page, "have a folio", f=f, actor=a)
              or at(do_swap_page, "locked the folio", f=f, actor=a)
              or at(zap_present_ptes, f=f, actor=a)
              or at(__try_to_reclaim_swap, f=f, actor=a))
        for f in Folio
    )


@invariant
def no_entry_is_direct(s: Swap):
    """Every entry is a slot of the virtual device, and nobody does what is done for another one."""
    return all(s.direct[v] is None for v in VswapSlot) and not (
        at(swap_alloc_direct) or at(writeback_direct) or at(zswap_erase_older))


@invariant
def a_free_slot_is_empty(s: Swap):
    """A virtual slot whose word says NULL has no backing, no memcg and no PTE."""
    return all(
        backing(s, v) == Effective.NONE and s.memcg_table[v] is None and s.count[v] == 0
        for v in VswapSlot if s.table[v] == TableWord.NULL
    )


@invariant
def the_word_has_no_tag_of_rfc_v1(s: Swap):
    """A slot of zeros, and one that only a folio has, say NONE in the virtual_table."""
    return not any(s.virtual_table[v].tag in (Backing.ZERO, Backing.FOLIO) for v in VswapSlot)


@invariant
def a_new_slot_has_nothing(s: Swap):
    """A virtual slot that was just taken has no backing, no memcg and no PTE."""
    return all(
        backing(s, v) == Effective.FOLIO and s.memcg_table[v] is None and s.count[v] == 0
        for v in VswapSlot if at(folio_alloc_swap, "a virtual slot is taken", v=v)
    )


@invariant
def a_fault_maps_its_page_under_the_ptl(s: Swap):
    """From mapping the page to the end a fault holds the PTL, and the PTE maps the folio."""
    return all(
        holds(a, s.ptl[p]) and any(s.pte[p] == PteWord.PRESENT(f) and at(do_swap_page, folio=f, actor=a) for f in Folio)
        for a in Task for p in Pte if at(do_swap_page, "mapped", pte=p, actor=a)
        or (at(do_swap_page, pte=p, actor=a) and at(folio_free_swap, actor=a))
    )


@invariant
def a_zap_keeps_the_entry_under_the_ptl(s: Swap):
    """From putting the slot to the end a zap holds the PTL, and the PTE keeps its swap entry."""
    return all(
        holds(a, s.ptl[p]) and s.pte[p].tag == PteWord.SWAP
        for a in Task for p in Pte if at(zap_nonpresent_ptes, pte=p, actor=a)
    )


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
def a_page_on_its_way_out_is_not_zero(s: Swap):
    """Once the zero flag is cleared, it stays so until the page is written out."""
    return all(
        s.folio[f].swap != v or not s.zero[v]
        for v in VswapSlot for f in Folio for a in Reclaim if at(shrink_folio_list, f=f, actor=a)
        and at(swap_writeout, actor=a) and not at(folio_free_swap, actor=a)
    )


@invariant
def a_page_on_its_way_out_has_no_old_copy(s: Swap):
    """Once the compressed copy is released, there is none until a new one backs the slot."""
    return all(
        s.folio[f].swap != v or s.virtual_table[v].tag != Backing.ZSWAP
        for v in VswapSlot for f in Folio for a in Reclaim if at(shrink_folio_list, f=f, actor=a)
        and (at(swap_writeout, "no compressed copy is left", actor=a) or at(zswap_store, "compressed", actor=a)
             or at(folio_realloc_swap, actor=a))
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
        + sum(1 for a in Reclaim if at(zswap_store, "compressed", e=e, actor=a))
        <= 1
        for e in ZswapEntry
    )


LEMMAS = [
    who_works_on_a_folio_holds_its_lock,
    a_read_keeps_the_folio_locked,
    who_works_on_a_cached_folio_finds_it_cached,
    every_reference_is_somebodys,
    no_entry_is_direct,
    a_free_slot_is_empty,
    the_word_has_no_tag_of_rfc_v1,
    a_new_slot_has_nothing,
    a_fault_maps_its_page_under_the_ptl,
    a_zap_keeps_the_entry_under_the_ptl,
    the_entry_that_was_compared_stays,
    a_page_on_its_way_out_is_not_zero,
    a_page_on_its_way_out_has_no_old_copy,
    who_needs_a_physical_slot_has_none,
    the_owner_of_the_slot_is_charged,
    a_physical_slot_in_hand_points_up,
    a_compressed_copy_has_one_holder,
]
