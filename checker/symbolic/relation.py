# SPDX-License-Identifier: GPL-2.0-or-later
"""The successor relation of a whole system as one formula.

A selector says which rule moves, or which operation of which role; the actor,
the parameters and the choices are unknowns.  ``Space`` is one state of unknowns,
``Relation`` is one step between two spaces; a longer run chains them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.language import ir
from checker.language import types as t
from checker.symbolic import values as v
from checker.symbolic.codes import Value, as_number, as_truth, pick
from checker.symbolic.step import Steps, steps_of


@dataclass
class Space:
    """One state of unknowns: a code per cell, a truth where the cell is bool.

    ``valid`` says that every code is one of its type.
    """

    cells: tuple[Value, ...]
    valid: v.Truth

    @classmethod
    def fresh(cls, system: ir.System, prefix: str) -> Space:
        """New unknowns, whose names begin with ``prefix``."""
        cells: list[Value] = []
        valid: v.Truth = True
        for place in system.fields:
            for k in range(place.count):
                name = f"{prefix}{place.name}.{k}"
                if isinstance(place.type, t.BoolT):
                    cells.append(z3.Bool(name))
                else:
                    cell, fits = v.variable(name, 0, place.type.card - 1)
                    cells.append(cell)
                    valid = v.both(valid, fits)
        return cls(tuple(cells), valid)

    @classmethod
    def known(cls, system: ir.System, vector: Sequence[int]) -> Space:
        """The state with these codes."""
        out: list[Value] = []
        for place in system.fields:
            part = vector[place.offset : place.offset + place.count]
            out.extend(bool(code) if isinstance(place.type, t.BoolT) else code for code in part)
        return cls(tuple(out), True)

    def is_state(self, vector: Sequence[int]) -> list[Any]:
        """Formulas that together say: this is the state with these codes."""
        return [as_z3_equal(cell, code) for cell, code in zip(self.cells, vector, strict=True)]

    def replacing(self, vector: Sequence[int]) -> list[tuple[Any, Any]]:
        """What z3.substitute needs to put these codes in."""
        out = []
        for cell, code in zip(self.cells, vector, strict=True):
            if isinstance(cell, v.Num):
                out.append((cell.bits, z3.BitVecVal(code, cell.bits.size())))
            elif not isinstance(cell, int):
                out.append((cell, z3.BoolVal(bool(code))))
        return out

    def read(self, model: Any) -> tuple[int, ...]:
        """The codes that a z3 model gives to these cells."""
        out = []
        for cell in self.cells:
            if isinstance(cell, v.Num):
                out.append(int(model.eval(cell.bits, model_completion=True).as_long()))
            elif isinstance(cell, int):
                out.append(int(cell))
            else:
                out.append(int(z3.is_true(model.eval(cell, model_completion=True))))
        return tuple(out)


def as_z3_equal(cell: Value, code: int) -> Any:
    """The formula that a cell has this code."""
    if isinstance(cell, v.Num):
        return cell.bits == code
    if isinstance(cell, int):
        return z3.BoolVal(int(cell) == code)
    return cell if code else z3.Not(cell)


@dataclass
class Move:
    """One procedure's steps, as one alternative of the relation.

    ``valid`` says that the actor is one of its role.
    """

    number: int
    role: int | None
    steps: Steps
    valid: v.Truth
    happens: v.Truth
    fails: v.Truth


@dataclass
class Relation:
    """Steps from ``source`` to ``target``.

    ``moves`` lists the alternatives; ``which`` and ``actor`` select among them.
    """

    system: ir.System
    source: Space
    target: Space
    prefix: str = ""
    moves: list[Move] = field(default_factory=list)
    which: v.Number = 0
    actor: dict[int, v.Number] = field(default_factory=dict)

    @classmethod
    def between(cls, system: ir.System, source: Space, target: Space, prefix: str = "") -> Relation:
        """The relation from one space to another; its unknowns begin with ``prefix``."""
        out = cls(system, source, target, prefix)
        out._collect()
        return out

    def _collect(self) -> None:
        for rule in self.system.rules:
            self._add(rule, None, 0, True)
        for number, role in enumerate(self.system.roles):
            actor, valid = v.variable(f"{self.prefix}actor.{number}", 0, role.type.size - 1)
            self.actor[number] = actor
            for operation in role.operations:
                self._add(operation, number, actor, valid)
        self.which, _ = v.variable(f"{self.prefix}which", 0, max(0, len(self.moves) - 1))

    def _add(self, procedure: ir.Procedure, number: int | None, actor: v.Number, valid: v.Truth) -> None:
        role = None if number is None else self.system.roles[number]
        steps = steps_of(self.system, procedure, role, actor, self.source.cells, f"{self.prefix}{len(self.moves)}.")
        happens = v.both(valid, v.any_of(exit_.guard for exit_ in steps.exits))
        fails = v.both(valid, v.any_of(failure.guard for failure in steps.failures))
        self.moves.append(Move(len(self.moves), number, steps, valid, happens, fails))

    def chosen(self, move: Move) -> v.Truth:
        """The formula that this is the one of the moves."""
        return v.equal(self.which, move.number)

    @cached_property
    def happens(self) -> v.Truth:
        """The formula of a step into the target, whose cells are written once."""
        result: tuple[Value, ...] = self.source.cells
        for move in self.moves:
            for exit_ in move.steps.exits:
                here = v.both(self.chosen(move), exit_.guard)
                result = tuple(pick(here, x, y) for x, y in zip(exit_.state, result, strict=True))
        happens = v.any_of(v.both(self.chosen(move), move.happens) for move in self.moves)
        for cell, value in zip(self.target.cells, result, strict=True):
            happens = v.both(happens, same(cell, value))
        return happens

    @cached_property
    def fails(self) -> v.Truth:
        """The formula of a step that ends in a model error or a false assertion."""
        return v.any_of(v.both(self.chosen(move), move.fails) for move in self.moves)


def same(cell: Value, value: Value) -> v.Truth:
    """The formula that a cell has this value."""
    if isinstance(cell, bool) or z3.is_bool(cell):
        return v.same_truth(cell, as_truth(value))
    return v.equal(cell, as_number(value))
