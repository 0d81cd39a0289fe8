# SPDX-License-Identifier: GPL-2.0-or-later
"""The static lock graph: which lock region lies inside which other.

A search sees a lock region as atomic, so two regions that nest in opposite
orders deadlock in no state of it.  They show here: an edge for every region
that some path enters inside another, and a cycle where the order is not one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checker.language import ir
from checker.language.shapes import SpinT
from checker.language.walk import bodies, every_expression, expressions


@dataclass(frozen=True)
class Edge:
    """``inner`` is taken while ``outer`` is held, in ``procedure``, at ``pos``."""

    outer: str
    inner: str
    procedure: str
    pos: ir.Pos

    def __str__(self) -> str:
        return f"{self.inner} inside {self.outer} in {self.procedure} ({self.pos})"


def has_regions(system: ir.System) -> bool:
    """Whether the state has locks that are held within a step."""
    return any(isinstance(f.type, SpinT) for f in system.fields)


def edges(system: ir.System) -> tuple[Edge, ...]:
    """All nestings, in the order of the procedures, each pair of locks once."""
    found: dict[tuple[str, str], Edge] = {}
    for procedure in [*system.rules, *(o for role in system.roles for o in role.operations)]:
        for edge in nested(procedure.name, procedure.body, ()):
            found.setdefault((edge.outer, edge.inner), edge)
    return tuple(found.values())


def nested(name: str, body: tuple[ir.Stmt, ...], held: tuple[str, ...]) -> Iterator[Edge]:
    for statement in body:
        inside = held
        if isinstance(statement, ir.Hold):
            inner = statement.field.name.replace("[]", "")
            for outer in held:
                yield Edge(outer, inner, name, statement.pos)
            inside = (*held, inner)
        for expr in expressions(statement):
            for part in every_expression(expr):
                if isinstance(part, ir.Do):
                    yield from nested(name, part.body, held)
        for inner_body in bodies(statement):
            yield from nested(name, inner_body, inside)


def cycle(found: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """A shortest ring of edges, or none: then there is one order for all locks."""
    best: tuple[Edge, ...] = ()
    for start in found:
        paths: list[tuple[Edge, ...]] = [(start,)]
        seen = {start.inner}
        for path in paths:
            if path[-1].inner == start.outer:
                if not best or len(path) < len(best):
                    best = path
                break
            for edge in found:
                if edge.outer == path[-1].inner and (edge.inner not in seen or edge.inner == start.outer):
                    seen.add(edge.inner)
                    paths.append((*path, edge))
    return best
