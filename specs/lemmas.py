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
    Content,
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
    folio_mapped,
)
from model.swap_cache import folio_free_swap, swap_cache_alloc_folio
from model.swap_in import do_swap_page, swap_read_folio
from model.swap_out import pageout, shrink_folio_list, swap_writeout
from model.zswap import writeback_direct, zswap_erase_older, zswap_load, zswap_store, zswap_writeback_entry
from specs.content import backed_by
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


def is_not_stored_yet(s: Swap, f: Folio) -> bool:
    """Reclaim has a clean folio in the swap cache that nothing need back: it has just begun, or is about to store it."""
    return any(
        at(shrink_folio_list, f=f, actor=a) and (at(folio_alloc_swap, actor=a) or at(pageout, actor=a))
        and not at(folio_free_swap, "out of the swap cache", actor=a)
        and not at(zswap_store, "the slot is in zswap", actor=a)
        and not at(zswap_store, "the entry is on the LRU", actor=a)
        for a in Reclaim
    )


def has_mapped(s: Swap, a: Task, p: Pte) -> bool:
    """A fault has mapped its page and is not over yet."""
    return at(do_swap_page, "mapped", pte=p, actor=a) or (
        at(do_swap_page, pte=p, actor=a) and at(folio_free_swap, actor=a))


def is_filled(s: Swap, f: Folio) -> bool:
    """Somebody has put a new folio into the swap cache and is not done with it."""
    return any(writes_back(s, a, f) for a in Shrinker) or any(fills(s, a, f) for a in Task)


def moves(s: Swap, v: VswapSlot, e: ZswapEntry) -> bool:
    """The compressed copy of the slot's page is about to be written to the disk, where nothing is yet."""
    return (at(zswap_writeback_entry, "backed by a physical slot", v=v, e=e)
            or at(zswap_writeback_entry, "not decompressed", v=v, e=e))


def kept(s: Swap, v: VswapSlot, content: Content) -> bool:
    """What backs the slot has this content; while it moves to the disk, the compressed copy has it."""
    return (any((backing(s, v) == Effective.ZSWAP(e) or moves(s, v, e)) and s.zswap[e].content == content
                for e in ZswapEntry)
            or (backing(s, v) == Effective.ZERO and content == Content.ZERO)
            or (any(backing(s, v) == Effective.PHYS(p) and s.disk[p] == content for p in PhysSlot)
                and not any(moves(s, v, e) for e in ZswapEntry)))


# ------------------------------------------------------------------------------ lemmas


@invariant
def who_works_on_a_folio_holds_its_lock(s: Swap):
    """An operation holds a folio lock exactly where it relies on it."""
    return all(
        all(writes_back(s, a, f) == holds(a, s.folio[f].lock) for a in Shrinker)
        and all(reclaims(s, a, f) == holds(a, s.folio[f].lock) for a in Reclaim)
        and all(task_locks(s, a, f) == holds(a, s.folio[f].lock) for a in Task)
        for f in Folio
    )


@invariant
def who_holds_a_ptl_works_on_its_entry(s: Swap):
    """A PTL is kept by a fault that has mapped its page and by a zap, by nobody else."""
    return all(
        not any(holds(a, s.ptl[p]) for a in Shrinker) and not any(holds(a, s.ptl[p]) for a in Reclaim)
        and all(has_mapped(s, a, p) or at(zap_nonpresent_ptes, pte=p, actor=a) for a in Task if holds(a, s.ptl[p]))
        for p in Pte
    )



@invariant
def the_count_is_exact(s: Swap):
    """A slot's swap count is the number of PTEs that hold it, but for those that a zap is about to clear."""
    return all(
        s.count[v] == sum(1 for p in Pte if s.pte[p] == PteWord.SWAP(v) and not at(zap_nonpresent_ptes, pte=p))
        for v in VswapSlot
    )


@invariant
def io_is_done_for_the_cache(s: Swap):
    """A folio under I/O is in the swap cache, and the physical slot in question backs its slot."""
    return all(
        any(s.folio[f].swap == v and backing(s, v) == Effective.PHYS(p) for v in VswapSlot)
        for f in Folio for p in PhysSlot if s.folio[f].bio in (Bio.WRITE(p), Bio.READ(p))
    ) and all(
        s.folio[f].bio == Bio.NONE or s.folio[f].uptodate == (s.folio[f].bio.tag == Bio.WRITE) for f in Folio
    ) and not any(s.folio[f].bio == Bio.STARTED for f in Folio)


@invariant
def every_page_has_one_owner(s: Swap):
    """Without fork no two PTEs refer to one page; one that a zap is about to clear does not count."""
    return not any(
        (s.pte[p] == s.pte[q] or any(
            s.pte[p] == PteWord.PRESENT(f) and s.pte[q] == PteWord.SWAP(v)
            for v in VswapSlot for f in Folio if s.table[v] == TableWord.PFN(f)))
        and not at(zap_nonpresent_ptes, pte=p) and not at(zap_nonpresent_ptes, pte=q)
        for p in Pte for q in Pte if p != q and s.pte[p] != PteWord.NONE
    )


