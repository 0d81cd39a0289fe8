# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs of unknown states, one step longer each time, and what breaks at their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.explicit.result import NO_DEADLOCK, NO_MODEL_ERROR, Finding
from checker.language import ir
from checker.symbolic.layers import Move, Run
from checker.symbolic.parts import State, Unknown
from checker.symbolic.relation import Space, as_z3_equal
from checker.symbolic.successors import normalised
from checker.symbolic.template import Instance, Template, one_of

LOGICS = ("QF_FD", "QF_BV")
"""Solvers, the fastest first; the next one is asked where one does not know."""


Whole = Callable[[tuple[State, ...], tuple[Move, ...]], Run]
"""Puts the way to its first state before a run."""


class Runs:
    """All runs of a number of steps: ``spaces`` has a state more than ``steps`` has steps."""

    def __init__(self, template: Template, starts: Sequence[State] | None = None,
                 whole: Whole | None = None) -> None:
        """The runs start in ``starts``, to each of which ``whole`` knows the way, or in the initial states."""
        self.system = system = template.system
        self.template = template
        self.whole: Whole = whole or (lambda path, moves: (path, moves))
        self.deadlocks = Deadlocks(template)
        self.spaces = [Space.fresh(system, "0.")]
        self.steps: list[Instance] = []
        self.logics: tuple[str, ...] = LOGICS[:1]
        self.solver = z3.SolverFor(LOGICS[0])
        self.said: list[Any] = []
        """What the solver was told; it forgets how it was written."""
        self.add(one_of(self.spaces[0], system.initial if starts is None else starts))
        self.happens: Any = z3.BoolVal(True)
        """Whether the last step leads to the last state; earlier ones do."""

    def add(self, formula: Any) -> None:
        self.said.append(formula)
        self.solver.add(formula)

    def extend(self) -> None:
        """One step more, of which it is left open whether it leads to a state."""
        self.add(self.happens)
        number = len(self.steps)
        self.spaces.append(Space.fresh(self.system, f"{number + 1}."))
        self.steps.append(self.template.at(number, self.spaces[-2], self.spaces[-1]))
        self.happens = z3.Bool(f"happens.{number}")
        self.add(z3.Implies(self.happens, self.steps[-1](self.template.relation.happens)))

    def ask(self, *assumptions: Any) -> Any | None:
        """A model under these assumptions, or None if there is none; Unknown if nobody can tell."""
        while True:
            answer = self.solver.check(*assumptions)
            if answer == z3.sat:
                return self.solver.model()
            if answer == z3.unsat:
                return None
            reason = self.solver.reason_unknown()
            if len(self.logics) == len(LOGICS):
                raise Unknown(reason)
            other = z3.SolverFor(LOGICS[len(self.logics)])
            other.add(self.said)
            self.solver, self.logics = other, LOGICS[: len(self.logics) + 1]

    def breaks(self, names: Sequence[str]) -> dict[str, Any]:
        """When promises break at the end, in the last step or in the last state; those that cannot are left out."""
        template = self.template
        here = self.template.at(len(self.steps), self.spaces[-1])
        found: dict[str, list[Any]] = {}
        for name, truth in here.all({n: template.states[n] for n in names if n in template.states}).items():
            found.setdefault(name, []).append(z3.And(self.happens, truth))
        if self.steps:
            step = self.steps[-1]
            leads = z3.Or(self.happens, step(template.relation.fails))
            for name, truth in step.all({n: template.edges[n] for n in names if n in template.edges}).items():
                found.setdefault(name, []).append(z3.And(leads, truth))
        return {name: z3.Or(truths) for name, truths in found.items()}

    def finding(self, name: str, model: Any) -> Finding:
        """The run that a model describes."""
        error = self.error(model)
        states = self.spaces if error is None else self.spaces[:-1]
        path = tuple(normalised(self.system, space.read(model)) for space in states)
        taken = [self.template.move(step, model) for step in self.steps]
        moves = tuple((move.steps.procedure.name, actor) for move, actor in taken)
        if error is None and name == NO_MODEL_ERROR:
            error = self.wrong(model)
        path, moves = self.whole(path, moves)
        return Finding(name, len(moves), path, error, moves)

    def error(self, model: Any) -> str | None:
        """What fails in the last step, so that it leads to no state."""
        if not self.steps:
            return None
        step = self.steps[-1]
        move, _ = self.template.move(step, model)
        for failure in move.steps.failures:
            if holds(model, step(failure.guard)):
                return failure.said
        return None

    def wrong(self, model: Any) -> str | None:
        """Which promise cannot be evaluated at the end."""
        here = self.template.at(len(self.steps), self.spaces[-1])
        errors = [(promise, here(truth)) for promise, truth in self.template.errors.items()]
        if self.steps:
            errors += [(promise, self.steps[-1](truth)) for promise, truth in self.template.step_errors.items()]
        return next((f"{name} cannot be evaluated" for name, error in errors if holds(model, error)), None)

    def found(self, names: Sequence[str]) -> Iterator[Finding]:
        """What of these promises breaks at the end of the runs."""
        number = len(self.steps)
        here = self.template.at(number, self.spaces[-1])
        formulas = self.breaks(names)
        if NO_DEADLOCK in names:
            formulas[NO_DEADLOCK] = z3.And(self.happens, self.deadlocks.stuck(here))
        flags = {name: z3.Bool(f"breaks.{number}.{k}") for k, name in enumerate(formulas)}
        for name, formula in formulas.items():
            self.add(z3.Implies(flags[name], formula))
        asked = 0
        while flags:
            some = z3.Bool(f"some.{number}.{asked}")
            asked += 1
            self.add(z3.Implies(some, z3.Or(list(flags.values()))))
            model = self.ask(some)
            if model is None:
                return
            for name in [name for name, formula in formulas.items() if holds(model, formula)]:
                if name == NO_DEADLOCK and self.deadlocks.learn(self.spaces[-1].read(model)):
                    more = z3.Not(here(self.deadlocks.known[-1]))
                    self.add(z3.Implies(flags[name], more))
                    formulas[name] = z3.And(formulas[name], more)
                    continue
                yield self.finding(name, model)
                del flags[name], formulas[name]


