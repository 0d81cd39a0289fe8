# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of expressions."""

from __future__ import annotations

import ast
import enum
from typing import Any

from checker.language import ir
from checker.language import types as t
from checker.language.errors import ModelError
from checker.language.frames import Base
from checker.language.places import (
    ArrayNode,
    Binding,
    EmptySetT,
    Leaf,
    LocalB,
    NewRecordB,
    NoneT,
    PlaceB,
    RecordNode,
    StaticB,
    TupleB,
    kind,
    leaves,
    strip,
)
from checker.language.records import Record
from checker.language.shapes import SpinT, index_type
from checker.language.shapes import scalar as scalar_of
from checker.language.sorts import Case, Range, Sort, SortMeta, Union, bound_of
from checker.language.spec import Bound

COMPARISONS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
SET_OPERATIONS: dict[type[ast.operator], str] = {ast.BitOr: "|", ast.BitAnd: "&", ast.Sub: "-"}

REFUSED: dict[type[ast.AST], str] = {
    ast.List: "a list is no value here: use an Array or a Set field",
    ast.ListComp: "a list comprehension is not part of the language: use all, any, sum, min or max over a generator",
    ast.SetComp: "a set comprehension is not part of the language: add the elements in a loop",
    ast.Dict: "a dict is no value here: use an Array field",
    ast.DictComp: "a dict comprehension is not part of the language: use an Array field",
    ast.JoinedStr: "string formatting is not part of the language: texts are literals",
    ast.NamedExpr: "':=' is not part of the language: assign in a statement of its own",
    ast.Lambda: "a lambda belongs only into choose(..., where=lambda x: ...): write a helper function",
    ast.Slice: "a slice is not part of the language: loop over the sort",
    ast.Starred: "'*' arguments are not part of the language: pass each argument",
    ast.Await: "await is not part of the language: an operation yields",
    ast.GeneratorExp: "a generator belongs into all, any, sum, min or max",
    ast.Yield: "a yield is a statement of its own",
    ast.YieldFrom: "'yield from' is a statement of its own, or the whole right side of an assignment",
}


