# SPDX-License-Identifier: GPL-2.0-or-later
"""Which sorts a search may rename without changing any verdict.

The language sees to it that rules over symmetric sorts and actors do not depend
on the order of their objects.  What could still single one out is a constant:
the first object, which an author cannot write but a default value can.  A sort
that something in the system tells apart from its renamings is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checker.language import ir
from checker.language.types import IndexT, IntT, LockT, OptT, SetT, Type, UnionT
from checker.language.walk import NODES, members

MOST_ACTORS = 16
"""With more, actors keep their names: the renaming of one step fits one word."""


TELLING = ir.Const, ir.Domain, ir.Compare, ir.Recode, ir.Cast, ir.Quantifier, ir.Arith
"""The nodes that can tell objects apart."""


def sorts(type_: Type, roles: tuple[IndexT, ...] = ()) -> Iterator[IndexT]:
    """The sorts whose objects a value may name; a lock names actors of these roles."""
    match type_:
        case IndexT():
            yield type_
        case OptT() | SetT():
            yield from sorts(type_.of, roles)
        case UnionT():
            for _, payload in type_.cases:
                for _, of in payload:
                    yield from sorts(of, roles)
        case LockT():
            yield from roles


def renamed(type_: Type, code: int, sort: IndexT, first_actor: int | None) -> bool:
    """Whether some renaming of the objects of a sort changes this value."""
    match type_:
        case IndexT():
            return type_ == sort
        case OptT():
            return code != type_.none and renamed(type_.of, code, sort, first_actor)
        case SetT():
            whole = (1 << type_.of.card) - 1
            return code not in (0, whole) and sort in sorts(type_.of)
        case UnionT():
            payload = type_.cases[type_.tag_of(code)][1]
            values = zip(payload, type_.payload(code), strict=True)
            return any(renamed(of, value, sort, first_actor) for (_, of), value in values)
        case LockT():
            return first_actor is not None and first_actor < code <= first_actor + sort.size
    return False


def group(system: ir.System) -> tuple[IndexT, ...]:
    """The sorts to rename, roles first; none if contents are told apart."""
    apart = told_apart(system)
    return tuple(sort for sort in candidates(system) if sort not in apart)


def candidates(system: ir.System) -> list[IndexT]:
    """The sorts whose objects differ in name only, as far as their declarations go."""
    roles = tuple(role.type for role in system.roles)
    named = [*roles]
    for field in system.fields:
        named += [*field.dims, *sorts(field.type)]
    if sum(role.size for role in roles) > MOST_ACTORS:
        named = [sort for sort in named if sort.kind != "actor"]
    return [sort for sort in dict.fromkeys(named) if sort.kind in ("symmetric", "actor") and sort.blocks > 1]


def told_apart(system: ir.System) -> dict[IndexT, ir.Pos]:
    """The candidates that something singles an object out of, and where."""
    found: dict[IndexT, ir.Pos] = {}
    possible, firsts, where = candidates(system), first_actors(system), ir.Pos("?", 1)
    constants: set[tuple[Type, int]] = set()
    for node in nodes(system):
        where = getattr(node, "pos", where)
        if not isinstance(node, TELLING):
            continue
        if isinstance(node, ir.Const):
            if (node.type, node.value) in constants:
                continue
            constants.add((node.type, node.value))
        for sort in possible:
            if sort not in found and (_names_contents(node) or _tells_apart(node, sort, firsts.get(sort))):
                found[sort] = where
    return found


def first_actors(system: ir.System) -> dict[IndexT, int]:
    """The number, among all actors, of the first one of each role."""
    first, firsts = 0, {}
    for role in system.roles:
        firsts[role.type] = first
        first += role.type.size
    return firsts


def nodes(system: ir.System) -> Iterator[Any]:
    """Every expression, statement and domain of procedures and promises, once."""
    seen: set[int] = set()
    firsts = first_actors(system)
    parts: list[Any] = [p.body for p in system.rules]
    parts += [operation.body for role in system.roles for operation in role.operations]
    parts += [promise.condition for promise in system.promises]
    parts += [measure.value for measure in system.measures]
    parts += [system.may_end]
    while parts:
        part = parts.pop()
        if isinstance(part, tuple):
            parts += part
        elif isinstance(part, NODES) and id(part) not in seen:
            seen.add(id(part))
            holder = _holder(part, firsts)
            if holder is not None:
                parts.append(holder)
                continue
            yield part
            if not (isinstance(part, ir.Domain) and _whole(part)):
                parts += [getattr(part, name) for name in members(part)]


def _holder(part: Any, firsts: dict[IndexT, int]) -> ir.Expr | None:
    """The actor whom a lock's value names: the number that this is computed by is renamed with the actor."""
    match part:
        case ir.Recode(type=LockT(), operand=ir.Arith(op="+", left=ir.Recode(operand=actor), right=ir.Const() as base)):
            if isinstance(actor.type, IndexT) and firsts.get(actor.type) == base.value - 1:
                return actor
    return None


def _whole(domain: ir.Domain) -> bool:
    """All objects of a sort: not a constant that singles one out."""
    ends = [end.value if isinstance(end, ir.Const) else None for end in (domain.lo, domain.hi)]
    return isinstance(domain.type, IndexT) and ends == [0, domain.type.size]


def _names_contents(node: Any) -> bool:
    """A constant of a data sort that is none of its named ones: the first that appears, whichever that is."""
    if not isinstance(node, ir.Const):
        return False
    data = [sort for sort in sorts(node.type) if sort.kind == "data"]
    if isinstance(node.type, IndexT):
        return bool(data) and node.value >= len(node.type.constants)
    return any(renamed(node.type, node.value, sort, None) for sort in data)


def _tells_apart(node: Any, sort: IndexT, first_actor: int | None) -> bool:
    match node:
        case ir.Const():
            return renamed(node.type, node.value, sort, first_actor)
        case ir.Domain():
            return node.type == sort and not _whole(node)
        case ir.Compare():
            return node.op not in ("==", "!=") and sort in sorts(node.left.type)
        case ir.Recode() | ir.Cast():
            return isinstance(node.type, IntT) != isinstance(node.operand.type, IntT) and \
                sort in (*sorts(node.operand.type), *sorts(node.type))
        case ir.Quantifier():
            return node.kind in ("min", "max") and sort in sorts(node.type)
        case ir.Arith():
            return sort in (*sorts(node.left.type), *sorts(node.right.type))
    return False
