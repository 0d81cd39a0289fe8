# SPDX-License-Identifier: GPL-2.0-or-later
"""What if nobody took a reference to the device?"""

from __future__ import annotations

from model.design import Readahead, SwapDesign
from specs.readahead import two_faults_on_two_devices
from specs.starts import a_page_is_on_each_device, a_page_is_on_the_device
from specs.unuse import UNUSE_PROMISES, one_entry
from specs.what_if import what_if

o22_slot_operations_pin_nothing = what_if(
    """mm, swap: fix race between swapoff and some swap operations

    A fault reads an entry from the PTE and holds no lock. swapoff brings the page in on its behalf, finds the device
    empty and frees the tables; the fault looks the entry up in them [O22].""",
    SwapDesign(slot_ops_pin_device=False),
    ["nothing freed is used"],
    scope=one_entry, start=(a_page_is_on_the_device,), promises=UNUSE_PROMISES,
)

o23_readahead_pins_nothing = what_if(
    """mm, swap: fix potential UAF issue for VMA readahead

    A fault pins the device of its own entry. The neighbouring PTE has an entry of another device, which swapoff takes
    away; readahead looks the neighbour up there [O23].""",
    SwapDesign(readahead=Readahead.VMA, readahead_pins_other_device=False),
    ["nothing freed is used"],
    scope=two_faults_on_two_devices, start=(a_page_is_on_each_device,), promises=UNUSE_PROMISES,
)
