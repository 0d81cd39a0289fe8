# SPDX-License-Identifier: GPL-2.0-or-later
"""Renaming objects in a vector of codes, in plain Python and by all permutations: the referee of symmetry."""

from collections.abc import Iterable, Iterator
from itertools import permutations, product
from typing import Any

from checker.language import ir
from checker.language.types import IndexT, LockT, OptT, SetT, Type, UnionT

Names = dict[IndexT, tuple[int, ...]]
Vector = tuple[int, ...]


def renamings(group: Iterable[IndexT]) -> list[Names]:
    """Every way to rename the objects of these sorts: blocks change places as a whole."""
    sorts = list(group)
    ways = product(*(permutations(range(s.size // s.block)) for s in sorts))
    return [{s: tuple(way[k // s.block] * s.block + k % s.block for k in range(s.size))
             for s, way in zip(sorts, each, strict=True)} for each in ways]


def value(type_: Type, code: int, names: Names, firsts: dict[IndexT, int]) -> int:
    """The renamed value."""
    match type_:
        case IndexT():
            return names[type_][code] if type_ in names else code
        case OptT():
            return code if code == type_.of.card else value(type_.of, code, names, firsts)
        case SetT():
            return sum(1 << value(type_.of, k, names, firsts) for k in range(type_.of.card) if code >> k & 1)
        case UnionT():
            case_ = type_.tag_of(code)
            number = 0
            for (_, of), digit in zip(type_.cases[case_][1], type_.payload(code), strict=True):
                number = number * of.card + value(of, digit, names, firsts)
            return type_.base(case_) + number
        case LockT():
            for sort, first in firsts.items():
                if sort in names and first < code <= first + sort.size:
                    return 1 + first + names[sort][code - 1 - first]
    return code


def renamed(system: ir.System, vector: Vector, names: Names) -> Vector:
    """The state with other names.  Frame slots that are not in use are no objects."""
    firsts, first = {}, 0
    for role in system.roles:
        firsts[role.type] = first
        first += role.type.size
    out = [0] * len(vector)
    for field in system.fields:
        for k, indices in enumerate(elements(field)):
            there = 0
            for dim, index in zip(field.dims, indices, strict=True):
                there = there * dim.size + (names[dim][index] if dim in names else index)
            code = vector[field.offset + k]
            if in_use(system, vector, field, indices):
                code = value(field.type, code, names, firsts)
            out[field.offset + there] = code
    return normalised(system, out)


def elements(field: ir.Field) -> Iterator[tuple[int, ...]]:
    return product(*(range(dim.size) for dim in field.dims))


def in_use(system: ir.System, vector: Vector, field: ir.Field, indices: tuple[int, ...]) -> bool:
    for role in system.roles:
        if field in role.slots:
            slot, pc = role.slots.index(field), vector[role.pc.offset + indices[0]]
            points = [y for o in role.operations for y in o.yields if y.pc == pc]
            return any(number == slot for y in points for _, number in y.live)
    return True


def normalised(system: ir.System, vector: list[int]) -> Vector:
    """Data are numbered by first appearance."""
    for sort in system.data:
        new = {k: k for k in range(len(sort.constants))}
        for field in sorted(system.fields, key=lambda f: f.offset):
            none = sort.size if isinstance(field.type, OptT) else None
            if field.type != sort and not (isinstance(field.type, OptT) and field.type.of == sort):
                continue
            for k in range(field.offset, field.offset + field.count):
                if vector[k] != none:
                    vector[k] = new.setdefault(vector[k], len(new))
    return tuple(vector)


def orbit(system: Any, vector: Vector, group: Iterable[IndexT]) -> set[Vector]:
    """All states that differ from this one in names only."""
    return {renamed(system, vector, names) for names in renamings(group)}


def orbits(system: Any, vectors: Iterable[Vector], group: Iterable[IndexT]) -> int:
    """How many states are left if names do not count."""
    rest, count = set(vectors), 0
    while rest:
        count += 1
        rest -= orbit(system, next(iter(rest)), group)
    return count
