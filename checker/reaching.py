# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks the exhaustive search whether certain states are reachable, and which promises really break."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from checker.language import ir
from checker.language.types import BOOL

if TYPE_CHECKING:
    from checker.explicit.result import Finding, Limits
    from checker.language.build import Built

MANY = 20
"""States that one search looks for; each, and each promise, needs a flag of its own."""


@dataclass
class Reached:
    """``states`` says for each state whether it is reachable, None if the search ended too early;
    ``findings`` are the promises that break, ``visited`` counts states."""

    states: dict[str, bool | None] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    visited: int = 0
    complete: bool = True
    stopped: str | None = None


def reached(system: Built, wanted: Mapping[str, Sequence[int]], promises: Sequence[str], limits: Limits,
            progress: Callable[[int, int, int, int], None] | None = None) -> Reached:
    """Whether each state (normalised codes, by a name of the caller's) is reachable, and whether these
    promises break."""
    from checker.explicit import explore

    found = Reached()
    states, names = list(wanted), list(promises)
    while states or names:
        now, states = states[:MANY], states[MANY:]
        asked, names = names[:MANY], names[MANY:]
        kept = tuple(p for p in system.promises if p.name in asked)
        sought = tuple(elsewhere(system, f"is not {name}", wanted[name]) for name in now)
        searched = explore(replace(system, promises=(*kept, *sought), run_promises=(), measures=()), limits=limits,
                           progress=progress)
        found.visited = searched.states
        found.complete &= searched.complete
        found.stopped = found.stopped or searched.stopped
        for name in now:
            here = f"is not {name}" in searched.findings
            found.states[name] = True if here else False if searched.complete else None
        found.findings.update((name, one) for name, one in searched.findings.items() if name in promises)
        if not searched.complete:
            found.states.update((name, None) for name in states)
            break
    return found


def elsewhere(system: ir.System, name: str, vector: Sequence[int]) -> ir.Promise:
    """The promise that a state is not this one."""
    nowhere = ir.Pos("", 0)
    other: ir.Expr = ir.FALSE
    for place in reversed(system.fields):
        if place.type.card == 1:
            continue
        for number in reversed(range(place.count)):
            rest, indices = number, []
            for dim in reversed(place.dims):
                indices.append(ir.Const(type=dim, pos=nowhere, value=rest % dim.size))
                rest //= dim.size
            code = vector[place.offset + number] + place.type.low
            differs = ir.Compare(
                type=BOOL, pos=nowhere, op="!=",
                left=ir.Read(type=place.type, pos=nowhere, field=place, indices=tuple(reversed(indices))),
                right=ir.Const(type=place.type, pos=nowhere, value=code))
            other = differs if other is ir.FALSE else ir.Or(type=BOOL, pos=nowhere, left=differs, right=other)
    return ir.Promise(name, "invariant", other, "", nowhere)
