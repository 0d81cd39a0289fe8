# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of comparisons and of and, or, not."""

from __future__ import annotations

import ast

from checker.language import ir
from checker.language import types as t
from checker.language.arithmetic import settled
from checker.language.core import Core
from checker.language.places import (
    Binding,
    EmptySetT,
    NoneT,
    StaticB,
    TupleB,
    kind,
    strip,
)
from checker.language.shapes import scalar as scalar_of
from checker.language.sorts import Case, Union
from checker.language.walk import every_expression

COMPARISONS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


class Comparing(Core):
    """Comparisons, membership, boolean logic."""

    def compare(self, node: ast.Compare) -> ir.Expr:
        parts: list[ir.Expr] = []
        left = self.expression(node.left)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.expression(right_node)
            again = right
            if right_node is not node.comparators[-1] and has_effects(right):
                right, again = self.once(self.as_value(right, right_node), right_node)
            parts.append(self.compare_two(left, op, right, node))
            left = again
        result = parts[0]
        for part in parts[1:]:
            result = self.both(result, part, node)
        return result

    def once(self, value: ir.Expr, node: ast.AST) -> tuple[ir.Expr, ir.Expr]:
        """A value that is computed at its first use and kept for the next."""
        name = self.fresh_name("middle")
        self.declare(name, value.type, node)
        kept = self.local(name, node)
        body = (ir.SetLocal(pos=self.pos(node), name=name, value=value),)
        return ir.Do(type=value.type, pos=self.pos(node), body=body, result=kept), kept

    def compare_two(self, left: Binding, op: ast.cmpop, right: Binding, node: ast.Compare) -> ir.Expr:
        if isinstance(op, (ast.In, ast.NotIn)):
            found = self.membership(left, right, node)
            return self.negate(found, node) if isinstance(op, ast.NotIn) else found
        if isinstance(op, (ast.Is, ast.IsNot)):
            return self.is_none(left, isinstance(op, ast.Is), right, node)
        a, b = self.pair(left, right, node)
        symbol = COMPARISONS[type(op)]
        for one, other in ((a, b), (b, a)):
            if isinstance(one.type, NoneT):
                self.fail(node, f'compare with None by "is": {kind(other.type)} is None')
        same = strip(a.type) == strip(b.type) or (isinstance(a.type, t.IntT) and isinstance(b.type, t.IntT))
        if isinstance(a.type, EmptySetT) or isinstance(b.type, EmptySetT):
            other = b if isinstance(a.type, EmptySetT) else a
            same = isinstance(other.type, t.SetT)
            a, b = (self.coerce(x, other.type, node) for x in (a, b))
        if not same:
            self.fail(node, f"comparing {kind(a.type)} with {kind(b.type)}")
        if symbol not in ("==", "!="):
            a, b = (self.coerce(x, strip(x.type), node, ", in a comparison of order") for x in (a, b))
            self.check_ordered(a, b, node)
        a, b = settled(a), settled(b)
        if isinstance(a, ir.Const) and isinstance(b, ir.Const):
            return self.const(t.BOOL, int(fold(symbol, a.value, b.value)), node)
        return ir.Compare(type=t.BOOL, pos=self.pos(node), op=symbol, left=a, right=b)

    def pair(self, left: Binding, right: Binding, node: ast.AST) -> tuple[ir.Expr, ir.Expr]:
        """Both sides as values; a Case means its tag beside a tag, else itself."""
        values: list[ir.Expr] = []
        for one, other in ((left, right), (right, left)):
            if isinstance(one, StaticB) and isinstance(one.value, Case):
                values.append(self.case_value(one.value, other, node))
            else:
                values.append(self.as_value(one, node))
        return values[0], values[1]

    def case_value(self, case: Case, beside: Binding, node: ast.AST) -> ir.Expr:
        union = self.union(case.union)
        number = case.union.cases.index(case)
        if isinstance(beside, ir.Expr) and beside.type == union.tag:
            return self.const(union.tag, number, node)
        return self.make_case(case, (), node)

    def union(self, cls: type[Union]) -> t.UnionT:
        known = self.system.unions.get(cls)
        if known is None:
            type_ = scalar_of(cls, self.system.binding, cls.__name__).type
            assert isinstance(type_, t.UnionT)
            known = self.system.unions[cls] = type_
        return known

    def make_case(self, case: Case, payload: tuple[ir.Expr, ...], node: ast.AST) -> ir.Expr:
        union = self.union(case.union)
        number = case.union.cases.index(case)
        fields = union.cases[number][1]
        if len(fields) != len(payload):
            self.fail(
                node, f"{case.name} has the payload ({', '.join(case.fields)}): write {case.name}(...), or compare .tag"
            )
        if not fields:
            return self.const(union, union.base(number), node)
        values = tuple(self.coerce(v, of, node) for v, (_, of) in zip(payload, fields, strict=True))
        return ir.UnionMake(type=union, pos=self.pos(node), case=number, payload=values)

    def check_ordered(self, a: ir.Expr, b: ir.Expr, node: ast.AST) -> None:
        for side in (a, b):
            if isinstance(side.type, t.IntT) or (isinstance(side.type, t.IndexT) and side.type.kind == "ordered"):
                continue
            if isinstance(side.type, t.IndexT):
                self.fail(node, f"{side.type} is symmetric: its objects have no order (Index, ordered=True has one)")
            self.fail(node, f"only numbers and ordered sorts have an order, not {kind(side.type)}")

    def is_none(self, left: Binding, positive: bool, right: Binding, node: ast.AST) -> ir.Expr:
        b = self.as_value(right, node)
        if not isinstance(b.type, NoneT):
            self.fail(node, "'is' is only for None: write '==' or '!='")
        a = self.as_value(left, node)
        if isinstance(a.type, t.OptT):
            none = self.const(a.type, a.type.none, node)
            return ir.Compare(type=t.BOOL, pos=self.pos(node), op="==" if positive else "!=", left=a, right=none)
        if isinstance(a.type, (NoneT, t.IndexT, t.EnumT)):
            truth = isinstance(a.type, NoneT) == positive
            constant = self.const(t.BOOL, int(truth), node)
            if isinstance(a, (ir.Const, ir.Local, ir.Read)):
                return constant
            return ir.Do(type=t.BOOL, pos=self.pos(node), body=(self.drop(a, node),), result=constant)
        self.fail(node, f"{kind(a.type)} is never None")

    def drop(self, value: ir.Expr, node: ast.AST) -> ir.Stmt:
        """Evaluates for its effects."""
        name = self.fresh_name("dropped")
        self.declare(name, value.type, node)
        return ir.SetLocal(pos=self.pos(node), name=name, value=value)

    def membership(self, left: Binding, right: Binding, node: ast.Compare) -> ir.Expr:
        if isinstance(right, TupleB):
            result: ir.Expr = self.const(t.BOOL, 0, node)
            for item in right.items:
                if isinstance(item, ir.Expr) and isinstance(item.type, NoneT):
                    one = self.is_none(left, True, item, node)
                else:
                    one = self.compare_two(left, ast.Eq(), item, node)
                result = self.either(result, one, node)
            return result
        collection = self.as_value(right, node)
        if not isinstance(collection.type, t.SetT):
            self.fail(node, f"'in' takes a tuple or a Set, not {kind(collection.type)}")
        item_ = self.as_value(left, node)
        if item_.type != collection.type.of:
            if strip(item_.type) != collection.type.of:
                self.fail(node, f"comparing {kind(item_.type)} with {kind(collection.type.of)}")
            item_ = self.coerce(item_, collection.type.of, node)
        return ir.SetHas(type=t.BOOL, pos=self.pos(node), item=item_, operand=collection)

    def bool_op(self, conjunction: bool, values: list[ast.expr]) -> ir.Expr:
        result = self.boolean(values[0])
        for node in values[1:]:
            if isinstance(result, ir.Const) and bool(result.value) != conjunction:
                return result
            right = self.boolean(node)
            result = self.both(result, right, node) if conjunction else self.either(result, right, node)
        return result

    def both(self, a: ir.Expr, b: ir.Expr, node: ast.AST) -> ir.Expr:
        if isinstance(a, ir.Const):
            return b if a.value else a
        if isinstance(b, ir.Const) and (b.value or harmless(a)):
            return a if b.value else b
        return ir.And(type=t.BOOL, pos=self.pos(node), left=a, right=b)

    def either(self, a: ir.Expr, b: ir.Expr, node: ast.AST) -> ir.Expr:
        if isinstance(a, ir.Const):
            return a if a.value else b
        if isinstance(b, ir.Const) and (not b.value or harmless(a)):
            return b if b.value else a
        return ir.Or(type=t.BOOL, pos=self.pos(node), left=a, right=b)

    def negate(self, a: ir.Expr, node: ast.AST) -> ir.Expr:
        if isinstance(a, ir.Const):
            return self.const(t.BOOL, 1 - a.value, node)
        return ir.Not(type=t.BOOL, pos=self.pos(node), operand=a)


def fold(symbol: str, a: int, b: int) -> bool:
    return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[symbol]


def has_effects(found: Binding) -> bool:
    """Whether lowering the value twice would run something twice."""
    return isinstance(found, ir.Expr) and any(isinstance(part, ir.Do) for part in every_expression(found))


HARMLESS = (
    ir.Const,
    ir.Local,
    ir.Read,
    ir.Not,
    ir.And,
    ir.Or,
    ir.Compare,
    ir.Recode,
    ir.UnionTag,
    ir.SetHas,
    ir.SetLen,
)


def harmless(value: ir.Expr) -> bool:
    """Whether evaluating changes nothing and cannot be a model error, so that it may be left out."""
    return all(isinstance(part, HARMLESS) for part in every_expression(value))
