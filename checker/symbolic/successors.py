# SPDX-License-Identifier: GPL-2.0-or-later
"""All successors of a known state, found by z3: one model after the other."""

from __future__ import annotations

from collections.abc import Sequence

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.language import ir
from checker.language import types as t
from checker.symbolic import values as v
from checker.symbolic.relation import Relation, Space, as_z3_equal
from checker.symbolic.step import condition_of


class OneStep:
    """Answers questions about one step of one system; built once, asked often."""

    def __init__(self, system: ir.System) -> None:
        self.system = system
        self.source = Space.fresh(system, "s.")
        self.target = Space.fresh(system, "t.")
        self.relation = Relation.between(system, self.source, self.target)
        self.conditions: dict[str, tuple[v.Truth, v.Truth]] = {}
        # The source's codes are always known ones, and the relation fixes the target's.
        self.happens, self.fails = z3.Bools("happens fails")
        self.solver = z3.SolverFor("QF_FD")
        self.solver.add(z3.Implies(self.happens, v.as_z3(self.relation.happens)))
        self.solver.add(z3.Implies(self.fails, v.as_z3(self.relation.fails)))

    def successors(self, vector: Sequence[int]) -> set[tuple[int, ...]]:
        """The normalised codes of every state that one step leads to."""
        found: set[tuple[int, ...]] = set()
        self.solver.push()
        self.solver.add(self.source.is_state(vector))
        while self._satisfiable(self.happens):
            target = self.target.read(self.solver.model())
            found.add(normalised(self.system, target))
            self.solver.add(z3.Not(z3.And([as_z3_equal(c, k) for c, k in zip(self.target.cells, target, strict=True)])))
        self.solver.pop()
        return found

    def can_err(self, vector: Sequence[int]) -> bool:
        """Whether some step from this state is a model error or a false assertion."""
        self.solver.push()
        self.solver.add(self.source.is_state(vector))
        answer = self._satisfiable(self.fails)
        self.solver.pop()
        return answer

    def condition(self, promise: ir.Promise, vector: Sequence[int], old: Sequence[int] | None = None) -> bool | None:
        """A promise's condition in this state; None if evaluating it is a model error.

        A step invariant needs the ``old`` state too.
        """
        if promise.name not in self.conditions:
            self.conditions[promise.name] = condition_of(
                self.system, promise, self.target.cells, self.source.cells if promise.kind == "step" else None
            )
        known = self.target.replacing(vector) + (self.source.replacing(old) if old is not None else [])
        value, errs = (
            truth if isinstance(truth, bool) else z3.is_true(z3.simplify(z3.substitute(truth, *known)))
            for truth in self.conditions[promise.name]
        )
        return None if errs else bool(value)

    def _satisfiable(self, question: object) -> bool:
        answer = self.solver.check(question)
        if answer == z3.unknown:
            raise RuntimeError(f"z3 did not decide one step: {self.solver.reason_unknown()}")
        return bool(answer == z3.sat)


class Normal:
    """Numbers the data values of a system's states by their first appearance."""

    def __init__(self, system: ir.System) -> None:
        self.places = []
        """For each data sort its size, how many constants it has, and the cells."""
        for sort in system.data:
            cells = [k for place in system.fields if place.type == sort or place.type == t.OptT(sort)
                     for k in range(place.offset, place.offset + place.count)]
            self.places.append((sort.size, len(sort.constants), cells))

    def __call__(self, vector: Sequence[int]) -> tuple[int, ...]:
        """The same state under these numbers."""
        out = list(vector)
        for size, constants, cells in self.places:
            names: dict[int, int] = {}
            for k in cells:
                code = out[k]
                if constants <= code < size:  # else a constant; or None, where it may be
                    if code not in names:
                        names[code] = constants + len(names)
                    out[k] = names[code]
        return tuple(out)


def normalised(system: ir.System, vector: Sequence[int]) -> tuple[int, ...]:
    """The same state with its data values numbered by their first appearance."""
    return Normal(system)(vector)
