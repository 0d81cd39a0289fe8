# SPDX-License-Identifier: GPL-2.0-or-later
"""Slots: taking virtual and physical ones, releasing what backs a virtual one.

Mirrors   folio_alloc_swap(), folio_realloc_swap(), __vswap_release_backing(),
          __swap_cluster_free_entries(); mm/swapfile.c [v2p2] [v2p3] [v2p4]; of RFC v1
          vswap_store_folio() [v1p2]
Left out  the per-cpu allocator caches and their local_locks, the scan order, cluster
          lists: any free slot may be found, or none.  The fallback to a direct entry when
          no virtual slot is free: the swap-out fails instead (a later slice).
"""

from __future__ import annotations

from checker.language import *
from model.design import design
from model.memcg import clear_memcg_id, mem_cgroup_record_swap, try_charge_swap, uncharge_swap
from model.objects import Backing, Content, Folio, PhysSlot, Swap, SwapInfo, TableWord, VswapSlot, ZswapEntry


def folio_alloc_swap(s: Swap, f: Folio):
    """Put a folio into the swap cache, on a new virtual slot; False when there is none."""
    folio = s.folio[f]
    if maybe("no memory"):
        return False  # -ENOMEM: all clusters are full, and there is no memory for a new one
    with hold(s.vswap_cluster.lock):
        v = choose_or_none(VswapSlot, where=lambda v: s.table[v] == TableWord.NULL)
        if v is None:
            return False
        s.table[v] = TableWord.PFN(f)
        folio.swap = v
        folio.refcount += 1  # the swap cache's
    yield "a virtual slot is taken"
    mem_cgroup_record_swap(s, f, v)  # a hold of its own: the folio lock keeps the slot meanwhile
    if not design.alloc_leaves_backing_for_later:
        yield "the memcg is recorded"
        yield from folio_realloc_swap(s, v)
    return True


def folio_realloc_swap(s: Swap, v: VswapSlot):
    """Give a virtual slot a physical one: that slot, or None."""
    with hold(s.vswap_cluster.lock):
        word = s.virtual_table[v]
        m = s.memcg_table[v]
    if word.tag == Backing.SWAPFILE:
        if not design.realloc_charges_new_slots_only:
            try_charge_swap(s, m)
        return word.slot
    yield "no physical slot yet"

    if maybe("no memory"):
        return None  # for the table of a physical cluster
    with hold(s.phys_cluster.lock):
        p = choose_or_none(PhysSlot, where=lambda p: s.rmap[p] is None and (
            s.swap_info == SwapInfo.WRITEOK or not design.alloc_tests_writeok))
        if p is None:
            return None
        s.rmap[p] = v
        s.rmap_cache_only[p] = False
    yield "the reverse map points up"

    if not try_charge_swap(s, m):
        yield "the memcg refuses the charge"
        if design.realloc_unwinds:
            with hold(s.phys_cluster.lock):
                s.rmap[p] = None
                s.rmap_cache_only[p] = False
        return None
    yield "the physical slot is charged"

    with hold(s.vswap_cluster.lock):
        if not design.publish_keeps_entry:
            __vswap_release_backing(s, v)
        s.virtual_table[v] = Backing.SWAPFILE(p)  # overwritten, not released [v2p3]
    return p


def vswap_mark_cache_only(s: Swap, v: VswapSlot):
    """V held: no PTE refers to a cached slot any more; tell whoever scans the physical slots."""
    word = s.virtual_table[v]
    if word.tag == Backing.SWAPFILE:
        s.rmap_cache_only[word.slot] = True  # an atomic bit operation: the physical lock is not taken [v2p3]


def vswap_clear_cache_only(s: Swap, v: VswapSlot):
    """V held: the first PTE refers to a cached slot again; withdraw the hint."""
    word = s.virtual_table[v]
    if design.dup_clears_hint and s.count[v] == 1 and word.tag == Backing.SWAPFILE:
        s.rmap_cache_only[word.slot] = False


def zswap_entry_free(s: Swap, e: ZswapEntry):
    """Take an entry off the LRU and free its memory."""
    entry = s.zswap[e]
    expect(entry.live, "nothing is freed twice")
    with hold(s.zswap_lru_lock):
        entry.on_lru = False
    entry.live = False


def swap_range_free(s: Swap, p: PhysSlot):
    """V held: free a physical slot."""
    expect(s.rmap[p] is not None, "nothing is freed twice")
    with hold(s.phys_cluster.lock):
        if design.release_clears_rmap:
            s.rmap[p] = None
            s.rmap_cache_only[p] = False
        s.disk[p] = Content.JUNK  # may be discarded


def __vswap_release_backing(s: Swap, v: VswapSlot):
    """V held: free whatever holds the content of a virtual slot."""
    word = s.virtual_table[v]
    if word.tag == Backing.ZSWAP:
        zswap_entry_free(s, word.entry)
    elif word.tag == Backing.SWAPFILE:
        swap_range_free(s, word.slot)
        if design.release_uncharges:
            uncharge_swap(s, s.memcg_table[v])
    if design.release_clears_backing:
        s.virtual_table[v] = Backing.NONE
    if design.release_clears_zero:
        s.zero[v] = False


def folio_release_vswap_backing(s: Swap, v: VswapSlot, f: Folio):
    """Release what backs the slot of a locked cached folio: only the folio has the content now.

    In RFC v1 this is vswap_store_folio(), which also stores the folio's address [v1p2].
    """
    with hold(s.vswap_cluster.lock):
        __vswap_release_backing(s, v)
        if not design.drops_folio_tag:
            s.virtual_table[v] = Backing.FOLIO(f)


def __swap_cluster_free_entries(s: Swap, v: VswapSlot):
    """V held: free a virtual slot and all that is behind it."""
    if not design.free_uncharges_before_id:
        clear_memcg_id(s, v)
    __vswap_release_backing(s, v)  # uncharges, so it comes before the id is cleared [v2p4]
    s.table[v] = TableWord.NULL
    s.count[v] = 0
    clear_memcg_id(s, v)
