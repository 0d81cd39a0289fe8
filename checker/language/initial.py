# SPDX-License-Identifier: GPL-2.0-or-later
"""A built system, its start states, and the order of contents in a state."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from checker.language import ir
from checker.language.context import Binding, Run, binding, running
from checker.language.errors import LanguageError
from checker.language.places import strip
from checker.language.procedures import Lowered
from checker.language.records import build as build_value
from checker.language.records import cells
from checker.language.shapes import RecordShape, Scalar, Shape, position
from checker.language.spec import Design, Scope, Spec


@dataclass
class Built(ir.System):
    """A System together with the Python objects it was compiled from.

    Engines need only the System; the raw reading and the reports use the rest.
    """

    spec: Spec
    scope: Scope
    design: Design | None
    binding: Binding
    shape: RecordShape
    lowered_rules: list[Lowered]
    lowered_roles: list[list[Lowered]]
    functions: dict[str, Callable[..., Any]]
    start: tuple[Callable[..., Any], ...]
    run_parameters: dict[str, list[tuple[Scalar, ...]]] = dataclasses.field(default_factory=dict)


# -------------------------------------------------------------- initial states


def initial_states(built: Built) -> tuple[tuple[int, ...], ...]:
    """The vectors of the start states, normalised, without duplicates, in order."""
    found: dict[tuple[int, ...], None] = {}
    for codes in start_codes(built):
        found[normalise(built, codes + frame_codes(built))] = None
    return tuple(found)


def frame_codes(built: Built) -> tuple[int, ...]:
    return (0,) * (built.cells - shared_cells(built))


def shared_cells(built: Built) -> int:
    frames = sum(role.pc.count + sum(s.count for s in role.slots) for role in built.roles)
    return built.cells - frames


def start_codes(built: Built) -> list[tuple[int, ...]]:
    """The shared part of each start state, as the author's function left it."""
    made: list[tuple[int, ...]] = []
    with binding(built.binding):
        for function in built.start or (None,):
            state = build_value(built.shape)
            if function is not None:
                run = Run((), built_environment(built), fresh=partial(first_free, state, built.shape))
                with running(run):
                    try:
                        function(state)
                    except LanguageError:
                        raise
                    except Exception as error:
                        raise LanguageError(
                            position(function),
                            f"the start function {function.__name__} failed: {type(error).__name__}: {error}",
                        ) from error
            made.append(encode_state(state, built.shape))
    return made


def built_environment(built: Built) -> int:
    return sum(role.type.size for role in built.roles) + 1


def grouped(state: Any, shape: Shape) -> list[Any]:
    """The scalars of a state in the order of the fields of its System."""
    groups: dict[tuple[str, ...], list[Any]] = {}
    for path, cell in cells(shape, [state], 0):
        groups.setdefault(path, []).append(cell)
    return [cell for group in groups.values() for cell in group]


def encode_state(state: Any, shape: Shape) -> tuple[int, ...]:
    return tuple(encode(container[key]) for container, key, encode, _ in grouped(state, shape))


def first_free(state: Any, shape: Shape, sort: Any) -> Any:
    """The lowest content that no field of the state holds."""
    from checker.language.errors import ModelError

    held = {container[key].code for container, key, *_ in grouped(state, shape) if type(container[key]) is sort}
    for value in sort:
        if value.code >= len(sort.constants) and value.code not in held:
            return value
    raise ModelError(f"every {sort.__name__} is in use: the scope gives it too few values")


def normalise(system: ir.System, vector: tuple[int, ...]) -> tuple[int, ...]:
    """The same state with its contents renamed in order of first appearance."""
    if not system.data:
        return vector
    codes = list(vector)
    for sort in system.data:
        names: dict[int, int] = {k: k for k in range(len(sort.constants))}
        for field in system.fields:
            inner = strip(field.type)
            if inner != sort:
                continue
            for k in range(field.offset, field.offset + field.count):
                if codes[k] < sort.size:
                    codes[k] = names.setdefault(codes[k], len(names))
    return tuple(codes)
