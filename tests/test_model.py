# SPDX-License-Identifier: GPL-2.0-or-later
"""The model of virtual swap: every guard matters, every promise can break, the sizes are known."""

from __future__ import annotations

import dataclasses

import pytest
from footprints import Footprints

from checker.explicit import Exploration, explore
from checker.language import build, load_specs
from checker.language.build import BUILT_IN
from checker.language.lockorder import cycle, edges
from checker.language.verbs import RUN_KINDS, kind_of
from model.design import SwapDesign
from model.vswap import VSWAP
from specs.content import no_cached_page_is_unreadable
from specs.devices import a_device_that_wants_it_is_not_disturbed, the_first_device_with_room_is_used
from specs.hint import HINT_PROMISES
from specs.large import LARGE_PROMISES
from specs.o13 import a_zap_frees_what_it_came_for
from specs.promises import PROMISES
from specs.requirements import REQUIREMENTS
from specs.swapoff import SWAPOFF_PROMISES
from specs.unuse import UNUSE_PROMISES

SPECS = {name: spec for name, spec in load_specs(None).items() if spec.model.state is VSWAP.state}
AS_POSTED = {name: spec for name, spec in SPECS.items() if spec.design == SwapDesign()}
WHAT_IFS = {name: spec for name, spec in SPECS.items() if name not in AS_POSTED}

SIZES = {
    "rfc_v2": (263862, 1260726, 88),
    "rfc_v2_two_entries": (246123, 999450, 99),
    "rfc_v2_two_shrinkers": (165188, 846676, 81),
    "rfc_v2_two_owners": (457259, 1640155, 95),
    "rfc_v2_zeros": (81436, 337712, 80),
}
"""States, transitions and depth; a change of the model that means to change nothing keeps them."""


def broken(name: str) -> set[str]:
    """What a spec breaks; it must be searched to the end."""
    system = build(SPECS[name])
    found = explore(system)
    assert found.complete
    reachable = {promise.name for promise in system.promises if promise.kind == "reachable"}
    assert reachable <= set(found.findings), "something that must be reached never is"
    no_order = {"locks_are_taken_in_one_order"} if cycle(edges(system)) else set()  # seen without a search
    return (set(found.findings) - reachable) | no_order


@pytest.mark.parametrize("name", WHAT_IFS)
def test_a_what_if_breaks_what_it_says_and_nothing_else(name: str) -> None:
    assert broken(name) == set(SPECS[name].expected)


@pytest.mark.parametrize("name", SIZES)
def test_the_design_as_posted_has_the_states_that_it_had(name: str) -> None:
    found: Exploration = explore(build(SPECS[name]))
    assert (found.states, found.transitions, found.depth) == SIZES[name]


def test_every_switch_is_flipped_by_some_spec() -> None:
    usual = SwapDesign()
    flipped = {
        field.name for spec in WHAT_IFS.values() for field in dataclasses.fields(SwapDesign)
        if getattr(spec.design, field.name) != getattr(usual, field.name)
    }
    assert flipped == {field.name for field in dataclasses.fields(SwapDesign)}


def test_every_promise_is_seen_to_break() -> None:
    seen = {promise for spec in SPECS.values() for promise in spec.expected}
    asked = {promise.__name__ for promise in (
        *SWAPOFF_PROMISES, *HINT_PROMISES, *LARGE_PROMISES, *REQUIREMENTS, *UNUSE_PROMISES,
        no_cached_page_is_unreadable, the_first_device_with_room_is_used,
        a_device_that_wants_it_is_not_disturbed, a_zap_frees_what_it_came_for,
    )}
    asked |= {"nothing freed is used", "nothing is freed twice"}
    assert asked <= seen
    # the others are shown to break by the tests of the language
    assert set(BUILT_IN) - seen == {"no_deadlock", "no_model_error"}


def test_every_promise_about_runs_is_seen_to_break_and_to_hold() -> None:
    asked = {name: build(spec).run_promises for name, spec in SPECS.items()
             if any(kind_of(promise) in RUN_KINDS for promise in spec.promises)}
    names = {promise.name for promises in asked.values() for promise in promises}
    assert len(names) > 5
    assert names <= {promise for spec in SPECS.values() for promise in spec.expected}
    assert {"a_fault_ends", "a_folio_lock_is_dropped", "everything_can_be_given_back", "every_operation_finishes"} <= {
        promise.name for name, promises in asked.items() for promise in promises if promise.name not in
        SPECS[name].expected and SPECS[name].design == SwapDesign()}


@pytest.mark.parametrize("name", [name for name, spec in AS_POSTED.items() if spec.expected])
def test_the_design_as_posted_breaks_what_is_known_and_nothing_else(name: str) -> None:
    assert broken(name) == set(SPECS[name].expected)


def test_hardly_a_step_touches_only_its_frame() -> None:
    """docs/reductions.md: joining such steps would not pay."""
    alone, steps = set(), 0
    for name in ("rfc_v2", "rfc_v2_swapoff", "rfc_v2_two_owners", "rfc_v2_requirements"):
        for role in build(SPECS[name]).roles:
            for operation in role.operations:
                found = Footprints(operation).steps
                steps += len(found)
                assert name != "rfc_v2" or not any(one.only_frame for one in found.values())
                alone |= {operation.yields[k].label for k, one in found.items() if k is not None and one.only_frame}
    assert steps > 200
    assert alone == {"a new folio is in the swap cache", "no such device is in use"}


def test_the_gate_alone_sees_every_promise_break() -> None:
    seen = {promise for spec in WHAT_IFS.values() if spec.default for promise in spec.expected}
    assert {promise.__name__ for promise in PROMISES} <= seen


def test_a_forgotten_unlock_is_no_deadlock_but_somebody_waits_for_ever() -> None:
    found = broken("writeback_forgets_unlock")
    assert "every_operation_can_finish" in found
    assert "no_deadlock" not in found
