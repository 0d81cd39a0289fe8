# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of assignments."""

from __future__ import annotations

import ast
from typing import Any

from checker.language import ir, verbs
from checker.language import types as t
from checker.language.calls import Calls
from checker.language.places import (
    Binding,
    Leaf,
    LocalB,
    NewRecordB,
    PlaceB,
    RecordNode,
    StaticB,
    leaves,
)
from checker.language.records import first_code
from checker.language.shapes import SpinT
from checker.language.sorts import Case, Range


class Assignments(Calls):
    """Names, fields, and copies of records."""

    def assignment(self, node: ast.Assign) -> None:
        if len(node.targets) != 1:
            self.fail(node, "one assignment has one target: write two statements")
        target = node.targets[0]
        if isinstance(target, (ast.Tuple, ast.List)):
            self.fail(node, "unpacking is not part of the language: write one assignment each")
        if isinstance(node.value, ast.YieldFrom):
            self.store(target, self.yield_from(node.value), node)
            return
        fresh = self.fresh_content(node.value)
        if fresh is not None:
            if isinstance(target, ast.Name):
                self.fail(
                    node, "fresh(...) is written straight into a field of the state: s.page[p].content = fresh(Content)"
                )
            self.store(target, fresh, node)
            return
        self.store(target, self.expression(node.value), node)

    def fresh_content(self, node: ast.expr) -> ir.Expr | None:
        if not isinstance(node, ast.Call) or self.called(node) is not verbs.fresh:
            return None
        sort = self.expression(self.arguments(node, 1, 1)[0])
        if not isinstance(sort, StaticB) or getattr(sort.value, "kind", "") != "data":
            self.fail(node, "fresh takes a Data sort")
        from checker.language.shapes import index_type

        return ir.Fresh(type=index_type(sort.value), pos=self.pos(node))

    def store(self, target: ast.expr, found: Binding, node: ast.stmt) -> None:
        if isinstance(target, ast.Name):
            self.bind(target.id, found, node)
            return
        if not isinstance(target, (ast.Attribute, ast.Subscript)):
            self.fail(node, "assign to a name or to a field of the state")
        if isinstance(found, StaticB) and isinstance(found.value, Case):
            found = self.make_case(found.value, (), node)
        if isinstance(found, PlaceB) and isinstance(found.node, Leaf):
            found = self.as_value(found, node)
        if isinstance(found, ir.Expr):
            found = self.flatten(found)
        place = self.place(target)
        if isinstance(place.node, Leaf):
            self.store_leaf(place, self.as_value(found, node), node, self.frame.source.text(target))
        elif isinstance(place.node, RecordNode):
            self.copy(place, found, node)
        else:
            self.fail(node, "an array is assigned element by element")

    def place(self, target: ast.expr) -> PlaceB:
        place = self.expression(target)
        if not isinstance(place, PlaceB):
            self.fail(target, "only names and fields of the state can be assigned")
        if self.promise_kind is not None:
            self.fail(target, "a promise only reads the state: what changes it is a rule")
        return place

    def store_leaf(self, place: PlaceB, value: ir.Expr, node: ast.AST, text: str) -> None:
        assert isinstance(place.node, Leaf)
        field = place.node.field
        if isinstance(field.type, (t.LockT, SpinT)):
            self.fail(node, f"{text} is a lock: use acquire and release")
        value = self.coerce(value, field.type, node, f", {text}")
        self.out.append(ir.Store(pos=self.pos(node), field=field, indices=place.indices, value=value))

    def bind(self, name: str, found: Binding, node: ast.stmt) -> None:
        """``name = ...`` for a plain name."""
        names = self.frame.names
        known = names.get(name)
        if isinstance(found, StaticB) and isinstance(found.value, Case):
            found = self.make_case(found.value, (), node)
        if isinstance(found, PlaceB) and (
            not isinstance(found.node, Leaf) or isinstance(found.node.field.type, (t.LockT, SpinT))
        ):
            if known is not None and (
                not isinstance(known, PlaceB) or known.node is not found.node or known.old != found.old
            ):
                self.fail(node, f"{name} may name a record of one array only")
            bound = self.bind_place(name, found, node)
            if known is not None and isinstance(known, PlaceB):
                for old, new in zip(known.indices, bound.indices, strict=True):
                    if old != new and not (
                        isinstance(old, ir.Local) and isinstance(new, ir.Local) and old.name == new.name
                    ):
                        self.fail(
                            node, f"{name} is bound to two elements in two ways: bind it once, before the branches"
                        )
            names[name] = bound
            return
        if isinstance(known, PlaceB):
            self.fail(node, f"{name} names a place of the state elsewhere: use another name for a value")
        value = self.as_value(found, node)
        local = f"{self.frame.prefix}{name}"
        if known is not None and (not isinstance(known, LocalB) or known.name != local):
            self.fail(node, f"{name} is a parameter that names something else: use another name")
        self.origin[local] = (self.frame.depth, name, None)
        self.assign(local, value, node)
        names[name] = LocalB(local)

    def copy(self, place: PlaceB, found: Binding, node: ast.AST) -> None:
        """Copies a record: all of the source is read before any of the target is written."""
        assert isinstance(place.node, RecordNode)
        if isinstance(found, PlaceB) and isinstance(found.node, RecordNode):
            if found.node.shape.python is not place.node.shape.python:
                self.fail(node, f"{place.node} is wanted here, this is {found.node}")
            source = self.fixed(found, node)
            target = self.fixed(place, node)
            for path, leaf in leaves(place.node):
                other = follow(source.node, path)
                self.each(
                    leaf,
                    len(target.indices),
                    node,
                    lambda extra, leaf=leaf, other=other: ir.Store(
                        pos=self.pos(node),
                        field=leaf.field,
                        indices=(*target.indices, *extra),
                        value=ir.Read(
                            type=leaf.field.type,
                            pos=self.pos(node),
                            field=other.field,
                            indices=(*source.indices, *extra),
                            old=source.old,
                        ),
                    ),
                )
            return
        if not isinstance(found, NewRecordB):
            self.fail(node, f"a {place.node} is wanted here")
        if found.shape is not place.node.shape.python:
            self.fail(node, f"{place.node} is wanted here, this is {found.shape.__name__}")
        self.construct(place, found, node)

    def construct(self, place: PlaceB, new: NewRecordB, node: ast.AST) -> None:
        assert isinstance(place.node, RecordNode)
        for name in new.fields:
            if name not in place.node.children:
                self.fail(node, f"{place.node} has no field {name}")
        given: dict[str, ir.Expr] = {}
        for name, value in new.fields.items():
            child = place.node.children[name]
            if not isinstance(child, Leaf):
                self.fail(node, f"{name} is {child}: assign its parts after {place.node}(...)")
            if isinstance(value, StaticB) and isinstance(value.value, Case):
                value = self.make_case(value.value, (), node)
            temporary = self.fresh_name(name)
            self.assign(temporary, self.coerce(self.as_value(value, node), child.field.type, node, f", {name}"), node)
            given[name] = self.local(temporary, node)
        target = self.fixed(place, node)
        for path, leaf in leaves(place.node):
            if len(path) == 1 and path[0] in given:
                self.out.append(
                    ir.Store(pos=self.pos(node), field=leaf.field, indices=target.indices, value=given[path[0]])
                )
                continue
            type_ = leaf.field.type
            first = self.const(type_, first_code(type_) + type_.low, node)
            self.each(
                leaf,
                len(target.indices),
                node,
                lambda extra, leaf=leaf, first=first: ir.Store(
                    pos=self.pos(node), field=leaf.field, indices=(*target.indices, *extra), value=first
                ),
            )

    def fixed(self, place: PlaceB, node: ast.AST) -> PlaceB:
        """The place with its indices evaluated now; no local changes within one statement."""
        if all(isinstance(index, (ir.Local, ir.Const)) for index in place.indices):
            return place
        return self.bind_place(self.fresh_name("place"), place, node)

    def each(self, leaf: Leaf, known: int, node: ast.AST, make: Any) -> None:
        """One statement for every element of an array inside a record."""

        def build(dims: tuple[t.IndexT, ...], extra: tuple[ir.Expr, ...]) -> ir.Stmt:
            if not dims:
                return make(extra)  # type: ignore[no-any-return]
            name = self.fresh_name("k")
            self.types[name] = dims[0]
            inner = build(dims[1:], (*extra, self.local(name, node)))
            return ir.For(pos=self.pos(node), variable=name, domain=self.all_of(dims[0], node), body=(inner,))

        if not isinstance(leaf.field.type, SpinT):
            self.out.append(build(leaf.field.dims[known:], ()))

    def augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            current = self.lookup(node.target.id, node)
            self.bind(node.target.id, self.binary(node, current, node.op, self.expression(node.value)), node)
            return
        place = self.place(node.target)
        if not isinstance(place.node, Leaf):
            self.fail(node, "only a single value can be changed by an operator")
        place = self.fixed(place, node)
        value = self.flatten(self.binary(node, place, node.op, self.expression(node.value)))
        self.store_leaf(place, value, node, self.frame.source.text(node.target))

    def annotated(self, node: ast.AnnAssign) -> None:
        if node.value is None or not isinstance(node.target, ast.Name):
            self.fail(node, "an annotation on a local comes with its first value")
        from checker.language.shapes import evaluate, scalar

        function = self.frame.source.function
        annotation = evaluate(self.frame.source.text(node.annotation), function.__module__)
        if isinstance(annotation, Range) or annotation is int:
            self.fail(node, "a Range is checked only in the state: leave the annotation of a local number out")
        wanted = scalar(annotation, self.system.binding, node.target.id).type
        value = self.as_value(self.expression(node.value), node)
        self.declare(f"{self.frame.prefix}{node.target.id}", wanted, node)
        self.bind(node.target.id, self.coerce(value, wanted, node), node)


def follow(node: Any, path: tuple[str, ...]) -> Leaf:
    for other, leaf in leaves(node):
        if other == path:
            return leaf
    raise AssertionError(path)
