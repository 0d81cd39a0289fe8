# SPDX-License-Identifier: GPL-2.0-or-later
"""Slot reclaim: physical slots are taken back from pages that are in memory anyway.

Mirrors   swap_reclaim_work(), swap_reclaim_full_clusters(), try_to_reclaim_vswap_backing()
          in mm/swapfile.c [v2p3] [v1p3]
Left out  the order of the scan and its end: any slot may be tried next, at any time.  The scan
          walks clusters that were full when it took them off their list; by the time it comes to a
          slot, others may be free, of the same cluster and of other ones.
          The same scan run by an allocation that finds the device full: it takes the same steps
          and waits for nothing (trylock), so a worker can do whatever it does, at the same moment.
          cluster_reclaim_range(), which meets a reverse map word only through a race, and then
          calls the same function.  Direct entries that only the cache keeps.
"""

from __future__ import annotations

from checker.language import *
from model.cluster import folio_release_vswap_backing
from model.design import design
from model.memory import folio_get, folio_put
from model.objects import (
    Backing,
    PhysSlot,
    Swap,
    VswapSlot,
    Worker,
    cached,
    first_entry,
    folio_at_slot,
    folio_matches_swap_entry,
    folio_test_writeback,
    is_kept_at_slot,
    next_slot,
)
from model.swap_cache import folio_free_swap, swap_cache_get_folio


@operation
def swap_reclaim_work(s: Swap, cpu: Worker, p: PhysSlot):
    """A device is full: free a physical slot whose page is only kept by the swap cache."""
    # the scan sees hint and pointer, then the reclaim reads them again in a hold of its own: one
    # look is enough here, since nothing of the first is kept
    require(s.rmap[p] is not None)
    if is_kept_at_slot():
        require(any(s.virtual_table[v] == Backing.SWAPFILE(p) and cached(s, v) for v in VswapSlot))
    elif design.rmap_has_hint:
        require(s.rmap_cache_only[p])  # else every slot that backs a virtual one is followed
    with hold(s.phys_cluster.lock):
        v = s.rmap[p]
        if is_kept_at_slot():
            f = folio_at_slot(s, p)  # and v is its folio->swap, read without the folio lock
            folio_get(s, f)
    if not is_kept_at_slot():
        yield "the hint is set"  # P is dropped: nothing pins the slot from here
        f = yield from swap_cache_get_folio(s, v)
        if f is None:
            return
    yield "found the cached folio"

    folio = s.folio[f]
    if not trylock(folio.lock):
        folio_put(s, f)
        return
    if design.reclaim_rechecks_folio and not folio_matches_swap_entry(s, f, v):
        release(folio.lock)
        folio_put(s, f)
        return
    yield "locked the folio"

    with hold(s.vswap_cluster.lock):
        word = s.virtual_table[first_entry(s, f, v)]  # vswap_to_phys; the others follow
    backed = word.tag == Backing.SWAPFILE and next_slot(word.slot, place(v) % folio.nr_pages) == p
    if design.reclaim_rechecks_backing and not backed:
        release(folio.lock)
        folio_put(s, f)
        return
    yield "still backed by the slot"

    if design.reclaim_frees_entry:
        yield from folio_free_swap(s, f)  # tests count and writeback again, frees the virtual slot
    elif not (
        (design.reclaim_tests_count and any(s.count[first_entry(s, f, v) + i] > 0 for i in range(folio.nr_pages)))
        or (design.reclaim_tests_writeback and folio_test_writeback(s, f))
    ):
        folio_release_vswap_backing(s, v, f)  # RFC v1: vswap_store_folio [v1p3]
        if design.reclaim_dirties_folio:
            folio.dirty = True
    release(folio.lock)
    folio_put(s, f)
