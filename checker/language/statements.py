# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of statements, of yields, and of whole procedures."""

from __future__ import annotations

import ast
from typing import Any

from checker.language import ir, verbs
from checker.language import types as t
from checker.language.calls import Calls
from checker.language.frames import Frame
from checker.language.places import (
    Binding,
    EmptySetT,
    Leaf,
    LocalB,
    NewRecordB,
    NoneT,
    PlaceB,
    RecordNode,
    StaticB,
    leaves,
)
from checker.language.records import first_code
from checker.language.shapes import SpinT
from checker.language.sorts import Case, Range
from checker.language.source import source_of

REFUSED: dict[type[ast.AST], str] = {
    ast.Try: "try is not part of the language: model a failure as a return value",
    ast.Raise: "raise is not part of the language: write assert, require, or return",
    ast.Global: "global is not part of the language: everything that changes is in the state",
    ast.Nonlocal: "nonlocal is not part of the language: everything that changes is in the state",
    ast.FunctionDef: "a function inside a function is not part of the language: write it at the top of the module",
    ast.ClassDef: "a class inside a function is not part of the language: write it at the top of the module",
    ast.Import: "an import inside a function is not part of the language: import at the top of the module",
    ast.ImportFrom: "an import inside a function is not part of the language: import at the top of the module",
    ast.Delete: "del is not part of the language: assign None or a first value",
    ast.Match: "match is not part of the language: write if and elif on .tag",
    ast.AsyncFor: "async is not part of the language: an operation yields",
    ast.AsyncWith: "async is not part of the language: an operation yields",
    ast.AsyncFunctionDef: "async is not part of the language: an operation yields",
}


