# SPDX-License-Identifier: GPL-2.0-or-later
"""What every design is asked, so that designs can be put side by side: small scopes that between them have it all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from checker.language import Comparison, Scope, Spec
from model.design import MID_A, MID_B, RFC_V1, RFC_V2
from model.vswap import VSWAP
from specs.direct import DIRECT_PROMISES, the_device_has_entries
from specs.discussion import (
    a_page_in_flight_stays_as_it_is,
    disk_and_zswap,
    switched_and_short,
    the_device_wants_stable_pages,
)
from specs.memcgs import two_memcgs
from specs.promises import PROMISES
from specs.rfc_v1 import one_slot_and_worker
from specs.scopes import (
    one_page,
    one_page_in_zswap,
    two_faults,
    two_owners_no_io,
    two_owners_unmapped,
    two_owners_zapped,
    zeros_no_shrinker,
)
from specs.swapoff import SWAPOFF_PROMISES
from specs.swapoff import reads_succeed as swapoff_reads_succeed


def question(why: str, scope: Scope, start: tuple[Callable[..., Any], ...] = (),
             promises: Iterable[Callable[..., Any]] = PROMISES) -> Spec:
    """Asked of RFC v2, it holds; a comparison asks it of other designs, too."""
    return Spec(why=why, model=VSWAP, design=RFC_V2, scope=scope, start=start, promises=list(promises), default=False)


asked_of_one_page = question("Every path of one page, everything may fail.", one_page)
asked_of_two_faults = question("Two threads that fault on one page.", two_faults, (one_page_in_zswap,))
asked_of_zeros = question("A page that may be all zeros.", zeros_no_shrinker)
asked_of_fork = question("fork and write faults without any I/O.", two_owners_no_io, (one_page_in_zswap,))
asked_of_write_faults = question("fork, write faults and reclaim.", two_owners_unmapped)
asked_of_slot_reclaim = question("Slot reclaim by the cache-only hint.", one_slot_and_worker)
asked_of_two_memcgs = question("A slot that belongs to another memcg than the last time.", two_memcgs,
                               (one_page_in_zswap,))
asked_of_zaps = question("Two owners that let go of a page that nobody writes to.", two_owners_zapped)
asked_of_swapoff = question("swapoff of the physical device.", swapoff_reads_succeed, (), SWAPOFF_PROMISES)

asked_of_the_device = question("Virtual slots, slots of the device, and a switch between them.", switched_and_short,
                               (the_device_has_entries,), DIRECT_PROMISES)
asked_of_stable_pages = question("A device that wants no stores to a page that it writes.", disk_and_zswap,
                                 (the_device_wants_stable_pages,), [*PROMISES, a_page_in_flight_stays_as_it_is])

comparison = Comparison(
    specs=[
        asked_of_one_page, asked_of_two_faults, asked_of_zeros, asked_of_fork, asked_of_write_faults,
        asked_of_slot_reclaim, asked_of_two_memcgs, asked_of_zaps, asked_of_swapoff,
        asked_of_the_device, asked_of_stable_pages,
    ],
    designs={"rfc_v1": RFC_V1, "rfc_v2": RFC_V2, "mid_a": MID_A, "mid_b": MID_B},
    flipped=["rfc_v2"],
    quotient=["virtual_table", "table", "count"],
)
"""Small scopes that between them run every path, so that each switch tells."""
