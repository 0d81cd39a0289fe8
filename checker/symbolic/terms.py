# SPDX-License-Identifier: GPL-2.0-or-later
"""z3 terms of operands that fit.

z3's own operators ask for the sort of each operand, several times, to convert what
does not fit.  Here everything has its width already (see ``values.py``), and to ask
took most of the time of writing a step as formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

import z3  # type: ignore[import-untyped,unused-ignore]


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of z3 that has no error to tell: without asking for one, which takes as long again."""
    return getattr((function.__defaults__ or (None,))[-1], "f", function)


_count, _argument = plain(z3.Z3_get_app_num_args), plain(z3.Z3_get_app_arg)
_declaration, _declared = plain(z3.Z3_get_app_decl), plain(z3.Z3_get_decl_kind)
_kind = plain(z3.Z3_get_ast_kind)


@cache
def vectors(bits: int) -> Any:
    return z3.BitVecSort(bits)


@lru_cache(maxsize=1 << 16)
def constant(value: int, bits: int) -> Any:
    """A number as a bit-vector, modulo 2 ** bits."""
    sort = vectors(bits)
    return z3.BitVecNumRef(z3.Z3_mk_numeral(sort.ctx_ref(), str(value), sort.as_ast()), sort.ctx)


def negation(a: Any) -> Any:
    return z3.BoolRef(z3.Z3_mk_not(a.ctx_ref(), a.as_ast()), a.ctx)


def conjunction(a: Any, b: Any) -> Any:
    return z3.BoolRef(z3.Z3_mk_and(a.ctx_ref(), 2, (z3.Ast * 2)(a.as_ast(), b.as_ast())), a.ctx)


def disjunction(truths: Sequence[Any]) -> Any:
    asts = (z3.Ast * len(truths))(*(one.as_ast() for one in truths))
    return z3.BoolRef(z3.Z3_mk_or(truths[0].ctx_ref(), len(truths), asts), truths[0].ctx)


def choice(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``; both truths, or both of one width."""
    kind = z3.BoolRef if isinstance(a, z3.BoolRef) else z3.BitVecRef
    return kind(z3.Z3_mk_ite(condition.ctx_ref(), condition.as_ast(), a.as_ast(), b.as_ast()), condition.ctx)


def equality(a: Any, b: Any) -> Any:
    return z3.BoolRef(z3.Z3_mk_eq(a.ctx_ref(), a.as_ast(), b.as_ast()), a.ctx)


def at_most(a: Any, b: Any) -> Any:
    """a <= b, of numbers without a sign."""
    return z3.BoolRef(z3.Z3_mk_bvule(a.ctx_ref(), a.as_ast(), b.as_ast()), a.ctx)


def same(a: Any, b: Any) -> bool:
    """Whether two terms are written the same way: z3 keeps one of each."""
    return bool(a.ast.value == b.ast.value)


def is_negation(a: Any) -> bool:
    context, ast = a.ctx_ref(), a.as_ast()
    return bool(_kind(context, ast) == z3.Z3_APP_AST
                and _declared(context, _declaration(context, ast)) == z3.Z3_OP_NOT)


def bundle(formulas: Sequence[Any]) -> Any:
    """One term with these operands: what is done to it is done to all, and once to what they share."""
    size, context = len(formulas), z3.main_ctx().ref()
    asts = (z3.Ast * size)(*(one.as_ast() for one in formulas))
    sorts = (z3.Sort * size)(*(z3.Z3_get_sort(context, ast) for ast in asts))
    name, truth = z3.Z3_mk_string_symbol(context, "bundle"), z3.BoolSort().ast
    declared = z3.Z3_mk_func_decl(context, name, size, sorts, truth)
    return z3.BoolRef(z3.Z3_mk_app(context, declared, size, asts), z3.main_ctx())


class Operands(Sequence[Any]):
    """The terms that one was made of; z3's objects are made of those that somebody looks at."""

    def __init__(self, term: Any) -> None:
        self._term = term
        context, ast = term.ctx_ref(), term.as_ast()
        self._asts = [_argument(context, ast, k) for k in range(_count(context, ast))]

    def __len__(self) -> int:
        return len(self._asts)

    def __getitem__(self, k: Any) -> Any:
        return z3.z3._to_expr_ref(self._asts[k], self._term.ctx)

    def same(self, k: int, term: Any) -> bool:
        """Whether one of them is written as another term is: z3 keeps one of each."""
        return bool(self._asts[k].value == term.ast.value)


def constants(formulas: Iterable[Any]) -> list[Any]:
    """The unknowns of formulas."""
    alive = list(formulas)
    if not alive:
        return []
    # Without the objects that z3 makes of every part: this looks at all of a large formula.
    context = alive[0].ctx_ref()
    seen: set[int] = set()
    found: list[Any] = []
    stack = [formula.as_ast() for formula in alive]
    while stack:
        one = stack.pop()
        if one.value in seen:
            continue
        seen.add(one.value)
        if _kind(context, one) != z3.Z3_APP_AST:
            continue
        size = _count(context, one)
        if size:
            stack.extend(_argument(context, one, k) for k in range(size))
        elif _declared(context, _declaration(context, one)) == z3.Z3_OP_UNINTERPRETED:
            found.append(z3.z3._to_expr_ref(one, alive[0].ctx))
    return found
