# SPDX-License-Identifier: GPL-2.0-or-later
"""What if swapoff of direct entries, or who meets it, lacked one of its guards?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from checker.language import Scope, Spec
from model.design import SwapDesign
from specs.starts import a_page_is_on_the_device
from specs.unuse import UNUSE_PROMISES, one_entry, one_entry_io_fails
from specs.what_if import what_if


def unused_without(why: str, design: SwapDesign, breaks: Iterable[str], scope: Scope = one_entry,
                   start: Callable[..., Any] = a_page_is_on_the_device, default: bool = True) -> Spec:
    """swapoff of direct entries without one of its guards; a page is on the device."""
    return what_if(why, design, breaks, scope=scope, start=(start,), promises=UNUSE_PROMISES, default=default)


unuse_maps_unread_page = unused_without(
    """mm/swapfile: swapoff must not map a page that it could not read

    A page whose read failed goes to its owner as if nothing had happened [O26]: the owner reads what the memory
    held before.""",
    SwapDesign(unuse_tests_uptodate=False),
    ["swapin_returns_what_was_written"], scope=one_entry_io_fails,
)

unuse_loses_marker = unused_without(
    """mm/swapfile: swapoff must carry over what the swap entry says besides the slot

    A PTE that is built from the folio alone has lost the marks that a fault would have kept [O27].""",
    SwapDesign(unuse_keeps_marker=False),
    ["an_exclusive_marker_survives"],
)

unuse_trusts_pte = unused_without(
    """swapoff must compare the PTE again once it has the PTL: a zap or a fault may have been there.""",
    SwapDesign(unuse_rechecks_pte=False),
    ["swapin_returns_what_was_written", "no_folio_is_leaked", "nothing is freed twice"],
)

unuse_trusts_folio = unused_without(
    """swapoff must compare the folio with the entry once it has the folio's lock, on the walk as well.""",
    SwapDesign(swapoff_rechecks_folio=False),
    ["a_free_slot_owns_nothing"], scope=one_entry_io_fails,
)

unuse_ignores_writeback = unused_without(
    """A page that is being written is mapped at once: its slot is not freed, for folio_free_swap() asks for the
    write in flight; swapoff comes again.""",
    SwapDesign(swapoff_waits_for_writeback=False), [], default=False,
)

swapoff_kills_no_reference = unused_without(
    """swapoff must wait for those who have a reference to the device before it frees the tables.""",
    SwapDesign(swapoff_kills_references=False),
    ["a_device_that_is_off_has_no_users", "nothing freed is used"],
)

fault_keeps_device = unused_without(
    """A fault that finds no folio must give the device back, or swapoff waits for ever.""",
    SwapDesign(fault_puts_device_on_error=False),
    ["a_device_that_nobody_looks_at_has_no_users", "every_operation_can_finish"],
)
