# SPDX-License-Identifier: GPL-2.0-or-later
"""Going through IR: the parts of expressions and statements."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any

from checker.language import ir


def no_parts(_: object) -> tuple[()]:
    return ()


def operand(expr: Any) -> tuple[ir.Expr, ...]:
    return (expr.operand,)


def bound(expr: ir.Quantifier) -> Iterator[ir.Expr | None]:
    for binder in expr.binders:
        yield from (binder.domain.lo, binder.domain.hi, binder.condition)
    yield from (expr.body, expr.default)


def asked(expr: ir.At) -> Iterator[ir.Expr | None]:
    for place in expr.places:
        yield place.actor
        yield from (value for _, value in place.values)


def given(parts: Iterable[ir.Expr | None]) -> tuple[ir.Expr, ...]:
    return tuple(part for part in parts if part is not None)


# Every build and every engine comes here for every node many times: one look at its type must do.
OPERANDS: dict[type[ir.Expr], Callable[[Any], tuple[ir.Expr, ...]]] = {
    **dict.fromkeys((ir.Const, ir.Local, ir.Fresh), no_parts),
    **dict.fromkeys((ir.Not, ir.Cast, ir.Recode, ir.Place, ir.UnionTag, ir.UnionGet, ir.SetLen), operand),
    **dict.fromkeys((ir.And, ir.Or, ir.Compare, ir.Arith, ir.SetOp), attrgetter("left", "right")),
    ir.Read: attrgetter("indices"),
    ir.Shift: attrgetter("operand", "by"),
    ir.IfExp: attrgetter("condition", "then", "orelse"),
    ir.UnionMake: attrgetter("payload"),
    ir.SetMake: attrgetter("items"),
    ir.SetHas: attrgetter("item", "operand"),
    ir.Quantifier: lambda expr: given(bound(expr)),
    ir.Do: lambda expr: (expr.result,),
    ir.At: lambda expr: given(asked(expr)),
}

EVALUATED: dict[type[ir.Stmt], Callable[[Any], tuple[ir.Expr, ...]]] = {
    ir.SetLocal: lambda node: (node.value,),
    ir.Store: lambda node: (node.value, *node.indices),
    **dict.fromkeys((ir.If, ir.Require, ir.Assert, ir.Expect), lambda node: (node.condition,)),
    ir.For: attrgetter("domain.lo", "domain.hi"),
    ir.Choose: lambda node: given((node.domain.lo, node.domain.hi, node.where)),
    ir.Hold: attrgetter("indices"),
}

BODIES: dict[type[ir.Stmt], Callable[[Any], tuple[tuple[ir.Stmt, ...], ...]]] = {
    ir.If: attrgetter("then", "orelse"),
    **dict.fromkeys((ir.Block, ir.For, ir.Loop, ir.Hold), lambda node: (node.body,)),
}


NODES = ir.Expr, ir.Stmt, ir.Domain, ir.Binder, ir.AtPlace


@cache
def _members(cls: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


def members(node: Any) -> tuple[str, ...]:
    """The names of the fields of a piece of IR."""
    return _members(node.__class__)


def children(expr: ir.Expr) -> tuple[ir.Expr, ...]:
    """The direct operands of an expression; not what is inside the body of a Do."""
    return OPERANDS[type(expr)](expr)


def expressions(statement: ir.Stmt) -> tuple[ir.Expr, ...]:
    """The expressions that a statement evaluates itself, not those of its inner statements."""
    return EVALUATED.get(type(statement), no_parts)(statement)


def bodies(statement: ir.Stmt) -> tuple[tuple[ir.Stmt, ...], ...]:
    """The inner statements of a statement."""
    return BODIES.get(type(statement), no_parts)(statement)


def every_expression(expr: ir.Expr) -> Iterator[ir.Expr]:
    """An expression and everything inside it, the bodies of Do included."""
    todo = [expr]
    while todo:
        part = todo.pop()
        yield part
        if isinstance(part, ir.Do):
            inner = [one for statement in every_statement(part.body) for one in expressions(statement)]
            todo += reversed(inner)
        todo += reversed(children(part))


def every_statement(body: tuple[ir.Stmt, ...]) -> Iterator[ir.Stmt]:
    """All statements of a body, inner ones included, in textual order."""
    todo = [*reversed(body)]
    while todo:
        statement = todo.pop()
        yield statement
        for inner in reversed(bodies(statement)):
            todo += reversed(inner)


def changes(expr: ir.Expr) -> bool:
    """Whether evaluating it stores something or makes a choice, in an inlined helper."""
    return any(
        isinstance(statement, (ir.Store, ir.Choose))
        for part in every_expression(expr)
        if isinstance(part, ir.Do)
        for statement in every_statement(part.body)
    )


def contains_yield(body: tuple[ir.Stmt, ...]) -> bool:
    return any(isinstance(s, ir.Yield) for s in every_statement(body))
