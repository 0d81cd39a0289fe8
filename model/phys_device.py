# SPDX-License-Identifier: GPL-2.0-or-later
"""A device that goes away, and who may still look at its clusters.

Mirrors   swapoff() in mm/swapfile.c, do_swap_page() in mm/memory.c, get_swap_device() [mainline] [midB]
Left out  draining (``model/swapoff.py``): swapoff waits until nothing is in use.  swapon afterwards.
          wait_for_allocation(): a hold of a cluster's lock is one step.
"""

from __future__ import annotations

from checker.language import *
from model.cluster_design import design
from model.cluster_objects import Cpu, Flag, Memory, Page
from model.objects import Swapoff
from model.phys_alloc import put_swap_device
from model.phys_objects import Device, PhysCluster, PhysClusters


@operation
def do_swap_page(s: PhysClusters, cpu: Cpu, g: Page):
    """Fault on an entry that was read without any lock, and is a slot of a device."""
    c = s.page[g].slot.ci
    require(c is not None)
    d = s.ci[c].device
    yield "read the PTE"
    if s.device[d].dying:
        return  # get_swap_device: it is going away
    if design.lookup_pins_device:
        s.device[d].users |= {cpu}
    yield "the device is there"
    expect(s.device[d].cluster_info != Memory.FREE, "nothing freed is used")  # swap_cache_get_folio
    put_swap_device(s, cpu, d)


@operation
def swapoff(s: PhysClusters, cpu: Swapoff, d: Device):
    """Take a device out of use, and free its clusters."""
    require(s.device[d].writeok and not s.device[d].is_vswap)
    with hold(s.swap_lock):
        with hold(s.device[d].lock):
            s.device[d].writeok = False
    yield "SWP_WRITEOK is cleared"
    require(all(s.ci[c].count == 0 for c in PhysCluster if s.ci[c].device == d))  # try_to_unuse
    s.device[d].dying = True
    yield "percpu_ref_kill"
    if design.swapoff_waits_for_users:
        require(len(s.device[d].users) == 0)
    yield "nobody has a reference"
    if design.swapoff_flushes_work:
        require(s.device[d].works == 0
                and not any(s.ci[c].on_list == Flag.DISCARD for c in PhysCluster if s.ci[c].device == d))
    s.device[d].cluster_info = Memory.FREE
