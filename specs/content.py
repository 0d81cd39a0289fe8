# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the bytes are the right ones, and whether they are anywhere at all."""

from __future__ import annotations

from checker.language import *
from model.backing import Effective, backing
from model.objects import (
    Bio,
    Content,
    Device,
    Folio,
    PhysSlot,
    Pte,
    PteWord,
    Swap,
    TableWord,
    VswapSlot,
    ZswapEntry,
    page_of,
)
from specs.counts import is_being_zapped


def folio_is_idle(s: Swap, f: Folio) -> bool:
    """Nobody works on the folio: it is in use, unlocked, not under I/O."""
    return s.folio[f].refcount > 0 and not locked(s.folio[f].lock) and s.folio[f].bio == Bio.NONE


def backed_by(s: Swap, v: VswapSlot, f: Folio) -> bool:
    """What backs the slot has the content of its page of the folio."""
    page = s.folio[page_of(s, f, v)]
    return (any(backing(s, v) == Effective.PHYS(p) and s.disk[p] == page.content for p in PhysSlot)
            or any(backing(s, v) == Effective.ZSWAP(e) and s.zswap[e].content == page.content for e in ZswapEntry)
            or (backing(s, v) == Effective.ZERO and page.content == Content.ZERO))


@invariant
def swapin_returns_what_was_written(s: Swap):
    """A mapped page shows what its owner last wrote to it."""
    return all(s.folio[f].content == s.must_see[p] for p in Pte for f in Folio if s.pte[p] == PteWord.PRESENT(f))


@invariant
def no_slot_without_content(s: Swap):
    """A slot that a PTE refers to is in the swap cache, in zswap, on the disk, or all zeros."""
    return all(backing(s, v) != Effective.NONE for v in VswapSlot if s.count[v] > 0)


@invariant
def no_cached_page_is_unreadable(s: Swap):
    """Where reads and decompression never fail, an unlocked folio in the swap cache is uptodate."""
    return all(
        s.folio[f].uptodate or locked(s.folio[f].lock)
        for v in VswapSlot for f in Folio if s.table[v] == TableWord.PFN(f)
    )


@invariant
def the_only_copy_is_dirty(s: Swap):
    """A cached folio that nothing backs is dirty, unless it is locked."""
    return all(
        s.folio[f].dirty or locked(s.folio[f].lock)
        for v in VswapSlot for f in Folio if s.table[v] == TableWord.PFN(f) and backing(s, v) == Effective.FOLIO
    )


@invariant
def a_dirty_folio_has_no_compressed_copy(s: Swap):
    """An unlocked dirty folio is not in zswap as well: a write-out finds no old copy to release."""
    return not any(
        s.table[v] == TableWord.PFN(f) and backing(s, v).tag == Effective.ZSWAP
        and s.folio[f].dirty and not locked(s.folio[f].lock)
        for v in VswapSlot for f in Folio
    )


@invariant
def clean_means_backed(s: Swap):
    """What backs a clean cached folio that somebody owns holds the same bytes, once nobody works on it."""
    return all(
        s.folio[f].dirty or backed_by(s, v, f)
        or any(s.pte[p] == PteWord.PRESENT(page_of(s, f, v)) and s.pte_dirty[p] for p in Pte)
        for v in VswapSlot for f in Folio
        if s.table[v] == TableWord.PFN(f) and folio_is_idle(s, f) and s.folio[f].uptodate
        # a zap throws the PTE's dirty bit away: without an owner the bytes no longer matter
        and (s.count[v] > 0 or any(s.pte[p] == PteWord.PRESENT(page_of(s, f, v)) for p in Pte))
    )


@step_invariant
def a_transfer_touches_no_pte_and_no_count(old: Swap, new: Swap):
    """Moving a slot's content to another backend changes neither PTEs nor counts."""
    moved = any(
        backing(old, v) != backing(new, v) and new.table[v] != TableWord.NULL for v in VswapSlot
    )
    return not moved or (
        all(old.pte[p] == new.pte[p] for p in Pte) and all(old.count[v] == new.count[v] for v in VswapSlot)
    )


def share(s: Swap, p: Pte, q: Pte) -> bool:
    """Two PTEs refer to one page, wherever it is; one that a zap is about to clear does not count."""
    same = s.pte[p] == s.pte[q] or any(
        (s.pte[p] == PteWord.PRESENT(page_of(s, f, v)) and s.pte[q] == PteWord.SWAP(v))
        or (s.pte[q] == PteWord.PRESENT(page_of(s, f, v)) and s.pte[p] == PteWord.SWAP(v))
        for v in VswapSlot for f in Folio if s.table[v] == TableWord.PFN(f)
    )
    return same and s.pte[p] != PteWord.NONE and not is_being_zapped(s, p) and not is_being_zapped(s, q)


@invariant
def who_may_write_has_the_page_alone(s: Swap):
    """A page that its owner may write to, or that is marked exclusive, is nobody else's."""
    return not any(
        (s.pte_write[p] or s.pte_exclusive[p]) and share(s, p, q)
        for p in Pte for q in Pte if p != q
    )


@step_invariant
def an_exclusive_marker_survives(old: Swap, new: Swap):
    """Swapping a page out or in changes nothing about whether it is marked exclusive, STABLE_WRITES apart."""
    return all(
        old.pte_exclusive[p] == new.pte_exclusive[p] or (
            old.pte_exclusive[p] and any(old.swap_info[d].stable_writes for d in Device))
        for p in Pte if PteWord.NONE not in (old.pte[p], new.pte[p]) and old.pte[p].tag != new.pte[p].tag
    )
