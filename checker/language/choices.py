# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of choices, and of what can be looped over."""

from __future__ import annotations

import ast
import enum
from typing import Any

from checker.language import ir
from checker.language import types as t
from checker.language.expressions import Expressions, is_sort
from checker.language.places import (
    Binding,
    LocalB,
    StaticB,
    kind,
)
from checker.language.shapes import enum_type, index_type
from checker.language.sorts import Range


class Choices(Expressions):
    """choose, choose_or_none, maybe, and the domains of loops."""

    def domain(self, node: ast.expr) -> tuple[ir.Domain, ir.Expr | None]:
        """What is looped over, and the set that an element must be in (if it is a set)."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            args = [self.number(a) for a in self.arguments(node, 1, 2)]
            lo = args[0] if len(args) == 2 else self.const(t.IntT(0, 0), 0, node)
            hi = args[-1]
            assert isinstance(lo.type, t.IntT) and isinstance(hi.type, t.IntT)
            type_ = t.IntT(lo.type.lo, max(lo.type.lo, hi.type.hi - 1))
            return ir.Domain(type=type_, lo=lo, hi=hi), None
        found = self.expression(node)
        if isinstance(found, StaticB):
            whole = self.whole(found.value)
            if whole is None:
                self.fail(
                    node,
                    f"{self.describe(found.value)} has no values to loop over or choose from: use a sort, an Enum, "
                    "range or a Set",
                )
            return self.all_of(whole, node), None
        value = self.as_value(found, node)
        if not isinstance(value.type, t.SetT):
            self.fail(
                node,
                f"{kind(value.type)} has no values to loop over or choose from: use a sort, an Enum, range or a Set",
            )
        return self.all_of(value.type.of, node), value

    def whole(self, value: Any) -> t.Type | None:
        if isinstance(value, Range):
            return self.range_type(value)
        if value is bool:
            return t.BOOL
        if is_sort(value) and value.kind != "data":
            return index_type(value)
        if isinstance(value, enum.EnumMeta):
            return enum_type(value)
        return None

    def all_of(self, type_: t.Type, node: ast.AST) -> ir.Domain:
        count = t.IntT(0, type_.card)
        low, high = type_.low, type_.low + type_.card
        return ir.Domain(type=type_, lo=self.const(count, low, node), hi=self.const(count, high, node))

    def choose(self, node: ast.Call, empty: str) -> Binding:
        self.not_in_promise(node)
        where: ast.expr | None = node.args[1] if len(node.args) == 2 else None
        for keyword in node.keywords:
            if keyword.arg == "where":
                where = keyword.value
            elif keyword.arg == "or_block" and empty == "error":
                if not isinstance(keyword.value, ast.Constant):
                    self.fail(node, "or_block is True or False")
                empty = "block" if keyword.value.value else empty
            else:
                self.fail(node, f"{ast.unparse(node.func)} has no argument {keyword.arg}")
        if not 1 <= len(node.args) <= 2:
            self.fail(node, f"{ast.unparse(node.func)} takes a sort and where=lambda x: ...")
        with self.capture() as body:
            domain, within = self.domain(node.args[0])
            candidate, name = self.fresh_name("candidate"), self.fresh_name("chosen")
            self.declare(candidate, domain.type, node)
            condition: ir.Expr | None = None
            if within is not None:
                within = self.reading(within, node, "the set to choose from")
                condition = ir.SetHas(type=t.BOOL, pos=self.pos(node), item=self.local(candidate, node), operand=within)
            if where is not None:
                one = self.where(where, candidate)
                condition = one if condition is None else self.both(condition, one, node)
            type_ = domain.type
            if empty == "none":
                if not isinstance(type_, (t.IndexT, t.EnumT)):
                    self.fail(node, "choose_or_none takes a sort or an enum")
                type_ = t.OptT(type_)
            self.declare(name, type_, node)
            body.append(
                ir.Choose(
                    pos=self.pos(node),
                    name=name,
                    candidate=candidate,
                    domain=domain,
                    where=condition,
                    empty=empty,
                    text=self.frame.source.text(node.args[0]),
                )
            )
        return ir.Do(type=type_, pos=self.pos(node), body=tuple(body), result=self.local(name, node))

    def where(self, node: ast.expr, candidate: str) -> ir.Expr:
        if not isinstance(node, ast.Lambda) or len(node.args.args) != 1:
            self.fail(node, "where= takes a lambda of one argument: where=lambda x: ...")
        saved = dict(self.frame.names)
        self.frame.names[node.args.args[0].arg] = LocalB(candidate)
        condition = self.reading(self.boolean(node.body), node, "where=")
        self.frame.names = saved
        return condition

    def maybe(self, node: ast.Call) -> Binding:
        self.not_in_promise(node)
        text = self.arguments(node, 1, 1)[0]
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
            self.fail(node, 'maybe takes a literal text: maybe("allocation fails")')
        self.seen.failures[text.value] = self.system.binding.may_fail(text.value)
        if not self.seen.failures[text.value]:
            return self.const(t.BOOL, 0, node)
        candidate, name = self.fresh_name("candidate"), self.fresh_name("chosen")
        for local in (candidate, name):
            self.declare(local, t.BOOL, node)
        statement = ir.Choose(
            pos=self.pos(node),
            name=name,
            candidate=candidate,
            domain=self.all_of(t.BOOL, node),
            where=None,
            empty="error",
            text=text.value,
        )
        return ir.Do(type=t.BOOL, pos=self.pos(node), body=(statement,), result=self.local(name, node))

    def not_in_promise(self, node: ast.AST) -> None:
        if self.promise_kind is not None:
            word = ast.unparse(node.func) if isinstance(node, ast.Call) else "this"
            self.fail(
                node, f"{word} belongs into rules and operations: a promise only looks at the state and returns a bool"
            )

    def arguments(self, node: ast.Call, least: int, most: int) -> list[ast.expr]:
        if node.keywords or not least <= len(node.args) <= most:
            self.fail(
                node,
                f"{ast.unparse(node.func)} takes {least if least == most else f'{least} to {most}'} arguments here",
            )
        return node.args
