# SPDX-License-Identifier: GPL-2.0-or-later
"""Swap-out: from a dirty page to a slot, and out of the swap cache.

Mirrors   shrink_folio_list(), pageout(), __remove_mapping() in mm/vmscan.c, try_to_unmap()
          in mm/rmap.c [mainline]; swap_writeout(), swap_zeromap_folio_set(),
          swap_zeromap_folio_clear() in mm/page_io.c [v2p2] [v2p3]
Left out  arch_prepare_to_swap(), activation and the other reasons not to reclaim a folio:
          reclaim may start on it later, with the same effect.
          A mapping that fork adds behind the walk of try_to_unmap(): it is found here; the kernel may miss
          it and keeps the folio then.  The walk keeps the PTL from one page of a large folio to the
          next: here others may come in between.
          Swap counts too large for their field: that there may be no memory for one more is a way not
          to unmap a page, of which there are others.
"""

from __future__ import annotations

import enum

from checker.language import *
from model.alloc import folio_alloc_swap
from model.cluster import (
    __vswap_release_backing,
    folio_realloc_swap,
    folio_release_non_phys_swap_backing,
    vswap_clear_cache_only,
)
from model.design import design
from model.memcg import memcg1_swapout
from model.memory import folio_free, folio_put
from model.objects import (
    Backing,
    Bio,
    Content,
    Folio,
    Pte,
    PteWord,
    Reclaim,
    Swap,
    Task,
    folio_mapped,
    folio_test_writeback,
    maps,
    on_device,
    page_table,
)
from model.page_io import __swap_writepage_phys, swap_start_writeback
from model.split import folio_test_partially_mapped, split_folio
from model.swap_cache import __swap_cache_del_folio, folio_free_swap
from model.zswap import zswap_store


class Pageout(enum.Enum):
    """The answers of pageout(): the folio stays, is not worth another try soon, or is on its way."""

    KEEP = "PAGE_KEEP"
    ACTIVATE = "PAGE_ACTIVATE"
    SUCCESS = "PAGE_SUCCESS"


@operation
def shrink_folio_list(s: Swap, cpu: Reclaim | Task, f: Folio):
    """Reclaim one anonymous folio: unmap it, write it out, drop it."""
    folio = s.folio[f]
    require(folio.refcount > 0)
    folio.refcount += 1
    yield "isolated from the LRU"

    if not trylock(folio.lock):
        folio_put(s, f)
        return
    if folio_test_writeback(s, f):
        release(folio.lock)
        folio_put(s, f)
        return
    yield "locked"

    if folio.swap is None and not folio.anon:
        release(folio.lock)  # a swap-in that was given up left it: nobody's page
        folio_put(s, f)
        return
    if folio.swap is None:
        if folio.nr_pages > 1 and folio_test_partially_mapped(s, f) and not split_folio(s, f):
            release(folio.lock)
            folio_put(s, f)
            return
        added = yield from folio_alloc_swap(s, f)
        if not added and folio.nr_pages > 1:
            yield "no run of slots"
            if split_folio(s, f):
                yield "split"
                added = yield from folio_alloc_swap(s, f)  # the first page; the others are folios now
        if not added:
            release(folio.lock)
            folio_put(s, f)
            return
        if design.alloc_dirties_folio:
            folio.dirty = True  # covers a PTE that is clean [mainline]
        yield "in the swap cache"

    if design.unmap_holds_folio_lock:
        yield from try_to_unmap(s, f)
    else:
        release(folio.lock)
        yield "unlocked too early"
        yield from try_to_unmap(s, f)
        acquire(folio.lock)

    if folio_mapped(s, f):
        yield from activate_locked(s, f)
        return
    if folio.dirty:
        answer = yield from pageout(s, f)
        if answer == Pageout.ACTIVATE:
            yield from activate_locked(s, f)
            return
        if answer == Pageout.KEEP:
            release(folio.lock)
            folio_put(s, f)
            return
        yield "written out and unlocked"
        # a write that is over already: go on and drop the folio
        if folio_test_writeback(s, f) or folio.dirty or not trylock(folio.lock):
            folio_put(s, f)
            return
        yield "locked again"

    freed = __remove_mapping(s, f)
    release(folio.lock)
    if freed:
        folio_free(s, f)
    else:
        folio_put(s, f)


def activate_locked(s: Swap, f: Folio):
    """The folio stays in memory: its slot on the disk is worth something to others when swap is nearly full."""
    folio = s.folio[f]
    if folio.swap is not None and on_device(s, folio.swap) and maybe("swap is nearly full"):  # [v2p3]
        yield from folio_free_swap(s, f)
    release(folio.lock)
    folio_put(s, f)


def try_to_unmap(s: Swap, f: Folio):
    """Replace the PTEs that map a cached folio by its swap entry, one by one."""
    folio = s.folio[f]
    while True:
        if folio.swap is None:
            return  # no swap entry to put there: a warning [mainline]
        pte = choose_or_none(Pte, where=lambda p: maps(s, p, f))
        if pte is None:
            return
        if maybe("the page cannot be unmapped"):
            return  # it is mlocked, or there is no memory for its count: the walk stops
        acquire(s.ptl[page_table(pte)])
        v = folio.swap + (place(s.pte[pte].folio) - place(f))
        with hold(s.vswap_cluster.lock):
            s.count[v] += 1  # folio_dup_swap: before the entry is published
            vswap_clear_cache_only(s, v)
        s.pte[pte] = PteWord.SWAP(v)  # the exclusive marker goes from the page to the entry
        s.pte_write[pte] = False
        if not design.unmap_keeps_marker:
            s.pte_exclusive[pte] = False
        if s.pte_dirty[pte]:
            folio.dirty = True
            s.pte_dirty[pte] = False
        folio_put(s, f)  # the mapping's
        release(s.ptl[page_table(pte)])
        yield "unmapped"


