# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads and writes of physical slots.

Mirrors   __swap_writepage_phys(), swap_read_folio_phys(), end_swap_bio_write(),
          end_swap_bio_read(); mm/page_io.c [v2p3] [mainline]
Left out  merging, plugs, synchronous devices: a request that ends at once is one schedule
          of a request that ends some time.  The reclaim flag: it only moves folios in LRUs.
          The sector is taken from the physical slot when the request is made: a request
          goes to that slot, whatever becomes of it (folio->swap stays virtual [v2p3]).
"""

from __future__ import annotations

from checker.language import *
from model.design import design
from model.objects import Bio, Content, Folio, PhysSlot, Swap, in_use


def __swap_writepage_phys(s: Swap, f: Folio, p: PhysSlot):
    """Start writeback, unlock the folio, submit the write."""
    folio = s.folio[f]
    folio.bio = Bio.WRITE(p)
    folio.submitted = folio.content
    release(folio.lock)


def swap_start_writeback(s: Swap, f: Folio):
    """Folio locked: what is to be written is settled, where to is not."""
    folio = s.folio[f]
    folio.bio = Bio.STARTED
    folio.submitted = folio.content


def swap_read_folio_phys(s: Swap, f: Folio, p: PhysSlot):
    """Submit a read; its completion unlocks the folio."""
    s.folio[f].bio = Bio.READ(p)
    hand_over(s.folio[f].lock)


@rule(fair=True)
def end_swap_bio_write(s: Swap, f: Folio):
    """A write to the disk ends."""
    folio = s.folio[f]
    require(folio.bio.tag == Bio.WRITE)
    p = folio.bio.to
    expect(in_use(s, p), "nothing freed is used")
    if maybe("write error"):
        s.disk[p] = Content.JUNK
        if design.write_error_dirties:
            folio.dirty = True
    elif maybe("the disk fetches the page late"):
        s.disk[p] = folio.content  # a store came in between: real hardware may take either
    else:
        s.disk[p] = folio.submitted
    folio.submitted = Content.JUNK
    folio.bio = Bio.NONE


@rule(fair=True)
def end_swap_bio_read(s: Swap, f: Folio):
    """A read from the disk ends: the folio is unlocked."""
    folio = s.folio[f]
    require(folio.bio.tag == Bio.READ)
    p = folio.bio.source
    expect(in_use(s, p), "nothing freed is used")
    if not maybe("read error"):
        folio.content = s.disk[p]
        folio.uptodate = True
    folio.bio = Bio.NONE
    release(folio.lock)
