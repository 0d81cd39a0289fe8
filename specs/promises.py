# SPDX-License-Identifier: GPL-2.0-or-later
"""All promises of the slice, in the order in which a report lists them."""

from __future__ import annotations

from specs.cache import a_cached_slot_changes_backing_under_its_folio_lock, the_cache_and_the_folio_agree
from specs.content import (
    a_dirty_folio_has_no_compressed_copy,
    a_transfer_touches_no_pte_and_no_count,
    an_exclusive_marker_survives,
    clean_means_backed,
    no_slot_without_content,
    swapin_returns_what_was_written,
    the_only_copy_is_dirty,
    who_may_write_has_the_page_alone,
)
from specs.counts import (
    a_folio_at_work_is_in_use,
    memcg_charged_exactly_once,
    memcg_id_references_add_up,
    no_folio_is_leaked,
    the_count_covers_every_pte,
    the_first_pte_needs_the_folio_lock,
    the_owner_of_the_slot_pays_for_the_folio,
    what_is_used_has_a_reference,
)
from specs.ownership import (
    a_free_slot_owns_nothing,
    a_physical_slot_is_taken_for_a_cached_locked_folio,
    a_physical_slot_is_taken_to_write_a_page,
    a_zswap_entry_has_one_place,
    no_physical_slot_behind_a_compressed_page,
    no_physical_slot_without_rmap,
    no_rmap_without_physical_slot,
    no_two_virtual_slots_share_a_physical_slot,
    zeros_are_stored_nowhere,
)
from specs.reached import (
    a_fault_meets_writeback,
    a_fault_meets_zswap,
    a_mapped_page_keeps_its_slot,
    a_page_is_only_in_zswap,
    a_page_is_only_on_the_disk,
    a_page_is_read_from_the_disk,
    a_store_meets_a_write_in_flight,
    only_the_cache_keeps_a_slot,
    writeback_meets_a_recycled_entry,
)

PROMISES = [
    swapin_returns_what_was_written,
    no_slot_without_content,
    the_only_copy_is_dirty,
    a_dirty_folio_has_no_compressed_copy,
    clean_means_backed,
    a_transfer_touches_no_pte_and_no_count,
    no_physical_slot_without_rmap,
    no_rmap_without_physical_slot,
    no_two_virtual_slots_share_a_physical_slot,
    a_zswap_entry_has_one_place,
    a_free_slot_owns_nothing,
    no_physical_slot_behind_a_compressed_page,
    a_physical_slot_is_taken_for_a_cached_locked_folio,
    the_cache_and_the_folio_agree,
    a_cached_slot_changes_backing_under_its_folio_lock,
    the_count_covers_every_pte,
    the_first_pte_needs_the_folio_lock,
    memcg_charged_exactly_once,
    memcg_id_references_add_up,
    what_is_used_has_a_reference,
    a_folio_at_work_is_in_use,
    no_folio_is_leaked,
    who_may_write_has_the_page_alone,
    zeros_are_stored_nowhere,
    a_physical_slot_is_taken_to_write_a_page,
    the_owner_of_the_slot_pays_for_the_folio,
    an_exclusive_marker_survives,
]
"""What must hold of every state and every step."""

REACHED = [
    a_page_is_only_in_zswap,
    a_page_is_only_on_the_disk,
    a_mapped_page_keeps_its_slot,
    a_store_meets_a_write_in_flight,
    only_the_cache_keeps_a_slot,
    a_fault_meets_writeback,
    a_fault_meets_zswap,
    writeback_meets_a_recycled_entry,
    a_page_is_read_from_the_disk,
]
"""What every scope with all three roles reaches."""
