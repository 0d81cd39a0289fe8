# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps from any state whatever: does one break a promise that held in the k states before?

``Induction`` is asked in a child process (``proofs``); its answers are plain data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.language import ir
from checker.symbolic import values as v
from checker.symbolic.codes import as_number
from checker.symbolic.frames import Fact, Frames, tidy
from checker.symbolic.relation import Move, Space
from checker.symbolic.runs import LOGICS, holds
from checker.symbolic.successors import normalised
from checker.symbolic.template import Instance, Template, initial


class Unsure(Exception):
    """No solver decides; the text says why."""


@dataclass(frozen=True)
class Stride:
    """One step that a solver has found: who, from where, to which yield.

    ``actor`` is a global number, None for a rule.  ``start`` and ``point`` are numbers
    of yields, None for the beginning and the end.  ``params`` and ``choices`` are shown
    as in a trace; ``error`` is what went wrong, so that the step leads to no state.
    """

    procedure: str
    actor: int | None
    start: int | None
    point: int | None
    params: dict[str, str]
    choices: tuple[tuple[str, str], ...]
    error: str | None = None


@dataclass(frozen=True)
class Failed:
    """A run of k steps in which only the last one breaks the promise.

    There is one of ``states`` more than steps, unless the last step leads to none.
    ``first`` is the first of them, normalised.
    """

    states: tuple[tuple[int, ...], ...]
    strides: tuple[Stride, ...]
    first: tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """``failed``, or None: nothing breaks the promise, and of what was assumed only ``needs`` was used."""

    failed: Failed | None
    needs: frozenset[str] = frozenset()


@dataclass
class Chain:
    """k steps between k + 1 states, from any state whatever or from an initial one."""

    solver: Any
    spaces: list[Space]
    steps: list[Instance]
    happens: Any
    """Whether the last step leads to the last state; earlier ones do."""
    said: list[Any] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    """Names of the flags that the solver knows already."""

    def add(self, formula: Any) -> None:
        self.said.append(formula)
        self.solver.add(formula)


