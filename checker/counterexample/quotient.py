# SPDX-License-Identifier: GPL-2.0-or-later
"""The state machine of one object: which value goes to which by which operation.

All objects of a sort are laid over one another, and of a value only its kind is
kept (a union's case, whether a reference is set), so that a few states remain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from checker.language import ir
from checker.language.errors import UsageError
from checker.language.types import IndexT, LockT, OptT, Type, UnionT
from checker.words import unknown

if TYPE_CHECKING:
    from networkx import MultiDiGraph

    from checker.explicit.result import Limits
    from checker.explicit.transitions import Transitions

MOST = 150
"""Nodes of a picture."""


@dataclass(frozen=True)
class Machine:
    """``graph`` has a node for each kind of value, with how often it was seen, and an edge for each
    procedure that leads from one to another, with how many transitions do.
    """

    graph: MultiDiGraph
    states: int
    transitions: int
    stopped: str | None


def quotient(system: ir.System, names: Sequence[str], limits: Limits | None = None) -> Machine:
    """Over every reachable transition of the system.  UsageError for fields that do not go together."""
    from networkx import MultiDiGraph

    from checker.explicit.transitions import Transitions

    fields = [_field(system, name) for name in names]
    walk = Transitions(system, limits)
    readers = list(_readers(fields, walk))
    edges: Counter[tuple[tuple[int, ...], tuple[int, ...], str]] = Counter()
    transitions = 0
    for source, target, procedure in walk:
        transitions += 1
        for read in readers:
            old, new = read(source), read(target)
            if old != new:
                edges[old, new, procedure] += 1
    seen = Counter(read(state) for state in walk.states for read in readers)
    graph = MultiDiGraph(title=", ".join(names))
    folded: Counter[tuple[str, str, str]] = Counter()
    for (old, new, procedure), count in edges.items():
        folded[_show(fields, old), _show(fields, new), procedure] += count
    nodes: Counter[str] = Counter()
    for codes, count in sorted(seen.items()):  # in the order in which the model declares the values
        nodes[_show(fields, codes)] += count
    if len(nodes) > MOST:
        raise UsageError(f"{', '.join(names)} have {len(nodes)} values between them, and a picture has room for "
                         f"{MOST}: name fewer fields")
    first = {_show(fields, read(walk.layout.pack(tuple(v)))) for v in system.initial for read in readers}
    for node, count in nodes.items():
        graph.add_node(node, label=node, kind="start" if node in first else "path", count=count)
    for (before, after, procedure), count in sorted(folded.items()):
        graph.add_edge(before, after, key=procedure, label=procedure, count=count)
    return Machine(graph, len(walk.states), transitions, walk.stopped)


def _field(system: ir.System, name: str) -> ir.Field:
    frames = {f.number for role in system.roles for f in (role.pc, *role.slots)}
    known = {f.name.replace("[]", ""): f for f in system.fields if f.number not in frames}
    if name not in known:
        raise UsageError(unknown("field", name, known))
    return known[name]


def _readers(fields: Sequence[ir.Field], walk: Transitions) -> Iterator[Callable[[tuple[int, ...]], tuple[int, ...]]]:
    """For each object, what reads its fields from a packed state; a field of no array belongs to all."""
    dims: tuple[IndexT, ...] = max((field.dims for field in fields), key=len)
    for field in fields:
        if field.dims and field.dims != dims:
            raise UsageError(f"{field.name.replace('[]', '')} is a field of "
                             f"{' and '.join(dim.name for dim in field.dims)}, the others are of "
                             f"{' and '.join(dim.name for dim in dims)}: one machine is about one object")
    for indices in product(*(range(dim.size) for dim in dims)):
        places = []
        for field in fields:
            at = 0
            for dim, k in zip(field.dims, indices, strict=False):
                at = at * dim.size + k
            places.append((*walk.layout[field].element(at), walk.layout[field].mask))
        yield _reader(places)


def _reader(places: Sequence[tuple[int, int, int]]) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
    if len(places) == 1:
        ((word, shift, mask),) = places
        return lambda state: (state[word] >> shift & mask,)
    return lambda state: tuple(state[word] >> shift & mask for word, shift, mask in places)


def _show(fields: Sequence[ir.Field], codes: tuple[int, ...]) -> str:
    if len(fields) == 1:
        return kind_of(fields[0].type, codes[0])
    return ", ".join(f"{field.name.replace('[]', '')} {kind_of(field.type, code)}"
                     for field, code in zip(fields, codes, strict=True))


def kind_of(type_: Type, code: int) -> str:
    """What is kept of a value: its kind, not which object it names."""
    if isinstance(type_, UnionT):
        return type_.cases[type_.tag_of(code)][0]
    if isinstance(type_, OptT):
        return "None" if code == type_.none else kind_of(type_.of, code)
    if isinstance(type_, LockT):
        return "free" if type_.show(code) == "free" else "held"
    if isinstance(type_, IndexT) and code >= len(type_.constants):
        return "set" if type_.kind == "data" else type_.name
    return type_.show(code)
