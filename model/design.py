# SPDX-License-Identifier: GPL-2.0-or-later
"""The design switches: every guard and every order that a spec may question.

All on is RFC v2.  A switch names what the kernel does; turned off, it is a
what-if, and the spec that turns it off says which promises then break.
RFC v1 is the same object with what it did not do yet turned off.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from checker.language import Design, bound


class Charge(enum.Enum):
    """What a memcg's swap.current counts [v2p4] [K0602c]."""

    BACKING = "BACKING"  # physical slots
    BACKING_AND_ENTRY = "BACKING_AND_ENTRY"  # ... and virtual slots in a counter with a limit of its own
    ENTRY = "ENTRY"  # every swapped-out page, wherever it is


class MemcgTable(enum.Enum):
    """When the physical cluster gets the table of its slots' memcg ids [v2p6] [seed]."""

    AT_ONCE = "AT_ONCE"  # with the cluster's first slot
    AT_SLOT_WRITE = "AT_SLOT_WRITE"  # (a) with its first direct slot, in the same hold
    AT_CHARGE = "AT_CHARGE"  # (b) behind the slot, where there is time to wait for memory
    AT_EITHER = "AT_EITHER"  # a mix: (a), and where that finds no memory (b)


class Readahead(enum.Enum):
    """What a fault reads besides its own page [mainline]."""

    NONE = "NONE"  # nothing: vm.page-cluster is 0
    VMA = "VMA"  # entries of neighbouring PTEs, whatever device they are on
    CLUSTER = "CLUSTER"  # neighbouring entries of the same device, whoever they belong to


