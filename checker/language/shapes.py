# SPDX-License-Identifier: GPL-2.0-or-later
"""From the annotations of a state to types, and from Python values to codes.

A *shape* is a scalar (with its codec), a record of shapes, or an array of one.
"""

from __future__ import annotations

import enum
import inspect
import sys
import types as python_types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from checker.language import types as t
from checker.language.context import Binding, block_of, size_of
from checker.language.errors import LanguageError, ModelError
from checker.language.ir import Pos
from checker.language.sorts import (
    ArraySpec,
    Case,
    Lock,
    Range,
    SetSpec,
    SetValue,
    Sort,
    Spinlock,
    Union,
    UnionValue,
    bound_of,
)


@dataclass(frozen=True)
class Scalar:
    """A type of values, and the Python class that its raw values have (if one)."""

    type: t.Type
    python: Any = None
    parts: tuple[Any, ...] = ()

    def encode(self, value: Any) -> int:
        """The code of a raw value; a ModelError if it does not fit."""
        code = self._encode(value)
        if code is None:
            raise ModelError(f"{value!r} is outside {self.type}")
        return code

    def _encode(self, value: Any) -> int | None:
        type_ = self.type
        match type_:
            case t.BoolT():
                return int(value) if isinstance(value, bool) else None
            case t.IntT():
                plain = isinstance(value, int) and not isinstance(value, bool)
                return value - type_.lo if plain and type_.lo <= value <= type_.hi else None
            case t.EnumT():
                return list(self.python).index(value) if isinstance(value, self.python) else None
            case t.IndexT():
                fits = type(value) is self.python and value.code < type_.size
                return int(value.code) if fits else None
            case t.OptT():
                inner: Scalar = self.parts[0]
                return type_.none if value is None else inner._encode(value)
            case t.SetT():
                return self._encode_set(value)
            case t.UnionT():
                return self._encode_union(value)
        return int(value)

    def _encode_set(self, value: Any) -> int | None:
        if not isinstance(value, (SetValue, set, frozenset)):
            return None
        codes = [self.parts[0]._encode(item) for item in value]
        return None if None in codes else sum(1 << code for code in codes)

    def _encode_union(self, value: Any) -> int | None:
        if not isinstance(value, (UnionValue, Case)) or value.tag.union is not self.python:
            return None
        assert isinstance(self.type, t.UnionT)
        number = self.python.cases.index(value.tag)
        rest = 0
        payload = value.payload if isinstance(value, UnionValue) else ()
        for scalar, item in zip(self.parts[number], payload, strict=True):
            rest = rest * scalar.type.card + scalar.encode(item)
        return self.type.base(number) + rest

    def decode(self, code: int) -> Any:
        """The raw value with this code."""
        type_ = self.type
        match type_:
            case t.BoolT():
                return bool(code)
            case t.IntT():
                return code + type_.lo
            case t.EnumT():
                return list(self.python)[code]
            case t.IndexT():
                return self.python._object(code)
            case t.OptT():
                return None if code == type_.none else self.parts[0].decode(code)
            case t.SetT():
                inner = self.parts[0]
                return SetValue(inner.decode(k) for k in range(type_.of.card) if code >> k & 1)
            case t.UnionT():
                number = type_.tag_of(code)
                tag: Case = self.python.cases[number]
                if not tag.fields:
                    return tag
                pairs = zip(self.parts[number], type_.payload(code), strict=True)
                return UnionValue(tag, tuple(scalar.decode(c) for scalar, c in pairs))
        return code


@dataclass(frozen=True)
class RecordShape:
    """A record class and the shapes of its fields, in order."""

    python: Any
    fields: Mapping[str, Shape]


@dataclass(frozen=True)
class ArrayShape:
    dim: t.IndexT
    python: Any
    of: Shape


Shape = Scalar | RecordShape | ArrayShape

BOOL = Scalar(t.BOOL)


@dataclass(frozen=True)
class SpinT(t.Type):
    """The one value of a lock that is only ever held within a step."""

    @property
    def card(self) -> int:
        return 1

    def __str__(self) -> str:
        return "Spinlock"


def evaluate(annotation: Any, module: str) -> Any:
    """The object that an annotation names, when it was written as a string."""
    if isinstance(annotation, str):
        return eval(annotation, dict(vars(sys.modules[module])))
    return annotation


def index_type(sort: type[Sort]) -> t.IndexT:
    """The type of a sort in the current scope."""
    return t.IndexT(sort.__name__, size_of(sort), sort.kind, sort.prefix, sort.constants, block_of(sort))


@cache
def enum_type(cls: type[enum.Enum]) -> t.EnumT:
    return t.EnumT(cls.__name__, tuple(m.name for m in cls))


def union_types(cls: Any, binding: Binding) -> Scalar:
    parts: list[tuple[Scalar, ...]] = []
    for tag in cls.cases:
        payload = [
            scalar(evaluate(a, cls.__module__), binding, where=f"{cls.__name__}.{tag.name}")
            for a in tag.fields.values()
        ]
        for part in payload:
            if any(kind.kind == "data" for kind in index_types(part.type)):
                raise LanguageError(
                    position(cls),
                    f"{cls.__name__}.{tag.name} carries contents: keep a Data value in a field beside the union",
                )
        parts.append(tuple(payload))
    cases = tuple(
        (tag.name, tuple(zip(tag.fields, (p.type for p in part), strict=True)))
        for tag, part in zip(cls.cases, parts, strict=True)
    )
    if not cases:
        raise LanguageError(position(cls), f"{cls.__name__} has no case: write NAME = case() in it")
    return Scalar(t.UnionT(cls.__name__, cases), cls, tuple(parts))


