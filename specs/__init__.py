# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold, and what is asked about which design; the specs in the order of a report."""

from specs.as_posted import rfc_v2
from specs.backing import (
    free_keeps_memcg_id,
    realloc_charges_again,
    realloc_does_not_unwind,
    release_keeps_backing,
    release_keeps_charge,
    release_keeps_rmap,
    store_keeps_physical_slot,
)
from specs.o05 import o05_writeback_without_recheck
from specs.swap_in import (
    add_checks_once,
    fault_maps_unread_folio,
    fault_trusts_folio,
    fault_trusts_pte,
    free_swap_ignores_count,
    free_swap_ignores_writeback,
    load_leaves_folio_clean,
    load_unlocks_early,
    reclaim_trusts_folio,
    zap_without_ptl,
)
from specs.swap_out import (
    alloc_leaves_folio_clean,
    remove_ignores_dirty,
    remove_ignores_references,
    unmap_without_folio_lock,
    write_error_leaves_folio_clean,
)
from specs.writeback import (
    writeback_forgets_put,
    writeback_forgets_unlock,
    writeback_keeps_the_unwritten_slot,
    writeback_pins_by_count,
    writeback_releases_the_old_word,
    writeback_reserves_first,
)
