# SPDX-License-Identifier: GPL-2.0-or-later
"""What every design is asked, so that designs can be put side by side: small scopes that between them have it all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from checker.language import Comparison, Scope, Spec
from model.design import MID_A, MID_B, PHASE_IV, RFC_V1, RFC_V2, Readahead
from model.fork import copy_nonpresent_pte
from model.free import zap_nonpresent_ptes
from model.objects import (
    Memcg,
    PhysSlot,
    Pte,
    Reclaim,
    Shrinker,
    Swapoff,
    Task,
    VswapSlot,
)
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from model.vswap import VSWAP
from specs import large_scopes
from specs.direct import DIRECT_PROMISES, the_device_has_entries
from specs.discussion import (
    a_page_in_flight_stays_as_it_is,
    disk_and_zswap,
    switched_and_short,
    the_device_wants_stable_pages,
)
from specs.large import LARGE_PROMISES
from specs.o11 import moving_page
from specs.o13 import a_shared_page_is_in_zswap, a_zap_frees_what_it_came_for, two_slots_zapped
from specs.promises import PROMISES
from specs.readahead import pointer_beside, two_faults_on_two_devices
from specs.rfc_v1 import one_slot_and_worker
from specs.scopes import (
    FAULTS_AND_ZAPS,
    ONE_OF_EACH,
    no_shrinker,
    one_page_in_zswap,
    owners,
    scope,
    two_faults,
    two_owners_no_io,
    two_owners_unmapped,
    zeros_no_shrinker,
)
from specs.starts import (
    a_compressed_page_beside_data,
    a_page_is_on_each_device,
    a_page_is_on_the_first_device,
    a_reverse_map_is_beside_an_entry,
    a_virtual_page_is_on_the_disk,
)
from specs.swapoff import SWAPOFF_PROMISES
from specs.unuse import UNUSE_PROMISES, one_entry_io_fails
from specs.words import (
    latest_virtual_table,
    rfc_v1_rmap,
    rfc_v1_virtual_table,
    rfc_v2_rmap,
    rfc_v2_virtual_table,
)

swapped_out = scope("one page, swapoff, a shrinker, no reclaim", {Reclaim: 0, Swapoff: 1})
shrinker_and_reclaim = Scope(
    "one page, two memcgs, a shrinker, a process that frees the page and reclaims",
    sizes={**ONE_OF_EACH, Memcg: 2, Reclaim: 0},
    operations={Task: [zap_nonpresent_ptes, shrink_folio_list]},
)
two_slots_of_the_device = Scope(
    "one page, two physical slots, swapoff, a CPU that does all the rest, zswap may refuse a page",
    sizes={**ONE_OF_EACH, PhysSlot: 2, Swapoff: 1, Shrinker: 0, Reclaim: 0},
    operations={Task: [*FAULTS_AND_ZAPS, shrink_folio_list]}, failures=["zswap refuses the page"],
)
full_disk = Scope(
    "two pages, a disk for one, a shrinker, a process that faults and unmaps; nothing fails",
    sizes={**ONE_OF_EACH, Pte: 2, VswapSlot: 2, Reclaim: 0}, operations={Task: FAULTS_AND_ZAPS}, failures=[],
)
two_owners_let_go = owners(
    "a page with two owners that is never written to, no shrinker, swap may be nearly full", {Shrinker: 0},
    failures=["swap is nearly full"], task=[do_swap_page, zap_nonpresent_ptes, copy_nonpresent_pte],
)


def question(why: str, scope: Scope, start: tuple[Callable[..., Any], ...] = (),
             promises: Iterable[Callable[..., Any]] = PROMISES) -> Spec:
    """Asked of RFC v2, it holds; a comparison asks it of other designs, too."""
    return Spec(why=why, model=VSWAP, design=RFC_V2, scope=scope, start=start, promises=list(promises), default=False)


asked_of_one_page = question("One page, everything may fail.", no_shrinker)
asked_of_writeback = question("zswap writeback, faults and swapoff, everything may fail.", swapped_out,
                              (one_page_in_zswap, a_virtual_page_is_on_the_disk), SWAPOFF_PROMISES)
asked_of_recycled_slots = question("zswap writeback of a page whose slot may be another memcg's by now.",
                                   shrinker_and_reclaim, (one_page_in_zswap,))
asked_of_two_faults = question("Two threads that fault on one page.", two_faults, (one_page_in_zswap,))
asked_of_zeros = question("A page that may be all zeros.", zeros_no_shrinker)
asked_of_fork = question("fork and write faults without any I/O.", two_owners_no_io, (one_page_in_zswap,))
asked_of_write_faults = question("fork, write faults and reclaim.", two_owners_unmapped)
asked_of_slot_reclaim = question("Slot reclaim by the cache-only hint.", one_slot_and_worker)
asked_of_zaps = question("Two owners that let go of a page that nobody writes to.", two_owners_let_go)
asked_of_swapoff = question("swapoff, and slots that are taken meanwhile.", two_slots_of_the_device, (),
                            SWAPOFF_PROMISES)

asked_of_partial_stores = question("A large folio of which zswap takes a part.", large_scopes.refused,
                                   (large_scopes.a_large_folio,), LARGE_PROMISES)
asked_of_large_faults = question(
    "Two pages that follow: on the disk, on the disk and of zeros, in zswap, on the disk the other way round.",
    large_scopes.faults,
    (large_scopes.both_on_disk, large_scopes.data_beside_zeros, large_scopes.data_beside_a_compressed_page,
     large_scopes.both_on_disk_the_other_way_round), LARGE_PROMISES,
)
asked_of_moved_folios = question("A large folio that is moved and split while it is swapped out.",
                                 large_scopes.moved_in_the_cache, (large_scopes.a_large_folio,), LARGE_PROMISES)
asked_of_full_disks = question("A large folio for which the disk has no run of slots.", large_scopes.no_run_on_disk,
                               (large_scopes.a_large_folio,), LARGE_PROMISES)
asked_of_the_gate = question("A compressed page, and a disk that another page has filled.", full_disk,
                             (a_compressed_page_beside_data,))
asked_of_large_folios = question("A large folio on the disk that is swapped in, moved and split.",
                                 large_scopes.two_compactors, (large_scopes.both_on_disk,), LARGE_PROMISES)

asked_of_the_device = question("Virtual slots, slots of the device, and a switch between them.", switched_and_short,
                               (the_device_has_entries,), DIRECT_PROMISES)
asked_of_stable_pages = question("A device that wants no stores to a page that it writes.", disk_and_zswap,
                                 (the_device_wants_stable_pages,), [*PROMISES, a_page_in_flight_stays_as_it_is])

asked_of_unuse = question("swapoff of a device with direct entries, reads and writes may fail.", one_entry_io_fails,
                          (the_device_has_entries,), UNUSE_PROMISES)
asked_of_two_devices = question("swapoff of either of two devices with direct entries.", moving_page,
                                (a_page_is_on_the_first_device,), UNUSE_PROMISES)
asked_of_neighbours = question("A page and its neighbour on two devices, and swapoff.", two_faults_on_two_devices,
                               (a_page_is_on_each_device,), UNUSE_PROMISES)

asked_of_reverse_maps = question("A direct entry and a reverse map side by side.", pointer_beside,
                                 (a_reverse_map_is_beside_an_entry,), UNUSE_PROMISES)
asked_of_two_zaps = question("Two owners, one folio, two slots: a folio may move on while a zap looks for it.",
                             two_slots_zapped, (a_shared_page_is_in_zswap,), [*PROMISES, a_zap_frees_what_it_came_for])

comparison = Comparison(
    specs=[
        asked_of_recycled_slots, asked_of_fork, asked_of_large_faults, asked_of_partial_stores,
        asked_of_full_disks, asked_of_the_gate, asked_of_moved_folios, asked_of_two_faults,
        asked_of_write_faults, asked_of_large_folios, asked_of_neighbours, asked_of_the_device,
        asked_of_writeback, asked_of_zeros, asked_of_reverse_maps, asked_of_stable_pages, asked_of_zaps,
        asked_of_slot_reclaim, asked_of_one_page, asked_of_swapoff, asked_of_two_devices, asked_of_unuse,
        asked_of_two_zaps,
    ],
    designs={"phase_iv": PHASE_IV, "rfc_v1": RFC_V1, "rfc_v2": RFC_V2, "mid_a": MID_A, "mid_b": MID_B},
    flipped=["rfc_v2", "rfc_v1"],
    company={
        "add_checks_backing": {"add_rechecks_backing": False},
        "add_compares_zero": {"thp_refuses_mixed": False},
        "add_knows_countless_words": {"readahead": Readahead.CLUSTER},
        "add_rechecks_backing": {"add_checks_backing": False},
        "alloc_asks_the_switch": {"switched_at_run_time": True},
        "migrate_copies_entries": {"folio_has_one_entry": False},
        "read_tests_every_zero": {"thp_refuses_mixed": False, "add_compares_zero": False},
        "readahead_pins_other_device": {"readahead": Readahead.VMA},
        "entries_outlive_lookups": {"one_table": True},
        "load_frees_only_cached": {"fault_uses_swap_cache": False},
        "lookups_ask_the_entry": {"switched_at_run_time": True},
        "writeout_clears_zero": {"fault_frees_unwritten": False},
        "removal_writes_rmap": {"folio_at_virtual_slot": False},
        "swapin_leaves_folio_cached": {
            "batch_checks_backing": False, "swapin_checks_backing": True, "add_checks_backing": False,
            "add_rechecks_backing": False,
        },
        "submit_write_holds_folio_lock": {"realloc_in_submit_write": True},
        "swapoff_asks_the_folio": {"swapoff_rechecks_folio": False},
        "swapoff_rechecks_backing": {"alloc_tests_writeok": False},
        "thp_refuses_zswap": {"thp_refuses_mixed": False},
    },
    quotient=["virtual_table", "table", "count"],
    words={
        "rfc_v1": {"virtual_table": rfc_v1_virtual_table, "reverse map": rfc_v1_rmap},
        "rfc_v2": {"virtual_table": rfc_v2_virtual_table, "reverse map": rfc_v2_rmap},
        "mid_a": {"virtual_table": latest_virtual_table, "reverse map": rfc_v2_rmap},
        "mid_b": {"virtual_table": latest_virtual_table, "reverse map": rfc_v2_rmap},
    },
)
"""Small scopes that between them run every path, so that each switch tells."""
