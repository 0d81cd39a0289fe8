# SPDX-License-Identifier: GPL-2.0-or-later
"""Which part of a promise is false, for which objects, and what it read there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from checker.counterexample.evaluate import CannotEvaluate, Environment, Evaluator, State, show
from checker.language import ir


@dataclass(frozen=True)
class Clause:
    """``bindings`` are the objects that it fails for, ``reads`` what it looked at, in order.

    ``error`` is set where the promise itself reads through None, or the like.
    """

    bindings: tuple[tuple[str, str], ...] = ()
    reads: tuple[tuple[str, str], ...] = ()
    error: str | None = None


def plain(name: str) -> str:
    """The author's name of a local, without what the front end adds to keep names apart."""
    own = re.sub(r"^(\w+#\d+\.)+", "", name).lstrip("$")
    return re.split(r"[#.$]", own)[0] or name


class _Finder:
    def __init__(self, evaluator: Evaluator):
        self.evaluator = evaluator
        self.bindings: dict[str, str] = {}

    def decide(self, expr: ir.Expr, env: Environment) -> None:
        """Reads again exactly what makes the expression as true or as false as it is."""
        value = self.evaluator.value
        match expr:
            case ir.Not():
                self.decide(expr.operand, env)
            case ir.And() | ir.Or():
                self._connective(expr, env)
            case ir.IfExp():
                self.decide(expr.condition, env)
                self.decide(expr.then if value(expr.condition, env) else expr.orelse, env)
            case ir.Quantifier(kind="all" | "any"):
                self._quantifier(expr, env)
            case ir.Do():
                self.evaluator.run(expr.body, env)
                self.decide(expr.result, env)
            case _:
                value(expr, env)

    def _connective(self, expr: ir.And | ir.Or, env: Environment) -> None:
        deciding = isinstance(expr, ir.Or)
        kept = dict(self.evaluator.reads)
        for side in (expr.left, expr.right):
            one = bool(self.evaluator.value(side, env)) == deciding
            if one:
                self.evaluator.reads = kept
                self.decide(side, env)
                return
        self.evaluator.reads = kept
        self.decide(expr.left, env)
        self.decide(expr.right, env)

    def _quantifier(self, expr: ir.Quantifier, env: Environment) -> None:
        deciding = expr.kind == "any"
        kept = dict(self.evaluator.reads)
        for inner in self.evaluator.bindings(expr.binders, env):
            if bool(self.evaluator.value(expr.body, inner)) == deciding:
                self.evaluator.reads = dict(kept)
                for binder in expr.binders:
                    variable = binder.variable
                    self.bindings[plain(variable.name)] = show(variable.type, inner[variable.name])
                    if binder.condition is not None:
                        self.decide(binder.condition, inner)
                self.decide(expr.body, inner)
                return


def why(condition: ir.Expr, roles: Sequence[ir.Role], now: State, old: State | None,
        given: Environment | None = None) -> Clause | None:
    """Why the condition, with these values of its parameters, is false in this state; None if it is true."""
    given = given or {}
    try:
        if Evaluator(roles, now, old).value(condition, dict(given)):
            return None
    except CannotEvaluate as error:
        return Clause(error=str(error))
    evaluator = Evaluator(roles, now, old)
    finder = _Finder(evaluator)
    finder.decide(condition, dict(given))
    return Clause(tuple(finder.bindings.items()), tuple(evaluator.reads.items()))
