# SPDX-License-Identifier: GPL-2.0-or-later
"""Expressions of the modelling language, written by hypothesis for the type that is wanted.

Some fail when they run (None as an index, a number outside its range), which is
part of what is compared.  The first alternative of every choice is the plainest,
so that failures shrink to short files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Ty:
    """A type: its kind, how it is written, and what it is made of."""

    kind: str
    text: str
    of: Any = None
    lo: int = 0
    hi: int = 0
    members: tuple[str, ...] = ()


BOOL = Ty("bool", "bool")
LOCK = Ty("lock", "Lock")


def ranged(lo: int, hi: int) -> Ty:
    return Ty("int", f"Range({lo}, {hi})", lo=lo, hi=hi)


def optional(of: Ty) -> Ty:
    return Ty("opt", f"{of.text} | None", of=of)


def set_of(of: Ty) -> Ty:
    return Ty("set", f"Set[{of.text}]", of=of)


CPU = Ty("actor", "Cpu")
NODE = Ty("index", "Node")
PLACE = Ty("ordered", "Place")
COLOUR = Ty("enum", "Colour", members=("RED", "GREEN"))
WORD = Ty("union", "Word")
TEXT = Ty("data", "Text")
CASES = ("EMPTY", "AT", "PAIR")
COUNT = ranged(1, 2)
COMPARABLE = (NODE, PLACE, COLOUR, WORD, TEXT, CPU, set_of(NODE), set_of(COLOUR))


@dataclass(frozen=True)
class Spot:
    """A scalar of the state as it can be written down; ``{}`` takes an index."""

    pattern: str
    dims: tuple[Ty, ...]
    ty: Ty


@dataclass
class Names:
    """What can be read and written at one place of a function."""

    vars: dict[str, Ty] = field(default_factory=dict)
    records: tuple[str, ...] = ()
    spots: tuple[Spot, ...] = ()
    targets: tuple[Spot, ...] = ()
    cpu: bool = False
    yields: bool = False
    loop: bool = False
    plain_loop: bool = False
    """Inside a loop over a symmetric sort: only writes to the object at hand."""


@dataclass
class Expressions:
    """Writes expressions; every decision is drawn."""

    draw: Callable[[st.SearchStrategy[Any]], Any]
    names: Names = field(default_factory=Names)
    counter: int = 0
    zero: bool = False
    """Whether Text has a constant."""

    # ------------------------------------------------------------- drawing

    def pick(self, options: Sequence[Any]) -> Any:
        return options[0] if len(options) == 1 else self.draw(st.sampled_from(options))

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) >= 100 - percent)

    def amount(self, lo: int, hi: int) -> int:
        return int(self.draw(st.integers(lo, hi)))

    def new(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    # --------------------------------------------------------- expressions

    def spot(self, spot: Spot, depth: int) -> str:
        return spot.pattern.format(*(self.expr(dim, min(depth, 1)) for dim in spot.dims))

    def known(self, ty: Ty, depth: int, fits: Callable[[Ty], bool] | None = None) -> list[Callable[[], str]]:
        """Ways to name a value of this type that exists already."""
        wanted = fits or (lambda have: have == ty)
        # Locals count twice: they are what frames are about.
        out: list[Callable[[], str]] = [lambda n=n: n for n, have in self.names.vars.items() if wanted(have)] * 2
        out += [lambda p=p: self.spot(p, depth - 1) for p in self.names.spots
                if wanted(p.ty) and (depth > 0 or not p.dims) and self.reachable(p)]
        return out

    def reachable(self, spot: Spot) -> bool:
        """Whether there is something to index it by: nothing but a name means an actor."""
        return CPU not in spot.dims or any(have == CPU for have in self.names.vars.values())

    def expr(self, ty: Ty, depth: int = 2) -> str:
        """An expression of this type."""
        if depth > 0 and ty.kind != "set" and self.chance(7):
            return f"({self.expr(ty, depth - 1)} if {self.expr(BOOL, depth - 1)} else {self.expr(ty, depth - 1)})"
        ways: list[Callable[[], str]] = getattr(self, f"{ty.kind}_ways")(ty, depth)
        return str(self.pick(ways)())

    def bool_ways(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        ways = [lambda: "True", lambda: "False", *self.known(BOOL, depth)]
        if depth <= 0:
            return ways
        less = depth - 1
        ways += [
            lambda: f"not {self.expr(BOOL, less)}",
            lambda: f"({self.expr(BOOL, less)} and {self.expr(BOOL, less)})",
            lambda: f"({self.expr(BOOL, less)} or {self.expr(BOOL, less)})",
            lambda: f"({self.number(less)} {self.pick(['==', '!=', '<', '<=', '>', '>='])} {self.number(less)})",
            lambda: f"({self.number(less)} <= {self.number(less)} < {self.number(less)})",
            lambda: f"({self.number(less)} in ({self.amount(0, 2)}, {self.amount(0, 2)}))",
            *[lambda t=t: self.comparison(t, less) for t in COMPARABLE if self.known(t, 0)],
            lambda: self.none_test(less),
            lambda: self.in_set(less),
            lambda: self.comprehension(less),
            lambda: self.comprehension(less),
            lambda: self.guarded(less),
            lambda: self.guarded(less),
        ]
        ways += self.payload("flag", depth)
        if self.known(WORD, 1):
            ways.append(lambda: f"({self.word()}.tag {self.pick(['==', '!='])} Word.{self.pick(CASES)})")
        if self.lock_spots():
            ways.append(self.lock_test)
        return ways

    def guarded(self, depth: int) -> str:
        """A test that keeps the one behind it from failing."""
        if self.known(WORD, 1) and self.chance(40):
            word = self.word()
            case, name, of = self.pick([("AT", "at", NODE), ("PAIR", "place", PLACE)])
            return f"({word}.tag == Word.{case} and {word}.{name} == {self.expr(of, depth)})"
        of = self.pick([NODE, PLACE])
        refs = self.known(optional(of), 1)
        if not refs:
            return f"(int({self.expr(PLACE, 0)}) > 0 and 2 // int({self.expr(PLACE, 0)}) == {self.amount(0, 2)})"
        ref = self.pick(refs)()
        spots = [p for p in self.names.spots if p.dims == (of,) and p.ty != LOCK]
        inner = f"{ref} == {self.expr(of, 0)}"
        if spots:
            spot = self.pick(spots)
            there = spot.pattern.format(ref)
            inner = {"set": f"len({there}) > 0", "opt": f"{there} is None"}.get(spot.ty.kind, "")
            inner = inner or f"{there} == {self.expr(spot.ty, 0)}"
        if self.chance(30):
            return f"({ref} is None or {inner})"
        return f"({ref} is not None and {inner})"

    def word(self) -> str:
        return str(self.pick(self.known(WORD, 1))())

    def payload(self, name: str, depth: int) -> list[Callable[[], str]]:
        """Reading a payload: a model error in any other case."""
        return [lambda: f"{self.word()}.{name}"] if depth > 1 and self.known(WORD, 1) else []

    def comparison(self, ty: Ty, depth: int) -> str:
        left = self.expr(ty, min(depth, 1))
        if ty.kind in ("union", "set"):
            left = self.pick(self.known(ty, 1))()  # not a bare case: beside another it would be a tag
        ops = ["==", "!="] + (["<", "<=", ">"] if ty.kind == "ordered" else [])
        right = self.expr(ty, min(depth, 1))
        if ty in (NODE, PLACE) and self.chance(30):
            ways = self.known(optional(ty), 1)
            right, ops = (self.pick(ways)(), ["==", "!="]) if ways else (right, ops)
        return f"({left} {self.pick(ops)} {right})"

    def none_test(self, depth: int) -> str:
        ways = self.known(BOOL, 1, lambda have: have.kind == "opt")
        return f"({self.pick(ways)()} {self.pick(['is None', 'is not None'])})" if ways else "True"

    def in_set(self, depth: int) -> str:
        of = self.pick([NODE, COLOUR])
        ways = self.known(set_of(of), 1)
        if not ways:
            return f"({self.expr(of, depth)} in ({self.expr(of, 0)}, {self.expr(of, 0)}))"
        return f"({self.expr(of, depth)} {self.pick(['in', 'not in'])} {self.pick(ways)()})"

    def lock_test(self) -> str:
        lock = self.pick(self.lock_spots())()
        return f"holds(cpu, {lock})" if self.names.cpu and self.chance(50) else f"locked({lock})"

    def lock_spots(self) -> list[Callable[[], str]]:
        return [lambda p=p: self.spot(p, 1) for p in self.names.spots if p.ty == LOCK]

    @contextmanager
    def bound(self, **variables: Ty) -> Any:
        """More variables, for the length of a comprehension or a block."""
        saved = self.names
        self.names = replace(saved, vars={**saved.vars, **variables})
        try:
            yield
        finally:
            self.names = saved

    def domain(self) -> tuple[str, Ty]:
        """Something that a comprehension can run over."""
        ways = [("Place", PLACE), ("Node", NODE), ("Colour", COLOUR), ("range(2)", ranged(0, 1)), ("Cpu", CPU)]
        if self.chance(20):
            sets = self.known(set_of(NODE), 1)
            if sets:
                return self.pick(sets)(), NODE
        return self.pick(ways)

    def comprehension(self, depth: int) -> str:
        if self.names.plain_loop:
            return "True"
        text, ty = self.domain()
        name = self.new("x")
        with self.bound(**{name: ty}):
            where = f" if {self.expr(BOOL, depth)}" if self.chance(40) else ""
            inner = ""
            if self.chance(20):
                other = self.new("y")
                text2, ty2 = self.domain()
                with self.bound(**{other: ty2}):
                    body = self.expr(BOOL, depth)
                inner = f" for {other} in {text2}"
            else:
                body = self.expr(BOOL, depth)
        return f"{self.pick(['any', 'all'])}({body} for {name} in {text}{where}{inner})"

    def number(self, depth: int) -> str:
        """A number of no range in particular."""
        ways: list[Callable[[], str]] = [lambda: str(self.amount(0, 3))]
        ways += self.known(BOOL, depth, lambda have: have.kind == "int") * 2
        if depth > 0:
            less = depth - 1
            ways += [
                lambda: f"({self.number(less)} {self.pick('+-*')} {self.number(less)})",
                lambda: f"({self.number(less)} {self.pick(['//', '%'])} {self.pick(['2', '3', '-2'])})",
                lambda: f"({self.number(less)} {self.pick(['//', '%'])} {self.number(less)})",
                lambda: f"{self.pick(['min', 'max'])}({self.number(less)}, {self.number(less)})",
                lambda: f"abs({self.number(less)})",
                lambda: f"(-{self.number(less)})",
                lambda: f"int({self.expr(PLACE, less)})",
                lambda: f"place({self.expr(NODE, less)})",
                lambda: f"len({self.pick(['Node', 'Place', 'Cpu'])})",
                lambda: f"len({self.expr(set_of(self.pick([NODE, COLOUR])), less)})",
                lambda: self.total(less),
            ]
        return str(self.pick(ways)())

    def total(self, depth: int) -> str:
        if self.names.plain_loop:
            return "1"
        text, ty = self.domain()
        name = self.new("x")
        with self.bound(**{name: ty}):
            body = self.number(depth)
            where = f" if {self.expr(BOOL, depth)}" if self.chance(50) else ""
        kind = self.pick(["sum", "sum", "min", "max"])
        if kind == "sum":
            return f"sum({body} for {name} in {text}{where})"
        return f"{kind}(({body} for {name} in {text}{where}), default={self.amount(0, 2)})"

    def int_ways(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        ways = [lambda: str(ty.lo if self.chance(50) else ty.hi), *self.known(ty, depth)]
        if depth > 0:
            ways += [lambda: f"min(max({self.number(depth)}, {ty.lo}), {ty.hi})"] * 2
            if ty.lo == 0:
                # Unlike a clamp this lets every wrong result through.
                ways.append(lambda: f"({self.number(depth)} % {ty.hi + 1})")
        if depth > 1:
            # May leave the range: a model error; never outside of it for sure, which is refused.
            spots = self.known(ty, depth)
            if spots:
                ways.append(lambda: f"({self.pick(spots)()} {self.pick('+-')} {self.pick(['1', self.expr(ty, 0)])})")
        return ways

    def maybe_none(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        return self.known(optional(ty), depth) if depth > 1 else []

    def index_ways(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        ways = self.known(ty, depth) + self.maybe_none(ty, depth) + self.payload("at", depth)
        if depth > 0:
            # May leave the block: a model error.
            ways.append(lambda: f"({self.expr(ty, 0)} {self.pick('+-')} {self.number(0)})")
        if depth > 1:
            ways.append(lambda: f"({self.expr(ty, 1)} - place({self.expr(ty, 1)}))")
        return ways

    def actor_ways(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        return self.known(ty, depth)

    def data_ways(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        constant = [lambda: "Text.ZERO"] if self.zero else []
        return [*self.known(ty, depth), *constant] or self.known(ty, 2)

    def ordered_ways(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        ways = [lambda: "Place(0)", *self.known(ty, depth), *self.maybe_none(ty, depth), *self.payload("place", depth)]
        if depth > 0:
            ways.append(lambda: f"Place({self.number(depth - 1)} % len(Place))")
        if depth > 1:
            ways.append(lambda: f"Place(int({self.expr(PLACE, 0)}) + int({self.expr(PLACE, 0)}))")
        return ways

    def enum_ways(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        return [lambda: f"Colour.{self.pick(COLOUR.members)}", *self.known(ty, depth)]

    def opt_ways(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        rare = ty.of in (CPU, TEXT) and not self.known(ty.of, depth)
        inner = [] if rare else [lambda: self.expr(ty.of, depth)]
        return [lambda: "None", *self.known(ty, depth), *inner]

    def union_ways(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        ways = [*self.known(ty, depth), lambda: "Word.EMPTY"]
        if depth > 0:
            less = depth - 1
            ways += [
                lambda: f"Word.AT({self.expr(NODE, less)})",
                lambda: f"Word.PAIR({self.expr(PLACE, less)}, {self.expr(BOOL, less)}, {self.expr(COUNT, less)})",
            ]
        return ways

    def set_ways(self, ty: Ty, depth: int) -> list[Callable[[], str]]:
        ways = self.known(ty, depth)
        ways.append(lambda: f"{{{self.expr(ty.of, 0)}}}")
        if depth > 0:
            less = depth - 1
            ways.append(lambda: f"({self.expr(ty, less)} {self.pick('|&-')} {self.expr(ty, less)})")
        return ways
