# SPDX-License-Identifier: GPL-2.0-or-later
"""Unsigned numbers of so many bits, which wrap around as they do in C."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from typing import Any


class DomainError(ValueError):
    """A value that is not one of its field's, a division by zero, a shift by a negative number."""


class Unsigned(int):
    """A number below 2^``bits``; the result of arithmetic has the width of the wider operand."""

    bits = 64

    def __new__(cls, value: int = 0) -> Unsigned:
        return super().__new__(cls, int(value) & ((1 << cls.bits) - 1))

    def __invert__(self) -> Unsigned:
        return type(self)(~int(self))

    def __neg__(self) -> Unsigned:
        return type(self)(-int(self))

    def __repr__(self) -> str:
        return f"{int(self):#x}"


def _wider(a: int, b: int) -> type[Unsigned]:
    return max((type(n) for n in (a, b) if isinstance(n, Unsigned)), key=lambda cls: cls.bits)


def _apply(name: str, a: int, b: int) -> Unsigned:
    cls, left, right = _wider(a, b), int(a), int(b)
    if name in ("lshift", "rshift", "floordiv", "mod") and (left < 0 or right < 0):
        raise DomainError(f"{name} of the negative number {min(left, right)}")
    if name in ("floordiv", "mod") and right == 0:
        raise DomainError("division by zero")
    if name in ("lshift", "rshift") and right >= max(cls.bits, left.bit_length()):
        return cls(0)
    return cls(OPERATORS[name](left, right))


OPERATORS: dict[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "lshift": operator.lshift,
    "rshift": operator.rshift,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
}


def _install(name: str) -> None:
    def plain(self: Any, other: Any) -> Any:
        return _apply(name, self, other) if isinstance(other, int) else NotImplemented

    def reflected(self: Any, other: Any) -> Any:
        return _apply(name, other, self) if isinstance(other, int) else NotImplemented

    setattr(Unsigned, f"__{name}__", plain)
    setattr(Unsigned, f"__r{name}__", reflected)


for _name in OPERATORS:
    _install(_name)


@cache
def unsigned(bits: int) -> type[Unsigned]:
    """The numbers of so many bits."""
    return type(f"U{bits}", (Unsigned,), {"bits": bits})


class U8(Unsigned):
    """8 bits."""

    bits = 8


class U16(Unsigned):
    """16 bits."""

    bits = 16


class U32(Unsigned):
    """32 bits."""

    bits = 32


class U64(Unsigned):
    """64 bits."""

    bits = 64
