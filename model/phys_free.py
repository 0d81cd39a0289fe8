# SPDX-License-Identifier: GPL-2.0-or-later
"""Slots of a device are given back; empty clusters are discarded, full ones scanned for slots to take back.

Mirrors   zap_nonpresent_ptes(), __swap_cluster_free_entries(), partial_free_cluster(), swap_discard_work(),
          swap_do_scheduled_discard(), swap_reclaim_work(), swap_reclaim_full_clusters(),
          try_to_reclaim_vswap_backing(); mm/memory.c, mm/swapfile.c [v2p3] [midB]
Left out  a work takes one cluster and ends; the kernel's goes on while there are any, which is another work here.
          Whether a slot may be taken back (``model/slot_reclaim.py``): it may, or not.
"""

from __future__ import annotations

from checker.language import *
from model.cluster_design import design
from model.cluster_objects import CiOff, Cpu, Flag, Memory, Page
from model.objects import Worker
from model.phys_alloc import __free_cluster, free_cluster, move_cluster, relocate_cluster
from model.phys_objects import Device, PhysCluster, PhysClusters, Word


@operation
def zap_nonpresent_ptes(s: PhysClusters, cpu: Cpu, g: Page):
    """A page gives its slot back."""
    require(s.page[g].slot.ci is not None)
    acquire(s.page[g].lock)
    yield "the page is locked"
    free_slot_of(s, g)
    release(s.page[g].lock)


def free_slot_of(s: PhysClusters, g: Page):
    """The page's lock held: under the cluster's lock, and for a Pointer under the virtual cluster's as well."""
    c = s.page[g].slot.ci
    off = s.page[g].slot.off
    expect(s.device[s.ci[c].device].cluster_info != Memory.FREE, "nothing freed is used")
    if s.ci[c].word[off] == Word.POINTER:
        with hold(s.vswap_lock):
            with hold(s.ci[c].lock):
                swap_range_free(s, c, off)
    else:
        with hold(s.ci[c].lock):
            swap_range_free(s, c, off)
    s.page[g].slot.ci = None
    s.page[g].slot.off = CiOff(0)


def swap_range_free(s: PhysClusters, c: PhysCluster, off: CiOff):
    """The cluster's lock held: a slot is free."""
    expect(s.ci[c].table and s.ci[c].word[off] != Word.NULL, "nothing is freed twice")
    s.ci[c].word[off] = Word.NULL
    s.ci[c].count -= 1
    if s.ci[c].count == 0:
        free_cluster(s, c)
    elif s.ci[c].flags != Flag.NONFULL:
        move_cluster(s, c, Flag.NONFULL)  # partial_free_cluster


@operation
def swap_discard_work(s: PhysClusters, cpu: Worker, d: Device):
    """Tell the device that a cluster's content is of no use; then the cluster is free."""
    c = choose_or_none(PhysCluster, where=lambda c: s.ci[c].on_list == Flag.DISCARD and s.ci[c].device == d)
    require(c is not None)
    with hold(s.device[d].lock):
        if design.discard_leaves_list:
            s.ci[c].on_list = Flag.NONE
    if not design.discard_keeps_flag:
        s.ci[c].flags = Flag.NONE
    s.device[d].works += 1
    yield "the device discards it"
    with hold(s.ci[c].lock):
        expect(s.device[d].cluster_info != Memory.FREE, "nothing freed is used")
        expect(s.ci[c].flags != Flag.FREE, "nothing is freed twice")
        __free_cluster(s, c)
    s.device[d].works -= 1


@operation
def swap_reclaim_work(s: PhysClusters, cpu: Worker, d: Device):
    """The device is full: look through a full cluster for slots whose pages are in memory anyway."""
    require(not s.device[d].is_vswap)
    require(all(s.ci[c].count == len(CiOff) for c in PhysCluster if s.ci[c].device == d))
    c = choose_or_none(PhysCluster, where=lambda c: s.ci[c].on_list == Flag.FULL and s.ci[c].device == d)
    require(c is not None)
    with hold(s.ci[c].lock):
        with hold(s.device[d].lock):  # isolate_lock_cluster
            s.ci[c].on_list = Flag.NONE
        if design.isolate_clears_flags:
            s.ci[c].flags = Flag.NONE
        g = choose(Page, where=lambda g: s.page[g].slot.ci == c)
        if not design.scan_drops_cluster_lock:
            with hold(s.vswap_lock):
                pass
    s.device[d].works += 1
    yield "a slot may be taken back"
    if trylock(s.page[g].lock):
        if s.page[g].slot.ci == c and maybe("nobody but the swap cache keeps the slot"):
            free_slot_of(s, g)
        release(s.page[g].lock)
    yield "the slot was looked at"
    with hold(s.ci[c].lock):
        expect(s.device[d].cluster_info != Memory.FREE, "nothing freed is used")
        if s.ci[c].flags == Flag.NONE:
            relocate_cluster(s, c)
    s.device[d].works -= 1
