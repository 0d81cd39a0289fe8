# SPDX-License-Identifier: GPL-2.0-or-later
"""Lemmas: who holds a lock, a reference or a count where it stands."""

from __future__ import annotations

from checker.language import *
from model.free import __try_to_reclaim_swap, zap_nonpresent_ptes, zap_present_ptes
from model.objects import Bio, Folio, Pte, PteWord, Reclaim, Shrinker, Swap, Task, VswapSlot
from model.swap_cache import folio_free_swap
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from model.zswap import zswap_writeback_entry
from specs.counts import users
from specs.standing import fills, has_mapped, out, reclaims, reclaims_cached, task_locks, writes_back


@invariant
def who_works_on_a_folio_holds_its_lock(s: Swap):
    """An operation holds a folio lock exactly where it relies on it."""
    return all(
        all(writes_back(s, a, f) == holds(a, s.folio[f].lock) for a in Shrinker)
        and all(reclaims(s, a, f) == holds(a, s.folio[f].lock) for a in Reclaim)
        and all(task_locks(s, a, f) == holds(a, s.folio[f].lock) for a in Task)
        for f in Folio
    )


@invariant
def a_read_keeps_the_folio_locked(s: Swap):
    """A folio is locked without an actor who holds the lock exactly while it is read from the disk."""
    return all(
        (s.folio[f].bio.tag == Bio.READ) == (
            locked(s.folio[f].lock)
            and not any(holds(a, s.folio[f].lock) for a in Shrinker)
            and not any(holds(a, s.folio[f].lock) for a in Reclaim)
            and not any(holds(a, s.folio[f].lock) for a in Task))
        for f in Folio
    )


@invariant
def who_works_on_a_cached_folio_finds_it_cached(s: Swap):
    """While its lock is held, a folio stays in the swap cache, or out of it."""
    return all(
        s.folio[f].swap is not None
        for f in Folio if any(writes_back(s, a, f) for a in Shrinker)
        or any(reclaims_cached(s, a, f) for a in Reclaim)
        or any(task_locks(s, a, f) and not out(a) for a in Task)
    ) and all(
        s.folio[f].swap is None for f in Folio
        if any(reclaims(s, a, f) and at(folio_free_swap, "out of the swap cache", actor=a) for a in Reclaim)
        or any(task_locks(s, a, f) and out(a) for a in Task)
    )


@invariant
def who_holds_a_ptl_works_on_its_entry(s: Swap):
    """A PTL is kept by a fault that has mapped its page and by a zap, by nobody else."""
    return all(
        not any(holds(a, s.ptl[p]) for a in Shrinker) and not any(holds(a, s.ptl[p]) for a in Reclaim)
        and all(has_mapped(s, a, p) or at(zap_nonpresent_ptes, pte=p, actor=a) for a in Task if holds(a, s.ptl[p]))
        for p in Pte
    )


@invariant
def a_fault_maps_its_page_under_the_ptl(s: Swap):
    """From mapping the page to the end a fault holds the PTL, and the PTE maps the folio."""
    return all(
        holds(a, s.ptl[p]) and any(s.pte[p] == PteWord.PRESENT(f) and at(do_swap_page, folio=f, actor=a) for f in Folio)
        for a in Task for p in Pte if has_mapped(s, a, p)
    )


@invariant
def a_zap_keeps_the_entry_under_the_ptl(s: Swap):
    """From putting the slot to the end a zap holds the PTL, and the PTE keeps its swap entry."""
    return all(
        holds(a, s.ptl[p]) and s.pte[p].tag == PteWord.SWAP
        for a in Task for p in Pte if at(zap_nonpresent_ptes, pte=p, actor=a)
    )


@invariant
def every_reference_is_somebodys(s: Swap):
    """A folio's references are those of the swap cache, of the PTEs that map it, and of the actors that found it."""
    return all(
        s.folio[f].refcount == users(s, f)
        + sum(1 for a in Shrinker if writes_back(s, a, f) or at(zswap_writeback_entry, f=f, actor=a))
        + sum(1 for a in Reclaim if at(shrink_folio_list, f=f, actor=a))
        + sum(1 for a in Task if fills(s, a, f)
              or at(do_swap_page, "have a folio", f=f, actor=a)
              or at(do_swap_page, "locked the folio", f=f, actor=a)
              or at(zap_present_ptes, f=f, actor=a)
              or at(__try_to_reclaim_swap, f=f, actor=a))
        for f in Folio
    )


@invariant
def the_count_is_exact(s: Swap):
    """A slot's swap count is the number of PTEs that hold it, but for those that a zap is about to clear."""
    return all(
        s.count[v] == sum(1 for p in Pte if s.pte[p] == PteWord.SWAP(v) and not at(zap_nonpresent_ptes, pte=p))
        for v in VswapSlot
    )


@invariant
def a_slot_to_be_freed_has_no_pte(s: Swap):
    """While the folio lock is held, a swap count of zero stays zero."""
    return all(
        s.folio[f].swap != v or s.count[v] == 0
        for v in VswapSlot for f in Folio
        if any(reclaims(s, a, f) and at(folio_free_swap, actor=a) for a in Reclaim)
        or any(task_locks(s, a, f) and at(folio_free_swap, actor=a) for a in Task)
    )
