# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers and truth values that are constants as long as they can be.

A *truth* is a Python ``bool`` or a z3 Bool.  A *number* is a Python ``int`` or a
``Num``: a bit-vector together with the interval that its value lies in, from
which its width and its sign follow.  Every operation computes the interval of its
result first, so that arithmetic never wraps and no vector is wider than needed.

An interval speaks of paths that are alive only: what a number is behind a failed
check has no meaning, and nothing asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.symbolic import terms

Truth = Any
"""A ``bool`` or a z3 Bool."""


@dataclass(frozen=True, slots=True)
class Num:
    """A bit-vector of ``width(lo, hi)`` bits; its value is in ``lo .. hi``."""

    bits: Any
    lo: int
    hi: int


Number = int | Num


def width(lo: int, hi: int) -> int:
    """Bits for all of ``lo .. hi``; one of them is a sign if ``lo`` is negative."""
    if lo >= 0:
        return max(1, hi.bit_length())
    return max(hi.bit_length(), (-lo - 1).bit_length()) + 1


def interval(n: Number) -> tuple[int, int]:
    return (n, n) if isinstance(n, int) else (n.lo, n.hi)


def resize(n: Number, bits: int) -> Any:
    """The value modulo 2 ** bits, as a bit-vector of that many bits."""
    if isinstance(n, int):
        return terms.constant(n, bits)
    have = width(n.lo, n.hi)
    if have == bits:
        return n.bits
    if have > bits:
        return z3.Extract(bits - 1, 0, n.bits)
    return z3.SignExt(bits - have, n.bits) if n.lo < 0 else z3.ZeroExt(bits - have, n.bits)


def number(bits: Any, lo: int, hi: int) -> Number:
    """A number of this interval; ``bits`` must have its width."""
    return lo if lo == hi else Num(bits, lo, hi)


def variable(name: str, lo: int, hi: int) -> tuple[Number, Truth]:
    """A fresh unknown, and the condition that it lies within ``lo .. hi``."""
    if lo == hi:
        return lo, True
    size = width(lo, hi)
    wide = -(1 << size - 1) if lo < 0 else 0
    whole = Num(z3.BitVec(name, size), wide, wide + (1 << size) - 1)
    return Num(whole.bits, lo, hi), both(at_most(lo, whole), at_most(whole, hi))


def clamp(n: Number, lo: int, hi: int) -> Number:
    """The same value, known to lie within ``lo .. hi``."""
    if isinstance(n, int) or (lo <= n.lo and n.hi <= hi):
        return n
    lo, hi = max(lo, n.lo), min(hi, n.hi)
    if lo >= hi:
        return lo
    return Num(resize(n, width(lo, hi)), lo, hi)


# --------------------------------------------------------------------- truths


def negation(a: Truth) -> Truth:
    if isinstance(a, bool):
        return not a
    return terms.Operands(a)[0] if terms.is_negation(a) else terms.negation(a)


def both(a: Truth, b: Truth) -> Truth:
    if isinstance(a, bool):
        return b if a else False
    if isinstance(b, bool):
        return a if b else False
    return a if terms.same(a, b) else terms.conjunction(a, b)


def either(a: Truth, b: Truth) -> Truth:
    if isinstance(a, bool):
        return True if a else b
    if isinstance(b, bool):
        return True if b else a
    return a if terms.same(a, b) else terms.disjunction((a, b))


def any_of(truths: Iterable[Truth]) -> Truth:
    """Whether one of them holds; one flat Or."""
    rest: list[Truth] = []
    for truth in truths:
        if truth is True:
            return True
        if truth is not False:
            rest.append(truth)
    return rest[0] if len(rest) == 1 else terms.disjunction(rest) if rest else False


def as_z3(truth: Truth) -> Any:
    return z3.BoolVal(truth) if isinstance(truth, bool) else truth


def select_truth(condition: Truth, a: Truth, b: Truth) -> Truth:
    if isinstance(condition, bool):
        return a if condition else b
    if isinstance(a, bool):
        return either(condition, b) if a else both(negation(condition), b)
    if isinstance(b, bool):
        return either(negation(condition), a) if b else both(condition, a)
    return a if terms.same(a, b) else terms.choice(condition, a, b)


def same_truth(a: Truth, b: Truth) -> Truth:
    if isinstance(a, bool):
        return b if a else negation(b)
    if isinstance(b, bool):
        return a if b else negation(a)
    return True if terms.same(a, b) else terms.equality(a, b)


# -------------------------------------------------------------------- numbers


def from_truth(truth: Truth) -> Number:
    """1 for true, 0 for false."""
    if isinstance(truth, bool):
        return int(truth)
    return Num(terms.choice(truth, terms.constant(1, 1), terms.constant(0, 1)), 0, 1)


