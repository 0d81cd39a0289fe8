# SPDX-License-Identifier: GPL-2.0-or-later
"""The race in columns, the way a commit message draws it: at most 75 characters wide."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from checker.counterexample.trace import Change, Step, Trace, Witness
from checker.words import amount

WIDTH = 75
MARGIN = 2
GAP = 2
COMFORT = 39
"""Text longer than this is wrapped rather than pulling its column to the left."""


AGAIN = "  === from here on, again and again: ==="
FOR_EVER = "  === and so on, for ever ==="
NO_MORE = "  === and nothing more has to happen ==="


@dataclass
class _Row:
    """Text in the column of an actor, or across all columns (None)."""

    column: int | None
    text: str
    indent: int


def race(trace: Trace, width: int = WIDTH) -> str:
    """The whole drawing: what broke, who did what, why, and how to see it again."""
    parts = [headline(trace, width), beginning(trace, width), columns(trace, width), *_footer(trace, width)]
    return "\n\n".join(part for part in parts if part) + "\n"


def headline(trace: Trace, width: int = WIDTH) -> str:
    """``BUG: model: promise broken in operation / operation``."""
    if isinstance(trace, Witness):
        return _fill(f"{trace.model}: {trace.promise} is {trace.value:,}, the {trace.kind} in any state", width, "  ")
    verb = "fails" if trace.kind == "assertion" else "broken"
    name = f'"{trace.promise}"' if trace.kind == "assertion" else trace.promise
    head = f"BUG: {trace.model}: {name} {verb}"
    operations = " / ".join(trace.operations())
    return _fill(f"{head} in {operations}" if operations else head, width, "  ")


def beginning(trace: Trace, width: int = WIDTH) -> str:
    """What the start function has set; nothing where the run starts from nothing."""
    if not trace.given:
        return ""
    lines = [_fill(f"  At the start: {trace.begins or 'not everything is empty.'}", width, "  ")]
    lines += [_fill(f"    {text}", width, "    ") for text in assignments_of(trace.given)]
    return "\n".join(lines)


def columns(trace: Trace, width: int = WIDTH) -> str:
    """The steps, one column for each actor that moves."""
    moved = {step.actor for step in trace.steps}
    actors = [actor for actor in trace.actors if actor in moved]
    rows: list[_Row] = []
    stacks: dict[str, tuple[str, ...]] = {}
    for number, step in enumerate(trace.steps):
        if number == trace.loop:
            rows.append(_Row(None, AGAIN, 0))
        if step.actor is None:
            rows += _rule(step)
        else:
            rows += _step(step, actors.index(step.actor), stacks)
    if trace.endless:
        rows.append(_Row(None, FOR_EVER if trace.loop is not None else NO_MORE, 0))
    if not rows:
        return "  (an initial state: nobody has moved yet)"
    step_ = _stagger(actors, rows, width)
    out = []
    if actors:
        out.append(_across(actors, step_))
        out.append(_across(["-" * len(actor) for actor in actors], step_))
    for row in rows:
        left = 0 if row.column is None else MARGIN + row.column * step_
        out += [" " * left + line for line in _wrap(row.text, row.indent, width - left)]
    return "\n".join(out)


def _stagger(actors: list[str], rows: list[_Row], width: int) -> int:
    """How far apart columns begin.  No row has text in two of them, so that each may reach to the right edge."""
    if not actors:
        return 0
    apart = (width - MARGIN) // max(2, len(actors))
    least = max(12, *(len(actor) + GAP for actor in actors)) if len(actors) < 5 else 10
    for row in rows:
        if row.column:
            apart = min(apart, (width - MARGIN - min(row.indent + len(row.text), COMFORT)) // row.column)
    return max(apart, least)


def _across(texts: list[str], apart: int) -> str:
    return (" " * MARGIN + "".join(text.ljust(apart) for text in texts)).rstrip()


def _rule(step: Step) -> list[_Row]:
    """A step of nobody in particular: a star at the margin."""
    rows = [_Row(None, f"* {step.call}", 0)]
    return rows + [_Row(None, text, 6) for text in _details(step)]


def _step(step: Step, column: int, stacks: dict[str, tuple[str, ...]]) -> list[_Row]:
    assert step.actor is not None
    rows: list[_Row] = []
    if step.starts:
        rows.append(_Row(column, step.call, 0))
        stacks[step.actor] = (step.procedure,)
    open_ = stacks.get(step.actor, (step.procedure,))
    depth = 1
    if step.label is not None:
        shared = 0
        while shared < min(len(open_), len(step.stack)) and open_[shared] == step.stack[shared]:
            shared += 1
        for level in range(max(1, shared), len(step.stack)):
            rows.append(_Row(column, step.stack[level] + "()", 2 * level))
        stacks[step.actor] = step.stack
        depth = max(1, len(step.stack))
        rows.append(_Row(column, step.label, 2 * depth))
    rows += [_Row(column, text, 2 * depth + (2 if step.label is not None else 0)) for text in _details(step)]
    if step.ends:
        stacks.pop(step.actor, None)
        if not step.starts:
            rows.append(_Row(column, "return", 2))
    return rows


def _details(step: Step) -> list[str]:
    """What was chosen, where it cannot be seen from what changed; what changed; what went wrong."""
    changes = _changes(step.changes, step.actor)
    seen = set(re.findall(r"\w+", " ".join(changes)))
    texts = []
    for text, value in step.choices:
        if value == "True":
            texts.append(f"({text})")
        elif value != "False" and value not in seen:
            texts.append(f"(chooses {text} {value})" if value.isdigit() else f"(chooses {value})")
    texts += changes
    if step.error and "no_model_error" in step.broken:
        texts.append(f"BUG: {_without_place(step.error)}")
    return texts + [f'BUG: "{name}" fails' if " " in name else f"BUG: {name} broken"
                    for name in step.broken if name != "no_model_error"]


def assignments(step: Step) -> list[str]:
    """What a step has changed, as the drawing says it."""
    return _changes(step.changes, step.actor)


def assignments_of(given: dict[str, str]) -> list[str]:
    """Values of a state, as the drawing says them."""
    return _changes(tuple(Change(path, "", value) for path, value in given.items()), None)


GROUP = 3
"""From so many changes of one record on, they share a line."""


def _changes(changes: Sequence[Change], actor: str | None) -> list[str]:
    """What has changed, as assignments; locks are taken and released."""
    texts: list[str] = []
    records: dict[str, list[str]] = {}
    for change in changes:
        if change.new.startswith("held by ") or change.old.startswith("held by "):
            texts.append(_lock(change, actor))
            continue
        head, dot, name = change.path.rpartition(".")
        records.setdefault(head if dot else change.path, []).append(
            f"{name} = {change.new}" if dot else f"{change.path} = {change.new}")
    for record, parts in records.items():
        if parts[0].startswith(record):
            texts += parts
        elif len(parts) < GROUP:
            texts += [f"{record}.{part}" for part in parts]
        else:
            texts.append(f"{record}: {', '.join(parts)}")
    return texts


def _lock(change: Change, actor: str | None) -> str:
    if change.new == "free":
        return f"{change.path} released"
    holder = change.new.removeprefix("held by ")
    return f"{change.path} taken" if holder == actor else f"{change.path} left to {holder}"


def _without_place(error: str) -> str:
    place, colon, sentence = error.partition(": ")
    return sentence if colon and place.rpartition(":")[2].isdigit() else error


def _footer(trace: Trace, width: int) -> list[str]:
    parts = []
    if any(step.actor is None for step in trace.steps):
        parts.append("  * is a step of nobody in particular: the device, a user, time.")
    parts.append(broken_clause(trace, width))
    if trace.minimal:
        parts.append(_fill("  " + minimal(trace), width, ""))
    parts.append("  To see it again:\n" + command(trace, width))
    return parts


def broken_clause(trace: Trace, width: int = WIDTH) -> str:
    """The failing clause, with the values that it read."""
    lines = []
    if trace.doc and trace.doc.rstrip(".") != trace.promise:
        what = "measure" if isinstance(trace, Witness) else "promise"
        lines.append(_fill(f"  The {what}: {trace.doc}", width, "  "))
    clause = trace.clause
    if clause is not None and clause.error:
        lines.append(_fill(f"  It cannot be asked here: {_without_place(clause.error)}", width, "    "))
    elif clause is not None:
        for_whom = ", ".join(f"{name} = {value}" for name, value in clause.bindings)
        false = "What is owed does not come" if trace.kind == "progress" else \
            "No way leads there" if trace.kind == "can_always_reach" else "It is false"
        lines.append(_fill(f"  {false}" + _whom(for_whom, bool(clause.reads)), width, "    "))
        lines += [_fill(f"    {path} = {value}", width, "      ") for path, value in clause.reads]
    waits = {wait.actor: wait for wait in trace.waits}
    for standing in trace.standing:
        if standing.stuck:
            text = f"{standing.actor} can never leave {standing.procedure}: "
        elif trace.promise == "no_deadlock" or (trace.endless and standing.actor in waits):
            text = f"{standing.actor} is in {standing.procedure}: "
        else:
            continue
        lines.append(_fill(f"  {text}it stands behind \"{standing.label}\".", width, "    "))
    lines += [_fill(f"  {wait}.", width, "    ") for wait in trace.waits]
    if trace.fair:
        lines.append(_fill(f"  That is fair: {' '.join(trace.fair)}", width, "    "))
    return "\n".join(lines)


def _whom(bindings: str, reads: bool) -> str:
    if not reads:
        return f" for {bindings}." if bindings else "."
    return f" for {bindings}, where" if bindings else ", as"


def minimal(trace: Trace) -> str:
    """Why there is no simpler trace."""
    if trace.endless:
        first = len(trace.steps) if trace.loop is None else trace.loop
        where = "to where it can stay" if trace.loop is None else \
            f"to a loop ({amount(len(trace.steps) - first, 'step')} here) in which it can stay"
        return f"{amount(first, 'step')}; no shorter way leads {where}."
    if not trace.steps:
        return f"No shorter trace exists: an initial state {'is so' if isinstance(trace, Witness) else 'breaks it'}."
    steps = amount(len(trace.steps), "step")
    text = f"{steps}; no shorter trace exists"
    if trace.switches and not isinstance(trace, Witness):
        return f"{text}, and among the shortest ones {amount(trace.switches, 'switch', 'switches')} " \
               f"between actors {'is' if trace.switches == 1 else 'are'} the fewest."
    return text + "."


def replay_command(trace: Trace) -> str:
    """What to type to see the trace again."""
    return shlex.join(["vswap", "replay", trace.key, *trace.options])


def command(trace: Trace, width: int = WIDTH) -> str:
    """The command, cut by backslashes where it is too wide, so that it can still be pasted."""
    lines = ["    " + replay_command(trace)]
    while len(lines[-1]) > width:
        line = lines.pop()
        lines += [line[:width - 1] + "\\", line[width - 1:]]
    return "\n".join(lines)


def _fill(text: str, width: int, indent: str) -> str:
    lead = text[:len(text) - len(text.lstrip())]
    return textwrap.fill(text.strip(), width, initial_indent=lead, subsequent_indent=lead + indent,
                         break_on_hyphens=False)


def _wrap(text: str, indent: int, space: int) -> list[str]:
    """One row in a column of this many characters; what does not fit goes on further in."""
    lead = " " * min(indent, space // 2)
    return textwrap.wrap(text, space, initial_indent=lead, subsequent_indent=lead + "    ",
                         break_on_hyphens=False) or [""]