@dataclass(frozen=True)
class SwapDesign(Design):
    """RFC v2 [v2c], one switch for each guard."""

    # zswap writeback [v2p3]
    writeback_rechecks_entry: bool = True  # once the folio is cached, compares virtual_table with its entry
    writeback_unlocks_on_error: bool = True  # the common error exit drops the folio lock
    writeback_puts_on_error: bool = True  # ... and the folio reference
    writeback_caches_first: bool = True  # takes the physical slot only when the folio is in the cache
    writeback_restores_entry: bool = True  # a failed decompression puts the ZSWAP word back
    writeback_marks_uptodate: bool = True  # the folio that it leaves in the swap cache can be mapped
    writeback_leaves_count: bool = True  # does not pin the slot by its swap count
    shrinker_gate: bool = True  # reports no objects while no physical slot is free

    # swap cache [P4p8] [mainline]
    add_rechecks_slot: bool = True  # the check of the slot is repeated where the folio is inserted
    free_swap_tests_count: bool = True  # folio_free_swap leaves a slot alone that a PTE refers to
    free_swap_tests_writeback: bool = True  # ... and one whose write is in flight
    free_swap_dirties_folio: bool = True  # a folio that leaves the cache this way is marked dirty
    add_knows_countless_words: bool = True  # a word without a count, a reverse map say, is no entry to read
    add_reads_owner_inserting: bool = True  # the memcg that pays for the folio is read where the folio is inserted

    # backing [v2p2] [v2p3] [v2p4]
    release_clears_rmap: bool = True  # a released physical slot loses its reverse map
    release_clears_backing: bool = True  # ... and its virtual slot the SWAPFILE or ZSWAP word
    release_uncharges: bool = True  # ... and its memcg the charge
    free_puts_memcg_id: bool = True  # a freed virtual slot puts its id reference
    publish_keeps_entry: bool = True  # folio_realloc_swap overwrites the old word, it does not release it
    realloc_charges_new_slots_only: bool = True  # a slot that is there already is not charged again
    realloc_unwinds: bool = True  # a refused charge gives the physical slot back

    # swap-out [mainline]
    alloc_dirties_folio: bool = True  # folio_alloc_swap is followed by folio_mark_dirty
    unmap_holds_folio_lock: bool = True  # try_to_unmap runs under the folio lock
    store_releases_backing: bool = True  # zswap_store releases what the slot had before
    remove_freezes_refs: bool = True  # __remove_mapping gives up when somebody else has a reference
    write_error_dirties: bool = True  # a failed write marks the folio dirty
    alloc_leaves_backing_for_later: bool = True  # a page gets a physical slot only when it must go to the disk
    unmap_keeps_marker: bool = True  # the exclusive marker goes from the page to the swap entry

    # swap-in, zap [mainline] [v2p2]
    fault_rechecks_folio: bool = True  # folio_matches_swap_entry once the folio is locked
    fault_compares_entry: bool = True  # ... not only that it is in the swap cache, but for which entry
    fault_rechecks_pte: bool = True  # pte_same once the PTL is held
    fault_keeps_ptl: bool = True  # the PTL is dropped after the folio lock, not when the PTE is set
    fault_checks_uptodate: bool = True  # a folio that could not be read is not mapped
    load_dirties_folio: bool = True  # zswap_load frees the entry, so the folio is the only copy
    load_releases_locked: bool = True  # ... and does so before the folio is unlocked
    load_frees_what_is_there: bool = True  # ... the one that backs the slot then; off: the one that it has read
    load_frees_only_cached: bool = True  # ... and only when the folio is in the swap cache
    fault_uses_swap_cache: bool = True  # off: a slot with one PTE is read into a folio that nobody can find
    zap_holds_ptl: bool = True  # zap_nonpresent_ptes keeps the PTL from the count to the PTE

    # devices and their references; readahead [mainline] [v2p3]
    readahead: Readahead = Readahead.NONE
    readahead_pins_other_device: bool = True  # get_swap_device for a neighbour on another device
    slot_ops_pin_device: bool = True  # get_swap_device around whatever looks up a direct entry
    fault_puts_device_on_error: bool = True  # ... given back when there is no folio to be had, too

    # slot reclaim through the cache-only hint [v2p3]
    put_sets_hint: bool = True  # a cached slot that no PTE refers to any more gets the hint
    dup_clears_hint: bool = True  # a slot that a PTE refers to again loses the hint
    reclaim_rechecks_folio: bool = True  # folio_matches_swap_entry once the folio is locked
    reclaim_rechecks_backing: bool = True  # the virtual_table still names the physical slot
    reclaim_frees_entry: bool = True  # by folio_free_swap, with all its tests; RFC v1 keeps the entry ...
    reclaim_tests_count: bool = True  # ... and could test the count,
    reclaim_tests_writeback: bool = True  # ... the write in flight,
    reclaim_dirties_folio: bool = True  # ... and make the folio dirty, that lost its backing

    swapout_uses_held_lock: bool = True  # memcg1_swapout does not take the lock that __remove_mapping holds [P4p10]

    # swapoff of a physical device [v2p3] [mainline]
    alloc_tests_writeok: bool = True  # no physical slot is taken on a device that is being drained
    swapoff_rechecks_folio: bool = True  # folio_matches_swap_entry once the folio is locked
    swapoff_rechecks_backing: bool = True  # the virtual_table still names the slot; RFC v1: any slot of the device
    swapoff_waits_for_writeback: bool = True  # a slot is not released while it is written to
    swapoff_dirties_folio: bool = True  # the folio that lost its slot is marked dirty
    swapoff_trusts_reads: bool = True  # as posted: does not ask whether the folio is uptodate
    swapoff_tests_writeok: bool = True  # only a device in use is drained: -EINVAL for who comes second
    swapoff_reinserts: bool = True  # a device that could not be drained is used again: reinsert_swap_info
    swapoff_kills_references: bool = True  # nobody gets the drained device any more, and its users have gone
    unuse_tests_uptodate: bool = True  # a direct entry whose page could not be read gets an error marker [O26]
    unuse_keeps_marker: bool = True  # the exclusive marker goes from the swap entry to the page [O27]
    unuse_rechecks_pte: bool = True  # pte_same once the PTL is held
    swapoff_asks_the_folio: bool = True  # a left-over folio goes by the count of the entry that it is cached for [O11]

    drops_folio_tag: bool = True  # a slot that only a folio has says NONE [v2p2]; in RFC v1 it names the folio

    # several owners [mainline] [v2p3]
    fork_raises_count: bool = True  # swap_dup_entry_direct before the entry is published
    fork_clears_exclusive: bool = True  # ... and the entry loses its marker in parent and child
    fork_protects_pages: bool = True  # a page in memory becomes read-only in parent and child
    fault_protects_shared: bool = True  # a page whose entry has no marker is mapped read-only
    wp_tests_references: bool = True  # do_wp_page reuses a page only when nobody else refers to it
    wp_frees_swap_first: bool = True  # ... and to that end takes it out of the swap cache
    wp_rechecks_pte: bool = True  # pte_same once the copy is made
    fault_frees_unwritten: bool = True  # should_try_to_free_swap: a slot that is not on the disk is not worth keeping
    writeout_releases_compressed: bool = True  # folio_release_non_phys_swap_backing before zswap_store

    # zero-filled pages [v2p2]
    zero_releases_backing: bool = True  # the zero flag is set and the old backing released in one hold
    writeout_clears_zero: bool = True  # a page that is not all zeros loses the flag
    read_keeps_zero: bool = True  # a page that was read as zeros is clean: its slot keeps the flag
    release_clears_zero: bool = True  # a freed slot loses the flag

    # large folios [v2p2] [v1p2] [seed]
    add_checks_backing: bool = True  # __swap_cache_add_check asks vswap_can_swapin_thp, before there is a folio
    add_rechecks_backing: bool = True  # ... and again where the folio is inserted
    batch_checks_backing: bool = False  # RFC v1: swap_pte_batch asks it, under the PTL
    swapin_checks_backing: bool = False  # RFC v1: asked again once the folio is in the swap cache ...
    swapin_leaves_folio_cached: bool = False  # ... where it stays although it will not be read
    add_refuses_large: bool = False  # no large folio comes from a virtual slot [midA]
    thp_refuses_zswap: bool = True  # what is asked: nothing is in zswap,
    thp_refuses_mixed: bool = True  # ... all slots have the same kind of backing,
    thp_wants_consecutive: bool = True  # ... one after the other on one device
    add_compares_zero: bool = True  # all slots are marked zero, or none [P4p12]
    read_tests_every_zero: bool = True  # and if that is not so, nothing is read [mainline]
    store_rolls_back: bool = True  # a page that zswap refuses takes the stored ones of its folio with it
    writeout_releases_again: bool = False  # RFC v1: and what is still stored is released before the disk is asked
    writeout_splits: bool = False  # a folio for which the disk has no run of slots is split, as for virtual ones
    folio_has_one_entry: bool = True  # folio->swap; off: each page remembers its own, as until 6.6
    migrate_copies_entries: bool = True  # ... and migration copies all of them

    # freeing [v2p4] [mainline]
    zap_reads_identity_locked: bool = True  # which entry a folio is cached for is read under its lock [O13]
    zap_keeps_its_target: bool = True  # a folio that is cached for another entry by now is left alone [O13]
    zap_rechecks_count: bool = True  # __try_to_reclaim_swap asks for the count again under the folio lock
    free_uncharges_before_id: bool = True  # the backing is uncharged while its memcg is still recorded
    free_puts_id_at_once: bool = True  # in the hold that makes the slot free

    # which pages get a virtual slot [v2c] [midA]
    virtual_swap: bool = True  # off: phase IV [P4c], every entry is a slot of the device
    falls_back_to_direct: bool = True  # where there is no virtual slot; off: virtual swap is mandatory [Y0603a]
    switched_at_run_time: bool = False  # vm.vswap_enabled [midA]
    chosen_per_memcg: bool = False  # ... or each memcg has its own
    alloc_asks_the_switch: bool = True  # of either kind, each time that an entry is taken
    lookups_ask_the_entry: bool = True  # not the switch: what was swapped out while it was on stays there
    physical_backing: bool = True  # a virtual slot may get a physical one; not yet in [midA]

    # what a slot's words say [seed]
    zero_in_word: bool = True  # a flag beside the count [v2p2]; off: a tag of the virtual_table [v1p2]
    folio_at_virtual_slot: bool = True  # cached and on the disk; off: in the physical slot's word [seed] [K0602a]
    removal_writes_rmap: bool = True  # ... which names the entry again when the folio leaves the swap cache
    one_table: bool = False  # a word for both: a cached folio is with what backs its slot [seed] [N0601c]
    entries_outlive_lookups: bool = True  # ... and the memory of a zswap entry is freed when no look-up reads it
    rmap_has_hint: bool = True  # the reverse map has room for the cache-only hint [v2p3]
    frees_virtual_table: bool = False  # while no slot of the cluster is in zswap or on the disk [v2c]

    # who pays, and where that is noted
    charge: Charge = Charge.BACKING
    memcg_table: MemcgTable = MemcgTable.AT_SLOT_WRITE  # of physical clusters [v2p6]
    alloc_tests_table_in_scan: bool = True  # in the hold that takes the slot [v2p6]
    records_memcg_late: bool = False  # when the folio leaves the swap cache, not when it enters [K0602a]

    # where the physical slot is taken
    realloc_in_submit_write: bool = False  # folio_realloc_swap called by vswap's swap_ops [seed] [v2c]
    submit_write_holds_folio_lock: bool = True  # ... before the folio is unlocked [v2c]

    # "is it physically backed?", asked at each place for its own reason [v2p3]
    fault_asks_backing_for_stable_writes: bool = True  # SWP_STABLE_WRITES is a flag of the device behind the slot
    fault_keeps_written: bool = True  # should_try_to_free_swap: a slot that is on the disk is worth keeping
    zap_full_asks_backing: bool = True  # a nearly full device is a reason to free only what is on it


