# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole system in Murphi."""

from __future__ import annotations

from collections.abc import Collection

from checker.language import ir
from checker.language.errors import UsageError
from checker.report.murphi.choices import most_candidates
from checker.report.murphi.conditions import state_promise, step_promise
from checker.report.murphi.expressions import field_name, holders, number
from checker.report.murphi.procedures import ProcedureText
from checker.report.murphi.writer import NUMBER, plain, quoted

MOST_CHOICES = 6
"""Each choice of a step multiplies the rules that rumur tries in every state."""
WIDE = 1 << 31


def export(system: ir.System, about: str, broken: Collection[str] = ()) -> str:
    """The system as a Murphi model; ``about`` (lines) is its heading.

    ``broken`` are the promises that are expected to break.  rumur visits nothing
    behind a broken one, so an invariant among them becomes a cover of its
    opposite, and what a step breaks is not asked: then the reachable states are
    those of the other engines.  Left out, as Murphi has no words for them: that every
    operation can finish, and deadlock as this language means it (rumur's own is
    to be switched off).  Raises UsageError for what the notation cannot express.
    """
    steps = [step_promise(system, p, broken) for p in system.promises if p.kind == "step" and p.name not in broken]
    lines = [f"-- {line}" for line in ["SPDX-License-Identifier: GPL-2.0-or-later", *about.splitlines()]]
    lines += [f"-- not asked: {promise.name}, a promise about runs" for promise in system.run_promises]
    lines += ["", "type", f"  {NUMBER}: -{WIDE}..{WIDE};"]
    for field in system.fields:
        lines.append(f"  t_{field_name(field)}: array [0..{field.count - 1}] of 0..{field.type.card - 1};")
    lines += ["", "var", *(f"  {field_name(f)}: t_{field_name(f)};" for f in system.fields), ""]
    if system.data:
        lines += _normalise(system)
    for step in steps:
        lines += step.lines
    procedures = [ProcedureText(system, procedure, None, steps, broken) for procedure in system.rules]
    for number_, role in enumerate(system.roles):
        procedures += [ProcedureText(system, procedure, number_, steps, broken) for procedure in role.operations]
    for text in procedures:
        lines += _rule(text)
    for k, vector in enumerate(system.initial):
        lines += [f'startstate "start {k}" begin', *_start(system, vector), "end;", ""]
    for promise in system.promises:
        if promise.kind in ("invariant", "reachable"):
            lines += state_promise(system, promise, broken)
    return "\n".join(lines) + "\n"


def _start(system: ir.System, vector: tuple[int, ...]) -> list[str]:
    return [f"  {field_name(field)}[{k}] := {vector[field.offset + k]};"
            for field in system.fields for k in range(field.count)]


def _normalise(system: ir.System) -> list[str]:
    """Contents renamed in the order in which the state's vector shows them."""
    lines: list[str] = []
    largest = max(sort.size for sort in system.data)
    lines += ["procedure normalise();", "var", f"  names: array [0..{largest}] of {NUMBER};", f"  next: {NUMBER};",
              "begin"]
    for sort in system.data:
        known = len(sort.constants)
        lines += [f"  for k: 0..{sort.size} do names[k] := (k < {known} ? k : {sort.size}); end;",
                  f"  next := {known};"]
        for field in holders(system, sort):
            cell = f"{field_name(field)}[k]"
            lines += [
                f"  for k: 0..{field.count - 1} do",
                f"    if {cell} < {sort.size} then",
                f"      if names[{cell}] = {sort.size} then names[{cell}] := next; next := next + 1; end;",
                f"      {cell} := names[{cell}];",
                "    end;",
                "  end;",
            ]
    return [*lines, "end;", ""]


def _rule(text: ProcedureText) -> list[str]:
    """The procedure, and the rules that call it: to start, and to go on."""
    procedure, role = text.procedure, text.role
    if text.choices > MOST_CHOICES:
        raise UsageError(f"{procedure.pos}: a step of {procedure.name} makes up to {text.choices} choices; "
                         f"for Murphi each is a parameter of its own, and {MOST_CHOICES} are the most: "
                         "ask in a smaller scope")
    lines = text.text()
    chosen = most_candidates(procedure.body)
    choices = [(f"choice_{k}", 0, chosen) for k in range(text.choices)]
    params = [(f"a_{plain(name)}", procedure.locals[name].low, procedure.locals[name].card)
              for name in procedure.params]
    choice_names = [name for name, *_ in choices]
    if role is None:
        call = ", ".join(["0", "0", *(name for name, *_ in params), *choice_names])
        return lines + _ruleset(params + choices, f'rule {quoted(procedure.name)} true ==> begin {text.name}({call}); '
                                                  "end;")
    pc = field_name(role.pc)
    actor = ("actor", 0, role.type.size)
    call = ", ".join(["actor", "0", *(name for name, *_ in params), *choice_names])
    lines += _ruleset([actor, *params, *choices],
                      f"rule {quoted(procedure.name + ' starts')} {pc}[actor] = 0 ==> begin {text.name}({call}); end;")
    points = sorted(point.pc for point in procedure.yields)
    if points:
        call = ", ".join(["actor", f"{pc}[actor]", *(number(low) for _, low, _ in params), *choice_names])
        standing = " | ".join(f"{pc}[actor] = {point}" for point in points)
        lines += _ruleset([actor, *choices],
                          f"rule {quoted(procedure.name)} {standing} ==> begin {text.name}({call}); end;")
    return lines


def _ruleset(parameters: list[tuple[str, int, int]], rule: str) -> list[str]:
    if not parameters:
        return [rule, ""]
    declared = "; ".join(f"{name}: {low}..{low + card - 1}" for name, low, card in parameters)
    return [f"ruleset {declared} do", f"  {rule}", "end;", ""]
