# SPDX-License-Identifier: GPL-2.0-or-later
"""One step and what can break in it, written once and renamed for every step of a run.

Renaming costs a fraction of walking the procedures again.  The formulas speak of
the state before the step, the one after it, and the step's own unknowns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.claims import claims
from checker.explicit.result import CAN_FINISH, NO_LOCK_LEFT, NO_MODEL_ERROR
from checker.language import ir
from checker.language.types import LockT
from checker.symbolic import terms
from checker.symbolic import values as v
from checker.symbolic.codes import as_bits, as_number, unknown_of
from checker.symbolic.expressions import Failure
from checker.symbolic.relation import Move, Relation, Space
from checker.symbolic.step import Exit, condition_of

UNBOUNDED = frozenset({CAN_FINISH})
"""Promises that no number of steps decides: whether an actor gets back to idle is
seen only when every way from a state has been followed to its end."""


@dataclass(frozen=True)
class Instance:
    """One step of a run: renames the template's formulas."""

    pairs: tuple[tuple[Any, Any], ...]

    def __call__(self, truth: v.Truth) -> Any:
        return z3.substitute(v.as_z3(truth), *self.pairs)

    def all(self, truths: Mapping[str, v.Truth]) -> dict[str, Any]:
        """Several formulas at once: what they share is renamed once."""
        if not truths:
            return {}
        renamed = self(terms.bundle([v.as_z3(truth) for truth in truths.values()]))
        return dict(zip(truths, terms.Operands(renamed), strict=True))

    def number(self, number: v.Number, model: Any) -> int:
        """What a model gives to a number of the template."""
        if isinstance(number, int):
            return number
        return int(model.eval(z3.substitute(number.bits, *self.pairs), model_completion=True).as_long())


