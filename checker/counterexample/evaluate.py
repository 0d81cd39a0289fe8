# SPDX-License-Identifier: GPL-2.0-or-later
"""The value of an expression of the IR in one state, and what it read on the way.

Slow and plain: it explains one state of one trace.  The engines have evaluators
of their own; a promise that they report as broken and that is true here is a bug
of the checker, and is reported as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from checker.counterexample.contents import Contents
from checker.language import ir
from checker.language.types import IndexT, IntT, OptT, SetT, Type, UnionT, outside_block

Environment = dict[str, int]
State = tuple[Sequence[int], Contents]
"""The codes of a state, and names for the contents in it."""

COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
ARITH: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "min": min,
    "max": max,
}
SETS: dict[str, Callable[[int, int], int]] = {
    "|": lambda a, b: a | b,
    "&": lambda a, b: a & b,
    "-": lambda a, b: a & ~b,
}


class CannotEvaluate(Exception):
    """The expression itself makes a model error in this state; the text says which."""


class _Leave(Exception):
    def __init__(self, label: str):
        super().__init__(label)
        self.label = label


def element(field: ir.Field, indices: Sequence[int]) -> str:
    """An element of the state as its author writes it: ``cell[n0].owner``."""
    shown = [f"[{dim.show(k)}]" for dim, k in zip(field.dims, indices, strict=True)]
    if "[]" in field.name:
        parts = field.name.split("[]")
        inner = "".join(part + index for part, index in zip(parts, shown, strict=False))
        return inner + parts[-1]
    head, dot, rest = field.name.partition(".")
    return head + "".join(shown) + dot + rest


def place(field: ir.Field, indices: Sequence[int]) -> int:
    """Where an element lies in the vector of a state."""
    at = 0
    for dim, k in zip(field.dims, indices, strict=True):
        at = at * dim.size + k
    return field.offset + at


def show(type_: Type, value: int) -> str:
    """A value of an expression (a code, or the number itself for a Range) as a person writes it."""
    return str(value) if isinstance(type_, IntT) else type_.show(value)


class Evaluator:
    """Evaluates in one state; ``old`` is the state before, for step invariants."""

    def __init__(self, roles: Sequence[ir.Role], now: State, old: State | None = None):
        self.roles = roles
        self.now = now
        self.old = old
        self.reads: dict[str, str] = {}
        self._rules: dict[type, Callable[[Any, Environment], int]] = {
            ir.Const: lambda e, env: int(e.value),
            ir.Local: lambda e, env: env[e.name],
            ir.Read: self._read,
            ir.Not: lambda e, env: int(not self.value(e.operand, env)),
            ir.And: lambda e, env: int(bool(self.value(e.left, env)) and bool(self.value(e.right, env))),
            ir.Or: lambda e, env: int(bool(self.value(e.left, env)) or bool(self.value(e.right, env))),
            ir.IfExp: lambda e, env: self.value(e.then if self.value(e.condition, env) else e.orelse, env),
            ir.Compare: lambda e, env: int(COMPARE[e.op](self.value(e.left, env), self.value(e.right, env))),
            ir.Arith: self._arith,
            ir.Cast: self._cast,
            ir.Recode: lambda e, env: self.value(e.operand, env),
            ir.Place: lambda e, env: self.value(e.operand, env) % e.operand.type.block,
            ir.Shift: self._shift,
            ir.Quantifier: self._quantifier,
            ir.UnionMake: self._union_make,
            ir.UnionTag: lambda e, env: e.operand.type.tag_of(self.value(e.operand, env)),
            ir.UnionGet: self._union_get,
            ir.SetMake: self._set_make,
            ir.SetHas: lambda e, env: self._member(self.value(e.item, env), self.value(e.operand, env)),
            ir.SetOp: lambda e, env: SETS[e.op](self.value(e.left, env), self.value(e.right, env)),
            ir.SetLen: lambda e, env: self.value(e.operand, env).bit_count(),
            ir.Do: self._do,
            ir.At: lambda e, env: int(any(self._stands(p, env) for p in e.places)),
        }

    def value(self, expr: ir.Expr, env: Environment) -> int:
        """The code of the value, or the number itself for a Range.

        Raises CannotEvaluate where the expression is a model error.
        """
        rule = self._rules.get(type(expr))
        if rule is None:
            raise CannotEvaluate(f"{expr.pos}: {type(expr).__name__} has no value in a promise")
        return rule(expr, env)

    def _read(self, e: ir.Read, env: Environment) -> int:
        indices = [self.value(index, env) for index in e.indices]
        state = self.old if e.old else self.now
        assert state is not None, "a promise about one state reads the state before"
        cells, contents = state
        code = cells[place(e.field, indices)]
        self.reads[("old " if e.old else "") + element(e.field, indices)] = contents.show(e.field.type, code)
        return code + e.field.type.low

    def _arith(self, e: ir.Arith, env: Environment) -> int:
        left, right = self.value(e.left, env), self.value(e.right, env)
        if e.op in ("//", "%") and right == 0:
            raise CannotEvaluate(f"{e.pos}: division by zero")
        return ARITH[e.op](left, right)

    def _cast(self, e: ir.Cast, env: Environment) -> int:
        value = self.value(e.operand, env)
        fits = 0 <= value - e.type.low < e.type.card
        if isinstance(e.operand.type, OptT) and not isinstance(e.type, OptT):
            fits = fits and value != e.operand.type.none
        if not fits:
            raise CannotEvaluate(f"{e.pos}: {e.message}")
        return value

    def _shift(self, e: ir.Shift, env: Environment) -> int:
        assert isinstance(e.type, IndexT)
        value, by = self.value(e.operand, env), self.value(e.by, env)
        if not 0 <= value % e.type.block + by < e.type.block:
            raise CannotEvaluate(f"{e.pos}: {outside_block(e.type)}")
        return value + by

    def bindings(self, binders: Sequence[ir.Binder], env: Environment) -> Iterator[Environment]:
        """The environments of a comprehension, in order."""
        if not binders:
            yield env
            return
        first = binders[0]
        for value in self._domain(first.domain, env):
            inner = env | {first.variable.name: value}
            if first.condition is None or self.value(first.condition, inner):
                yield from self.bindings(binders[1:], inner)

    def _domain(self, domain: ir.Domain, env: Environment) -> range:
        return range(self.value(domain.lo, env), self.value(domain.hi, env))

    def _quantifier(self, e: ir.Quantifier, env: Environment) -> int:
        values = (self.value(e.body, inner) for inner in self.bindings(e.binders, env))
        if e.kind == "all":
            return int(all(values))
        if e.kind == "any":
            return int(any(values))
        if e.kind == "sum":
            return sum(values)
        found = list(values)
        if not found:
            if e.default is None:
                raise CannotEvaluate(f"{e.pos}: {e.kind} of nothing")
            return self.value(e.default, env)
        return min(found) if e.kind == "min" else max(found)

    def _union_make(self, e: ir.UnionMake, env: Environment) -> int:
        assert isinstance(e.type, UnionT)
        code = 0
        for (_, type_), part in zip(e.type.cases[e.case][1], e.payload, strict=True):
            code = code * type_.card + self.value(part, env) - type_.low
        return e.type.base(e.case) + code

    def _union_get(self, e: ir.UnionGet, env: Environment) -> int:
        union = e.operand.type
        assert isinstance(union, UnionT)
        code = self.value(e.operand, env)
        if union.tag_of(code) != e.case:
            raise CannotEvaluate(f"{e.pos}: {union.show(code)} is not a {union.cases[e.case][0]}")
        return union.payload(code)[e.index] + union.cases[e.case][1][e.index][1].low

    def _set_make(self, e: ir.SetMake, env: Environment) -> int:
        assert isinstance(e.type, SetT)
        code = 0
        for item in e.items:
            code |= 1 << self.value(item, env)
        return code

    @staticmethod
    def _member(item: int, inside: int) -> int:
        return inside >> item & 1

    def _stands(self, p: ir.AtPlace, env: Environment) -> bool:
        role = self.roles[p.role]
        cells, _ = self.now
        actors = range(role.type.size) if p.actor is None else (self.value(p.actor, env),)
        for actor in actors:
            if cells[place(role.pc, (actor,))] != p.pc:
                continue
            if all(cells[place(slot, (actor,))] + slot.type.low == self.value(wanted, env)
                   for slot, wanted in p.values):
                return True
        return False

    def _do(self, e: ir.Do, env: Environment) -> int:
        self.run(e.body, env)
        return self.value(e.result, env)

    def run(self, body: Sequence[ir.Stmt], env: Environment) -> None:
        """Runs the statements of an inlined helper; locals of the helper go to ``env``."""
        for stmt in body:
            self._statement(stmt, env)

    def _statement(self, stmt: ir.Stmt, env: Environment) -> None:
        if isinstance(stmt, ir.SetLocal):
            env[stmt.name] = self.value(stmt.value, env)
        elif isinstance(stmt, ir.If):
            self.run(stmt.then if self.value(stmt.condition, env) else stmt.orelse, env)
        elif isinstance(stmt, ir.Block):
            try:
                self.run(stmt.body, env)
            except _Leave as leave:
                if leave.label != stmt.label:
                    raise
        elif isinstance(stmt, ir.Break):
            raise _Leave(stmt.label)
        elif isinstance(stmt, ir.For):
            for value in self._domain(stmt.domain, env):
                env[stmt.variable] = value
                self.run(stmt.body, env)
        elif isinstance(stmt, ir.Loop):
            while True:
                self.run(stmt.body, env)
        elif isinstance(stmt, ir.Hold):
            self.run(stmt.body, env)
        elif isinstance(stmt, ir.Fail):
            raise CannotEvaluate(f"{stmt.pos}: {stmt.message}")
        else:
            raise CannotEvaluate(f"{stmt.pos}: {type(stmt).__name__} in a promise")
