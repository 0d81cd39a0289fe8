# SPDX-License-Identifier: GPL-2.0-or-later
"""Going through IR: the parts of expressions and statements."""

from __future__ import annotations

from collections.abc import Iterator

from checker.language import ir


def children(expr: ir.Expr) -> Iterator[ir.Expr]:
    """The direct operands of an expression; not what is inside the body of a Do."""
    match expr:
        case ir.Read(indices=indices):
            yield from indices
        case (
            ir.Not(operand=x)
            | ir.Cast(operand=x)
            | ir.Recode(operand=x)
            | ir.UnionTag(operand=x)
            | ir.SetLen(operand=x)
            | ir.Place(operand=x)
        ):
            yield x
        case ir.UnionGet(operand=x):
            yield x
        case ir.And(left=a, right=b) | ir.Or(left=a, right=b) | ir.Compare(left=a, right=b) | ir.Arith(left=a, right=b):
            yield a
            yield b
        case ir.SetOp(left=a, right=b) | ir.Shift(operand=a, by=b):
            yield a
            yield b
        case ir.IfExp(condition=c, then=a, orelse=b):
            yield from (c, a, b)
        case ir.UnionMake(payload=items) | ir.SetMake(items=items):
            yield from items
        case ir.SetHas(item=a, operand=b):
            yield a
            yield b
        case ir.Quantifier(binders=binders, body=body, default=default):
            for binder in binders:
                yield from (binder.domain.lo, binder.domain.hi)
                if binder.condition is not None:
                    yield binder.condition
            yield body
            if default is not None:
                yield default
        case ir.Do(result=result):
            yield result
        case ir.At(places=places):
            for place in places:
                if place.actor is not None:
                    yield place.actor
                for _, value in place.values:
                    yield value


def expressions(statement: ir.Stmt) -> Iterator[ir.Expr]:
    """The expressions that a statement evaluates itself, not those of its inner statements."""
    match statement:
        case ir.SetLocal(value=value):
            yield value
        case ir.Store(value=value, indices=indices):
            yield value
            yield from indices
        case ir.If(condition=c) | ir.Require(condition=c) | ir.Assert(condition=c) | ir.Expect(condition=c):
            yield c
        case ir.For(domain=domain):
            yield domain.lo
            yield domain.hi
        case ir.Choose(domain=domain, where=where):
            yield domain.lo
            yield domain.hi
            if where is not None:
                yield where
        case ir.Hold(indices=indices):
            yield from indices


def bodies(statement: ir.Stmt) -> Iterator[tuple[ir.Stmt, ...]]:
    """The inner statements of a statement."""
    match statement:
        case ir.If(then=then, orelse=orelse):
            yield then
            yield orelse
        case ir.Block(body=body) | ir.For(body=body) | ir.Loop(body=body) | ir.Hold(body=body):
            yield body


def every_expression(expr: ir.Expr) -> Iterator[ir.Expr]:
    """An expression and everything inside it, the bodies of Do included."""
    yield expr
    for child in children(expr):
        yield from every_expression(child)
    if isinstance(expr, ir.Do):
        for inner in every_statement(expr.body):
            for part in expressions(inner):
                yield from every_expression(part)


def every_statement(body: tuple[ir.Stmt, ...]) -> Iterator[ir.Stmt]:
    """All statements of a body, inner ones included, in textual order."""
    for statement in body:
        yield statement
        for inner in bodies(statement):
            yield from every_statement(inner)


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
