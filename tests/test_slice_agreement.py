# SPDX-License-Identifier: GPL-2.0-or-later
"""Python and native code agree along random schedules of the models; for the smaller ones z3 does, too.

There is a walk from the start and from wherever a @reachable is true.  At every state of a walk all
successors, errors and promises are compared; then a successor is taken, at random
or the one whose step was taken least so far.
SLICE_STEPS says how many transitions of each spec to compare; z3, which is slow, sees a part of them.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import replace

import pytest

from checker.explicit import explore
from checker.explicit.one_step import OneStep
from checker.language import build, load_specs
from checker.language.build import Built
from checker.language.raw import Configuration, Raw, Transition
from checker.language.verbs import kind_of
from checker.symbolic import one_step

STEPS = int(os.environ.get("SLICE_STEPS", "2000"))
Z3_STATES = min(STEPS // 40, 250)
WALK = 60
LEMMAS = "the lemmas of rfc_v2"
SPECS = ["rfc_v2", LEMMAS, "o05_writeback_without_recheck", "writeback_forgets_unlock"]
LARGE_SPECS = ["rfc_v2_large_folios_copied", "rfc_v2_large_folios_drained_and_moved"]
CLUSTER_SPECS = [
    "clusters_mended_everything", "clusters_v2", "phys_clusters_everything", "phys_clusters_short_of_memory",
]
DEVICE_SPECS = [
    "rfc_v2_unuse_both_kinds", "rfc_v2_unuse_two_devices", "rfc_v2_readahead_swapoff", "rfc_v2_cluster_readahead",
]
RUNS_EVERYTHING = {"rfc_v2", "clusters_mended_everything", "phys_clusters_everything"}
"""The others are nearer to their question, or have a smaller scope."""
NOT_IN_THIS_DESIGN = {"call_rcu_virtual_table"}


def follow(raw: Raw, path: tuple[tuple[int, ...], ...]) -> Configuration:
    """Python walks a path that native code has found."""
    here = next(c for c in raw.initial() if c.vector == path[0])
    for vector in path[1:]:
        here = next(t.target for t in raw.successors(here) if t.target is not None and t.target.vector == vector)
    return here


class Readings:
    """One system in Python and in native code, and in z3 where that is asked for."""

    def __init__(self, system: Built, z3: bool) -> None:
        self.system = system
        self.raw, self.native = Raw(system), OneStep(system)
        self.z3 = one_step(system) if z3 else None
        self.promises = [p for p in system.promises if p.kind != "step"]
        self.solved = 0

    def successors(self, here: Configuration) -> list[Transition]:
        """All steps from a state, which the readings agree on, as they do on what holds there."""
        transitions = self.raw.successors(here)
        targets = {t.target.vector for t in transitions if t.target is not None}
        errs = any(t.error for t in transitions)
        assert self.native.successors(here.vector) == targets
        assert bool(self.native.errors(here.vector)) == errs
        broken = {b for t in transitions for b in t.broken} & set(self.system.assertions)
        assert self.native.broken(here.vector) & set(self.system.assertions) == broken
        found = self.native.found(here.vector)
        for promise in self.promises:
            assert (promise.name in found) == (self.raw.holds(promise.name, here) == (promise.kind == "reachable"))
        if self.z3 is not None and self.solved < Z3_STATES:
            self.solved += 1
            assert self.z3.successors(here.vector) == targets
            stops = any(t.broken and t.target is None for t in transitions)  # behind a false expect() it goes on
            assert self.z3.can_err(here.vector) == (errs or stops)
        return transitions


def system_of(name: str) -> Built:
    """A spec without its lemmas, or the lemmas of one where the others are what is reached."""
    specs = load_specs(None)
    if name != LEMMAS:
        return build(specs[name], lemmas=False)
    spec = specs["rfc_v2"]
    reached = [one for one in spec.promises if kind_of(one) == "reachable"]
    return build(replace(spec, promises=[*reached, *spec.lemmas], lemmas=()))


@pytest.mark.parametrize("name", [*SPECS, *CLUSTER_SPECS, *DEVICE_SPECS, *LARGE_SPECS])
def test_random_schedules_agree(name: str) -> None:
    system = system_of(name)
    readings = Readings(system, z3=name not in SPECS)
    chosen = random.Random(name)
    compared = 0
    reached = explore(system).findings
    starts = readings.raw.initial() + [
        follow(readings.raw, reached[p.name].path)
        for p in system.promises if p.kind == "reachable" and p.name in reached
    ]
    taken: Counter[tuple[str, str | None]] = Counter()
    walks = 0
    while walks < len(starts) or compared < STEPS:
        here = starts[walks % len(starts)]
        walks += 1
        for _ in range(WALK):
            transitions = readings.successors(here)
            compared += len(transitions)
            following = [t for t in transitions if t.target is not None]
            if not following:
                break
            rare = min(following, key=lambda t: (taken[t.procedure, t.label], chosen.random()))
            step = rare if chosen.random() < 0.5 else chosen.choice(following)
            taken[step.procedure, step.label] += 1
            here = step.target
    operations = {o.name for role in system.roles for o in role.operations} | {r.name for r in system.rules}
    if name in RUNS_EVERYTHING:
        assert operations - NOT_IN_THIS_DESIGN == {procedure for procedure, _ in taken}
    assert len(taken) > (25 if name in SPECS else 10)
    assert readings.z3 is None or readings.solved == Z3_STATES