def pageout(s: Swap, f: Folio):
    """Write a dirty folio out; on success it is unlocked."""
    folio = s.folio[f]
    if folio.swap is None or folio.refcount != 1 + folio.nr_pages:
        return Pageout.KEEP  # beside the cache and us, somebody has found it
    if not folio.anon:
        return Pageout.ACTIVATE  # swapped in, and nobody has mapped it yet
    folio.dirty = False  # folio_clear_dirty_for_io
    yield "clean for I/O"
    written = yield from swap_writeout(s, f)
    return Pageout.SUCCESS if written else Pageout.ACTIVATE


def swap_writeout(s: Swap, f: Folio):
    """Store a cached folio in zswap, or on the disk; False: it stays, locked and dirty."""
    folio = s.folio[f]
    freed = yield from folio_free_swap(s, f)
    if freed:
        release(folio.lock)
        return True

    if all(s.folio[f + i].content == Content.ZERO for i in range(folio.nr_pages)):
        swap_zeromap_folio_set(s, f)
        release(folio.lock)
        return True
    if design.writeout_clears_zero:
        swap_zeromap_folio_clear(s, f)
    yield "not all zeros"

    direct = s.direct[folio.swap]
    if design.writeout_releases_compressed and direct is None:
        folio_release_non_phys_swap_backing(s, f)
        yield "no compressed copy is left"
    stored = yield from zswap_store(s, f)
    if stored:
        release(folio.lock)
        return True
    if maybe("memcg forbids zswap writeback"):
        folio.dirty = True
        return False  # AOP_WRITEPAGE_ACTIVATE

    if direct is not None:
        __swap_writepage_phys(s, f, direct)
        return True
    if not design.physical_backing:
        folio.dirty = True
        return False  # AOP_WRITEPAGE_ACTIVATE
    if design.realloc_in_submit_write:
        return (yield from vswap_submit_write(s, f))
    if design.writeout_releases_again and folio.nr_pages > 1:
        yield "writeback is allowed"
        folio_release_non_phys_swap_backing(s, f)  # RFC v1's vswap_prepare_writeout, once more [v1p3]
        yield "no page is left in zswap"
    p = yield from folio_realloc_swap(s, folio.swap, folio.nr_pages)
    if p is None:
        folio.dirty = True
        if design.writeout_splits and folio.nr_pages > 1:
            yield "no run of physical slots"
            split_folio(s, f)  # its pages are as dirty as it is
        return False  # AOP_WRITEPAGE_ACTIVATE: as posted a large folio stays as it is, and the disk as full
    yield "backed by a physical slot"
    __swap_writepage_phys(s, f, p)
    return True


def vswap_submit_write(s: Swap, f: Folio):
    """The write of a virtual swap_ops: it takes the physical slot itself, once writeback has started."""
    folio = s.folio[f]
    swap_start_writeback(s, f)
    if not design.submit_write_holds_folio_lock:
        release(folio.lock)
    yield "writeback has started"
    p = yield from folio_realloc_swap(s, folio.swap, folio.nr_pages)
    if p is None:
        folio.dirty = True
        folio.bio = Bio.NONE
        for i in range(folio.nr_pages):
            s.folio[f + i].submitted = Content.JUNK
        return not design.submit_write_holds_folio_lock  # AOP_WRITEPAGE_ACTIVATE needs the lock
    yield "writeback has a physical slot"
    folio.bio = Bio.WRITE(p)
    if design.submit_write_holds_folio_lock:
        release(folio.lock)
    return True


def swap_zeromap_folio_set(s: Swap, f: Folio):
    """The folio is all zeros: note that, and free what backed it."""
    with hold(s.vswap_cluster.lock):
        for i in range(s.folio[f].nr_pages):
            v = s.folio[f].swap + i
            # a direct entry's old compressed copy stays where it is [mainline]
            if design.zero_releases_backing and s.direct[v] is None:
                __vswap_release_backing(s, v)
            if design.zero_in_word or s.direct[v] is not None:
                s.zero[v] = True
            else:
                s.virtual_table[v] = Backing.ZERO


def swap_zeromap_folio_clear(s: Swap, f: Folio):
    """The folio is not all zeros, whatever it was before."""
    with hold(s.vswap_cluster.lock):
        for i in range(s.folio[f].nr_pages):
            s.zero[s.folio[f].swap + i] = False


def __remove_mapping(s: Swap, f: Folio) -> bool:
    """Drop a clean locked folio that nobody else uses from the swap cache."""
    folio = s.folio[f]
    with hold(s.vswap_cluster.lock):
        # only the cache and we may have a reference; dirty again: by a driver that holds one
        if folio.swap is None or (
            design.remove_freezes_refs and (folio.refcount != 1 + folio.nr_pages or folio.dirty)
        ):
            return False
        memcg1_swapout(s, folio.swap)
        __swap_cache_del_folio(s, f)
    return True
