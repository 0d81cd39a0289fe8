# SPDX-License-Identifier: GPL-2.0-or-later
"""swapoff: a physical device is drained, by its reverse map and by the page tables, and taken down.

Mirrors   swapoff(), try_to_unuse(), find_next_to_unuse() in mm/swapfile.c [v2p3] [v1p3] [mainline]
Left out  wait_for_allocation(): it waits until everybody who held a cluster lock when SWP_WRITEOK
          was cleared has dropped it, and a hold is one step here.  shmem; swapon afterwards.
          The order of the scans: whatever is left may be next (direct entries: ``model/unuse.py``).
          A device without direct entries has no references to wait for, and is taken down at once.
          A slot that backs a virtual one costs no PTE and no swap count a change: the virtual entries live on.
"""

from __future__ import annotations

from checker.language import *
from model.cluster import folio_release_vswap_backing
from model.design import design
from model.memory import folio_put
from model.objects import (
    Backing,
    Device,
    PhysSlot,
    Swap,
    SwapInfo,
    Swapoff,
    first_entry,
    folio_matches_swap_entry,
    folio_test_writeback,
    in_use,
    next_slot,
)
from model.swap_cache import swap_cache_alloc_folio, swap_cache_get_folio
from model.swap_in import swap_read_folio
from model.unuse import Unuse, has_direct_entries, is_left, unuse_cached, unuse_pte_range


@operation
def swapoff(s: Swap, cpu: Swapoff, si: Device):
    """Take a physical device out of use; when it fails, the device is in use as before."""
    device = s.swap_info[si]
    with hold(s.swap_lock):
        found = device.flags == SwapInfo.WRITEOK or not design.swapoff_tests_writeok
        if found:
            device.flags = SwapInfo.DRAINING
    if not found:
        yield "no such device is in use"
        return  # -EINVAL: another swapoff has it, or had it
    yield "SWP_WRITEOK is cleared"
    drained = yield from try_to_unuse(s, si)
    if drained and design.swapoff_kills_references and has_direct_entries(s, si):
        device.flags = SwapInfo.DYING  # percpu_ref_kill
        yield "nobody gets a reference any more"
        require(device.users == 0)
    with hold(s.swap_lock):
        expect(device.flags in (SwapInfo.DRAINING, SwapInfo.DYING), "nothing is freed twice")
        if drained:
            device.flags = SwapInfo.OFF
        elif design.swapoff_reinserts:
            device.flags = SwapInfo.WRITEOK


def try_to_unuse(s: Swap, si: Device):
    """Empty every slot of the device; False: interrupted, or out of memory."""
    while any(s.phys_device[p] == si and in_use(s, p) and not s.bad[p] for p in PhysSlot):
        if maybe("a signal is pending"):
            return False
        require(any(is_left(s, si, found) for found in Unuse))  # a zap is about to free the rest
        found = choose(Unuse, where=lambda kind: is_left(s, si, kind))
        if found == Unuse.PTE:
            mapped = yield from unuse_pte_range(s, si)
            if not mapped:
                return False
            continue
        if found == Unuse.CACHED:
            yield from unuse_cached(s, si)
            continue
        with hold(s.phys_cluster.lock):
            p = choose(PhysSlot, where=lambda p: s.phys_device[p] == si and s.rmap[p] is not None)
            v = s.rmap[p]
        yield "a slot is in use"  # P is dropped: nothing pins it from here

        f = yield from swap_cache_get_folio(s, v)
        if f is None:
            yield "not in the swap cache"
            f = yield from swap_cache_alloc_folio(s, v, 1)
            if f is None:
                yield "no folio to be had"
                continue
            yield "the folio is charged"
            yield from swap_read_folio(s, f)
        yield "have a folio"

        folio = s.folio[f]
        acquire(folio.lock)
        if design.swapoff_rechecks_folio and not folio_matches_swap_entry(s, f, v):
            release(folio.lock)
            folio_put(s, f)
            yield "another folio by now"
            continue
        yield "locked the folio"

        with hold(s.vswap_cluster.lock):
            word = s.virtual_table[first_entry(s, f, v)]  # vswap_to_phys; the others follow
        if not is_on(s, word, si) or (
            design.swapoff_rechecks_backing and next_slot(word.slot, place(v) % folio.nr_pages) != p
        ):
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


def is_on(s: Swap, word: Backing, si: Device) -> bool:
    """Whether a word of the virtual_table names a slot of the device."""
    return word.tag == Backing.SWAPFILE and s.phys_device[word.slot] == si
