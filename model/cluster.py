# SPDX-License-Identifier: GPL-2.0-or-later
"""Slots: taking physical ones, releasing what backs a virtual one.

Mirrors   folio_realloc_swap(), __vswap_release_backing(),
          __swap_cluster_free_entries(); mm/swapfile.c [v2p2] [v2p3] [v2p4]; of RFC v1
          vswap_store_folio() [v1p2]
Left out  the per-cpu allocator caches and their local_locks, the scan order, cluster
          lists: any free slot of the device at hand may be found, or none; for a large folio any free
          run that is aligned.
"""

from __future__ import annotations

from checker.language import *
from model.design import Charge, MemcgTable, design
from model.device import cached_cluster_elsewhere, comes_first, is_writeok
from model.memcg import clear_memcg_id, swap_memcg, try_charge_swap, uncharge_swap
from model.objects import (
    Backing,
    Content,
    Device,
    Folio,
    PhysSlot,
    Swap,
    TableWord,
    VswapSlot,
    ZswapEntry,
    first_entry,
    in_use,
    is_kept_at_slot,
    is_resolved,
)


def folio_realloc_swap(s: Swap, v: VswapSlot, nr: int):
    """Give virtual slots physical ones, one after the other on the disk: the first one, or None."""
    with hold(s.vswap_cluster.lock):
        word = s.virtual_table[v]
        m = swap_memcg(s, v)
    if word.tag == Backing.SWAPFILE:
        if not design.realloc_charges_new_slots_only:
            try_charge_swap(s, m, nr)
        return word.slot  # the first slot says it for all [v2p4]
    yield "no physical slot yet"

    if maybe("no memory"):
        return None  # for the table of a physical cluster
    with hold(s.phys_cluster.lock):
        elsewhere = cached_cluster_elsewhere()
        p = choose_or_none(PhysSlot, where=lambda p: is_free_run(s, p, nr) and (
            is_writeok(s, p) or not design.alloc_tests_writeok) and (elsewhere or comes_first(s, p, False)))
        if p is None:
            return None
        for i in range(nr):
            s.rmap[p + i] = v + i
            s.rmap_cache_only[p + i] = False
    yield "the reverse map points up"

    if design.charge != Charge.ENTRY:
        if not try_charge_swap(s, m, nr):
            yield "the memcg refuses the charge"
            realloc_unwind(s, p, nr)
            return None
        yield "the physical slot is charged"

    with hold(s.vswap_cluster.lock):
        if design.frees_virtual_table and not virtual_table_alloc(s):
            published = False
        else:
            for i in range(nr):
                if not design.publish_keeps_entry:
                    __vswap_release_backing(s, v + i)
                if is_kept_at_slot():
                    move_folio_word(s)
                s.virtual_table[v + i] = Backing.SWAPFILE(p + i)  # overwritten, not released [v2p3]
            published = True
    if design.frees_virtual_table and not published:
        uncharge_swap(s, m, nr)
        yield "no memory for the virtual_table"
        realloc_unwind(s, p, nr)
        return None
    return p


def is_free_run(s: Swap, p: PhysSlot, nr: int) -> bool:
    """P held: whether so many physical slots are free from here on, and begin where such a run may."""
    return (place(p) % nr == 0 and place(p) + nr <= block(PhysSlot)
            and not any(in_use(s, p + i) for i in range(nr)))


def move_folio_word(s: Swap):
    """V held: a physical slot's word gets the folio, or its reverse map back; ``table`` and ``virtual_table``
    together say where the folio is (``folio_at_slot``).
    """
    with hold(s.phys_cluster.lock):
        pass


def realloc_unwind(s: Swap, p: PhysSlot, nr: int):
    """Give back physical slots that nothing names yet."""
    if design.realloc_unwinds:
        with hold(s.phys_cluster.lock):
            for i in range(nr):
                s.rmap[p + i] = None
                s.rmap_cache_only[p + i] = False
            drop_empty_cluster(s)


def virtual_table_alloc(s: Swap) -> bool:
    """V held: the cluster has a virtual_table to write to; False: it was freed, and there is no memory."""
    return any(s.virtual_table[v] != Backing.NONE for v in VswapSlot) or not maybe("no memory for the virtual_table")


def drop_empty_cluster(s: Swap):
    """P held: an empty physical cluster gives its memcg_table back."""
    if design.memcg_table != MemcgTable.AT_ONCE:
        for si in Device:
            if not any(in_use(s, p) and s.phys_device[p] == si for p in PhysSlot):
                s.memcg_table_ready[si] = False


def vswap_mark_cache_only(s: Swap, v: VswapSlot):
    """V held: no PTE refers to a cached slot any more; tell whoever scans the physical slots."""
    word = s.virtual_table[v]
    if (design.rmap_has_hint and design.put_sets_hint and not is_kept_at_slot()
            and word.tag == Backing.SWAPFILE):
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
        drop_empty_cluster(s)


def __vswap_release_backing(s: Swap, v: VswapSlot):
    """V held: free whatever holds the content of a virtual slot."""
    if not is_resolved(s, v):
        return  # taken for a slot of a device, which has nothing behind it
    word = s.virtual_table[v]
    if word.tag == Backing.ZSWAP:
        zswap_entry_free(s, word.entry)
    elif word.tag == Backing.SWAPFILE:
        swap_range_free(s, word.slot)
        if design.release_uncharges and design.charge != Charge.ENTRY:
            uncharge_swap(s, swap_memcg(s, v), 1)
    if design.release_clears_backing:
        s.virtual_table[v] = Backing.NONE
    if design.release_clears_zero:
        s.zero[v] = False


def folio_release_vswap_backing(s: Swap, v: VswapSlot, f: Folio):
    """Release what backs the slots of a locked cached folio: only the folio has the content now.

    In RFC v1 this is vswap_store_folio(), which also stores the folio's address [v1p2].
    """
    first = first_entry(s, f, v)
    with hold(s.vswap_cluster.lock):
        release_range(s, first, f)


def release_range(s: Swap, v: VswapSlot, f: Folio):
    """V held: free whatever backs the slots of a folio; RFC v1 notes who has the content instead."""
    for i in range(s.folio[f].nr_pages):
        __vswap_release_backing(s, v + i)
        if not design.drops_folio_tag and s.direct[v + i] is None:
            s.virtual_table[v + i] = Backing.FOLIO(f)


def folio_release_non_phys_swap_backing(s: Swap, f: Folio):
    """Free what backs the slots of a cached folio unless they are physical ones, which can be used again."""
    v = s.folio[f].swap
    with hold(s.vswap_cluster.lock):
        if s.virtual_table[v].tag not in (Backing.SWAPFILE, Backing.NONE):  # of the first slot, for all [v2p3]
            release_range(s, v, f)


def __swap_cluster_free_entries(s: Swap, v: VswapSlot):
    """V held: free a slot that PTEs could name, and all that is behind it."""
    if not design.free_uncharges_before_id:
        clear_memcg_id(s, v)
    __swap_cluster_free_slot(s, v)  # uncharges, so it comes before the id is cleared [v2p4]
    clear_memcg_id(s, v)


def __swap_cluster_free_slot(s: Swap, v: VswapSlot):
    """V held: release what backs a slot, then the slot; its memcg is left recorded."""
    __vswap_release_backing(s, v)
    p = s.direct[v]
    if p is not None or design.charge == Charge.ENTRY:
        uncharge_swap(s, s.memcg_table[v], 1)
    s.table[v] = TableWord.NULL
    s.count[v] = 0
    if p is not None:
        s.disk[p] = Content.JUNK  # may be discarded
        drop_empty_cluster(s)
