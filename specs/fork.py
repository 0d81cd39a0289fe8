# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages with several owners: fork, write faults, one slot behind two PTEs."""

from __future__ import annotations

from checker.language import Spec, broken
from model.design import SwapDesign
from model.vswap import VSWAP
from specs.promises import PROMISES
from specs.reached import (
    a_cached_page_is_taken_over,
    a_copy_comes_too_late,
    a_count_rises_behind_a_zap,
    a_fault_finds_another_pte,
    a_fault_meets_zswap,
    a_page_is_newer_than_its_compressed_copy,
    a_page_is_only_in_zswap,
    a_page_is_only_on_the_disk,
    an_owner_swaps_in_before_the_other,
    the_owners_part,
    two_ptes_map_a_cached_page,
    writeback_meets_two_owners,
)
from specs.scopes import (
    one_page_in_zswap,
    straight_to_disk,
    three_owners,
    two_owners,
    two_owners_all_failures,
    two_owners_no_io,
    two_owners_reclaimed,
    two_owners_refused,
    two_owners_two_slots,
    two_owners_two_threads,
    two_owners_two_threads_reclaimed,
    two_owners_unmapped,
)
from specs.what_if import what_if

OWNERS_REACHED = [
    a_page_is_only_in_zswap,
    a_fault_meets_zswap,
    two_ptes_map_a_cached_page,
    an_owner_swaps_in_before_the_other,
    the_owners_part,
    a_cached_page_is_taken_over,
    a_copy_comes_too_late,
    a_count_rises_behind_a_zap,
]

rfc_v2_two_owners = Spec(
    why="""As rfc_v2, with a process that forks: two PTEs share a page, or a slot, until one of them
    writes.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_owners,
    promises=[*PROMISES, *OWNERS_REACHED, writeback_meets_two_owners],
    by_z3=12,
)

rfc_v2_two_owners_on_disk = Spec(
    why="""As rfc_v2_two_owners, with pages that zswap refuses: a shared page may keep its slot on the
    disk.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_owners_refused,
    promises=[*PROMISES, *OWNERS_REACHED, a_page_is_only_on_the_disk],
)

rfc_v2_two_owners_two_threads = Spec(
    why="""As rfc_v2_two_owners, with a second thread: two owners fault at the same time, or one forks
    while the other faults.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_owners_two_threads,
    start=[one_page_in_zswap],
    promises=[
        *PROMISES, an_owner_swaps_in_before_the_other, a_copy_comes_too_late, a_fault_finds_another_pte,
        writeback_meets_two_owners,
    ],
)

rfc_v2_two_owners_all_failures = Spec(
    why="""As rfc_v2_two_owners, with everything that can fail.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_owners_all_failures,
    promises=[*PROMISES, *OWNERS_REACHED, writeback_meets_two_owners],
    default=False,
)

rfc_v2_two_owners_two_slots = Spec(
    why="""As rfc_v2_two_owners without the shrinker, with a second virtual slot.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_owners_two_slots,
    promises=[*PROMISES, *OWNERS_REACHED],
    default=False,
)

rfc_v2_two_owners_two_threads_and_reclaim = Spec(
    why="""As rfc_v2_two_owners without the shrinker, with a second thread: five million states.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_owners_two_threads_reclaimed,
    promises=[*PROMISES, *OWNERS_REACHED],
    default=False,
)

rfc_v2_three_owners = Spec(
    why="""As rfc_v2_two_owners without the shrinker, with a third owner.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=three_owners,
    promises=[*PROMISES, *OWNERS_REACHED],
    default=False,
)

o06_stale_compressed_copy = Spec(
    why="""zswap: a store that does not happen must not leave the old copy behind

    A page is in zswap and still in the swap cache when its owner faults, writes to it, and loses
    it again to reclaim. This time zswap refuses it, so it goes to the disk, and folio_realloc_swap
    overwrites the word that names the old copy without looking at it: nobody can find that copy
    any more, and nobody frees it (mainline once served it to the reader, 678e54d4bb9a). Two
    guards stand before that, and either is enough: the fault takes a page out of the swap cache
    whose slot is not on the disk, and folio_release_non_phys_swap_backing frees an old copy before
    zswap_store.""",
    model=VSWAP,
    design=SwapDesign(fault_frees_unwritten=False, writeout_releases_compressed=False),
    scope=straight_to_disk,
    promises=[*PROMISES, a_page_is_newer_than_its_compressed_copy],
    expected={"a_dirty_folio_has_no_compressed_copy": broken(), "a_zswap_entry_has_one_place": broken()},
    by_z3=25,
)

fault_keeps_compressed_copy = Spec(
    why="""If a fault left pages in the swap cache whose slot is in zswap, a dirty page could have an
    old copy there; folio_release_non_phys_swap_backing frees it in time [O06].""",
    model=VSWAP,
    design=SwapDesign(fault_frees_unwritten=False),
    scope=straight_to_disk,
    promises=[*PROMISES, a_page_is_newer_than_its_compressed_copy],
    expected={"a_dirty_folio_has_no_compressed_copy": broken()},
    default=False,
)

writeout_keeps_compressed_copy = what_if(
    """While faults free what is not on the disk, no page that is written out has an old copy in
    zswap: folio_release_non_phys_swap_backing is the second of two guards [O06].""",
    SwapDesign(writeout_releases_compressed=False),
    breaks=[],
    scope=two_owners_refused,
    default=False,
)

fork_without_count = what_if(
    """Fork must raise the swap count before the child's PTE is there.""",
    SwapDesign(fork_raises_count=False),
    breaks=["the_count_covers_every_pte", "nothing is freed twice"],
    scope=two_owners_no_io,
    start=(one_page_in_zswap,),
)

