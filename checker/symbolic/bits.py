# SPDX-License-Identifier: GPL-2.0-or-later
"""The z3 reading of word formats: writing, recognising and reading a word, bit by bit.

Written apart from the Python reading (checker.language.words) on purpose: the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Mapping

import z3

from checker.language.words import Field, Kind


def variables(kind: Kind, suffix: str = "", prefix: str = "") -> dict[str, z3.BitVecRef]:
    """An unknown value for every field."""
    return {one.name: z3.BitVec(f"{prefix}{one.name}{suffix}", one.width) for one in kind.fields}


def domain(kind: Kind, values: Mapping[str, z3.BitVecRef]) -> list[z3.BoolRef]:
    """Every value is one of its field's."""
    return [z3.Extract(one.free - 1, 0, values[one.name]) == 0 for one in kind.fields if one.free]


def encode(kind: Kind, values: Mapping[str, z3.BitVecRef]) -> z3.BitVecRef:
    """The word with these values."""
    word = z3.BitVecVal(kind.value, kind.width)
    for one in kind.fields:
        word |= _placed(one, values[one.name], kind.width)
    return word


def _placed(one: Field, value: z3.BitVecRef, width: int) -> z3.BitVecRef:
    if one.at >= width:
        return z3.BitVecVal(0, width)
    inside = min(one.width, width - one.at)
    value = z3.Extract(inside - 1, 0, value)
    parts = [z3.BitVecVal(0, n) for n in (width - one.at - inside,) if n] + [value]
    parts += [z3.BitVecVal(0, n) for n in (one.at,) if n]
    return z3.Concat(*parts) if len(parts) > 1 else parts[0]


def recognises(kind: Kind, word: z3.BitVecRef) -> z3.BoolRef:
    """Whether a reader takes the word for one of this kind."""
    if kind.tag is None:
        return word == z3.BitVecVal(kind.word, kind.width)
    if not kind.tag:
        return z3.BoolVal(True)
    return z3.Extract(len(kind.tag) - 1, 0, word) == z3.BitVecVal(int(kind.tag, 2), len(kind.tag))


def get(kind: Kind, word: z3.BitVecRef, name: str) -> z3.BitVecRef:
    """A field, as wide as it is."""
    one = kind.field(name)
    low, end = kind.span(one)
    if end <= low:
        return z3.BitVecVal(0, one.width)
    parts = [z3.BitVecVal(0, n) for n in (one.width - (end - one.at),) if n]
    parts.append(z3.Extract(end - 1, low, word))
    parts += [z3.BitVecVal(0, n) for n in (low - one.at,) if n]
    return z3.Concat(*parts) if len(parts) > 1 else parts[0]


def same(kind: Kind, word: z3.BitVecRef, values: Mapping[str, z3.BitVecRef]) -> z3.BoolRef:
    """Every field of the word is read as this value."""
    return z3.And([get(kind, word, one.name) == values[one.name] for one in kind.fields])