RFC_V2 = SwapDesign()
"""The second posting [v2c]."""

RFC_V1 = SwapDesign(
    drops_folio_tag=False,
    dup_clears_hint=False,
    reclaim_frees_entry=False,
    reclaim_tests_count=False,
    reclaim_tests_writeback=False,
    reclaim_dirties_folio=False,
    swapoff_rechecks_backing=False,
    zero_in_word=False,
    memcg_table=MemcgTable.AT_ONCE,
    add_checks_backing=False,
    add_rechecks_backing=False,
    batch_checks_backing=True,
    swapin_checks_backing=True,
    swapin_leaves_folio_cached=True,
    store_rolls_back=False,
    writeout_releases_again=True,
)
"""The first posting [v1c], where it differs on one device."""

PHASE_IV = SwapDesign(virtual_swap=False, shrinker_gate=False, memcg_table=MemcgTable.AT_ONCE)
"""The swap table before virtual swap [P4c]: every entry is a slot of the device, and stays there."""

MID_A = SwapDesign(switched_at_run_time=True, physical_backing=False, add_refuses_large=True)
"""A later tree, after its patch for zswap and zeros [midA]: virtual slots have no physical ones yet."""

MID_B = SwapDesign(switched_at_run_time=True)
"""The same line with physical backing [midB]."""

LATEST = RFC_V2
"""The headers of a later tree [latest]: they differ in the words (``model/words.py``) and in how
virtual swap is switched on, once, at boot."""

design = bound(SwapDesign)