fork_keeps_exclusive_entry = what_if(
    """Fork must clear the exclusive marker of a swap entry, or the owner that swaps in first may
    write to what the other still has to read.""",
    SwapDesign(fork_clears_exclusive=False),
    breaks=["who_may_write_has_the_page_alone", "swapin_returns_what_was_written"],
    scope=two_owners_no_io,
    start=(one_page_in_zswap,),
)

fork_leaves_page_writable = what_if(
    """Fork must write-protect a page that is in memory.""",
    SwapDesign(fork_protects_pages=False),
    breaks=["who_may_write_has_the_page_alone", "swapin_returns_what_was_written"],
    scope=two_owners_no_io,
    default=False,
)

fault_maps_shared_page_writable = what_if(
    """A page that was swapped in for an entry without exclusive marker must be mapped read-only.""",
    SwapDesign(fault_protects_shared=False),
    breaks=["who_may_write_has_the_page_alone", "swapin_returns_what_was_written", "an_exclusive_marker_survives"],
    scope=two_owners_no_io,
    start=(one_page_in_zswap,),
    default=False,
)

write_fault_ignores_references = what_if(
    """A write fault may take a page over only when nobody else has a reference to it.""",
    SwapDesign(wp_tests_references=False),
    breaks=["who_may_write_has_the_page_alone", "swapin_returns_what_was_written"],
    scope=two_owners_no_io,
    default=False,
)

write_fault_leaves_page_cached = what_if(
    """A write fault must take a page out of the swap cache before it takes it over: if that
    fails, a PTE still refers to the slot.""",
    SwapDesign(wp_frees_swap_first=False),
    breaks=["who_may_write_has_the_page_alone", "swapin_returns_what_was_written"],
    scope=two_owners_no_io,
    start=(one_page_in_zswap,),
)

write_fault_trusts_pte = what_if(
    """A write fault must compare the PTE again when its copy is made.""",
    SwapDesign(wp_rechecks_pte=False),
    breaks=[
        "the_count_covers_every_pte",
        "the_only_copy_is_dirty",
        "what_is_used_has_a_reference",
        "nothing is freed twice",
        "swapin_returns_what_was_written",
        "nothing freed is used",
        "a_folio_at_work_is_in_use",
        "an_exclusive_marker_survives",
        "the_owner_of_the_slot_pays_for_the_folio",
    ],
    scope=two_owners_unmapped,
    default=False,
)

load_leaves_folio_clean = what_if(
    """zswap_load frees the compressed copy, so the folio that it filled must be dirty: the second
    owner keeps the slot, and reclaim would drop a clean folio unwritten.""",
    SwapDesign(load_dirties_folio=False),
    breaks=["no_slot_without_content", "the_only_copy_is_dirty", "clean_means_backed"],
    scope=two_owners_reclaimed,
)

alloc_leaves_shared_folio_clean = what_if(
    """As alloc_leaves_folio_clean, for a page with two owners: the mark of folio_free_swap still
    keeps the content.""",
    SwapDesign(alloc_dirties_folio=False),
    breaks=["the_only_copy_is_dirty"],
    scope=two_owners_reclaimed,
    default=False,
)

free_swap_leaves_folio_clean = what_if(
    """The dirty mark of folio_free_swap alone is not needed either, whoever owns the page: the
    mark that comes with the next slot covers it.""",
    SwapDesign(free_swap_dirties_folio=False),
    breaks=[],
    scope=two_owners_reclaimed,
    default=False,
)
