# SPDX-License-Identifier: GPL-2.0-or-later
"""Values of the language as truths and numbers: codes, unions, sets."""

from __future__ import annotations

from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.language import types as t
from checker.symbolic import values as v

Value = Any
"""A truth where the type is bool, else a number: an IntT's own, or a code."""


def pick(condition: v.Truth, a: Value, b: Value) -> Value:
    """a where the condition holds, else b."""
    if a is b:
        return a
    if is_truth(a) and is_truth(b):
        return v.select_truth(condition, a, b)
    return v.select(condition, as_number(a), as_number(b))


def is_truth(value: Value) -> bool:
    return isinstance(value, bool) or not isinstance(value, (int, v.Num))


def as_number(value: Value) -> v.Number:
    return v.from_truth(value) if is_truth(value) else value


def as_truth(value: Value) -> v.Truth:
    return value if is_truth(value) else v.COMPARE["!="](value, 0)


def decode(code: Value, type_: t.Type) -> Value:
    """The value that a cell's code stands for."""
    if isinstance(type_, t.BoolT):
        return as_truth(code)
    return v.add(as_number(code), type_.low)


def encode(value: Value, type_: t.Type) -> Value:
    """The code of a value, as a cell keeps it."""
    if isinstance(type_, t.BoolT):
        return as_truth(value)
    return v.clamp(v.subtract(as_number(value), type_.low), 0, type_.card - 1)


def as_bits(value: Value, cell: Value) -> Any:
    """A code as a bit-vector, as wide as the unknown that a cell is."""
    if isinstance(cell, v.Num):
        return v.resize(as_number(value), v.width(cell.lo, cell.hi))
    return v.resize(v.from_truth(as_truth(value)), 1)


def unknown_of(cell: Value) -> Any:
    """The unknown that a cell is."""
    return cell.bits if isinstance(cell, v.Num) else cell


def of_type(value: Value, type_: t.Type) -> Value:
    """A number as a value of this type: bools are truths."""
    return as_truth(value) if isinstance(type_, t.BoolT) else as_number(value)


def union_tag(code: v.Number, union: t.UnionT) -> v.Number:
    """The case that a union's code belongs to."""
    out: v.Number = len(union.cases) - 1
    for case in reversed(range(len(union.cases) - 1)):
        out = v.select(v.less(code, union.base(case + 1)), case, out)
    return out


def to_bits(whole: v.Number, type_: t.SetT) -> list[v.Truth]:
    """For each value of the sort, whether it is in the set."""
    size = type_.of.card
    if isinstance(whole, int):
        return [bool(whole >> k & 1) for k in range(size)]
    bits = v.resize(whole, size)
    return [z3.Extract(k, k, bits) == 1 for k in range(size)]


def from_bits(bits: list[v.Truth]) -> v.Number:
    """The set's code."""
    if all(isinstance(bit, bool) for bit in bits):
        return sum(1 << k for k, bit in enumerate(bits) if bit)
    vectors = [v.resize(v.from_truth(bit), 1) for bit in reversed(bits)]
    whole = vectors[0] if len(vectors) == 1 else z3.Concat(*vectors)
    return v.number(whole, 0, (1 << len(bits)) - 1)
