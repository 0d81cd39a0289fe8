# SPDX-License-Identifier: GPL-2.0-or-later
"""The design as posted: RFC v2, single pages, one physical device.

Each scope doubles one thing, so that it can be reused while somebody still thinks it is his.
"""

from __future__ import annotations

from checker.language import Spec
from model.design import SwapDesign
from model.vswap import VSWAP
from specs import scopes
from specs.content import no_cached_page_is_unreadable
from specs.lemmas import LEMMAS
from specs.promises import PROMISES, REACHED
from specs.reached import (
    a_fault_finds_another_pte,
    a_fault_finds_its_folio_elsewhere,
    a_fault_meets_writeback,
    a_page_is_only_in_zswap,
    a_page_is_only_on_the_disk,
    reclaim_meets_writeback,
    two_shrinkers_want_one_entry,
)

rfc_v2 = Spec(
    why="""The virtual swap RFC v2 keeps its promises while a process faults and unmaps, reclaim
    writes its pages out, and zswap moves compressed pages to the disk behind its back.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=scopes.two_pages,
    promises=[*PROMISES, *REACHED],
    lemmas=LEMMAS,
)

rfc_v2_reads_succeed = Spec(
    why="""A fault ends in SIGBUS only after the disk or the compressor failed.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=scopes.reads_succeed,
    promises=[no_cached_page_is_unreadable, a_fault_meets_writeback],
)

rfc_v2_two_slots = Spec(
    why="""As rfc_v2, with a second virtual slot: one may still be cached when the page gets another.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=scopes.two_slots,
    promises=[*PROMISES, *REACHED, reclaim_meets_writeback],
    by_z3=8,
)

rfc_v2_two_entries = Spec(
    why="""As rfc_v2, with a second zswap entry: a slot may be in zswap again, under another entry.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=scopes.two_entries,
    promises=[*PROMISES, *REACHED],
)

rfc_v2_two_threads = Spec(
    why="""As rfc_v2, with a second thread instead of the shrinker: a PTE may change while a fault on
    it is under way.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=scopes.two_threads_no_shrinker,
    promises=[*PROMISES, a_page_is_only_in_zswap, a_page_is_only_on_the_disk, a_fault_finds_another_pte],
)

rfc_v2_two_threads_two_slots = Spec(
    why="""As rfc_v2_two_threads, with a second virtual slot, where nothing fails: the folio that a fault has found
    may be cached for another slot by the time it is locked.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=scopes.two_threads_two_slots,
    start=[scopes.one_page_in_zswap],
    promises=[*PROMISES, a_fault_finds_another_pte, a_fault_finds_its_folio_elsewhere],
    by_z3=8,
)

rfc_v2_two_threads_and_shrinker = Spec(
    why="""As rfc_v2, with a second thread: a PTE may change while a fault on it is under way.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=scopes.two_threads,
    promises=[*PROMISES, *REACHED],
    default=False,
)

rfc_v2_two_shrinkers = Spec(
    why="""As rfc_v2, with two CPUs in the shrinker: both may pick the same entry.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=scopes.two_shrinkers,
    promises=[*PROMISES, *REACHED, two_shrinkers_want_one_entry],
    by_z3=16,
)

rfc_v2_two_reclaims_and_shrinker = Spec(
    why="""As rfc_v2, with two CPUs in reclaim.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=scopes.two_reclaims,
    promises=[*PROMISES, *REACHED],
    default=False,
)

rfc_v2_two_pages_two_slots = Spec(
    why="""As rfc_v2, with two pages that each can have a virtual slot: four million states.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=scopes.two_pages_two_slots,
    promises=[*PROMISES, *REACHED],
    default=False,
)
