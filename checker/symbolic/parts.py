# SPDX-License-Identifier: GPL-2.0-or-later
"""What one actor can do from one place, as z3 answers it; answers are remembered.

A *part* of the relation is a rule, or an operation of one actor at one program
counter.  It reads few cells, and does the same wherever these have the same codes:
one answer of z3 serves all states that agree on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.explicit.result import NO_LOCK_LEFT
from checker.symbolic import terms
from checker.symbolic import values as v
from checker.symbolic.codes import Value, as_number, as_truth
from checker.symbolic.relation import Move, Space
from checker.symbolic.template import Template, constants

State = tuple[int, ...]


class Unknown(Exception):
    """No solver decides; the text says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way a step may go: the cells that it writes, with their codes, and the promises that it breaks.

    With ``error`` it leads to no state.
    """

    writes: tuple[tuple[int, int], ...]
    broken: tuple[str, ...]
    error: str | None = None

    def after(self, state: State) -> State:
        """The state that it leads to."""
        cells = list(state)
        for cell, code in self.writes:
            cells[cell] = code
        return tuple(cells)


@dataclass(frozen=True, slots=True)
class Way:
    """An exit or a failure: where ``guard`` holds, ``writes`` are the new codes as bits."""

    guard: Any
    writes: dict[int, Any]
    error: str | None = None


class Codes:
    """Puts codes in the place of some cells of a space; what z3 needs for that is made once."""

    def __init__(self, space: Space, cells: Sequence[int]) -> None:
        self.constants = [constant(space.cells[k]) for k in cells]
        self.names = (z3.Ast * len(cells))(*(c.as_ast() for c in self.constants))
        self.values: list[dict[int, Any]] = [{} for _ in cells]
        self.room = (z3.Ast * len(cells))()

    def put(self, formula: Any, codes: Sequence[int]) -> Any:
        """The formula, simplified."""
        context = formula.ctx_ref()
        for k, (made, code) in enumerate(zip(self.values, codes, strict=True)):
            value = made.get(code)
            if value is None:
                one = self.constants[k]
                value = made[code] = z3.BoolVal(bool(code)) if z3.is_bool(one) else terms.constant(code, one.size())
            self.room[k] = value.as_ast()
        put = z3.Z3_substitute(context, formula.as_ast(), len(self.room), self.names, self.room)
        return z3.simplify(z3.z3._to_expr_ref(put, formula.ctx))


class Part:
    """``procedure`` and ``actor`` (a global number, None for a rule) say who moves."""

    def __init__(self, template: Template, move: Move, number: int = 0, pc: int = 0) -> None:
        """``number`` is the actor's in its role, ``pc`` its program counter."""
        self.template, self.move = template, move
        self.procedure = move.steps.procedure.name
        self.actor = None if move.role is None else template.first_actor(move.role) + number
        self.pairs = self._place(number, pc)
        self.ways: list[Way] = []
        self.flags: list[tuple[str, Any]] = []
        """Promises, and when the step breaks them."""
        self._collect()
        told = [f for way in self.ways for f in (way.guard, *way.writes.values())]
        self.cells = support([*told, *(flag for _, flag in self.flags)], template.source)
        self.key = key_of(self.cells)
        self.codes = Codes(template.source, self.cells)
        self.known: dict[State, tuple[Outcome, ...]] = {}
        self.told: Any = None
        self.fields: list[tuple[int, int]] = []
        """For each field of the word its first bit and its mask: the way, the flags, the written cells."""

    def outcomes(self, state: State) -> tuple[Outcome, ...]:
        """All that it can do in this state, in an order that does not depend on z3."""
        key = self.key(state)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._ask(key) if self.ways else ()
        return found

    # ----------------------------------------------------------------- formulas

    def _place(self, number: int, pc: int) -> list[tuple[Any, Any]]:
        """What makes the move's formulas speak of this actor at this place."""
        if self.move.role is None:
            return []
        template = self.template
        counter = template.source.cells[template.system.roles[self.move.role].pc.offset + number]
        known = [(template.relation.actor[self.move.role], number), (counter, pc)]
        return [(one.bits, z3.BitVecVal(code, one.bits.size())) for one, code in known if isinstance(one, v.Num)]

    def put(self, formulas: Sequence[Any]) -> list[Any]:
        """The formulas at this place, simplified together."""
        if not formulas:
            return []
        whole: list[Any] = terms.operands(z3.simplify(z3.substitute(terms.bundle(formulas), *self.pairs)))
        return whole

    def _collect(self) -> None:
        move, source = self.move, self.template.source.cells
        exits, failures = move.steps.exits, move.steps.failures
        told = [*(one.guard for one in exits), *(one.guard for one in failures)]
        guards = self.put([v.as_z3(v.both(move.valid, guard)) for guard in told])
        for exit_, guard in zip(exits, guards, strict=False):
            if z3.is_false(guard):
                continue
            changed = [k for k, (new, old) in enumerate(zip(exit_.state, source, strict=True)) if new is not old]
            new = self.put([as_bits(exit_.state[k], source[k]) for k in changed])
            old = self.put([as_bits(source[k], source[k]) for k in changed])
            writes = {k: a for k, a, b in zip(changed, new, old, strict=True) if not terms.same(a, b)}
            self.ways.append(Way(guard, writes))
            if exit_.point is None:
                self._flag(NO_LOCK_LEFT, v.both(exit_.guard, self.template.left_behind(move, exit_)))
        for failure, guard in zip(failures, guards[len(exits):], strict=True):
            if not z3.is_false(guard):
                self.ways.append(Way(guard, {}, failure.said))
                self._flag(self.template.name_of(failure), failure.guard)
        for guard, promise in move.steps.broken:
            self._flag(self.template.system.assertions[promise], guard)

    def _flag(self, name: str, truth: v.Truth) -> None:
        (flag,) = self.put([v.as_z3(truth)])
        if not z3.is_false(flag):
            self.flags.append((name, flag))

    # ------------------------------------------------------------------ answers

    def _prepare(self) -> None:
        """One word that tells all that matters of a way, and whether it is taken."""
        size = len(self.ways).bit_length()
        which: Any = z3.BitVecVal(0, size)
        for number, way in enumerate(self.ways):
            which = terms.choice(way.guard, terms.constant(number, size), which)
        told = [which, *(v.resize(v.from_truth(flag), 1) for _, flag in self.flags)]
        self.written = sorted({cell for way in self.ways for cell in way.writes})
        for cell in self.written:
            code: Any = None
            for way in self.ways:
                if cell in way.writes:
                    new = way.writes[cell]
                    code = terms.choice(way.guard, new, terms.constant(0, new.size()) if code is None else code)
            told.append(code)
        at = 0
        for one in told:
            self.fields.append((at, (1 << one.size()) - 1))
            at += one.size()
        word = z3.Concat(*reversed(told)) if len(told) > 1 else told[0]
        happens = z3.Or([way.guard for way in self.ways])
        self.told = z3.simplify(terms.bundle((word, happens)))

    def _ask(self, key: State) -> tuple[Outcome, ...]:
        if self.told is None:
            self._prepare()
        word, happens = terms.operands(self.codes.put(self.told, key))
        return tuple(self._read(one) for one in sorted(solutions(word, happens)))

    def _read(self, word: int) -> Outcome:
        which, *rest = [word >> first & mask for first, mask in self.fields]
        flags, codes = rest[:len(self.flags)], rest[len(self.flags):]
        way = self.ways[which]
        writes = tuple((cell, code) for cell, code in zip(self.written, codes, strict=True) if cell in way.writes)
        broken = tuple(dict.fromkeys(name for (name, _), flag in zip(self.flags, flags, strict=True) if flag))
        return Outcome(writes, broken, way.error)


