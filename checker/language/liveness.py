# SPDX-License-Identifier: GPL-2.0-or-later
"""Which locals are still needed at each yield: those make an actor's frame.

A backward data-flow analysis on structured code.  Nothing else decides what is
kept and what is forgotten: a hand-made reset of "dead" registers can change a
verdict.
"""

from __future__ import annotations

from checker.language import ir
from checker.language import types as t
from checker.language.errors import LanguageError
from checker.language.places import strip
from checker.language.walk import children, contains_yield

Live = dict[str, ir.Pos]
"""Locals that are needed, each with a place that needs it."""


class Liveness:
    """``points[k]`` are the locals live behind yield k; ``entry`` those at the start."""

    def __init__(self, procedure: ir.Procedure, kept: dict[int, dict[str, ir.Pos]]):
        self.procedure = procedure
        self.kept = kept
        self.points: dict[int, Live] = {}
        self.behind_loops: dict[int, Live] = {}
        self.entry = self.block(procedure.body, {}, {})

    def uses(self, expr: ir.Expr, after: Live) -> Live:
        """What is live before an expression that is evaluated for its value."""
        return after if isinstance(expr, ir.Const) else self.add(expr, dict(after))

    def add(self, expr: ir.Expr, live: Live) -> Live:
        """The same; ``live`` is the caller's own, and is used up."""
        if isinstance(expr, ir.Local):
            live.setdefault(expr.name, expr.pos)
        elif isinstance(expr, ir.Do):
            return self.block(expr.body, self.add(expr.result, live), {})
        elif isinstance(expr, ir.Quantifier):
            for child in children(expr):
                live = self.add(child, live)
            for binder in expr.binders:
                live.pop(binder.variable.name, None)
        else:
            for child in reversed(children(expr)):
                live = self.add(child, live)
        return live

    def block(self, body: tuple[ir.Stmt, ...], after: Live, labels: dict[str, Live]) -> Live:
        live = after
        for statement in reversed(body):
            live = self.statement(statement, live, labels)
        return live

    def statement(self, node: ir.Stmt, after: Live, labels: dict[str, Live]) -> Live:
        match node:
            case ir.SetLocal(name=name, value=value):
                return self.uses(value, without(after, name))
            case ir.Store(value=value, indices=indices):
                if isinstance(value, ir.Fresh):
                    self.check_fresh(node, after)
                live = after
                for index in indices:
                    live = self.uses(index, live)
                return self.uses(value, live)
            case ir.If(condition=condition, then=then, orelse=orelse):
                live = merge(self.block(then, after, labels), self.block(orelse, after, labels))
                return self.uses(condition, live)
            case ir.Block(label=label, body=body):
                return self.block(body, after, {**labels, label: after})
            case ir.Break(label=label):
                return labels.get(label, {})
            case ir.For():
                return self.for_loop(node, after, labels)
            case ir.Loop(body=body):
                live = {}
                while True:
                    before = self.block(body, live, labels)
                    if before.keys() <= live.keys():
                        return live
                    live = merge(live, before)
            case ir.Require(condition=c) | ir.Assert(condition=c) | ir.Expect(condition=c):
                return self.uses(c, after)
            case ir.Fail():
                return {}
            case ir.Choose(name=name, candidate=candidate, where=where, domain=domain):
                live = without(after, name)
                if where is not None:
                    live = without(self.uses(where, live), candidate)
                return self.uses(domain.lo, self.uses(domain.hi, live))
            case ir.Hold(indices=indices, body=body):
                live = self.block(body, after, labels)
                for index in indices:
                    live = self.uses(index, live)
                return live
            case ir.Yield(point=point):
                live = merge(after, self.kept.get(point, {}))
                self.points[point] = merge(self.points.get(point, {}), live)
                return live
        raise AssertionError(node)

    def for_loop(self, node: ir.For, after: Live, labels: dict[str, Live]) -> Live:
        # A loop that yields finds its way by its variable alone.
        own = {node.variable: node.pos} if contains_yield(node.body) else {}
        self.behind_loops[id(node)] = merge(after, self.behind_loops.get(id(node), {}))
        live = after
        while True:
            before = merge(live, without(self.block(node.body, merge(live, own), labels), node.variable))
            if before.keys() <= live.keys():
                break
            live = before
        return self.uses(node.domain.lo, self.uses(node.domain.hi, live))

    def check_fresh(self, node: ir.Stmt, after: Live) -> None:
        for name in after:
            type_ = self.procedure.locals.get(name)
            if type_ is not None and is_data(type_):
                raise LanguageError(
                    node.pos,
                    f"fresh(...) while {name.rpartition('.')[2]} still holds a content: store that in the state first",
                )


def is_data(type_: t.Type) -> bool:
    inner = strip(type_)
    return isinstance(inner, t.IndexT) and inner.kind == "data"


def without(live: Live, name: str) -> Live:
    return {k: v for k, v in live.items() if k != name}


def merge(a: Live, b: Live) -> Live:
    return {**b, **a}
