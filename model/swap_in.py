# SPDX-License-Identifier: GPL-2.0-or-later
"""Swap-in: the fault on a swap entry.

Mirrors   do_swap_page() in mm/memory.c, swap_read_folio(), swap_read_folio_zeromap() in
          mm/page_io.c [v2p2] [v2p3] [mainline]
Left out  KSM copies.  The synchronous path differs in that no neighbour is read, and large folios may be: a read
          that ends at once is one schedule of a read that ends some time.  Readahead is a design's switch:
          where that is off, a fault that gives up once it has read the page does what readahead would, as
          long as it is a PTE of its own.  Write faults: the page is mapped, then it is
          stored to, or do_wp_page() comes first; the kernel keeps the PTL in between.  A retry inside the
          kernel is a new fault here.
"""

from __future__ import annotations

from checker.language import *
from model.backing import on_disk_as_one, vswap_can_swapin_thp
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
    first_entry,
    folio_matches_swap_entry,
    folio_test_writeback,
    is_resolved,
    is_zero,
    page_of,
    page_table,
)
from model.page_io import swap_read_folio_phys
from model.readahead import neighbour, pin_neighbour, reads_neighbours
from model.swap_bypass import swapin_without_cache
from model.swap_cache import (
    folio_free_swap,
    folio_put_swap,
    swap_cache_alloc_folio,
    swap_cache_del_folio,
    swap_cache_get_folio,
)
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
        nr = 1
        if block(Folio) > 1:
            nr = yield from thp_swapin_suitable_orders(s, pte, v)
        f = yield from swap_cache_alloc_folio(s, v, nr)
        if f is None:
            if design.fault_puts_device_on_error:
                put_swap_device(s, si)
            return
        yield "the folio is charged"
        if design.swapin_checks_backing and s.folio[f].nr_pages > 1:  # RFC v1 looks again [v1p2]
            with hold(s.vswap_cluster.lock):
                fits = vswap_can_swapin_thp(s, first_entry(s, f, v), s.folio[f].nr_pages)
            if not fits:
                yield "the backing has changed"
                yield from swapin_give_up(s, f)
                put_swap_device(s, si)
                return
            yield "the backing is still one"
        yield from swap_read_folio(s, f)
    yield "have a folio"

    folio = s.folio[f]
    acquire(folio.lock)
    if design.fault_rechecks_folio and not fault_may_use_folio(s, f, v):
        release(folio.lock)
        folio_put(s, f)
        put_swap_device(s, si)
        return
    yield "locked the folio"

    acquire(s.ptl[page_table(pte)])
    if design.fault_rechecks_pte and (s.pte[pte] != PteWord.SWAP(v) or s.pte_exclusive[pte] != exclusive):
        release(s.ptl[page_table(pte)])
        release(folio.lock)
        folio_put(s, f)
        put_swap_device(s, si)
        return
    if design.fault_checks_uptodate and not folio.uptodate:
        release(s.ptl[page_table(pte)])
        release(folio.lock)
        folio_put(s, f)
        put_swap_device(s, si)
        return  # SIGBUS
    folio.anon = True
    # all pages of the folio if all their PTEs are as they were, else the one that was asked for
    whole = swap_pte_batch(s, pte, v, folio.nr_pages) == folio.nr_pages
    ahead = place(v) % folio.nr_pages if whole else 0
    nr = folio.nr_pages if whole else 1
    if exclusive and must_stay_as_it_is(s, f):
        exclusive = False  # a store will copy the page: the disk is still reading it
    for i in range(nr):
        s.pte[pte - ahead + i] = PteWord.PRESENT(page_of(s, f, v) - ahead + i)
        s.pte_write[pte - ahead + i] = exclusive or not design.fault_protects_shared
        s.pte_exclusive[pte - ahead + i] = s.pte_write[pte - ahead + i]
    folio.refcount += nr - 1  # the reference that we hold is the first mapping's now
    folio_put_swap(s, v - ahead, nr)
    if not design.fault_keeps_ptl:
        release(s.ptl[page_table(pte)])
    yield "mapped"

    if should_try_to_free_swap(s, f, v):
        yield from folio_free_swap(s, f)
    release(folio.lock)  # still under the PTL: nobody can unmap the folio and put its reference
    if design.fault_keeps_ptl:
        release(s.ptl[page_table(pte)])
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
    near = yield from swap_cache_alloc_folio(s, w, 1)
    put_swap_device(s, si)
    if near is None:
        yield "the neighbour cannot be had"
        return
    yield "the neighbour is in the swap cache"
    yield from swap_read_folio(s, near)
    folio_put(s, near)
    yield "the neighbour is read"


