# SPDX-License-Identifier: GPL-2.0-or-later
"""From names and places to values."""

from __future__ import annotations

import ast
import enum
from typing import Any

from checker.language import ir
from checker.language import types as t
from checker.language.frames import Base
from checker.language.places import (
    Binding,
    Leaf,
    LocalB,
    NewRecordB,
    NoneT,
    PlaceB,
    StaticB,
    TupleB,
    kind,
)
from checker.language.shapes import SpinT, enum_type, index_type
from checker.language.sorts import Sort
from checker.language.walk import changes


class Core(Base):
    """What every part of the lowering needs: values, constants, conditions."""

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

    def reading(self, value: ir.Expr, node: ast.AST, place: str) -> ir.Expr:
        """The value, refused if getting it changes anything: here it may be wanted any number of times."""
        if changes(value):
            self.fail(node, f"{place} only reads the state: what stores or chooses belongs into a statement of its own")
        return value

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
            type_ = enum_type(type(value))
            return self.const(type_, type_.members.index(value.name), node)
        if isinstance(value, Sort):
            return self.const(index_type(type(value)), value.code, node)
        if isinstance(value, tuple):
            return TupleB(tuple(self.static(v, node) for v in value))
        return StaticB(value)

    def expression(self, node: ast.expr) -> Binding:
        """Lowers any expression."""
        raise NotImplementedError

    def called(self, call: ast.Call) -> Any:
        """The Python object that is called, if it is known by a name."""
        if not isinstance(call.func, (ast.Name, ast.Attribute)):
            return None
        callee = self.expression(call.func)
        return callee.value if isinstance(callee, StaticB) else None

    def yield_from(self, node: ast.YieldFrom) -> Binding:
        raise NotImplementedError

    def arithmetic(self, symbol: str, a: ir.Expr, b: ir.Expr, node: ast.AST) -> ir.Expr:
        raise NotImplementedError
