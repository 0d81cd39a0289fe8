# SPDX-License-Identifier: GPL-2.0-or-later
"""What tells the objects of a state apart, whatever their names are: one number for each.

A cell's number is mixed from its value and the keys of the objects that it
belongs to and names; an object's next key is the sum over the cells that it
takes part in.  Two objects that a renaming exchanges have equal keys, always.
"""

from __future__ import annotations

from checker.explicit.code import Code, Value, signed
from checker.explicit.renaming import Objects
from checker.language.types import IndexT, LockT, OptT, SetT, Type, UnionT

_MIX = signed(0xD6E8FEB86659FD93)
_AGAIN = signed(0xFF51AFD7ED558CCD)
_NOTHING = signed(0x9FB21C651E98DF25)


Named = list[tuple[Value, int]]


def salt(*numbers: int) -> int:
    """An odd number of 64 bits that looks random."""
    h = 0x9E3779B97F4A7C15
    for number in numbers:
        h = (h ^ (number + 1 & (1 << 64) - 1)) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
        h = (h ^ h >> 29) * 0x94D049BB133111EB & (1 << 64) - 1
        h ^= h >> 32
    return signed(h | 1)


def block_key(code: Code, keys: list[Value]) -> Value:
    """One number for a block, from the keys of its objects in their order."""
    if len(keys) == 1:
        return keys[0]
    total: Value = 0
    for place, key in enumerate(keys):
        total = code.add(total, code.mul(key, salt(place, 6)))
    return total


class Keys(Objects):
    """``void @keys(state, old, new)``: the keys that follow from those before."""

    def text(self) -> str:
        code, slots = self.code, self.slots
        own: dict[int, Value] = {slot: code.get(code.at("%old", slot)) for slot in range(slots.count)}
        self.mates(own)
        sums: dict[int, Value] = {slot: code.mul(key, _AGAIN) for slot, key in own.items()}
        for slot in range(slots.count):
            code.set(code.at("%new", slot), 0)
        for field, indices, number in self.elements():
            places = [slots.base[dim] + k for dim, k in zip(field.dims, indices, strict=True) if dim in slots.group]
            if not places and not slots.touches(field.type):
                continue
            fixed = [k for dim, k in zip(field.dims, indices, strict=True) if dim not in slots.group]
            value, named = self.view(field.type, self.read_code(field, number), self.in_use(field, indices))
            total = code.add(value, salt(field.number, *fixed))
            for j, slot in enumerate(places):
                total = code.add(total, code.mul(own[slot], salt(j)))
            total = self.mix(total)
            for j, slot in enumerate(places):
                sums[slot] = code.add(sums[slot], code.mul(total, salt(j, 1)))
            for slot_named, way in named:
                code.bump(code.at("%new", slot_named), code.mul(total, salt(way, 2)))
        for slot, key in sums.items():
            code.bump(code.at("%new", slot), key)
        for sort in slots.base:
            code.set(code.at("%new", slots.none(sort)), _NOTHING)
        code.ret()
        return code.text()

    def mates(self, own: dict[int, Value]) -> None:
        """An object of a block is told apart by what the others of its block are, too."""
        code = self.code
        for sort in self.slots.group:
            if sort.block == 1:
                continue
            base = self.slots.base[sort]
            for first in range(base, base + sort.size, sort.block):
                whole = block_key(code, [own[first + place] for place in range(sort.block)])
                for place in range(sort.block):
                    own[first + place] = code.add(own[first + place], code.mul(whole, salt(place, 7)))

    def mix(self, value: Value) -> Value:
        code = self.code
        value = code.mul(value, _MIX)
        return code.binary("xor", value, code.binary("lshr", value, 32))

    def view(self, type_: Type, value: Value, used: str | None = None) -> tuple[Value, Named]:
        """A number for a value that does not depend on names, and the slots of the objects that
        it names, each with the way in which it does.  The slot of a None stands for no object."""
        code, slots = self.code, self.slots
        if not slots.touches(type_):
            return value, []
        match type_:
            case IndexT() | OptT(of=IndexT()):
                sort = type_ if isinstance(type_, IndexT) else type_.of
                assert isinstance(sort, IndexT)
                slot = code.add(value, slots.base[sort])
                if used is not None:
                    slot = code.select(used, slot, slots.none(sort))
                return code.get(code.at("%old", slot)), [(slot, 0)]
            case OptT():
                number, named = self._if(code.compare("ne", value, type_.none), type_.of, value)
            case SetT():
                number, named = 0, []  # all elements in one way: they have no order
                for k in range(type_.of.card):
                    there = code.bit(code.binary("lshr", value, k))
                    one, more = self._if(there, type_.of, k)
                    number = code.add(number, self.mix(one))
                    named += more
            case UnionT():
                number, named = self._union(type_, value)
            case LockT():
                number, named = self._lock(value)
            case _:
                raise TypeError(f"no keys for {type(type_).__name__}")
        if used is not None:
            number = code.select(used, number, 0)
            named = [(code.select(used, slot, self._nobody()), way) for slot, way in named]
        return number, named

    def _nobody(self) -> int:
        return self.slots.none(next(iter(self.slots.base)))

    def _if(self, there: str, type_: Type, value: Value) -> tuple[Value, Named]:
        """The view of a value that may not be there."""
        code = self.code
        safe = value if isinstance(value, int) else code.select(there, value, 0)
        number, named = self.view(type_, safe)
        named = [(code.select(there, slot, self._nobody()), way) for slot, way in named]
        return code.select(there, number, _NOTHING), named

    def _union(self, type_: UnionT, value: Value) -> tuple[Value, Named]:
        code, number = self.code, value
        named: Named = []
        for case, (_, payload) in enumerate(type_.cases):
            if not any(self.slots.touches(of) for _, of in payload):
                continue
            hit, inside = self.within(value, type_.base(case), type_.size_of(case))
            total: Value = salt(case, 3)
            for j, ((_, of), digit) in enumerate(zip(payload, self.payload(type_, case, inside), strict=True)):
                one, more = self._if(hit, of, digit)
                total = code.add(total, code.mul(one, salt(j, 4)))
                named += [(slot, salt(case, j, way)) for slot, way in more]
            number = code.select(hit, total, number)
        return number, named

    def _lock(self, value: Value) -> tuple[Value, Named]:
        code, number = self.code, value
        named: Named = []
        for sort, first in self.slots.locks():
            hit, inside = self.within(value, first, sort.size)
            slot = code.select(hit, code.add(inside, self.slots.base[sort]), self.slots.none(sort))
            number = code.select(hit, code.get(code.at("%old", slot)), number)
            named.append((slot, 0))
        return number, named
