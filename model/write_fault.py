# SPDX-License-Identifier: GPL-2.0-or-later
"""The write fault on a page that is mapped read-only: take it over, or copy it.

Mirrors   do_wp_page(), wp_can_reuse_anon_folio(), wp_page_copy() in mm/memory.c [mainline]
Left out  the first, unlocked look at the PTE: the fault starts where it is compared under the
          PTL.  Pages that are marked exclusive and yet read-only (mprotect): here a read-only page
          is one that was shared.  KSM, the reuse of large folios, huge pages, userfaultfd.  The copy
          is charged to the memcg of the original.
"""

from __future__ import annotations

from checker.language import *
from model.design import design
from model.memory import folio_alloc, folio_get, folio_put
from model.objects import Folio, Pte, PteWord, Swap, Task, page_folio, page_table
from model.swap_cache import folio_free_swap, free_swap_cache


@operation
def do_wp_page(s: Swap, cpu: Task, pte: Pte):
    """Write fault on a page that is mapped read-only."""
    require(s.pte[pte].tag == PteWord.PRESENT and not s.pte_write[pte])
    acquire(s.ptl[page_table(pte)])
    page = s.pte[pte].folio
    f = page_folio(s, page)
    reused = yield from wp_can_reuse_anon_folio(s, f)
    if reused:
        s.pte_exclusive[pte] = True
        s.pte_write[pte] = True
        s.pte_dirty[pte] = True
        release(s.ptl[page_table(pte)])
        return
    folio_get(s, f)
    release(s.ptl[page_table(pte)])
    yield "the page must be copied"
    yield from wp_page_copy(s, pte, page)


def wp_can_reuse_anon_folio(s: Swap, f: Folio):
    """PTL held: whether the page is nobody else's; tries to take it out of the swap cache first."""
    folio = s.folio[f]
    if folio.nr_pages > 1:
        return False  # only a page that is a folio of its own is taken over
    if design.wp_tests_references and folio.refcount > 1 + (1 if folio.swap is not None else 0):
        return False
    yield "nobody else seems to have the page"
    if not trylock(folio.lock):
        return False
    if design.wp_frees_swap_first:
        yield from folio_free_swap(s, f)
        alone = folio.refcount == 1
    else:
        alone = folio.refcount == 1 + (1 if folio.swap is not None else 0)
    release(folio.lock)
    return alone or not design.wp_tests_references


def wp_page_copy(s: Swap, pte: Pte, old: Folio):
    """Give a PTE a copy of the page that it maps; we hold a reference to its folio."""
    if maybe("no memory"):
        folio_put(s, page_folio(s, old))
        return  # -ENOMEM
    new = folio_alloc(s, 1)
    if new is None:
        folio_put(s, page_folio(s, old))
        return  # -ENOMEM
    folio = s.folio[new]
    folio.memcg = s.folio[page_folio(s, old)].memcg
    if maybe("memcg charge of the folio fails"):
        folio_put(s, new)
        folio_put(s, page_folio(s, old))
        return  # -ENOMEM
    folio.anon = True
    folio.uptodate = True
    folio.content = s.folio[old].content
    yield "copied"

    acquire(s.ptl[page_table(pte)])
    if design.wp_rechecks_pte and (s.pte[pte] != PteWord.PRESENT(old) or s.pte_write[pte]):
        release(s.ptl[page_table(pte)])
        folio_put(s, new)
        folio_put(s, page_folio(s, old))
        return
    s.pte[pte] = PteWord.PRESENT(new)
    s.pte_write[pte] = True
    s.pte_exclusive[pte] = True
    s.pte_dirty[pte] = True
    folio_put(s, page_folio(s, old))  # the mapping's
    release(s.ptl[page_table(pte)])
    yield "the copy is mapped"
    f = page_folio(s, old)
    yield from free_swap_cache(s, f)
    folio_put(s, f)