@invariant
def a_page_on_its_way_out_is_left_alone(s: Swap):
    """From beginning to write a page reclaim finds it clean and mapped nowhere; it was somebody's."""
    return all(
        s.folio[f].anon and not folio_mapped(s, f)
        and (not s.folio[f].dirty or at(folio_free_swap, "out of the swap cache", actor=a))
        for f in Folio for a in Reclaim if at(shrink_folio_list, f=f, actor=a) and at(pageout, actor=a)
    )


@invariant
def who_works_on_a_folio_waits_for_no_io(s: Swap):
    """Nobody fills, reclaims or frees a folio under I/O; a folio that is being filled was nobody's yet."""
    return all(
        s.folio[f].bio == Bio.NONE and not (s.folio[f].anon and is_filled(s, f))
        for f in Folio if is_filled(s, f) or any(reclaims(s, a, f) for a in Reclaim)
        or any(task_locks(s, a, f) and at(folio_free_swap, actor=a) for a in Task)
    )


@invariant
def a_folio_is_filled_once(s: Swap):
    """A folio is uptodate when the page was read into it, not before; only what a fault decompressed is dirty then."""
    return all(
        s.folio[f].uptodate == (any(at(zswap_writeback_entry, "decompressed", f=f, actor=a) for a in Shrinker)
                                or any(fills(s, a, f) and at(zswap_load, "decompressed", actor=a) for a in Task))
        and s.folio[f].dirty == any(fills(s, a, f) and at(zswap_load, "decompressed", actor=a) for a in Task)
        for f in Folio if is_filled(s, f)
    )


@invariant
def a_mapped_page_is_not_compressed(s: Swap):
    """A cached folio that is mapped has no compressed copy, but for the fault that is about to release that."""
    return all(
        any(at(do_swap_page, folio=f, actor=a) and not at(do_swap_page, "locked the folio", actor=a) for a in Task)
        for v in VswapSlot for f in Folio
        if s.table[v] == TableWord.PFN(f) and folio_mapped(s, f) and backing(s, v).tag == Effective.ZSWAP
    )


@invariant
def an_unread_folio_is_backed(s: Swap):
    """What a cached folio has not been filled with is in zswap, on the disk, or all zeros."""
    return all(
        s.folio[f].uptodate or backing(s, v).tag in (Effective.PHYS, Effective.ZSWAP, Effective.ZERO)
        for v in VswapSlot for f in Folio if s.table[v] == TableWord.PFN(f)
    )


@invariant
def a_lone_copy_is_dirty_or_on_its_way_out(s: Swap):
    """A cached folio that nothing backs is dirty, unless reclaim has just begun or is about to write it."""
    return all(
        s.folio[f].dirty or is_not_stored_yet(s, f)
        for v in VswapSlot for f in Folio if s.table[v] == TableWord.PFN(f) and backing(s, v) == Effective.FOLIO
    )


@invariant
def a_compressed_copy_beside_a_dirty_folio_goes(s: Swap):
    """A dirty cached folio has a compressed copy only where a fault has read that and is about to release it."""
    return all(
        any(fills(s, a, f) and at(zswap_load, "decompressed", actor=a) for a in Task)
        for v in VswapSlot for f in Folio
        if s.table[v] == TableWord.PFN(f) and s.folio[f].dirty and backing(s, v).tag == Effective.ZSWAP
    )


@invariant
def an_entry_in_hand_is_the_pages(s: Swap):
    """Who has just stored a page, or is about to load it, has the entry that backs the slot; on the LRU are live ones."""
    return all(
        s.virtual_table[v] == Backing.ZSWAP(e) or s.folio[f].swap != v
        for v in VswapSlot for f in Folio for e in ZswapEntry
        if any(at(shrink_folio_list, f=f, actor=a) and at(zswap_store, "the slot is in zswap", e=e, actor=a)
               for a in Reclaim)
        or any(fills(s, a, f) and at(zswap_load, e=e, actor=a) for a in Task)
    ) and all(s.zswap[e].live for e in ZswapEntry if s.zswap[e].on_lru)


@invariant
def a_copy_has_the_content_of_the_page(s: Swap):
    """What backs a clean page that somebody owns has its bytes, or is about to get them."""
    return all(
        s.folio[f].dirty or any(s.pte[p] == PteWord.PRESENT(f) and s.pte_dirty[p] for p in Pte)
        or (s.folio[f].submitted == s.folio[f].content if s.folio[f].bio.tag == Bio.WRITE else backed_by(s, v, f))
        or any(at(zswap_writeback_entry, "decompressed", f=f, actor=a) for a in Shrinker)
        or is_not_stored_yet(s, f)
        for v in VswapSlot for f in Folio
        if s.table[v] == TableWord.PFN(f) and s.folio[f].uptodate and (s.count[v] > 0 or folio_mapped(s, f))
    ) and all(
        s.zswap[e].content == s.folio[f].content for f in Folio for e in ZswapEntry
        if any(at(shrink_folio_list, f=f, actor=a) and at(zswap_store, "compressed", e=e, actor=a) for a in Reclaim)
    )


