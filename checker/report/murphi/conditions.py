# SPDX-License-Identifier: GPL-2.0-or-later
"""Promises as boolean functions of Murphi."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from checker.explicit.result import NO_MODEL_ERROR
from checker.language import ir
from checker.language.walk import every_expression
from checker.report.murphi.expressions import field_name, old_name
from checker.report.murphi.statements import Statements
from checker.report.murphi.writer import plain, quoted


class _Condition(Statements):
    """The body of such a function; ``wrong`` is its result where it cannot be evaluated."""

    def __init__(self, system: ir.System, wrong: str) -> None:
        super().__init__(system)
        self.wrong = wrong

    def failure(self, pos: ir.Pos, message: str) -> None:
        self.out.emit(f"return {self.wrong};")


@dataclass(frozen=True)
class StepPromise:
    """A function of the fields ``old``, as they were before the step, and the state."""

    name: str
    function: str
    old: tuple[ir.Field, ...]
    lines: list[str]


def step_promise(system: ir.System, promise: ir.Promise, broken: Collection[str]) -> StepPromise:
    fields = {part.field.number: part.field for part in every_expression(promise.condition)
              if isinstance(part, ir.Read) and part.old}
    arguments = "; ".join(f"{old_name(field)}: t_{field_name(field)}" for field in fields.values())
    name = f"step_{plain(promise.name)}"
    return StepPromise(promise.name, name, tuple(fields.values()), _function(system, promise, name, arguments, broken))


def state_promise(system: ir.System, promise: ir.Promise, broken: Collection[str]) -> list[str]:
    """An invariant or a cover; where it is expected to break, a cover or an invariant of its opposite."""
    name = f"holds_{plain(promise.name)}"
    if promise.kind == "reachable" and promise.name in broken:
        asked = f"invariant {quoted(promise.name + ' is never reached')} !{name}();"
    elif promise.kind == "reachable":
        asked = f"cover {quoted(promise.name)} {name}();"
    elif promise.name in broken:
        asked = f"cover {quoted(promise.name + ' breaks')} !{name}();"
    else:
        asked = f"invariant {quoted(promise.name)} {name}();"
    return [*_function(system, promise, name, "", broken), asked, ""]


def _function(system: ir.System, promise: ir.Promise, name: str, arguments: str, broken: Collection[str]) -> list[str]:
    """A promise that cannot be evaluated does not hold, unless model errors are expected: then it is not asked."""
    asked = promise.kind == "reachable" or NO_MODEL_ERROR not in broken
    body = _Condition(system, wrong="false" if asked else "true")
    value = body.condition(promise.condition)
    body.out.emit(f"return {value};")
    body.out.lines[:0] = ["  going := true;", *(f"  {variable} := 0;" for variable in body.locals.values())]
    return body.out.text(f"function {name}({arguments}): boolean;")
