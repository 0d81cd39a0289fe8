# SPDX-License-Identifier: GPL-2.0-or-later
"""Python itself, native code and z3 agree on systems that nobody wrote.

Python is the referee.  On every state that a short search and a random walk visit,
the three sets of successors are equal, an error is possible in all or in none, and
every promise has one value.  HYPOTHESIS_PROFILE=nightly runs thousands of systems.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field, fields, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from generate import systems
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from checker.explicit import Limits, explore
from checker.explicit.one_step import OneStep as Native
from checker.language import LanguageError, build, ir, load_specs
from checker.language.errors import ModelError
from checker.language.raw import Configuration, Raw
from checker.symbolic import one_step

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
SYSTEMS = 5000 if NIGHTLY else 500
WHOLE_SYSTEMS = 2000 if NIGHTLY else 150
BREADTH, LENGTH = 10, 12
MOST_STATES = 150

many = settings(
    max_examples=SYSTEMS,
    derandomize=not NIGHTLY,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


class Disagreement(AssertionError):
    """Two readings of one system say different things."""


@dataclass
class Seen:
    """What Python says of one state."""

    vector: tuple[int, ...]
    successors: set[tuple[int, ...]]
    errs: bool
    broken: set[str]
    promises: dict[str, bool | None]
    """None where evaluating the promise is a model error."""


class Watch:
    """Runs a system in Python, and writes down what it sees."""

    def __init__(self, system: Any) -> None:
        self.system = system
        self.raw = Raw(system)
        self.seen: dict[tuple[int, ...], Seen] = {}

    def look(self, here: Configuration) -> list[Configuration]:
        """Writes one state down; gives its successors."""
        transitions = self.raw.successors(here)
        targets = [t.target for t in transitions if t.target is not None]
        self.seen[here.vector] = Seen(
            here.vector,
            {target.vector for target in targets},
            any(t.error is not None for t in transitions),
            {name for t in transitions for name in t.broken} & set(self.system.assertions),
            {promise.name: self.promise(promise.name, here) for promise in self.system.promises},
        )
        return targets

    def promise(self, name: str, here: Configuration) -> bool | None:
        try:
            return self.raw.holds(name, here)
        except (ModelError, ZeroDivisionError):
            return None

    def visit(self, seed: int) -> list[Seen]:
        """A breadth-first prefix, then a random walk."""
        known = {c.vector: c for c in self.raw.initial()}
        assert set(known) == set(self.system.initial)
        queue = list(known.values())
        for here in queue:
            if len(queue) > BREADTH:
                break
            add(queue, known, self.look(here))
        chosen = random.Random(seed)
        here = chosen.choice(queue)
        for _ in range(LENGTH):
            targets = self.look(here)
            if not targets:
                break
            here = chosen.choice([x for x in targets if x.vector not in self.seen] or targets)
        return list(self.seen.values())


def add(queue: list[Configuration], known: dict[tuple[int, ...], Configuration], more: list[Configuration]) -> None:
    for target in more:
        if target.vector not in known:
            known[target.vector] = target
            queue.append(target)


def same(what: str, vector: tuple[int, ...], expected: Any, found: Any) -> None:
    if expected != found:
        shown = f"expected {expected}, found {found}"
        if isinstance(expected, set):
            shown = f"missing {sorted(expected - found)}, too many {sorted(found - expected)}"
        raise Disagreement(f"{what} of {vector}: {shown}")


def compare_native(system: Any, sights: list[Seen]) -> None:
    """Native code says what Python said."""
    native = Native(system)
    for s in sights:
        same("native successors", s.vector, s.successors, native.successors(s.vector))
        same("native errors", s.vector, s.errs, bool(native.errors(s.vector)))
        same("native assertions", s.vector, s.broken, native.broken(s.vector) & set(system.assertions))
        found = native.found(s.vector)
        same("native errors in promises", s.vector, None in s.promises.values(), "no_model_error" in found)
        for promise in system.promises:
            if s.promises[promise.name] is not None:
                value = (promise.name in found) == (promise.kind == "reachable")
                same(f"native {promise.name}", s.vector, s.promises[promise.name], value)


def compare_z3(system: Any, sights: list[Seen]) -> None:
    """z3 says what Python said."""
    z3 = one_step(system)
    for s in sights:
        same("z3 successors", s.vector, s.successors, z3.successors(s.vector))
        same("z3 errors", s.vector, s.errs, z3.can_err(s.vector))
        for promise in system.promises:
            same(f"z3 {promise.name}", s.vector, s.promises[promise.name], z3.condition(promise, s.vector))


@dataclass
class Reader:
    """Builds the texts of systems; keeps account of what they were like."""

    folder: Path
    refused: list[str] = field(default_factory=list)
    accepted: int = 0
    erring: int = 0
    parts: set[str] = field(default_factory=set)

    def read(self, text: str) -> Any:
        """The system, or None where the front end refuses it."""
        path = self.folder / f"generated_{self.accepted + len(self.refused)}.py"
        path.write_text(text)
        try:
            system = build(load_specs(str(path))["generated"])
        except LanguageError as error:
            self.refused.append(str(error))
            return None
        finally:
            path.unlink()
        self.accepted += 1
        procedures = [*system.rules, *(o for role in system.roles for o in role.operations)]
        for procedure in procedures:
            self.parts |= {type(part).__name__ for part in parts(procedure.body)}
        for promise in system.promises:
            self.parts |= {type(part).__name__ for part in parts(promise.condition)}
        return system

    def check(self) -> None:
        """The front end refuses few, some can err, and every part of the language occurs."""
        total = self.accepted + len(self.refused)
        assert len(self.refused) <= 0.05 * total, self.refused
        assert 0.05 * total <= self.erring <= 0.9 * total
        every = {
            name for name, kind in vars(ir).items()
            if isinstance(kind, type) and issubclass(kind, (ir.Expr, ir.Stmt)) and kind not in (ir.Expr, ir.Stmt)
        }
        assert every <= self.parts, f"never generated: {every - self.parts}"


def parts(value: Any) -> Iterator[Any]:
    """All nodes of the IR inside a body or an expression."""
    if isinstance(value, tuple):
        for item in value:
            yield from parts(item)
    elif isinstance(value, NODES):
        yield value
        for one in fields(value):
            yield from parts(getattr(value, one.name))


NODES = (ir.Expr, ir.Stmt, ir.Domain, ir.Binder, ir.AtPlace)


def test_three_readings_agree(tmp_path: Path) -> None:
    reader = Reader(tmp_path)

    @many
    @given(text=systems(), seed=st.integers(0, 1 << 16))
    def each(text: str, seed: int) -> None:
        system = reader.read(text)
        if system is not None:
            sights = Watch(system).visit(seed)
            compare_native(system, sights)
            compare_z3(system, sights)
            reader.erring += any(s.errs for s in sights)

    each()
    reader.check()


def test_small_systems_agree_as_a_whole(tmp_path: Path) -> None:
    """All reachable states: their number, their transitions, what breaks somewhere."""
    reader, whole = Reader(tmp_path), 0

    @settings(many, max_examples=WHOLE_SYSTEMS)
    @given(text=systems())
    def each(text: str) -> None:
        nonlocal whole
        system = reader.read(text)
        if system is not None:
            whole += agrees_as_a_whole(system)

    each()
    assert whole > WHOLE_SYSTEMS / 3


def agrees_as_a_whole(system: Any) -> bool:
    """Explores in Python, then natively; False if there are too many states for that."""
    raw = Raw(system)
    seen = {c.vector: c for c in raw.initial()}
    queue, broken, transitions = list(seen.values()), set(), 0
    for here in queue:
        if len(queue) > MOST_STATES:
            return False
        found = raw.successors(here)
        transitions += len(found)
        broken |= {name for t in found for name in t.broken}
        add(queue, seen, [t.target for t in found if t.target is not None])
    result = explore(system, limits=Limits(memory=1 << 26))
    assert result.complete
    assert (result.states, result.transitions) == (len(queue), transitions)
    assert broken & set(system.assertions) == set(result.findings) & set(system.assertions)
    for name in ("no_model_error", "no_lock_left_behind"):
        assert name not in broken or name in result.findings
    return True


# ------------------------------------------------- faults that must be noticed


def changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same IR with every node replaced by what ``change`` makes of it; None takes a statement out."""
    if isinstance(value, tuple):
        return tuple(new for new in (changed(item, change) for item in value) if new is not None)
    if isinstance(value, NODES):
        new = {f.name: changed(getattr(value, f.name), change) for f in fields(value)}
        return change(replace(value, **new))
    return value


