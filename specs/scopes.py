# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of the model a spec explores, and where its traces start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from checker.language import *
from model.fork import copy_nonpresent_pte, copy_present_ptes
from model.free import zap_nonpresent_ptes, zap_present_ptes
from model.memory import user_store_zeros
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
from model.write_fault import do_wp_page

ONE_OF_EACH = {
    Pte: 1, Folio: 2, VswapSlot: 1, Device: 1, PhysSlot: 1, ZswapEntry: 1, Memcg: 1, Shrinker: 1, Reclaim: 1, Task: 1,
    Worker: 0, Swapoff: 0, Compactor: 0,
}  # two folios, so that one can be read while another is written


FAULTS_AND_ZAPS = [do_swap_page, zap_present_ptes, zap_nonpresent_ptes]


def scope(name: str, changes: Mapping[type, int], failures: Iterable[str] | None = None) -> Scope:
    """One of each sort but for the changes; kswapd reclaims, the process does not."""
    only = {Task: FAULTS_AND_ZAPS}
    return Scope(name, sizes={**ONE_OF_EACH, **changes}, operations=only, failures=failures)


one_page = scope("one page, a CPU of each role", {})
two_pages = scope("two pages that compete for one slot of each kind", {Pte: 2})
two_slots = scope("one page, two virtual slots", {VswapSlot: 2})
two_entries = scope("one page, two zswap entries", {ZswapEntry: 2})
two_threads = scope("one page, two threads", {Task: 2})
two_shrinkers = scope("one page, two CPUs in the shrinker", {Shrinker: 2})
two_reclaims = scope("one page, two CPUs in reclaim", {Reclaim: 2})
two_pages_two_slots = scope("two pages, two virtual slots", {Pte: 2, VswapSlot: 2})
two_threads_no_shrinker = scope("one page, two threads, no shrinker", {Shrinker: 0, Task: 2})
two_threads_two_slots = scope("one page, two virtual slots, two threads, reclaim, nothing fails", {
    Shrinker: 0, Task: 2, VswapSlot: 2,
}, failures=[])
two_faults = scope("one page, two threads that fault", {Shrinker: 0, Reclaim: 0, Task: 2}, failures=[])
two_faults_reclaimed = scope("one page, two threads that fault, reclaim, nothing fails", {Shrinker: 0, Task: 2},
                             failures=[])
two_faults_reclaimed = scope("one page, two threads that fault, reclaim, nothing fails", {Shrinker: 0, Task: 2},
                             failures=[])
no_shrinker = scope("one page, no shrinker", {Shrinker: 0})
no_reclaim = scope("one page, no reclaim", {Reclaim: 0}, failures=[])
two_pages_in_turn = scope("two pages that compete for one slot of each kind, no shrinker, nothing fails",
                          {Pte: 2, Shrinker: 0}, failures=[])
straight_to_disk = scope(
    "one page, no shrinker, zswap may refuse a page, swap may be nearly full", {Shrinker: 0},
    failures=["zswap refuses the page", "swap is nearly full"],
)
one_folio = scope(
    "one page, one folio, two virtual slots, no shrinker, zswap may refuse a page",
    {Folio: 1, VswapSlot: 2, Shrinker: 0}, failures=["zswap refuses the page"],
)

two_cpus = Scope(
    "one page; a CPU in the shrinker, one that does all the rest", sizes={**ONE_OF_EACH, Reclaim: 0},
    operations={Task: [*FAULTS_AND_ZAPS, shrink_folio_list]},
)

OWNERS = [*FAULTS_AND_ZAPS, copy_present_ptes, copy_nonpresent_pte, do_wp_page]


def owners(name: str, changes: Mapping[type, int], failures: Iterable[str] | None = (),
           task: Iterable[Callable[..., Any]] = OWNERS) -> Scope:
    """As scope(), but a page may get a second owner; a failure is named or does not happen."""
    return Scope(name, sizes={**ONE_OF_EACH, Pte: 2, **changes}, operations={Task: list(task)}, failures=failures)


