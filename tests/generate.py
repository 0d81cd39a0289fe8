# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole systems in the modelling language, written by hypothesis.

``systems()`` gives the text of a model file with one spec, ``generated``: sorts,
state, helpers, rules, operations, promises.  Expressions are made for the type
that is wanted, so that the front end accepts nearly all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from generate_expressions import (
    BOOL,
    COLOUR,
    COUNT,
    CPU,
    LOCK,
    NODE,
    PLACE,
    TEXT,
    WORD,
    Expressions,
    Names,
    Spot,
    Ty,
    optional,
    ranged,
    set_of,
)
from hypothesis import strategies as st

INT = ranged(0, 2)
SIGNED = ranged(-1, 1)
LOCALS = (BOOL, INT, NODE, PLACE, COLOUR)


@dataclass(frozen=True)
class Helper:
    """A function to call; a parameter of type None is a Cell."""

    name: str
    params: tuple[Ty | None, ...]
    result: Ty | None
    yields: bool


@dataclass
class Author(Expressions):
    """Writes one system; every decision is drawn."""

    lines: list[str] = field(default_factory=list)
    indent: int = 0
    helpers: list[Helper] = field(default_factory=list)
    stops: list[tuple[str, str, dict[str, Ty]]] = field(default_factory=list)
    """Where an actor can stand: function, label, its parameters."""
    function: str = ""
    given: dict[str, Ty] = field(default_factory=dict)
    result: Ty | None = None
    budget: int = 0
    records: dict[str, tuple[Spot, ...]] = field(default_factory=dict)
    cell: tuple[tuple[str, Ty], ...] = ()
    spin: bool = False
    rested: bool = False
    """Whether the statement before was a yield: then a lock region may come."""

    def say(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    @contextmanager
    def block(self, head: str, **changes: Any) -> Any:
        """A nested block: names that are bound in it are forgotten behind it."""
        self.say(head)
        saved, records = self.names, dict(self.records)
        self.names = replace(saved, vars=dict(saved.vars), **changes)
        self.indent += 1
        self.rested = False
        yield
        self.indent -= 1
        self.names, self.records = saved, records
        self.rested = False

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

    def parts(self, pattern: str, dims: tuple[Ty, ...]) -> list[Spot]:
        """The scalars of the Cell that is written like this."""
        return [Spot(f"{pattern}.{name}[{{}}]", (*dims, PLACE), BOOL) if ty.kind == "array"
                else Spot(f"{pattern}.{name}", dims, ty) for name, ty in self.cell]

    # ---------------------------------------------------------- statements

    def body(self, least: int, most: int) -> None:
        """Some statements; ``budget`` bounds those of a whole function."""
        before = len(self.lines)
        for _ in range(min(self.amount(least, most), self.budget)):
            self.budget -= 1
            self.statement()
        if len(self.lines) == before:
            self.say("pass")

    def statement(self) -> None:
        ways: list[Callable[[], None]] = [self.store, self.store, self.store, self.branch]
        if not self.names.plain_loop:
            ways += [self.assign, self.assign, self.choice, self.choice, self.demand, self.claim, self.loop, self.call]
            ways += [self.leave] if self.function and self.chance(20) else []
            if self.lock_spots() and self.names.cpu:
                ways += [self.lock, self.lock]
            if self.cell:
                ways += [self.record, self.record, self.copy]
            if self.names.loop and self.chance(30):
                ways.append(self.jump)
            if self.names.yields:
                ways += [self.rest] * 3 + [self.turn]
                if self.spin and self.rested:
                    ways += [self.region] * 3
        self.rested = False
        self.pick(ways)()

    def target(self) -> Spot:
        return self.pick([p for p in self.names.targets if self.reachable(p)])

    def store(self) -> None:
        if not self.names.targets:
            self.say("pass")
            return
        spot = self.target()
        place = self.spot(spot, 1)
        ty = spot.ty
        if ty == TEXT and self.chance(50) and not self.names.plain_loop:
            self.say(f"{place} = fresh(Text)")
        elif ty.kind == "set" and self.chance(60) and not self.names.plain_loop:
            self.say(f"{place} {self.pick(['|=', '-=', '&='])} {{{self.expr(ty.of, 1)}}}")
        elif ty.kind == "set" and self.chance(20):
            self.say(f"{place} = set()")
        elif ty.kind == "int" and self.chance(30) and not self.names.plain_loop:
            sign = self.pick("+-")
            if self.chance(60):
                with self.block(f"if {place} {'<' if sign == '+' else '>'} {ty.hi if sign == '+' else ty.lo}:"):
                    self.say(f"{place} {sign}= 1")
            else:
                self.say(f"{place} {sign}= 1")
        else:
            self.say(f"{place} = {self.expr(ty)}")

    def assign(self) -> None:
        """A new local, or a new value of one that exists."""
        old = [(n, t) for n, t in self.names.vars.items() if n.startswith("v")]
        if old and self.chance(40):
            name, ty = self.pick(old)
            self.say(f"{name} = {self.local(ty)}")
            return
        ty = TEXT if self.known(TEXT, 0) and self.chance(10) else self.pick(LOCALS)
        opts = any(p.ty.kind == "opt" and self.reachable(p) for p in self.names.spots)
        if opts and self.chance(25):
            spot = self.pick([p for p in self.names.spots if p.ty.kind == "opt" and self.reachable(p)])
            name = self.new("v")
            self.say(f"{name} = {self.spot(spot, 1)}")
            self.names.vars[name] = spot.ty
            return
        name = self.new("v")
        self.say(f"{name} = {self.local(ty)}")
        self.names.vars[name] = ty

    def local(self, ty: Ty) -> str:
        """A value for a local; a number stays within bounds, as nothing checks it there."""
        return self.expr(ty, 1 if ty.kind == "int" else 2)

    def choice(self) -> None:
        name = self.new("v")
        what = self.pick(["Node", "or_none", "maybe", "Place", "or_block", "range", "set"])
        if what == "maybe":
            self.say(f'{name} = maybe("{name} fails")')
            self.names.vars[name] = BOOL
            return
        ty = {"Node": NODE, "Place": PLACE, "range": ranged(0, 1)}.get(what) or self.pick([NODE, PLACE])
        domain = "range(0, 2)" if what == "range" else ty.text
        if what == "set":
            ty = NODE
            sets = self.known(set_of(NODE), 1)
            domain = self.pick(sets)() if sets else "Node"
        where = ""
        if what in ("or_none", "or_block") or self.chance(40):
            variable = self.new("x")
            with self.bound(**{variable: ty}):
                where = f", where=lambda {variable}: {self.expr(BOOL, 2)}"
        verb = "choose_or_none" if what == "or_none" else "choose"
        tail = ", or_block=True" if what == "or_block" else ""
        self.say(f"{name} = {verb}({domain}{where}{tail})")
        self.names.vars[name] = optional(ty) if what == "or_none" else ty

    def demand(self) -> None:
        ways = self.known(BOOL, 1)
        plain = ways and self.chance(50)
        self.say(f"require({'not ' if plain else ''}{self.pick(ways)() if plain else self.expr(BOOL)})")

    def claim(self) -> None:
        text = self.new("claim ")
        if self.chance(40):
            self.say(f'assert {self.expr(BOOL)}, "{text}"')
        else:
            self.say(f'expect({self.expr(BOOL)}, "{text}")')

    def branch(self) -> None:
        with self.block(f"if {self.expr(BOOL)}:"):
            self.body(1, 2)
        if self.chance(20):
            with self.block(f"elif {self.expr(BOOL)}:"):
                self.body(1, 2)
        if self.chance(40):
            with self.block("else:"):
                self.body(1, 2)

    def loop(self) -> None:
        if self.chance(35):
            self.plain_loop()
            return
        ways = [("Place", PLACE), ("range(2)", ranged(0, 1)), ("range(1, 3)", COUNT), ("Colour", COLOUR)]
        domain, ty = self.pick(ways)
        name = self.new("i")
        with self.block(f"for {name} in {domain}:", loop=True):
            self.names.vars[name] = ty
            self.body(1, 3)

    def plain_loop(self) -> None:
        """A loop over a symmetric sort: what it does to one object is apart from the others."""
        dim = self.pick([NODE, CPU])
        name = self.new("i")
        domain = dim.text
        sets = self.known(set_of(NODE), 1)
        if dim == NODE and sets and self.chance(40):
            domain = self.pick(sets)()
        own = tuple(Spot(p.pattern.replace("{}", name), (), p.ty) for p in self.names.targets
                    if p.dims == (dim,) and p.pattern.startswith("s.") and p.ty != TEXT)
        fixed = tuple(p for p in self.names.spots if not p.dims and p.pattern.startswith("s."))
        with self.block(f"for {name} in {domain}:", plain_loop=True, yields=False, spots=fixed + own, targets=own):
            self.names.vars[name] = dim
            self.body(1, 2)

    def turn(self) -> None:
        """A while: every turn yields or leaves."""
        with self.block(f"while {self.expr(BOOL)}:", loop=False):
            if self.chance(50):
                self.body(0, 1)
            if self.chance(40):
                with self.block(f"if {self.expr(BOOL)}:"):
                    self.say("break")
            self.rest()
            self.body(0, 2)

    def jump(self) -> None:
        with self.block(f"if {self.expr(BOOL)}:"):
            self.say(self.pick(["break", "continue"]))

    def leave(self) -> None:
        with self.block(f"if {self.expr(BOOL)}:"):
            self.say("return" if self.result is None else f"return {self.local(self.result)}")

    def rest(self) -> None:
        label = self.new("step ")
        self.say(f'yield "{label}"')
        self.stops.append((self.function, label, dict(self.given)))
        if self.chance(30):
            self.demand()
        self.rested = True

    def region(self) -> None:
        with self.block("with hold(s.spin):", yields=False):
            self.body(1, 2)

    def lock(self) -> None:
        place = self.pick(self.lock_spots())()
        what = self.pick(["acquire", "guarded", "trylock", "release", "hand_over"])
        if what == "acquire":
            self.say(f"acquire({place})")
        elif what == "guarded":
            with self.block(f"if holds(cpu, {place}):"):
                self.say(f"{self.pick(['release', 'release', 'hand_over'])}({place})")
        elif what == "trylock":
            with self.block(f"if trylock({place}):"):
                self.body(1, 2)
        else:
            self.say(f"{what}({place})")

    def record(self) -> None:
        """A name for one Cell, or for another element of the same array."""
        old = list(self.records)
        if old and self.chance(30):
            self.say(f"{self.pick(old)} = s.cells[{self.expr(NODE, 1)}]")
            return
        name = self.new("c")
        self.say(f"{name} = s.cells[{self.expr(NODE, 1)}]")
        self.know_record(name)

    def know_record(self, name: str) -> None:
        spots = tuple(self.parts(name, ()))
        self.records[name] = spots
        self.names.spots += spots
        self.names.targets += spots

    def copy(self) -> None:
        target = self.pick([f"s.cells[{self.expr(NODE, 1)}]", *(["s.spare"] if self.has_spare() else [])])
        if self.chance(60):
            source = self.pick([*self.records, f"s.cells[{self.expr(NODE, 1)}]"])
        else:
            named = [(n, t) for n, t in self.cell if t.kind != "array" and self.chance(60)]
            source = f"Cell({', '.join(f'{n}={self.expr(t, 1)}' for n, t in named)})"
        self.say(f"{target} = {source}")

    def has_spare(self) -> bool:
        return any(p.pattern.startswith("s.spare") for p in self.names.spots)

    def call(self) -> None:
        """A call of a helper; one with yields only where a step may end."""
        able = [h for h in self.helpers if self.names.yields or not h.yields]
        if not able:
            self.store()
            return
        helper = self.pick(able)
        arguments = ["s"]
        for ty in helper.params:
            arguments.append(self.expr(ty, 1) if ty else self.pick([*self.records, f"s.cells[{self.expr(NODE, 1)}]"]))
        if helper.yields:
            arguments.insert(1, "cpu")
        text = f"{'yield from ' if helper.yields else ''}{helper.name}({', '.join(arguments)})"
        if helper.result is None:
            self.say(text)
        elif helper.result == BOOL and not helper.yields and self.chance(50):
            with self.block(f"if {text}:"):
                self.body(1, 2)
        else:
            name = self.new("v")
            self.say(f"{name} = {text}")
            self.names.vars[name] = helper.result

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
        self.say("\n")
        self.say(f"MODEL = Model(state=S, rules=[{', '.join(rules)}], operations={{Cpu: [{', '.join(operations)}]}})")
        self.say("")
        scope = f"Scope(\"tiny\", sizes={{{', '.join(f'{n}: {k}' for n, k in sizes.items())}}})"
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
