# SPDX-License-Identifier: GPL-2.0-or-later
"""How many choices one step can make."""

from __future__ import annotations

from dataclasses import dataclass

from checker.language import ir
from checker.language.walk import every_expression, every_statement, expressions

_NEVER = -(10**9)


@dataclass(frozen=True)
class Most:
    """The most choices that a piece of code makes: on a way through it without a
    yield, before its first yield, behind its last one, and between two of them."""

    through: int = 0
    head: int = _NEVER
    tail: int = _NEVER
    between: int = _NEVER

    def then(self, other: Most) -> Most:
        return Most(
            max(_NEVER, self.through + other.through),
            max(_NEVER, self.head, self.through + other.head),
            max(_NEVER, other.tail, self.tail + other.through),
            max(_NEVER, self.between, other.between, self.tail + other.head),
        )

    def either(self, other: Most) -> Most:
        return Most(max(self.through, other.through), max(self.head, other.head),
                    max(self.tail, other.tail), max(self.between, other.between))

    def times(self, turns: int) -> Most:
        whole = Most()
        for _ in range(turns):
            whole = whole.either(whole.then(self))
        return whole

    @property
    def most(self) -> int:
        return max(0, self.through, self.head, self.tail, self.between)


NOWHERE = Most(_NEVER)
"""A way that is not there."""


def most_choices(body: tuple[ir.Stmt, ...]) -> int:
    """At most so many choices are made in one step of a procedure."""
    return _Ways().body(body).most


def most_candidates(body: tuple[ir.Stmt, ...]) -> int:
    """No choice of a procedure has more values than this."""
    most = 1
    for statement in every_statement(body):
        if isinstance(statement, ir.Choose):
            most = max(most, statement.domain.type.card)
        for e in expressions(statement):
            for part in every_expression(e):
                if isinstance(part, ir.Do):
                    most = max(most, most_candidates(part.body))
    return most


class _Ways:
    """The ways through code; ``left`` are those that break out of a block, by its label."""

    def __init__(self) -> None:
        self.left: dict[str, Most] = {}

    def body(self, body: tuple[ir.Stmt, ...]) -> Most:
        whole = Most()
        for statement in body:
            before, self.left = self.left, {}
            following = self.statement(statement)
            for label, way in self.left.items():
                before[label] = before.get(label, NOWHERE).either(whole.then(way))
            self.left = before
            whole = whole.then(following)
        return whole

    def statement(self, s: ir.Stmt) -> Most:
        own = Most(sum(most_choices(part.body) for e in expressions(s) for part in every_expression(e)
                       if isinstance(part, ir.Do)))
        match s:
            case ir.Choose():
                return own.then(Most(1))
            case ir.Yield():
                return Most(_NEVER, 0, 0)
            case ir.Break():
                self.left[s.label] = Most()
                return NOWHERE
            case ir.If():
                inner = self.body(s.then)
                inner = inner.either(self.body(s.orelse))
            case ir.For():
                lo, hi = s.domain.lo, s.domain.hi
                constant = isinstance(lo, ir.Const) and isinstance(hi, ir.Const)
                turns = hi.value - lo.value if constant else s.domain.type.card  # type: ignore[attr-defined]
                inner = self.turns(s.body, turns)
            case ir.Loop():
                inner = self.turns(s.body, 2)  # every turn yields or leaves
            case ir.Block():
                inner = self.body(s.body)
                inner = inner.either(self.left.pop(s.label, NOWHERE))
            case ir.Hold():
                inner = self.body(s.body)
            case _:
                return own
        self.left = {label: own.then(way) for label, way in self.left.items()}
        return own.then(inner)

    def turns(self, body: tuple[ir.Stmt, ...], turns: int) -> Most:
        """Up to so many turns; who leaves may have made all of them before."""
        before = self.body(body).times(turns)
        self.left = {label: before.then(way) for label, way in self.left.items()}
        return before
