# SPDX-License-Identifier: GPL-2.0-or-later
"""The models of clusters: every guard matters, every promise can break, every step fires, the sizes are known."""

from __future__ import annotations

import dataclasses
import enum

import pytest

from checker.counterexample.follow import Question, follow
from checker.coverage import never, passed
from checker.explicit import Exploration, explore
from checker.language import Spec, build, load_specs
from checker.language.build import Built
from checker.language.lockorder import cycle, edges
from checker.language.spec import Comparison
from model import cluster_design
from model.cluster_design import CLUSTERS_MENDED, CLUSTERS_V2, AllocatorCache, ClusterDesign
from model.clusters import CLUSTERS
from model.phys_clusters import PHYS_CLUSTERS
from specs.cluster_promises import CLUSTER_PROMISES
from specs.compared_clusters import cluster_comparison
from specs.phys_promises import PHYS_PROMISES

SPECS = {name: spec for name, spec in load_specs(None).items() if isinstance(spec.design, ClusterDesign)}
SIZES = {
    "clusters_v2": (531039, 1778612, 58),
    "clusters_mended_everything": (54053, 145963, 30),
    "phys_clusters": (6561, 15592, 29),
    "phys_clusters_drained": (3256, 10260, 26),
}
"""States, transitions and depth; a change of the model that means to change nothing keeps them."""


def test_the_specs_are_of_the_two_models() -> None:
    assert {id(spec.model) for spec in SPECS.values()} == {id(CLUSTERS), id(PHYS_CLUSTERS)}
    assert all(type(spec.design) is ClusterDesign for spec in SPECS.values())


def broken(system: Built, found: Exploration) -> set[str]:
    """What a search breaks; what must be reached and was not is told as "never: ..."."""
    reachable = {promise.name for promise in system.promises if promise.kind == "reachable"}
    never_reached = {f"never: {name}" for name in reachable - set(found.findings)}
    no_order = {"locks_are_taken_in_one_order"} if cycle(edges(system)) else set()  # seen without a search
    return (set(found.findings) - reachable) | never_reached | no_order


def test_every_spec_says_what_it_breaks_and_together_they_run_everything() -> None:
    """One search for each; so it is one test, and no process has to do them all for a part of it."""
    runs, wrong, sizes = [], {}, {}
    for name, spec in SPECS.items():
        system = build(spec)
        found = explore(system)
        if broken(system, found) != set(spec.expected) or not found.complete:
            wrong[name] = broken(system, found) ^ set(spec.expected)
        if spec.default:
            runs.append(passed(system, found.coverage))
        if name in SIZES:
            sizes[name] = (found.states, found.transitions, found.depth)
    assert wrong == {}
    assert never(runs) == []
    assert sizes == SIZES


def test_every_promise_is_seen_to_break() -> None:
    seen = {promise for spec in SPECS.values() for promise in spec.expected}
    asked = {promise.__name__ for promise in (*CLUSTER_PROMISES, *PHYS_PROMISES)}
    assert asked | {"nothing freed is used", "nothing is freed twice", "locks_are_taken_in_one_order"} <= seen


def test_every_switch_is_flipped_by_some_spec() -> None:
    flipped = {field.name for spec in SPECS.values() for field in dataclasses.fields(ClusterDesign)
               if getattr(spec.design, field.name) != getattr(CLUSTERS_MENDED, field.name)}
    assert flipped == {field.name for field in dataclasses.fields(ClusterDesign)}


def test_every_value_of_a_switch_is_asked() -> None:
    for field in dataclasses.fields(ClusterDesign):
        value = getattr(CLUSTERS_V2, field.name)
        values = set(type(value)) if isinstance(value, enum.Enum) else {False, True}
        assert {getattr(spec.design, field.name) for spec in SPECS.values()} == values, field.name


def test_every_design_with_a_name_is_compared() -> None:
    named = [value for value in vars(cluster_design).values() if isinstance(value, ClusterDesign)]
    assert isinstance(cluster_comparison, Comparison)
    assert list(cluster_comparison.designs.values()) == named


@pytest.mark.parametrize(("cache", "devices", "slow"), [
    (AllocatorCache.PRIVATE, 2, 2), (AllocatorCache.SHARED, 2, 8), (AllocatorCache.PER_DEVICE, 2, 2),
    (AllocatorCache.PRIVATE, 3, 5), (AllocatorCache.SHARED, 3, 8), (AllocatorCache.PER_DEVICE, 3, 3),
])
def test_what_a_shared_note_costs(cache: AllocatorCache, devices: int, slow: int) -> None:
    (name,) = [name for name, spec in SPECS.items() if spec.measures and spec.default
               and spec.scope.describe()["Device"] == devices
               and isinstance(spec.design, ClusterDesign) and spec.design.allocator_cache == cache]
    assert explore(build(SPECS[name])).measures["slow_allocations"].most == slow


@pytest.mark.parametrize("name", ["clusters_v2", "o22_retry_without_lock", "o22_device_without_reference"])
def test_a_bug_is_walked_again_by_python(name: str) -> None:
    scope = SPECS[name].scope
    system = build(SPECS[name])
    question = Question("vswap", name, system, {"name": scope.name, "sizes": scope.describe()}, {}, ())
    trace = follow(question, explore(system).findings["nothing freed is used"])
    assert trace.shows and len(trace.steps) < 15


def asked_with(spec: Spec, **switches: object) -> Exploration:
    return explore(build(dataclasses.replace(
        spec, design=dataclasses.replace(spec.design, **switches))))  # type: ignore[arg-type,type-var]


def test_each_mend_is_needed_and_enough() -> None:
    created, forked = SPECS["clusters_v2_short_of_indices"], SPECS["o22_retry_without_lock"]
    text = "nothing freed is used"
    assert text in asked_with(created, retry_locks_cluster=True).findings
    assert text not in asked_with(created, create_publishes_locked=True).findings
    assert text in asked_with(forked, create_publishes_locked=True, retry_locks_cluster=False).findings
    assert text not in asked_with(forked, create_publishes_locked=True, retry_locks_cluster=True).findings
