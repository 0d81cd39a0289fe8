# SPDX-License-Identifier: GPL-2.0-or-later
"""swapoff of direct entries: their owners are found by a walk over the page tables.

Mirrors   unuse_mm() down to unuse_pte_range() and unuse_pte(), the last loop of try_to_unuse();
          mm/swapfile.c [mainline]
Left out  the order of the walk: any PTE that names a slot of the device may be next.  KSM.  unuse_pte() maps the
          page read-only, and the write fault that follows makes an exclusive one writable without looking at
          anything else; here the two are one step, so that no fault is needed to write to it again.
          The error marker: here the PTE is empty.  Who touches the page is killed, in either case.
"""

from __future__ import annotations

import enum

from checker.language import *
from model.design import design
from model.memory import folio_get, folio_put
from model.objects import (
    Content,
    Device,
    Folio,
    PhysSlot,
    Pte,
    PteWord,
    Swap,
    VswapSlot,
    cached,
    folio_test_writeback,
    page_table,
)
from model.swap_cache import (
    folio_free_swap,
    folio_put_swap,
    swap_cache_alloc_folio,
    swap_cache_del_folio,
    swap_cache_get_folio,
)
from model.swap_in import swap_read_folio


class Unuse(enum.Enum):
    """What swapoff finds in use on a device."""

    POINTER = "POINTER"  # a slot that backs a virtual one
    PTE = "PTE"  # a PTE with a direct entry
    CACHED = "CACHED"  # a folio that is cached for a direct entry


def is_direct_on(s: Swap, v: VswapSlot, si: Device) -> bool:
    """Whether the entry is a slot of the device."""
    p = s.direct[v]
    return p is not None and s.phys_device[p] == si


def has_direct_entries(s: Swap, si: Device) -> bool:
    """Whether there are entries that are slots of the device."""
    return any(is_direct_on(s, v, si) for v in VswapSlot)


def names_slot_on(s: Swap, pte: Pte, si: Device) -> bool:
    """Whether the PTE holds an entry that is a slot of the device."""
    return any(s.pte[pte] == PteWord.SWAP(v) and is_direct_on(s, v, si) for v in VswapSlot)


def is_left(s: Swap, si: Device, found: Unuse) -> bool:
    """Whether something of this kind is left on the device."""
    if found == Unuse.POINTER:
        return any(s.phys_device[p] == si and s.rmap[p] is not None for p in PhysSlot)
    if found == Unuse.PTE:
        return any(names_slot_on(s, p, si) for p in Pte)
    return any(is_direct_on(s, v, si) and cached(s, v) for v in VswapSlot)


def unuse_pte_range(s: Swap, si: Device):
    """Map one page that a PTE has on the device; False: there is no memory for it."""
    pte = choose(Pte, where=lambda p: names_slot_on(s, p, si))
    v = s.pte[pte].slot
    yield "a PTE names a slot"

    f = yield from swap_cache_get_folio(s, v)
    if f is None:
        yield "its page is not cached"
        f = yield from swap_cache_alloc_folio(s, v, 1)
        if f is None:
            yield "no folio for it"
            return cached(s, v) or s.count[v] == 0  # -ENOMEM, unless somebody was faster
        yield "its folio is charged"
        yield from swap_read_folio(s, f)
    yield "have its folio"

    acquire(s.folio[f].lock)
    yield "locked its folio"
    require(not design.swapoff_waits_for_writeback or not folio_test_writeback(s, f))
    if not design.swapoff_rechecks_folio or s.folio[f].swap == v:
        yield "the write is over"
        unuse_pte(s, pte, v, f)
        yield "the PTE is done"
        yield from folio_free_swap(s, f)
    release(s.folio[f].lock)
    folio_put(s, f)
    yield "one PTE less"
    return True


def unuse_pte(s: Swap, pte: Pte, v: VswapSlot, f: Folio):
    """Put a locked folio where the PTE has its entry, if it still has."""
    acquire(s.ptl[page_table(pte)])
    if design.unuse_rechecks_pte and s.pte[pte] != PteWord.SWAP(v):
        release(s.ptl[page_table(pte)])
        return
    folio = s.folio[f]
    if folio.uptodate or not design.unuse_tests_uptodate:
        folio.refcount += 1
        folio.anon = True
        s.pte[pte] = PteWord.PRESENT(f)
        if not design.unuse_keeps_marker:
            s.pte_exclusive[pte] = False
        s.pte_write[pte] = s.pte_exclusive[pte]
    else:
        s.pte[pte] = PteWord.NONE  # an error marker
        s.pte_exclusive[pte] = False
        s.must_see[pte] = Content.JUNK
    folio_put_swap(s, v, 1)
    release(s.ptl[page_table(pte)])


def unuse_cached(s: Swap, si: Device):
    """Take a folio that no PTE needs there any more out of the swap cache."""
    v = choose(VswapSlot, where=lambda v: is_direct_on(s, v, si) and cached(s, v))
    f = s.table[v].folio  # find_next_to_unuse() and swap_cache_get_folio(): nothing of the first look is kept
    folio_get(s, f)
    yield "a folio is left over"

    folio = s.folio[f]
    acquire(folio.lock)
    yield "locked what is left over"
    require(not design.swapoff_waits_for_writeback or not folio_test_writeback(s, f))
    if design.swapoff_asks_the_folio:
        yield from folio_free_swap(s, f)
    elif folio.swap is not None and s.count[v] == 0 and (not design.swapoff_rechecks_folio or folio.swap == v):
        swap_cache_del_folio(s, f)
        folio.dirty = True
        yield "deleted from the swap cache"
    release(folio.lock)
    folio_put(s, f)
    yield "one folio less"
