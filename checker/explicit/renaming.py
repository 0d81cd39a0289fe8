# SPDX-License-Identifier: GPL-2.0-or-later
"""Renaming objects in a packed state, as LLVM instructions.

An object of sort S has the *slot* ``base[S] + number`` in arrays over all objects;
one more slot of each sort stands for None.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from checker.explicit.cells import Cells
from checker.explicit.code import Code, Value, signed
from checker.explicit.layout import Layout
from checker.language import ir
from checker.language.types import IndexT, LockT, OptT, SetT, Type, UnionT


class Slots:
    """Numbers for the objects of the sorts that are renamed, and of data sorts."""

    def __init__(self, system: ir.System, group: tuple[IndexT, ...]) -> None:
        self.group = group
        self.base: dict[IndexT, int] = {}
        self.count = 0
        for sort in (*group, *system.data):
            self.base[sort] = self.count
            self.count += sort.size + 1
        self.roles: list[tuple[IndexT, int]] = []
        first = 0
        for role in system.roles:
            self.roles.append((role.type, first))
            first += role.type.size
        self.live = dict(_live(system))

    def none(self, sort: IndexT) -> int:
        return self.base[sort] + sort.size

    def locks(self) -> list[tuple[IndexT, int]]:
        """The roles that are renamed, each with the code of a lock that its first actor holds."""
        return [(sort, first + 1) for sort, first in self.roles if sort in self.group]

    def touches(self, type_: Type) -> bool:
        """Whether values of a type name objects that have slots."""
        match type_:
            case IndexT():
                return type_ in self.base
            case OptT() | SetT():
                return self.touches(type_.of)
            case UnionT():
                return any(self.touches(of) for _, payload in type_.cases for _, of in payload)
            case LockT():
                return bool(self.locks())
        return False


def _live(system: ir.System) -> Iterator[tuple[int, tuple[ir.Field, int]]]:
    """For each frame slot, by number of its field: the pc field, and the pcs where it is in use."""
    for role in system.roles:
        for k, field in enumerate(role.slots):
            pcs = {y.pc for o in role.operations for y in o.yields if any(slot == k for _, slot in y.live)}
            yield field.number, (role.pc, sum(1 << pc for pc in pcs))


class Objects(Cells):
    """Reads cells of ``%state`` and what they name."""

    def __init__(self, head: str, system: ir.System, layout: Layout, slots: Slots) -> None:
        super().__init__(Code(head), layout, "%state")
        self.system = system
        self.slots = slots

    def elements(self) -> Iterator[tuple[ir.Field, tuple[int, ...], int]]:
        """Every cell: its field, its indices, its number in the field."""
        for field in sorted(self.system.fields, key=lambda f: f.offset):
            for number, indices in enumerate(product(*(range(dim.size) for dim in field.dims))):
                yield field, indices, number

    def in_use(self, field: ir.Field, indices: tuple[int, ...]) -> str | None:
        """Whether a frame slot holds something; None for a field that always does."""
        if field.number not in self.slots.live:
            return None
        code = self.code
        pc_field, pcs = self.slots.live[field.number]
        pc = self.read_code(pc_field, indices[0])
        mask: Value = signed(pcs & (1 << 64) - 1)
        for word in range(1, pcs.bit_length() // 64 + 1):
            here = code.compare("eq", code.binary("lshr", pc, 6), word)
            mask = code.select(here, signed(pcs >> 64 * word & (1 << 64) - 1), mask)
        beyond = code.compare("ult", pc, max(pcs.bit_length(), 1))
        return code.let(f"and i1 {beyond}, {code.bit(code.binary('lshr', mask, code.both(pc, 63)))}")

    def within(self, value: Value, low: Value, size: int) -> tuple[str, Value]:
        """Whether a code lies in a range, and its distance from the beginning (0 outside)."""
        inside = self.code.sub(value, low)
        hit = self.code.compare("ult", inside, size)
        return hit, self.code.select(hit, inside, 0)

    def payload(self, type_: UnionT, case: int, inside: Value) -> list[Value]:
        """The codes of the fields of a case."""
        digits: list[Value] = []
        for _, of in reversed(type_.cases[case][1]):
            digits.append(self.code.binary("urem", inside, of.card))
            inside = self.code.binary("udiv", inside, of.card)
        return digits[::-1]


class Renaming(Objects):
    """``void @rename(state, names, out)``: the state in which each object has the name that is
    in its slot of ``names``.  A frame slot that is not in use stays 0."""

    def text(self) -> str:
        code = self.code
        out = Cells(code, self.layout, "%out")
        words: list[Value] = [0] * self.layout.words
        for k in range(self.layout.words):
            code.set(code.at("%out", k), 0)
        names = {sort: [code.get(code.at("%names", self.slots.base[sort] + k)) for k in range(sort.size)]
                 for sort in self.slots.group}
        for field, indices, number in self.elements():
            place = self.layout[field]
            if not place.bits:
                continue
            value = self.read_code(field, number)
            if self.slots.touches(field.type):
                new, used = self.name(field.type, value), self.in_use(field, indices)
                value = new if used is None else code.select(used, new, value)
            moved = [names[dim][k] if dim in names else k for dim, k in zip(field.dims, indices, strict=True)]
            index = self.index(field, tuple(moved))
            if place.words > 1:
                out.write_code(field, index, value)
            else:
                shift = code.add(code.mul(index, place.bits), place.shift)
                words[place.word] = code.either(words[place.word], code.binary("shl", value, shift))
        for k, word in enumerate(words):
            code.bump(code.at("%out", k), word, "or")
        code.ret()
        return code.text()

    def name(self, type_: Type, value: Value) -> Value:
        """The renamed value; data keep their names."""
        code, slots = self.code, self.slots
        match type_:
            case IndexT() if type_ in slots.group:
                return code.get(code.at("%names", code.add(value, slots.base[type_])))
            case OptT(of=IndexT() as sort) if sort in slots.group:  # None has a slot, too
                return code.get(code.at("%names", code.add(value, slots.base[sort])))
            case OptT() if slots.touches(type_.of):
                none = code.compare("eq", value, type_.none)
                return code.select(none, value, self.name(type_.of, code.select(none, 0, value)))
            case SetT() if slots.touches(type_.of):
                bits: Value = 0
                for k in range(type_.of.card):
                    bit = code.both(code.binary("lshr", value, k), 1)
                    bits = code.either(bits, code.binary("shl", bit, self.name(type_.of, k)))
                return bits
            case UnionT() if slots.touches(type_):
                return self._union(type_, value)
            case LockT():
                for sort, first in slots.locks():
                    hit, inside = self.within(value, first, sort.size)
                    new = code.add(code.get(code.at("%names", code.add(inside, slots.base[sort]))), first)
                    value = code.select(hit, new, value)
        return value

    def _union(self, type_: UnionT, value: Value) -> Value:
        code, result = self.code, value
        for case, (_, payload) in enumerate(type_.cases):
            if any(self.slots.touches(of) for _, of in payload):
                hit, inside = self.within(value, type_.base(case), type_.size_of(case))
                number: Value = 0
                for (_, of), digit in zip(payload, self.payload(type_, case, inside), strict=True):
                    number = code.add(code.mul(number, of.card), self.name(of, digit))
                result = code.select(hit, code.add(number, type_.base(case)), result)
        return result
