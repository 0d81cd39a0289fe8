# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts: swap counts, memcg charges, folio references."""

from __future__ import annotations

from checker.language import *
from model.cluster import folio_realloc_swap
from model.free import zap_nonpresent_ptes, zap_present_ptes
from model.memcg import swap_memcg
from model.objects import (
    Bio,
    Folio,
    Memcg,
    PhysSlot,
    Pte,
    PteWord,
    Swap,
    TableWord,
    VswapSlot,
    maps,
    page_table,
)
from model.slot_reclaim import swap_reclaim_work
from model.split import deferred_split_scan, migrate_folio
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from model.swapoff import swapoff
from model.write_fault import do_wp_page
from model.zswap import zswap_writeback_entry
from specs.ownership import cached_and_locked, in_run


def not_charged_yet(s: Swap, v: VswapSlot, p: PhysSlot) -> bool:
    """The physical slot was taken, its memcg not asked yet, or asked in vain."""
    return any(
        i <= place(v) and i <= place(p) and in_run(s, v, i) and (
            at(folio_realloc_swap, "the reverse map points up", v=v - i, p=p - i)
            or at(folio_realloc_swap, "the memcg refuses the charge", v=v - i, p=p - i)
            or at(folio_realloc_swap, "no memory for the virtual_table", v=v - i, p=p - i))
        for i in range(block(Folio))
    )


def users(s: Swap, f: Folio) -> int:
    """The references to a folio that are not an actor's: the cache's and the mappings'."""
    return (sum(1 for p in Pte if maps(s, p, f))
            + sum(1 for v in VswapSlot if s.table[v] == TableWord.PFN(f)))


def nobody_runs() -> bool:
    """All actors are idle."""
    return not (at(do_swap_page) or at(zap_present_ptes) or at(zap_nonpresent_ptes)
                or at(shrink_folio_list) or at(zswap_writeback_entry)
                or at(swap_reclaim_work) or at(do_wp_page) or at(swapoff)
                or at(deferred_split_scan) or at(migrate_folio))


def is_being_zapped(s: Swap, p: Pte) -> bool:
    """A zap has put the slot that the PTE holds, and clears the PTE next, under the PTL all the time."""
    return locked(s.ptl[page_table(p)]) and at(zap_nonpresent_ptes, pte=p)


@invariant
def the_count_covers_every_pte(s: Swap):
    """A slot's swap count is the number of PTEs that hold it; only while a zap has the PTL may it be lower."""
    # the count comes before the entry, but that zap lowers it first and clears the PTE then [mainline]
    return all(
        sum(1 for p in Pte if s.pte[p] == PteWord.SWAP(v) and not is_being_zapped(s, p)) <= s.count[v]
        and s.count[v] <= sum(1 for p in Pte if s.pte[p] == PteWord.SWAP(v))
        for v in VswapSlot
    )


@invariant
def memcg_charged_exactly_once(s: Swap):
    """A memcg is charged for each physical slot behind one of its entries, once."""
    return all(
        s.memcg[m].swap == sum(
            1 for p in PhysSlot for v in VswapSlot
            if (s.rmap[p] == v and swap_memcg(s, v) == m and not not_charged_yet(s, v, p))
            or (s.direct[v] == p and s.memcg_table[v] == m)  # recorded when it is charged
        )
        for m in Memcg
    )


@invariant
def memcg_id_references_add_up(s: Swap):
    """A memcg's id has one reference from each virtual slot that recorded it."""
    return all(s.memcg[m].id_refs == sum(1 for v in VswapSlot if s.memcg_table[v] == m) for m in Memcg)


@invariant
def the_owner_of_the_slot_pays_for_the_folio(s: Swap):
    """A cached folio is charged to the memcg that its slot has recorded."""
    return all(
        s.memcg_table[v] is None or s.folio[f].memcg == s.memcg_table[v]
        for v in VswapSlot for f in Folio if s.table[v] == TableWord.PFN(f)
    )


@invariant
def what_is_used_has_a_reference(s: Swap):
    """A folio has at least the references of the PTEs that map it and of the swap cache."""
    return all(s.folio[f].refcount >= users(s, f) for f in Folio)


@invariant
def a_folio_at_work_is_in_use(s: Swap):
    """A folio that is locked or under I/O has not been freed."""
    return all(
        s.folio[f].refcount > 0 or not (locked(s.folio[f].lock) or s.folio[f].bio != Bio.NONE) for f in Folio
    )


@invariant
def no_folio_is_leaked(s: Swap):
    """When nobody runs, a folio has no references but those of PTEs and swap cache."""
    return not nobody_runs() or all(s.folio[f].refcount <= users(s, f) for f in Folio)


@step_invariant
def the_first_pte_needs_the_folio_lock(old: Swap, new: Swap):
    """A swap count rises from zero only while the slot's folio is cached and locked."""
    return all(cached_and_locked(new, v) for v in VswapSlot if old.count[v] == 0 and new.count[v] > 0)
