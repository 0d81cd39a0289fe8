# SPDX-License-Identifier: GPL-2.0-or-later
"""What holds the content of a virtual slot, whichever words say so.

Mirrors   the answers of __vswap_check_backing(); mm/vswap.h [v2p2]; vswap_can_swapin_thp() [v1p2]
          Promises read this and not the words, so that they mean the same in every design.
"""

from __future__ import annotations

from checker.language import *
from model.design import design
from model.objects import (
    Backing,
    PhysSlot,
    Swap,
    TableWord,
    VswapSlot,
    ZswapEntry,
    cached,
    is_zero,
    next_slot,
    on_device,
)


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


def vswap_can_swapin_thp(s: Swap, v: VswapSlot, nr: int) -> bool:
    """V held: whether the content of so many slots can be read into one folio.

    Nothing in zswap, nothing mixed, and on the disk one after the other on one device [seed].
    """
    first = s.virtual_table[v]
    for i in range(nr):
        word = s.virtual_table[v + i]
        if design.thp_refuses_zswap and word.tag == Backing.ZSWAP:
            return False
        if design.thp_refuses_mixed and (word.tag != first.tag or is_zero(s, v + i) != is_zero(s, v)):
            return False
        if design.thp_wants_consecutive and first.tag == Backing.SWAPFILE and word.tag == Backing.SWAPFILE:
            if word.slot != next_slot(first.slot, i):
                return False
    return True


def on_disk_as_one(s: Swap, v: VswapSlot, nr: int) -> bool:
    """Whether physical slots are behind all of these slots, one after the other."""
    first = s.virtual_table[v]
    return on_device(s, v) and (nr == 1 or (first.tag == Backing.SWAPFILE and all(
        s.virtual_table[v + i].tag == Backing.SWAPFILE
        and s.virtual_table[v + i].slot == next_slot(first.slot, i) for i in range(nr))))
