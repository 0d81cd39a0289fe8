# SPDX-License-Identifier: GPL-2.0-or-later
"""Scopes with room for large folios, what may happen in them, and where their traces start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from checker.language import *
from model.memory import do_anonymous_page, user_store
from model.objects import (
    Backing,
    Compactor,
    Content,
    Device,
    Folio,
    Memcg,
    PhysSlot,
    Pte,
    PteWord,
    Reclaim,
    Shrinker,
    Swap,
    Swapoff,
    TableWord,
    Task,
    VswapSlot,
    Worker,
    ZswapEntry,
)
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from model.vswap import VSWAP
from model.write_fault import do_wp_page
from specs.scopes import FAULTS_AND_ZAPS, ONE_OF_EACH

WRITTEN_ONCE = Model(state=VSWAP.state, rules=[rule for rule in VSWAP.rules if rule is not user_store],
                     operations=VSWAP.operations)
"""A page is written to when it is first touched, and never again."""

STILL = Model(state=VSWAP.state, rules=[rule for rule in WRITTEN_ONCE.rules if rule is not do_anonymous_page],
              operations=VSWAP.operations)
"""No page is written to, and none is touched for the first time: what a trace starts with is all there is."""

TWO_PAGES = {
    **ONE_OF_EACH, Pte: 2, Folio: 2, VswapSlot: 2, PhysSlot: 2, ZswapEntry: 2, Shrinker: 0, Reclaim: 0, Task: 0,
}
FOUR_PAGES = {**TWO_PAGES, Pte: 4, Folio: 4, VswapSlot: 4, PhysSlot: 4}


def large(name: str, changes: Mapping[type, int], failures: Iterable[str] | None = (),
          task: Iterable[Callable[..., Any]] = (), sizes: Mapping[type, int] = TWO_PAGES, nr: int = 2) -> Scope:
    """Two pages of memory, of a process, of each device, side by side; a failure is named or does not happen."""
    return Scope(name, sizes={**sizes, **changes}, operations={Task: list(task)}, failures=failures,
                 blocks={Pte: nr, Folio: nr, VswapSlot: nr, PhysSlot: nr})


FAULTS = [do_swap_page]
FAULTS_AND_RECLAIM = [do_swap_page, shrink_folio_list]
EVERYTHING = [*FAULTS_AND_ZAPS, shrink_folio_list]

swapped_out = large("a large folio, reclaim, faults; zswap may refuse a page", {Reclaim: 1, Task: 1},
                    ["zswap refuses the page"], FAULTS)
moved = large("a large folio, a compactor, a CPU that does all the rest; nothing fails", {Compactor: 1, Task: 1},
              (), EVERYTHING)
written_back = large("a large folio, a shrinker, a CPU that faults and reclaims; nothing fails", {Shrinker: 1, Task: 1},
                     (), FAULTS_AND_RECLAIM)
written_back_and_moved = large(
    "a large folio in zswap, a shrinker, a compactor, a CPU that faults and reclaims; nothing fails",
    {Shrinker: 1, Compactor: 1, Task: 1}, (), FAULTS_AND_RECLAIM,
)
drained = large("a large folio, swapoff, reclaim, faults; nothing fails", {Swapoff: 1, Reclaim: 1, Task: 1}, (), FAULTS)
reclaimed_from_below = large("a large folio, a worker, a CPU that does all the rest; nothing fails",
                             {Worker: 1, Task: 1}, (), EVERYTHING)
drained_and_moved = large("a large folio, swapoff, a worker, a compactor, faults; nothing fails",
                          {Swapoff: 1, Worker: 1, Compactor: 1, Task: 1}, (), FAULTS)
copied = large("a large folio that is not exclusive, a shrinker, a compactor, faults, zaps; nothing fails",
               {Shrinker: 1, Compactor: 1, Task: 1}, (), [*FAULTS_AND_ZAPS, do_wp_page])
two_compactors = large("a large folio, room for two, two compactors, faults; nothing fails",
                       {Folio: 4, Compactor: 2, Task: 1}, (), FAULTS)
all_failures = large("a large folio, a CPU that faults and reclaims", {Task: 1}, None, FAULTS_AND_RECLAIM)
refused = large("a large folio, reclaim; zswap may refuse a page and a memcg its writeback", {Reclaim: 1},
                ["zswap refuses the page", "memcg forbids zswap writeback"])
moved_and_refused = large("a large folio, reclaim, a compactor; zswap may refuse a page and a memcg its writeback",
                          {Reclaim: 1, Compactor: 1}, ["zswap refuses the page", "memcg forbids zswap writeback"])
order_2 = large("a folio of four pages, a CPU that faults and reclaims; zswap may refuse a page", {Task: 1},
                ["zswap refuses the page"], FAULTS_AND_RECLAIM, FOUR_PAGES, 4)
order_2_faults = large("three pages of a folio of four, faults; nothing fails", {Task: 1}, (), FAULTS, FOUR_PAGES, 4)
no_run = large("a large folio and a page, two virtual slots of which one is in use, a compactor, a CPU that faults and"
               " reclaims; nothing fails", {Pte: 4, Compactor: 1, Task: 1}, (), FAULTS_AND_RECLAIM)
two_threads = large("a large folio, two threads that fault and unmap; nothing fails", {Task: 2}, (), FAULTS_AND_ZAPS)
two_reclaiming_threads = large(
    "a large folio, two CPUs that fault and reclaim, room for one compressed page; nothing fails",
    {Task: 2, ZswapEntry: 1}, (), FAULTS_AND_RECLAIM,
)
two_reclaiming_threads_and_zswap = large("a large folio, two CPUs that fault and reclaim; nothing fails", {Task: 2},
                                         (), FAULTS_AND_RECLAIM)
faults = large("two pages, faults; nothing fails", {Task: 1}, (), FAULTS)
moved_in_the_cache = large("a large folio, room for two, reclaim, a compactor; nothing fails",
                           {Folio: 4, Reclaim: 1, Compactor: 1}, ())
no_run_on_disk = Scope(
    "a large folio, reclaim; a compressed page has room, and the disk for two that are not side by side",
    sizes={**TWO_PAGES, ZswapEntry: 1, Reclaim: 1}, failures=[], blocks={Pte: 2, Folio: 2, VswapSlot: 2},
)


def a_fast_device(s: Swap):
    """The device is a synchronous one, so that a fault may read several pages at once."""
    s.swap_info[Device(0)].synchronous_io = True


def mapped(s: Swap, nr: int):
    """A folio of so many pages is mapped and was not swapped out yet."""
    a_fast_device(s)
    f = Folio(0)
    s.folio[f].nr_pages = nr
    s.folio[f].refcount = nr
    s.folio[f].anon = True
    s.folio[f].uptodate = True
    s.folio[f].memcg = Memcg(0)
    for i in range(nr):
        pte = Pte(0) + i
        s.folio[f + i].content = fresh(Content)
        s.pte[pte] = PteWord.PRESENT(f + i)
        s.pte_dirty[pte] = True
        s.pte_write[pte] = True
        s.pte_exclusive[pte] = True
        s.must_see[pte] = s.folio[f + i].content


def a_large_folio(s: Swap):
    """A folio of two pages is mapped and was not swapped out yet."""
    mapped(s, 2)


def three_of_four_on_disk(s: Swap):
    """Of a folio of four pages that was swapped out to the disk the last one is freed."""
    for i in range(3):
        page_on_disk(s, i)


def a_folio_of_four(s: Swap):
    """A folio of four pages is mapped and was not swapped out yet."""
    mapped(s, 4)


def swapped_out_page(s: Swap, i: int, exclusive: bool, pte: Pte):
    """A page was swapped out to virtual slot i and dropped from memory."""
    a_fast_device(s)
    v = VswapSlot(0) + i
    s.pte[pte] = PteWord.SWAP(v)
    s.pte_exclusive[pte] = exclusive
    s.must_see[pte] = fresh(Content)
    s.table[v] = TableWord.SHADOW
    s.count[v] = 1
    s.memcg_table[v] = Memcg(0)
    s.memcg[Memcg(0)].id_refs += 1


def page_on_disk(s: Swap, i: int, exclusive: bool = True, slot: int | None = None):
    """Page i is in physical slot i, or another one."""
    pte = Pte(0) + i
    swapped_out_page(s, i, exclusive, pte)
    v, p = VswapSlot(0) + i, PhysSlot(0) + (i if slot is None else slot)
    s.virtual_table[v] = Backing.SWAPFILE(p)
    s.rmap[p] = v
    s.disk[p] = s.must_see[pte]
    s.memcg[Memcg(0)].swap += 1


def page_in_zswap(s: Swap, i: int, exclusive: bool = True, pte: Pte | None = None):
    """A page is in compressed copy i."""
    pte = pte if pte is not None else Pte(0) + i
    swapped_out_page(s, i, exclusive, pte)
    v, e = VswapSlot(0) + i, ZswapEntry(i)
    s.virtual_table[v] = Backing.ZSWAP(e)
    s.zswap[e].live = True
    s.zswap[e].swpentry = v
    s.zswap[e].on_lru = True
    s.zswap[e].content = s.must_see[pte]


def both_on_disk(s: Swap):
    """A large folio was swapped out to the disk and dropped from memory."""
    page_on_disk(s, 0)
    page_on_disk(s, 1)


def both_on_disk_the_other_way_round(s: Swap):
    """Two pages were swapped out to the disk, the second in front of the first."""
    page_on_disk(s, 0, slot=1)
    page_on_disk(s, 1, slot=0)


def data_beside_a_compressed_page(s: Swap):
    """Two pages were swapped out: one to the disk, one to zswap."""
    page_on_disk(s, 0)
    page_in_zswap(s, 1)


def both_in_zswap(s: Swap):
    """A large folio was swapped out to zswap and dropped from memory."""
    page_in_zswap(s, 0)
    page_in_zswap(s, 1)


def both_on_disk_and_shared_once(s: Swap):
    """A large folio was swapped out to the disk; its PTEs are not marked exclusive."""
    page_on_disk(s, 0, False)
    page_on_disk(s, 1, False)


def both_in_zswap_and_shared_once(s: Swap):
    """A large folio was swapped out to zswap; its PTEs are not marked exclusive."""
    page_in_zswap(s, 0, False)
    page_in_zswap(s, 1, False)


def a_large_folio_and_a_slot(s: Swap):
    """A folio of two pages is mapped; another page has a virtual slot and is in zswap."""
    mapped(s, 2)
    page_in_zswap(s, 0, True, Pte(2))


def data_beside_zeros(s: Swap):
    """Two pages were swapped out one by one: one to the disk, one is all zeros and has only the flag."""
    page_on_disk(s, 0)
    swapped_out_page(s, 1, True, Pte(1))
    s.must_see[Pte(1)] = Content.ZERO
    s.zero[VswapSlot(0) + 1] = True
