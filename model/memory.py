# SPDX-License-Identifier: GPL-2.0-or-later
"""Folios and their references, and the stores of user space.

Mirrors   folio_put(), folio_get(), the page allocator, do_anonymous_page() [mainline]
Left out  LRU lists: reclaim may pick any folio in use, which is more than the kernel does.
          A folio lives by its references alone: the swap cache holds one, each mapping
          one, each actor that found it one.
          A large folio is allocated at the first touch of an aligned run of PTEs, of any order that
          the scope has room for.
          Accessed bits.  Write protection for any other reason than a page that is shared.
"""

from __future__ import annotations

from checker.language import *
from model.objects import Content, Folio, Memcg, Pte, PteWord, Swap, Task, page_folio, page_table


def some_order() -> int:
    """How many pages somebody may ask for."""
    if block(Folio) == 1:
        return 1
    return choose(range(1, block(Folio) + 1), where=lambda n: n in (1, 2, 4))


def is_free(s: Swap, page: Folio) -> bool:
    """Whether the allocator has the page."""
    # a folio that was freed while locked is a "bad page": the allocator keeps it
    return s.folio[page].refcount == 0 and not locked(s.folio[page].lock) and page_folio(s, page) == page


def folio_alloc(s: Swap, nr: int) -> Folio | None:
    """A free folio of so many pages with one reference, or None."""
    f = choose_or_none(Folio, where=lambda f: place(f) % nr == 0 and all(is_free(s, f + i) for i in range(nr)))
    if f is not None:
        s.folio[f].refcount = 1
        s.folio[f].nr_pages = nr
    return f


def folio_free(s: Swap, f: Folio):
    """The memory goes back to the allocator."""
    folio = s.folio[f]
    folio.refcount = 0
    folio.anon = False
    folio.dirty = False
    folio.uptodate = False
    folio.memcg = None
    for i in range(folio.nr_pages):
        s.folio[f + i].content = Content.JUNK
    folio.nr_pages = 1


def folio_get(s: Swap, f: Folio):
    """Take a reference."""
    expect(s.folio[f].refcount > 0, "nothing freed is used")
    s.folio[f].refcount += 1


def folio_put(s: Swap, f: Folio):
    """Drop a reference; the last one frees the folio."""
    folio_put_refs(s, f, 1)


def folio_put_refs(s: Swap, f: Folio, refs: int):
    """Drop several references; the last one frees the folio."""
    folio = s.folio[f]
    expect(folio.refcount >= refs, "nothing is freed twice")
    if folio.refcount <= refs:
        folio_free(s, f)
    else:
        folio.refcount -= refs


@rule
def do_anonymous_page(s: Swap, pte: Pte, memcg: Memcg):
    """First touch of a page: a new folio is mapped and written."""
    nr = some_order()
    require(place(pte) % nr == 0 and all(s.pte[pte + i] == PteWord.NONE for i in range(nr)))
    require(not locked(s.ptl[page_table(pte)]))
    f = folio_alloc(s, nr)
    require(f is not None)
    folio = s.folio[f]
    folio.memcg = memcg
    folio.anon = True
    folio.uptodate = True
    folio.refcount = nr  # the allocator's reference is the first mapping's now
    for i in range(nr):
        page = s.folio[f + i]
        page.content = fresh(Content)
        s.pte[pte + i] = PteWord.PRESENT(f + i)
        s.pte_dirty[pte + i] = True
        s.pte_write[pte + i] = True
        s.pte_exclusive[pte + i] = True
        s.must_see[pte + i] = page.content


@rule
def user_store(s: Swap, pte: Pte):
    """The process writes to a mapped page: only the PTE notes it."""
    require(s.pte[pte].tag == PteWord.PRESENT and s.pte_write[pte])
    page = s.pte[pte].folio
    expect(s.folio[page_folio(s, page)].refcount > 0, "nothing freed is used")
    s.folio[page].content = fresh(Content)
    s.pte_dirty[pte] = True
    s.must_see[pte] = s.folio[page].content


@operation
def user_store_zeros(s: Swap, cpu: Task, pte: Pte):
    """The process fills a mapped page with zeros."""
    # apart from user_store, so that a scope can leave it out
    require(s.pte[pte].tag == PteWord.PRESENT and s.pte_write[pte])
    page = s.pte[pte].folio
    expect(s.folio[page_folio(s, page)].refcount > 0, "nothing freed is used")
    s.folio[page].content = Content.ZERO
    s.pte_dirty[pte] = True
    s.must_see[pte] = Content.ZERO
