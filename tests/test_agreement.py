# SPDX-License-Identifier: GPL-2.0-or-later
"""Python itself, native code and z3 agree on systems that nobody wrote.

Python is the referee.  On every state that a short search and a random walk visit,
the three sets of successors are equal, an error is possible in all or in none, and
every promise has one value.  HYPOTHESIS_PROFILE=nightly runs thousands of systems.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from generate import systems
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from checker.explicit import Limits, explore
from checker.explicit.one_step import OneStep as Native
from checker.language import LanguageError, build, load_specs
from checker.language.errors import ModelError
from checker.language.raw import Configuration, Raw
from checker.symbolic import one_step

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
SYSTEMS = 60
WHOLE_SYSTEMS = 20
BREADTH, LENGTH = 6, 8
MOST_STATES = 150

many = settings(
    max_examples=SYSTEMS, derandomize=not NIGHTLY, database=None, deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Disagreement(AssertionError):
    """Two readings of one system say different things."""


class Readings:
    """One system in three readings; native and z3 may be given a changed one."""

    def __init__(self, system: Any, native: Any = None, symbolic: Any = None) -> None:
        self.system = system
        self.raw = Raw(system)
        self.native = Native(native or system)
        self.symbolic = one_step(symbolic or system)

    def compare(self, here: Configuration) -> list[Configuration]:
        """Compares everything that can be said about one state; gives Python's successors."""
        transitions = self.raw.successors(here)
        targets = [t.target for t in transitions if t.target is not None]
        expected = {target.vector for target in targets}
        self.same(here, "native successors", expected, self.native.successors(here.vector))
        self.same(here, "z3 successors", expected, self.symbolic.successors(here.vector))
        errs = any(t.error is not None for t in transitions)
        self.same(here, "native errors", errs, bool(self.native.errors(here.vector)))
        self.same(here, "z3 errors", errs, self.symbolic.can_err(here.vector))
        assertions = set(self.system.assertions)
        broken = {name for t in transitions for name in t.broken} & assertions
        self.same(here, "assertions broken", broken, self.native.broken(here.vector) & assertions)
        found = self.native.found(here.vector)
        for promise in self.system.promises:
            value = self.promise(promise.name, here)
            self.same(here, f"z3 of {promise.name}", value, self.symbolic.condition(promise, here.vector))
            if value is not None:
                wanted = value if promise.kind == "reachable" else not value
                self.same(here, f"native of {promise.name}", wanted, promise.name in found)
            else:
                self.same(here, f"native error in {promise.name}", True, "no_model_error" in found)
        return targets

    def promise(self, name: str, here: Configuration) -> bool | None:
        """The value of a promise in Python; None where it is a model error."""
        try:
            return self.raw.holds(name, here)
        except (ModelError, ZeroDivisionError):
            return None

    def same(self, here: Configuration, what: str, expected: Any, found: Any) -> None:
        if expected != found:
            shown = f"expected {expected}, found {found}"
            if isinstance(expected, set):
                shown = f"missing {sorted(expected - found)}, too many {sorted(found - expected)}"
            raise Disagreement(f"{what} of {here.vector}: {shown}")

    def visit(self, seed: int) -> int:
        """Compares a breadth-first prefix, then a random walk; says how many states."""
        seen: dict[tuple[int, ...], Configuration] = {c.vector: c for c in self.raw.initial()}
        assert set(seen) == set(self.system.initial)
        queue = list(seen.values())
        for here in queue:
            if len(queue) > BREADTH:
                break
            self.add(queue, seen, self.compare(here))
        compared = set(list(seen)[: len(queue)])
        chosen = random.Random(seed)
        here = chosen.choice(queue)
        for _ in range(LENGTH):
            targets = self.compare(here)
            compared.add(here.vector)
            if not targets:
                break
            here = chosen.choice(targets)
        return len(compared)

    @staticmethod
    def add(queue: list[Configuration], seen: dict[tuple[int, ...], Configuration], more: list[Configuration]) -> None:
        for target in more:
            if target.vector not in seen:
                seen[target.vector] = target
                queue.append(target)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Builds the text of a system; None where the front end refuses it, which is rare."""
    folder, numbers, verdicts = tmp_path_factory.mktemp("generated"), count(), Counter[str]()

    def from_text(text: str) -> Any:
        path = folder / f"generated_{next(numbers)}.py"
        path.write_text(text)
        try:
            system = build(load_specs(str(path))["generated"])
        except LanguageError as error:
            verdicts["refused"] += 1
            note(f"refused: {error}")
            return None
        verdicts["accepted"] += 1
        return system

    yield from_text
    assert verdicts["refused"] <= 0.05 * verdicts.total(), verdicts


@many
@given(text=systems(), seed=st.integers(0, 1 << 16))
def test_three_readings_agree(read: Callable[[str], Any], text: str, seed: int) -> None:
    system = read(text)
    if system is not None:
        Readings(system).visit(seed)


@settings(many, max_examples=WHOLE_SYSTEMS)
@given(text=systems())
def test_small_systems_agree_as_a_whole(read: Callable[[str], Any], text: str) -> None:
    """All reachable states: their number, their transitions, what breaks somewhere."""
    system = read(text)
    if system is None:
        return
    raw = Raw(system)
    seen = {c.vector: c for c in raw.initial()}
    queue, broken, transitions = list(seen.values()), set(), 0
    for here in queue:
        if len(queue) > MOST_STATES:
            event("too many states")
            return
        found = raw.successors(here)
        transitions += len(found)
        broken |= {name for t in found for name in t.broken}
        Readings.add(queue, seen, [t.target for t in found if t.target is not None])
    result = explore(system, limits=Limits(memory=1 << 26))
    assert result.complete
    assert (result.states, result.transitions) == (len(queue), transitions)
    assert broken & set(system.assertions) == set(result.findings) & set(system.assertions)
    for name in ("no_model_error", "no_lock_left_behind"):
        assert name not in broken or name in result.findings


