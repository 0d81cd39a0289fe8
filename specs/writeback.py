# SPDX-License-Identifier: GPL-2.0-or-later
"""What if zswap writeback did less than it does?"""

from __future__ import annotations

from checker.language import Spec, broken
from model.design import SwapDesign
from model.vswap import VSWAP
from specs.content import no_cached_page_is_unreadable
from specs.promises import PROMISES
from specs.requirements import REQUIREMENTS
from specs.scopes import one_page_in_zswap, reads_succeed
from specs.what_if import what_if

writeback_forgets_unlock = what_if(
    """The error exit of zswap writeback must unlock the folio.

    A test for deadlock is content, for the process can go on with its other pages; but whoever
    faults on this page waits for ever.""",
    SwapDesign(writeback_unlocks_on_error=False),
    breaks=["a_folio_at_work_is_in_use", "no_lock_left_behind", "every_operation_can_finish"],
    start=(one_page_in_zswap,),
)

writeback_forgets_put = what_if(
    """The error exit of zswap writeback must put its folio reference, or the page is lost.""",
    SwapDesign(writeback_puts_on_error=False),
    breaks=["no_folio_is_leaked"],
    start=(one_page_in_zswap,),
)

writeback_reserves_first = what_if(
    """zswap writeback must not take a physical slot before the folio is in the swap cache: only
    the lock of a cached folio keeps the slot's backing from changing.""",
    SwapDesign(writeback_caches_first=False),
    breaks=[
        "no_rmap_without_physical_slot",
        "a_physical_slot_is_taken_for_a_cached_locked_folio",
        "a_zswap_entry_has_one_place",
        "memcg_charged_exactly_once",
        "a_free_slot_owns_nothing",
        "a_cached_slot_changes_backing_under_its_folio_lock",
        "swapin_returns_what_was_written",
        "clean_means_backed",
        "a_physical_slot_is_taken_to_write_a_page",
    ],
    start=(one_page_in_zswap,),
    default=False,
)

writeback_keeps_the_unwritten_slot = what_if(
    """When decompression fails, the compressed copy must back the slot again: the physical slot
    was never written.""",
    SwapDesign(writeback_restores_entry=False),
    breaks=["a_zswap_entry_has_one_place", "swapin_returns_what_was_written"],
    start=(one_page_in_zswap,),
    default=False,
)

writeback_leaves_folio_unread = Spec(
    why="""The folio that zswap writeback leaves in the swap cache must be marked uptodate: a fault
    that finds it there would end in SIGBUS, though the page is safe on the disk.""",
    model=VSWAP,
    design=SwapDesign(writeback_marks_uptodate=False),
    scope=reads_succeed,
    start=[one_page_in_zswap],
    promises=[*PROMISES, no_cached_page_is_unreadable],
    expected={"no_cached_page_is_unreadable": broken()},
)

writeback_pins_by_count = what_if(
    """zswap writeback must not use the swap count as a pin: the count belongs to the PTEs.""",
    SwapDesign(writeback_leaves_count=False),
    breaks=[
        "the_count_covers_every_pte",
        "a_transfer_touches_no_pte_and_no_count",
        "efficient_backend_transfer",
        "clean_means_backed",
        "a_dirty_folio_has_no_compressed_copy",
    ],
    start=(one_page_in_zswap,),
    promises=(*PROMISES, *REQUIREMENTS),
)

shrinker_without_gate = what_if(
    """The shrinker reports no objects while no physical slot is free: that saves work, not data.""",
    SwapDesign(shrinker_gate=False),
    breaks=[],
    start=(one_page_in_zswap,),
    default=False,
)

writeback_releases_the_old_word = what_if(
    """folio_realloc_swap overwrites the old word and does not release it: for zswap writeback that
    would free the compressed copy under its hands.""",
    SwapDesign(publish_keeps_entry=False),
    breaks=["a_zswap_entry_has_one_place", "nothing freed is used", "nothing is freed twice"],
    start=(one_page_in_zswap,),
    default=False,
)