two_owners = owners("a page with two owners, a CPU of each role, nothing fails", {})
two_owners_reclaimed = owners("a page with two owners, no shrinker, nothing fails", {Shrinker: 0})
two_owners_refused = owners(
    "a page with two owners, no shrinker, zswap may refuse a page, swap may be nearly full", {Shrinker: 0},
    failures=["zswap refuses the page", "swap is nearly full"],
)
two_owners_all_failures = owners("a page with two owners, a CPU of each role", {}, failures=None)
two_owners_two_slots = owners("a page with two owners, two virtual slots, no shrinker, nothing fails", {
    Shrinker: 0, VswapSlot: 2,
})
three_owners = owners("a page with three owners, no shrinker, nothing fails", {Shrinker: 0, Pte: 3})
two_owners_two_threads = owners(
    "a page with two owners, two threads, a shrinker, no reclaim, nothing fails", {Reclaim: 0, Task: 2},
)
two_owners_two_threads_reclaimed = owners("a page with two owners, two threads, no shrinker, nothing fails", {
    Shrinker: 0, Task: 2,
})
two_owners_no_io = owners("a page with two owners, no reclaim, no shrinker, nothing fails", {Reclaim: 0, Shrinker: 0})
two_owners_faulting = owners("a page with two owners, two threads that fault and fork", {
    Reclaim: 0, Shrinker: 0, Task: 2,
}, task=[do_swap_page, copy_nonpresent_pte])
two_owners_unmapped = owners(
    "a page with two owners, fork, write faults and reclaim", {Shrinker: 0}, task=[copy_present_ptes, do_wp_page],
)

ZEROS = [*FAULTS_AND_ZAPS, user_store_zeros]
zeros = Scope("one page that may be all zeros, a CPU of each role", sizes=ONE_OF_EACH, operations={Task: ZEROS})
reads_succeed = Scope(
    "one page that may be all zeros, a CPU of each role, no read fails", sizes=ONE_OF_EACH, operations={Task: ZEROS},
    failures=[
        "write error", "the disk fetches the page late", "zswap refuses the page", "memcg swap.max reached",
        "memcg charge of the folio fails", "memcg forbids zswap writeback", "swap is nearly full",
    ],
)
zeros_two_slots = Scope(
    "one page that may be all zeros, two virtual slots", sizes={**ONE_OF_EACH, VswapSlot: 2}, operations={Task: ZEROS},
)
zeros_no_shrinker = Scope(
    "one page that may be all zeros, no shrinker, zswap may refuse a page, swap may be nearly full",
    sizes={**ONE_OF_EACH, Shrinker: 0}, operations={Task: ZEROS},
    failures=["zswap refuses the page", "swap is nearly full"],
)
two_owners_of_zeros = owners(
    "a page with two owners that may be all zeros, no shrinker, nothing fails", {Shrinker: 0},
    task=[*OWNERS, user_store_zeros],
)

two_owners_zapped = owners(
    "a page with two owners that is never written to, no shrinker, zswap may refuse a page", {Shrinker: 0},
    failures=["zswap refuses the page"],
    task=[do_swap_page, zap_present_ptes, zap_nonpresent_ptes, copy_nonpresent_pte],
)
two_readers_of_zeros = owners(
    "a page of zeros with two owners, no shrinker, nothing fails", {Shrinker: 0},
    task=[do_swap_page, zap_nonpresent_ptes, copy_nonpresent_pte],
)


def one_page_of_zeros(s: Swap):
    """One page of zeros was swapped out and dropped from memory: only the flag is left."""
    pte, v = Pte(0), VswapSlot(0)
    s.pte[pte] = PteWord.SWAP(v)
    s.pte_exclusive[pte] = True
    s.must_see[pte] = Content.ZERO
    s.table[v] = TableWord.SHADOW
    s.count[v] = 1
    s.zero[v] = True
    s.memcg_table[v] = Memcg(0)
    s.memcg[Memcg(0)].id_refs = 1


def one_page_in_zswap(s: Swap):
    """One page was swapped out to zswap and dropped from memory."""
    pte, v, e = Pte(0), VswapSlot(0), ZswapEntry(0)
    s.pte[pte] = PteWord.SWAP(v)
    s.pte_exclusive[pte] = True
    s.must_see[pte] = fresh(Content)
    s.table[v] = TableWord.SHADOW
    s.count[v] = 1
    s.virtual_table[v] = Backing.ZSWAP(e)
    s.memcg_table[v] = Memcg(0)
    s.memcg[Memcg(0)].id_refs = 1
    s.zswap[e].live = True
    s.zswap[e].swpentry = v
    s.zswap[e].on_lru = True
    s.zswap[e].content = s.must_see[pte]