class Induction:
    """Answers questions about one system; what it learns about frames, and its solvers, it keeps."""

    def __init__(self, system: ir.System, facts: Sequence[Fact] | None = None) -> None:
        self.system = system
        self.template = Template(system)
        template = self.template
        self.facts = facts if facts is not None else Frames(
            system, template.source, template.target, template.relation).facts()
        self.chains: dict[tuple[int, int | None], Chain] = {}

    # ------------------------------------------------------------------- chains

    def chain(self, steps: int, last: Move | None) -> Chain:
        """So many steps; ``last``: from any state that its frames allow, and the last step is this
        move's, which gives a solver little to do; None: from an initial state, and any steps."""
        key = steps, None if last is None else last.number
        if key not in self.chains:
            self.chains[key] = self._chain(steps, last)
        return self.chains[key]

    def _chain(self, steps: int, last: Move | None) -> Chain:
        template, anywhere = self.template, last is not None
        spaces = [Space.fresh(self.system, f"{k}.") for k in range(steps + 1)]
        made = [template.at(k, spaces[k], spaces[k + 1]) for k in range(steps)]
        if last is not None:
            made[-1] = fixed(template, made[-1], last)
        happens = z3.Bool("happens") if steps else z3.BoolVal(True)
        chain = Chain(z3.SolverFor(LOGICS[0]), spaces, made, happens)
        if anywhere:
            for space in spaces[:-1]:
                chain.add(v.as_z3(space.valid))
                for formula in tidy(self.system, space.cells):
                    chain.add(formula)
                for fact in self.facts:
                    for formula in fact.everywhere(self.system, space.cells):
                        chain.add(formula)
        else:
            chain.add(initial(self.system, spaces[0]))
        for one in made[:-1]:
            chain.add(one(template.relation.happens))
        if made:
            chain.add(z3.Implies(happens, z3.simplify(made[-1](template.relation.happens))))
        return chain

    def keeps(self, chain: Chain, name: str) -> Any:
        """The flag that says: a promise is kept in all states but the last, and in the steps between them."""
        flag = z3.Bool(f"keeps {name}")
        if f"keeps {name}" not in chain.known:
            chain.known.add(f"keeps {name}")
            template = self.template
            for k, space in enumerate(chain.spaces[:-1]):
                if name in template.states:
                    chain.add(z3.Implies(flag, z3.Not(template.at(k, space)(template.states[name]))))
                if name in template.edges and k < len(chain.steps) - 1:
                    chain.add(z3.Implies(flag, z3.Not(chain.steps[k](template.edges[name]))))
        return flag

    def breaks(self, chain: Chain, name: str) -> Any:
        """The flag that says: the last step breaks a promise, or leads to a state that does."""
        flag = z3.Bool(f"breaks {name}")
        if f"breaks {name}" not in chain.known:
            chain.known.add(f"breaks {name}")
            template, end = self.template, chain.spaces[-1]
            ways = []
            if name in template.states:
                here = template.at(len(chain.steps), end)
                ways.append(z3.And(chain.happens, here(template.states[name])))
            if name in template.edges and chain.steps:
                step = chain.steps[-1]
                leads = z3.Or(chain.happens, z3.simplify(step(template.relation.fails)))
                ways.append(z3.And(leads, z3.simplify(step(template.edges[name]))))
            chain.add(z3.Implies(flag, z3.Or(ways)))
        return flag

    def check(self, chain: Chain, assumptions: Sequence[Any]) -> Any | None:
        """A model, or None if there is none; Unsure if nobody can tell."""
        answer = chain.solver.check(*assumptions)
        if answer == z3.unknown:
            other = z3.SolverFor(LOGICS[1])
            other.add(chain.said)
            chain.solver = other
            answer = other.check(*assumptions)
        if answer == z3.unknown:
            raise Unsure(f"z3 does not know: {chain.solver.reason_unknown()}")
        return chain.solver.model() if answer == z3.sat else None

    # ---------------------------------------------------------------- questions

    def ready(self) -> tuple[list[Fact], int]:
        """The formulas are written; what was found out about frames, and how many moves there are."""
        return list(self.facts), len(self.template.relation.moves)

    def start(self, name: str, steps: int) -> bool:
        """Whether a run of exactly so many steps from an initial state breaks a promise at its end."""
        chain = self.chain(steps, None)
        return self.check(chain, [self.breaks(chain, name)]) is not None

    def decide(self, name: str, assumed: Iterable[str], k: int, number: int) -> Answer:
        """Whether the last of k steps, if it is that of the move with this number, may break a promise that
        is kept before, where others are, too."""
        chain = self.chain(k, self.template.relation.moves[number])
        kept = {f"keeps {one}": one for one in {*assumed, name}}
        model = self.check(chain, self.question(chain, name, kept.values()))
        if model is not None:
            return Answer(self.failed(chain, model))
        return Answer(None, frozenset(kept[str(one)] for one in chain.solver.unsat_core() if str(one) in kept))

    def needs(self, name: str, assumed: Iterable[str], k: int, number: int) -> frozenset[str]:
        """Of what is assumed no more than the proof of ``decide`` needs; finding out takes longer."""
        chain = self.chain(k, self.template.relation.moves[number])
        chain.solver.set("core.minimize", True)
        found = self.decide(name, assumed, k, number).needs
        chain.solver.set("core.minimize", False)
        return found

    def question(self, chain: Chain, name: str, assumed: Iterable[str]) -> list[Any]:
        """The assumptions under which a model is a failed step."""
        return [self.breaks(chain, name), *(self.keeps(chain, one) for one in sorted({*assumed, name}))]

    def simpler(self, name: str, assumed: Iterable[str], k: int) -> Failed | None:
        """A failed step from a state that has much in common with an initial one."""
        frames = {f.offset + n for role in self.system.roles for f in (role.pc, *role.slots) for n in range(f.count)}
        usual = self.system.initial[0]
        for move in self.template.relation.moves:
            chain = self.chain(k, move)
            fixed = self.question(chain, name, assumed)
            model = self.check(chain, fixed)
            if model is None:
                continue
            for cell in sorted(range(len(usual)), key=lambda cell: (cell not in frames, cell)):
                wish = chain.spaces[0].is_state(usual)[cell]
                if not holds(model, wish):
                    better = self.check(chain, [*fixed, wish])
                    if better is None:
                        continue
                    model = better
                fixed.append(wish)
            return self.failed(chain, model)
        return None

    def places(self, name: str, assumed: Iterable[str], k: int) -> list[tuple[str, str]]:
        """All steps that may break a promise: the procedure, and the label that the step begins behind."""
        found = []
        for move in self.template.relation.moves:
            chain, procedure = self.chain(k, move), move.steps.procedure
            fixed = self.question(chain, name, assumed)
            if self.check(chain, fixed) is None:
                continue
            if move.role is None:
                found.append((procedure.name, ""))
                continue
            points = [(0, ""), *((point.pc, point.label) for point in procedure.yields)]
            found += [(procedure.name, label) for pc, label in points
                      if self.check(chain, [*fixed, self.from_here(chain, move, pc)]) is not None]
        return list(dict.fromkeys(found))

    def from_here(self, chain: Chain, move: Move, pc: int) -> Any:
        """The last step begins at this place."""
        assert move.role is not None
        role, source = self.system.roles[move.role], self.template.source
        here = v.any_of(
            v.both(v.equal(self.template.relation.actor[move.role], k),
                   v.equal(as_number(source.cells[role.pc.offset + k]), pc)) for k in range(role.type.size))
        return chain.steps[-1](here)

    # -------------------------------------------------------------- plain data

    def failed(self, chain: Chain, model: Any) -> Failed:
        """The run that a model describes."""
        strides = [self.stride(chain, k, model) for k in range(len(chain.steps))]
        spaces = chain.spaces if strides[-1].error is None else chain.spaces[:-1]
        states = tuple(space.read(model) for space in spaces)
        return Failed(states, tuple(strides), normalised(self.system, states[0]))

    def stride(self, chain: Chain, number: int, model: Any) -> Stride:
        step = chain.steps[number]
        move, actor = self.template.move(step, model)
        procedure = move.steps.procedure
        error = None
        if number == len(chain.steps) - 1:
            for failure in move.steps.failures:
                if holds(model, step(failure.guard)):
                    said = failure.message if failure.promise is None else f"assertion failed: {failure.message}"
                    error = f"{failure.pos}: {said}"
        point = next((exit_.point for exit_ in move.steps.exits if holds(model, step(exit_.guard))), None)
        start = None
        if move.role is not None and actor is not None:
            own = actor - self.template.first_actor(move.role)
            pc = chain.spaces[number].read(model)[self.system.roles[move.role].pc.offset + own]
            start = next((k for k, one in enumerate(procedure.yields) if one.pc == pc), None)
        params = {name: procedure.locals[name].show(self._code(step, value, procedure.locals[name].low, model))
                  for name, value in move.steps.params.items()} if start is None else {}
        choices = tuple((choice.text, choice.type.show(self._code(step, choice.value, choice.type.low, model)))
                        for choice in move.steps.choices if holds(model, step(choice.guard)))
        return Stride(procedure.name, actor, start, point, params, choices, error)

    def _code(self, step: Instance, value: Any, low: int, model: Any) -> int:
        return step.number(as_number(value), model) - low


def fixed(template: Template, step: Instance, move: Move) -> Instance:
    """The step, taken by this move."""
    which = template.relation.which
    if isinstance(which, int):
        return step
    number = z3.BitVecVal(move.number, which.bits.size())
    return Instance((*(pair for pair in step.pairs if not pair[0].eq(which.bits)), (which.bits, number)))
