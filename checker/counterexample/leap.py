# SPDX-License-Identifier: GPL-2.0-or-later
"""A failed step of an induction: a few steps from a state that may be unreachable, as a trace and as a drawing.

The raw reading cannot be put into the middle of an operation, so that these traces are
made of what the solver says; the promise is asked again by the plain evaluator.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from checker.claims import claims
from checker.counterexample.clause import Clause, plain, why
from checker.counterexample.contents import Contents
from checker.counterexample.follow import Disagreement, Question, element_names
from checker.counterexample.race import WIDTH, assignments_of, broken_clause, columns
from checker.counterexample.trace import Change, Standing, Step, Trace
from checker.language import ir
from checker.language.records import first_code

if TYPE_CHECKING:
    from checker.language.build import Built
    from checker.symbolic.induction import Failed, Stride


@dataclass(frozen=True)
class Leap(Trace):
    """``stand`` says of each actor in mid-operation at the start where it is, and with which locals."""

    stand: tuple[str, ...] = ()


def leap(question: Question, promise: str, failed: Failed) -> Leap:
    """The trace of a failed step."""
    system = question.system
    claim = next(one for one in claims(system) if one.name == promise)
    frames = {f.number for role in system.roles for f in (role.pc, *role.slots)}
    names = element_names(system, frames)
    contents = [Contents.of(system, failed.states[0])]
    for cells in failed.states[1:]:
        contents.append(contents[-1].after(system, cells))
    steps = []
    for k, stride in enumerate(failed.strides):
        changes: tuple[Change, ...] = ()
        if k + 1 < len(failed.states):
            pairs = {at: (contents[k].show(f.type, failed.states[k][at]), contents[k + 1].show(
                f.type, failed.states[k + 1][at])) for at, (_, f) in names.items()}
            changes = tuple(Change(names[at][0], *pair) for at, pair in pairs.items() if pair[0] != pair[1])
        steps.append(_step(system, stride, changes))
    clause = None
    if claim.promise is None:
        steps[-1] = Step(**{**{one.name: getattr(steps[-1], one.name) for one in fields(Step)}, "broken": (promise,)})
    else:
        clause = _why(claim.promise, system, failed, contents)
    first = failed.states[0]
    shown = {path: contents[0].show(f.type, first[at]) for at, (path, f) in names.items()}
    given = {path: shown[path] for at, (path, f) in names.items() if first[at] != first_code(f.type)}
    return Leap(
        model=question.model, spec=question.spec, promise=promise, kind=claim.kind, doc=claim.doc, key="",
        options=question.options, scope=question.scope, design=question.design, actors=_actors(system), start=shown,
        given=given, begins="", steps=tuple(steps), clause=clause, standing=_standing(steps), minimal=False, shows=True,
        stand=tuple(_stand(system, first, contents[0])))


def _why(promise: ir.Promise, system: Built, failed: Failed, contents: Sequence[Contents]) -> Clause | None:
    now = failed.states[-1], contents[-1]
    before = (failed.states[-2], contents[-2]) if promise.kind == "step" else None
    clause = why(promise.condition, system.roles, now, before)
    if clause is None:
        raise Disagreement(f"{promise.name} is false for z3, and true as it was compiled")
    return clause


def _actors(system: ir.System) -> tuple[str, ...]:
    return tuple(role.type.show(k) for role in system.roles for k in range(role.type.size))


def _step(system: Built, stride: Stride, changes: tuple[Change, ...]) -> Step:
    actor = _actors(system)[stride.actor] if stride.actor is not None else None
    procedure = _procedure(system, stride)
    point = procedure.yields[stride.point] if stride.point is not None else None
    return Step(
        number=0, actor=actor, procedure=stride.procedure,
        params={plain(name): value for name, value in stride.params.items()}, starts=stride.start is None,
        ends=actor is not None and point is None and stride.error is None,
        label=point.label if point is not None else None, stack=point.stack if point is not None else (),
        choices=stride.choices, changes=changes, error=stride.error, pos="")


def _procedure(system: Built, stride: Stride) -> ir.Procedure:
    if stride.actor is None:
        return next(rule for rule in system.rules if rule.name == stride.procedure)
    first = 0
    for role in system.roles:
        if stride.actor < first + role.type.size:
            return next(one for one in role.operations if one.name == stride.procedure)
        first += role.type.size
    raise Disagreement(f"there is no actor number {stride.actor}")


def _standing(steps: Sequence[Step]) -> tuple[Standing, ...]:
    latest = {step.actor: step for step in steps if step.actor is not None}
    return tuple(Standing(actor, step.procedure, step.label)
                 for actor, step in latest.items() if step.label is not None)


def _stand(system: Built, cells: Sequence[int], contents: Contents) -> list[str]:
    """Where actors are, and what the locals that their operations still need are."""
    found = []
    for role in system.roles:
        points = {point.pc: (operation, point) for operation in role.operations for point in operation.yields}
        for k in range(role.type.size):
            pc = cells[role.pc.offset + k]
            if pc not in points:
                continue
            operation, point = points[pc]
            locals_: dict[str, str] = {}
            for name, slot in point.live:
                place = role.slots[slot]
                value = contents.show(place.type, cells[place.offset + k])
                known = locals_.setdefault(plain(name), value)
                if known != value:
                    locals_[name] = value
            inside = "" if len(point.stack) < 2 else f", in {point.stack[-1]}"
            values = ", ".join(f"{name} = {value}" for name, value in locals_.items())
            found.append(f"{role.type.show(k)}: {operation.name}{inside}, behind \"{point.label}\""
                         + (f" ({values})" if values else ""))
    return found


def drawing(trace: Leap, width: int = WIDTH) -> str:
    """The state, the steps from it, and which part of the promise is false then."""
    steps = "a step" if len(trace.steps) == 1 else f"the last of {len(trace.steps)} steps"
    parts = [_fill(f"NOT INDUCTIVE: {trace.model}: {trace.promise}: {steps} of {' / '.join(trace.operations())} breaks "
                   "it", width)]
    lines = ["  From a state that may be unreachable:"]
    lines += [_fill(f"    {text}", width) for text in trace.stand]
    held = {path: value for path, value in trace.given.items() if value.startswith("held by ")}
    rest = {path: value for path, value in trace.given.items() if path not in held}
    lines += [_fill(f"    {path} is {value}", width) for path, value in held.items()]
    lines += [_fill(f"    {text}", width) for text in assignments_of(rest)]
    parts += ["\n".join(lines), columns(trace, width)]
    if any(step.actor is None for step in trace.steps):
        parts.append("  * is a step of nobody in particular: the device, a user, time.")
    parts.append(broken_clause(trace, width))
    return "\n\n".join(part for part in parts if part) + "\n"


def _fill(text: str, width: int) -> str:
    lead = text[:len(text) - len(text.lstrip())]
    return textwrap.fill(text.strip(), width, initial_indent=lead, subsequent_indent=lead + "  ",
                         break_on_hyphens=False)


__all__ = ["Leap", "drawing", "leap"]
