# SPDX-License-Identifier: GPL-2.0-or-later
"""What is taken again from an earlier build, and what is not: a model is read as if for the first time."""

from dataclasses import replace

import pytest

from checker.counterexample.key import model_hash
from checker.language import build, load_specs, shelf

MODEL = '''
from dataclasses import dataclass
from checker.language import *

STEP = 1

class Level(Index, ordered=True): pass
class Task(Actor): pass

@dataclass(frozen=True)
class Choice(Design):
    twice: bool = False
    other: bool = False

design = bound(Choice)

class S(State):
    n: Range(0, 3)
    cell: Array[Level, bool]

class Names:
    top = 2

def more(s: S):
    if design.twice:
        s.n = min(Names.top, s.n + 2 * STEP)
    else:
        s.n = min(Names.top, s.n + STEP)

@operation
def up(s: S, task: Task):
    require(s.n < 2)
    yield "begun"
    if maybe("it fails"):
        return
    more(s)
    assert s.n < 3, "n is small"

@operation
def down(s: S, task: Task):
    s.n = 0

@operation
def reset(s: S, task: Task):
    assert s.n < 2, "n is smaller still"
    s.n = 0

@invariant
def few(s: S):
    return s.n < 3

model = Model(state=S, operations={Task: [up, down]})
scope = Scope("small", {Level: 2, Task: 1})
spec = Spec(model=model, why="a small one", scope=scope, design=Choice(), promises=[few])
two = Spec(model=Model(state=S, operations={Task: [up, reset]}), why="two assertions", scope=scope,
           design=Choice(), promises=[few])
'''


@pytest.fixture
def specs(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    return load_specs(str(path))


@pytest.fixture
def spec(specs):
    return specs["spec"]


@pytest.fixture
def lowered(monkeypatch):
    """The functions that were lowered, and not taken from a shelf."""
    put, found = shelf.Shelf.put, []
    monkeypatch.setattr(shelf.Shelf, "put", lambda self, key, *rest: (found.append(key[0].__name__),
                                                                       put(self, key, *rest)))
    return found


def again(spec, lowered):
    """What is lowered when a spec is built once more; it is what a build from nothing gives."""
    lowered.clear()
    found, names = build(spec), list(lowered)
    shelf._shelves.clear()
    assert model_hash(build(spec)) == model_hash(found)
    return names


def test_the_same_is_lowered_once(spec, lowered):
    assert again(spec, lowered) == ["up", "down", "few"]
    assert again(spec, lowered) == []


def test_a_switch_matters_to_those_that_ask_for_it(spec, lowered):
    build(spec)
    assert again(replace(spec, design=replace(spec.design, other=True)), lowered) == []
    build(spec)
    assert again(replace(spec, design=replace(spec.design, twice=True)), lowered) == ["up"]


def test_switches_that_were_looked_at_are_known_of_what_is_taken_again(spec):
    assert build(spec).binding.switches == build(spec).binding.switches == {"twice"}


def test_a_failure_matters_to_those_that_have_it(spec, lowered):
    build(spec)
    scope = replace(spec.scope, failures=set())
    assert again(replace(spec, scope=scope), lowered) == ["up"]


def test_a_size_matters_to_all(spec, lowered):
    build(spec)
    (level, _), *_ = spec.scope.sizes.items()
    scope = replace(spec.scope, sizes={**spec.scope.sizes, level: 3})
    assert again(replace(spec, scope=scope), lowered) == ["up", "down", "few"]


def test_other_operations_do_not_matter(spec, lowered):
    build(spec)
    (role, (up, down)), = spec.model.operations.items()
    assert again(replace(spec, model=replace(spec.model, operations={role: [up]})), lowered) == []
    build(spec)
    assert again(replace(spec, model=replace(spec.model, operations={role: [down, up]})), lowered) == []


def test_assertions_have_the_numbers_of_the_system_at_hand(specs, lowered):
    build(two := specs["two"])
    (role, (up, reset)), = two.model.operations.items()
    assert again(two, lowered) == []
    build(two)
    assert again(replace(two, model=replace(two.model, operations={role: [reset, up]})), lowered) == ["reset", "up"]


def test_a_name_that_means_something_else_matters(spec, lowered):
    build(spec)
    names = spec.promises[0].__globals__
    names["STEP"] = 2
    assert again(spec, lowered) == ["up"]
    build(spec)
    names["Names"].top = 3
    assert again(spec, lowered) == ["up"]


def test_every_build_numbers_its_own_points(spec):
    """Where actors stand depends on all operations: what one build notes, another must not see."""
    (role, (up, down)), = spec.model.operations.items()
    first = build(spec)
    other = build(replace(spec, model=replace(spec.model, operations={role: [down, up]})))
    assert first.roles[0].operations[0].yields[0] is not other.roles[0].operations[1].yields[0]


def test_what_is_kept_is_bounded(spec, lowered, monkeypatch):
    monkeypatch.setattr(shelf, "SHELVES", 1)
    (level, _), *_ = spec.scope.sizes.items()
    build(spec)
    build(replace(spec, scope=replace(spec.scope, sizes={**spec.scope.sizes, level: 3})))
    assert again(spec, lowered) == ["up", "down", "few"]
