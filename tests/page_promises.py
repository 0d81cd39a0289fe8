# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/promises.md: where each numbered promise and each known bug is asked, and what breaks it.

``python -P tests/page_promises.py docs/promises.md`` writes the page, from the specs; that they
are right is the business of test_model.py.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from checker.language import load_specs

HOME = Path(__file__).parent.parent
SHOWN = 3
"""So many what-ifs are named for each promise."""


@dataclass(frozen=True)
class Row:
    """One promise or bug: what it says, the promises (or specs) that ask it, and what is to be said besides."""

    text: str
    names: tuple[str, ...] = ()
    note: str = ""


PROMISES = {
    1: Row("A physical slot that backs a virtual one points back to it.", ("no_physical_slot_without_rmap",)),
    2: Row("... and only then, or while it is taken for a locked cached folio.", ("no_rmap_without_physical_slot",)),
    3: Row("No two virtual slots share a physical slot, and it is free, direct, bad or a reverse map.",
           ("no_two_virtual_slots_share_a_physical_slot", "a_physical_slot_is_one_thing")),
    4: Row("One folio per slot, in the virtual slot's word only.",
           ("the_cache_and_the_folio_agree", "FOLIO_is_said_by_the_swap_cache"),
           "A word holds one folio by its shape; RFC v1's FOLIO word is the second place."),
    5: Row("The zero flag and another backing exclude each other.", ("zeros_are_stored_nowhere",)),
    6: Row("What a PTE refers to is cached or backed.", ("no_slot_without_content",)),
    7: Row("Without PTE and folio a slot is free.", ("a_free_slot_owns_nothing",)),
    8: Row("A folio that is the only copy is dirty, or locked.",
           ("the_only_copy_is_dirty", "the_only_copy_can_be_read")),
    9: Row("A clean folio has its bytes in the backing.", ("clean_means_backed",)),
    10: Row("The count is the number of PTEs, and never lower.", ("the_count_covers_every_pte",),
            "Zap is the exception, see findings.md."),
    11: Row("A cluster counts its slots; without any it is freed.",
            ("a_cluster_counts_its_slots", "an_empty_cluster_is_freed", "a_phys_cluster_counts_its_slots")),
    12: Row("A large folio in the swap cache has one kind of backing.", ("a_cached_large_folio_is_backed_as_one",)),
    13: Row("A compressed copy has one place, and is freed once.", ("a_zswap_entry_has_one_place",)),
    14: Row("A memcg pays for each physical slot once, and its id has a reference for each slot.",
            ("memcg_charged_exactly_once", "memcg_id_references_add_up")),
    15: Row("Where there is a direct slot, there is a memcg_table.",
            ("a_direct_slot_has_a_memcg_table", "who_has_direct_slots_has_a_memcg_table")),
    16: Row("No reverse map and no bad block in a virtual cluster, but for its first slot.",
            ("only_the_first_slot_is_bad",), "No reverse map: by the shape of the state. For the bits, see words.md."),
    17: Row("zswap and zeros hold no physical slot; a virtual slot needs none.",
            ("no_backend_coupling", "no_physical_slot_behind_a_compressed_page", "dynamic_swap_space")),
    18: Row("A dead cluster is in no list and has no slot in use.",
            ("a_dead_cluster_is_gone", "the_xarray_holds_what_is_alive", "a_cluster_is_on_the_list_of_its_flags")),
    19: Row("The hint is never the sole reason to free anything.",
            ("a_worker_frees_what_it_came_for", "a_hint_means_no_pte", "the_last_pte_leaves_a_hint"),
            "`rfc_v2_hint_lies` flips the hint at any time and keeps everything."),
    20: Row("The backing of a cached slot changes under its folio lock.",
            ("a_cached_slot_changes_backing_under_its_folio_lock",)),
    21: Row("A count rises from zero under the folio lock, while the slot is cached.",
            ("the_first_pte_needs_the_folio_lock",)),
    22: Row("A change of backend touches no PTE and no count.",
            ("a_transfer_touches_no_pte_and_no_count", "efficient_backend_transfer")),
    23: Row("Locks nest in one order, and none is taken twice.",
            ("locks_are_taken_in_one_order",), "`no_lock_taken_twice` is asked where a path would take one."),
    24: Row("After swapoff nothing refers to the device.",
            ("a_device_that_is_off_backs_nothing", "swapoff_frees_what_it_came_for",
             "a_device_that_is_gone_has_nothing", "a_device_that_is_off_has_no_users")),
    25: Row("Swap-in returns the bytes last written.",
            ("swapin_returns_what_was_written", "no_cached_page_is_unreadable")),
    26: Row("While virtual swap is off, new entries are direct.", ("no_virtual_slot_is_taken_while_it_is_off",)),
    27: Row("swapoff ends.", ("swapoff_ends",), "Broken by RFC v2 itself, see findings.md."),
    28: Row("What only the cache keeps can always be given back.",
            ("everything_can_be_given_back", "slot_reclaim_finds_what_it_could_free")),
    29: Row("Nothing freed is used.",
            ("nothing freed is used", "what_is_used_has_a_reference", "a_folio_at_work_is_in_use")),
    30: Row("Nothing is freed twice.", ("nothing is freed twice",)),
    31: Row("Nothing is leaked.", ("no_folio_is_leaked", "everything_can_be_given_back", "no_memory_is_leaked"),
            "Entries and slots: 2, 7 and 13."),
    32: Row("The cache and the folio agree.", ("the_cache_and_the_folio_agree",)),
    33: Row("The owner of the slot pays for the folio.", ("the_owner_of_the_slot_pays_for_the_folio",)),
    34: Row("Marks in a swap PTE survive.", ("an_exclusive_marker_survives", "who_may_write_has_the_page_alone"),
            "The exclusive marker stands for all of them."),
    35: Row("Nobody goes idle holding a lock.", ("no_lock_left_behind",)),
    36: Row("A physical slot is taken to write a page, for a locked cached folio.",
            ("a_physical_slot_is_taken_for_a_cached_locked_folio", "a_physical_slot_is_taken_to_write_a_page")),
    37: Row("Who waits for a folio lock gets it.",
            ("a_fault_ends", "a_folio_lock_is_dropped", "every_operation_can_finish", "every_operation_finishes")),
}

