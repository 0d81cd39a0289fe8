# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of statements."""

from __future__ import annotations

import ast
from typing import Any

from checker.language import ir, verbs
from checker.language import types as t
from checker.language.frames import Frame
from checker.language.places import (
    Binding,
    Leaf,
    LocalB,
    NewRecordB,
    NoneT,
    PlaceB,
    StaticB,
)
from checker.language.sorts import Case
from checker.language.steps import Steps

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


class Statements(Steps):
    """Lowers statements."""

    def function_body(self, frame: Frame) -> None:
        """Emits the body of ``frame.source`` inside the block that its returns leave."""
        valued = frame.source.valued
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
            case ast.If():
                self.if_statement(node)
            case ast.Expr():
                self.expression_statement(node)
            case ast.Return():
                self.return_statement(node)
            case ast.AugAssign():
                self.augmented(node)
            case ast.AnnAssign():
                self.annotated(node)
            case ast.For():
                self.for_statement(node)
            case ast.While():
                self.while_statement(node)
            case ast.With():
                self.with_statement(node)
            case ast.Assert():
                self.assert_statement(node)
            case ast.Break() | ast.Continue():
                self.jump(node)
            case ast.Pass():
                pass
            case _:
                self.fail(node, REFUSED.get(type(node), f"{type(node).__name__} is not part of the language"))

    def if_statement(self, node: ast.If) -> None:
        condition = self.flatten(self.boolean(node.test))
        if isinstance(condition, ir.Const):
            self.body(node.body if condition.value else node.orelse)
            return
        before = dict(self.frame.names)
        text = self.frame.source.text(node.test)
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
        if self.frame.source.assigned.get(variable, 0) > self.frame.source.loops[variable]:
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
        known = isinstance(call, ast.Call) and self.called(call) is verbs.hold and len(call.args) == 1
        if not known or len(node.items) != 1 or item.optional_vars is not None:
            self.fail(node, "'with' is only for lock regions: with hold(s.cluster[c].lock):")
        assert isinstance(call, ast.Call)
        field, indices = self.enter(call.args[0])
        self.held.append((field, indices))
        inside = self.nested(node.body)
        self.held.pop()
        self.out.append(ir.Hold(pos=self.pos(node), field=field, indices=indices, body=inside))

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
        self.out.append(ir.Assert(pos=self.pos(node), condition=condition, promise=self.assertion(text)))

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
        verb = self.called(node)
        if verb is verbs.require:
            self.not_in_promise(node)
            condition = self.flatten(self.boolean(self.arguments(node, 1, 1)[0]))
            if not self.points:
                self.guards.append(self.pos(node))
            self.out.append(ir.Require(pos=self.pos(node), condition=condition))
        elif verb is verbs.expect:
            self.expect(node)
        elif verb is verbs.acquire:
            self.acquire(node)
        elif verb is verbs.release:
            self.release(node)
        elif verb is verbs.hand_over:
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
        self.out.append(ir.Expect(pos=self.pos(node), condition=test, promise=self.assertion(text.value)))


def named(expr: ir.Expr) -> object:
    return expr.name if isinstance(expr, ir.Local) else (expr.value if isinstance(expr, ir.Const) else expr)


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