class Parts:
    """The whole relation: who can do something in a state, and what.  A part is made when it is first needed."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.rules = [Part(template, move) for move in template.relation.moves if move.role is None]
        self.made: dict[tuple[int, int, int], list[Part]] = {}

    def at(self, state: State) -> Iterator[Part]:
        """The parts that may move in this state."""
        yield from self.rules
        for role, one in enumerate(self.template.system.roles):
            for number in range(one.type.size):
                yield from self._of(role, number, state[one.pc.offset + number])

    def _of(self, role: int, number: int, pc: int) -> list[Part]:
        found = self.made.get((role, number, pc))
        if found is None:
            moves = [move for move in self.template.relation.moves if move.role == role]
            parts = [Part(self.template, move, number, pc) for move in moves
                     if pc == 0 or any(point.pc == pc for point in move.steps.procedure.yields)]
            found = self.made[role, number, pc] = [part for part in parts if part.ways]
        return found


class Watch:
    """A truth about a state, or about a state and the next one; z3 is asked once for all that agree on its cells."""

    def __init__(self, truth: v.Truth, before: Space, after: Space | None = None) -> None:
        self.truth = v.as_z3(truth)
        both = Space(before.cells + (after.cells if after is not None else ()), True)
        self.cells = support([self.truth], both)
        self.key = key_of(self.cells)
        self.codes = Codes(both, self.cells)
        self.known: dict[State, bool] = {}

    def __call__(self, cells: State) -> bool:
        """``cells`` are the state's, followed by those of the next one if it is about two."""
        key = self.key(cells)
        found = self.known.get(key)
        if found is None:
            value = self.codes.put(self.truth, key)
            assert z3.is_true(value) or z3.is_false(value), "a promise speaks of nothing but cells"
            found = self.known[key] = bool(z3.is_true(value))
        return found


# -------------------------------------------------------------------------- bits


def solutions(word: Any, happens: Any) -> list[int]:
    """All that a word can be where the condition holds."""
    if z3.is_false(happens):
        return []
    if z3.is_bv_value(word) and z3.is_true(happens):
        return [word.as_long()]
    solver, found = z3.SolverFor("QF_FD"), []
    solver.add(happens)
    while (answer := solver.check()) == z3.sat:
        one = solver.model().eval(word, model_completion=True)
        found.append(one.as_long())
        solver.add(word != one)
    if answer == z3.unknown:
        raise Unknown(solver.reason_unknown())
    return found


def as_bits(value: Value, cell: Value) -> Any:
    """A code as a bit-vector, as wide as the cell's."""
    if isinstance(cell, v.Num):
        return v.resize(as_number(value), cell.bits.size())
    return v.resize(v.from_truth(as_truth(value)), 1)


def constant(cell: Value) -> Any:
    """The unknown that a cell is."""
    return cell.bits if isinstance(cell, v.Num) else cell


def support(formulas: Sequence[Any], space: Space) -> tuple[int, ...]:
    """The cells of a space that formulas speak of."""
    told = {c.get_id() for c in constants(formulas)}
    cells = [(k, constant(cell)) for k, cell in enumerate(space.cells) if not isinstance(cell, int)]
    return tuple(k for k, cell in cells if cell.get_id() in told)


def key_of(cells: Sequence[int]) -> Callable[[State], State]:
    """Takes the codes of these cells out of a state."""
    if len(cells) > 1:
        return itemgetter(*cells)
    return (lambda state: (state[cells[0]],)) if cells else lambda state: ()
