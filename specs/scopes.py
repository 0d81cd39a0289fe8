# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of the model a spec explores, and where its traces start."""

from __future__ import annotations

from checker.language import *
from model.free import zap_nonpresent_ptes, zap_present_ptes
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
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list

ONE_OF_EACH = {
    Pte: 1, Folio: 2, VswapSlot: 1, PhysSlot: 1, ZswapEntry: 1, Memcg: 1, Shrinker: 1, Reclaim: 1, Task: 1,
}

one_page = Scope("one page, one CPU of each role", sizes=ONE_OF_EACH)


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
    s.zswap[e].swpentry = v
    s.zswap[e].on_lru = True
    s.zswap[e].content = s.must_see[pte]
