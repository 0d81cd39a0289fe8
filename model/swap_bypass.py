# SPDX-License-Identifier: GPL-2.0-or-later
"""Swap-in without the swap cache, as mainline had it for synchronous devices; no posted design does this.

Mirrors   the SWP_SYNCHRONOUS_IO branch of do_swap_page() before phase II of the swap table, on a
          virtual slot; the exclusive load of zswap as it was then [O07] [O10]
Left out  failures: of the memcg charge, of the read.  That a slot which was freed meanwhile has
          nothing to be read: what is read then is thrown away, or it is what the promises are about.
"""

from __future__ import annotations

from checker.language import *
from model.cluster import __vswap_release_backing
from model.design import design
from model.free import swap_put_entries_direct
from model.memory import folio_alloc, folio_put
from model.objects import Backing, Content, Folio, Pte, PteWord, Swap, VswapSlot, is_zero, page_table


def swapin_without_cache(s: Swap, pte: Pte, v: VswapSlot, exclusive: bool):
    """Read a slot that only this PTE refers to into a folio that nobody else can find, and map it."""
    f = folio_alloc(s, 1)
    if f is None:
        return
    folio = s.folio[f]
    with hold(s.vswap_cluster.lock):
        folio.memcg = s.memcg_table[v]
    yield "a folio of its own"

    read_slot(s, f, v)
    yield "read"

    acquire(s.ptl[page_table(pte)])
    if s.pte[pte] != PteWord.SWAP(v) or s.pte_exclusive[pte] != exclusive or not folio.uptodate:
        release(s.ptl[page_table(pte)])
        folio_put(s, f)
        return
    yield from swap_put_entries_direct(s, v)  # the last reference frees the slot
    folio.anon = True
    s.pte[pte] = PteWord.PRESENT(f)
    s.pte_write[pte] = True
    s.pte_exclusive[pte] = True
    release(s.ptl[page_table(pte)])


def read_slot(s: Swap, f: Folio, v: VswapSlot):
    """Fill a folio from what backs a slot; zswap may take it for the one in the swap cache."""
    folio = s.folio[f]
    with hold(s.vswap_cluster.lock):
        word = s.virtual_table[v]
        if is_zero(s, v):
            folio.content = Content.ZERO
            folio.uptodate = True
        elif word.tag == Backing.ZSWAP:
            folio.content = s.zswap[word.entry].content
            folio.uptodate = True
            if not design.load_frees_only_cached:
                __vswap_release_backing(s, v)
        elif word.tag == Backing.SWAPFILE:
            folio.content = s.disk[word.slot]
            folio.uptodate = True
