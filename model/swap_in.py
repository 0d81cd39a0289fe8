# SPDX-License-Identifier: GPL-2.0-or-later
"""Swap-in: the fault on a swap entry.

Mirrors   do_swap_page() in mm/memory.c, swap_read_folio(), swap_read_folio_zeromap() in
          mm/page_io.c [v2p2] [v2p3] [mainline]
Left out  large orders; KSM copies.  The synchronous path differs in that no neighbour is read: a read
          that ends at once is one schedule of a read that ends some time.  Readahead is a design's switch:
          where that is off, a fault that gives up once it has read the page does what readahead would, as
          long as it is a PTE of its own.  Write faults: the page is mapped, then it is
          stored to, or do_wp_page() comes first; the kernel keeps the PTL in between.  A retry inside the
          kernel is a new fault here.
"""

from __future__ import annotations

from checker.language import *
from model.design import Readahead, design
from model.device import device_to_pin, get_swap_device, is_synchronous, put_swap_device, wants_stable_writes
from model.memory import folio_put
from model.objects import (
    Backing,
    Content,
    Folio,
    Pte,
    PteWord,
    Swap,
    Task,
    VswapSlot,
    folio_test_writeback,
    is_resolved,
    is_zero,
    on_device,
)
from model.page_io import swap_read_folio_phys
from model.readahead import neighbour, pin_neighbour, reads_neighbours
from model.swap_bypass import swapin_without_cache
from model.swap_cache import folio_free_swap, folio_put_swap, swap_cache_alloc_folio, swap_cache_get_folio
from model.zswap import zswap_load


@operation
def do_swap_page(s: Swap, cpu: Task, pte: Pte):
    """Fault on a page that is swapped out."""
    require(s.pte[pte].tag == PteWord.SWAP)
    v = s.pte[pte].slot
    exclusive = s.pte_exclusive[pte]
    si = device_to_pin(s, v)
    yield "read the PTE"

    if not get_swap_device(s, si):
        return  # by now the PTE says something else
    f = yield from swap_cache_get_folio(s, v)
    if f is None:
        yield "not in the swap cache"
        if not design.fault_uses_swap_cache and s.count[v] == 1:
            yield from swapin_without_cache(s, pte, v, exclusive)
            put_swap_device(s, si)
            return
        if design.readahead != Readahead.NONE:
            yield from swapin_readahead(s, pte, v)
        f = yield from swap_cache_alloc_folio(s, v)
        if f is None:
            if design.fault_puts_device_on_error:
                put_swap_device(s, si)
            return
        yield "the folio is charged"
        yield from swap_read_folio(s, f)
    yield "have a folio"

    folio = s.folio[f]
    acquire(folio.lock)
    if design.fault_rechecks_folio and not folio_matches_swap_entry(s, f, v):
        release(folio.lock)
        folio_put(s, f)
        put_swap_device(s, si)
        return
    yield "locked the folio"

    acquire(s.ptl[pte])
    if design.fault_rechecks_pte and (s.pte[pte] != PteWord.SWAP(v) or s.pte_exclusive[pte] != exclusive):
        release(s.ptl[pte])
        release(folio.lock)
        folio_put(s, f)
        put_swap_device(s, si)
        return
    if design.fault_checks_uptodate and not folio.uptodate:
        release(s.ptl[pte])
        release(folio.lock)
        folio_put(s, f)
        put_swap_device(s, si)
        return  # SIGBUS
    folio.anon = True
    s.pte[pte] = PteWord.PRESENT(f)  # the reference that we hold is the mapping's now
    if exclusive and must_stay_as_it_is(s, f):
        exclusive = False  # a store will copy the page: the disk is still reading it
    s.pte_write[pte] = exclusive or not design.fault_protects_shared
    s.pte_exclusive[pte] = s.pte_write[pte]
    folio_put_swap(s, v)
    if not design.fault_keeps_ptl:
        release(s.ptl[pte])
    yield "mapped"

    if should_try_to_free_swap(s, v):
        yield from folio_free_swap(s, f)
    release(folio.lock)  # still under the PTL: nobody can unmap the folio and put its reference
    if design.fault_keeps_ptl:
        release(s.ptl[pte])
    put_swap_device(s, si)


def swapin_readahead(s: Swap, pte: Pte, v: VswapSlot):
    """Unless the device is synchronous, read a neighbour into the swap cache; nobody waits for that."""
    if not reads_neighbours(s, v):
        yield "synchronous: only the page itself"
        return
    yield "neighbours may be read, too"
    w = neighbour(s, pte, v)
    if w is None:
        return
    si = pin_neighbour(s, v, w)
    yield "there is a neighbour"
    if not get_swap_device(s, si):
        return
    near = yield from swap_cache_alloc_folio(s, w)
    put_swap_device(s, si)
    if near is None:
        yield "the neighbour cannot be had"
        return
    yield "the neighbour is in the swap cache"
    yield from swap_read_folio(s, near)
    folio_put(s, near)
    yield "the neighbour is read"


def folio_matches_swap_entry(s: Swap, f: Folio, v: VswapSlot) -> bool:
    """Folio locked: it is in the swap cache for this slot."""
    return s.folio[f].swap == v if design.fault_compares_entry else s.folio[f].swap is not None


def must_stay_as_it_is(s: Swap, f: Folio) -> bool:
    """Folio locked: a write of it is in flight to a device that wants no stores meanwhile."""
    v = s.folio[f].swap
    if v is None or not folio_test_writeback(s, f):
        return False
    # the virtual device has no such flag: the one behind the slot is asked, without V as the folio is locked
    return wants_stable_writes(s, v)


def should_try_to_free_swap(s: Swap, v: VswapSlot) -> bool:
    """Whether the swap entry is not worth keeping beside the mapped folio."""
    with hold(s.vswap_cluster.lock):
        on_disk = on_device(s, v)
        synchronous = is_synchronous(s, v)
    if synchronous:
        return True  # the page is read again as fast as it is found
    if on_disk and not design.fault_keeps_written:
        return True
    return (design.fault_frees_unwritten and not on_disk) or maybe("swap is nearly full")


def swap_read_folio(s: Swap, f: Folio):
    """Fill a locked folio from what backs its slot; it ends unlocked."""
    folio = s.folio[f]
    if swap_read_folio_zeromap(s, f):
        release(folio.lock)
        return
    yield "the slot is not zero"
    loaded = yield from zswap_load(s, f)
    if loaded:
        return
    yield "the slot is not in zswap"
    with hold(s.vswap_cluster.lock):
        word = s.virtual_table[folio.swap]  # vswap_to_phys
        direct = s.direct[folio.swap]
    if direct is not None:
        swap_read_folio_phys(s, f, direct)
        return
    if word.tag != Backing.SWAPFILE or not is_resolved(s, folio.swap):
        release(folio.lock)  # not uptodate: SIGBUS
        return
    swap_read_folio_phys(s, f, word.slot)


def swap_read_folio_zeromap(s: Swap, f: Folio) -> bool:
    """Clear a locked folio whose slot is marked zero; True if it is."""
    folio = s.folio[f]
    with hold(s.vswap_cluster.lock):
        zero = is_zero(s, folio.swap)
        if zero and not design.read_keeps_zero:
            s.zero[folio.swap] = False
    if zero:
        folio.content = Content.ZERO
        folio.uptodate = True  # and clean: the mark stays
    return zero
