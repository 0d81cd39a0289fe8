# SPDX-License-Identifier: GPL-2.0-or-later
"""What must be reached, or a green verdict says nothing."""

from __future__ import annotations

from checker.language import *
from model.backing import Effective, backing
from model.free import __try_to_reclaim_swap
from model.objects import (
    Backing,
    Bio,
    Content,
    Folio,
    Pte,
    PteWord,
    Swap,
    TableWord,
    VswapSlot,
    ZswapEntry,
    cached,
)
from model.swap_bypass import swapin_without_cache
from model.swap_cache import folio_free_swap
from model.swap_in import do_swap_page
from model.swap_out import pageout, shrink_folio_list
from model.write_fault import do_wp_page, wp_page_copy
from model.zswap import zswap_load, zswap_writeback_entry


@reachable
def a_page_is_only_in_zswap(s: Swap):
    """A page is swapped out, not cached, and in zswap."""
    return any(s.table[v] == TableWord.SHADOW and s.virtual_table[v].tag == Backing.ZSWAP for v in VswapSlot)


@reachable
def a_page_is_only_on_the_disk(s: Swap):
    """A page is swapped out, not cached, and on the disk."""
    return any(s.table[v] == TableWord.SHADOW and s.virtual_table[v].tag == Backing.SWAPFILE for v in VswapSlot)


@reachable
def a_mapped_page_keeps_its_slot(s: Swap):
    """A page was swapped in from the disk and its clean copy there is kept."""
    return any(
        s.pte[p] == PteWord.PRESENT(f) and s.table[v] == TableWord.PFN(f)
        and s.virtual_table[v].tag == Backing.SWAPFILE and not s.folio[f].dirty and s.folio[f].bio == Bio.NONE
        for p in Pte for f in Folio for v in VswapSlot
    )


@reachable
def a_store_meets_a_write_in_flight(s: Swap):
    """The process wrote to a page after its write to the disk was submitted."""
    return any(s.folio[f].bio.tag == Bio.WRITE and s.folio[f].submitted != s.folio[f].content for f in Folio)


@reachable
def only_the_cache_keeps_a_slot(s: Swap):
    """No PTE refers to a slot any more, its folio is still in the swap cache, not mapped."""
    return any(
        s.table[v] == TableWord.PFN(f) and s.count[v] == 0 and not locked(s.folio[f].lock)
        and all(s.pte[p] != PteWord.PRESENT(f) for p in Pte)
        for v in VswapSlot for f in Folio
    )


@reachable
def a_fault_meets_writeback(s: Swap):
    """A fault has the folio that zswap writeback is filling, and waits."""
    return any(
        cached(s, v) and at(do_swap_page, "have a folio", v=v)
        and at(zswap_writeback_entry, "still the same entry", v=v)
        for v in VswapSlot
    )


@reachable
def a_fault_finds_another_pte(s: Swap):
    """A fault has locked its folio, and the PTE no longer holds the slot."""
    return any(
        at(do_swap_page, "locked the folio", pte=p, v=v) and s.pte[p] != PteWord.SWAP(v)
        for p in Pte for v in VswapSlot
    )


@reachable
def a_fault_finds_its_folio_elsewhere(s: Swap):
    """The folio that a fault has found is cached for another slot, and the PTE holds the one of before."""
    return any(
        at(do_swap_page, "have a folio", pte=p, v=v, f=f) and s.pte[p] == PteWord.SWAP(v)
        and s.folio[f].swap is not None and s.folio[f].swap != v
        for p in Pte for v in VswapSlot for f in Folio
    )


@reachable
def writeback_meets_a_recycled_entry(s: Swap):
    """Writeback finds that its entry is gone and drops the folio."""
    return at(zswap_writeback_entry, "another entry, or none")


@reachable
def reclaim_meets_writeback(s: Swap):
    """Reclaim works on one folio while zswap writeback has another in its hands."""
    return at(pageout, "clean for I/O") and at(zswap_writeback_entry, "backed by a physical slot")


@reachable
def two_shrinkers_want_one_entry(s: Swap):
    """A CPU has written an entry back and not freed it yet, and another has picked it."""
    return any(
        at(zswap_writeback_entry, "unlocked, the write is submitted", e=e)
        and at(zswap_writeback_entry, "isolated from the LRU", e=e)
        for e in ZswapEntry
    )


@reachable
def a_fault_meets_zswap(s: Swap):
    """A fault decompresses a page."""
    return at(zswap_load, "decompressed")


