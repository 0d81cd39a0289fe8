# SPDX-License-Identifier: GPL-2.0-or-later
"""Python and native code agree along random schedules of the virtual swap model.

There is a walk from the start and from wherever a @reachable is true.  At every state of a walk all
successors, errors and promises are compared; then a successor is taken, at random
or the one whose step was taken least so far.
SLICE_STEPS says how many transitions to compare.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from checker.explicit import explore
from checker.explicit.one_step import OneStep
from checker.language import build, load_specs
from checker.language.raw import Configuration, Raw

STEPS = int(os.environ.get("SLICE_STEPS", "6000"))
WALK = 60
SPECS = ["rfc_v2", "o05_writeback_without_recheck", "writeback_forgets_unlock"]


def follow(raw: Raw, path: tuple[tuple[int, ...], ...]) -> Configuration:
    """Python walks a path that native code has found."""
    here = next(c for c in raw.initial() if c.vector == path[0])
    for vector in path[1:]:
        here = next(t.target for t in raw.successors(here) if t.target is not None and t.target.vector == vector)
    return here


@pytest.mark.parametrize("name", SPECS)
def test_random_schedules_agree(name: str) -> None:
    system = build(load_specs(None)[name])
    raw, native = Raw(system), OneStep(system)
    chosen = random.Random(name)
    compared = 0
    reached = explore(system).findings
    starts = raw.initial() + [
        follow(raw, reached[p.name].path) for p in system.promises if p.kind == "reachable" and p.name in reached
    ]
    taken: Counter[tuple[str, str | None]] = Counter()
    promises = [p for p in system.promises if p.kind != "step"]
    walks = 0
    while walks < len(starts) or compared < STEPS // len(SPECS):
        here = starts[walks % len(starts)]
        walks += 1
        for _ in range(WALK):
            transitions = raw.successors(here)
            targets = {t.target.vector for t in transitions if t.target is not None}
            assert native.successors(here.vector) == targets
            assert bool(native.errors(here.vector)) == any(t.error for t in transitions)
            broken = {b for t in transitions for b in t.broken} & set(system.assertions)
            assert native.broken(here.vector) & set(system.assertions) == broken
            found = native.found(here.vector)
            for promise in promises:
                assert (promise.name in found) == (raw.holds(promise.name, here) == (promise.kind == "reachable"))
            compared += len(transitions)
            following = [t for t in transitions if t.target is not None]
            if not following:
                break
            rare = min(following, key=lambda t: (taken[t.procedure, t.label], chosen.random()))
            step = rare if chosen.random() < 0.5 else chosen.choice(following)
            taken[step.procedure, step.label] += 1
            here = step.target
    operations = {o.name for role in system.roles for o in role.operations} | {r.name for r in system.rules}
    if name == "rfc_v2":  # a what-if starts and ends nearer to its question
        assert operations == {procedure for procedure, _ in taken}
    assert len(taken) > 25
