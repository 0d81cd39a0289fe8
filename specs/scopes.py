# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of the model a spec explores, and where its traces start."""

from __future__ import annotations

from checker.language import *
from model.objects import (
    Backing,
    Content,
    Folio,
    Memcg,
    PhysSlot,
    Pte,
    PteWord,
    Reclaim,
    Shrinker,
    Swap,
    TableWord,
    Task,
    VswapSlot,
    ZswapEntry,
)

ONE_OF_EACH = {
    Pte: 1, Folio: 2, VswapSlot: 1, PhysSlot: 1, ZswapEntry: 1, Memcg: 1, Shrinker: 1, Reclaim: 1, Task: 1,
}  # two folios, so that one can be read while another is written

one_page = Scope("one page, a CPU of each role", sizes=ONE_OF_EACH)
two_pages = Scope("two pages that compete for one slot of each kind", sizes={**ONE_OF_EACH, Pte: 2})
two_slots = Scope("one page, two virtual slots", sizes={**ONE_OF_EACH, VswapSlot: 2})
two_entries = Scope("one page, two zswap entries", sizes={**ONE_OF_EACH, ZswapEntry: 2})
two_threads = Scope("one page, two threads", sizes={**ONE_OF_EACH, Task: 2})
two_shrinkers = Scope("one page, two CPUs in the shrinker", sizes={**ONE_OF_EACH, Shrinker: 2})
two_reclaims = Scope("one page, two CPUs in reclaim", sizes={**ONE_OF_EACH, Reclaim: 2})
two_pages_two_slots = Scope("two pages, two virtual slots", sizes={**ONE_OF_EACH, Pte: 2, VswapSlot: 2})
no_shrinker = Scope("one page, two threads, no shrinker", sizes={**ONE_OF_EACH, Shrinker: 0, Task: 2})
two_faults = Scope(
    "one page, two threads that fault", failures=[], sizes={**ONE_OF_EACH, Shrinker: 0, Reclaim: 0, Task: 2},
)
one_thread_no_shrinker = Scope("one page, no shrinker", sizes={**ONE_OF_EACH, Shrinker: 0})
straight_to_disk = Scope(
    "one page, no shrinker, zswap may refuse a page, swap may be nearly full",
    failures=["zswap refuses the page", "swap is nearly full"], sizes={**ONE_OF_EACH, Shrinker: 0},
)
one_folio = Scope(
    "one page, one folio, two virtual slots, no shrinker, zswap may refuse a page",
    failures=["zswap refuses the page"], sizes={**ONE_OF_EACH, Folio: 1, VswapSlot: 2, Shrinker: 0},
)
shrinker_against_task = Scope("one page, no reclaim", failures=[], sizes={**ONE_OF_EACH, Reclaim: 0})


def one_page_in_zswap(s: Swap):
    """One page was swapped out to zswap and dropped from memory."""
    pte, v, e = Pte(0), VswapSlot(0), ZswapEntry(0)
    s.pte[pte] = PteWord.SWAP(v)
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
