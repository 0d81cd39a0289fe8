# SPDX-License-Identifier: GPL-2.0-or-later
"""Lemmas: where the bytes of a page are, whatever is being done to it."""

from __future__ import annotations

from checker.language import *
from model.backing import Effective, backing
from model.free import zap_nonpresent_ptes
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
    folio_mapped,
)
from model.swap_cache import folio_free_swap
from model.swap_in import do_swap_page
from model.swap_out import pageout, shrink_folio_list
from model.zswap import zswap_load, zswap_store_page, zswap_writeback_entry
from specs.content import backed_by
from specs.standing import fills, is_filled, is_not_stored_yet, kept, reclaims, task_locks


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
    """A folio is uptodate when the page was read into it; only what a fault decompressed is dirty then."""
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
    """Who has just stored a page, or is about to load it, has the entry behind the slot; the LRU has live ones."""
    return all(
        s.virtual_table[v] == Backing.ZSWAP(e) or s.folio[f].swap != v
        for v in VswapSlot for f in Folio for e in ZswapEntry
        if any(at(shrink_folio_list, f=f, actor=a) and at(zswap_store_page, "the slot is in zswap", e=e, actor=a)
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
        if any(at(shrink_folio_list, f=f, actor=a) and at(zswap_store_page, "compressed", e=e, actor=a)
               for a in Reclaim)
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
