# SPDX-License-Identifier: GPL-2.0-or-later
"""What if swapoff deleted a folio because it is in the swap cache, for whichever entry?"""

from __future__ import annotations

from dataclasses import replace

from checker.language import *
from model.design import SwapDesign
from model.objects import Device, PhysSlot, Reclaim, VswapSlot
from model.swap_out import shrink_folio_list
from model.vswap import VSWAP
from specs.direct import FAULTS
from specs.starts import a_page_is_on_the_first_device
from specs.unuse import UNUSE_PROMISES, drained
from specs.what_if import what_if

deleted = SwapDesign(swapoff_asks_the_folio=False)
"""As it was then: swapoff asks whether a PTE refers to the slot that it came for, and deletes what it has found."""
moving_page = drained(
    "one page, a slot on each of two devices, swapoff, one CPU for the rest; swap may be nearly full",
    {Device: 2, PhysSlot: 2, VswapSlot: 2, Reclaim: 0}, failures=["swap is nearly full"],
    task=[*FAULTS, shrink_folio_list],
)

o11_swapoff_deletes_another_folio = what_if(
    """mm: try_to_unuse check removing right swap

    swapoff of one device finds a folio cached for a slot and waits for its lock. The owner of the page takes it over,
    and the slot is free; reclaim gives the same folio an entry of another device, where it was not written
    yet. swapoff sees a folio that is in the swap cache and deletes it from there: the PTE names a slot that nobody
    has ever written to [O11].""",
    replace(deleted, swapoff_rechecks_folio=False),
    ["swapin_returns_what_was_written"],
    scope=moving_page, start=(a_page_is_on_the_first_device,), promises=UNUSE_PROMISES,
)

o11_swapoff_checks_the_right_swap = Spec(
    why="""The mend of 2009: besides that the folio is cached, swapoff asks whether it is for the entry that it came
    for.""",
    model=VSWAP, design=deleted, scope=moving_page, start=[a_page_is_on_the_first_device], promises=UNUSE_PROMISES,
)
