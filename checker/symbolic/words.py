# SPDX-License-Identifier: GPL-2.0-or-later
"""Decides claims about words for all values of their variables."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import z3

from checker.language.claims import (
    Apart,
    Claim,
    ComesBack,
    Counts,
    Disjoint,
    Exclusive,
    Kept,
    OfKind,
    Recognised,
    Theorem,
)
from checker.symbolic import bits
from checker.symbolic.theorem import read


@dataclass(frozen=True)
class Formula:
    """For all ``variables``: whenever the ``premises`` are true, so is the ``conclusion``."""

    variables: Mapping[str, z3.BitVecRef]
    premises: Sequence[z3.BoolRef]
    conclusion: z3.BoolRef


@dataclass(frozen=True)
class Answer:
    """``verdict`` is holds, broken, vacuous (it says something about no values) or undecided.

    ``values`` is the smallest counterexample, variable by variable; ``reason`` why nothing is decided.
    """

    verdict: str
    values: Mapping[str, int] | None = None
    reason: str = ""


def formula(claim: Claim) -> Formula:
    """The z3 reading of a claim; LanguageError for a function that cannot be read."""
    match claim:
        case Exclusive(kinds=kinds):
            word = z3.BitVec("word", kinds[0].width)
            pairs = combinations([bits.recognises(kind, word) for kind in kinds], 2)
            return Formula({"word": word}, [], z3.And([z3.Not(z3.And(a, b)) for a, b in pairs]))
        case Disjoint(kinds=kinds):
            values = {kind.name: bits.variables(kind, prefix=kind.name + ".") for kind in kinds}
            written = [bits.encode(kind, values[kind.name]) for kind in kinds]
            return Formula({f"{name}.{key}": value for name, mine in values.items() for key, value in mine.items()},
                           [one for kind in kinds for one in bits.domain(kind, values[kind.name])],
                           z3.And([a != b for a, b in combinations(written, 2)]))
        case OfKind():
            return _of_kind(claim)
        case Theorem():
            return Formula(*read(claim))
    raise TypeError(f"{type(claim).__name__} is no claim that z3 can read")


def _of_kind(claim: OfKind) -> Formula:
    kind = claim.kind
    values = bits.variables(kind)
    premises = bits.domain(kind, values)
    word = bits.encode(kind, values)
    match claim:
        case Recognised():
            conclusion = bits.recognises(kind, word)
        case ComesBack(limits=limits):
            premises += [z3.Extract(one.width - 1, limits[one.name], values[one.name]) == 0
                         for one in kind.fields if limits.get(one.name, one.width) < one.width]
            conclusion = bits.same(kind, word, values)
        case Kept(lost=lost):
            others = bits.variables(kind, suffix="'")
            premises += [*bits.domain(kind, others), values[lost] != others[lost]]
            conclusion = word != bits.encode(kind, others)
            return Formula({**values, **{name + "'": other for name, other in others.items()}}, premises, conclusion)
        case Apart(hint=name):
            flipped = word ^ z3.BitVecVal(1 << kind.field(name).at, kind.width)
            read_before = {one.name: bits.get(kind, word, one.name) for one in kind.fields}
            conclusion = z3.And(read_before[name] == values[name], bits.recognises(kind, flipped),
                                bits.same(kind, flipped, {**read_before, name: ~read_before[name]}))
        case Counts(counter=name):
            one = kind.field(name)
            premises.append(values[name] != z3.BitVecVal(-1, one.width))
            more = word + z3.BitVecVal(1 << one.at, kind.width)
            conclusion = z3.And(bits.recognises(kind, more), bits.same(kind, more, {**values, name: values[name] + 1}))
        case _:
            raise TypeError(f"{type(claim).__name__} is no claim that z3 can read")
    return Formula(values, premises, conclusion)


def decide(claim: Claim, seconds: float = 10.0) -> Answer:
    """Decides one claim, however long it takes: ask in a child process.

    A part of ``seconds`` may be spent on making a counterexample small.
    """
    asked = formula(claim)
    solver = z3.SolverFor("QF_BV")
    solver.add(*asked.premises)
    possible = solver.check()
    if possible == z3.unknown:
        return Answer("undecided", reason=solver.reason_unknown())
    if possible == z3.unsat:
        return Answer("vacuous")
    solver.add(z3.Not(asked.conclusion))
    found = solver.check()
    if found == z3.unknown:
        return Answer("undecided", reason=solver.reason_unknown())
    if found == z3.unsat:
        return Answer("holds")
    return Answer("broken", _smallest(solver, asked.variables, seconds / 4))


def _smallest(solver: z3.Solver, variables: Mapping[str, z3.BitVecRef], seconds: float) -> dict[str, int]:
    """The counterexample with the smallest first variable, then the smallest second, and so on.

    So it is the same for every version of z3, and has no more bits than it needs; where the
    time does not suffice, it is just one that is smaller.
    """
    model = solver.model()
    values = {}
    until = time.monotonic() + seconds
    solver.set("timeout", max(1, int(1000 * seconds)))
    for name, variable in variables.items():
        value, top = _value(model, variable), variable.size() - 1
        for place in reversed(range(variable.size())):
            if not value >> place & 1 or time.monotonic() > until:
                continue
            if solver.check(z3.Extract(top, place, variable) == (value >> place) - 1) == z3.sat:
                model = solver.model()
                value = _value(model, variable)
        values[name] = value
        solver.add(variable == value)
    return values


def _value(model: z3.ModelRef, variable: z3.BitVecRef) -> int:
    return int(model.eval(variable, model_completion=True).as_long())
