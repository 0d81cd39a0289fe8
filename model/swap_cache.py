# SPDX-License-Identifier: GPL-2.0-or-later
"""The swap cache: finding a folio, putting one in, taking it out.

Mirrors   swap_cache_get_folio(), swap_cache_alloc_folio(), swap_cache_del_folio(),
          free_swap_cache() in mm/swap_state.c [P4p8] [v2p2] [mainline]; folio_free_swap(), folio_put_swap() in
          mm/swapfile.c [v2p3] [mainline]
Left out  hibernation, which makes folio_free_swap() refuse.  For a large order -EEXIST and -ENOENT
          end the kernel's loop over orders at once; here the smaller order meets them by itself.
"""

from __future__ import annotations

from checker.language import *
from model.backing import vswap_can_swapin_thp
from model.cluster import __swap_cluster_free_entries, move_folio_word, vswap_mark_cache_only
from model.design import design
from model.device import has_tables
from model.memcg import record_memcg_id
from model.memory import folio_alloc, folio_get, folio_put, folio_put_refs
from model.objects import (
    Backing,
    Folio,
    Swap,
    TableWord,
    VswapSlot,
    cached,
    folio_at_entry,
    folio_at_slot,
    folio_mapped,
    folio_test_writeback,
    is_kept_at_slot,
)


def swap_cache_get_folio(s: Swap, v: VswapSlot):
    """The folio that is cached for a slot, with a reference; takes no lock."""
    expect(has_tables(s, v), "nothing freed is used")
    if design.one_table and s.direct[v] is None:
        return (yield from follow_one_word(s, v))
    if not design.folio_at_virtual_slot:
        return (yield from follow_to_folio(s, v))
    # one atomic look-up: the kernel takes a reference and looks again (RCU)
    if not cached(s, v):
        return None
    f = s.table[v].folio
    folio_get(s, f)
    return f


def follow_to_folio(s: Swap, v: VswapSlot):
    """The same where the folio is at the physical slot, if there is one behind the entry."""
    word = s.virtual_table[v]
    if s.direct[v] is None:
        yield "followed the virtual_table"  # to one of two words; what is read there may be another's by now
    if word.tag == Backing.SWAPFILE and s.direct[v] is None:
        f = folio_at_slot(s, word.slot)
    elif cached(s, v) and (s.direct[v] is not None or s.virtual_table[v].tag != Backing.SWAPFILE):
        f = s.table[v].folio
    else:
        f = None
    if f is not None:
        folio_get(s, f)
    return f


def follow_one_word(s: Swap, v: VswapSlot):
    """The same where a word has a folio or what backs the slot: the folio may be there."""
    word = s.virtual_table[v]
    if word.tag == Backing.SWAPFILE:
        yield "read that a physical slot is behind it"
        f = folio_at_slot(s, word.slot)
    elif word.tag == Backing.ZSWAP:
        yield "read that it is in zswap"
        expect(s.zswap[word.entry].live or design.entries_outlive_lookups, "nothing freed is used")
        f = folio_at_entry(s, word.entry)
    elif cached(s, v):
        f = s.table[v].folio
    else:
        f = None
    if f is not None:
        folio_get(s, f)
    return f