def faulty(system: Any, change: Callable[[Any], Any]) -> Any:
    """A system whose procedures are changed."""
    out = copy(system)
    out.rules = tuple(replace(r, body=changed(r.body, change)) for r in system.rules)
    out.roles = tuple(
        replace(role, operations=tuple(replace(o, body=changed(o.body, change)) for o in role.operations))
        for role in system.roles
    )
    return out


def on(kind: type, make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A fault: what an engine makes of nodes of one kind."""
    return lambda system: faulty(system, lambda node: make(node) if isinstance(node, kind) else node)


def swap_slots(system: Any) -> Any:
    """Two live locals of one type trade places in the frame."""
    out = copy(system)
    roles = []
    for role in system.roles:
        operations = []
        for operation in role.operations:
            points = []
            for point in operation.yields:
                live = list(point.live)
                for a, b in combinations(range(len(live)), 2):
                    if role.slots[live[a][1]].type == role.slots[live[b][1]].type:
                        live[a], live[b] = (live[a][0], live[b][1]), (live[b][0], live[a][1])
                        break
                points.append(replace(point, live=tuple(live)))
            operations.append(replace(operation, yields=tuple(points)))
        roles.append(replace(role, operations=tuple(operations)))
    out.roles = tuple(roles)
    return out


FAULTS: dict[str, Callable[[Any], Any]] = {
    "require is ignored": on(ir.Require, lambda s: None),
    "assert is ignored": on(ir.Assert, lambda s: None),
    "casts are not checked": on(ir.Cast, lambda e: ir.Recode(type=e.type, pos=e.pos, operand=e.operand)),
    "and looks at its right side first": on(ir.And, lambda e: replace(e, left=e.right, right=e.left)),
    "or is taken for and": on(ir.Or, lambda e: ir.And(type=e.type, pos=e.pos, left=e.left, right=e.right)),
    "where is ignored": on(ir.Choose, lambda s: replace(s, where=None)),
    "an empty choose waits": on(ir.Choose, lambda s: replace(s, empty="block" if s.empty == "error" else s.empty)),
    "break goes on": on(ir.Break, lambda s: None),
    "the modulus is the quotient": on(ir.Arith, lambda e: replace(e, op="//" if e.op == "%" else e.op)),
    "sets are only joined": on(ir.SetOp, lambda e: replace(e, op="|")),
    "frame slots are swapped": swap_slots,
}


def test_faulty_engines_are_noticed(tmp_path: Path) -> None:
    """Each fault, in each engine, within a few hundred systems."""
    reader = Reader(tmp_path)
    engines = {"native": compare_native, "z3": compare_z3}
    hidden = {(fault, engine) for fault in FAULTS for engine in engines}

    def all_noticed(text: str) -> bool:
        system = reader.read(text)
        if system is not None:
            sights = Watch(system).visit(0)
            for fault, engine in sorted(hidden):
                wrong = FAULTS[fault](system)
                if wrong.rules == system.rules and wrong.roles == system.roles:
                    continue
                try:
                    engines[engine](wrong, sights)
                except Disagreement:
                    hidden.remove((fault, engine))
        return not hidden

    few = settings(many, max_examples=1000, derandomize=True, phases=[Phase.generate])
    try:
        find(systems(), all_noticed, settings=few)
    except NoSuchExample:
        pytest.fail(f"not noticed: {sorted(hidden)}")


NOWHERE = '''\
# SPDX-License-Identifier: GPL-2.0-or-later
from checker.language import *


class Node(Index):
    pass


class Cpu(Actor):
    pass


class S(State):
    nodes: Set[Node]
    n: Node
    k: Range(0, 2)


@operation
def add(s: S, cpu: Cpu):
    yield "begun"
    {}


generated = Spec(why="What has no value.", model=Model(state=S, rules=[], operations={{Cpu: [add]}}),
                 scope=Scope("tiny", sizes={{Node: 1, Cpu: 1}}), promises=[])
'''


@pytest.mark.parametrize("statement", ["s.nodes |= {s.n - 1}", "s.nodes -= {s.n + 1}", "s.n = s.n - 1",
                                       "s.nodes = {s.n, s.n + 1}"])
def test_what_never_has_a_value_is_an_error_of_the_model(tmp_path: Path, statement: str) -> None:
    """With one object there is no other: the compiler knows, and must not trip over it."""
    system = Reader(tmp_path).read(NOWHERE.format(statement))
    assert system is not None
    sights = Watch(system).visit(0)
    compare_native(system, sights)
    compare_z3(system, sights)
    assert explore(system).findings["no_model_error"].depth == 2
