# SPDX-License-Identifier: GPL-2.0-or-later
"""A slot of a device for a page: where the CPU went on last time, or by way of the lists.

Mirrors   folio_alloc_swap(), folio_realloc_swap(), vswap_alloc(), swap_alloc_fast(), swap_alloc_slow(),
          cluster_alloc_swap_entry(), alloc_swap_scan_list(), alloc_swap_scan_cluster(), isolate_lock_cluster(),
          swap_cluster_populate(), relocate_cluster(), move_cluster(), get_swap_device_info(), put_swap_device();
          mm/swapfile.c [v2p1] [v2p2] [v2p6] [midB]
Left out  the order of devices: any may be the one that is tried, and no second one is.  Reclaim of full clusters on
          the way, and swap_sync_discard: workers do the same at any time (``model/phys_free.py``).
"""

from __future__ import annotations

from checker.language import *
from model.cluster_design import design
from model.cluster_objects import CiOff, Cpu, Flag, Memory, Page
from model.phys_objects import Counted, Device, PhysCluster, PhysClusters, Word, noted_at


@operation
def folio_alloc_swap(s: PhysClusters, cpu: Cpu, g: Page):
    """Give a locked page a slot of a device that is its entry."""
    require(s.page[g].slot.ci is None)
    acquire(s.page[g].lock)
    yield from swap_alloc(s, cpu, g, Word.DIRECT, False)
    release(s.page[g].lock)


@operation
def folio_realloc_swap(s: PhysClusters, cpu: Cpu, g: Page):
    """Give a locked page with a virtual entry a slot of a device behind it."""
    require(s.page[g].slot.ci is None)
    acquire(s.page[g].lock)
    yield from swap_alloc(s, cpu, g, Word.POINTER, False)
    release(s.page[g].lock)


@operation
def shrink_folio_list(s: PhysClusters, cpu: Cpu, g: Page):
    """Write a page out: a virtual slot for it, and then a slot of a device behind that."""
    require(s.page[g].slot.ci is None)
    acquire(s.page[g].lock)
    if not s.page[g].has_virtual_slot:
        yield from swap_alloc(s, cpu, g, Word.DIRECT, True)
        yield "the page has a virtual slot"
    yield from swap_alloc(s, cpu, g, Word.POINTER, False)
    release(s.page[g].lock)


def may_use(s: PhysClusters, g: Page, d: Device, virtual: bool) -> bool:
    """Whether a slot of this device will do."""
    if virtual:
        return s.device[d].is_vswap
    return not s.device[d].is_vswap and (s.page[g].tier is None or s.page[g].tier == d)


def swap_alloc(s: PhysClusters, cpu: Cpu, g: Page, word: Word, virtual: bool):
    """Find a slot, on the CPU's last cluster or on another one."""
    d = choose_or_none(Device, where=lambda d: noted_is_for(s, cpu, d) and may_use(s, g, d, virtual))
    if d is not None and get_swap_device_info(s, cpu, d):
        yield "the noted device is there"
        c = s.percpu_swap_cluster[cpu][noted_at(s, d)].ci
        off = s.percpu_swap_cluster[cpu][noted_at(s, d)].off
        with hold(s.ci[c].lock):
            expect(s.device[d].cluster_info != Memory.FREE, "nothing freed is used")
            found = False
            if not design.cached_offset_is_rechecked:
                take_slot(s, c, off, g, word)
                found = True
            elif cluster_is_usable(s, c):
                found = alloc_swap_scan_cluster(s, cpu, c, CiOff(0) if s.ci[c].count == 0 else off, g, word)
        put_swap_device(s, cpu, d)
        if found:
            return
        yield "no slot where the last one was"
    s.slow = min(s.slow + 1, len(Counted) - 1)
    d = choose_or_none(Device, where=lambda d: s.device[d].writeok and may_use(s, g, d, virtual))
    if d is None or not get_swap_device_info(s, cpu, d):
        return
    yield "a device is tried"
    yield from cluster_alloc_swap_entry(s, cpu, d, g, word)
    put_swap_device(s, cpu, d)


def noted_is_for(s: PhysClusters, cpu: Cpu, d: Device) -> bool:
    """Whether the CPU's note for a device is about a cluster of that device."""
    return any(s.percpu_swap_cluster[cpu][noted_at(s, d)].ci == c and s.ci[c].device == d for c in PhysCluster)


def get_swap_device_info(s: PhysClusters, cpu: Cpu, d: Device) -> bool:
    """Keep a device's clusters; False: it is going away. The virtual device never does."""
    if s.device[d].dying:
        return False
    if design.alloc_pins_device:
        s.device[d].users |= {cpu}
    return True


def put_swap_device(s: PhysClusters, cpu: Cpu, d: Device):
    """The reference is given back."""
    s.device[d].users -= {cpu}


def cluster_is_usable(s: PhysClusters, c: PhysCluster) -> bool:
    """Whether to look for a slot at all: it is not full and not being discarded, and has a table."""
    if not design.cached_cluster_is_rechecked:
        return True
    return s.ci[c].flags in (Flag.NONE, Flag.FREE, Flag.NONFULL, Flag.FRAG) and s.ci[c].table