def index_types(type_: t.Type) -> list[t.IndexT]:
    """All index sorts inside a type."""
    match type_:
        case t.IndexT():
            return [type_]
        case t.OptT() | t.SetT():
            return index_types(type_.of)
        case t.UnionT():
            return [k for _, fields in type_.cases for _, f in fields for k in index_types(f)]
    return []


def position(thing: Any) -> Pos | None:
    """Where a class or function is written, if its source can be found."""
    try:
        return Pos(inspect.getsourcefile(thing) or "?", inspect.getsourcelines(thing)[1])
    except (OSError, TypeError):
        return None


def scalar(annotation: Any, binding: Binding, where: str = "") -> Scalar:
    """The scalar that an annotation stands for; records and arrays are refused."""
    found = resolve(annotation, binding, where)
    if not isinstance(found, Scalar):
        raise LanguageError(None, f"{where}: a single value is wanted here, not {annotation}")
    return found


def resolve(annotation: Any, binding: Binding, where: str = "") -> Shape:
    """The shape that an annotation stands for, in the current scope."""
    from checker.language.records import Record

    if isinstance(annotation, Range):
        lo, hi = bound_of(annotation.lo), bound_of(annotation.hi)
        if lo > hi:
            raise LanguageError(None, f"{where}: Range({lo}, {hi}) is empty")
        return Scalar(t.IntT(lo, hi))
    if isinstance(annotation, ArraySpec):
        if not (isinstance(annotation.dim, type) and issubclass(annotation.dim, Sort)) or annotation.dim.kind == "data":
            raise LanguageError(
                None, f"{where}: an array has one element for each object of an index sort, not of {annotation.dim}"
            )
        return ArrayShape(index_type(annotation.dim), annotation.dim, resolve(annotation.of, binding, where))
    if isinstance(annotation, SetSpec):
        inner = scalar(annotation.of, binding, where)
        if (
            not isinstance(inner.type, (t.EnumT, t.IndexT))
            or getattr(inner.type, "kind", "") == "data"
            or inner.type.card > 32
        ):
            raise LanguageError(None, f"{where}: a Set holds objects of an index sort or an enum, at most 32")
        return Scalar(t.SetT(inner.type), None, (inner,))
    if isinstance(annotation, python_types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return optional(annotation, binding, where)
    if annotation is bool:
        return BOOL
    if annotation is Lock:
        actors = tuple(f"{role.prefix}{k}" for role in binding.roles for k in range(binding.sizes[role]))  # type: ignore[attr-defined]
        return Scalar(t.LockT(actors))
    if annotation is Spinlock:
        return Scalar(SpinT())
    if isinstance(annotation, type):
        if issubclass(annotation, enum.Enum):
            return Scalar(enum_type(annotation), annotation)
        if issubclass(annotation, Sort):
            return Scalar(index_type(annotation), annotation)
        if issubclass(annotation, Union):
            return union_types(annotation, binding)
        if issubclass(annotation, Record):
            return record_shape(annotation, binding)
    raise LanguageError(
        None,
        f"{where}: {getattr(annotation, '__name__', annotation)} is no type of the language: use bool, an "
        "Enum, Range(lo, hi), a sort, Sort | None, a Union, Set[Sort], Array[Sort, X], Lock or a Record",
    )


def optional(annotation: Any, binding: Binding, where: str) -> Scalar:
    parts = [p for p in typing.get_args(annotation) if p is not type(None)]
    if len(parts) != 1 or len(typing.get_args(annotation)) != 2:
        raise LanguageError(None, f"{where}: only 'X | None' is supported; for one of several things write a Union")
    inner = scalar(parts[0], binding, where)
    if not isinstance(inner.type, (t.IndexT, t.EnumT)):
        raise LanguageError(
            None, f"{where}: only a sort or an enum may be None; for {inner.type} write a Union with a case NONE"
        )
    return Scalar(t.OptT(inner.type), None, (inner,))


def record_shape(cls: Any, binding: Binding) -> RecordShape:
    fields: dict[str, Shape] = {}
    for name, annotation in field_annotations(cls).items():
        try:
            fields[name] = resolve(evaluate(annotation, cls.__module__), binding, f"{cls.__name__}.{name}")
        except LanguageError as error:
            raise error if error.pos else LanguageError(field_position(cls, name), error.text) from None
        except NameError as error:
            raise LanguageError(field_position(cls, name), f"{cls.__name__}.{name}: {error}") from None
    return RecordShape(cls, fields)


def field_annotations(cls: Any) -> dict[str, Any]:
    """The annotated fields of a record class, those of its bases first."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        found.update(vars(base).get("__annotations__", {}) if base.__module__ != "checker.language.records" else {})
    return found


def field_position(cls: Any, name: str) -> Pos | None:
    """The line of a field in its class."""
    try:
        lines, start = inspect.getsourcelines(cls)
    except (OSError, TypeError):
        return None
    for k, line in enumerate(lines):
        if line.split(":")[0].strip() == name:
            return Pos(inspect.getsourcefile(cls) or "?", start + k)
    return position(cls)
