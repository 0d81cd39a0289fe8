# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of expressions."""

from __future__ import annotations

import ast
from typing import Any

from checker.language import ir
from checker.language import types as t
from checker.language.arithmetic import Numbers
from checker.language.comparing import Comparing
from checker.language.errors import ModelError
from checker.language.places import (
    ArrayNode,
    Binding,
    PlaceB,
    RecordNode,
    StaticB,
    TupleB,
    kind,
    leaves,
    strip,
)
from checker.language.records import Record
from checker.language.sorts import Case, SortMeta
from checker.language.spec import Bound

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


class Expressions(Numbers, Comparing):
    """Finds out what an expression is, and lowers it."""

    def expression(self, node: ast.expr) -> Binding:
        match node:
            case ast.Name(id=name):
                return self.lookup(name, node)
            case ast.Attribute():
                return self.attribute(node)
            case ast.Constant(value=value):
                if isinstance(value, (float, complex, bytes)) or value is Ellipsis:
                    self.fail(node, f"{value!r} is no value of the language: use whole numbers and enums")
                return self.static(value, node)
            case ast.Call():
                return self.call(node)
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
            case ast.Set(elts=elements):
                return self.make_set(node, elements)
            case ast.Tuple(elts=elements):
                return TupleB(tuple(self.expression(e) for e in elements))
        self.fail(node, REFUSED.get(type(node), f"{type(node).__name__} is not part of the language"))

    def call(self, node: ast.Call) -> Binding:
        raise NotImplementedError

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
            found = getattr(value, name)
            self.seen.attributes.append((value, name, found))
            return self.static(found, node)
        except (AttributeError, ModelError):
            self.fail(node, f"{getattr(value, '__name__', value)} has no {name}")

    def switch(self, design: Bound, name: str, node: ast.AST) -> Binding:
        chosen = self.system.binding.design
        if not isinstance(chosen, design._cls):
            self.fail(node, f"this rule asks a {design._cls.__name__}, and the spec names no such design")
        self.system.binding.switches.add(name)
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

    def one_side(self, node: ast.expr) -> ir.Expr:
        """A value, or a bare case: ``Word.NONE if gone else word``."""
        found = self.expression(node)
        if isinstance(found, StaticB) and isinstance(found.value, Case):
            return self.make_case(found.value, (), node)
        return self.as_value(found, node)

    def if_expression(self, node: ast.IfExp) -> ir.Expr:
        test = self.boolean(node.test)
        if isinstance(test, ir.Const):
            return self.one_side(node.body if test.value else node.orelse)
        then, orelse = self.one_side(node.body), self.one_side(node.orelse)
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


def array_name(place: PlaceB) -> str:
    """The name of an array as messages give it: ``cluster[].slot``."""
    _, leaf = next(leaves(place.node))
    return "[]".join(leaf.field.name.split("[]")[: len(place.indices) + 1])


def is_sort(value: Any) -> bool:
    return isinstance(value, SortMeta)


def is_record(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Record)
