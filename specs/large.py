# SPDX-License-Identifier: GPL-2.0-or-later
"""Large folios of RFC v2, as posted."""

from __future__ import annotations

from checker.language import *
from model.backing import Effective, backing, on_disk_as_one
from model.design import SwapDesign
from model.objects import Backing, Folio, Pte, PteWord, Swap, TableWord, VswapSlot
from model.split import deferred_split_scan
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from model.zswap import zswap_store
from specs import large_scopes as scopes
from specs.content import no_cached_page_is_unreadable
from specs.large_scopes import STILL, WRITTEN_ONCE
from specs.promises import PROMISES
from specs.swapoff import SWAPOFF_PROMISES


@invariant
def a_cached_large_folio_is_backed_as_one(s: Swap):
    """The slots of a cached folio that is not locked have one kind of backing; physical ones follow on the disk."""
    return all(
        all(backing(s, s.folio[f].swap + i).tag == backing(s, s.folio[f].swap).tag for i in range(s.folio[f].nr_pages))
        and (backing(s, s.folio[f].swap).tag != Effective.PHYS
             or on_disk_as_one(s, s.folio[f].swap, s.folio[f].nr_pages))
        for f in Folio if s.folio[f].nr_pages > 1 and s.folio[f].swap is not None and not locked(s.folio[f].lock)
    )


def a_run(s: Swap, v: VswapSlot) -> bool:
    """The slot and its neighbour are swapped out and not cached."""
    return place(v) == 0 and s.table[v] == TableWord.SHADOW and s.table[v + 1] == TableWord.SHADOW


@reachable
def a_large_folio_is_in_the_swap_cache(s: Swap):
    """A large folio is cached, and no PTE maps it any more."""
    return any(s.folio[f].nr_pages > 1 and s.folio[f].swap == v and s.count[v] > 0 for f in Folio for v in VswapSlot)


@reachable
def a_large_folio_is_only_on_the_disk(s: Swap):
    """Two pages are on the disk side by side, and nowhere else."""
    return any(a_run(s, v) and backing(s, v).tag == Effective.PHYS and on_disk_as_one(s, v, 2) for v in VswapSlot)


@reachable
def a_run_is_backed_by_both(s: Swap):
    """Of two pages that were swapped out side by side one is on the disk, the other in zswap."""
    return any(
        a_run(s, v) and s.virtual_table[v].tag != s.virtual_table[v + 1].tag
        and s.virtual_table[v].tag in (Backing.SWAPFILE, Backing.ZSWAP) for v in VswapSlot
    )


@reachable
def a_run_is_scattered_on_the_disk(s: Swap):
    """Two pages that were swapped out side by side are on the disk, but not one after the other."""
    return any(
        a_run(s, v) and s.virtual_table[v].tag == Backing.SWAPFILE and s.virtual_table[v + 1].tag == Backing.SWAPFILE
        and not on_disk_as_one(s, v, 2) for v in VswapSlot
    )


@reachable
def a_page_of_a_large_folio_is_mapped_alone(s: Swap):
    """A fault has mapped a page of a large folio and not the next one."""
    return any(
        s.pte[p] == PteWord.PRESENT(f) and s.folio[f].nr_pages > 1 and s.folio[f].swap is not None
        and all(s.pte[q] != PteWord.PRESENT(f + 1) for q in Pte) and at(do_swap_page, "mapped", pte=p, f=f)
        for p in Pte for f in Folio
    )


@reachable
def a_page_of_a_run_is_free(s: Swap):
    """Of two pages that were swapped out side by side one is freed, the other is not."""
    return any(
        place(v) == 0 and s.table[v] == TableWord.NULL and s.table[v + 1] == TableWord.SHADOW
        and s.virtual_table[v + 1].tag == Backing.SWAPFILE for v in VswapSlot
    )


@reachable
def zswap_has_a_part_of_a_folio(s: Swap):
    """Some pages of a cached large folio are in zswap already, or still."""
    return any(
        s.folio[f].nr_pages > 1 and s.folio[f].swap == v and s.virtual_table[v].tag == Backing.ZSWAP
        and s.virtual_table[v + 1].tag != Backing.ZSWAP for f in Folio for v in VswapSlot if place(v) == 0
    )


@reachable
def zswap_refuses_a_later_page(s: Swap):
    """The first page of a large folio is in zswap, the second is refused."""
    return at(zswap_store, "a page is refused, others are stored")


@reachable
def there_is_no_run_of_virtual_slots(s: Swap):
    """A large folio cannot have its slots side by side, and is split."""
    return at(shrink_folio_list, "split")


@reachable
def a_cached_folio_is_split(s: Swap):
    """A large folio that is in the swap cache is about to be split."""
    return any(at(deferred_split_scan, "locked", f=f) and s.folio[f].nr_pages > 1 and s.folio[f].swap is not None
               for f in Folio)


LARGE_PROMISES = [*PROMISES, a_cached_large_folio_is_backed_as_one]

