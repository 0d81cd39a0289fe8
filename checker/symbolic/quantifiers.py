# SPDX-License-Identifier: GPL-2.0-or-later
"""all, any, sum, min and max over comprehensions, unrolled."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from checker.language import ir
from checker.symbolic import values as v
from checker.symbolic.codes import Value, as_number, of_type
from checker.symbolic.flow import Flow

if TYPE_CHECKING:
    from checker.symbolic.expressions import Expressions


class Total:
    """What a quantifier has found so far, binder by binder, in Python's order."""

    def __init__(self, owner: Expressions, e: ir.Quantifier) -> None:
        self.owner = owner
        self.e = e
        self.found: v.Truth = False
        """For any: decided by a true body; for all: by a false one; else: not empty."""
        self.number: v.Number = 0

    def over(self, depth: int, active: v.Truth, flow: Flow) -> None:
        if depth == len(self.e.binders):
            self.body(active, flow)
            return
        binder = self.e.binders[depth]
        candidates: list[tuple[Value, v.Truth]] = []

        def domain(f: Flow) -> bool:
            candidates.extend(self.owner.candidates(binder.domain, f))
            return True

        self.owner.under(flow, self.alive(active), domain, True)
        for value, inside in candidates:
            here = v.both(active, inside)
            flow.bind(binder.variable.name, value)
            if binder.condition is not None:
                holds = self.owner.under(flow, self.alive(here), partial(self.owner.truth, binder.condition), False)
                here = v.both(here, holds)
            self.over(depth + 1, here, flow)

    def alive(self, active: v.Truth) -> v.Truth:
        """Whether Python still evaluates here."""
        return v.both(active, v.negation(self.found)) if self.e.kind in ("any", "all") else active

    def body(self, active: v.Truth, flow: Flow) -> None:
        owner, e = self.owner, self.e
        if e.kind in ("any", "all"):
            active = self.alive(active)
            decides = owner.under(flow, active, self.decides, False)
            self.found = v.either(self.found, v.both(active, decides))
            return
        value = as_number(owner.under(flow, active, partial(owner.number, e.body), 0))
        if e.kind == "sum":
            self.number = v.add(self.number, v.select(active, value, 0))
            return
        better = v.less(value, self.number) if e.kind == "min" else v.less(self.number, value)
        self.number = v.select(v.both(active, v.either(v.negation(self.found), better)), value, self.number)
        self.found = v.either(self.found, active)

    def decides(self, flow: Flow) -> v.Truth:
        truth = self.owner.truth(self.e.body, flow)
        return truth if self.e.kind == "any" else v.negation(truth)

    def result(self, flow: Flow) -> Value:
        e = self.e
        if e.kind == "any":
            return self.found
        if e.kind == "all":
            return v.negation(self.found)
        if e.kind == "sum":
            return of_type(self.number, e.type)
        empty = v.negation(self.found)
        if e.default is None:
            self.owner.check(flow, self.found, e.pos, f"{e.kind} of nothing")
            return of_type(self.number, e.type)
        other = self.owner.under(flow, empty, partial(self.owner.number, e.default), 0)
        return of_type(v.select(empty, as_number(other), self.number), e.type)
