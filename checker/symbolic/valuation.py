# SPDX-License-Identifier: GPL-2.0-or-later
"""Formulas evaluated under known values of all their unknowns.

z3 evaluates a formula in a model, even one that is written by hand, in a tenth of the
time that it takes to put the values into the formula and to simplify that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.symbolic import terms

_interpret, _truth = terms.plain(z3.Z3_add_const_interp), terms.plain(z3.Z3_get_bool_value)


class Valuation:
    """Values of these unknowns, bit-vectors and truths, in one model.

    Most of them are those of the question before: z3 is told only of the others.
    """

    def __init__(self, unknowns: Sequence[Any]) -> None:
        self._unknowns = unknowns
        self._declared = [unknown.decl().ast for unknown in unknowns]
        self._values: list[dict[int, Any]] = [{} for _ in unknowns]
        self._now: list[int | None] = [None] * len(unknowns)
        self._model = z3.Model()
        self._answer = (z3.Ast * 1)()

    def truth(self, formula: Any, codes: Sequence[int]) -> bool:
        """Whether it is true where the unknowns have these codes."""
        known = _truth(formula.ctx_ref(), self._evaluated(formula, codes))
        assert known != z3.Z3_L_UNDEF, f"no truth: {formula}"
        return bool(known == z3.Z3_L_TRUE)

    def number(self, formula: Any, codes: Sequence[int]) -> int:
        """The number that a bit-vector is where the unknowns have these codes."""
        return int(z3.Z3_get_numeral_string(formula.ctx_ref(), self._evaluated(formula, codes)))

    def put(self, formula: Any, codes: Sequence[int]) -> Any:
        """The formula with the codes in the place of the unknowns; it may have others."""
        values = [self._value(k, code) for k, code in enumerate(codes)]
        return z3.simplify(z3.substitute(formula, *zip(self._unknowns, values, strict=True)))

    def _evaluated(self, formula: Any, codes: Sequence[int]) -> Any:
        """The value, as a term that lives until z3 makes the next one."""
        context, model, now = formula.ctx_ref(), self._model.model, self._now
        for k, code in enumerate(codes):
            if code != now[k]:
                _interpret(context, model, self._declared[k], self._value(k, code).ast)
                now[k] = code
        # To complete the model changes nothing, as every unknown has its value; but it makes z3 forget
        # what it has worked out while they had others.
        if not z3.Z3_model_eval(context, model, formula.ast, True, self._answer):
            raise z3.Z3Exception("z3 does not evaluate a formula")
        return self._answer[0]

    def _value(self, k: int, code: int) -> Any:
        made = self._values[k]
        if code not in made:
            one = self._unknowns[k]
            made[code] = z3.BoolVal(bool(code)) if z3.is_bool(one) else terms.constant(code, one.size())
        return made[code]
