# SPDX-License-Identifier: GPL-2.0-or-later
"""The swap cache: finding a folio, putting one in, taking it out.

Mirrors   swap_cache_get_folio(), swap_cache_alloc_folio(), swap_cache_del_folio(),
          free_swap_cache() in mm/swap_state.c [P4p8] [v2p2] [mainline]; folio_free_swap(), folio_put_swap() in
          mm/swapfile.c [v2p3] [mainline]
Left out  large orders and their uniformity checks; hibernation, which makes
          folio_free_swap() refuse.
"""

from __future__ import annotations

from checker.language import *
from model.cluster import __swap_cluster_free_entries, vswap_mark_cache_only
from model.design import design
from model.memcg import record_memcg_id
from model.memory import folio_alloc, folio_get, folio_put
from model.objects import Folio, Swap, TableWord, VswapSlot, cached, folio_mapped, folio_test_writeback


def swap_cache_get_folio(s: Swap, v: VswapSlot) -> Folio | None:
    """The folio that is cached for a slot, with a reference; takes no lock."""
    # one atomic look-up: the kernel takes a reference and looks again (RCU)
    if not cached(s, v):
        return None
    f = s.table[v].folio
    folio_get(s, f)
    return f


def swap_cache_alloc_folio(s: Swap, v: VswapSlot):
    """A new locked folio in the swap cache, not read yet; None if that cannot be."""
    with hold(s.vswap_cluster.lock):
        if cached(s, v) or s.count[v] == 0:
            return None  # -EEXIST, -ENOENT
        owner = s.memcg_table[v]
    yield "the slot is swapped out and not cached"

    if maybe("no memory"):
        return None  # -ENOMEM
    f = folio_alloc(s)
    if f is None:
        return None  # -ENOMEM
    folio = s.folio[f]
    acquire(folio.lock)
    with hold(s.vswap_cluster.lock):
        if design.add_rechecks_slot and (cached(s, v) or s.count[v] == 0):
            inserted = False
        else:
            s.table[v] = TableWord.PFN(f)
            folio.swap = v
            folio.refcount += 1  # the swap cache's
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


def swap_cache_del_folio(s: Swap, f: Folio):
    """Take a locked folio out of the swap cache; a slot with no PTE left is freed."""
    with hold(s.vswap_cluster.lock):
        __swap_cache_del_folio(s, f)
    folio_put(s, f)


def __swap_cache_del_folio(s: Swap, f: Folio):
    """V held: the word becomes SHADOW, or the slot is freed."""
    folio = s.folio[f]
    v = folio.swap
    if design.records_memcg_late and s.memcg_table[v] is None:
        record_memcg_id(s, v, folio.memcg)
    folio.swap = None
    s.table[v] = TableWord.SHADOW
    if s.count[v] == 0:
        __swap_cluster_free_entries(s, v)


def folio_put_swap(s: Swap, v: VswapSlot):
    """A PTE no longer refers to the slot of a cached folio."""
    with hold(s.vswap_cluster.lock):
        expect(s.count[v] > 0, "nothing is freed twice")
        s.count[v] = max(s.count[v] - 1, 0)
        if s.count[v] == 0 and cached(s, v):
            vswap_mark_cache_only(s, v)


def folio_free_swap(s: Swap, f: Folio):
    """Take a locked folio out of the swap cache if no PTE needs it there; True if it did."""
    folio = s.folio[f]
    if folio.swap is None or (design.free_swap_tests_writeback and folio_test_writeback(s, f)):
        return False
    # read without V; the folio lock keeps a zero at zero, for the first PTE needs that lock
    if design.free_swap_tests_count and s.count[folio.swap] > 0:
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
