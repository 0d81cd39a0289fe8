# SPDX-License-Identifier: GPL-2.0-or-later
"""What Python keeps in a suspended generator, as codes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from checker.language import types as t
from checker.language.records import ArrayValue, Record
from checker.language.sorts import Case, SetValue, Sort, UnionValue


def frames(generator: Any) -> Iterator[Any]:
    """The frames of a suspended generator and of those that it delegates to."""
    while generator is not None:
        yield generator.gi_frame
        generator = generator.gi_yieldfrom


def local_value(generator: Any, origin: tuple[int, str, int | None]) -> Any:
    """The value that Python keeps for a local of the IR."""
    depth, variable, component = origin
    frame = next(itertools.islice(frames(generator), depth, None))
    value = frame.f_locals[variable]
    if component is None:
        return value
    if isinstance(value, Record):
        return value._indices[component]
    if isinstance(value, ArrayValue):
        return value.indices[component]
    return value.indices[component]


def code_of(type_: t.Type, value: Any) -> int:
    """The code of a raw value, by its type alone."""
    match type_:
        case t.IntT():
            return int(value) - type_.lo
        case t.OptT():
            return type_.none if value is None else code_of(type_.of, value)
        case t.EnumT():
            return type_.members.index(value.name)
        case t.SetT():
            return sum(1 << code_of(type_.of, item) for item in value)
        case t.UnionT():
            names = [name for name, _ in type_.cases]
            tag: Case = value.tag
            number = names.index(tag.name)
            rest = 0
            payload = value.payload if isinstance(value, UnionValue) else ()
            for (_, of), item in zip(type_.cases[number][1], payload, strict=True):
                rest = rest * of.card + code_of(of, item)
            return type_.base(number) + rest
    return int(value.code) if isinstance(value, Sort) else int(value)


def shown(value: Any) -> str:
    """A raw value as a trace prints it."""
    if isinstance(value, (Sort, SetValue, UnionValue, Case)):
        return repr(value)
    return getattr(value, "name", None) or str(value)
