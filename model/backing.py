# SPDX-License-Identifier: GPL-2.0-or-later
"""What holds the content of a virtual slot, whichever words say so.

Mirrors   the answers of __vswap_check_backing(); mm/vswap.h [v2p2]
Left out  ranges of slots.
          Promises read this and not the words, so that they mean the same in every design.
"""

from __future__ import annotations

from checker.language import *
from model.objects import Backing, PhysSlot, Swap, TableWord, VswapSlot, ZswapEntry, cached, is_zero


class Effective(Union):
    """Where the content of a slot is; FOLIO is the swap cache and nowhere else."""

    NONE = case()
    PHYS = case(slot=PhysSlot)
    ZERO = case()
    ZSWAP = case(entry=ZswapEntry)
    FOLIO = case()


def backing(s: Swap, v: VswapSlot) -> Effective:
    """The effective backing of a slot; the zero flag comes before everything else."""
    word = s.virtual_table[v]
    if is_zero(s, v):
        return Effective.ZERO
    if word.tag == Backing.SWAPFILE:
        return Effective.PHYS(word.slot)
    if word.tag == Backing.ZSWAP:
        return Effective.ZSWAP(word.entry)
    p = s.direct[v]
    if p is not None and s.table[v] != TableWord.NULL:
        return Effective.PHYS(p)
    if cached(s, v):
        return Effective.FOLIO
    return Effective.NONE
