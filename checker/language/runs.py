# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of promises about whole runs: @progress and @can_always_reach."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from itertools import product
from typing import Any

from checker.language import ir, verbs
from checker.language import types as t
from checker.language.errors import LanguageError
from checker.language.frames import Frame, SystemContext, is_static
from checker.language.procedures import AtTable, Lowering
from checker.language.records import State
from checker.language.shapes import Scalar
from checker.language.sorts import Actor
from checker.language.verbs import RUN_KINDS, fairness_of, kind_of


class RunLowering(Lowering):
    """Lowers one promise about runs; ``asked`` are the places that it asks for with at(...).

    A parameter annotated ``Actor`` stands for the actors of every role in turn, the
    state may be annotated ``State``: so a promise can be made for any model.
    """

    def __init__(self, system: SystemContext, places: AtTable | None = None):
        super().__init__(system, places)
        self.asked: list[Any] = []
        self.chosen: dict[str, type] = {}

    def run_promise(self, function: Any) -> tuple[ir.RunPromise, list[tuple[Scalar, ...]]]:
        """The promise, and for each of its parts what the parameters range over."""
        frame = self.top(function)
        pos = frame.source.pos(frame.source.tree)
        if frame.source.yields:
            raise LanguageError(pos, "a promise has no steps: it does not yield")
        kind = str(kind_of(function))
        self.chosen = {}
        anybody = [a.arg for a in frame.source.tree.args.args if a.annotation and self.annotation(frame, a) is Actor]
        parts, scalars = [], []
        for roles in product(self.system.roles, repeat=len(anybody)):
            self.types = {}
            self.chosen = dict(zip(anybody, roles, strict=True))
            part, domains = self.part(function, kind)
            parts.append(part)
            scalars.append(domains)
        doc = inspect.getdoc(function) or ""
        return ir.RunPromise(function.__name__, kind, fairness_of(function), tuple(parts), doc, pos), scalars

    def annotation(self, frame: Frame, argument: ast.arg) -> Any:
        found = super().annotation(frame, argument)
        return self.system.root_class if found is State else self.chosen.get(argument.arg, found)

    def part(self, function: Any, kind: str) -> tuple[ir.RunPart, tuple[Scalar, ...]]:
        """The promise for one choice of roles."""
        while True:
            self.reset()
            self.promise_kind = kind
            frame = self.frame = self.top(function)
            arguments = self.state_parameters(frame, frame.source.tree.args.args, 1)
            params, domains = self.parameters(frame, arguments)
            begins, ends = self.leads(frame) if kind == "progress" else self.reached(frame)
            if not self.changed:
                break
            self.round += 1
        self.asked += self.at_requests
        return ir.RunPart(params, dict(self.types), begins, ends), domains

    def reached(self, frame: Frame) -> tuple[ir.Expr, ir.Expr]:
        tree = frame.source.tree
        self.function_body(frame)
        return self.const(t.BOOL, 1, tree), self.condition(self.result_of(frame, "a condition"), tree)

    def leads(self, frame: Frame) -> tuple[ir.Expr, ir.Expr]:
        """The two conditions of ``return leads_to(p, q)``; names may be bound before it."""
        tree = frame.source.tree
        *before, last = tree.body
        call = last.value if isinstance(last, ast.Return) else None
        returns = sum(isinstance(node, ast.Return) for node in ast.walk(tree))
        if returns != 1 or not isinstance(call, ast.Call) or not is_static(self.expression(call.func), verbs.leads_to):
            self.fail(last, "a @progress promise has one return, at its end: return leads_to(p, q)")
        if len(call.args) != 2 or call.keywords:
            self.fail(call, "leads_to takes two conditions: where something is owed, and that it has come")
        with self.capture() as body:
            self.body(before)
        begins, ends = (self.within(body, argument) for argument in call.args)
        return begins, ends

    def within(self, body: list[ir.Stmt], node: ast.expr) -> ir.Expr:
        """A condition, behind the statements that bind its names."""
        with self.capture() as more:
            value = self.boolean(node)
        if not body and not more:
            return value
        return ir.Do(type=t.BOOL, pos=self.pos(node), body=(*body, *more), result=value)


def run_promises(
    system: SystemContext, table: AtTable | None, functions: Iterable[Any]
) -> tuple[tuple[ir.RunPromise, ...], dict[str, list[tuple[Scalar, ...]]], list[Any]]:
    """The promises about whole runs among some, their parameters by name, and the places that they ask for."""
    made, parameters, requests = [], {}, []
    for function in functions:
        if kind_of(function) in RUN_KINDS:
            lowering = RunLowering(system, table)
            promise, parameters[function.__name__] = lowering.run_promise(function)
            made.append(promise)
            requests += lowering.asked
    return tuple(made), parameters, requests