@reachable
def two_ptes_map_a_cached_page(s: Swap):
    """Two PTEs map one folio, and it is in the swap cache."""
    return any(s.pte[p] == PteWord.PRESENT(f) and s.pte[q] == PteWord.PRESENT(f) and s.folio[f].swap is not None
               for p in Pte for q in Pte for f in Folio if p != q)


@reachable
def an_owner_swaps_in_before_the_other(s: Swap):
    """One owner has mapped the page again, the other finds it in the swap cache."""
    return any(
        s.pte[p] == PteWord.PRESENT(f) and s.pte[q] == PteWord.SWAP(v) and s.table[v] == TableWord.PFN(f)
        and at(do_swap_page, "locked the folio", pte=q, v=v)
        for p in Pte for q in Pte for f in Folio for v in VswapSlot
    )


@reachable
def the_owners_part(s: Swap):
    """One owner has written to its copy, the other's page is swapped out and not cached."""
    return any(
        s.pte[p].tag == PteWord.PRESENT and s.pte[q] == PteWord.SWAP(v) and s.table[v] == TableWord.SHADOW
        and s.must_see[p] != s.must_see[q]
        for p in Pte for q in Pte for v in VswapSlot
    )


@reachable
def a_cached_page_is_taken_over(s: Swap):
    """A write fault has taken the page out of the swap cache, to keep it for its owner alone."""
    return at(do_wp_page) and at(folio_free_swap, "out of the swap cache") and not at(shrink_folio_list)


@reachable
def a_copy_comes_too_late(s: Swap):
    """A write fault has made its copy, and the PTE no longer maps the original."""
    return any(
        at(wp_page_copy, "copied", pte=p, old=f) and s.pte[p] != PteWord.PRESENT(f)
        for p in Pte for f in Folio
    )


@reachable
def writeback_meets_two_owners(s: Swap):
    """zswap writeback moves a slot to the disk that two PTEs refer to."""
    return any(
        at(zswap_writeback_entry, "backed by a physical slot", v=v) and s.count[v] == 2 for v in VswapSlot
    )


@reachable
def a_page_is_newer_than_its_compressed_copy(s: Swap):
    """A page goes out again while what it was before is still in zswap."""
    return any(
        s.table[v] == TableWord.PFN(f) and s.virtual_table[v] == Backing.ZSWAP(e)
        and s.zswap[e].content != s.folio[f].content and at(pageout, "clean for I/O", f=f)
        for v in VswapSlot for f in Folio for e in ZswapEntry
    )


@reachable
def a_page_of_zeros_is_stored_nowhere(s: Swap):
    """A page of zeros is swapped out and not cached: only the flag knows its content."""
    return any(s.table[v] == TableWord.SHADOW and backing(s, v) == Effective.ZERO for v in VswapSlot)


@reachable
def a_page_on_the_disk_becomes_zeros(s: Swap):
    """A page that still has a physical slot goes out again, and is all zeros now."""
    return any(
        s.table[v] == TableWord.PFN(f) and backing(s, v).tag == Effective.PHYS
        and s.folio[f].content == Content.ZERO and at(pageout, "clean for I/O", f=f)
        for v in VswapSlot for f in Folio
    )


@reachable
def a_page_of_zeros_is_shared(s: Swap):
    """One owner has read a page of zeros, the other's PTE keeps the slot and its flag."""
    return any(
        s.pte[p] == PteWord.PRESENT(f) and s.table[v] == TableWord.PFN(f)
        and s.count[v] > 0 and backing(s, v) == Effective.ZERO
        for p in Pte for f in Folio for v in VswapSlot
    )


@reachable
def a_page_is_read_from_the_disk(s: Swap):
    """A folio is being read from the disk."""
    return any(s.folio[f].bio.tag == Bio.READ for f in Folio)


@reachable
def a_count_rises_behind_a_zap(s: Swap):
    """A zap has found the folio that only the swap cache kept, and a PTE refers to the slot again."""
    return any(at(__try_to_reclaim_swap, "found the cached folio", v=v) and s.count[v] > 0 for v in VswapSlot)


@reachable
def a_fault_is_alone_with_its_folio(s: Swap):
    """A fault has read a page into a folio that is not in the swap cache, and its PTE holds the slot."""
    return any(at(swapin_without_cache, "read", pte=p, v=v) and s.pte[p] == PteWord.SWAP(v)
               for p in Pte for v in VswapSlot)
