# SPDX-License-Identifier: GPL-2.0-or-later
"""How a state is packed into 64-bit words.

Every scalar takes the fewest bits that tell its codes apart, and none crosses a
word boundary.  An array that fits one word stays in one word; a longer one has
the same number of elements in each of its words, so that an index says which.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checker.language.errors import UsageError
from checker.language.ir import Field, System

WORD = 64
ONE_WORD = 63
"""A state of one word keeps a bit free: the hash table stores word + 1, and 0 is empty."""


@dataclass(frozen=True)
class Place:
    """Where the elements of one field are.

    Element ``i`` has ``bits`` bits, in word ``word + i // per_word``, from bit
    ``shift + i % per_word * bits`` on.
    """

    word: int
    shift: int
    bits: int
    per_word: int
    words: int

    @property
    def mask(self) -> int:
        return (1 << self.bits) - 1

    def element(self, index: int) -> tuple[int, int]:
        """The word and the lowest bit of an element."""
        return self.word + index // self.per_word, self.shift + index % self.per_word * self.bits


class Layout:
    """The places of all fields of a system; ``words`` is the size of a state."""

    def __init__(self, system: System) -> None:
        places, used = _pack(system.fields)
        if len(used) == 1 and used[0] > ONE_WORD:
            used.append(0)
        self.words = max(1, len(used))
        self._places = places
        self._cells = [
            (*places[field.number].element(index), places[field.number].mask)
            for field in sorted(system.fields, key=lambda f: f.offset)
            for index in range(field.count)
        ]

    def __getitem__(self, field: Field) -> Place:
        return self._places[field.number]

    def mask(self, fields: Iterable[Field]) -> tuple[int, ...]:
        """The bits that some fields have, one (signed) number for each word."""
        words = [0] * self.words
        for field in fields:
            place = self[field]
            for index in range(field.count):
                word, shift = place.element(index)
                words[word] |= place.mask << shift
        return tuple(word - (word >> WORD - 1 << WORD) for word in words)

    def pack(self, vector: tuple[int, ...]) -> tuple[int, ...]:
        """The words of a state given as one code per cell."""
        words = [0] * self.words
        for code, (word, shift, _) in zip(vector, self._cells, strict=True):
            words[word] |= code << shift
        return tuple(words)

    def unpack(self, words: tuple[int, ...]) -> tuple[int, ...]:
        """The codes of a packed state, in the order of ``Field.offset``."""
        return tuple(words[word] >> shift & mask for word, shift, mask in self._cells)


def _pack(fields: tuple[Field, ...]) -> tuple[dict[int, Place], list[int]]:
    """Places by field number, and the bits used in each word: longest field first, first word with room."""
    places: dict[int, Place] = {}
    used: list[int] = []
    sized = [(field, (field.type.card - 1).bit_length(), field.count) for field in fields]
    for field, bits, count in sorted(sized, key=lambda item: -item[1] * item[2]):
        if bits > WORD:
            raise UsageError(f"{field.name}: a value of {bits} bits does not fit a word of {WORD}")
        if bits == 0:
            places[field.number] = Place(0, 0, 0, max(count, 1), 1)
            continue
        per_word = WORD // bits
        if count > per_word:
            words = -(-count // per_word)
            places[field.number] = Place(len(used), 0, bits, per_word, words)
            used.extend([per_word * bits] * (words - 1) + [(count - (words - 1) * per_word) * bits])
            continue
        word = next((k for k, full in enumerate(used) if full + bits * count <= WORD), len(used))
        if word == len(used):
            used.append(0)
        places[field.number] = Place(word, used[word], bits, max(count, 1), 1)
        used[word] += bits * count
    return places, used
