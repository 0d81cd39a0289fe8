# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads and writes of physical slots.

Mirrors   __swap_writepage_phys(), swap_read_folio_phys(), end_swap_bio_write(),
          end_swap_bio_read(); mm/page_io.c [v2p3] [mainline]
Left out  merging, plugs, synchronous devices: a request that ends at once is one schedule
          of a request that ends some time.  The reclaim flag: it only moves folios in LRUs.
          The sector is taken from the physical slot when the request is made: a request
          goes to that slot, whatever becomes of it (folio->swap stays virtual [v2p3]).  A request for a
          large folio is one for as many slots that follow on the disk: nobody asks whose they are.
"""

from __future__ import annotations

from checker.language import *
from model.design import design
from model.objects import Bio, Content, Folio, PhysSlot, Swap, in_use, next_slot


def __swap_writepage_phys(s: Swap, f: Folio, p: PhysSlot):
    """Start writeback, unlock the folio, submit the write."""
    folio = s.folio[f]
    folio.bio = Bio.WRITE(p)
    submit_pages(s, f)
    release(folio.lock)


def submit_pages(s: Swap, f: Folio):
    """What is written is what the pages hold now."""
    for i in range(s.folio[f].nr_pages):
        s.folio[f + i].submitted = s.folio[f + i].content


def swap_start_writeback(s: Swap, f: Folio):
    """Folio locked: what is to be written is settled, where to is not."""
    s.folio[f].bio = Bio.STARTED
    submit_pages(s, f)


def swap_read_folio_phys(s: Swap, f: Folio, p: PhysSlot):
    """Submit a read; its completion unlocks the folio."""
    s.folio[f].bio = Bio.READ(p)
    hand_over(s.folio[f].lock)


@rule(fair=True)
def end_swap_bio_write(s: Swap, f: Folio):
    """A write to the disk ends."""
    folio = s.folio[f]
    require(folio.bio.tag == Bio.WRITE)
    failed = maybe("write error")
    for i in range(folio.nr_pages):
        p = folio.bio.to + i  # one run: whoever wrote took it so
        page = s.folio[f + i]
        expect(in_use(s, p), "nothing freed is used")
        if failed:
            s.disk[p] = Content.JUNK
        elif maybe("the disk fetches the page late"):
            s.disk[p] = page.content  # a store came in between: real hardware may take either
        else:
            s.disk[p] = page.submitted
        page.submitted = Content.JUNK
    if failed and design.write_error_dirties:
        folio.dirty = True
    folio.bio = Bio.NONE


@rule(fair=True)
def end_swap_bio_read(s: Swap, f: Folio):
    """A read from the disk ends: the folio is unlocked."""
    folio = s.folio[f]
    require(folio.bio.tag == Bio.READ)
    failed = maybe("read error")
    for i in range(folio.nr_pages):
        p = next_slot(folio.bio.source, i)
        expect(p is not None and in_use(s, p), "nothing freed is used")
        if not failed:
            s.folio[f + i].content = s.disk[p] if p is not None else Content.JUNK
    if not failed:
        folio.uptodate = True
    folio.bio = Bio.NONE
    release(folio.lock)
