# SPDX-License-Identifier: GPL-2.0-or-later
"""Claims that are written as functions: z3 reads them as Python runs them."""

from __future__ import annotations

import pytest

from checker.language.claims import Theorem
from checker.language.errors import LanguageError
from checker.language.words import *
from checker.symbolic.words import decide

BYTE = Format(
    Kind("FREE", word=0),
    Kind("USED", Field("owner", 4, at=1, align=2), hint("dirty", at=7), tag="1"),
    width=8,
)
USED = BYTE["USED"]
LIMIT = 200


def double(n: U8) -> U8:
    """A helper."""
    if n >= 128:
        return U8(255)
    return n + n


@claim
def halves_come_back(n: U8):
    return double(n) // 2 == n


@claim
def halves_of_small_numbers_come_back(n: U8):
    require(n < 100)
    twice = double(n)
    twice -= n
    return twice == n and n <= double(n) < LIMIT


@claim
def widths_are_as_in_c(n: U8):
    wide = U16(n) << 8
    return wide >> 8 == n and U8(wide) == 0 and n << 8 == 0 and U16(n) + 255 > n and -n + n == 0 and ~n + 1 == -n


@claim
def a_sum_is_larger(n: U8):
    return n + 10 > n


@claim
def constants_may_be_large_or_negative(n: U8):
    compared = n < 256 and not n == 300 and n > -1 and 1000 >= n != -5
    return compared and n + 256 == n and n + -1 != n and 512 // (n | 1) <= 512


@claim
def shifts_go_all_the_way(n: U8, by: U8):
    return (n << by == 0 or by < 8) and n >> by <= n and (by >= 8 or (n >> by) << by == n & (255 << by))


@claim
def conditions_choose(n: U8):
    small = n < 16
    if small:
        kind = U8(1)
        return kind == 1
    elif n % 2:
        return n & 1 == 1
    return (n & 1 if n > 99 else n % 2) == 0


@claim
def division_needs_a_divisor(n: U8):
    return 10 // n <= 10


@claim
def division_is_asked_for_only_where_it_is_defined(n: U8):
    return n == 0 or 10 // n <= 10


@claim
def an_owner_is_read_back(owner: U8, dirty: U8):
    require(owner < 16 and not owner & 1 and dirty < 2)
    word = USED.encode(owner=owner, dirty=dirty)
    return USED.recognises(word) and USED.get(word, "owner") == owner and USED.get(word ^ 0x80, "dirty") == 1 - dirty


@claim
def any_number_is_an_owner(owner: U8):
    return USED.recognises(USED.encode(owner=owner))


@claim
def every_kind_or_none(word: U8):
    return any(kind.recognises(word) for kind in BYTE.kinds) or all(word != n for n in (0, 1, 3))


@claim
def nothing_is_required_in_a_branch_not_taken(n: U8):
    if n > 3:
        require(n > 250)
        return n > 249
    return n != 3


@claim
def nothing_at_all(n: U8):
    require(n > LIMIT and n < LIMIT)
    return False


@claim
def one_calculation():
    return (1 << 8) - 1 == 255


ALL = [value for value in list(globals().values()) if isinstance(value, Theorem)]


@pytest.mark.parametrize("theorem", ALL, ids=lambda theorem: theorem.name)
def test_z3_decides_as_python_does_for_all_values(theorem: Theorem) -> None:
    """Every value is tried: the same verdict, the same first counterexample."""
    tried: list[dict[str, int]] = [{}]
    for name in theorem.variables():
        tried = [{**values, name: n} for values in tried for n in range(256)]
    found = [theorem.check(values) for values in tried]
    answer = decide(theorem)
    if False in found:
        assert (answer.verdict, answer.values) == ("broken", tried[found.index(False)])
    else:
        assert answer.verdict == ("holds" if True in found else "vacuous")


def test_the_theorems_here_come_out_in_every_way() -> None:
    assert {decide(theorem).verdict for theorem in ALL} == {"holds", "broken", "vacuous"}
    assert decide(any_number_is_an_owner).values == {"owner": 1}
    assert decide(halves_come_back).values == {"n": 128}


@claim
def a_loop(n: U8):
    while n:
        n = n >> 1
    return n == 0


@claim
def a_division(n: U8):
    return n / 2 <= n


@claim
def no_width(n: int):
    return n == n


@claim
def no_annotation(n):
    return n == n


@claim
def an_unknown_name(n: U8):
    return n == nowhere


@claim
def no_return(n: U8):
    require(n > 0)


@claim
def a_method(n: U8):
    return n.bit_length() < 9


@claim
def a_builtin(n: U8):
    return len(str(n)) < 4


@claim
def endless(n: U8):
    return again(n)


def again(n: U8) -> U8:
    return again(n)


@claim
def mixed_branches(n: U8):
    return (n if n > 3 else None) == n


@claim
def no_such_field(n: U8):
    return USED.get(n, "colour") == 0


@claim
def a_sum_of_truths(n: U8):
    return (n > 3) + (n > 4) < 3


@pytest.mark.parametrize(("theorem", "sentence"), [
    (a_loop, "require.*assignments to names, if and return"),
    (a_division, r"calculate with \+ - \*"),
    (no_width, "U8, U16, U32 or U64"),
    (no_annotation, "say how wide it is, n: U64"),
    (an_unknown_name, "nowhere"),
    (no_return, "no_return can end without a return"),
    (a_method, "an unknown number has no methods"),
    (a_builtin, "str cannot be called with an unknown number"),
    (endless, "recursion"),
    (mixed_branches, "None is no number"),
    (no_such_field, "no field 'colour'"),
    (a_sum_of_truths, "true and false are joined by"),
], ids=lambda value: value.name if isinstance(value, Theorem) else "")
def test_what_cannot_be_read_is_refused_with_its_place(theorem: Theorem, sentence: str) -> None:
    with pytest.raises(LanguageError, match=sentence) as refusal:
        decide(theorem)
    assert str(refusal.value).startswith("test_words_theorems.py:")
