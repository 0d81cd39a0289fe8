# SPDX-License-Identifier: GPL-2.0-or-later
"""Splitting and moving a large folio, whether it is in the swap cache or not.

Mirrors   split_folio(), deferred_split_scan() in mm/huge_memory.c, migrate_folio() with
          __folio_migrate_mapping() in mm/migrate.c [mainline] [v2p2]
Left out  migration entries: while a folio is split or moved its PTEs make whoever faults wait for the
          folio lock, which we hold; so the old page goes and the new one comes in one step.  Who
          asks for it (memory that must be contiguous, a partial unmap): any folio, at any time.
          Splitting into folios of more than one page.  That the folio was split or moved while we waited for
          its lock: our reference keeps others from both.
"""

from __future__ import annotations

from checker.language import *
from model.design import design
from model.memory import folio_alloc, folio_free, folio_put
from model.objects import (
    Compactor,
    Folio,
    Pte,
    PteWord,
    Swap,
    TableWord,
    VswapSlot,
    folio_mapped,
    folio_test_writeback,
    maps,
    page_table,
)


def folio_test_partially_mapped(s: Swap, f: Folio) -> bool:
    """Whether some pages of a folio are mapped and others are not."""
    return folio_mapped(s, f) and any(
        all(s.pte[p] != PteWord.PRESENT(f + i) for p in Pte) for i in range(s.folio[f].nr_pages)
    )


def page_tables_are_free(s: Swap, f: Folio) -> bool:
    """Whether nobody holds the lock of a page table that maps the folio: else we wait for him."""
    return not any(maps(s, p, f) and locked(s.ptl[page_table(p)]) for p in Pte)


def nobody_else_refers_to(s: Swap, f: Folio) -> bool:
    """Whether all references are the mappings', the swap cache's, and the one that we hold."""
    folio = s.folio[f]
    cache = folio.nr_pages if folio.swap is not None else 0
    return folio.refcount == sum(1 for p in Pte if maps(s, p, f)) + cache + 1


def split_folio(s: Swap, f: Folio) -> bool:
    """Make the pages of a locked folio folios of their own; False: somebody else refers to it."""
    require(page_tables_are_free(s, f))
    folio = s.folio[f]
    nr = folio.nr_pages
    first = folio.swap
    with hold(s.vswap_cluster.lock):
        frozen = nobody_else_refers_to(s, f) and not folio_test_writeback(s, f)
        if frozen:
            for i in range(nr):
                page = s.folio[f + i]
                page.nr_pages = 1
                page.anon = folio.anon
                page.dirty = folio.dirty
                page.uptodate = folio.uptodate
                page.memcg = folio.memcg
                if first is not None:
                    s.table[first + i] = TableWord.PFN(f + i)
                    if design.folio_has_one_entry:
                        page.swap = first + i
    if not frozen:
        return False
    for i in range(nr):
        page = s.folio[f + i]
        page.refcount = sum(1 for p in Pte if s.pte[p] == PteWord.PRESENT(f + i))
        if first is not None:
            page.refcount += 1
        if page.refcount == 0 and i > 0:
            folio_free(s, f + i)  # nobody's page; the first one is ours
    folio.refcount += 1  # ours
    return True


@operation
def deferred_split_scan(s: Swap, cpu: Compactor, f: Folio):
    """Split a large folio."""
    folio = s.folio[f]
    require(folio.refcount > 0 and folio.nr_pages > 1)
    folio.refcount += 1
    yield "on the split queue"
    if not trylock(folio.lock):
        folio_put(s, f)
        return
    yield "locked"
    split_folio(s, f)
    release(folio.lock)
    folio_put(s, f)


@operation
def migrate_folio(s: Swap, cpu: Compactor, f: Folio):
    """Move a folio to other pages."""
    folio = s.folio[f]
    require(folio.refcount > 0 and folio.anon)
    folio.refcount += 1
    yield "isolated from the LRU"

    if not trylock(folio.lock):
        folio_put(s, f)
        return
    new = folio_alloc(s, folio.nr_pages)
    if new is None:
        release(folio.lock)
        folio_put(s, f)
        return
    acquire(s.folio[new].lock)
    yield "both folios are locked"

    require(page_tables_are_free(s, f))
    if not folio_test_writeback(s, f):
        folio_migrate_mapping(s, f, new)
    release(s.folio[new].lock)
    folio_put(s, new)
    release(folio.lock)
    folio_put(s, f)


def folio_migrate_mapping(s: Swap, f: Folio, new: Folio):
    """Both locked: put one folio in the place of another, if nobody else refers to it."""
    old = s.folio[f]
    folio = s.folio[new]
    nr = old.nr_pages
    first = old.swap
    with hold(s.vswap_cluster.lock):
        frozen = nobody_else_refers_to(s, f)
        if frozen:
            if first is not None:
                for i in range(nr):
                    s.table[first + i] = TableWord.PFN(new)
                    if not design.folio_has_one_entry:
                        if design.migrate_copies_entries:
                            s.folio[new + i].swap = s.folio[f + i].swap
                        else:
                            s.folio[new + i].swap = choose(VswapSlot)  # whatever is in that memory
                    s.folio[f + i].swap = None
                folio.swap = first
            folio.anon = old.anon
            folio.dirty = old.dirty
            folio.uptodate = old.uptodate
            folio.memcg = old.memcg
            for i in range(nr):
                s.folio[new + i].content = s.folio[f + i].content
    if not frozen:
        return
    for p in Pte:
        if maps(s, p, f):
            s.pte[p] = PteWord.PRESENT(new + (place(s.pte[p].folio) - place(f)))
    folio.refcount += old.refcount - 1  # the mappings' and the cache's
    old.refcount = 1  # ours
