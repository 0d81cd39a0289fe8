# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a question about devices starts: which slot is on which, and what is swapped out to it."""

from __future__ import annotations

from checker.language import *
from model.objects import Backing, Content, Device, Memcg, PhysSlot, Pte, PteWord, Swap, TableWord, VswapSlot
from specs.direct import the_device_has_entries
from specs.scopes import one_page_in_zswap


def one_slot_on_each_device(s: Swap):
    """The last physical slot is on a second device, which is used when the first is full."""
    s.phys_device[PhysSlot(len(PhysSlot) - 1)] = Device(1)
    s.swap_info[Device(0)].prio = 1


def one_device_is_as_good_as_the_other(s: Swap):
    """The last physical slot is on a second device, with the same priority."""
    s.phys_device[PhysSlot(len(PhysSlot) - 1)] = Device(1)


def the_second_device_is_synchronous(s: Swap):
    """As one_slot_on_each_device; the second device has SYNCHRONOUS_IO."""
    one_slot_on_each_device(s)
    s.swap_info[Device(1)].synchronous_io = True


def the_second_device_wants_stable_pages(s: Swap):
    """As one_slot_on_each_device; the second device has STABLE_WRITES."""
    one_slot_on_each_device(s)
    s.swap_info[Device(1)].stable_writes = True


def both_devices_have_entries(s: Swap):
    """Two devices, and nothing but entries that are slots of one or the other."""
    one_slot_on_each_device(s)
    s.direct[VswapSlot(0)] = PhysSlot(0)
    s.direct[VswapSlot(1)] = PhysSlot(1)


def swapped_out(s: Swap, pte: Pte, v: VswapSlot, p: PhysSlot):
    """The page was swapped out to a physical slot, which is its entry or behind it, and dropped from memory."""
    s.pte[pte] = PteWord.SWAP(v)
    s.pte_exclusive[pte] = True
    s.must_see[pte] = fresh(Content)
    s.table[v] = TableWord.SHADOW
    s.count[v] = 1
    s.disk[p] = s.must_see[pte]
    s.memcg_table[v] = Memcg(0)
    s.memcg[Memcg(0)].id_refs += 1
    s.memcg[Memcg(0)].swap += 1
    if s.direct[v] is None:
        s.virtual_table[v] = Backing.SWAPFILE(p)
        s.rmap[p] = v
    else:
        s.memcg_table_ready[s.phys_device[p]] = True


def a_compressed_page_beside_data(s: Swap):
    """One page is in zswap, another one on the disk."""
    one_page_in_zswap(s)
    swapped_out(s, Pte(1), VswapSlot(1), PhysSlot(0))


def a_virtual_page_is_on_the_disk(s: Swap):
    """One page was swapped out to a physical slot behind its entry."""
    swapped_out(s, Pte(0), VswapSlot(0), PhysSlot(0))


def a_page_is_on_the_device(s: Swap):
    """The last entry is the slot of the device, and a page is swapped out to it."""
    the_device_has_entries(s)
    swapped_out(s, Pte(0), VswapSlot(len(VswapSlot) - 1), PhysSlot(0))


def a_page_is_on_the_first_device(s: Swap):
    """Two devices with entries; a page is swapped out to the first."""
    both_devices_have_entries(s)
    swapped_out(s, Pte(0), VswapSlot(0), PhysSlot(0))


def a_page_is_on_each_device(s: Swap):
    """Two devices with entries, and a page swapped out to each."""
    both_devices_have_entries(s)
    swapped_out(s, Pte(0), VswapSlot(0), PhysSlot(0))
    swapped_out(s, Pte(1), VswapSlot(1), PhysSlot(1))


def a_virtual_page_is_on_each_device(s: Swap):
    """Two devices, and two virtual neighbours whose physical slots are on one and the other."""
    one_slot_on_each_device(s)
    swapped_out(s, Pte(0), VswapSlot(0), PhysSlot(0))
    swapped_out(s, Pte(1), VswapSlot(1), PhysSlot(1))


def a_virtual_page_is_on_the_synchronous_device(s: Swap):
    """As a_virtual_page_is_on_each_device; the second device has SYNCHRONOUS_IO."""
    the_second_device_is_synchronous(s)
    swapped_out(s, Pte(0), VswapSlot(0), PhysSlot(0))
    swapped_out(s, Pte(1), VswapSlot(1), PhysSlot(1))


def a_reverse_map_is_beside_an_entry(s: Swap):
    """One device with two slots: a page has the first as its entry, the second backs a virtual one."""
    s.direct[VswapSlot(0)] = PhysSlot(0)
    s.direct[VswapSlot(1)] = PhysSlot(1)
    swapped_out(s, Pte(0), VswapSlot(0), PhysSlot(0))
    swapped_out(s, Pte(1), VswapSlot(2), PhysSlot(1))


def a_bad_slot_is_beside_an_entry(s: Swap):
    """One device with two slots: a page has the first as its entry, the second is bad."""
    s.direct[VswapSlot(0)] = PhysSlot(0)
    s.direct[VswapSlot(1)] = PhysSlot(1)
    s.bad[PhysSlot(1)] = True
    swapped_out(s, Pte(0), VswapSlot(0), PhysSlot(0))