def swap_pte_batch(s: Swap, pte: Pte, v: VswapSlot, nr: int) -> int:
    """PTL held: how many neighbours of a PTE, itself among them, hold the entries that a folio of so many
    pages needs: all or one."""
    if place(pte) % nr == place(v) % nr and all(
        s.pte[pte - place(pte) % nr + i] == PteWord.SWAP(v - place(v) % nr + i)
        and s.pte_exclusive[pte - place(pte) % nr + i] == s.pte_exclusive[pte] for i in range(nr)
    ):
        return nr
    return 1


def thp_swapin_suitable_orders(s: Swap, pte: Pte, v: VswapSlot):
    """How many pages to read at once: as many as neighbours were swapped out together, of the disk only."""
    with hold(s.vswap_cluster.lock):
        fast = is_synchronous(s, v) and not is_zero(s, v)  # swap_entry_backend_has_flag: V is dropped: a hint
    yield "the device is known"
    if not fast:
        return 1  # swapin_readahead
    acquire(s.ptl[page_table(pte)])
    nr = block(Folio)
    if swap_pte_batch(s, pte, v, nr) == 1:
        nr = max(nr // 2, 1)
        if swap_pte_batch(s, pte, v, nr) == 1:
            nr = 1
    if nr > 1 and design.batch_checks_backing:  # RFC v1 [v1p2]
        with hold(s.vswap_cluster.lock):
            if not vswap_can_swapin_thp(s, v - place(v) % nr, nr):
                nr = 1
    release(s.ptl[page_table(pte)])
    yield "the order is chosen"
    return nr


def swapin_give_up(s: Swap, f: Folio):
    """The backing is not what it was: the large folio is not read after all."""
    if not design.swapin_leaves_folio_cached:
        swap_cache_del_folio(s, f)
        yield "out of the swap cache"
    release(s.folio[f].lock)
    folio_put(s, f)


def fault_may_use_folio(s: Swap, f: Folio, v: VswapSlot) -> bool:
    """Folio locked: it is in the swap cache for this slot."""
    return folio_matches_swap_entry(s, f, v) if design.fault_compares_entry else s.folio[f].swap is not None


def must_stay_as_it_is(s: Swap, f: Folio) -> bool:
    """Folio locked: a write of it is in flight to a device that wants no stores meanwhile."""
    v = s.folio[f].swap
    if v is None or not folio_test_writeback(s, f):
        return False
    # the virtual device has no such flag: the one behind the slot is asked, without V as the folio is locked
    return wants_stable_writes(s, v)


def should_try_to_free_swap(s: Swap, f: Folio, v: VswapSlot) -> bool:
    """Whether the swap entry is not worth keeping beside the mapped folio."""
    with hold(s.vswap_cluster.lock):
        on_disk = on_disk_as_one(s, first_entry(s, f, v), s.folio[f].nr_pages)
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
    """Clear a locked folio whose slots are marked zero; True if there is nothing else to read."""
    folio = s.folio[f]
    nr = folio.nr_pages
    with hold(s.vswap_cluster.lock):
        zero = is_zero(s, folio.swap)
        alike = all(is_zero(s, folio.swap + i) == zero for i in range(nr))
        if zero and not design.read_keeps_zero:
            for i in range(nr):
                s.zero[folio.swap + i] = False
    if not alike and design.read_tests_every_zero:
        return True  # a warning, and the folio is not uptodate [mainline]
    if zero:
        for i in range(nr):
            s.folio[f + i].content = Content.ZERO
        folio.uptodate = True  # and clean: the mark stays
    return zero
