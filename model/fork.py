# SPDX-License-Identifier: GPL-2.0-or-later
"""Fork: a page gets a second owner.

Mirrors   copy_present_ptes(), copy_nonpresent_pte() in mm/memory.c, swap_dup_entry_direct() in
          mm/swapfile.c [mainline] [v2p3]
Left out  the walk over an address space: pages are copied one by one, by a process that may
          go on in between, which is more than the kernel lets it do.  Pinned pages, which are
          copied at once.  Counts too large for their field, and the memory that they need.
          One step: both PTLs are held from the count to the PTEs, and the parent's reference
          keeps the count above zero, so that nobody can tell one more from one less.
"""

from __future__ import annotations

from checker.language import *
from model.design import design
from model.device import has_tables
from model.memory import folio_get
from model.objects import Pte, PteWord, Swap, Task, VswapSlot, page_folio, page_table


@operation
def copy_present_ptes(s: Swap, cpu: Task, parent: Pte, child: Pte):
    """Fork with a page that is in memory: both see it, nobody may write to it."""
    require(s.pte[parent].tag == PteWord.PRESENT and s.pte[child] == PteWord.NONE)
    require(page_table(parent) != page_table(child))
    acquire(s.ptl[page_table(child)])
    acquire(s.ptl[page_table(parent)])
    page = s.pte[parent].folio
    folio_get(s, page_folio(s, page))
    if design.fork_protects_pages:
        s.pte_exclusive[parent] = False
        s.pte_write[parent] = False
    s.pte[child] = PteWord.PRESENT(page)
    s.pte_dirty[child] = s.pte_dirty[parent]
    s.must_see[child] = s.must_see[parent]
    release(s.ptl[page_table(parent)])
    release(s.ptl[page_table(child)])


@operation
def copy_nonpresent_pte(s: Swap, cpu: Task, parent: Pte, child: Pte):
    """Fork with a page that is swapped out: both refer to its slot."""
    require(s.pte[parent].tag == PteWord.SWAP and s.pte[child] == PteWord.NONE)
    require(page_table(parent) != page_table(child))
    acquire(s.ptl[page_table(child)])
    acquire(s.ptl[page_table(parent)])
    v = s.pte[parent].slot
    if design.fork_raises_count:
        swap_dup_entry_direct(s, v)
    if design.fork_clears_exclusive:
        s.pte_exclusive[parent] = False
    s.pte[child] = PteWord.SWAP(v)
    s.must_see[child] = s.must_see[parent]
    release(s.ptl[page_table(parent)])
    release(s.ptl[page_table(child)])


def swap_dup_entry_direct(s: Swap, v: VswapSlot):
    """One more PTE will refer to a slot that one refers to already."""
    expect(has_tables(s, v), "nothing freed is used")
    with hold(s.vswap_cluster.lock):
        expect(s.count[v] > 0, "nothing freed is used")
        s.count[v] += 1