class Template:
    """``states`` says for each promise when a state breaks it (or reaches it), ``wrong`` when
    a step from one state to another does; ``errors`` and ``step_errors`` when it cannot be evaluated.
    ``stuck`` is the formula of a state that must not be without a step.
    """

    def __init__(self, system: ir.System) -> None:
        self.system = system
        self.source = Space.fresh(system, "source.")
        self.target = Space.fresh(system, "target.")
        self.relation = Relation.between(system, self.source, self.target, "step.")
        self.states: dict[str, v.Truth] = {}
        self.errors: dict[str, v.Truth] = {}
        self.wrong: dict[str, v.Truth] = {}
        self.step_errors: dict[str, v.Truth] = {}
        self.promises = [c.name for c in claims(system)
                         if c.kind != "static" and c.runs is None and c.name not in UNBOUNDED]
        for promise in system.promises:
            self._promise(promise)
        self.stuck = self._stuck()

    @cached_property
    def enabled(self) -> v.Truth:
        """The formula that the step can be taken, into a state or into an error."""
        return v.any_of(v.both(self.relation.chosen(move), v.either(move.happens, move.fails))
                        for move in self.relation.moves)

    @cached_property
    def edges(self) -> dict[str, v.Truth]:
        """When a step breaks a promise, for each that steps can break; a promise may be in ``states``, too."""
        edges: dict[str, v.Truth] = {}
        for name, wrong in self.wrong.items():
            note(edges, name, v.both(self.relation.happens, wrong))
        for errs in self.step_errors.values():
            note(edges, NO_MODEL_ERROR, v.both(self.relation.happens, errs))
        for move in self.relation.moves:
            self._move(edges, move)
        return edges

    # -------------------------------------------------------- what may go wrong

    def _promise(self, promise: ir.Promise) -> None:
        if promise.kind == "step":
            value, errs = condition_of(self.system, promise, self.target.cells, self.source.cells)
            self.wrong[promise.name] = v.both(v.negation(errs), v.negation(value))
            note(self.step_errors, promise.name, errs)
            return
        value, errs = condition_of(self.system, promise, self.source.cells)
        found = value if promise.kind == "reachable" else v.negation(value)
        note(self.states, promise.name, v.both(v.negation(errs), found))
        note(self.states, NO_MODEL_ERROR, errs)
        note(self.errors, promise.name, errs)

    def _move(self, edges: dict[str, v.Truth], move: Move) -> None:
        """Checks and expectations that are false in one procedure's step, and locks that it leaves behind."""
        fails: dict[str, list[v.Truth]] = {}
        for failure in move.steps.failures:
            fails.setdefault(self.name_of(failure), []).append(failure.guard)
        for guard, number in move.steps.broken:
            # The step may still turn out not to exist.
            taken = v.both(guard, v.either(move.happens, move.fails))
            fails.setdefault(self.system.assertions[number], []).append(taken)
        for exit_ in move.steps.exits:
            if exit_.point is None:
                left = self.left_behind(move, exit_)
                if left is not False:
                    fails.setdefault(NO_LOCK_LEFT, []).append(v.both(exit_.guard, left))
        for name, guards in fails.items():
            note(edges, name, v.both(self.relation.chosen(move), v.both(move.valid, v.any_of(guards))))

    def left_behind(self, move: Move, exit_: Exit) -> v.Truth:
        """Whether the actor of an operation that ends holds a lock then."""
        if move.role is None:
            return False
        holder = v.add(self.relation.actor[move.role], self.first_actor(move.role) + 1)
        cells = [f.offset + k for f in self.system.fields if isinstance(f.type, LockT) for k in range(f.count)]
        return v.any_of(v.equal(as_number(exit_.state[cell]), holder) for cell in cells)

    def name_of(self, failure: Failure) -> str:
        """The promise that a failure breaks."""
        return NO_MODEL_ERROR if failure.promise is None else self.system.assertions[failure.promise]

    def first_actor(self, role: int) -> int:
        """The global number of a role's first actor."""
        return sum(one.type.size for one in self.system.roles[:role])

    def _stuck(self) -> v.Truth:
        """Somebody is in mid-operation, or there is nobody at all; and here it may not end."""
        running: v.Truth = not self.system.roles
        for role in self.system.roles:
            for k in range(role.type.size):
                idle = v.equal(as_number(self.source.cells[role.pc.offset + k]), 0)
                running = v.either(running, v.negation(idle))
        if self.system.may_end is None:
            return running
        end = ir.Promise("may_end", "invariant", self.system.may_end, "", self.system.may_end.pos)
        value, errs = condition_of(self.system, end, self.source.cells)
        return v.both(running, v.negation(v.both(value, v.negation(errs))))

    # ----------------------------------------------------------------- renaming

    @cached_property
    def unknowns(self) -> list[Any]:
        """The constants of the step's formulas that are no cells."""
        cells = {c.get_id() for space in (self.source, self.target) for c in constants_of(space)}
        formulas = [self.enabled, self.relation.happens, *self.edges.values()]
        found = {c.get_id(): c for c in terms.constants(v.as_z3(f) for f in formulas) if c.get_id() not in cells}
        return sorted(found.values(), key=lambda c: str(c.decl().name()))

    @cached_property
    def codes(self) -> list[Any]:
        """The cells before the step, as ``as_bits`` writes them, simplified."""
        return [z3.simplify(as_bits(cell, cell)) for cell in self.source.cells]

    def at(self, number: int, before: Space, after: Space | None = None) -> Instance:
        """The step with this number, from one space to another."""
        pairs = list(zip(constants_of(self.source), constants_of(before), strict=True))
        if after is not None:
            pairs += zip(constants_of(self.target), constants_of(after), strict=True)
            pairs += [(c, z3.Const(f"{number}.{c.decl().name()}", c.sort())) for c in self.unknowns]
        return Instance(tuple(pairs))

    def move(self, instance: Instance, model: Any) -> tuple[Move, int | None]:
        """Which move a model takes, and the global number of who takes it."""
        move = self.relation.moves[instance.number(self.relation.which, model)]
        if move.role is None:
            return move, None
        return move, self.first_actor(move.role) + instance.number(self.relation.actor[move.role], model)


def note(where: dict[str, v.Truth], name: str, truth: v.Truth) -> None:
    """One more way to break a promise."""
    whole = v.either(where.get(name, False), truth)
    if whole is not False:
        where[name] = whole


def constants_of(space: Space) -> list[Any]:
    """A space's unknowns, in the order of its cells."""
    return [unknown_of(cell) for cell in space.cells if not isinstance(cell, int)]


def one_of(space: Space, vectors: Iterable[Sequence[int]]) -> Any:
    """The formula that a space is one of these states."""
    return z3.Or([z3.And(space.is_state(vector)) for vector in vectors])


def initial(system: ir.System, space: Space) -> Any:
    """The formula that a space is one of the initial states."""
    return one_of(space, system.initial)
