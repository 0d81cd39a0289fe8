# SPDX-License-Identifier: GPL-2.0-or-later
"""Folios and their references, and the stores of user space.

Mirrors   folio_put(), folio_get(), the page allocator, do_anonymous_page() [mainline]
Left out  LRU lists: reclaim may pick any folio in use, which is more than the kernel does.
          A folio lives by its references alone: the swap cache holds one, each mapping
          one, each actor that found it one.
          Accessed bits.  Write protection for any other reason than a page that is shared.
"""

from __future__ import annotations

from checker.language import *
from model.objects import Content, Folio, Memcg, Pte, PteWord, Swap, Task


def folio_alloc(s: Swap) -> Folio | None:
    """A free folio with one reference, or None."""
    # a folio that was freed while locked is a "bad page": the allocator keeps it
    f = choose_or_none(Folio, where=lambda f: s.folio[f].refcount == 0 and not locked(s.folio[f].lock))
    if f is not None:
        s.folio[f].refcount = 1
    return f


def folio_free(s: Swap, f: Folio):
    """The memory goes back to the allocator."""
    folio = s.folio[f]
    folio.refcount = 0
    folio.anon = False
    folio.dirty = False
    folio.uptodate = False
    folio.memcg = None
    folio.content = Content.JUNK


def folio_get(s: Swap, f: Folio):
    """Take a reference."""
    expect(s.folio[f].refcount > 0, "nothing freed is used")
    s.folio[f].refcount += 1


def folio_put(s: Swap, f: Folio):
    """Drop a reference; the last one frees the folio."""
    folio = s.folio[f]
    expect(folio.refcount > 0, "nothing is freed twice")
    if folio.refcount <= 1:
        folio_free(s, f)
    else:
        folio.refcount -= 1


@rule
def do_anonymous_page(s: Swap, pte: Pte, memcg: Memcg):
    """First touch of a page: a new folio is mapped and written."""
    require(s.pte[pte] == PteWord.NONE and not locked(s.ptl[pte]))
    f = folio_alloc(s)
    require(f is not None)
    folio = s.folio[f]
    folio.memcg = memcg
    folio.anon = True
    folio.uptodate = True
    folio.content = fresh(Content)
    s.pte[pte] = PteWord.PRESENT(f)  # the allocator's reference is the mapping's now
    s.pte_dirty[pte] = True
    s.pte_write[pte] = True
    s.pte_exclusive[pte] = True
    s.must_see[pte] = folio.content


@rule
def user_store(s: Swap, pte: Pte):
    """The process writes to a mapped page: only the PTE notes it."""
    require(s.pte[pte].tag == PteWord.PRESENT and s.pte_write[pte])
    folio = s.folio[s.pte[pte].folio]
    expect(folio.refcount > 0, "nothing freed is used")
    folio.content = fresh(Content)
    s.pte_dirty[pte] = True
    s.must_see[pte] = folio.content


@operation
def user_store_zeros(s: Swap, cpu: Task, pte: Pte):
    """The process fills a mapped page with zeros."""
    # apart from user_store, so that a scope can leave it out
    require(s.pte[pte].tag == PteWord.PRESENT and s.pte_write[pte])
    folio = s.folio[s.pte[pte].folio]
    expect(folio.refcount > 0, "nothing freed is used")
    folio.content = Content.ZERO
    s.pte_dirty[pte] = True
    s.must_see[pte] = Content.ZERO
