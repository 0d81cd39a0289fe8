# SPDX-License-Identifier: GPL-2.0-or-later
"""Promises about runs on systems that nobody wrote: native code against Python, states and edges by Python itself.

The oracle knows nothing of the search: it takes the graph of the raw reading apart with
networkx, and asks every cycle-closed part of it whether a fair run can stay there.
HYPOTHESIS_PROFILE=nightly runs thousands of systems.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import networkx as nx
import pytest
from generate import Author
from generate_expressions import BOOL, CPU, NODE, PLACE
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from checker.counterexample.follow import Question, follow, replay
from checker.counterexample.key import Key
from checker.counterexample.lasso import Fair, owed, owing
from checker.explicit import Exploration, explore
from checker.language import LanguageError, build, load_specs
from checker.language.errors import ModelError
from checker.language.initial import Built
from checker.language.raw import Raw

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
MOST_STATES = 120

many = settings(
    max_examples=1500 if NIGHTLY else 250,
    derandomize=not NIGHTLY,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class RunAuthor(Author):
    """Writes systems whose rules may be fair, with promises about runs."""

    def rule(self) -> str:
        name = super().rule()
        if self.chance(50):
            at = max(k for k, line in enumerate(self.lines) if "@rule" in line)
            self.lines[at] = self.lines[at].replace("@rule", "@rule(fair=True)")
        return name

    def promise(self) -> str:
        if self.chance(20):
            return super().promise()
        name = self.new("promise")
        given = self.parameters(self.amount(0, 1), [NODE, PLACE, BOOL, CPU])
        fair = self.pick(["weak", "weak", "strong", "strong", "none"])
        always = self.chance(20)
        with self.define("@can_always_reach" if always else f'@progress(fair="{fair}")', name, given, 0):
            cpus = [n for n, ty in given.items() if ty == CPU]
            begins, ends = (self.clause(cpus) for _ in range(2))
            self.say(f"return {ends}" if always else f"return leads_to({begins}, {ends})")
        return name

    def clause(self, cpus: list[str]) -> str:
        if cpus and self.chance(60):
            return self.pick(["", "not "]) + f"idle({cpus[0]})"
        if self.stops and self.chance(50):
            return self.pick(["", "not "]) + self.standing()
        return self.expr(BOOL, 2)


@st.composite
def run_systems(draw: Any) -> str:
    """The text of a model file that defines the spec ``generated``."""
    return RunAuthor(draw).whole()


class Oracle:
    """The graph of a system, by the raw reading."""

    def __init__(self, system: Built) -> None:
        self.raw, self.system = Raw(system), system
        self.fair = Fair(self.raw)
        self.graph = nx.MultiDiGraph()
        self.enabled: dict[Any, set[int]] = {}
        self.moves: dict[Any, bool] = {}
        configurations = {one.vector: one for one in self.raw.initial()}
        queue = list(configurations)
        self.graph.add_nodes_from(queue)
        for vector in queue:
            found = self.raw.successors(configurations[vector])
            self.enabled[vector] = self.fair.enabled(found)
            self.moves[vector] = bool(found)
            for one in found:
                if one.target is None:
                    continue
                if one.target.vector not in configurations:
                    configurations[one.target.vector] = one.target
                    queue.append(one.target.vector)
                self.graph.add_edge(vector, one.target.vector, label=self.fair.label(one))
        self.configurations = configurations

    def says(self, promise: Any, values: tuple[Any, ...]) -> dict[Any, tuple[bool, bool]]:
        """What is owed and what has come, in each state; both is no for one that cannot be asked."""
        found = {}
        for vector, configuration in self.configurations.items():
            try:
                said = owed(self.raw, promise, values, configuration)
                found[vector] = said.begins, said.ends
            except (ModelError, ValueError, ZeroDivisionError):
                found[vector] = None
        return found

    def broken(self, promise: Any) -> int | None:
        """The fewest steps after which a run can stay where what is owed never comes; None if there are none."""
        found = [self.broken_for(promise, values) for _, values in list(owing(self.raw, promise))]
        return min((depth for depth in found if depth is not None), default=None)

    def broken_for(self, promise: Any, values: tuple[Any, ...]) -> int | None:
        says = self.says(promise, values)
        starts = {one.vector for one in self.raw.initial()}
        depth = {}
        for start in starts:
            for vector, steps in nx.single_source_shortest_path_length(self.graph, start).items():
                depth[vector] = min(steps, depth.get(vector, steps))
        if promise.kind == "can_always_reach":
            ends = {v for v, said in says.items() if said and said[1]}
            reach = ends.union(*(nx.ancestors(self.graph, v) for v in ends))
            return min((depth[v] for v, said in says.items() if said and v not in reach), default=None)
        open_ = self.graph.subgraph([v for v, said in says.items() if said and not said[1]])
        stays = set(self.stays(promise.fair, open_))
        best = None
        for vector, said in says.items():
            if said and said[0] and not said[1]:
                for target, steps in nx.single_source_shortest_path_length(open_, vector).items():
                    if target in stays and (best is None or depth[vector] + steps < best):
                        best = depth[vector] + steps
        return best

    def stays(self, fair: str, open_: Any) -> Iterator[Any]:
        """The states from which a run need not leave this part of the graph, and may come back to."""
        for vector in open_:
            if not (self.moves[vector] if fair == "none" else self.enabled[vector]):
                yield vector
        parts = [open_.subgraph(part) for part in nx.strongly_connected_components(open_)]
        while parts:
            part = parts.pop()
            if not part.number_of_edges():
                continue
            taken = {label for _, _, label in part.edges(data="label")}
            able = [self.enabled[v] for v in part]
            if fair == "none" or (fair == "weak" and set.intersection(*able) <= taken):
                yield from part
            elif fair == "strong" and (missed := set.union(*able) - taken):
                rest = part.subgraph([v for v in part if not self.enabled[v] & missed])
                parts += [rest.subgraph(one) for one in nx.strongly_connected_components(rest)]
            elif fair == "strong":
                yield from part


def examined(text: str, folder: Any) -> tuple[Built, Exploration] | None:
    """A generated system, searched; None if it is refused, or too large for Python."""
    path = folder / "generated_runs.py"
    path.write_text(text)
    try:
        system = build(load_specs(path)["generated"])
    except LanguageError:
        return None
    found = explore(system)
    if not found.complete or found.states > MOST_STATES or not system.run_promises:
        return None
    return system, found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory.mktemp("runs")


@many
@given(text=run_systems())
def test_python_and_native_code_agree_about_runs(text: str, folder: Any) -> None:
    got = examined(text, folder)
    if got is None:
        return
    system, found = got
    oracle = Oracle(system)
    for promise in system.run_promises:
        finding = found.findings.get(promise.name)
        depth = oracle.broken(promise)
        assert (finding is None) == (depth is None), promise.name
        asked = any(said and said[0] for _, values in list(owing(oracle.raw, promise))
                    for said in oracle.says(promise, values).values())
        assert (promise.name in found.idle) == (not asked)
        if finding is None:
            continue
        assert (finding.depth if finding.loop is None else finding.loop) == depth, promise.name
        question = Question("generated", "generated", system, {"name": "tiny"}, {})
        trace = follow(question, finding)
        assert trace.shows and trace.loop == finding.loop
        again = replay(question, Key.parse(trace.key))
        assert again.shows and again.steps == trace.steps and again.loop == trace.loop


@pytest.mark.parametrize("fair", ["weak", "strong", "none"])
@pytest.mark.parametrize("ends", ["loop", "stop", "kept"])
def test_the_generated_systems_have_every_verdict(fair: str, ends: str, folder: Any) -> None:
    def wanted(text: str) -> bool:
        got = examined(text, folder)
        if got is None:
            return False
        system, found = got
        for promise in system.run_promises:
            finding = found.findings.get(promise.name)
            if promise.kind != "progress" or promise.fair != fair or promise.name in found.idle:
                continue
            if ends == ("kept" if finding is None else "stop" if finding.loop is None else "loop"):
                return True
        return False

    try:
        find(run_systems(), wanted, settings=settings(many, max_examples=2000, phases=[Phase.generate]))
    except NoSuchExample:
        pytest.fail(f"no generated system: {fair}, {ends}")
