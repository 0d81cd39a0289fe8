# SPDX-License-Identifier: GPL-2.0-or-later
"""States that differ in the names of their objects only: one of them stands for all.

Exchanging two objects of a sort that may be renamed leads to a state of which the
same can be said.  As long as an exchange makes the codes less, it is made; the end
is not always the least of all, but always another name for the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import factorial, prod

from checker.explicit.group import group, sorts
from checker.language import ir
from checker.language.types import IndexT, LockT, OptT, SetT, Type, UnionT
from checker.symbolic.parts import State, key_of
from checker.symbolic.successors import Normal

MANY = 100
"""With fewer ways to name its objects a state is left as it is: the other names are soon written out."""


@dataclass(frozen=True)
class Exchange:
    """Two objects of a sort: ``take`` takes each cell from where it was, ``codes`` are for cells that name objects."""

    sort: IndexT
    pair: tuple[int, int]
    take: Callable[[State], State]
    codes: tuple[tuple[int, tuple[int, ...]], ...]


class Names:
    """The exchanges of one system; none if few sorts may be renamed."""

    def __init__(self, system: ir.System, many: int = MANY) -> None:
        self.system = system
        self.normal = Normal(system)
        found = group(system)
        self.firsts: dict[IndexT, int] = {}
        for role in system.roles:
            self.firsts[role.type] = sum(one.size for one in self.firsts)
        enough = prod(factorial(sort.size) for sort in found) >= many
        self.exchanges = [self._exchange(sort, pair) for sort in found if enough
                          for pair in combinations(range(sort.size), 2)]
        self.unused = list(self._unused())
        self.known: dict[State, tuple[State, tuple[int, ...]]] = {}

    def least(self, state: State) -> tuple[State, tuple[int, ...]]:
        """The state that stands for this one, and the exchanges that lead there."""
        if not self.exchanges:
            return state, ()
        found = self.known.get(state)
        if found is None:
            found = self.known[state] = self._least(state)
        return found

    def _least(self, state: State) -> tuple[State, tuple[int, ...]]:
        made: list[int] = []
        better = True
        while better:
            better = False
            for number in range(len(self.exchanges)):
                other = self.exchanged(state, number)
                if other < state:
                    state, better = other, True
                    made.append(number)
        return state, tuple(made)

    def exchanged(self, state: State, number: int) -> State:
        """The state with two names exchanged."""
        one = self.exchanges[number]
        out = list(one.take(state))
        for cell, codes in one.codes:
            out[cell] = codes[out[cell]]
        for counter, cells in self.unused:
            for cell in cells.get(out[counter], ()):
                out[cell] = 0
        return self.normal(out)

    def renamed(self, state: State, numbers: Iterable[int]) -> State:
        """The state after one exchange after the other."""
        for number in numbers:
            state = self.exchanged(state, number)
        return state

    def actor(self, actor: int | None, numbers: Iterable[int]) -> int | None:
        """The global number of an actor after these exchanges."""
        for number in numbers:
            one = self.exchanges[number]
            first = self.firsts.get(one.sort)
            if actor is not None and first is not None and actor - first in one.pair:
                actor = first + sum(one.pair) - (actor - first)
        return actor

    # ------------------------------------------------------------------- tables

    def _exchange(self, sort: IndexT, pair: tuple[int, int]) -> Exchange:
        source: list[int] = []
        codes: list[tuple[int, tuple[int, ...]]] = []
        for field in sorted(self.system.fields, key=lambda f: f.offset):
            of: tuple[int, ...] | None = None
            if sort in sorts(field.type, tuple(role.type for role in self.system.roles)):
                of = tuple(self._code(field.type, code, sort, pair) for code in range(field.type.card))
            for indices in product(*(range(dim.size) for dim in field.dims)):
                there = 0
                for dim, index in zip(field.dims, indices, strict=True):
                    there = there * dim.size + (other(index, pair) if dim == sort else index)
                if of is not None:
                    codes.append((len(source), of))
                source.append(field.offset + there)
        return Exchange(sort, pair, key_of(source), tuple(codes))

    def _code(self, type_: Type, code: int, sort: IndexT, pair: tuple[int, int]) -> int:
        match type_:
            case IndexT():
                return other(code, pair) if type_ == sort else code
            case OptT():
                return code if code == type_.none else self._code(type_.of, code, sort, pair)
            case SetT():
                return sum(1 << self._code(type_.of, k, sort, pair) for k in range(type_.of.card) if code >> k & 1)
            case UnionT():
                case_, number = type_.tag_of(code), 0
                for (_, of), digit in zip(type_.cases[case_][1], type_.payload(code), strict=True):
                    number = number * of.card + self._code(of, digit, sort, pair)
                return type_.base(case_) + number
            case LockT():
                first = self.firsts.get(sort)
                inside = first is not None and first < code <= first + sort.size
                return first + 1 + other(code - 1 - first, pair) if inside and first is not None else code
        return code

    def _unused(self) -> Iterator[tuple[int, dict[int, tuple[int, ...]]]]:
        """For each actor the cell of its program counter, and by its code the frame cells that mean nothing."""
        for role in self.system.roles:
            pcs = {0, *(point.pc for operation in role.operations for point in operation.yields)}
            unused = {pc: role.unused(pc) for pc in pcs}
            for k in range(role.type.size):
                yield role.pc.offset + k, {pc: tuple(slot.offset + k for slot in slots) for pc, slots in unused.items()}


def other(index: int, pair: Sequence[int]) -> int:
    """An index after two were exchanged."""
    return sum(pair) - index if index in pair else index
