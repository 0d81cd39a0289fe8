# SPDX-License-Identifier: GPL-2.0-or-later
"""Why an ``assert`` or ``expect`` of a step is false: what it read, in the middle of that step.

A promise about a state is asked again behind the race (``clause``).  A condition inside
a step is true of no state that the race shows, so it is read again where it
stands, in the frame of the author's function, with Python's own ``eval``.
"""

from __future__ import annotations

import ast
import enum
import inspect
import textwrap
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from checker.counterexample.clause import Clause
from checker.counterexample.contents import Contents
from checker.language.records import ArrayValue, Place, Record
from checker.language.sorts import Case, SetValue, Sort, UnionValue
from checker.language.source import names_of, source_of
from checker.language.suspended import shown
from checker.language.verbs import expect

Scope = dict[str, Any]


def asserted(contents: Contents, text: str, frame: FrameType, line: int) -> Clause | None:
    """Why the condition called ``text`` is false at this line; None if there is none.

    ``contents`` are those of the state before the step.
    """
    condition = _condition(frame.f_code, line, text)
    if condition is None:
        return None
    reader = _Reader(contents)
    reader.decide(condition, {**frame.f_globals, **frame.f_locals})
    return Clause(tuple(reader.bindings.items()), tuple(reader.reads.items()))


def _condition(code: CodeType, line: int, text: str) -> ast.expr | None:
    try:
        lines, first = inspect.getsourcelines(code)
    except OSError:
        return None
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)
    for node in ast.walk(tree):
        match node:
            case ast.Assert(test=condition, msg=ast.Constant(value=said)):
                pass
            case ast.Call(func=ast.Name(id=expect.__name__), args=[condition, ast.Constant(value=said)]):
                pass
            case _:
                continue
        if said == text and node.lineno <= line <= (node.end_lineno or node.lineno):
            return condition
    return None


class _Reader:
    def __init__(self, contents: Contents):
        self.contents = contents
        self.bindings: dict[str, str] = {}
        self.reads: dict[str, str] = {}

    def value(self, node: ast.expr, scope: Scope) -> Any:
        return eval(compile(ast.Expression(node), "<condition>", "eval"), scope)

    def decide(self, node: ast.expr, scope: Scope) -> None:
        """Reads again exactly what makes the expression as true or as false as it is."""
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.decide(operand, scope)
            case ast.BoolOp(op=op, values=parts):
                deciding = isinstance(op, ast.Or)
                found = next((part for part in parts if bool(self.value(part, scope)) == deciding), None)
                for part in parts if found is None else [found]:
                    self.decide(part, scope)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.decide(test, scope)
                self.decide(body if self.value(test, scope) else orelse, scope)
            case ast.Call(func=ast.Name(id="all" | "any" as kind), args=[ast.GeneratorExp() as each]):
                self._quantifier(each, scope, deciding=kind == "any")
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                self._call(scope.get(name), arguments, scope)
            case _:
                self._leaves(node, scope)

    def _quantifier(self, each: ast.GeneratorExp, scope: Scope, *, deciding: bool) -> None:
        for inner in self._bound(each.generators, scope):
            if bool(self.value(each.elt, inner)) == deciding:
                for part in each.generators:
                    assert isinstance(part.target, ast.Name)
                    self.bindings[part.target.id] = self._show(inner[part.target.id])
                    for condition in part.ifs:
                        self.decide(condition, inner)
                self.decide(each.elt, inner)
                return
        self._leaves(each, scope)

    def _bound(self, generators: list[ast.comprehension], scope: Scope) -> Iterator[Scope]:
        if not generators:
            yield scope
            return
        first = generators[0]
        assert isinstance(first.target, ast.Name)
        for value in self.value(first.iter, scope):
            inner = {**scope, first.target.id: value}
            if all(self.value(condition, inner) for condition in first.ifs):
                yield from self._bound(generators[1:], inner)

    def _call(self, function: Any, arguments: list[ast.expr], scope: Scope) -> None:
        """A helper of the author's that only returns something is looked into."""
        own = inspect.isfunction(function) and not function.__module__.startswith("checker.language")
        last = source_of(function).tree.body if own else []
        match last:
            case [ast.Return(value=ast.expr() as result)] | [ast.Expr(), ast.Return(value=ast.expr() as result)]:
                values = [self.value(argument, scope) for argument in arguments]
                inner = inspect.signature(function).bind(*values)
                self.decide(result, {**names_of(source_of(function)), **inner.arguments})
            case _:
                for argument in arguments:
                    self._leaves(argument, scope)

    def _leaves(self, node: ast.expr, scope: Scope) -> None:
        """The places of the state, and the locals, that the expression mentions."""
        match node:
            case ast.Name(id=name):
                self._note(name, scope.get(name))
            case ast.Attribute(value=base, attr=name):
                holder = self.value(base, scope)
                if isinstance(holder, Record) and holder._shape is not None:
                    self._note(f"{holder._name}.{name}".lstrip("."), getattr(holder, name))
                else:
                    self._leaves(base, scope)
            case ast.Subscript(value=base, slice=index):
                holder = self.value(base, scope)
                if isinstance(holder, ArrayValue):
                    self._note(f"{holder.name}[{self.value(index, scope)!r}]", self.value(node, scope))
                if not isinstance(index, ast.Name):
                    self._leaves(index, scope)
            case ast.GeneratorExp():
                for inner in self._bound(node.generators, scope):
                    self._leaves(node.elt, inner)
            case ast.Call(args=arguments):
                for argument in arguments:
                    self._leaves(argument, scope)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self._leaves(child, scope)

    def _note(self, path: str, value: Any) -> None:
        if isinstance(value, Place):
            self.reads[value.name] = value.type.show(value.code)
        elif value is None or isinstance(value, (bool, int, enum.Enum, Sort, SetValue, Case, UnionValue)):
            self.reads[path] = self._show(value)

    def _show(self, value: Any) -> str:
        if isinstance(value, Sort) and value.kind == "data":
            number = self.contents.names.get((type(value).__name__, value.code))
            if number is not None:
                return f"{value.prefix}{number}"
        return shown(value)
