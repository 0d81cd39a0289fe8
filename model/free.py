# SPDX-License-Identifier: GPL-2.0-or-later
"""Zap: user memory goes away, and its swap entries with it.

Mirrors   zap_present_ptes(), zap_nonpresent_ptes() in mm/memory.c, swap_put_entries_direct(),
          __try_to_reclaim_swap() in mm/swapfile.c [v2p3] [mainline]
Left out  ranges: entries are freed one by one.
"""

from __future__ import annotations

from checker.language import *
from model.cluster import __swap_cluster_free_entries, __swap_cluster_free_slot, vswap_mark_cache_only
from model.design import design
from model.memcg import clear_memcg_id
from model.memory import folio_put
from model.objects import (
    Content,
    Pte,
    PteWord,
    Swap,
    Task,
    VswapSlot,
    cached,
    folio_mapped,
    folio_test_writeback,
    on_device,
)
from model.swap_cache import folio_free_swap, free_swap_cache, swap_cache_del_folio, swap_cache_get_folio


@operation
def zap_present_ptes(s: Swap, cpu: Task, pte: Pte):
    """Unmap a page that is in memory, for good."""
    require(s.pte[pte].tag == PteWord.PRESENT)
    f = s.pte[pte].folio
    acquire(s.ptl[pte])
    s.pte[pte] = PteWord.NONE
    s.pte_dirty[pte] = False  # an anonymous folio does not inherit it [mainline]
    s.pte_write[pte] = False
    s.pte_exclusive[pte] = False
    s.must_see[pte] = Content.JUNK
    release(s.ptl[pte])
    yield "the PTE is cleared"

    yield from free_swap_cache(s, f)
    folio_put(s, f)


@operation
def zap_nonpresent_ptes(s: Swap, cpu: Task, pte: Pte):
    """Free a page that is swapped out, for good."""
    require(s.pte[pte].tag == PteWord.SWAP)
    if design.zap_holds_ptl:
        acquire(s.ptl[pte])
    v = s.pte[pte].slot
    only_cached = yield from swap_put_entries_direct(s, v)
    yield "the slot is put"

    if only_cached:
        yield from __try_to_reclaim_swap(s, v)
    s.pte[pte] = PteWord.NONE  # last: until here the PTL alone keeps the entry from being used
    s.pte_exclusive[pte] = False
    s.must_see[pte] = Content.JUNK
    if design.zap_holds_ptl:
        release(s.ptl[pte])


def swap_put_entries_direct(s: Swap, v: VswapSlot):
    """Drop a PTE's reference to a slot; True: only the swap cache keeps it."""
    with hold(s.vswap_cluster.lock):
        if s.count[v] != 1 or cached(s, v):
            expect(s.count[v] > 0, "nothing is freed twice")
            s.count[v] = max(s.count[v] - 1, 0)
            if s.count[v] == 0:
                vswap_mark_cache_only(s, v)
            return s.count[v] == 0
        if design.free_puts_id_at_once:
            __swap_cluster_free_entries(s, v)
        else:
            __swap_cluster_free_slot(s, v)
    if not design.free_puts_id_at_once:
        yield "the slot is free, its memcg still recorded"
        with hold(s.vswap_cluster.lock):
            clear_memcg_id(s, v)
    return False


def zap_finds_swap_full(s: Swap, v: VswapSlot) -> bool:
    """Whether a nearly full device is a reason to take a mapped page out of the swap cache."""
    # read without V: the folio lock is held
    return (not design.zap_full_asks_backing or on_device(s, v)) and maybe("swap is nearly full")


def __try_to_reclaim_swap(s: Swap, v: VswapSlot):
    """Take a folio that is better not there out of the swap cache, if its lock is free."""
    f = swap_cache_get_folio(s, v)
    if f is None:
        return
    yield "found the cached folio"
    folio = s.folio[f]
    if trylock(folio.lock):
        if folio.swap == v and (not folio_mapped(s, f) or zap_finds_swap_full(s, v)):
            if design.zap_rechecks_count:
                yield from folio_free_swap(s, f)
            elif not folio_test_writeback(s, f):
                yield "the count was zero"
                swap_cache_del_folio(s, f)
                folio.dirty = True
                yield "out of the swap cache"
        release(folio.lock)
    folio_put(s, f)
