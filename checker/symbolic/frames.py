# SPDX-License-Identifier: GPL-2.0-or-later
"""What the frames of actors say of themselves, in any state that a step can lead to.

An induction begins in any state whatever, also in one where an actor's two copies of
one value differ.  No model can make such a state and no author should have to say so:
these facts are found here, by guessing all of their kind and dropping what some step
from the rest breaks.  An actor's frame is written by its own steps only, so that a fact
about it needs no other actor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.language import ir
from checker.language import types as t
from checker.symbolic import values as v
from checker.symbolic.codes import Value, as_number, pick
from checker.symbolic.relation import Move, Relation, Space, same
from checker.symbolic.step import Steps


@dataclass(frozen=True)
class Fact:
    """Of each actor of a role that stands at ``pc``: its slots ``a`` and ``b`` have the same
    value, or (``b`` None) its slot ``a`` has the code ``code``, or has it not."""

    role: int
    pc: int
    a: int
    b: int | None
    code: int = 0
    equal: bool = True

    def of(self, system: ir.System, cells: Sequence[Value], actor: int) -> v.Truth:
        """The fact as a formula."""
        role = system.roles[self.role]
        elsewhere = v.negation(v.equal(as_number(cells[role.pc.offset + actor]), self.pc))
        left = as_number(cells[role.slots[self.a].offset + actor])
        right = self.code if self.b is None else as_number(cells[role.slots[self.b].offset + actor])
        truth = v.equal(left, right)
        return v.either(elsewhere, truth if self.equal else v.negation(truth))

    def everywhere(self, system: ir.System, cells: Sequence[Value]) -> list[Any]:
        """The formulas for all actors of the role."""
        size = system.roles[self.role].type.size
        return [v.as_z3(self.of(system, cells, actor)) for actor in range(size)]


def tidy(system: ir.System, cells: Sequence[Value]) -> list[Any]:
    """What an actor does not need any more is zero: ``Yield`` leaves it so."""
    out = []
    for role in system.roles:
        live = {0: set[int]()}
        for point in (point for operation in role.operations for point in operation.yields):
            live[point.pc] = {slot for _, slot in point.live}
        for actor in range(role.type.size):
            pc = as_number(cells[role.pc.offset + actor])
            for number, slot in enumerate(role.slots):
                needed = v.any_of(v.equal(pc, one) for one, slots in live.items() if number in slots)
                zero = v.equal(as_number(cells[slot.offset + actor]), 0)
                out.append(v.as_z3(v.either(needed, zero)))
    return out


def guesses(system: ir.System) -> list[Fact]:
    """Everything that a frame might say: copies agree, a reference is None or is not, a bool is true or false."""
    found = []
    for number, role in enumerate(system.roles):
        for point in (point for operation in role.operations for point in operation.yields):
            slots = [slot for _, slot in point.live]
            for k, a in enumerate(slots):
                type_ = role.slots[a].type
                if isinstance(type_, (t.OptT, t.BoolT)):
                    code = type_.none if isinstance(type_, t.OptT) else 1
                    found += [Fact(number, point.pc, a, None, code, equal) for equal in (True, False)]
                found += [Fact(number, point.pc, a, b) for b in slots[k + 1:]
                          if plain(role.slots[b].type) == plain(type_) and type_.card > 1]
    return found


def plain(type_: t.Type) -> t.Type:
    """A reference and one that may be None have the same codes."""
    return type_.of if isinstance(type_, t.OptT) else type_


class Frames:
    """Drops guesses until the rest carries itself."""

    def __init__(self, system: ir.System, source: Space, target: Space, relation: Relation) -> None:
        self.system, self.source, self.target = system, source, target
        self.rounds = [(move.role, self.solver(move)) for move in relation.moves if move.role is not None]

    def solver(self, move: Move) -> Any:
        """The steps of one operation."""
        solver = z3.SolverFor("QF_FD")
        solver.add(v.as_z3(self.source.valid), *tidy(self.system, self.source.cells))
        solver.add(*arrives(self.system, move, self.source, self.target))
        return solver

    def facts(self) -> list[Fact]:
        """All that is true of every frame; as far as the solver knows."""
        known = guesses(self.system)
        while True:
            before = len(known)
            for role, solver in self.rounds:
                known = self.kept(known, role, solver)
            if len(known) == before:
                return known

    def kept(self, known: list[Fact], role: int, solver: Any) -> list[Fact]:
        """The facts that one operation's steps from a state where all hold keep."""
        while mine := [fact for fact in known if fact.role == role]:
            solver.push()
            solver.add(*(one for fact in mine for one in fact.everywhere(self.system, self.source.cells)))
            after = {fact: z3.And(fact.everywhere(self.system, self.target.cells)) for fact in mine}
            solver.add(z3.Not(z3.And(list(after.values()))))
            answer = solver.check()
            broken = [fact for fact, truth in after.items() if answer == z3.unknown or (
                answer == z3.sat and not z3.is_true(solver.model().eval(truth, model_completion=True)))]
            solver.pop()
            if not broken:
                break
            known = [fact for fact in known if fact not in broken]
        return known


def arrives(system: ir.System, move: Move, source: Space, target: Space) -> list[Any]:
    """The formulas of one operation's step, as far as the frames of its role go."""
    assert move.role is not None
    role = system.roles[move.role]
    cells = [place.offset + k for place in (role.pc, *role.slots) for k in range(place.count)]
    formulas = [v.as_z3(move.valid), v.as_z3(v.any_of(exit_.guard for exit_ in move.steps.exits))]
    return formulas + [v.as_z3(same(target.cells[cell], after(move.steps, source, cell))) for cell in cells]


def after(steps: Steps, source: Space, cell: int) -> Value:
    """What a cell is after the step."""
    value = source.cells[cell]
    for exit_ in steps.exits:
        value = pick(exit_.guard, exit_.state[cell], value)
    return value
