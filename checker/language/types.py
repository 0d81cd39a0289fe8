# SPDX-License-Identifier: GPL-2.0-or-later
"""The types of values, as the intermediate representation knows them.

Every value is one integer, its *code*, in ``0 .. card - 1``; records and arrays
exist only as groups of state fields.  Integers are the exception inside an
expression: there an ``IntT`` value is the plain number, and ``number - lo`` is
its code when it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDE = 1 << 31
"""Bound of integers for which no smaller interval is known; never stored."""


@dataclass(frozen=True)
class Type:
    """A finite set of values; ``card`` is their number."""

    @property
    def card(self) -> int:
        raise NotImplementedError

    @property
    def low(self) -> int:
        """The number that code 0 stands for."""
        return 0

    def show(self, code: int) -> str:
        """The value with this code, as a person writes it."""
        return str(code)


@dataclass(frozen=True)
class BoolT(Type):
    @property
    def card(self) -> int:
        return 2

    def __str__(self) -> str:
        return "bool"

    def show(self, code: int) -> str:
        return "True" if code else "False"


@dataclass(frozen=True)
class IntT(Type):
    """Whole numbers from ``lo`` to ``hi``, both included."""

    lo: int
    hi: int

    @property
    def card(self) -> int:
        return self.hi - self.lo + 1

    @property
    def low(self) -> int:
        return self.lo

    def __str__(self) -> str:
        return f"Range({self.lo}, {self.hi})"

    def show(self, code: int) -> str:
        return str(code + self.lo)


@dataclass(frozen=True)
class EnumT(Type):
    name: str
    members: tuple[str, ...]

    @property
    def card(self) -> int:
        return len(self.members)

    def __str__(self) -> str:
        return self.name

    def show(self, code: int) -> str:
        return self.members[code]


@dataclass(frozen=True)
class IndexT(Type):
    """One of ``size`` objects of a sort.

    ``kind`` is "symmetric" (objects differ in name only), "ordered", "actor" or
    "data" (contents: symmetric, never an array index, renamed after each step in
    order of first appearance; the first ``constants`` of them keep their names).
    Objects ``k * block`` to ``(k + 1) * block - 1`` make a block: they have an order
    among themselves, and only whole blocks of a symmetric sort differ in name only.
    """

    name: str
    size: int
    kind: str = "symmetric"
    prefix: str = ""
    constants: tuple[str, ...] = ()
    block: int = 1

    @property
    def card(self) -> int:
        return self.size

    @property
    def blocks(self) -> int:
        return self.size // self.block

    def __str__(self) -> str:
        return self.name

    def show(self, code: int) -> str:
        if code < len(self.constants):
            return self.constants[code]
        return f"{self.prefix or self.name}{code - len(self.constants)}"


@dataclass(frozen=True)
class OptT(Type):
    """A value of ``of``, or None, whose code is ``of.card``."""

    of: Type

    @property
    def card(self) -> int:
        return self.of.card + 1

    @property
    def none(self) -> int:
        return self.of.card

    def __str__(self) -> str:
        return f"{self.of} | None"

    def show(self, code: int) -> str:
        return "None" if code == self.none else self.of.show(code)


@dataclass(frozen=True)
class UnionT(Type):
    """One of several cases, each with a payload of its own fields.

    Codes are laid out case after case; inside a case the first payload field
    varies slowest.
    """

    name: str
    cases: tuple[tuple[str, tuple[tuple[str, Type], ...]], ...]

    def size_of(self, case: int) -> int:
        size = 1
        for _, type_ in self.cases[case][1]:
            size *= type_.card
        return size

    def base(self, case: int) -> int:
        """The first code of a case."""
        return sum(self.size_of(k) for k in range(case))

    @property
    def card(self) -> int:
        return self.base(len(self.cases))

    @property
    def tag(self) -> EnumT:
        return EnumT(self.name + ".tag", tuple(name for name, _ in self.cases))

    def tag_of(self, code: int) -> int:
        case = 0
        while code >= self.base(case) + self.size_of(case):
            case += 1
        return case

    def payload(self, code: int) -> tuple[int, ...]:
        """The codes of the payload fields."""
        case = self.tag_of(code)
        rest = code - self.base(case)
        out: list[int] = []
        for _, type_ in reversed(self.cases[case][1]):
            out.append(rest % type_.card)
            rest //= type_.card
        return tuple(reversed(out))

    def __str__(self) -> str:
        return self.name

    def show(self, code: int) -> str:
        name, fields = self.cases[self.tag_of(code)]
        if not fields:
            return name
        values = zip(fields, self.payload(code), strict=True)
        return f"{name}({', '.join(t.show(c) for (_, t), c in values)})"


@dataclass(frozen=True)
class SetT(Type):
    """A set of values of ``of``; bit k of the code says whether value k is in."""

    of: Type

    @property
    def card(self) -> int:
        return 1 << self.of.card

    def __str__(self) -> str:
        return f"Set[{self.of}]"

    def show(self, code: int) -> str:
        inside = [self.of.show(k) for k in range(self.of.card) if code >> k & 1]
        return "{" + ", ".join(inside) + "}"


@dataclass(frozen=True)
class LockT(Type):
    """0 is free, 1 + k is held by actor k, the last code is held by the environment.

    ``actors`` names all actors of the scope, role after role.
    """

    actors: tuple[str, ...]

    @property
    def card(self) -> int:
        return len(self.actors) + 2

    @property
    def environment(self) -> int:
        return len(self.actors) + 1

    def __str__(self) -> str:
        return "Lock"

    def show(self, code: int) -> str:
        if code == 0:
            return "free"
        return "held by " + ("I/O" if code == self.environment else self.actors[code - 1])


BOOL = BoolT()


def outside_block(sort: IndexT) -> str:
    """What is wrong where an object that a block does not have is asked for."""
    return f"leaves the block of {sort.block} {sort.name}"
