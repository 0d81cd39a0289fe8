# SPDX-License-Identifier: GPL-2.0-or-later
"""Statements of the modelling language, written by hypothesis."""

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
    NODE,
    PLACE,
    TEXT,
    Expressions,
    Spot,
    Ty,
    optional,
    ranged,
    set_of,
)

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
class Statements(Expressions):
    """Writes statements, line by line."""

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
        ty = TEXT if self.known(TEXT, 0) and self.chance(4) else self.pick(LOCALS)
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

    def doing(self) -> str:
        """A condition whose right side does something, but only where Python comes this far."""
        ways: list[Callable[[], str]] = [lambda: f'maybe("{self.new("event ")}")']
        if self.names.cpu:
            ways += [lambda p=p: f"trylock({p()})" for p in self.lock_spots()]
        ways += [lambda h=h: self.called(h) for h in self.helpers if h.result == BOOL and not h.yields]
        return f"({self.expr(BOOL)} {self.pick(['and', 'or'])} {self.pick(ways)()})"

    def branch(self) -> None:
        does = not self.names.plain_loop and self.chance(15)
        with self.block(f"if {self.doing() if does else self.expr(BOOL)}:"):
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
        text = self.called(helper)
        if helper.result is None:
            self.say(text)
        elif helper.result == BOOL and not helper.yields and self.chance(50):
            with self.block(f"if {text}:"):
                self.body(1, 2)
        else:
            name = self.new("v")
            self.say(f"{name} = {text}")
            self.names.vars[name] = helper.result

    def called(self, helper: Helper) -> str:
        arguments = ["s"]
        for ty in helper.params:
            arguments.append(self.expr(ty, 1) if ty else self.pick([*self.records, f"s.cells[{self.expr(NODE, 1)}]"]))
        if helper.yields:
            arguments.insert(1, "cpu")
        return f"{'yield from ' if helper.yields else ''}{helper.name}({', '.join(arguments)})"