def same_number(a: Number, b: Number) -> bool:
    """Whether the two are written the same way (they may be equal without)."""
    if isinstance(a, int) or isinstance(b, int):
        return a is b or (isinstance(a, int) and isinstance(b, int) and a == b)
    return a.lo == b.lo and a.hi == b.hi and terms.same(a.bits, b.bits)


def select(condition: Truth, a: Number, b: Number) -> Number:
    if isinstance(condition, bool):
        return a if condition else b
    if same_number(a, b):
        return a
    (al, ah), (bl, bh) = interval(a), interval(b)
    lo, hi = min(al, bl), max(ah, bh)
    size = width(lo, hi)
    return Num(terms.choice(condition, resize(a, size), resize(b, size)), lo, hi)


def equal(a: Number, b: Number) -> Truth:
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    (al, ah), (bl, bh) = interval(a), interval(b)
    if ah < bl or bh < al:
        return False
    if same_number(a, b):
        return True
    size = width(min(al, bl), max(ah, bh))
    return terms.equality(resize(a, size), resize(b, size))


def at_most(a: Number, b: Number) -> Truth:
    """a <= b"""
    (al, ah), (bl, bh) = interval(a), interval(b)
    if ah <= bl:
        return True
    if al > bh:
        return False
    lo, hi = min(al, bl), max(ah, bh)
    x, y = resize(a, width(lo, hi)), resize(b, width(lo, hi))
    return x <= y if lo < 0 else terms.at_most(x, y)


def less(a: Number, b: Number) -> Truth:
    return negation(at_most(b, a))


COMPARE: dict[str, Callable[[Number, Number], Truth]] = {
    "==": equal,
    "!=": lambda a, b: negation(equal(a, b)),
    "<": less,
    "<=": at_most,
    ">": lambda a, b: less(b, a),
    ">=": lambda a, b: at_most(b, a),
}


def add(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    if isinstance(b, int) and b == 0:
        return a
    if isinstance(a, int) and a == 0:
        return b
    (al, ah), (bl, bh) = interval(a), interval(b)
    size = width(al + bl, ah + bh)
    return number(resize(a, size) + resize(b, size), al + bl, ah + bh)


def subtract(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int):
        return a - b
    if isinstance(b, int) and b == 0:
        return a
    (al, ah), (bl, bh) = interval(a), interval(b)
    size = width(al - bh, ah - bl)
    return number(resize(a, size) - resize(b, size), al - bh, ah - bl)


def multiply(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    (al, ah), (bl, bh) = interval(a), interval(b)
    corners = (al * bl, al * bh, ah * bl, ah * bh)
    lo, hi = min(corners), max(corners)
    size = width(lo, hi)
    return number(resize(a, size) * resize(b, size), lo, hi)


def divide(a: Number, b: Number) -> tuple[Number, Number]:
    """Quotient and remainder as Python has them; b is not zero on paths that are alive."""
    if isinstance(b, int) and b == 0:
        return 0, 0
    if isinstance(a, int) and isinstance(b, int):
        return divmod(a, b)
    (al, ah), (bl, bh) = interval(a), interval(b)
    far = max(abs(al), abs(ah))
    over = max(abs(bl), abs(bh)) - 1
    if al >= 0 and bl >= 0:
        size = width(0, max(ah, bh))
        x, y = resize(a, size), resize(b, size)
        quotient = clamp(Num(z3.UDiv(x, y), 0, (1 << size) - 1), 0, far)
        return quotient, clamp(Num(z3.URem(x, y), 0, (1 << size) - 1), 0, min(over, far))
    # One bit more than both sides need, so that -lo // -1 and the subtraction fit.
    size = width(-max(far, over + 1) - 1, max(far, over + 1)) + 1
    half = 1 << size - 1
    x, y = resize(a, size), resize(b, size)
    rest = z3.If(y == 0, x, x % y)  # bvsmod: the sign of the divisor, as in Python
    floor = clamp(Num((x - rest) / y, -half, half - 1), -far, far)
    return floor, clamp(Num(rest, -half, half - 1), -over if bl < 0 else 0, over if bh > 0 else 0)


def least(a: Number, b: Number) -> Number:
    return clamp(select(at_most(a, b), a, b), *map(min, interval(a), interval(b)))


def greatest(a: Number, b: Number) -> Number:
    return clamp(select(at_most(b, a), a, b), *map(max, interval(a), interval(b)))


ARITHMETIC: dict[str, Callable[[Number, Number], Number]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "//": lambda a, b: divide(a, b)[0],
    "%": lambda a, b: divide(a, b)[1],
    "min": least,
    "max": greatest,
}
