# SPDX-License-Identifier: GPL-2.0-or-later
"""Bounded search by z3 finds what the exhaustive search finds, as early, and claims no more."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import z3
from generate import systems
from hypothesis import given
from hypothesis import strategies as st
from test_agreement import Reader, many, settings

from checker.counterexample.follow import Question, follow
from checker.explicit import CAN_FINISH, Exploration, Limits, explore
from checker.explicit.one_step import OneStep
from checker.language import build, load_specs
from checker.symbolic.bounded import Bounded, bounded
from checker.symbolic.runs import LOGICS, Search, Unknown, layers

HERE = Path(__file__).parent
LONG = 600.0
"""Seconds that no search here needs."""
DEPTHS = {
    "systems/bounded_buffer:unreserved": 6,
    "systems/bounded_buffer:reserved": 5,
    "systems/forgotten_unlock:forgets": 6,
    "systems/lock_pair:opposite_order": 5,
    "systems/mailbox:two_clients": 7,
    "systems/peterson:wrong_order": 8,
    "systems/readers_writers:three_tasks": 5,
    "systems/reference_swap:stale_commit": 4,
    "systems/stale_copy:incoherent": 5,
    "systems/token_ring:last_node_starves": 6,
    "systems/two_phase_commit:three_managers": 11,
    "models/counter:lost_update": 7,
    "models/counter:forgotten_unlock": 6,
    "models/counter:out_of_range": 6,
}
"""How far each system is searched."""


@cache
def system_of(name: str) -> Any:
    """The system that ``file:spec`` names."""
    file, spec = name.split(":")
    return build(load_specs(str(HERE / f"{file}.py"))[spec])


def exact_layers(system: Any, steps: int) -> list[set[tuple[int, ...]]]:
    """The states that native code reaches in exactly 0, 1, ... steps."""
    one, found = OneStep(system), [set(system.initial)]
    for _ in range(steps):
        found.append(set().union(*(one.successors(vector) for vector in found[-1])))
    return found


def same_findings(system: Any, depth: int, found: Bounded, expected: Exploration) -> None:
    """The same breaks at the same depths, and runs that Python can go."""
    assert (found.depth, found.stopped) == (depth, None)
    depths = {name: one.depth for name, one in expected.findings.items() if one.depth <= depth and name != CAN_FINISH}
    assert {name: one.depth for name, one in found.findings.items()} == depths
    assert found.decided | {CAN_FINISH} >= set(expected.findings)
    question = Question("model", "spec", system, {}, {})
    for name, one in found.findings.items():
        trace = follow(question, one)
        assert trace.shows and len(trace.steps) == depths[name]


@pytest.mark.parametrize("name", DEPTHS)
def test_both_engines_find_the_same_breaks_at_the_same_depth(name: str) -> None:
    system = system_of(name)
    same_findings(system, DEPTHS[name], bounded(system, DEPTHS[name], seconds=LONG), explore(system))


@pytest.mark.parametrize("name", [
    "systems/bounded_buffer:reserved", "systems/forgotten_unlock:unlocks", "systems/lock_pair:one_order",
    "systems/mailbox:two_clients", "systems/peterson:peterson", "systems/stale_copy:coherent",
    "systems/token_ring:round_trip", "systems/two_phase_commit:three_managers",
])
def test_both_engines_reach_the_same_states_in_so_many_steps(name: str) -> None:
    system = system_of(name)
    found = layers(system, 4)
    assert found == exact_layers(system, 4)
    assert len(set().union(*found)) > 4


def test_generated_systems_break_at_the_same_depth(tmp_path: Path) -> None:
    reader, breaks = Reader(tmp_path), 0

    @settings(many, max_examples=40)
    @given(text=systems(), depth=st.integers(0, 3))
    def each(text: str, depth: int) -> None:
        nonlocal breaks
        system = reader.read(text)
        expected = explore(system, limits=Limits(memory=1 << 26)) if system is not None else None
        if expected is not None and expected.complete and expected.states < 2000:
            found = bounded(system, depth, seconds=LONG)
            same_findings(system, depth, found, expected)
            breaks += len(found.findings)
            if expected.states < 100:
                assert layers(system, depth) == exact_layers(system, depth)

    each()
    assert breaks > 20


def test_what_takes_longer_than_its_limit_is_undecided() -> None:
    found = bounded(system_of("systems/reference_swap:four_entries"), 1000, seconds=1)
    assert found.depth < 1000 and found.stopped == "the time limit of 1 s is reached"


def test_a_search_can_stop_at_the_first_break() -> None:
    found = bounded(system_of("systems/stale_copy:incoherent"), 50, seconds=LONG, first=True)
    assert found.depth == 2 and found.stopped == "a promise broke" and list(found.findings) == ["no_copy_is_stale"]


def test_nobody_claims_that_operations_can_finish() -> None:
    """forgotten_unlock breaks it in four steps; no run of any length shows that by itself."""
    found = bounded(system_of("systems/forgotten_unlock:forgets"), 6, seconds=LONG)
    assert CAN_FINISH not in found.decided and CAN_FINISH not in found.findings


class Unsure:
    """A solver that never knows."""

    def add(self, formula: object) -> None: ...

    def check(self, *assumptions: object) -> object:
        return z3.unknown

    def reason_unknown(self) -> str:
        return "it is unsure"


def test_where_one_solver_does_not_know_another_is_asked() -> None:
    """The other one is told all that the first was told, and may then be unsure, too."""
    search = Search(system_of("systems/peterson:wrong_order"))
    told = []
    for message in search.run(8, first=False):
        told.append(message)
        if message.depth == 3:
            search.runs.solver = Unsure()
    assert [message.finding.depth for message in told if message.finding is not None] == [7]
    assert (told[0].logics, told[-1].logics) == (LOGICS[:1], LOGICS)
    search.runs.solver = Unsure()
    with pytest.raises(Unknown, match="it is unsure"):
        search.runs.ask()


@pytest.mark.parametrize(("spec", "depth"), [("writeback_reserves_first", 3), ("zap_without_ptl", 7)])
def test_both_engines_break_a_what_if_of_the_installed_model_at_the_same_depth(spec: str, depth: int) -> None:
    what_if = load_specs(None)[spec]
    system = build(what_if)
    found = bounded(system, depth, seconds=LONG)
    same_findings(system, depth, found, explore(system, first=True))
    broken = {name for name in found.findings if name in what_if.expected}
    assert {found.findings[name].depth for name in broken} == {depth}