def cluster_alloc_swap_entry(s: PhysClusters, cpu: Cpu, d: Device, g: Page, word: Word):
    """Free clusters first where they were discarded, to spread the writes; else nonfull ones; at last frag ones."""
    if s.device[d].discards:
        found = yield from alloc_swap_scan_list(s, cpu, d, Flag.FREE, g, word)
        if found:
            return
        yield "no cluster is free"
    found = yield from alloc_swap_scan_list(s, cpu, d, Flag.NONFULL, g, word)
    if found:
        return
    yield "no cluster is nonfull"
    if not s.device[d].discards:
        found = yield from alloc_swap_scan_list(s, cpu, d, Flag.FREE, g, word)
        if found:
            return
        yield "no cluster is free, either"
    found = yield from alloc_swap_scan_list(s, cpu, d, Flag.FRAG, g, word)


def alloc_swap_scan_list(s: PhysClusters, cpu: Cpu, d: Device, flag: Flag, g: Page, word: Word):
    """Take a slot of some cluster on a list; its lock was had by trylock, so no order of locks is at stake."""
    c = choose_or_none(PhysCluster, where=lambda c: s.ci[c].on_list == flag and s.ci[c].device == d)
    if c is None:
        return False
    with hold(s.ci[c].lock):
        expect(s.device[d].cluster_info != Memory.FREE, "nothing freed is used")
        with hold(s.device[d].lock):  # isolate_lock_cluster
            s.ci[c].on_list = Flag.NONE
        if design.isolate_clears_flags:
            s.ci[c].flags = Flag.NONE
        found = False
        ready = flag != Flag.FREE or swap_cluster_alloc_table(s, c)
        if ready:
            found = alloc_swap_scan_cluster(s, cpu, c, CiOff(0), g, word)
    if not ready:
        yield "there is time to wait for memory"
        with hold(s.ci[c].lock):
            if swap_cluster_alloc_table(s, c):
                found = alloc_swap_scan_cluster(s, cpu, c, CiOff(0), g, word)
            elif design.alloc_puts_back_without_table:
                move_cluster(s, c, Flag.FREE)
    return found


def swap_cluster_alloc_table(s: PhysClusters, c: PhysCluster) -> bool:
    """The cluster's lock held, the cluster on no list: it gets a swap table."""
    if maybe("no memory for a swap table"):
        return False
    s.ci[c].table = True
    return True


def alloc_swap_scan_cluster(s: PhysClusters, cpu: Cpu, c: PhysCluster, start: CiOff, g: Page, word: Word) -> bool:
    """The cluster's lock held: take a slot; the CPU notes where to go on."""
    d = s.ci[c].device
    off = first_free(s, c, start)
    found = off is not None and (s.device[d].writeok or not design.alloc_tests_writeok)
    if found and word == Word.DIRECT and not s.device[d].is_vswap and not s.ci[c].memcg_table:
        found = memcg_table_alloc(s, c)
    if found:
        take_slot(s, c, off, g, word)
    relocate_cluster(s, c)
    note = s.percpu_swap_cluster[cpu][noted_at(s, d)]
    note.ci = None
    note.off = CiOff(0)
    if found and s.ci[c].count < len(CiOff) and int(off) + 1 < len(CiOff):
        note.ci = c
        note.off = CiOff(int(off) + 1)
    return found


def take_slot(s: PhysClusters, c: PhysCluster, off: CiOff, g: Page, word: Word):
    """The cluster's lock held: a slot is the page's."""
    expect(s.ci[c].table, "nothing freed is used")
    s.ci[c].word[off] = word
    s.ci[c].count = min(s.ci[c].count + 1, len(CiOff))
    if s.device[s.ci[c].device].is_vswap:
        s.page[g].has_virtual_slot = True  # never given back here
    else:
        s.page[g].slot.ci = c
        s.page[g].slot.off = off


def first_free(s: PhysClusters, c: PhysCluster, start: CiOff) -> CiOff | None:
    """The first slot that is free, from a given one to the last."""
    for off in CiOff:
        if off >= start and s.ci[c].word[off] == Word.NULL:
            return off
    return None


def memcg_table_alloc(s: PhysClusters, c: PhysCluster) -> bool:
    """The cluster's lock held: it gets the table for the memcg ids of its direct slots; False: no memory."""
    if not design.slot_write_tests_table:
        return True
    if maybe("no memory for the memcg_table"):
        return False
    s.ci[c].memcg_table = True
    return True


def relocate_cluster(s: PhysClusters, c: PhysCluster):
    """The cluster's lock held: to the list that suits it; others may have moved it before."""
    if s.ci[c].flags == Flag.DISCARD or not design.alloc_relocates_cluster:
        return
    if s.ci[c].count == 0:
        free_cluster(s, c)
    elif s.ci[c].count >= len(CiOff):
        move_cluster(s, c, Flag.FULL)
    elif s.ci[c].flags != Flag.FRAG:
        move_cluster(s, c, Flag.FRAG)


def move_cluster(s: PhysClusters, c: PhysCluster, flag: Flag):
    """The cluster's lock held: to the end of a list."""
    with hold(s.device[s.ci[c].device].lock):
        s.ci[c].on_list = flag
    s.ci[c].flags = flag


def free_cluster(s: PhysClusters, c: PhysCluster):
    """The cluster's lock held, no slot in use: to the discard list, or to the free one."""
    d = s.ci[c].device
    if s.device[d].discards and s.device[d].writeok:
        move_cluster(s, c, Flag.DISCARD)
    else:
        __free_cluster(s, c)


def __free_cluster(s: PhysClusters, c: PhysCluster):
    """The cluster's lock held: its tables are freed, it goes to the free list."""
    s.ci[c].table = False
    s.ci[c].memcg_table = False
    move_cluster(s, c, Flag.FREE)
