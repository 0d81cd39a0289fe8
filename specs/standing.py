# SPDX-License-Identifier: GPL-2.0-or-later
"""Where actors stand, and what they have in hand there: the words that lemmas are made of."""

from __future__ import annotations

from checker.language import *
from model.alloc import folio_alloc_swap
from model.backing import Effective, backing
from model.free import __try_to_reclaim_swap, zap_present_ptes
from model.objects import Content, Folio, PhysSlot, Pte, Reclaim, Shrinker, Swap, Task, VswapSlot, ZswapEntry
from model.swap_cache import __swap_cache_alloc, folio_free_swap
from model.swap_in import do_swap_page, swap_read_folio
from model.swap_out import pageout, shrink_folio_list
from model.zswap import zswap_store_page, zswap_writeback_entry


def writes_back(s: Swap, a: Shrinker, f: Folio) -> bool:
    """The shrinker has a folio in the swap cache, locked, for a compressed page."""
    return (at(__swap_cache_alloc, "a new folio is in the swap cache", f=f, actor=a)
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
    return (at(__swap_cache_alloc, "a new folio is in the swap cache", f=f, actor=a)
            or at(do_swap_page, "the folio is charged", f=f, actor=a)
            or at(swap_read_folio, f=f, actor=a))


def frees(s: Swap, a: Task, f: Folio) -> bool:
    """A zap tries to take the folio out of the swap cache."""
    return (at(__try_to_reclaim_swap, folio=f, actor=a)
            or (at(zap_present_ptes, f=f, actor=a) and at(folio_free_swap, actor=a)))


def out(a: Task) -> bool:
    """The task has just taken its folio out of the swap cache."""
    return at(folio_free_swap, "out of the swap cache", actor=a)


def task_locks(s: Swap, a: Task, f: Folio) -> bool:
    """The task has the folio locked."""
    return fills(s, a, f) or at(do_swap_page, folio=f, actor=a) or frees(s, a, f)


def is_not_stored_yet(s: Swap, f: Folio) -> bool:
    """Reclaim has a clean folio that nothing need back: it has just begun, or is about to store it."""
    return any(
        at(shrink_folio_list, f=f, actor=a) and (at(folio_alloc_swap, actor=a) or at(pageout, actor=a))
        and not at(folio_free_swap, "out of the swap cache", actor=a)
        and not at(zswap_store_page, "the slot is in zswap", actor=a)
        and not at(zswap_store_page, "the entry is on the LRU", actor=a)
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
