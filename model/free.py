# SPDX-License-Identifier: GPL-2.0-or-later
"""Zap: user memory goes away, and its swap entries with it.

Mirrors   zap_present_ptes(), zap_nonpresent_ptes() in mm/memory.c, swap_put_entries_direct(),
          __try_to_reclaim_swap() in mm/swapfile.c [v2p3] [mainline]
Left out  ranges: entries are freed one by one, which is more than the kernel lets others see.
"""

from __future__ import annotations

from checker.language import *
from model.cluster import __swap_cluster_free_entries, __swap_cluster_free_slot, vswap_mark_cache_only
from model.design import design
from model.device import device_to_pin, get_swap_device, has_tables, put_swap_device
from model.memcg import clear_memcg_id
from model.memory import folio_put, folio_put_refs
from model.objects import (
    Content,
    Folio,
    Pte,
    PteWord,
    Swap,
    Task,
    VswapSlot,
    cached,
    first_entry,
    folio_mapped,
    folio_test_writeback,
    on_device,
    page_folio,
    page_table,
)
from model.swap_cache import (
    __swap_cache_del_entry,
    folio_free_swap,
    free_swap_cache,
    swap_cache_get_folio,
)


@operation
def zap_present_ptes(s: Swap, cpu: Task, pte: Pte):
    """Unmap a page that is in memory, for good."""
    require(s.pte[pte].tag == PteWord.PRESENT)
    f = page_folio(s, s.pte[pte].folio)
    acquire(s.ptl[page_table(pte)])
    s.pte[pte] = PteWord.NONE
    s.pte_dirty[pte] = False  # an anonymous folio does not inherit it [mainline]
    s.pte_write[pte] = False
    s.pte_exclusive[pte] = False
    s.must_see[pte] = Content.JUNK
    release(s.ptl[page_table(pte)])
    yield "the PTE is cleared"

    yield from free_swap_cache(s, f)
    folio_put(s, f)


@operation
def zap_nonpresent_ptes(s: Swap, cpu: Task, pte: Pte):
    """Free a page that is swapped out, for good."""
    require(s.pte[pte].tag == PteWord.SWAP)
    if design.zap_holds_ptl:
        acquire(s.ptl[page_table(pte)])
    v = s.pte[pte].slot
    si = device_to_pin(s, v)
    get_swap_device(s, si)  # cannot fail: the PTE has the entry
    only_cached = yield from swap_put_entries_direct(s, v)
    yield "the slot is put"

    if only_cached:
        yield from __try_to_reclaim_swap(s, v)
    put_swap_device(s, si)
    s.pte[pte] = PteWord.NONE  # last: until here the PTL alone keeps the entry from being used
    s.pte_exclusive[pte] = False
    s.must_see[pte] = Content.JUNK
    if design.zap_holds_ptl:
        release(s.ptl[page_table(pte)])


def swap_put_entries_direct(s: Swap, v: VswapSlot):
    """Drop a PTE's reference to a slot; True: only the swap cache keeps it."""
    expect(has_tables(s, v), "nothing freed is used")
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
    f = yield from swap_cache_get_folio(s, v)
    if f is None:
        return
    entry = s.folio[f].swap
    yield "found the cached folio"
    folio = s.folio[f]
    if trylock(folio.lock):
        if design.zap_reads_identity_locked:
            entry = folio.swap
        ours = entry == first_entry(s, f, v) or not design.zap_keeps_its_target
        if ours and (not folio_mapped(s, f) or zap_finds_swap_full(s, v)):
            yield from reclaim_cached_folio(s, f, v)
        release(folio.lock)
    folio_put(s, f)


def reclaim_cached_folio(s: Swap, f: Folio, v: VswapSlot):
    """Take a locked folio out of the swap cache if no PTE needs it there, for all that we know."""
    if design.zap_reads_identity_locked and design.zap_rechecks_count:
        yield from folio_free_swap(s, f)
    elif not folio_test_writeback(s, f) and (s.count[v] == 0 or design.zap_reads_identity_locked):
        yield "the count was zero"
        with hold(s.vswap_cluster.lock):
            __swap_cache_del_entry(s, f, first_entry(s, f, v))
        folio_put_refs(s, f, s.folio[f].nr_pages)  # the swap cache's
        s.folio[f].dirty = True
        yield "out of the swap cache"