BUGS = {
    "O01": Row("reclaim locks a cluster twice", ("o01_swapout_takes_the_lock_again",)),
    "O02": Row("the reverse map drops bits",
               note="Not a matter of states: words.md proves it of the bits, and shows the word that breaks it."),
    "O03": Row("a hint that is never withdrawn", ("rfc_v1", "o03_slot_reclaim_unguarded")),
    "O04": Row("half a large folio in zswap", ("o04_rfc_v1_keeps_a_partial_store", "o04_store_does_not_roll_back")),
    "O05": Row("writeback over a reused slot", ("o05_writeback_without_recheck",)),
    "O06": Row("an old compressed copy survives", ("o06_stale_compressed_copy", "phase_iv")),
    "O07": Row("a load frees the only copy while the fault may still give up", ("o07_load_frees_the_only_copy",)),
    "O08": Row("an entry is invalidated twice", ("o08_load_frees_what_it_has_read",)),
    "O09": Row("a rollback uncharges too much",
               note="Not expressed: what a memcg pays for compressed bytes is not counted; for the rollback see O04."),
    "O10": Row("faults that bypass the swap cache", ("o10_fault_skips_swap_cache",)),
    "O11": Row("swapoff and a folio that has moved on",
               ("o11_swapoff_deletes_another_folio", "swapoff_trusts_folio", "fault_trusts_any_entry")),
    "O12": Row("a count that has risen again", ("o12_zap_trusts_count", "free_swap_ignores_count")),
    "O13": Row("slot reclaim knows its victim before the lock",
               ("o13_identity_is_read_early", "o13_target_moves", "reclaim_trusts_folio")),
    "O14": Row("a swap PTE is moved, and the folio is not",
               note="Not expressed: the model has no reverse mapping from a folio to its PTEs that could be wrong."),
    "O15": Row("a clean folio on a fresh slot", ("alloc_leaves_folio_clean", "nobody_dirties_the_folio")),
    "O16": Row("the first zero flag speaks for all", ("o16_read_looks_at_first_zero_flag",)),
    "O17": Row("the wrong group pays", ("o17_charge_before_insertion",)),
    "O18": Row("tail pages forget their entries", ("o18_migration_forgets_tail_entries",)),
    "O19": Row("an entry is split too early",
               note="Not expressed: it needs shmem, whose entries are in the page cache."),
    "O20": Row("truncate frees by an old order", note="Not expressed: it needs shmem, as O19 does."),
    "O21": Row("an entry is published before its count", ("fork_without_count",)),
    "O22": Row("slot operations on a device that is gone",
               ("o22_slot_operations_pin_nothing", "o22_device_without_reference", "o22_retry_without_lock",
                "swapoff_leaves_device_open"),
               "The same of a virtual cluster is found in RFC v2 itself, see findings.md."),
    "O23": Row("readahead on a device that is not pinned", ("o23_readahead_pins_nothing",)),
    "O24": Row("an overflow page without its lock",
               note="Not expressed: counts never overflow into another page here."),
    "O25": Row("the loser of a cache race spins",
               note="Not expressed: it needs priorities on one CPU; slot and folio are one step, so nobody spins."),
    "O26": Row("a page that was never read is mapped",
               ("unuse_maps_unread_page", "fault_maps_unread_folio", "rfc_v2_swapoff")),
    "O27": Row("swapoff drops marks", ("unuse_loses_marker", "unmap_loses_marker"),
               "swapoff touches no PTE of a virtual entry."),
}

