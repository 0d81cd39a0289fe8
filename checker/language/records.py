# SPDX-License-Identifier: GPL-2.0-or-later
"""The state as a Python object: records and arrays that check what is stored in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from checker.language import types as t
from checker.language.errors import ModelError
from checker.language.shapes import ArrayShape, RecordShape, Scalar, Shape, SpinT
from checker.language.sorts import Sort


class Place:
    """Where a lock is: what ``acquire``, ``hold`` and their like are given."""

    __slots__ = ("container", "indices", "key", "name", "type")

    def __init__(self, container: Any, key: Any, name: str, type_: t.Type, indices: tuple[Sort, ...]):
        self.container, self.key, self.name, self.type, self.indices = container, key, name, type_, indices

    @property
    def code(self) -> int:
        return int(self.container[self.key])

    @code.setter
    def code(self, code: int) -> None:
        self.container[self.key] = code

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.container is other.container and self.key == other.key

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise TypeError("a lock is no condition: write locked(...)")


class Record:
    """Base of the parts of a state; ``Cell(owner=n)`` is one that is not in a state yet."""

    _values: dict[str, Any]
    _shape: RecordShape | None
    _indices: tuple[Sort, ...]
    _name: str

    def __init__(self, **fields: Any):
        object.__setattr__(self, "_shape", None)
        object.__setattr__(self, "_values", fields)

    def __getattr__(self, name: str) -> Any:
        values = object.__getattribute__(self, "_values")
        if name not in values:
            raise AttributeError(f"{type(self).__name__} has no field {name}")
        if self._shape is None:
            return values[name]
        return read(self._shape.fields[name], values, name, f"{self._name}.{name}".lstrip("."), self._indices)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._shape is None or name not in self._shape.fields:
            raise AttributeError(f"{type(self).__name__} has no field {name}")
        store(self._shape.fields[name], self._values, name, value, f"{type(self).__name__}.{name}")

    def __eq__(self, other: object) -> bool:
        raise TypeError("records are places: compare their fields")

    __hash__ = None  # type: ignore[assignment]


class State(Record):
    """Base of the class that is the whole state."""


class ArrayValue:
    """One element for each object of a sort."""

    __slots__ = ("indices", "items", "name", "shape")

    def __init__(self, shape: ArrayShape, items: list[Any], name: str, indices: tuple[Sort, ...]):
        self.shape, self.items, self.name, self.indices = shape, items, name, indices

    def _code(self, index: Any) -> int:
        if index is None:
            array = re.sub(r"\[[^\]]*\]", "[]", self.name)
            raise ModelError(f"{array} is indexed by None")
        if type(index) is not self.shape.python:
            raise TypeError(f"{self.name} is indexed by {self.shape.dim.name}, not by {type(index).__name__}")
        return int(index.code)

    def __getitem__(self, index: Any) -> Any:
        code = self._code(index)
        return read(self.shape.of, self.items, code, f"{self.name}[{index}]", (*self.indices, index))

    def __setitem__(self, index: Any, value: Any) -> None:
        store(self.shape.of, self.items, self._code(index), value, self.name)


def read(shape: Shape, container: Any, key: Any, name: str, indices: tuple[Sort, ...]) -> Any:
    if isinstance(shape, Scalar) and isinstance(shape.type, (t.LockT, SpinT)):
        return Place(container, key, name, shape.type, indices)
    return container[key]


def store(shape: Shape, container: Any, key: Any, value: Any, name: str) -> None:
    """Puts a value, or a copy of a record, into its place; checks that it fits."""
    match shape:
        case Scalar():
            if isinstance(shape.type, (t.LockT, SpinT)):
                raise TypeError(f"{name} is a lock: use acquire and release")
            try:
                container[key] = shape.decode(shape.encode(value))
            except ModelError as error:
                raise ModelError(f"{name}: {error}") from None
        case RecordShape():
            copy_record(shape, container[key], value)
        case ArrayShape():
            raise TypeError(f"{name} is an array: assign its elements")


def copy_record(shape: RecordShape, target: Record, source: Any) -> None:
    if type(source) is not shape.python:
        raise TypeError(f"{shape.python.__name__} is wanted, not {type(source).__name__}")
    attached = source._shape is not None
    values = dict(source._values)
    for name in values:
        if name not in shape.fields:
            raise AttributeError(f"{shape.python.__name__} has no field {name}")
    # All of the source is read before any of the target is written.
    frozen = {
        name: _frozen(sub, values[name], attached) if name in values else _fresh(sub, name)
        for name, sub in shape.fields.items()
    }
    for name, sub in shape.fields.items():
        _thaw(sub, target._values, name, frozen[name], f"{shape.python.__name__}.{name}")


def _frozen(shape: Shape, value: Any, attached: bool) -> Any:
    match shape:
        case Scalar():
            return value
        case RecordShape():
            inside = value._shape is not None
            return {
                n: _frozen(sub, value._values[n], inside) if n in value._values else _fresh(sub, n)
                for n, sub in shape.fields.items()
            }
        case ArrayShape():
            return [_frozen(shape.of, item, attached) for item in value.items]


def _fresh(shape: Shape, name: str) -> Any:
    match shape:
        case Scalar():
            return first(shape)
        case RecordShape():
            return {n: _fresh(sub, n) for n, sub in shape.fields.items()}
        case ArrayShape():
            return [_fresh(shape.of, name) for _ in range(shape.dim.size)]


def _thaw(shape: Shape, container: Any, key: Any, frozen: Any, name: str) -> None:
    match shape:
        case Scalar():
            if isinstance(shape.type, (t.LockT, SpinT)):
                container[key] = frozen
            else:
                store(shape, container, key, frozen, name)
        case RecordShape():
            for n, sub in shape.fields.items():
                _thaw(sub, container[key]._values, n, frozen[n], f"{name}.{n}")
        case ArrayShape():
            for k in range(shape.dim.size):
                _thaw(shape.of, container[key].items, k, frozen[k], name)


def first(shape: Scalar) -> Any:
    """The value that a field starts with."""
    if isinstance(shape.type, t.OptT):
        return None
    if isinstance(shape.type, t.IntT) and shape.type.lo < 0 <= shape.type.hi:
        return 0
    return shape.decode(0)


def first_code(type_: t.Type) -> int:
    """The code that a field starts with."""
    if isinstance(type_, t.OptT):
        return type_.none
    if isinstance(type_, t.IntT) and type_.lo < 0 <= type_.hi:
        return -type_.lo
    return 0


def build(shape: Shape, name: str = "", indices: tuple[Sort, ...] = ()) -> Any:
    """A fresh value of a shape, attached to its place in a state."""
    match shape:
        case Scalar():
            return first(shape)
        case RecordShape():
            made = shape.python.__new__(shape.python)
            object.__setattr__(made, "_shape", shape)
            object.__setattr__(made, "_indices", indices)
            object.__setattr__(made, "_name", name)
            object.__setattr__(
                made, "_values", {n: build(sub, f"{name}.{n}".lstrip("."), indices) for n, sub in shape.fields.items()}
            )
            return made
        case ArrayShape():
            objects = [shape.python._object(k) for k in range(shape.dim.size)]
            items = [build(shape.of, f"{name}[{o}]", (*indices, o)) for o in objects]
            return ArrayValue(shape, items, name, indices)


Cell = tuple[Any, Any, Callable[[Any], int], Callable[[int], Any]]
"""One scalar of a state: container, key, and the codec of its values."""


def cells(shape: Shape, container: Any, key: Any) -> Iterator[tuple[tuple[str, ...], Cell]]:
    """Every scalar below a place, with the names of the fields that lead to it."""
    match shape:
        case Scalar():
            yield (), (container, key, shape.encode, shape.decode)
        case RecordShape():
            for name, sub in shape.fields.items():
                for path, cell in cells(sub, container[key]._values, name):
                    yield (name, *path), cell
        case ArrayShape():
            for k in range(shape.dim.size):
                yield from cells(shape.of, container[key].items, k)