class Statements(Calls):
    """Lowers statements."""

    def function_body(self, frame: Frame) -> None:
        """Emits the body of ``frame.source`` inside the block that its returns leave."""
        valued = any(
            isinstance(n, ast.Return) and n.value is not None and not is_none(n.value)
            for n in ast.walk(frame.source.tree)
        )
        if valued:
            frame.result = f"{frame.prefix}return"
        with self.capture() as body:
            self.body(frame.source.tree.body)
            if valued and completes(body):
                self.assign(frame.result or "", self.const(NoneT(), 0, frame.source.tree), frame.source.tree)
        pos = self.pos(frame.source.tree)
        self.out.append(ir.Block(pos=pos, label=frame.exit_label, body=tuple(body)))

    def body(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def nested(self, statements: list[ast.stmt]) -> tuple[ir.Stmt, ...]:
        with self.capture() as out:
            self.body(statements)
        return tuple(out)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign():
                self.assignment(node)
            case ast.AugAssign():
                self.augmented(node)
            case ast.AnnAssign():
                self.annotated(node)
            case ast.If():
                self.if_statement(node)
            case ast.For():
                self.for_statement(node)
            case ast.While():
                self.while_statement(node)
            case ast.With():
                self.with_statement(node)
            case ast.Return():
                self.return_statement(node)
            case ast.Assert():
                self.assert_statement(node)
            case ast.Expr():
                self.expression_statement(node)
            case ast.Break() | ast.Continue():
                self.jump(node)
            case ast.Pass():
                pass
            case _:
                self.fail(node, REFUSED.get(type(node), f"{type(node).__name__} is not part of the language"))

    # ---------------------------------------------------------- assignments

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
        if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Name, ast.Attribute)):
            return None
        callee = self.expression(node.func)
        if not isinstance(callee, StaticB) or callee.value is not verbs.fresh:
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
            self.store_leaf(place, self.as_value(found, node), node, ast.unparse(target))
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
        """The place with its indices evaluated now."""
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
        self.store_leaf(place, value, node, ast.unparse(node.target))

    def annotated(self, node: ast.AnnAssign) -> None:
        if node.value is None or not isinstance(node.target, ast.Name):
            self.fail(node, "an annotation on a local comes with its first value")
        from checker.language.shapes import evaluate, scalar

        function = self.frame.source.function
        annotation = evaluate(ast.unparse(node.annotation), function.__module__)
        if isinstance(annotation, Range) or annotation is int:
            self.fail(node, "a Range is checked only in the state: leave the annotation of a local number out")
        wanted = scalar(annotation, self.system.binding, node.target.id).type
        value = self.as_value(self.expression(node.value), node)
        self.declare(f"{self.frame.prefix}{node.target.id}", wanted, node)
        self.bind(node.target.id, self.coerce(value, wanted, node), node)

    # --------------------------------------------------------- control flow

    def if_statement(self, node: ast.If) -> None:
        condition = self.flatten(self.boolean(node.test))
        if isinstance(condition, ir.Const):
            self.body(node.body if condition.value else node.orelse)
            return
        before = dict(self.frame.names)
        text = ast.unparse(node.test)
        taken, other = len(self.sites), len(self.sites) + 1
        self.sites += [ir.Site(self.pos(node), text), ir.Site(self.pos(node), f"not ({text})")]
        then = self.nested(node.body)
        after_then = self.frame.names
        self.frame.names = dict(before)
        orelse = self.nested(node.orelse)
        self.merge(after_then, node)
        self.out.append(ir.If(pos=self.pos(node), condition=condition, then=then, orelse=orelse, sites=(taken, other)))

    def merge(self, other: dict[str, Binding], node: ast.AST) -> None:
        """Names after two branches: what both, or one of them, has bound."""
        for name, binding in other.items():
            mine = self.frame.names.setdefault(name, binding)
            if mine != binding and isinstance(mine, PlaceB) and isinstance(binding, PlaceB):
                if mine.node is not binding.node or [named(i) for i in mine.indices] != [
                    named(i) for i in binding.indices
                ]:
                    self.fail(node, f"{name} is bound differently in two branches: bind it once, before or behind them")

    def for_statement(self, node: ast.For) -> None:
        if node.orelse:
            self.fail(node, "else of a loop is not part of the language: use a flag")
        if not isinstance(node.target, ast.Name):
            self.fail(node, "a loop has one variable")
        variable = node.target.id
        domain, within = self.domain(node.iter)
        if self.frame.source.assigned.get(variable, 0) > loops_over(self.frame.source.tree, variable):
            self.fail(node, f"{variable} is the variable of a loop: assign to another name")
        if within is not None:
            name = self.fresh_name("set")
            self.assign(name, within, node)
            within = self.local(name, node)
        local = f"{self.frame.prefix}{variable}"
        self.declare(local, domain.type, node)
        self.origin[local] = (self.frame.depth, variable, None)
        self.frame.names[variable] = LocalB(local)
        before = len(self.points)
        with self.loop(node) as (leave, again), self.capture() as out:
            body = self.nested(node.body)
            if within is not None:
                inside = ir.SetHas(type=t.BOOL, pos=self.pos(node), item=self.local(local, node), operand=within)
                body = (ir.If(pos=self.pos(node), condition=inside, then=body, orelse=()),)
            out.append(ir.Block(pos=self.pos(node), label=again, body=body))
        if len(self.points) > before:
            self.check_yielding_loop(node, domain, within)
        loop = ir.For(pos=self.pos(node), variable=local, domain=domain, body=tuple(out))
        self.out.append(ir.Block(pos=self.pos(node), label=leave, body=(loop,)))

    def check_yielding_loop(self, node: ast.For, domain: ir.Domain, within: ir.Expr | None) -> None:
        if within is not None:
            self.fail(node, "a loop over a Set cannot contain yields: write while len(...) > 0 and choose an element")
        if not isinstance(domain.lo, ir.Const) or not isinstance(domain.hi, ir.Const):
            self.fail(node, "a loop with yields has constant bounds: loop over all, and skip what is outside")

    def loop(self, node: ast.For | ast.While) -> Any:
        from contextlib import contextmanager

        @contextmanager
        def enter() -> Any:
            self.counter += 1
            labels = (f"leave#{self.counter}", f"again#{self.counter}")
            self.frame.breaks.append(labels)
            try:
                yield labels
            finally:
                self.frame.breaks.pop()

        return enter()

    def while_statement(self, node: ast.While) -> None:
        if node.orelse:
            self.fail(node, "else of a loop is not part of the language: use a flag")
        with self.loop(node) as (leave, again), self.capture() as out:
            condition = self.flatten(self.boolean(node.test))
            if not (isinstance(condition, ir.Const) and condition.value):
                stop = ir.Break(pos=self.pos(node), label=leave)
                out.append(ir.If(pos=self.pos(node), condition=self.negate(condition, node), then=(stop,), orelse=()))
            out.append(ir.Block(pos=self.pos(node), label=again, body=self.nested(node.body)))
        loop = ir.Loop(pos=self.pos(node), body=tuple(out))
        self.out.append(ir.Block(pos=self.pos(node), label=leave, body=(loop,)))

    def jump(self, node: ast.Break | ast.Continue) -> None:
        leave, again = self.frame.breaks[-1]
        self.out.append(ir.Break(pos=self.pos(node), label=leave if isinstance(node, ast.Break) else again))

    def with_statement(self, node: ast.With) -> None:
        item = node.items[0]
        call = item.context_expr
        known = isinstance(call, ast.Call) and self.is_verb(call, verbs.hold) and len(call.args) == 1
        if not known or len(node.items) != 1 or item.optional_vars is not None:
            self.fail(node, "'with' is only for lock regions: with hold(s.cluster[c].lock):")
        assert isinstance(call, ast.Call)
        field, indices = self.enter(call.args[0])
        self.held.append((field, indices))
        inside = self.nested(node.body)
        self.held.pop()
        self.out.append(ir.Hold(pos=self.pos(node), field=field, indices=indices, body=inside))

    def is_verb(self, call: ast.Call, verb: Any) -> bool:
        if not isinstance(call.func, (ast.Name, ast.Attribute)):
            return False
        callee = self.expression(call.func)
        return isinstance(callee, StaticB) and callee.value is verb

    def return_statement(self, node: ast.Return) -> None:
        frame = self.frame
        if isinstance(node.value, ast.YieldFrom):
            found: Binding | None = self.yield_from(node.value)
        else:
            found = self.expression(node.value) if node.value is not None else None
        if frame.result is not None:
            if isinstance(found, PlaceB) and not isinstance(found.node, Leaf):
                self.fail(node, "a place cannot be returned: return its index")
            if isinstance(found, StaticB) and isinstance(found.value, Case):
                found = self.make_case(found.value, (), node)
            value = self.as_value(found, node) if found is not None else self.const(NoneT(), 0, node)
            self.assign(frame.result, value, node)
        elif isinstance(found, ir.Do):
            self.flatten(found)
        self.out.append(ir.Break(pos=self.pos(node), label=frame.exit_label))

    def assert_statement(self, node: ast.Assert) -> None:
        if not isinstance(node.msg, ast.Constant) or not isinstance(node.msg.value, str):
            self.fail(node, 'an assert has a literal text, the name of the promise: assert condition, "text"')
        text = node.msg.value
        condition = self.flatten(self.boolean(node.test))
        self.out.append(ir.Assert(pos=self.pos(node), condition=condition, promise=self.system.promise(text)))

    # ------------------------------------------------ expression statements

    def expression_statement(self, node: ast.Expr) -> None:
        value = node.value
        match value:
            case ast.Constant(value=str()):
                return
            case ast.Yield():
                self.yield_statement(value)
                return
            case ast.YieldFrom():
                self.yield_from(value)
                return
            case ast.Call():
                self.call_statement(value)
                return
        self.fail(node, "an expression on its own does nothing: assign it or return it")

    def call_statement(self, node: ast.Call) -> None:
        if self.is_verb(node, verbs.require):
            self.not_in_promise(node)
            condition = self.flatten(self.boolean(self.arguments(node, 1, 1)[0]))
            if not self.points:
                self.guards.append(self.pos(node))
            self.out.append(ir.Require(pos=self.pos(node), condition=condition))
        elif self.is_verb(node, verbs.expect):
            self.expect(node)
        elif self.is_verb(node, verbs.acquire):
            self.acquire(node)
        elif self.is_verb(node, verbs.release):
            self.release(node)
        elif self.is_verb(node, verbs.hand_over):
            self.hand_over(node)
        else:
            found = self.expression(node)
            if isinstance(found, (StaticB, PlaceB, NewRecordB)):
                self.fail(node, "an expression on its own does nothing: assign it or return it")
            value = self.flatten(self.as_value(found, node))
            if not isinstance(value, (ir.Const, ir.Local)):
                self.out.append(self.drop(value, node))

    def expect(self, node: ast.Call) -> None:
        self.not_in_promise(node)
        condition, text = self.arguments(node, 2, 2)
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
            self.fail(node, "the text of expect is a literal: it is the name of the promise")
        test = self.flatten(self.boolean(condition))
        self.out.append(ir.Expect(pos=self.pos(node), condition=test, promise=self.system.promise(text.value)))

    # ---------------------------------------------------------------- yields

    def yield_statement(self, node: ast.Yield) -> None:
        if not isinstance(node.value, ast.Constant) or not isinstance(node.value.value, str):
            self.fail(node, 'a yield says what the step has done, in a literal: yield "reverse map set"')
        if self.held:
            self.fail(node, "a lock region ends before the step does: no yield inside 'with hold(...)'")
        if self.actor is None:
            self.fail(
                node,
                "a yield ends a step, and only operations have several: write @operation, and give it an actor",
            )
        stack = self.frame.stack()
        self.points.append(
            ir.YieldPoint(
                label=node.value.value, pos=self.pos(node), stack=tuple(f.source.function.__name__ for f in stack)
            )
        )
        self.point_lines.append((*(f.call_line for f in stack[1:]), node.lineno))
        self.point_names.append([dict(f.names) for f in stack])
        self.point_functions.append([f.source.function for f in stack])
        self.out.append(ir.Yield(pos=self.pos(node), point=len(self.points) - 1))

    def yield_from(self, node: ast.YieldFrom) -> Binding:
        if not isinstance(node.value, ast.Call):
            self.fail(node, "'yield from' is followed by the call of a helper with yields")
        callee = self.expression(node.value.func)
        function = callee.value if isinstance(callee, StaticB) else None
        if function is None or not callable(function) or isinstance(function, type):
            self.fail(node, "'yield from' is followed by the call of a helper with yields")
        source = source_of(function)
        if not source.yields:
            self.fail(node, f'{function.__name__} contains no yields: call it without "yield from"')
        if verbs.kind_of(function):
            self.fail(node, f"{function.__name__} is an {verbs.kind_of(function)}: move what is shared into a helper")
        if self.actor is None:
            self.fail(node, "only operations have steps: a rule or a promise does not yield")
        if self.held:
            self.fail(node, "a lock region ends before the step does: no yield inside 'with hold(...)'")
        self.inline(source, node.value)
        frame = self.inlined
        if frame.result is None:
            return self.const(NoneT(), 0, node)
        return self.local(frame.result, node)


