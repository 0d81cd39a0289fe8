# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/scopes.md: how large the default specs are, and which operations run against each other.

``python -P -m checker.report.scopes docs/scopes.md`` writes the page again.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from checker.asked import Asked, ask
from checker.language import ir
from checker.language.types import BOOL

if TYPE_CHECKING:
    from checker.explicit.result import Exploration
    from checker.language.build import Built

MOST_AT_ONCE = 60
NOWHERE = ir.Pos("", 0)

Pair = tuple[str, str]


@dataclass(frozen=True)
class Size:
    """One spec and what its search counted."""

    spec: str
    scope: str
    states: int
    transitions: int
    depth: int
    fingerprint: int


def standing(system: Built, role: int, operation: str, actor: int) -> ir.Expr | None:
    """That this actor is in the middle of this operation; None if it has no middle."""
    type_ = system.roles[role].type
    procedure = next(p for p in system.roles[role].operations if p.name == operation)
    who = ir.Const(type=type_, pos=NOWHERE, value=actor)
    places = tuple(ir.AtPlace(role=role, actor=who, pc=point.pc, values=()) for point in procedure.yields if point.pc)
    return ir.At(type=BOOL, pos=NOWHERE, places=places) if places else None


def together(system: Built, a: Pair, b: Pair) -> ir.Expr:
    """That two actors are in the middle of these operations, each given as (role, operation)."""
    result: ir.Expr = ir.FALSE
    for role_a, role_b in itertools.product(range(len(system.roles)), repeat=2):
        if (system.roles[role_a].type.name, system.roles[role_b].type.name) != (a[0], b[0]):
            continue
        sizes = range(system.roles[role_a].type.size), range(system.roles[role_b].type.size)
        for i, j in itertools.product(*sizes):
            if role_a == role_b and i == j:
                continue
            one, other = standing(system, role_a, a[1], i), standing(system, role_b, b[1], j)
            if one is not None and other is not None:
                both = ir.And(type=BOOL, pos=NOWHERE, left=one, right=other)
                result = ir.Or(type=BOOL, pos=NOWHERE, left=result, right=both)
    return result


def concurrent(system: Built) -> tuple[set[Pair], Exploration]:
    """The unordered pairs of operations that two actors are in the middle of in some state, and what was visited."""
    operations = [(role.type.name, p.name) for role in system.roles for p in role.operations]
    asked = {f"pair {k}": pair for k, pair in enumerate(itertools.combinations_with_replacement(operations, 2))}
    promises = [ir.Promise(name, "reachable", together(system, a, b), "", NOWHERE) for name, (a, b) in asked.items()]
    found: set[Pair] = set()
    for start in range(0, max(1, len(promises)), MOST_AT_ONCE):
        visited = search(replace(system, promises=tuple(promises[start : start + MOST_AT_ONCE])))
        for name in visited.findings:
            if name in asked:
                (_, a), (_, b) = asked[name]
                found.add((min(a, b), max(a, b)))
    return found, visited


def search(system: Built) -> Exploration:
    """All states; what is promised of them is not asked."""
    from checker.explicit import explore

    return explore(system, finish=False, traced=lambda promise, depth: False)


@dataclass
class Pairs:
    """The operations of one model, and which of them were seen to run against each other, in which spec."""

    operations: set[str] = field(default_factory=set)
    atomic: set[str] = field(default_factory=set)
    covered: dict[Pair, str] = field(default_factory=dict)

    def look(self, name: str, system: Built) -> Exploration:
        """Adds what a spec shows, and gives what was visited."""
        self.operations |= {p.name for role in system.roles for p in role.operations if p.yields}
        self.atomic |= {p.name for role in system.roles for p in role.operations if not p.yields}
        found, visited = concurrent(system)
        for pair in found:
            self.covered.setdefault(pair, name)
        return visited


def page(asked: Asked) -> Iterator[str]:
    """The lines of docs/scopes.md."""
    from checker.language.build import build

    sizes: list[Size] = []
    models: dict[str, Pairs] = {}
    for name, spec in asked.specs.items():
        if not spec.default or spec.expected:
            continue
        found = models.setdefault(spec.model.state.__name__, Pairs()).look(name, build(spec, lemmas=False))
        sizes.append(Size(name, spec.scope.name, found.states, found.transitions, found.depth, found.fingerprint))
    yield "# Scopes"
    yield ""
    yield "Written by `make docs`; a test compares it. Each of these specs is searched completely by `vswap check`."
    yield ""
    yield "| spec | scope | states | transitions | depth | fingerprint |"
    yield "|---|---|---:|---:|---:|---|"
    for one in sizes:
        yield (f"| `{one.spec}` | {one.scope} | {one.states:,} | {one.transitions:,} | {one.depth} | "
               f"`{one.fingerprint:016x}` |")
    yield ""
    yield "The fingerprint is an order-independent hash of all states and transitions."
    yield "What one object more of each sort does to each of them is in [wider.md](wider.md)."
    yield ""
    yield "## Which operations run against each other"
    yield ""
    yield "A pair counts where two actors are in the middle of the two operations in one reachable state."
    for state, pairs in models.items():
        yield from table(state, pairs, alone=len(models) == 1)


def table(state: str, pairs: Pairs, *, alone: bool) -> Iterator[str]:
    """The pairs of one model."""
    if not alone:
        yield ""
        yield f"### On the state `{state}`"
        yield ""
    if pairs.atomic:
        names = ", ".join(f"`{name}`" for name in sorted(pairs.atomic))
        yield f"An operation of one step has no middle and runs between any two steps of others: {names}."
    yield ""
    yield "| pair | in spec |"
    yield "|---|---|"
    for a, b in itertools.combinations_with_replacement(sorted(pairs.operations), 2):
        spec_name = pairs.covered.get((a, b))
        yield f"| `{a}`, `{b}` | {f'`{spec_name}`' if spec_name else 'in no default spec'} |"


def main(words: Sequence[str]) -> int:
    asked, _ = ask([])
    Path(words[0]).write_text("\n".join(page(asked)) + "\n", encoding="utf-8")
    return 0


__all__ = ["concurrent", "main", "page", "together"]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
