# SPDX-License-Identifier: GPL-2.0-or-later
"""swapoff: the physical device is drained, by its reverse map.

Mirrors   swapoff(), try_to_unuse(), find_next_to_unuse() in mm/swapfile.c [v2p3] [v1p3]
Left out  wait_for_allocation(): it waits until everybody who held a cluster lock when SWP_WRITEOK
          was cleared has dropped it, and a hold is one step here.  shmem, the walk over page tables and
          what else is for direct entries.  Several devices: a page that loses its slot can go
          to zswap only.  The freeing of the tables, once nothing is in use; swapon afterwards.
          No page table entry and no swap count is touched: the virtual entries live on.
"""

from __future__ import annotations

from checker.language import *
from model.cluster import folio_release_vswap_backing
from model.design import design
from model.memory import folio_put
from model.objects import Backing, PhysSlot, Swap, SwapInfo, Swapoff, folio_test_writeback
from model.swap_cache import swap_cache_alloc_folio, swap_cache_get_folio
from model.swap_in import swap_read_folio


@operation
def swapoff(s: Swap, cpu: Swapoff):
    """Take the physical device out of use; when it fails, the device is in use as before."""
    with hold(s.swap_lock):
        found = s.swap_info == SwapInfo.WRITEOK or not design.swapoff_tests_writeok
        if found:
            s.swap_info = SwapInfo.DRAINING
    if not found:
        yield "no such device is in use"
        return  # -EINVAL: another swapoff has it, or had it
    yield "SWP_WRITEOK is cleared"
    drained = yield from try_to_unuse(s)
    with hold(s.swap_lock):
        expect(s.swap_info == SwapInfo.DRAINING, "nothing is freed twice")
        s.swap_info = SwapInfo.OFF if drained else SwapInfo.WRITEOK  # reinsert_swap_info


def try_to_unuse(s: Swap):
    """Release every slot of the device; False: interrupted."""
    while any(s.rmap[p] is not None for p in PhysSlot):
        if maybe("a signal is pending"):
            return False
        with hold(s.phys_cluster.lock):
            p = choose(PhysSlot, where=lambda p: s.rmap[p] is not None)
            v = s.rmap[p]
        yield "a slot is in use"  # P is dropped: nothing pins it from here

        f = swap_cache_get_folio(s, v)
        if f is None:
            yield "not in the swap cache"
            f = yield from swap_cache_alloc_folio(s, v)
            if f is None:
                yield "no folio to be had"
                continue
            yield "the folio is charged"
            yield from swap_read_folio(s, f)
        yield "have a folio"

        folio = s.folio[f]
        acquire(folio.lock)
        if design.swapoff_rechecks_folio and folio.swap != v:
            release(folio.lock)
            folio_put(s, f)
            yield "another folio by now"
            continue
        yield "locked the folio"

        with hold(s.vswap_cluster.lock):
            word = s.virtual_table[v]  # vswap_to_phys
        if word.tag != Backing.SWAPFILE or (design.swapoff_rechecks_backing and word != Backing.SWAPFILE(p)):
            release(folio.lock)
            folio_put(s, f)
            yield "another backing by now"
            continue
        if not design.swapoff_trusts_reads and not folio.uptodate:
            release(folio.lock)
            folio_put(s, f)
            yield "the page cannot be read"
            return False  # the disk has the only copy that is any good
        yield "still backed by the slot"

        if design.swapoff_waits_for_writeback:
            require(not folio_test_writeback(s, f))
        folio_release_vswap_backing(s, v, f)
        if design.swapoff_dirties_folio:
            folio.dirty = True
        release(folio.lock)
        folio_put(s, f)
        yield "a slot is free"
    return True
