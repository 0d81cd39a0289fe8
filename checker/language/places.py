# SPDX-License-Identifier: GPL-2.0-or-later
"""The fields of a state as a tree, and what names stand for while rules are lowered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from checker.language import ir
from checker.language import types as t
from checker.language.shapes import RecordShape, Scalar, Shape


@dataclass(frozen=True)
class Leaf:
    field: ir.Field
    scalar: Scalar

    def __str__(self) -> str:
        return str(self.field.type)


@dataclass(frozen=True)
class RecordNode:
    shape: RecordShape
    children: dict[str, Node]

    def __str__(self) -> str:
        return str(self.shape.python.__name__)


@dataclass(frozen=True)
class ArrayNode:
    dim: t.IndexT
    child: Node

    def __str__(self) -> str:
        return f"Array[{self.dim}, {self.child}]"


Node = Leaf | RecordNode | ArrayNode


@dataclass
class Fields:
    """Hands out the fields of a system, one after the other."""

    made: list[ir.Field] = field(default_factory=list)

    def add(self, name: str, dims: tuple[t.IndexT, ...], type_: t.Type) -> ir.Field:
        offset = self.made[-1].offset + self.made[-1].count if self.made else 0
        made = ir.Field(len(self.made), name, dims, type_, offset)
        self.made.append(made)
        return made

    def tree(self, shape: Shape, name: str = "", dims: tuple[t.IndexT, ...] = ()) -> Node:
        """A node for every field of a shape."""
        if isinstance(shape, Scalar):
            return Leaf(self.add(name, dims, shape.type), shape)
        if isinstance(shape, RecordShape):
            return RecordNode(
                shape, {n: self.tree(sub, f"{name}.{n}".lstrip("."), dims) for n, sub in shape.fields.items()}
            )
        return ArrayNode(shape.dim, self.tree(shape.of, f"{name}[]", (*dims, shape.dim)))


def leaves(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    """All scalars below a node, with the names of the fields that lead there."""
    match node:
        case Leaf():
            yield path, node
        case RecordNode():
            for name, child in node.children.items():
                yield from leaves(child, (*path, name))
        case ArrayNode():
            yield from leaves(node.child, path)


@dataclass(frozen=True)
class PlaceB:
    """A name for a part of the state."""

    node: Node
    indices: tuple[ir.Expr, ...]
    old: bool = False


@dataclass(frozen=True)
class StaticB:
    """A Python object that is known while rules are lowered: a sort, a function, a case."""

    value: Any


@dataclass(frozen=True)
class NewRecordB:
    """``Cell(owner=n)``, on its way into a place."""

    shape: type
    fields: dict[str, Any]


@dataclass(frozen=True)
class TupleB:
    items: tuple[Any, ...]


@dataclass(frozen=True)
class LocalB:
    """A variable that lives in an IR local of this name."""

    name: str


Binding = ir.Expr | PlaceB | StaticB | NewRecordB | TupleB | LocalB


@dataclass(frozen=True)
class NoneT(t.Type):
    """The type of None where nothing else is known yet."""

    @property
    def card(self) -> int:
        return 1

    def __str__(self) -> str:
        return "None"


@dataclass(frozen=True)
class EmptySetT(t.Type):
    """The type of ``set()`` where nothing else is known yet."""

    @property
    def card(self) -> int:
        return 1

    def __str__(self) -> str:
        return "an empty set"


def strip(type_: t.Type) -> t.Type:
    """The type without its None."""
    return type_.of if isinstance(type_, t.OptT) else type_


def join(a: t.Type | None, b: t.Type) -> t.Type | None:
    """The smallest type that has the values of both, or None if there is none."""
    if a is None or a == b:
        return b
    if isinstance(b, NoneT):
        a, b = b, a
    if isinstance(a, NoneT):
        if isinstance(b, t.OptT):
            return b
        return t.OptT(b) if isinstance(b, (t.IndexT, t.EnumT)) else None
    if isinstance(a, EmptySetT) or isinstance(b, EmptySetT):
        other = b if isinstance(a, EmptySetT) else a
        return other if isinstance(other, t.SetT) else None
    if isinstance(a, t.IntT) and isinstance(b, t.IntT):
        return t.IntT(min(a.lo, b.lo), max(a.hi, b.hi))
    if strip(a) == strip(b):
        return a if isinstance(a, t.OptT) else b
    return None


def kind(type_: t.Type) -> str:
    """The type as a message names it."""
    return "int" if isinstance(type_, t.IntT) else str(type_)


def kept_local(found: object) -> str | None:
    """The local whose value a name has: its own, or which element of its array the record is."""
    if isinstance(found, PlaceB) and len(found.indices) == 1 and isinstance(found.indices[0], ir.Local):
        return found.indices[0].name
    return found.name if isinstance(found, LocalB) else None
