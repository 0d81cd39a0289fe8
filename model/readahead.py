# SPDX-License-Identifier: GPL-2.0-or-later
"""Readahead: a fault also reads entries that are not its own.

Mirrors   swapin_sync(), swapin_readahead(), swap_vma_readahead(), swap_cluster_readahead() in
          mm/swap_state.c [mainline] [v2p3]
Left out  the window: one neighbour at most is read by one fault, any one; another fault may read
          another.  Plugs, and the readahead flag.  Large orders.
"""

from __future__ import annotations

from checker.language import *
from model.design import Readahead, design
from model.device import device_to_pin, is_synchronous
from model.objects import Device, Pte, PteWord, Swap, VswapSlot


def reads_neighbours(s: Swap, v: VswapSlot) -> bool:
    """Whether a fault on the entry takes swapin_readahead(): what is asked here may be otherwise at once."""
    with hold(s.vswap_cluster.lock):
        synchronous = is_synchronous(s, v)
    return not synchronous


def same_device(s: Swap, v: VswapSlot, w: VswapSlot) -> bool:
    """Whether two entries have the same type: the same physical device, or both the virtual one."""
    p = s.direct[v]
    q = s.direct[w]
    if p is None or q is None:
        return p is None and q is None
    return s.phys_device[p] == s.phys_device[q]


def neighbour(s: Swap, pte: Pte, v: VswapSlot) -> VswapSlot | None:
    """An entry near the one that a fault is about; None: there is nothing to read ahead."""
    if design.readahead == Readahead.VMA:
        near = choose_or_none(Pte, where=lambda q: q != pte and s.pte[q].tag == PteWord.SWAP)
        if near is None:
            return None
        return s.pte[near].slot  # without the PTL: it may be another at once
    return choose_or_none(VswapSlot, where=lambda w: w != v and same_device(s, v, w))  # in use or not


def pin_neighbour(s: Swap, v: VswapSlot, w: VswapSlot) -> Device | None:
    """The device to pin for a neighbour: none if the fault has pinned it already."""
    if not design.readahead_pins_other_device or same_device(s, v, w):
        return None
    return device_to_pin(s, w)
