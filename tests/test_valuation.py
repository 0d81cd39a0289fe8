# SPDX-License-Identifier: GPL-2.0-or-later
"""One model for many questions: z3 must not answer with what it worked out for another one."""

from __future__ import annotations

from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]
from hypothesis import given
from hypothesis import strategies as st

from checker.symbolic.valuation import Valuation

WIDE, NARROW, FLAG = z3.BitVec("wide", 3), z3.BitVec("narrow", 1), z3.Bool("flag")
CODES = st.tuples(st.integers(0, 7), st.integers(0, 1), st.integers(0, 1))


def numbers(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Terms whose parts are shared, as those of a step are."""
    def joined(several: tuple[Any, Any, Any]) -> Any:
        a, b, c = several
        here = a == b
        return z3.If(z3.Or(here, FLAG), z3.If(here, a + c, c), z3.If(z3.ULE(b, c), b, ~a))

    return st.tuples(parts, parts, parts).map(joined)


TERMS = st.recursive(st.sampled_from([WIDE, z3.ZeroExt(2, NARROW), z3.BitVecVal(5, 3)]), numbers, max_leaves=12)


@given(TERMS, st.lists(CODES, min_size=2, max_size=6))
def test_it_says_what_the_formula_is_under_the_values_of_each_question(term: Any, questions: list[Any]) -> None:
    valuation = Valuation([WIDE, NARROW, FLAG])
    small = z3.simplify(z3.ULE(term, WIDE))
    for codes in questions:
        values = z3.BitVecVal(codes[0], 3), z3.BitVecVal(codes[1], 1), z3.BoolVal(bool(codes[2]))
        pairs = list(zip([WIDE, NARROW, FLAG], values, strict=True))
        assert valuation.number(term, codes) == z3.simplify(z3.substitute(term, *pairs)).as_long()
        assert valuation.truth(small, codes) == z3.is_true(z3.simplify(z3.substitute(small, *pairs)))
        assert valuation.put(term, codes).as_long() == valuation.number(term, codes)


def test_other_unknowns_stay_where_codes_are_put() -> None:
    other = z3.BitVec("other", 3)
    assert z3.eq(Valuation([WIDE]).put(WIDE + other, (0,)), other)
