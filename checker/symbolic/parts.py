# SPDX-License-Identifier: GPL-2.0-or-later
"""What one actor can do from one place, as z3 answers it; answers are remembered.

A *part* of the relation is a rule, or an operation of one actor at one program
counter.  It reads few cells, and does the same wherever these have the same codes:
one answer of z3 serves all states that agree on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from operator import itemgetter
from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.explicit.result import NO_LOCK_LEFT
from checker.symbolic import terms
from checker.symbolic import values as v
from checker.symbolic.codes import as_bits, unknown_of
from checker.symbolic.expressions import Failure
from checker.symbolic.relation import Move, Space
from checker.symbolic.step import Exit
from checker.symbolic.template import Template
from checker.symbolic.valuation import Valuation

State = tuple[int, ...]

FEW_BITS = 6
"""Parameters and choices of so many bits are tried one by one; of more, a solver finds those that fit sooner."""

NEVER = z3.BoolVal(False)


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


class Part:
    """``procedure`` and ``actor`` (a global number, None for a rule) say who moves."""

    def __init__(self, template: Template, move: Move, number: int = 0, pc: int = 0) -> None:
        """``number`` is the actor's in its role, ``pc`` its program counter."""
        self.template, self.move = template, move
        self.procedure = move.steps.procedure.name
        self.actor = None if move.role is None else template.first_actor(move.role) + number
        self.place = self._place(number, pc)
        self.pairs = list(self._pairs(number))
        self.ways: list[Way] = []
        self.flags: list[tuple[str, Any]] = []
        """Promises, and when the step breaks them."""
        self._collect()
        self.written = sorted({cell for way in self.ways for cell in way.writes})
        self.fields: list[tuple[int, int]] = []
        """For each field of the word its first bit and its mask: the way, the flags, the written cells."""
        self.word = self._word() if self.ways else terms.constant(0, 1)
        unknowns = terms.constants([self.word])
        self.cells = cells_of(unknowns, template.source)
        self.key = key_of(self.cells)
        cells = [unknown_of(template.source.cells[k]) for k in self.cells]
        known = {cell.get_id() for cell in cells}
        others = [c for c in unknowns if c.get_id() not in known]
        sizes = [1 if z3.is_bool(c) else c.size() for c in others]
        self.tries: list[State] | None = None
        """All values of the unknowns that are no cells, where they are few."""
        if sum(sizes) <= FEW_BITS:
            self.tries = list(product(*(range(1 << size) for size in sizes)))
        self.valuation = Valuation([*cells, *others] if self.tries is not None else cells)
        self.known: dict[State, tuple[Outcome, ...]] = {}

    def outcomes(self, state: State) -> tuple[Outcome, ...]:
        """All that it can do in this state, in an order that does not depend on z3."""
        key = self.key(state)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = tuple(self._read(word) for word in sorted(self._words(key)))
        return found

    # ----------------------------------------------------------------- formulas

    def _place(self, number: int, pc: int) -> dict[int, int]:
        """The cells whose codes this actor's being there tells: its program counter, and what it does not remember."""
        if self.move.role is None:
            return {}
        role = self.template.system.roles[self.move.role]
        return {role.pc.offset + number: pc, **{slot.offset + number: 0 for slot in role.unused(pc)}}

    def _pairs(self, number: int) -> Iterator[tuple[Any, Any]]:
        """What makes the move's formulas speak of this actor at this place."""
        if self.move.role is not None and isinstance(actor := self.template.relation.actor[self.move.role], v.Num):
            yield actor.bits, as_bits(number, actor)
        for k, code in self.place.items():
            cell = self.template.source.cells[k]
            if isinstance(cell, v.Num):
                yield cell.bits, as_bits(code, cell)
            elif not isinstance(cell, int):
                yield cell, z3.BoolVal(bool(code))

    def put(self, formulas: Sequence[Any]) -> terms.Operands:
        """The formulas at this place, simplified together."""
        return terms.Operands(z3.simplify(z3.substitute(terms.bundle(formulas), *self.pairs)))

    def _collect(self) -> None:
        """The ways and flags that there are at this place."""
        move, source = self.move, self.template.source.cells
        told: list[Exit | Failure] = [*move.steps.exits, *move.steps.failures]
        guards = self.put([v.as_z3(v.both(move.valid, one.guard)) for one in told])
        there = [(one, guards[k]) for k, one in enumerate(told) if not guards.same(k, NEVER)]
        flags = list(self._flags([one for one, _ in there]))
        changed, codes = list[list[int]](), list[Any]()
        for one, _ in there:
            state = one.state if isinstance(one, Exit) else source
            changed.append([k for k, (new, old) in enumerate(zip(state, source, strict=True)) if new is not old])
            codes += [as_bits(state[k], source[k]) for k in changed[-1]]
        # All at once: what they share is simplified once.
        put = self.put([*(v.as_z3(truth) for _, truth in flags), *codes])
        self.flags = [(name, put[k]) for k, (name, _) in enumerate(flags) if not put.same(k, NEVER)]
        at = len(flags)
        for (one, guard), cells in zip(there, changed, strict=True):
            writes = {cell: put[at + n] for n, cell in enumerate(cells) if not put.same(at + n, self._old(cell))}
            self.ways.append(Way(guard, writes, one.said if isinstance(one, Failure) else None))
            at += len(cells)

    def _old(self, cell: int) -> Any:
        """The code of a cell before the step, as bits."""
        known = self.place.get(cell)
        return self.template.codes[cell] if known is None else as_bits(known, self.template.source.cells[cell])

    def _flags(self, there: Sequence[Exit | Failure]) -> Iterator[tuple[str, v.Truth]]:
        """Promises, and when the step breaks them; of the exits and failures that are there."""
        for one in there:
            if isinstance(one, Failure):
                yield self.template.name_of(one), one.guard
            elif one.point is None:
                yield NO_LOCK_LEFT, v.both(one.guard, self.template.left_behind(self.move, one))
        for guard, promise in self.move.steps.broken:
            yield self.template.system.assertions[promise], guard

    def _word(self) -> Any:
        """One word that tells all that matters of a way; its last bit says whether one is taken."""
        size = len(self.ways).bit_length()
        which: Any = terms.constant(0, size)
        for number, way in enumerate(self.ways):
            which = terms.choice(way.guard, terms.constant(number, size), which)
        told = [v.resize(v.from_truth(v.any_of(way.guard for way in self.ways)), 1), which,
                *(v.resize(v.from_truth(flag), 1) for _, flag in self.flags)]
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
        return z3.simplify(z3.Concat(*reversed(told)))

    # ------------------------------------------------------------------ answers

    def _words(self, key: State) -> set[int]:
        """What the word can be where a way is taken."""
        if self.tries is None:
            return solutions(self.valuation.put(self.word, key))
        words = {self.valuation.number(self.word, key + one) for one in self.tries}
        return {word for word in words if word & 1}

    def _read(self, word: int) -> Outcome:
        _, which, *rest = [word >> first & mask for first, mask in self.fields]
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
        self.cells = cells_of(terms.constants([self.truth]), both)
        self.key = key_of(self.cells)
        self.valuation = Valuation([unknown_of(both.cells[k]) for k in self.cells])
        self.known: dict[State, bool] = {}

    def __call__(self, cells: State) -> bool:
        """``cells`` are the state's, followed by those of the next one if it is about two."""
        key = self.key(cells)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self.valuation.truth(self.truth, key)
        return found


def solutions(word: Any) -> set[int]:
    """All that a word can be where its last bit is set."""
    found: set[int] = set()
    solver = z3.SolverFor("QF_FD")
    solver.add(z3.Extract(0, 0, word) == 1)
    while (answer := solver.check()) == z3.sat:
        one = solver.model().eval(word, model_completion=True)
        found.add(one.as_long())
        solver.add(word != one)
    if answer == z3.unknown:
        raise Unknown(solver.reason_unknown())
    return found


def cells_of(unknowns: Sequence[Any], space: Space) -> tuple[int, ...]:
    """Those cells of a space that are among these unknowns."""
    told = {c.get_id() for c in unknowns}
    cells = [(k, unknown_of(cell)) for k, cell in enumerate(space.cells) if not isinstance(cell, int)]
    return tuple(k for k, cell in cells if cell.get_id() in told)


def key_of(cells: Sequence[int]) -> Callable[[State], State]:
    """Takes the codes of these cells out of a state."""
    if len(cells) > 1:
        return itemgetter(*cells)
    return (lambda state: (state[cells[0]],)) if cells else lambda state: ()