def named(expr: ir.Expr) -> object:
    return expr.name if isinstance(expr, ir.Local) else (expr.value if isinstance(expr, ir.Const) else expr)


def is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def loops_over(tree: ast.AST, variable: str) -> int:
    return sum(
        isinstance(n, ast.For) and isinstance(n.target, ast.Name) and n.target.id == variable for n in ast.walk(tree)
    )


def follow(node: Any, path: tuple[str, ...]) -> Leaf:
    for other, leaf in leaves(node):
        if other == path:
            return leaf
    raise AssertionError(path)


def completes(body: list[ir.Stmt] | tuple[ir.Stmt, ...]) -> bool:
    """Whether the end of these statements can be reached."""
    for statement in body:
        match statement:
            case ir.Break() | ir.Fail():
                return False
            case ir.If(then=then, orelse=orelse):
                if not completes(then) and not completes(orelse):
                    return False
            case ir.Hold(body=inner):
                if not completes(inner):
                    return False
            case ir.Block(label=label, body=inner):
                if not completes(inner) and not leaves_to(inner, label):
                    return False
            case ir.Loop():
                return False
    return True


def leaves_to(body: tuple[ir.Stmt, ...], label: str) -> bool:
    """Whether some statement breaks to a label."""
    for statement in body:
        match statement:
            case ir.Break(label=target):
                if target == label:
                    return True
            case ir.If(then=then, orelse=orelse):
                if leaves_to(then, label) or leaves_to(orelse, label):
                    return True
            case ir.Hold(body=inner) | ir.Block(body=inner) | ir.Loop(body=inner) | ir.For(body=inner):
                if leaves_to(inner, label):
                    return True
    return False


__all__ = ["EmptySetT", "Statements"]
