# SPDX-License-Identifier: GPL-2.0-or-later
"""Physical devices: in which order they are used, what they are asked, who keeps them from going away.

Mirrors   get_swap_device(), put_swap_device(), swap_alloc_fast(), swap_alloc_slow(),
          swap_entry_backend_has_flag(); mm/swapfile.c [mainline] [v2p3]
Left out  the reference that an allocation takes: it is given back in the same step.  swapon, and a
          device that comes back with another content.  A look at several devices is one step; who comes
          in between sends the allocation to another device, as a cached cluster does.
          A reference can only be seen by swapoff: where nobody runs it, none is counted.
"""

from __future__ import annotations

from checker.language import *
from model.design import design
from model.objects import Backing, Device, PhysSlot, Swap, SwapInfo, Swapoff, VswapSlot, in_use


def device_to_pin(s: Swap, v: VswapSlot) -> Device | None:
    """Whose tables a look-up of the entry reads; None for a virtual entry, whose device never goes away [v2p1]."""
    p = s.direct[v]
    if len(Swapoff) == 0 or p is None:
        return None
    return s.phys_device[p]


def get_swap_device(s: Swap, si: Device | None) -> bool:
    """Keep a device's tables from being freed; False: swapoff has got too far for that."""
    if len(Swapoff) > 0 and design.slot_ops_pin_device and si is not None:
        if s.swap_info[si].flags in (SwapInfo.DYING, SwapInfo.OFF):
            return False
        s.swap_info[si].users += 1  # percpu_ref_tryget_live
    return True


def put_swap_device(s: Swap, si: Device | None):
    """Drop the reference of get_swap_device()."""
    if len(Swapoff) > 0 and design.slot_ops_pin_device and si is not None:
        expect(s.swap_info[si].users > 0, "nothing is freed twice")
        s.swap_info[si].users = max(s.swap_info[si].users - 1, 0)


def has_tables(s: Swap, v: VswapSlot) -> bool:
    """Whether the cluster of the entry is still there; after swapoff, a look at it reads freed memory."""
    p = s.direct[v]
    return len(Swapoff) == 0 or p is None or s.swap_info[s.phys_device[p]].flags != SwapInfo.OFF


def is_writeok(s: Swap, p: PhysSlot) -> bool:
    """Whether slots may be taken on the device of this one."""
    return s.swap_info[s.phys_device[p]].flags == SwapInfo.WRITEOK


def comes_first(s: Swap, p: PhysSlot, directly: bool) -> bool:
    """No device with a higher priority has a free slot (for a direct entry); among equals it is anybody's turn."""
    return len(Device) == 1 or not any(
        not in_use(s, q) and is_writeok(s, q) and (not directly or any(s.direct[v] == q for v in VswapSlot))
        and s.swap_info[s.phys_device[q]].prio > s.swap_info[s.phys_device[p]].prio
        for q in PhysSlot
    )


def cached_cluster_elsewhere() -> bool:
    """Whether this CPU's cached cluster is on any device at all, which comes before their priorities."""
    return len(Device) > 1 and maybe("the cached cluster is on another device")


def is_synchronous(s: Swap, v: VswapSlot) -> bool:
    """Whether the device that is, or is behind, the entry has SYNCHRONOUS_IO; no entry without a slot has it."""
    p = s.direct[v]
    if p is not None:
        return s.swap_info[s.phys_device[p]].synchronous_io
    word = s.virtual_table[v]
    return word.tag == Backing.SWAPFILE and s.swap_info[s.phys_device[word.slot]].synchronous_io


def wants_stable_writes(s: Swap, v: VswapSlot) -> bool:
    """Whether the device that is, or is behind, the entry has STABLE_WRITES."""
    p = s.direct[v]
    if p is not None:
        return s.swap_info[s.phys_device[p]].stable_writes
    if not design.fault_asks_backing_for_stable_writes:
        return False  # the virtual device has no such flag
    word = s.virtual_table[v]
    return word.tag == Backing.SWAPFILE and s.swap_info[s.phys_device[word.slot]].stable_writes