def holds(model: Any, formula: Any) -> bool:
    """Whether a formula is true in a model."""
    return bool(z3.is_true(model.eval(formula, model_completion=True)))


class Deadlocks:
    """Looks for states that must not be without a step, and are.

    That no step is possible speaks of all choices.  It is asked with those that a
    step was possible with before (``known``); a state without any of them either
    has another, which is known from then on, or is stuck.
    """

    def __init__(self, template: Template) -> None:
        self.template = template
        self.solver = z3.SolverFor(LOGICS[0])
        self.solver.add(template.at(0, template.source)(template.enabled))
        self.known: list[Any] = []

    def stuck(self, here: Instance) -> Any:
        """The formula of a state that may be stuck, as far as is known."""
        return z3.And(here(self.template.stuck), *(z3.Not(here(enabled)) for enabled in self.known))

    def learn(self, vector: Sequence[int]) -> bool:
        """A step that is possible in this state; False if there is none."""
        self.solver.push()
        self.solver.add(self.template.source.is_state(vector))
        answer = self.solver.check()
        if answer == z3.sat:
            model = self.solver.model()
            values = [(c, model.eval(c, model_completion=True)) for c in self.template.unknowns]
            enabled = z3.substitute(z3.And(self.template.enabled, True), *values)
            self.known.append(z3.simplify(enabled))
        elif answer == z3.unknown:
            raise Unknown(self.solver.reason_unknown())
        self.solver.pop()
        return bool(answer == z3.sat)


def layers(system: ir.System, steps: int) -> list[set[State]]:
    """For 0, 1, ... ``steps``: the states at the end of the runs of exactly so many steps."""
    runs = Runs(Template(system))
    found: list[set[State]] = []
    for number in range(steps + 1):
        if number:
            runs.extend()
        here: set[State] = set()
        other = z3.Bool(f"other.{number}")
        while (model := runs.ask(runs.happens, other)) is not None:
            vector = runs.spaces[-1].read(model)
            here.add(normalised(system, vector))
            same = [as_z3_equal(c, k) for c, k in zip(runs.spaces[-1].cells, vector, strict=True)]
            runs.add(z3.Implies(other, z3.Not(z3.And(same))))
        found.append(here)
    return found
