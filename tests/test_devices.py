# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices and their references: each guard is what keeps its promise, and one device is as it was."""

from __future__ import annotations

import dataclasses

import pytest

from checker.explicit import explore
from checker.language import build, load_specs
from checker.language.ir import System
from model.design import SwapDesign

SPECS = load_specs(None)
GUARDED = {
    "o11_swapoff_deletes_another_folio": ("swapoff_rechecks_folio", "swapin_returns_what_was_written"),
    "o13_identity_is_read_early": ("zap_reads_identity_locked", "the_cache_and_the_folio_agree"),
    "o13_target_moves": ("zap_keeps_its_target", "a_zap_frees_what_it_came_for"),
    "o17_charge_before_insertion": ("add_reads_owner_inserting", "the_owner_of_the_slot_pays_for_the_folio"),
    "o22_slot_operations_pin_nothing": ("slot_ops_pin_device", "nothing freed is used"),
    "o23_readahead_pins_nothing": ("readahead_pins_other_device", "nothing freed is used"),
    "readahead_takes_a_reverse_map": ("add_knows_countless_words", "no_physical_slot_without_rmap"),
    "fault_keeps_device": ("fault_puts_device_on_error", "every_operation_can_finish"),
    "swapoff_kills_no_reference": ("swapoff_kills_references", "nothing freed is used"),
    "unuse_maps_unread_page": ("unuse_tests_uptodate", "swapin_returns_what_was_written"),
    "unuse_loses_marker": ("unuse_keeps_marker", "an_exclusive_marker_survives"),
}
"""Which guard a what-if lacks, and what breaks without it."""


def widths(system: System) -> dict[str, int]:
    """How many values each field of the state has."""
    return {field.name: field.type.card for field in system.fields}


@pytest.mark.parametrize("name", GUARDED)
def test_with_its_guard_a_what_if_breaks_nothing(name: str) -> None:
    guard, promise = GUARDED[name]
    spec = SPECS[name]
    assert promise in spec.expected
    guarded = dataclasses.replace(spec, design=dataclasses.replace(spec.design, **{guard: True}), expected={})
    system = build(guarded)
    found = explore(system)
    reachable = {one.name for one in system.promises if one.kind == "reachable"}
    assert found.complete
    assert set(found.findings) - reachable == set()


def test_which_device_a_slot_is_on_takes_no_room_where_there_is_one() -> None:
    one, two = (widths(build(SPECS[name])) for name in ("rfc_v2", "rfc_v2_two_devices"))
    for field in ("phys_device", "prio"):
        alone = [card for name, card in one.items() if field in name]
        assert alone
        assert set(alone) == {1}
        assert {card for name, card in two.items() if field in name} == {2}


def test_every_device_switch_is_on_by_default() -> None:
    assert all(getattr(SwapDesign(), guard) for guard, _ in GUARDED.values())