def swap_cache_alloc_folio(s: Swap, v: VswapSlot, nr: int):
    """A new locked folio in the swap cache, not read yet, of at most so many pages; None if that cannot be."""
    for _ in range(block(Folio)):
        f = yield from __swap_cache_alloc(s, v, nr)
        if f is not None or nr == 1:
            return f
        else:
            yield "the next smaller order is tried"  # -EBUSY, -ENOMEM
            nr = max(nr // 2, 1)
    return None


def __swap_cache_add_check(s: Swap, v: VswapSlot, nr: int, again: bool) -> bool:
    """V held: whether a folio of so many pages can go into the swap cache for the slot."""
    if cached(s, v) or not is_swapped_out(s, v):
        return False  # -EEXIST, -ENOENT
    if nr == 1:
        return True
    first = v - place(v) % nr
    if design.add_refuses_large:
        return False
    if any(cached(s, first + i) or s.count[first + i] == 0 or s.memcg_table[first + i] != s.memcg_table[first]
           or (design.add_compares_zero and s.zero[first + i] != s.zero[first]) for i in range(nr)):
        return False  # -EBUSY
    asks = design.add_rechecks_backing if again else design.add_checks_backing
    return not asks or vswap_can_swapin_thp(s, first, nr)


def __swap_cache_alloc(s: Swap, v: VswapSlot, nr: int):
    """swap_cache_alloc_folio() for one order."""
    first = v - place(v) % nr
    expect(has_tables(s, v), "nothing freed is used")
    with hold(s.vswap_cluster.lock):
        if not __swap_cache_add_check(s, v, nr, False):
            return None
        owner = s.memcg_table[v]
    yield "the slot is swapped out and not cached"

    if maybe("no memory"):
        return None  # -ENOMEM
    f = folio_alloc(s, nr)
    if f is None:
        return None  # -ENOMEM
    folio = s.folio[f]
    acquire(folio.lock)
    expect(has_tables(s, v), "nothing freed is used")
    with hold(s.vswap_cluster.lock):
        if design.add_rechecks_slot and not __swap_cache_add_check(s, v, nr, True):
            inserted = False
        else:
            overwrite_pointer(s, v)
            if is_kept_at_slot() and s.virtual_table[v].tag == Backing.SWAPFILE:
                move_folio_word(s)
            __swap_cache_add_folio(s, first, f)
            folio.memcg = s.memcg_table[v] if design.add_reads_owner_inserting else owner  # in one section [P4p8]
            inserted = True
    if not inserted:
        release(folio.lock)
        folio_put(s, f)
        return None
    yield "a new folio is in the swap cache"

    if maybe("memcg charge of the folio fails"):
        swap_cache_del_folio(s, f)
        release(folio.lock)
        folio_put(s, f)
        return None
    return f


def __swap_cache_add_folio(s: Swap, v: VswapSlot, f: Folio):
    """The cluster's lock held: the words of its slots name the folio."""
    nr = s.folio[f].nr_pages
    for i in range(nr):
        s.table[v + i] = TableWord.PFN(f)
        if not design.folio_has_one_entry:
            s.folio[f + i].swap = v + i  # each page its own
    s.folio[f].swap = v
    s.folio[f].refcount += nr  # the swap cache's


def is_swapped_out(s: Swap, v: VswapSlot) -> bool:
    """Whether the word of a slot has a count of at least one."""
    p = s.direct[v]
    if not design.add_knows_countless_words and p is not None and (s.rmap[p] is not None or s.bad[p]):
        return True  # such a word has no count: the answer is -EINVAL, and that is not zero
    return s.count[v] > 0


def overwrite_pointer(s: Swap, v: VswapSlot):
    """The word of a slot is about to be a folio's: were it a reverse map, that would be gone."""
    p = s.direct[v]
    if not design.add_knows_countless_words and p is not None:
        s.rmap[p] = None


def swap_cache_del_folio(s: Swap, f: Folio):
    """Take a locked folio out of the swap cache; a slot with no PTE left is freed."""
    with hold(s.vswap_cluster.lock):
        __swap_cache_del_folio(s, f)
    folio_put_refs(s, f, s.folio[f].nr_pages)


def __swap_cache_del_folio(s: Swap, f: Folio):
    """V held: the words become SHADOW, or the slots are freed."""
    __swap_cache_del_entry(s, f, s.folio[f].swap)


def __swap_cache_del_entry(s: Swap, f: Folio, v: VswapSlot):
    """V held: take a folio out of the swap cache that is cached from this slot on, so it is said."""
    folio = s.folio[f]
    for i in range(folio.nr_pages):
        if design.records_memcg_late and s.memcg_table[v + i] is None:
            record_memcg_id(s, v + i, folio.memcg)
        s.folio[f + i].swap = None
        s.table[v + i] = TableWord.SHADOW
        if s.count[v + i] == 0:
            __swap_cluster_free_entries(s, v + i)
        elif is_kept_at_slot() and s.virtual_table[v + i].tag == Backing.SWAPFILE:
            with hold(s.phys_cluster.lock):
                if not design.removal_writes_rmap:
                    s.rmap[s.virtual_table[v + i].slot] = None  # the folio was all that knew


def folio_put_swap(s: Swap, v: VswapSlot, nr: int):
    """PTEs no longer refer to slots of a cached folio."""
    with hold(s.vswap_cluster.lock):
        for i in range(nr):
            expect(s.count[v + i] > 0, "nothing is freed twice")
            s.count[v + i] = max(s.count[v + i] - 1, 0)
            if s.count[v + i] == 0 and cached(s, v + i):
                vswap_mark_cache_only(s, v + i)


def folio_free_swap(s: Swap, f: Folio):
    """Take a locked folio out of the swap cache if no PTE needs it there; True if it did."""
    folio = s.folio[f]
    if folio.swap is None or (design.free_swap_tests_writeback and folio_test_writeback(s, f)):
        return False
    # read without V; the folio lock keeps a zero at zero, for the first PTE needs that lock
    if design.free_swap_tests_count and any(s.count[folio.swap + i] > 0 for i in range(folio.nr_pages)):
        return False
    yield "no PTE refers to the slot"
    swap_cache_del_folio(s, f)
    if design.free_swap_dirties_folio:
        folio.dirty = True
    yield "out of the swap cache"
    return True


def free_swap_cache(s: Swap, f: Folio):
    """Take a folio that nobody maps any more out of the swap cache, if its lock is free."""
    folio = s.folio[f]
    if folio.swap is not None and not folio_mapped(s, f) and trylock(folio.lock):
        yield from folio_free_swap(s, f)
        release(folio.lock)