rfc_v2_large_folios = Spec(
    why="""Large folios: reclaim takes slots side by side, zswap takes page by page or none, the disk takes
    all pages one after the other; a fault reads them as one where they still are.""",
    model=WRITTEN_ONCE,
    design=SwapDesign(),
    scope=scopes.swapped_out,
    start=[scopes.a_fast_device],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, a_large_folio_is_in_the_swap_cache,
              a_large_folio_is_only_on_the_disk, a_run_is_backed_by_both, zswap_refuses_a_later_page],
    by_z3=4,
)

rfc_v2_large_folios_moved = Spec(
    why="""As rfc_v2_large_folios, with zaps of single pages, and a compactor that splits and moves folios
    whether they are cached or not.""",
    model=WRITTEN_ONCE,
    design=SwapDesign(),
    scope=scopes.moved,
    start=[scopes.a_fast_device],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, a_large_folio_is_in_the_swap_cache,
              a_cached_folio_is_split],
    by_z3=4,
)

rfc_v2_large_folios_written_back = Spec(
    why="""zswap writes pages of a large folio back one by one, so that what was swapped out side by side is
    on two backends, or scattered: the add check finds it out.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.written_back,
    start=[scopes.both_on_disk, scopes.both_in_zswap],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, a_large_folio_is_only_on_the_disk,
              a_run_is_backed_by_both, a_run_is_scattered_on_the_disk],
    by_z3=4,
)

rfc_v2_large_folios_written_back_and_moved = Spec(
    why="""As rfc_v2_large_folios_written_back, while a compactor splits and moves the folio.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.written_back_and_moved,
    start=[scopes.a_large_folio],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, a_run_is_backed_by_both],
)

rfc_v2_large_folios_and_swapoff = Spec(
    why="""swapoff comes for a physical slot and finds a large folio: it must be the right one of its pages,
    and all of them lose their slots.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.drained,
    start=[scopes.both_on_disk],
    promises=[*SWAPOFF_PROMISES, a_cached_large_folio_is_backed_as_one, no_cached_page_is_unreadable,
              a_large_folio_is_only_on_the_disk],
)

rfc_v2_large_folios_and_slot_reclaim = Spec(
    why="""A worker follows the hint of one physical slot up to a large folio: only if no PTE refers to any of
    its slots may it go.""",
    model=WRITTEN_ONCE,
    design=SwapDesign(),
    scope=scopes.reclaimed_from_below,
    start=[scopes.both_on_disk],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, a_large_folio_is_only_on_the_disk,
              a_page_of_a_run_is_free],
    by_z3=4,
)

rfc_v2_large_folios_drained_and_moved = Spec(
    why="""As rfc_v2_large_folios_and_swapoff, with a worker and a compactor.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.drained_and_moved,
    start=[scopes.both_on_disk],
    promises=[*SWAPOFF_PROMISES, a_cached_large_folio_is_backed_as_one, no_cached_page_is_unreadable],
)

rfc_v2_large_folios_copied = Spec(
    why="""A store to a page of a large folio that was shared once copies that page alone.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.copied,
    start=[scopes.both_on_disk_and_shared_once, scopes.both_in_zswap_and_shared_once],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable],
)

rfc_v2_large_folios_two_threads = Spec(
    why="""Two threads that fault on the pages of one large folio, and unmap them: where not all of its PTEs
    are as they were, a page is mapped alone.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.two_threads,
    start=[scopes.both_on_disk],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, a_page_of_a_large_folio_is_mapped_alone],
    by_z3=4,
)

rfc_v2_large_folios_without_run = Spec(
    why="""Where no two virtual slots are free side by side, reclaim splits the folio and takes one for a page.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.no_run,
    start=[scopes.a_large_folio_and_a_slot],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, there_is_no_run_of_virtual_slots],
    by_z3=4,
)

rfc_v2_large_folios_two_compactors = Spec(
    why="""Two CPUs that split and move the same folio, while it is swapped in.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.two_compactors,
    start=[scopes.both_on_disk],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, a_cached_folio_is_split],
)

rfc_v2_large_folios_all_failures = Spec(
    why="""Every allocation, charge, read and write of a large folio may fail: a smaller order is tried, or the
    folio stays as it was.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.all_failures,
    start=[scopes.both_on_disk, scopes.both_in_zswap, scopes.a_large_folio],
    promises=[*LARGE_PROMISES, a_run_is_backed_by_both],
)

rfc_v2_folios_of_four = Spec(
    why="""As rfc_v2_large_folios, for a folio of four pages.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.order_2,
    start=[scopes.a_folio_of_four],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, a_large_folio_is_only_on_the_disk,
              zswap_refuses_a_later_page],
)

rfc_v2_three_of_four = Spec(
    why="""Three pages of a folio of four are read again: as two and one.""",
    model=STILL,
    design=SwapDesign(),
    scope=scopes.order_2_faults,
    start=[scopes.three_of_four_on_disk],
    promises=[*LARGE_PROMISES, no_cached_page_is_unreadable],
)