class Expressions(Base):
    """Lowers expressions; calls are lowered by a class built on this one."""

    # ------------------------------------------------------------- results

    def value(self, node: ast.expr) -> ir.Expr:
        """The expression's value; a place of a scalar is read."""
        return self.as_value(self.expression(node), node)

    def as_value(self, found: Binding, node: ast.AST) -> ir.Expr:
        match found:
            case ir.Expr():
                return found
            case PlaceB(Leaf() as leaf):
                if isinstance(leaf.field.type, (t.LockT, SpinT)):
                    self.fail(node, "a lock is no value: use locked(...), acquire(...), release(...)")
                return ir.Read(
                    type=leaf.field.type, pos=self.pos(node), field=leaf.field, indices=found.indices, old=found.old
                )
            case PlaceB(place):
                self.fail(node, f"{place} is a place, not a value: name one of its fields")
            case NewRecordB():
                self.fail(
                    node,
                    f"{found.shape.__name__}(...) is copied when it is assigned to a place of the state; "
                    "it cannot be kept in a name",
                )
            case TupleB():
                self.fail(node, "a tuple is only part of 'x in (a, b)'")
            case LocalB():
                return self.local(found.name, node)
        hint = ": texts are only labels; use an Enum" if isinstance(found.value, str) else ""
        self.fail(node, f"{self.describe(found.value)} is no value{hint}")

    def describe(self, value: Any) -> str:
        if isinstance(value, (float, str, bytes)):
            return f"a {type(value).__name__}"
        return str(getattr(value, "__name__", value))

    def boolean(self, node: ast.expr) -> ir.Expr:
        return self.condition(self.value(node), node)

    def number(self, node: ast.expr) -> ir.Expr:
        value = self.value(node)
        if not isinstance(value.type, t.IntT):
            self.fail(node, f"a number is wanted here, this is {kind(value.type)}")
        return value

    def const(self, type_: t.Type, value: int, node: ast.AST) -> ir.Const:
        return ir.Const(type=type_, pos=self.pos(node), value=value)

    def static(self, value: Any, node: ast.AST) -> Binding:
        """What a Python object that the rules refer to means."""
        if value is None:
            return self.const(NoneT(), 0, node)
        if isinstance(value, bool):
            return self.const(t.BOOL, int(value), node)
        if isinstance(value, int) and not isinstance(value, enum.Enum):
            return self.const(t.IntT(value, value), value, node)
        if isinstance(value, enum.Enum):
            members = tuple(m.name for m in type(value))
            return self.const(t.EnumT(type(value).__name__, members), members.index(value.name), node)
        if isinstance(value, Sort):
            return self.const(index_type(type(value)), value.code, node)
        if isinstance(value, tuple):
            return TupleB(tuple(self.static(v, node) for v in value))
        return StaticB(value)

    # ---------------------------------------------------------- dispatcher

    def expression(self, node: ast.expr) -> Binding:
        match node:
            case ast.Constant(value=value):
                if isinstance(value, (float, complex, bytes)) or value is Ellipsis:
                    self.fail(node, f"{value!r} is no value of the language: use whole numbers and enums")
                return self.static(value, node)
            case ast.Name(id=name):
                return self.lookup(name, node)
            case ast.Attribute():
                return self.attribute(node)
            case ast.Subscript():
                return self.subscript(node)
            case ast.Compare():
                return self.compare(node)
            case ast.BoolOp(op=op, values=values):
                return self.bool_op(isinstance(op, ast.And), values)
            case ast.UnaryOp():
                return self.unary(node)
            case ast.BinOp():
                return self.binary(node, self.expression(node.left), node.op, self.expression(node.right))
            case ast.IfExp():
                return self.if_expression(node)
            case ast.Call():
                return self.call(node)
            case ast.Set(elts=elements):
                return self.make_set(node, elements)
            case ast.Tuple(elts=elements):
                return TupleB(tuple(self.expression(e) for e in elements))
        self.fail(node, REFUSED.get(type(node), f"{type(node).__name__} is not part of the language"))

    def call(self, node: ast.Call) -> Binding:
        raise NotImplementedError

    # -------------------------------------------------- attributes, places

    def attribute(self, node: ast.Attribute) -> Binding:
        owner = self.expression(node.value)
        name = node.attr
        match owner:
            case PlaceB(RecordNode() as record):
                if name not in record.children:
                    self.fail(node, f"{record} has no field {name}: it has {', '.join(record.children) or 'none'}")
                return PlaceB(record.children[name], owner.indices, owner.old)
            case PlaceB(ArrayNode()):
                self.fail(node, f"{owner.node} is an array: index it first")
            case StaticB(Bound() as design):
                return self.switch(design, name, node)
            case StaticB(value):
                return self.static_attribute(value, name, node)
        value = self.as_value(owner, node)
        if isinstance(value.type, t.UnionT):
            return self.payload(value, value.type, name, node)
        if isinstance(value.type, t.SetT):
            self.fail(node, f"a Set has no .{name}: it is a value, write |= {{x}} or -= {{x}}")
        self.fail(node, f"{kind(value.type)} has no .{name}: only records and unions have parts")

    def static_attribute(self, value: Any, name: str, node: ast.Attribute) -> Binding:
        try:
            return self.static(getattr(value, name), node)
        except (AttributeError, ModelError):
            self.fail(node, f"{getattr(value, '__name__', value)} has no {name}")

    def switch(self, design: Bound, name: str, node: ast.AST) -> Binding:
        chosen = self.system.binding.design
        if not isinstance(chosen, design._cls):
            self.fail(node, f"this rule asks a {design._cls.__name__}, and the spec names no such design")
        try:
            return self.static(getattr(chosen, name), node)
        except AttributeError:
            self.fail(node, f"{design._cls.__name__} has no switch {name}")

    def payload(self, value: ir.Expr, type_: t.UnionT, name: str, node: ast.AST) -> ir.Expr:
        if name == "tag":
            return ir.UnionTag(type=type_.tag, pos=self.pos(node), operand=value)
        for case, (_, fields) in enumerate(type_.cases):
            for index, (field, of) in enumerate(fields):
                if field == name:
                    return ir.UnionGet(type=of, pos=self.pos(node), operand=value, case=case, index=index)
        self.fail(node, f"{type_.name} has no payload {name}")

    def subscript(self, node: ast.Subscript) -> Binding:
        owner = self.expression(node.value)
        if isinstance(node.slice, ast.Slice):
            self.fail(node, REFUSED[ast.Slice])
        if not isinstance(owner, PlaceB) or not isinstance(owner.node, ArrayNode):
            self.fail(node, "only arrays of the state can be indexed")
        index = self.value(node.slice)
        dim = owner.node.dim
        if strip(index.type) != dim:
            self.fail(node, f"this array is indexed by {dim}, not by {kind(index.type)}")
        if isinstance(index.type, t.OptT):
            index = ir.Cast(
                type=dim, pos=self.pos(node), operand=index, message=f"{array_name(owner)} is indexed by None"
            )
        return PlaceB(owner.node.child, (*owner.indices, index), owner.old)

    # ------------------------------------------------------------- compare

    def compare(self, node: ast.Compare) -> ir.Expr:
        parts: list[ir.Expr] = []
        left = self.expression(node.left)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.expression(right_node)
            parts.append(self.compare_two(left, op, right, node))
            left = right
        result = parts[0]
        for part in parts[1:]:
            result = self.both(result, part, node)
        return result

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
            self.check_ordered(a, b, node)
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
        type_ = scalar_of(cls, self.system.binding, cls.__name__).type
        assert isinstance(type_, t.UnionT)
        return type_

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

    # ------------------------------------------------------ boolean logic

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
        return a if isinstance(b, ir.Const) and b.value else ir.And(type=t.BOOL, pos=self.pos(node), left=a, right=b)

    def either(self, a: ir.Expr, b: ir.Expr, node: ast.AST) -> ir.Expr:
        if isinstance(a, ir.Const):
            return a if a.value else b
        return a if isinstance(b, ir.Const) and not b.value else ir.Or(type=t.BOOL, pos=self.pos(node), left=a, right=b)

    def negate(self, a: ir.Expr, node: ast.AST) -> ir.Expr:
        if isinstance(a, ir.Const):
            return self.const(t.BOOL, 1 - a.value, node)
        return ir.Not(type=t.BOOL, pos=self.pos(node), operand=a)

    def unary(self, node: ast.UnaryOp) -> ir.Expr:
        match node.op:
            case ast.Not():
                return self.negate(self.boolean(node.operand), node)
            case ast.USub():
                zero = self.const(t.IntT(0, 0), 0, node)
                return self.arithmetic("-", zero, self.number(node.operand), node)
            case ast.UAdd():
                return self.number(node.operand)
        self.fail(node, "'~' is not part of the language: write not, or a - b for sets")

    def if_expression(self, node: ast.IfExp) -> ir.Expr:
        test = self.boolean(node.test)
        if isinstance(test, ir.Const):
            return self.value(node.body if test.value else node.orelse)
        then, orelse = self.value(node.body), self.value(node.orelse)
        from checker.language.places import join

        type_ = join(then.type, orelse.type)
        if type_ is None:
            self.fail(node, f"one side is {kind(then.type)}, the other {kind(orelse.type)}")
        return ir.IfExp(
            type=type_,
            pos=self.pos(node),
            condition=test,
            then=self.coerce(then, type_, node),
            orelse=self.coerce(orelse, type_, node),
        )

    # ------------------------------------------------------ sets, numbers

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
        for side in (a, b):
            if not isinstance(side.type, t.IntT):
                if isinstance(side.type, t.IndexT) and side.type.kind == "ordered":
                    self.fail(node, f"{side.type} is an object, not a number: write {side.type}(int(x) + 1)")
                self.fail(node, f"a number is wanted here, this is {kind(side.type)}")
        return self.arithmetic(symbol, a, b, node)

    def arithmetic(self, symbol: str, a: ir.Expr, b: ir.Expr, node: ast.AST) -> ir.Expr:
        assert isinstance(a.type, t.IntT) and isinstance(b.type, t.IntT)
        type_ = interval(symbol, a.type, b.type)
        if isinstance(a, ir.Const) and isinstance(b, ir.Const) and not (symbol in "//%" and b.value == 0):
            value = compute(symbol, a.value, b.value)
            return self.const(t.IntT(value, value), value, node)
        return ir.Arith(type=type_, pos=self.pos(node), op=symbol, left=a, right=b)

    def range_type(self, annotation: Range) -> t.IntT:
        return t.IntT(bound_of(annotation.lo), bound_of(annotation.hi))


def array_name(place: PlaceB) -> str:
    """The name of an array as messages give it: ``cluster[].slot``."""
    _, leaf = next(leaves(place.node))
    return "[]".join(leaf.field.name.split("[]")[: len(place.indices) + 1])


def is_sort(value: Any) -> bool:
    return isinstance(value, SortMeta)


def is_record(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Record)


def fold(symbol: str, a: int, b: int) -> bool:
    return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[symbol]


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
