# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of yields: where a step ends."""

from __future__ import annotations

import ast

from checker.language import ir, verbs
from checker.language.assignments import Assignments
from checker.language.places import (
    Binding,
    NoneT,
    StaticB,
)
from checker.language.source import source_of


class Steps(Assignments):
    """yield and yield from."""

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
        if (self.frame.source.function.__name__, node.value.value) in self.system.binding.merged:
            return
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
