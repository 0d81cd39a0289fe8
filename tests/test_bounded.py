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
from orbits import orbit
from test_agreement import Reader, many, settings

from checker.counterexample.follow import Question, follow
from checker.explicit import CAN_FINISH, Exploration, Limits, explore
from checker.explicit.group import group
from checker.explicit.one_step import OneStep
from checker.language import build, load_specs
from checker.symbolic.bounded import Bounded, bounded
from checker.symbolic.layers import Layers
from checker.symbolic.names import Names
from checker.symbolic.parts import Unknown
from checker.symbolic.runs import LOGICS, layers
from checker.symbolic.search import Search
from checker.symbolic.template import Template

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


UNROLLED, WRITTEN = 0, 10**9
"""No layer is narrow enough to be written out, and every one is."""


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


def written_layers(system: Any, steps: int) -> list[set[tuple[int, ...]]]:
    """The states that parts of the relation reach in 0, 1, ... steps, and not in fewer."""
    one = Layers(Template(system))
    found = [set(one.states)]
    for _ in range(steps):
        one.extend([])
        found.append(set(one.states))
    return found


def new_layers(layers: list[set[tuple[int, ...]]]) -> list[set[tuple[int, ...]]]:
    """Of each layer what no earlier one has."""
    return [layer.difference(*layers[:number]) for number, layer in enumerate(layers)]


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
    """z3 unrolls the runs, writes their states out, or first the one and then the other."""
    system, depth = system_of(name), DEPTHS[name]
    expected = explore(system)
    same_findings(system, depth, bounded(system, depth, seconds=LONG, narrow=UNROLLED), expected)
    same_findings(system, depth, bounded(system, depth, seconds=LONG, narrow=WRITTEN), expected)
    same_findings(system, depth, bounded(system, depth, seconds=LONG, narrow=5), expected)


@pytest.mark.parametrize("name", [name for name in DEPTHS if name not in (
    "systems/reference_swap:stale_commit", "systems/two_phase_commit:three_managers",
)])
def test_where_no_run_is_longer_every_state_was_seen(name: str) -> None:
    system = system_of(name)
    found, expected = bounded(system, 10**6, seconds=LONG), explore(system)
    assert (found.everything, found.states, found.written) == (True, expected.states, expected.depth + 1)
    same_findings(system, 10**6, found, expected)


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
    assert written_layers(system, 4) == new_layers(found)


def test_generated_systems_break_at_the_same_depth(tmp_path: Path) -> None:
    reader, breaks = Reader(tmp_path), 0

    @settings(many, max_examples=40)
    @given(text=systems(), depth=st.integers(0, 3))
    def each(text: str, depth: int) -> None:
        nonlocal breaks
        system = reader.read(text)
        expected = explore(system, limits=Limits(memory=1 << 26)) if system is not None else None
        if expected is not None and expected.complete and expected.states < 2000:
            found = bounded(system, depth, seconds=LONG, narrow=UNROLLED)
            same_findings(system, depth, found, expected)
            breaks += len(found.findings)
            written = bounded(system, 10**6, seconds=LONG, narrow=WRITTEN)
            if written.everything:
                assert written.states == expected.states
            else:
                assert written.findings.keys() == written.decided
            same_findings(system, 10**6, written, expected)
            if expected.states < 100:
                assert layers(system, depth) == exact_layers(system, depth)

    each()
    assert breaks > 5


def test_what_takes_longer_than_its_limit_is_undecided() -> None:
    found = bounded(system_of("systems/reference_swap:four_entries"), 1000, seconds=2, narrow=UNROLLED)
    assert found.depth < 1000 and found.stopped == "the time limit of 2 s is reached"


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
    search = Search(system_of("systems/peterson:wrong_order"), UNROLLED)
    told = []
    for message in search.run(8, first=False):
        told.append(message)
        if message.depth == 3:
            assert search.runs is not None
            search.runs.solver = Unsure()
    assert [message.finding.depth for message in told if message.finding is not None] == [7]
    assert (told[0].logics, told[-1].logics) == (LOGICS[:1], LOGICS)
    search.runs.solver = Unsure()
    with pytest.raises(Unknown, match="it is unsure"):
        search.runs.ask()


@pytest.mark.parametrize("name", [
    "systems/readers_writers:three_tasks", "systems/two_phase_commit:three_managers", "models/counter:lost_update",
    "systems/reference_swap:stale_commit", "systems/stale_copy:incoherent",
])
def test_one_state_stands_for_all_that_differ_in_names(name: str) -> None:
    """The same states but for names, the same breaks, and runs that keep the names they begin with."""
    system, depth = system_of(name), DEPTHS[name]
    names = Names(system, many=2)
    assert names.exchanges
    search, found = Search(system, WRITTEN), Bounded(depth)
    search.layers = Layers(search.template, names)
    for message in search.run(depth, first=False):
        found.take(message)
    same_findings(system, depth, found, explore(system))
    whole = Layers(Template(system))
    for _ in range(min(depth, 5)):
        whole.extend([])
    of = group(system)
    early = [state for state in search.layers.came if state in whole.came]
    assert {min(orbit(system, state, of)) for state in whole.came} >= {min(orbit(system, state, of)) for state in early}
    assert all(names.least(state)[0] in search.layers.came or state in system.initial for state in whole.came)
    assert len(search.layers.came) < len(set().union(*written_layers(system, depth)))


@cache
def walked() -> tuple[Any, Layers]:
    system = system_of("systems/reference_swap:stale_commit")
    return system, Layers(Template(system))


@settings(many, max_examples=20)
@given(data=st.data())
def test_an_exchange_of_names_is_one_of_the_renamings(data: st.DataObject) -> None:
    system, whole = walked()
    names = Names(system, many=2)
    state = system.initial[0]
    for _ in range(6):
        following = [whole.after(state, o) for _, o in whole.outcomes(state) if o.error is None]
        state = data.draw(st.sampled_from(sorted(following))) if following else state
    least, made = names.least(state)
    assert least in orbit(system, state, group(system)) and least <= state
    assert names.renamed(state, made) == least and names.renamed(least, reversed(made)) == state
