# SPDX-License-Identifier: GPL-2.0-or-later
"""Swap-in: the fault on a swap entry.

Mirrors   do_swap_page() in mm/memory.c, swap_read_folio(), swap_read_folio_zeromap() in
          mm/page_io.c [v2p2] [v2p3] [mainline]
Left out  readahead of neighbours, large orders; the synchronous path, which differs in the
          number of pages read only; KSM copies.  Write faults: the page is mapped, then it is
          stored to, or do_wp_page() comes first; the kernel keeps the PTL in between.  A retry inside the
          kernel is a new fault here.
"""

from __future__ import annotations

from checker.language import *
from model.design import design
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
from model.swap_cache import folio_free_swap, folio_put_swap, swap_cache_alloc_folio, swap_cache_get_folio
from model.zswap import zswap_load


@operation
def do_swap_page(s: Swap, cpu: Task, pte: Pte):
    """Fault on a page that is swapped out."""
    require(s.pte[pte].tag == PteWord.SWAP)
    v = s.pte[pte].slot
    exclusive = s.pte_exclusive[pte]
    yield "read the PTE"

    f = swap_cache_get_folio(s, v)
    if f is None:
        yield "not in the swap cache"
        f = yield from swap_cache_alloc_folio(s, v)
        if f is None:
            return
        yield "the folio is charged"
        yield from swap_read_folio(s, f)
    yield "have a folio"

    folio = s.folio[f]
    acquire(folio.lock)
    if design.fault_rechecks_folio and folio.swap != v:
        release(folio.lock)
        folio_put(s, f)
        return
    yield "locked the folio"

    acquire(s.ptl[pte])
    if design.fault_rechecks_pte and (s.pte[pte] != PteWord.SWAP(v) or s.pte_exclusive[pte] != exclusive):
        release(s.ptl[pte])
        release(folio.lock)
        folio_put(s, f)
        return
    if design.fault_checks_uptodate and not folio.uptodate:
        release(s.ptl[pte])
        release(folio.lock)
        folio_put(s, f)
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


def must_stay_as_it_is(s: Swap, f: Folio) -> bool:
    """Folio locked: a write of it is in flight to a device that wants no stores meanwhile."""
    v = s.folio[f].swap
    if v is None or not s.stable_writes or not folio_test_writeback(s, f):
        return False
    # the virtual device has no such flag: the one behind the slot is asked, without V as the folio is locked
    return s.direct[v] is not None or (design.fault_asks_backing_for_stable_writes and on_device(s, v))


def should_try_to_free_swap(s: Swap, v: VswapSlot) -> bool:
    """Whether the swap entry is not worth keeping beside the mapped folio."""
    with hold(s.vswap_cluster.lock):
        on_disk = on_device(s, v)
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
