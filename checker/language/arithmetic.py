# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of arithmetic and of sets."""

from __future__ import annotations

import ast

from checker.language import ir
from checker.language import types as t
from checker.language.core import Core
from checker.language.places import (
    Binding,
    EmptySetT,
    kind,
    strip,
)
from checker.language.sorts import Range, bound_of

ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
SET_OPERATIONS: dict[type[ast.operator], str] = {ast.BitOr: "|", ast.BitAnd: "&", ast.Sub: "-"}


class Numbers(Core):
    """Numbers with their intervals, and sets."""

    def make_set(self, node: ast.AST, elements: list[ast.expr]) -> ir.Expr:
        items = tuple(self.value(e) for e in elements)
        of = strip(items[0].type)
        if not isinstance(of, (t.IndexT, t.EnumT)):
            self.fail(node, f"a set holds objects of a sort or an enum, not {kind(of)}")
        items = tuple(self.coerce(item, of, node) for item in items)
        return ir.SetMake(type=t.SetT(of), pos=self.pos(node), items=items)

    def binary(self, node: ast.AST, left: Binding, op: ast.operator, right: Binding) -> ir.Expr:
        a, b = self.as_value(left, node), self.as_value(right, node)
        if isinstance(a.type, (t.SetT, EmptySetT)) or isinstance(b.type, (t.SetT, EmptySetT)):
            symbol = SET_OPERATIONS.get(type(op))
            type_ = a.type if isinstance(a.type, t.SetT) else b.type
            if symbol is None or not isinstance(type_, t.SetT):
                self.fail(node, "sets have | & and -")
            a, b = self.coerce(a, type_, node), self.coerce(b, type_, node)
            return ir.SetOp(type=type_, pos=self.pos(node), op=symbol, left=a, right=b)
        symbol = ARITHMETIC.get(type(op))
        if symbol is None:
            self.fail(node, f"{type(op).__name__} is not part of the language: numbers have + - * // %")
        sort = strip(a.type)
        if symbol in "+-" and isinstance(sort, t.IndexT) and sort.kind == "symmetric":
            return self.shift(self.coerce(a, sort, node), symbol, b, node)
        for side in (a, b):
            if not isinstance(side.type, t.IntT):
                if isinstance(side.type, t.IndexT) and side.type.kind == "ordered":
                    self.fail(node, f"{side.type} is an object, not a number: write {side.type}(int(x) + 1)")
                self.fail(node, f"a number is wanted here, this is {kind(side.type)}")
        return self.arithmetic(symbol, a, b, node)

    def shift(self, a: ir.Expr, symbol: str, by: ir.Expr, node: ast.AST) -> ir.Expr:
        """``v + i``: the object i places further in the block of v."""
        assert isinstance(a.type, t.IndexT)
        if not isinstance(by.type, t.IntT):
            self.fail(node, f"{a.type} {symbol} a number of places is another object of the block, this is "
                            f"{kind(by.type)}")
        if symbol == "-":
            by = self.arithmetic("-", self.const(t.IntT(0, 0), 0, node), by, node)
        assert isinstance(by.type, t.IntT)
        if (by.type.lo, by.type.hi) == (0, 0) and cannot_fail(by):
            return a
        return ir.Shift(type=a.type, pos=self.pos(node), operand=a, by=by)

    def arithmetic(self, symbol: str, a: ir.Expr, b: ir.Expr, node: ast.AST) -> ir.Expr:
        assert isinstance(a.type, t.IntT) and isinstance(b.type, t.IntT)
        a, b = settled(a), settled(b)
        type_ = interval(symbol, a.type, b.type)  # type: ignore[arg-type]
        if isinstance(a, ir.Const) and isinstance(b, ir.Const) and not (symbol in "//%" and b.value == 0):
            value = compute(symbol, a.value, b.value)
            return self.const(t.IntT(value, value), value, node)
        return settled(ir.Arith(type=type_, pos=self.pos(node), op=symbol, left=a, right=b))

    def range_type(self, annotation: Range) -> t.IntT:
        return t.IntT(bound_of(annotation.lo), bound_of(annotation.hi))


def cannot_fail(e: ir.Expr) -> bool:
    """Whether the value can be left out where it is known."""
    match e:
        case ir.Const() | ir.Local():
            return True
        case ir.Read(indices=parts):
            return all(map(cannot_fail, parts))
        case ir.Place(operand=x):
            return cannot_fail(x)
        case ir.Arith(op=op, left=a, right=b):
            divides = op not in ("//", "%") or (isinstance(b, ir.Const) and b.value != 0)
            return divides and cannot_fail(a) and cannot_fail(b)
    return False


def settled(e: ir.Expr) -> ir.Expr:
    """A number for which its type leaves no choice is a constant: the only place in a block of one, say."""
    if isinstance(e.type, t.IntT) and e.type.lo == e.type.hi and not isinstance(e, ir.Const) and cannot_fail(e):
        return ir.Const(type=e.type, pos=e.pos, value=e.type.lo)
    return e


def compute(symbol: str, a: int, b: int) -> int:
    match symbol:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "//":
            return a // b
        case "%":
            return a % b
        case "min":
            return min(a, b)
    return max(a, b)


def interval(symbol: str, a: t.IntT, b: t.IntT) -> t.IntT:
    """The smallest interval that holds every result, within the widest one."""
    if symbol in ("//", "%"):
        divisors = {n for n in (b.lo, b.hi, -1, 1) if b.lo <= n <= b.hi and n} or {1}
        if symbol == "%":
            widest = max(abs(n) for n in divisors)
            return t.IntT(0 if b.lo >= 0 else 1 - widest, widest - 1 if b.hi > 0 else 0)
    else:
        divisors = {b.lo, b.hi}
    values = [compute(symbol, x, y) for x in (a.lo, a.hi) for y in divisors]
    clamp = [max(-t.WIDE, min(t.WIDE, v)) for v in values]
    return t.IntT(min(clamp), max(clamp))
