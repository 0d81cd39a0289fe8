# SPDX-License-Identifier: GPL-2.0-or-later
"""Swap-out: from a dirty page to a slot, and out of the swap cache.

Mirrors   shrink_folio_list(), pageout(), __remove_mapping() in mm/vmscan.c, try_to_unmap()
          in mm/rmap.c [mainline]; swap_writeout(), swap_zeromap_folio_set(),
          swap_zeromap_folio_clear() in mm/page_io.c [v2p2] [v2p3]
Left out  arch_prepare_to_swap(), activation and the other reasons not to reclaim a folio:
          reclaim may start on it later, with the same effect.
          Large folios and their split.  A mapping that fork adds behind the walk of
          try_to_unmap(): it is found here; the kernel may miss it and keeps the folio then.  RFC v1's
          vswap_prepare_writeout() differs from folio_release_non_phys_swap_backing() in the tag that
          it leaves, which nothing reads for a single page.
          Freeing the slot of an activated folio when swap is nearly full: folio_free_swap() with
          the same tests, done elsewhere too.  Swap counts too large for their field.
"""

from __future__ import annotations

from checker.language import *
from model.alloc import folio_alloc_swap
from model.cluster import __vswap_release_backing, folio_realloc_swap, vswap_clear_cache_only
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
    VswapSlot,
    folio_test_writeback,
)
from model.page_io import __swap_writepage_phys, swap_start_writeback
from model.swap_cache import __swap_cache_del_folio, folio_free_swap
from model.zswap import zswap_store


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
        added = yield from folio_alloc_swap(s, f)
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

    if folio.dirty:
        written = yield from pageout(s, f)
        if not written:
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


def try_to_unmap(s: Swap, f: Folio):
    """Replace the PTEs that map a cached folio by its swap entry, one by one."""
    folio = s.folio[f]
    while True:
        if folio.swap is None:
            return  # no swap entry to put there: a warning [mainline]
        pte = choose_or_none(Pte, where=lambda p: s.pte[p] == PteWord.PRESENT(f))
        if pte is None:
            return
        acquire(s.ptl[pte])
        v = folio.swap
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
        release(s.ptl[pte])
        yield "unmapped"


def pageout(s: Swap, f: Folio):
    """Write a dirty folio out; True: it is unlocked and on its way."""
    folio = s.folio[f]
    if folio.swap is None or folio.refcount != 2:
        return False  # PAGE_KEEP: beside the cache and us, somebody maps it or has found it
    if not folio.anon:
        return False  # PAGE_ACTIVATE: swapped in, and nobody has mapped it yet
    folio.dirty = False  # folio_clear_dirty_for_io
    yield "clean for I/O"
    return (yield from swap_writeout(s, f))


def swap_writeout(s: Swap, f: Folio):
    """Store a cached folio in zswap, or on the disk; False: it stays, locked and dirty."""
    folio = s.folio[f]
    freed = yield from folio_free_swap(s, f)
    if freed:
        release(folio.lock)
        return True

    if folio.content == Content.ZERO:
        swap_zeromap_folio_set(s, folio.swap)
        release(folio.lock)
        return True
    if design.writeout_clears_zero:
        swap_zeromap_folio_clear(s, folio.swap)
    yield "not all zeros"

    direct = s.direct[folio.swap]
    if design.writeout_releases_compressed and direct is None:
        folio_release_non_phys_swap_backing(s, folio.swap)
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
    p = yield from folio_realloc_swap(s, folio.swap)
    if p is None:
        folio.dirty = True
        return False  # AOP_WRITEPAGE_ACTIVATE
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
    p = yield from folio_realloc_swap(s, folio.swap)
    if p is None:
        folio.dirty = True
        folio.bio = Bio.NONE
        folio.submitted = Content.JUNK
        return not design.submit_write_holds_folio_lock  # AOP_WRITEPAGE_ACTIVATE needs the lock
    yield "writeback has a physical slot"
    folio.bio = Bio.WRITE(p)
    if design.submit_write_holds_folio_lock:
        release(folio.lock)
    return True


def swap_zeromap_folio_set(s: Swap, v: VswapSlot):
    """The page is all zeros: note that, and free what backed it."""
    with hold(s.vswap_cluster.lock):
        # a direct entry's old compressed copy stays where it is [mainline]
        if design.zero_releases_backing and s.direct[v] is None:
            __vswap_release_backing(s, v)
        if design.zero_in_word or s.direct[v] is not None:
            s.zero[v] = True
        else:
            s.virtual_table[v] = Backing.ZERO


def swap_zeromap_folio_clear(s: Swap, v: VswapSlot):
    """The page is not all zeros, whatever it was before."""
    with hold(s.vswap_cluster.lock):
        s.zero[v] = False


def folio_release_non_phys_swap_backing(s: Swap, v: VswapSlot):
    """Free what backs the slot of a cached folio unless it is a physical slot, which can be used again."""
    with hold(s.vswap_cluster.lock):
        if s.virtual_table[v].tag not in (Backing.SWAPFILE, Backing.NONE):
            __vswap_release_backing(s, v)


def __remove_mapping(s: Swap, f: Folio) -> bool:
    """Drop a clean locked folio that nobody else uses from the swap cache."""
    folio = s.folio[f]
    with hold(s.vswap_cluster.lock):
        # only the cache and we may have a reference; dirty again: by a driver that holds one
        if folio.swap is None or (design.remove_freezes_refs and (folio.refcount != 2 or folio.dirty)):
            return False
        memcg1_swapout(s, folio.swap)
        __swap_cache_del_folio(s, f)
    return True