ONLY_HOLDS = {
    "no_deadlock": "the tests of the language break it",
    "no_model_error": "the tests of the language break it",
}
"""What default specs ask and no what-if breaks, and why."""

HEAD = """# What is promised, and what breaks it

Written by `make docs`, from the specs; a test compares it.

## Promises

Each is asked in a default spec of the gate, and is seen to break in a what-if. Named are a few of
them, those of the gate first; a number in brackets is the folder in
[counterexamples](../counterexamples) with the race.

| no. | promise | asked as | breaks in |
|---:|---|---|---|
"""

MIDDLE = """
## Bugs that were real

Merged fixes and reports on virtual swap and on what it replaces; where they are from is in
[sources.md](sources.md).

| bug | what it was | here | breaks |
|---|---|---|---|
"""


def folders() -> dict[str, str]:
    """Spec to the number of its folder."""
    return {
        json.loads((path / "trace.json").read_text())["spec"]: path.name.split("-")[0]
        for path in sorted((HOME / "counterexamples").iterdir()) if path.is_dir()
    }


def breaks_in(promise: str) -> list[str]:
    """The specs that expect it to break: those of the gate first."""
    specs = load_specs(None)
    found = [name for name, spec in specs.items() if promise in spec.expected]
    return sorted(found, key=lambda name: not specs[name].default)


def numbered(name: str, number: dict[str, str]) -> str:
    """A spec, and where its race is drawn."""
    return f"`{name}`" + (f" ({number[name]})" if name in number else "")


def page() -> str:
    """The whole page."""
    specs, number = load_specs(None), folders()
    lines = []
    for key, row in PROMISES.items():
        named: list[str] = []
        for promise in row.names:
            some = [spec for spec in breaks_in(promise) if spec not in named]
            named += some[:max(1, SHOWN - len(named))]
        asked = ", ".join(f"`{name}`" for name in row.names)
        broken = ", ".join(numbered(name, number) for name in named)
        lines.append(f"| {key} | {row.text} {row.note}".rstrip() + f" | {asked or '-'} | {broken or '-'} |")
    bugs = []
    for key, row in BUGS.items():
        here = ", ".join(numbered(name, number) for name in row.names)
        first = ", ".join(dict.fromkeys(f"`{next(iter(specs[name].expected))}`" for name in row.names))
        bugs.append(f"| {key} | {row.text} | " + " ".join(filter(None, [here, row.note])) + f" | {first or '-'} |")
    return HEAD + "\n".join(lines) + "\n" + MIDDLE + "\n".join(bugs) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
