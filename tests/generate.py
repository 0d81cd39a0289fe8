# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole systems in the modelling language, written by hypothesis.

``systems()`` gives the text of a model file with one spec, ``generated``: sorts,
state, helpers, rules, operations, promises.  Expressions are made for the type
that is wanted, so that the front end accepts nearly all of them.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from generate_expressions import (
    BOOL,
    COLOUR,
    CPU,
    LOCK,
    NODE,
    PLACE,
    TEXT,
    WORD,
    Names,
    Spot,
    Ty,
    optional,
    ranged,
    set_of,
)
from generate_statements import INT, SIGNED, Helper, Statements
from hypothesis import strategies as st


@dataclass
class Author(Statements):
    """Writes one system; every decision is drawn."""

    # --------------------------------------------------------------- sorts

    def sorts(self) -> None:
        self.zero = self.chance(50)
        self.say("# SPDX-License-Identifier: GPL-2.0-or-later")
        self.say("import enum")
        self.say("")
        self.say("from checker.language import *")
        for head, body in (
            ("Node(Index)", ["pass"]),
            ("Place(Index, ordered=True)", ["pass"]),
            ("Cpu(Actor)", ["pass"]),
            ("Colour(enum.Enum)", ["RED = 0", "GREEN = 1"]),
            ('Text(Data, constants=["ZERO"])' if self.zero else "Text(Data)", ["pass"]),
            ("Word(Union)", ["EMPTY = case()", "AT = case(at=Node)",
                             "PAIR = case(place=Place, flag=bool, count=Range(1, 2))"]),
        ):
            with self.block(f"\n\nclass {head}:"):
                for line in body:
                    self.say(line)

    def state(self) -> None:
        scalars = [BOOL, INT, NODE, PLACE, optional(NODE), COLOUR, WORD, TEXT, SIGNED, set_of(NODE), set_of(COLOUR),
                   optional(PLACE), optional(CPU), optional(COLOUR), optional(TEXT)]
        spots: list[Spot] = []
        fields: list[str] = []

        def add(name: str, text: str, new: list[Spot]) -> None:
            fields.append(f"{name}: {text}")
            spots.extend(new)

        for name, ty in (("on", BOOL), ("k", INT), ("n", NODE), ("p", PLACE)):
            add(name, ty.text, [Spot(f"s.{name}", (), ty)])
        for k in range(self.amount(0, 3)):
            ty = self.pick(scalars)
            add(f"f{k}", ty.text, [Spot(f"s.f{k}", (), ty)])
        for k in range(self.amount(0, 2)):
            dim, ty = self.pick([NODE, PLACE, CPU]), self.pick(scalars)
            add(f"a{k}", f"Array[{dim.text}, {ty.text}]", [Spot(f"s.a{k}[{{}}]", (dim,), ty)])
        if self.chance(15):
            add("grid", "Array[Place, Array[Node, bool]]", [Spot("s.grid[{}][{}]", (PLACE, NODE), BOOL)])
        if self.chance(50):
            self.cell = tuple((f"c{k}", self.pick(scalars)) for k in range(self.amount(1, 2)))
            if self.chance(20):
                self.cell += (("mark", Ty("array", "Array[Place, bool]")),)
            with self.block("\n\nclass Cell(Record):"):
                for name, ty in self.cell:
                    self.say(f"{name}: {ty.text}")
            add("cells", "Array[Node, Cell]", self.parts("s.cells[{}]", (NODE,)))
            if self.chance(30):
                add("spare", "Cell", self.parts("s.spare", ()))
        if self.chance(30):
            add("lock", "Lock", [Spot("s.lock", (), LOCK)])
        if self.chance(15):
            add("locks", "Array[Node, Lock]", [Spot("s.locks[{}]", (NODE,), LOCK)])
        self.spin = self.chance(20)
        if self.spin:
            add("spin", "Spinlock", [])
        with self.block("\n\nclass S(State):"):
            for line in fields:
                self.say(line)
        self.names = Names(spots=tuple(spots), targets=tuple(p for p in spots if p.ty != LOCK))

    # ----------------------------------------------------------- functions

    def parameters(self, count: int, allowed: list[Ty]) -> dict[str, Ty]:
        return {self.new("a"): self.pick(allowed) for _ in range(count)}

    @contextmanager
    def define(self, head: str, name: str, given: dict[str, Ty], budget: int, **changes: Any) -> Any:
        self.function, self.given, self.budget = name, given, budget
        self.records = {}
        if head:
            self.say(f"\n\n{head}")
        else:
            self.say("\n")
        shown = "".join(f", {n}: {t.text}" for n, t in given.items())
        cpu = ", cpu: Cpu" if changes.get("cpu") else ""
        with self.block(f"def {name}(s: S{cpu}{shown}):", **changes):
            self.names.vars.update(given)
            if changes.get("cpu"):
                self.names.vars["cpu"] = CPU
            yield
        self.function = ""

    def helper(self, yields: bool) -> None:
        name = self.new("helper")
        record = bool(self.cell) and self.chance(40)
        given = self.parameters(self.amount(0, 2), [NODE, PLACE, BOOL, INT])
        result = self.pick([None, BOOL, NODE, INT])
        self.result = result
        with self.define("", name, given, self.amount(2, 5), cpu=yields, yields=yields):
            if record:
                self.lines[-1] = self.lines[-1].replace("):", ", cell: Cell):")
                self.know_record("cell")
                del self.records["cell"]
            if self.chance(50):
                self.leave()
            self.body(1, 3)
            if yields:
                self.rest()
                self.body(0, 2)
            if result is not None:
                self.say(f"return {self.local(result)}")
        self.result = None
        params: tuple[Ty | None, ...] = (*given.values(), *((None,) if record else ()))
        self.helpers.append(Helper(name, params, result, yields))

    def rule(self) -> str:
        name = self.new("rule")
        given = self.parameters(self.amount(0, 2), [NODE, PLACE, BOOL, ranged(1, 2), CPU, COLOUR])
        with self.define("@rule", name, given, self.amount(1, 5)):
            if self.chance(50):
                self.demand()
            self.store()
            self.body(0, 3)
        return name

    def operation(self) -> str:
        name = self.new("operation")
        given = self.parameters(self.amount(0, 2), [NODE, PLACE, BOOL, INT])
        with self.define("@operation", name, given, self.amount(4, 12), cpu=True, yields=True):
            if self.chance(30):
                self.demand()
            for _ in range(self.amount(0, 2)):
                self.assign()
            self.body(1, 3)
            self.rest()
            self.body(1, 5)
        return name

    def promise(self) -> str:
        name = self.new("promise")
        kind = self.pick(["invariant", "invariant", "reachable"])
        with self.define(f"@{kind}", name, {}, 0):
            text = self.expr(BOOL, 3)
            if self.stops and self.chance(40):
                text = f"({text} or {self.standing()})"
            if self.chance(20):
                with self.block(f"if {self.expr(BOOL)}:"):
                    self.say(f"return {self.expr(BOOL)}")
            self.say(f"return {text}")
        return name

    def standing(self) -> str:
        function, label, given = self.pick(self.stops)
        parts = [function]
        if self.chance(70):
            parts.append(f'"{label}"')
        wanted = [(n, t) for n, t in given.items() if self.chance(40)]
        parts += [f"{n}={self.expr(t, 1)}" for n, t in wanted]
        return f"at({', '.join(parts)})"

    def whole(self) -> str:
        self.sorts()
        self.state()
        for _ in range(self.amount(0, 2)):
            self.helper(yields=False)
        for _ in range(self.amount(0, 1)):
            self.helper(yields=True)
        operations = [self.operation() for _ in range(self.amount(1, 2))]
        rules = [self.rule() for _ in range(self.amount(0, 2))]
        promises = [self.promise() for _ in range(self.amount(0, 3))]
        start = []
        if self.chance(30):
            start.append("start")
            with self.define("", "start", {}, 2):
                simple = tuple(p for p in self.names.targets if p.ty in (BOOL, COLOUR) and not p.dims)
                self.names.spots = self.names.targets = simple
                spot = self.target()
                self.say(f"{spot.pattern} = {self.expr(spot.ty, 0)}")
        sizes = {t: self.amount(lo, 2) for t, lo in (("Node", 1), ("Place", 1), ("Cpu", 1))}
        blocks = ""
        if self.chance(30):
            sizes["Node"], blocks = self.pick([2, 2, 4]), ", blocks={Node: 2}"
        self.say("\n")
        self.say(f"MODEL = Model(state=S, rules=[{', '.join(rules)}], operations={{Cpu: [{', '.join(operations)}]}})")
        self.say("")
        scope = f"Scope(\"tiny\", sizes={{{', '.join(f'{n}: {k}' for n, k in sizes.items())}}}{blocks})"
        self.say("generated = Spec(")
        self.say('    why="Three readings must agree.",')
        self.say(f"    model=MODEL, scope={scope},")
        self.say(f"    start=[{', '.join(start)}], promises=[{', '.join(promises)}],")
        self.say(")")
        return "\n".join(self.lines) + "\n"


@st.composite
def systems(draw: Any) -> str:
    """The text of a model file that defines the spec ``generated``."""
    return Author(draw).whole()
