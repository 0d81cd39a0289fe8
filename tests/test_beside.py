# SPDX-License-Identifier: GPL-2.0-or-later
"""The second engine of the gate: what z3 says beside the exhaustive search, and what follows where they differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cli import Done, run

from checker.language import load_specs
from checker.language.spec import Spec
from checker.language.verbs import RUN_KINDS, kind_of
from checker.symbolic import bounded as engine
from checker.symbolic.bounded import Bounded

Capture = pytest.CaptureFixture[str]

MODEL = '''
from checker.language import *


class Cpu(Actor, prefix="CPU"):
    """A processor."""


class Counter(State):
    count: Range(0, 4)


@operation
def add(s: Counter, cpu: Cpu):
    """Adds one, in two steps."""
    require(s.count < 3)
    seen = s.count
    yield "count read"
    s.count = seen + 1


@invariant
def it_is_small(s: Counter):
    """The count stays below two."""
    return s.count < 2


@invariant
def it_is_in_range(s: Counter):
    """The count stays below four."""
    return s.count < 4


@reachable
def it_is_three(s: Counter):
    """The count gets to three."""
    return s.count == 3


counting = Model(state=Counter, rules=[], operations={Cpu: [add]})
one_cpu = Scope("one CPU", sizes={Cpu: 1})
two_cpus = Scope("two CPUs", sizes={Cpu: 2})
shallow = Spec("Few steps.", model=counting, scope=two_cpus, promises=[it_is_small, it_is_in_range, it_is_three],
               expected={"it_is_small": broken(steps=4)}, by_z3=5)
deep = Spec("As many as there are.", model=counting, scope=one_cpu, promises=[it_is_in_range], by_z3=50)
alone = Spec("Not by z3.", model=counting, scope=one_cpu, promises=[it_is_in_range])
'''


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "counting.py"
    path.write_text(MODEL)
    return str(path)


def by_z3(done: Done, spec: str) -> dict[str, dict[str, Any]]:
    return {v["promise"]: v for v in done.json["verdicts"] if v["spec"] == spec and v["engine"] == "z3"}


def test_every_spec_that_asks_for_it_has_a_second_verdict(capsys: Capture, model: str) -> None:
    done = run(capsys, "check", model, "--json")
    assert done.code == 0
    found = by_z3(done, "shallow")
    assert (found["it_is_small"]["verdict"], found["it_is_small"]["steps"]) == ("broken", 4)
    assert (found["it_is_three"]["verdict"], found["it_is_three"]["claim"]) == (
        "undecided", "not reached within 5 steps")
    assert found["it_is_in_range"]["claim"] == "no violation within 5 steps"
    assert found["every_operation_can_finish"]["claim"] == "no number of steps decides this"
    assert by_z3(done, "deep")["it_is_in_range"]["claim"].endswith("as z3 finds them")
    assert by_z3(done, "alone") == {}
    assert [(s["name"], s["engine"], s["depth"]) for s in done.json["specs"] if s["engine"] == "z3"] == [
        ("shallow", "z3", 5), ("deep", "z3", 6)]


def test_people_read_both_in_two_columns(capsys: Capture, model: str) -> None:
    done = run(capsys, "check", model)
    table = done.out.partition("The same by z3")[2]
    rows = {line.split()[0]: line for line in table.splitlines() if line.startswith("    it_")}
    assert rows["it_is_small"].split()[1:] == "broken in 4 steps broken in 4 steps".split()
    assert rows["it_is_three"].split()[1:] == "reached in 6 steps not reached within 5 steps".split()
    assert "no number of steps decides them: every_operation_can_finish" in " ".join(table.split())
    assert "3 specs, 14 promises, 2 of the specs by z3, too: every verdict is as expected" in done.out


def test_programs_read_it_in_every_format(capsys: Capture, model: str) -> None:
    document = ElementTree.fromstring(run(capsys, "check", model, "--format", "junit").out)
    suite = document.find("./testsuite[@name='shallow by z3']")
    assert suite is not None and (suite.get("failures"), suite.get("errors")) == ("0", "0")
    ktap = run(capsys, "check", model, "--format", "ktap").out
    assert "  # Subtest: shallow by z3\n" in ktap and "not ok" not in ktap


@pytest.mark.parametrize("words", [("shallow",), ("--engine", "z3", "--depth", "3"), ("--first",)])
def test_only_a_check_of_everything_has_it(capsys: Capture, model: str, words: tuple[str, ...]) -> None:
    assert "The same by z3" not in run(capsys, "check", model, *words).out


def change(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Bounded], Bounded]) -> None:
    """z3 says something else than it finds."""
    honest = engine.bounded
    monkeypatch.setattr(engine, "bounded", lambda *words, **more: spoil(honest(*words, **more)))


def without(found: Bounded, name: str) -> dict[str, Any]:
    return {key: one for key, one in found.findings.items() if key != name}


@pytest.mark.parametrize(("spoil", "code", "said"), [
    (lambda b: dataclasses.replace(b, findings=without(b, "it_is_small")), 1, "broken in 4 steps in the exhaustive"),
    (lambda b: dataclasses.replace(b, depth=2, stopped="z3 is tired"), 3, "undecided: z3 is tired"),
    (lambda b: dataclasses.replace(b, states=b.states + 1), 1, "the two engines differ: z3 finds"),
])
def test_what_the_engines_do_not_agree_on_is_no_success(
        capsys: Capture, model: str, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Bounded], Bounded], code: int,
        said: str) -> None:
    change(monkeypatch, spoil)
    done = run(capsys, "check", model)
    assert done.code == code and said in done.out


def test_a_break_that_nobody_can_walk_is_a_fault_of_the_checker(
        capsys: Capture, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(found: Bounded) -> Bounded:
        one = found.findings.get("it_is_small")
        if one is None:
            return found
        other = dataclasses.replace(one, promise="it_is_in_range")
        return dataclasses.replace(found, findings={**found.findings, "it_is_in_range": other})

    change(monkeypatch, spoil)
    done = run(capsys, "check", model, "--json")
    verdict = by_z3(done, "shallow")["it_is_in_range"]
    assert done.code == 70 and verdict["surprise"] == "expected to hold"
    assert "shallow by z3: " in done.json["errors"][0]


def test_z3_has_a_limit_too(capsys: Capture, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever takes longer is killed and undecided."""
    from checker.symbolic import search

    def never(*words: object, **more: object) -> Any:
        while True:
            pass

    monkeypatch.setattr(search, "search", never)
    done = run(capsys, "check", model, "--time", "1", "--json")
    assert done.code == 3
    assert {s["stopped"] for s in done.json["specs"] if s["engine"] == "z3"} == {"the time limit of 1 s is reached"}


def test_the_number_of_steps_is_one(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "negative.py"
    path.write_text(MODEL.replace("by_z3=5", "by_z3=-1"))
    done = run(capsys, "check", str(path))
    assert done.code == 2 and "Spec(by_z3=-1) is no number of steps" in done.err


def names(specs: Mapping[str, Spec]) -> set[str]:
    """The promises that a number of steps can decide."""
    return {str(promise.__name__) for spec in specs.values() for promise in spec.promises
            if kind_of(promise) not in RUN_KINDS}


def test_z3_is_asked_every_promise_of_the_gate() -> None:
    default = {name: spec for name, spec in load_specs(None).items() if spec.default}
    asked = {name: spec for name, spec in default.items() if spec.by_z3 is not None}
    assert names(default) - names(asked) == set()
    assert len(names(asked)) > 80
