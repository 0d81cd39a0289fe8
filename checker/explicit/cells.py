# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading and writing the cells of a packed state, as LLVM instructions."""

from __future__ import annotations

from checker.explicit.code import Code, Value, signed
from checker.explicit.layout import Layout, Place
from checker.language import ir
from checker.language.types import IntT, Type

CHAIN = 4
"""An array of up to so many words is read by comparing, so that the words may stay in registers."""


class Cells:
    """The cells of the state that ``words`` points to."""

    def __init__(self, code: Code, layout: Layout, words: str) -> None:
        self.code = code
        self.layout = layout
        self.words = words

    def to_code(self, value: Value, type_: Type) -> Value:
        return self.code.sub(value, type_.lo) if isinstance(type_, IntT) else value

    def from_code(self, value: Value, type_: Type) -> Value:
        return self.code.add(value, type_.lo) if isinstance(type_, IntT) else value

    def index(self, field: ir.Field, indices: tuple[Value, ...]) -> Value:
        """Row-major number of an element."""
        number: Value = 0
        for dim, value in zip(field.dims, indices, strict=True):
            if dim.size > 1:
                number = self.code.add(self.code.mul(number, dim.size), value)
        return number

    def spot(self, place: Place, index: Value) -> tuple[Value, Value]:
        """The word of an element, counted from the field's first, and its lowest bit."""
        code = self.code
        if place.words == 1:
            return 0, code.add(code.mul(index, place.bits), place.shift)
        word = code.binary("udiv", index, place.per_word)
        return word, code.mul(code.sub(index, code.mul(word, place.per_word)), place.bits)

    def read_code(self, field: ir.Field, index: Value, words: str | None = None) -> Value:
        code, place, base = self.code, self.layout[field], words or self.words
        if place.bits == 0:
            return 0
        word, shift = self.spot(place, index)
        if isinstance(word, int):
            whole = code.get(code.at(base, place.word + word))
        elif place.words <= CHAIN:
            whole = code.get(code.at(base, place.word))
            for k in range(1, place.words):
                whole = code.select(code.compare("eq", word, k), code.get(code.at(base, place.word + k)), whole)
        else:
            whole = code.get(code.at(base, code.add(word, place.word)))
        return code.both(code.binary("lshr", whole, shift), signed(place.mask))

    def write_code(self, field: ir.Field, index: Value, value: Value) -> None:
        code, place = self.code, self.layout[field]
        if place.bits == 0:
            return
        word, shift = self.spot(place, index)
        hole = code.binary("xor", code.binary("shl", signed(place.mask), shift), -1)
        bits = code.binary("shl", value, shift)
        if isinstance(word, int) or place.words > CHAIN:
            pointer = code.at(self.words, code.add(word, place.word))
            code.set(pointer, code.either(code.both(code.get(pointer), hole), bits))
            return
        for k in range(place.words):
            pointer = code.at(self.words, place.word + k)
            whole = code.get(pointer)
            new = code.either(code.both(whole, hole), bits)
            code.set(pointer, code.select(code.compare("eq", word, k), new, whole))
