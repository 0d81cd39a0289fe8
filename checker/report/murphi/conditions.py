# SPDX-License-Identifier: GPL-2.0-or-later
"""Promises as boolean functions of Murphi."""

from __future__ import annotations

from dataclasses import dataclass

from checker.language import ir
from checker.language.walk import every_expression
from checker.report.murphi.expressions import field_name, old_name
from checker.report.murphi.statements import Statements
from checker.report.murphi.writer import plain, quoted


class _Condition(Statements):
    """The body of such a function; a promise that cannot be evaluated does not hold."""

    def failure(self, pos: ir.Pos, message: str) -> None:
        self.out.emit("return false;")


@dataclass(frozen=True)
class StepPromise:
    """A function of the fields ``old``, as they were before the step, and the state."""

    name: str
    function: str
    old: tuple[ir.Field, ...]
    lines: list[str]


def step_promise(system: ir.System, promise: ir.Promise) -> StepPromise:
    fields = {part.field.number: part.field for part in every_expression(promise.condition)
              if isinstance(part, ir.Read) and part.old}
    arguments = "; ".join(f"{old_name(field)}: t_{field_name(field)}" for field in fields.values())
    name = f"step_{plain(promise.name)}"
    return StepPromise(promise.name, name, tuple(fields.values()), _function(system, promise, name, arguments))


def state_promise(system: ir.System, promise: ir.Promise, broken: bool) -> list[str]:
    """An invariant, or a cover; an invariant that is expected to break is a cover of its opposite."""
    name = f"holds_{plain(promise.name)}"
    if promise.kind == "reachable":
        asked = f"cover {quoted(promise.name)} {name}();"
    elif broken:
        asked = f"cover {quoted(promise.name + ' breaks')} !{name}();"
    else:
        asked = f"invariant {quoted(promise.name)} {name}();"
    return [*_function(system, promise, name, ""), asked, ""]


def _function(system: ir.System, promise: ir.Promise, name: str, arguments: str) -> list[str]:
    body = _Condition(system)
    value = body.condition(promise.condition)
    body.out.emit(f"return {value};")
    body.out.lines[:0] = ["  going := true;", *(f"  {variable} := 0;" for variable in body.locals.values())]
    return body.out.text(f"function {name}({arguments}): boolean;")