@invariant
def a_page_comes_back_as_it_went(s: Swap):
    """What a swapped-out page's owner last wrote is in the folio, or where the folio is to be filled from."""
    return all(
        (s.folio[s.table[v].folio].content == s.must_see[p]
         if cached(s, v) and s.folio[s.table[v].folio].uptodate else kept(s, v, s.must_see[p]))
        for p in Pte for v in VswapSlot if s.pte[p] == PteWord.SWAP(v) and not at(zap_nonpresent_ptes, pte=p)
    )



@invariant
def a_slot_to_be_freed_has_no_pte(s: Swap):
    """While the folio lock is held, a swap count of zero stays zero."""
    return all(
        s.folio[f].swap != v or s.count[v] == 0
        for v in VswapSlot for f in Folio
        if any(reclaims(s, a, f) and at(folio_free_swap, actor=a) for a in Reclaim)
        or any(task_locks(s, a, f) and at(folio_free_swap, actor=a) for a in Task)
    )


@invariant
def a_free_folio_is_blank(s: Swap):
    """A folio without references has no owner, no content and nothing to write."""
    return not any(
        s.folio[f].anon or s.folio[f].dirty or s.folio[f].uptodate for f in Folio if s.folio[f].refcount == 0
    )


@invariant
def a_mapped_folio_was_read(s: Swap):
    """A folio that is or was mapped is uptodate; one that is mapped is anonymous."""
    return all(
        (s.folio[f].uptodate or not s.folio[f].anon) and (s.folio[f].anon or not folio_mapped(s, f)) for f in Folio
    )


@invariant
def a_read_keeps_the_folio_locked(s: Swap):
    """A folio is locked without an actor who holds the lock exactly while it is read from the disk."""
    return all(
        (s.folio[f].bio.tag == Bio.READ) == (
            locked(s.folio[f].lock)
            and not any(holds(a, s.folio[f].lock) for a in Shrinker)
            and not any(holds(a, s.folio[f].lock) for a in Reclaim)
            and not any(holds(a, s.folio[f].lock) for a in Task))
        for f in Folio
    )


@invariant
def who_works_on_a_cached_folio_finds_it_cached(s: Swap):
    """While its lock is held, a folio stays in the swap cache, or out of it."""
    return all(
        s.folio[f].swap is not None
        for f in Folio if any(writes_back(s, a, f) for a in Shrinker)
        or any(reclaims_cached(s, a, f) for a in Reclaim)
        or any(task_locks(s, a, f) and not out(a) for a in Task)
    ) and all(
        s.folio[f].swap is None for f in Folio
        if any(reclaims(s, a, f) and at(folio_free_swap, "out of the swap cache", actor=a) for a in Reclaim)
        or any(task_locks(s, a, f) and out(a) for a in Task)
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
        at(folio_alloc_swap, "no virtual slot") or at(swap_alloc_direct) or at(writeback_direct) or at(zswap_erase_older))


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
def a_fault_maps_its_page_under_the_ptl(s: Swap):
    """From mapping the page to the end a fault holds the PTL, and the PTE maps the folio."""
    return all(
        holds(a, s.ptl[p]) and any(s.pte[p] == PteWord.PRESENT(f) and at(do_swap_page, folio=f, actor=a) for f in Folio)
        for a in Task for p in Pte if has_mapped(s, a, p)
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
def a_page_on_its_way_out_has_no_old_copy(s: Swap):
    """Once zero flag and compressed copy are released, there is neither until a new copy backs the slot."""
    return not any(
        s.zero[v] or (s.virtual_table[v].tag == Backing.ZSWAP and (
            at(swap_writeout, "no compressed copy is left", actor=a) or at(zswap_store, "compressed", actor=a)
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
        + sum(1 for a in Reclaim if at(zswap_store, "compressed", e=e, actor=a))
        <= 1
        for e in ZswapEntry
    )


LEMMAS = [
    who_works_on_a_folio_holds_its_lock,
    who_holds_a_ptl_works_on_its_entry,
    the_count_is_exact,
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
    a_slot_to_be_freed_has_no_pte,
    a_free_folio_is_blank,
    a_mapped_folio_was_read,
    a_read_keeps_the_folio_locked,
    who_works_on_a_cached_folio_finds_it_cached,
    every_reference_is_somebodys,
    no_entry_is_direct,
    a_free_slot_is_empty,
    the_word_has_no_tag_of_rfc_v1,
    a_fault_maps_its_page_under_the_ptl,
    a_zap_keeps_the_entry_under_the_ptl,
    the_entry_that_was_compared_stays,
    a_page_on_its_way_out_has_no_old_copy,
    who_needs_a_physical_slot_has_none,
    the_owner_of_the_slot_is_charged,
    a_page_on_its_way_has_its_slot,
    a_physical_slot_in_hand_points_up,
    a_compressed_copy_has_one_holder,
]
