# SPDX-License-Identifier: GPL-2.0-or-later
"""Operations that meet in no other scope of the gate: each runs against each, itself included."""

from __future__ import annotations

from checker.language import *
from model.design import SwapDesign
from model.objects import Folio, Pte, Reclaim, Shrinker, Swap, Swapoff, Task, Worker
from model.swap_out import pageout, shrink_folio_list
from model.swapoff import swapoff, try_to_unuse
from model.vswap import VSWAP
from model.write_fault import wp_can_reuse_anon_folio, wp_page_copy
from specs.hint import HINT_PROMISES, a_physical_slot_is_reclaimed
from specs.promises import PROMISES
from specs.scopes import FAULTS_AND_ZAPS, ONE_OF_EACH, OWNERS, owners, scope
from specs.swapoff import SWAPOFF_PROMISES, a_page_outlives_its_device
from specs.what_if import what_if


@reachable
def two_reclaimers_want_one_folio(s: Swap):
    """One CPU writes a folio out that another has isolated, too."""
    return any(at(pageout, "clean for I/O", f=f) and at(shrink_folio_list, "isolated from the LRU", f=f)
               for f in Folio)


@reachable
def a_write_fault_meets_a_worker(s: Swap):
    """A worker has found the folio that a write fault would like to take over."""
    return any(at(wp_can_reuse_anon_folio, "nobody else seems to have the page", f=f) and s.folio[f].refcount > 2
               for f in Folio)


@reachable
def a_write_fault_copies_what_swapoff_moves(s: Swap):
    """swapoff works on the folio that a write fault copies."""
    return any(
        at(wp_page_copy, "copied", pte=p, old=f) and at(try_to_unuse, "still backed by the slot", f=f)
        for p in Pte for f in Folio
    )


@reachable
def swapoff_comes_second(s: Swap):
    """swapoff is told that the device is not in use, while another is draining it."""
    return at(swapoff, "no such device is in use") and at(try_to_unuse, "have a folio")


REFUSED = ["zswap refuses the page", "swap is nearly full"]

two_reclaims_no_shrinker = scope(
    "one page, two CPUs in reclaim, no shrinker; zswap may refuse a page, swap may be nearly full",
    {Reclaim: 2, Shrinker: 0}, failures=REFUSED,
)
write_faults_and_worker = owners(
    "a page with two owners, a worker, a CPU that does all the rest; zswap may refuse a page, swap may be nearly full",
    {Worker: 1, Shrinker: 0, Reclaim: 0}, failures=REFUSED, task=[*OWNERS, shrink_folio_list],
)
write_faults_and_swapoff = owners(
    "a page with two owners, swapoff, a CPU that does all the rest; zswap may refuse a page",
    {Swapoff: 1, Shrinker: 0, Reclaim: 0}, failures=["zswap refuses the page"], task=[*OWNERS, shrink_folio_list],
)
two_swapoffs = Scope(
    "one page, two CPUs in swapoff, a shrinker, a CPU that does all the rest; "
    "zswap may refuse a page, swap may be nearly full, a signal may be pending",
    sizes={**ONE_OF_EACH, Swapoff: 2, Reclaim: 0}, operations={Task: [*FAULTS_AND_ZAPS, shrink_folio_list]},
    failures=[*REFUSED, "a signal is pending"],
)
two_swapoffs_alone = scope(
    "one page, two CPUs in swapoff, no shrinker, a signal may be pending", {Swapoff: 2, Shrinker: 0},
    failures=["a signal is pending"],
)

rfc_v2_two_reclaims = Spec(
    why="""As rfc_v2, with two CPUs in reclaim: both may want the same folio.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_reclaims_no_shrinker,
    promises=[*PROMISES, two_reclaimers_want_one_folio],
    by_z3=8,
)

rfc_v2_write_faults_and_slot_reclaim = Spec(
    why="""As rfc_v2_slot_reclaim, with a process that forks: the worker comes for a page that a write
    fault wants for itself.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=write_faults_and_worker,
    promises=[*PROMISES, *HINT_PROMISES, a_physical_slot_is_reclaimed, a_write_fault_meets_a_worker],
    by_z3=10,
)

rfc_v2_write_faults_and_swapoff = Spec(
    why="""As rfc_v2_swapoff, with a process that forks, where no I/O fails.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=write_faults_and_swapoff,
    promises=[*SWAPOFF_PROMISES, a_page_outlives_its_device, a_write_fault_copies_what_swapoff_moves],
    by_z3=10,
)

rfc_v2_two_swapoffs = Spec(
    why="""swapoff is called twice: the second call finds no such device in use, unless the first has
    given up. Where no I/O fails; a shrinker moves pages to the device meanwhile.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_swapoffs,
    promises=[*SWAPOFF_PROMISES, a_page_outlives_its_device, swapoff_comes_second],
    by_z3=15,
)

swapoff_drains_for_two = what_if(
    """swapoff must ask under swap_lock whether the device is in use, or two of them drain it: one ends,
    and the other, interrupted, puts the device that is gone back into use.""",
    SwapDesign(swapoff_tests_writeok=False),
    breaks=["nothing is freed twice"],
    scope=two_swapoffs_alone,
    promises=SWAPOFF_PROMISES,
)
