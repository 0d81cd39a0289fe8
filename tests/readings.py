# SPDX-License-Identifier: GPL-2.0-or-later
"""One small model, read in every way there is; the readings must agree before anything is said of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product
from textwrap import dedent, indent

from checker.explicit import Exploration, explore
from checker.language import build, load_specs
from checker.language.errors import ModelError
from checker.language.ir import System
from checker.language.raw import Configuration, Raw
from checker.symbolic import one_step

MOST_STATES_FOR_Z3 = 40
FOUND_BY_SEARCH = {"no_deadlock", "every_operation_can_finish"}

WORDS = '''
from dataclasses import dataclass
from enum import Enum

from checker.language import *


class Level(Index, ordered=True, prefix="l"):
    """Ordered: its objects have numbers, so a test can name them."""


class Node(Index, prefix="n"):
    """Symmetric."""


class Cpu(Actor, prefix="cpu"):
    """A role."""


class Content(Data, constants=["ZERO"]):
    """Contents."""


class Colour(Enum):
    RED = 0
    GREEN = 1
    BLUE = 2


class Word(Union):
    EMPTY = case()
    AT = case(level=Level)
    PAIR = case(node=Node, colour=Colour)


class Cell(Record):
    n: Range(0, 3)
    flag: bool
    next: Level | None


class Outer(Record):
    inner: Cell
    many: Array[Level, Cell]


@dataclass(frozen=True)
class Switches(Design):
    on: bool = True
    off: bool = False
    number: int = 2
    colour: Colour = Colour.GREEN


design = bound(Switches)
'''

ENDED = "def ended(s: Top):\n    return s.done"

SIZES = {"Level": 3, "Node": 2, "Cpu": 1}


@dataclass
class Outcome:
    """What all readings found: a graph, and what went wrong on its edges."""

    system: System
    native: Exploration
    states: list[tuple[int, ...]]
    edges: list[tuple[tuple[int, ...], tuple[int, ...] | None]]
    transitions: int
    depth: int
    broken: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def shown(self, vector: tuple[int, ...]) -> dict[str, str]:
        """Every cell of a state by its name, as a person writes it."""
        out = {}
        for f in self.system.fields:
            for k, at in enumerate(product(*(range(d.size) for d in f.dims))):
                parts = f.name.split("[]")
                if len(parts) <= len(at):
                    name = f.name + "".join(f"[{i}]" for i in at)
                else:
                    name = parts[0] + "".join(f"[{i}]{part}" for i, part in zip(at, parts[1:], strict=True))
                out[name] = f.type.show(vector[f.offset + k])
        return out

    def changed(self, before: tuple[int, ...], after: tuple[int, ...]) -> dict[str, str]:
        old, new = self.shown(before), self.shown(after)
        return {name: new[name] for name in new if new[name] != old[name]}


def read_all_ways(tmp_path, source: str, spec: str = "spec") -> Outcome:
    """Builds a model file, runs it in every reading, compares them, tells what they agree on."""
    path = tmp_path / "small_model.py"
    path.write_text(source)
    return Comparison(build(load_specs(path)[spec])).run()


class Comparison:
    """A search that Python itself does, held against z3 state by state and against native code at the end."""

    def __init__(self, system: System):
        self.system = system
        self.raw, self.z3 = Raw(system), one_step(system)
        self.seen: dict[tuple[int, ...], Configuration] = {}
        self.edges: list[tuple[tuple[int, ...], tuple[int, ...] | None]] = []
        self.noticed: set[str] = set()
        self.errors: list[str] = []

    def run(self) -> Outcome:
        layer, depth = self.raw.initial(), 0
        assert sorted(c.vector for c in layer) == sorted(self.system.initial)
        self.seen = {c.vector: c for c in layer}
        while layer:
            following = [target for here in layer for target in self.expand(here)]
            depth += bool(following)
            layer = following
        native = explore(self.system)
        assert native.complete
        assert (native.states, native.transitions, native.depth) == (len(self.seen), len(self.edges), depth)
        assert native.findings.keys() - FOUND_BY_SEARCH == self.noticed
        if self.errors:  # the words may differ, the place may not
            told = native.findings["no_model_error"].error or ""
            assert place(told) in {place(error) for error in self.errors}, (told, self.errors)
            self.errors.append(told)
        broken = self.noticed & set(self.system.assertions)
        return Outcome(self.system, native, list(self.seen), self.edges, len(self.edges), depth, broken, self.errors)

    def expand(self, here: Configuration) -> list[Configuration]:
        """All steps from one state; the states that were not known before."""
        self.ask_promises(("invariant", "reachable"), here)
        found, targets, failed = [], set(), False
        for step in self.raw.successors(here):
            self.noticed |= set(step.broken)
            self.edges.append((here.vector, step.target.vector if step.target else None))
            if step.target is None:
                assert step.error is not None
                failed = True
                if "no_model_error" in step.broken:
                    self.errors.append(step.error)
                continue
            assert step.error is None
            self.ask_promises(("step",), step.target, here)
            targets.add(step.target.vector)
            if step.target.vector not in self.seen:
                self.seen[step.target.vector] = step.target
                found.append(step.target)
        if len(self.seen) <= MOST_STATES_FOR_Z3:
            assert self.z3.successors(here.vector) == targets
            assert self.z3.can_err(here.vector) == failed
        return found

    def ask_promises(self, kinds: tuple[str, ...], here: Configuration, before: Configuration | None = None) -> None:
        """Whether Python, as z3 does, finds promises broken (or reached) here."""
        for promise in self.system.promises:
            if promise.kind not in kinds:
                continue
            try:
                truth: bool | None = self.raw.holds(promise.name, here, before)
            except ModelError as error:
                truth = None
                self.noticed.add("no_model_error")
                self.errors.append(f"{self.raw.place(error)}: {error}")
            if before is None:
                assert self.z3.condition(promise, here.vector) == truth
            elif not self.system.data:  # contents of two states have no names in common
                assert self.z3.condition(promise, here.vector, before.vector) == truth
            if truth == (promise.kind == "reachable"):
                self.noticed.add(promise.name)


def place(error: str) -> str:
    """The file and the line that a message begins with."""
    found = re.match(r"(.*?\.py:\d+): ", error)
    assert found, error
    return found[1]


def sizes_text(sizes: dict[str, int]) -> str:
    return "{" + ", ".join(f"{name}: {n}" for name, n in sizes.items()) + "}"


def spec_text(rules="", operations="", sizes=None, **more: str) -> str:
    """The source of a spec; further arguments of Spec(...) as they would be written."""
    roles = f"operations={{Cpu: [{operations}]}}" if operations else ""
    scope = more.pop("scope", f'Scope("tiny", sizes={sizes_text(SIZES | (sizes or {}))})')
    lines = [
        "spec = Spec(",
        '    why="A question about the language.",',
        f"    model=Model(state=Top, rules=[{rules}], {roles}),",
        f"    scope={scope},",
        "    design=Switches(),",
        *(f"    {name}={text}," for name, text in more.items()),
        ")",
    ]
    return "\n".join(lines) + "\n"


def state_text(fields: str) -> str:
    return "\n\nclass Top(State):\n" + indent(dedent(fields).strip("\n"), "    ") + "\n"


def model_text(fields: str, definitions: str, **spec: str) -> str:
    return WORDS + state_text(fields) + "\n\n" + dedent(definitions).strip("\n") + "\n\n\n" + spec_text(**spec)


def read_model(tmp_path, fields: str, definitions: str, **spec: str) -> Outcome:
    """A model with this state and these functions, in all readings."""
    return read_all_ways(tmp_path, model_text(fields, definitions, **spec))


def once(
    tmp_path, fields: str, body: str, helpers: str = "", parameters: str = "", **spec: str
) -> tuple[list[dict[str, str] | str], Outcome]:
    """All ways in which a rule with this body can happen in the first state.

    Each is a dict of what the rule changed, or "failed"; in order of parameters and choices.
    """
    heading = f"@rule\ndef r(s: Top{', ' * bool(parameters)}{parameters}):"
    body = "require(not s.done)\ns.done = True\n" + dedent(body).strip("\n")
    definitions = [dedent(helpers).strip("\n"), heading + "\n" + indent(body, "    "), ENDED]
    fields = "done: bool\n" + dedent(fields).strip("\n")
    outcome = read_model(tmp_path, fields, "\n\n\n".join(definitions), rules="r", may_end="ended", **spec)
    ways: list[dict[str, str] | str] = []
    for before, after in outcome.edges:
        if before in outcome.system.initial:
            change = outcome.changed(before, after) if after is not None else "failed"
            if isinstance(change, dict):
                assert change.pop("done") == "True"
            ways.append(change)
    return ways, outcome
