# SPDX-License-Identifier: GPL-2.0-or-later
"""The race in numbered sentences: who, in which function, what it had done, what changed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from checker.counterexample.trace import Change, Step, Trace, Witness

MOST = 6
"""How many changes of others a sentence names."""
WIDTH = 75


def retelling(trace: Trace, width: int = WIDTH) -> str:
    """The sentences, numbered as the steps are, and the one that says what is broken."""
    lines = ["In words:", ""]
    states = list(trace.states())
    latest: dict[str, int] = {}
    for number, step in enumerate(trace.steps):
        if number == trace.loop:
            lines.append("      From here on, again and again:")
        told = sentences(trace, states, number, latest.get(step.actor or ""))
        lines.append(_fill(f"{number + 1:4}. ", " ".join(told), width))
        if step.actor is not None:
            latest[step.actor] = number
    lines.append(_fill("    = ", verdict(trace), width))
    return "\n".join(lines) + "\n"


def sentences(trace: Trace, states: Sequence[dict[str, str]], number: int, previous: int | None) -> Iterator[str]:
    """One step; ``previous`` is the number of the actor's last one, None if it has not moved yet."""
    step = trace.steps[number]
    away = previous is not None and not step.starts and previous < number - 1
    if away and previous is not None:
        yield from _meanwhile(trace, states, previous, number)
    yield _moves(step, trace.steps[previous].label if away and previous is not None else None)
    seen = set(re.findall(r"\w+", " ".join(change.new for change in step.changes)))
    for text, value in step.choices:
        if value == "True":
            yield f"Here {text}."
        elif value != "False" and value not in seen:
            yield f"Of {text}, it chooses {value}."
    taken = [text for change in step.changes if (text := _lock(change, step.actor))]
    if taken:
        yield f"{'It' if step.actor is not None else 'This'} {_and(taken)}."
    now = [f"{change.path} is {change.new} (was {change.old})" for change in step.changes
           if not _lock(change, step.actor)]
    if now:
        yield f"Now {_and(now)}."
    if step.ends and not step.starts:
        yield f"{step.procedure} returns."
    if step.error:
        yield f"There it goes wrong: {step.error}."
    for name in step.broken:
        if " " in name:
            yield f'Here "{name}" fails.'


def _moves(step: Step, behind: str | None) -> str:
    """``behind`` is what the actor did last, where others have moved since."""
    if step.actor is None:
        return f"By itself, {step.call} happens."
    inside = f" in {step.stack[-1]}()" if len(step.stack) > 1 else ""
    if step.starts:
        if step.label is None:
            return f"{step.actor} calls {step.call}" + (", which runs to its end." if step.ends else ".")
        return f'{step.actor} calls {step.call} and comes{inside} to "{step.label}".'
    who = f'{step.actor}, which stood behind "{behind}",' if behind is not None else step.actor
    if step.label is None:
        return f"{who} goes on in {step.procedure}()."
    return f'{who} goes on{inside} to "{step.label}".'


def _meanwhile(trace: Trace, states: Sequence[dict[str, str]], previous: int, number: int) -> Iterator[str]:
    """What others have changed since the actor's last step, also where it looks unchanged now."""
    then, now = states[previous + 1], states[number]
    own = {change.path for change in trace.steps[number].changes}
    touched = sorted(dict.fromkeys(change.path for step in trace.steps[previous + 1:number] for change in step.changes),
                     key=lambda path: path not in own)  # first what this very step is about
    told = [f"{path} has become {now[path]}" if then[path] != now[path] else
            f"{path} has changed and is {now[path]} again"
            for path in touched if then[path] != now[path] or now[path] != "free"]
    if len(told) > MOST:
        told[MOST:] = [f"{len(told) - MOST} more have changed"]
    if told:
        yield f"Meanwhile {_and(told)}."


def _lock(change: Change, actor: str | None) -> str:
    """What somebody does to a lock; empty for everything else."""
    holder = change.new.removeprefix("held by ")
    if change.new == "free" and change.old.startswith("held by "):
        return f"releases {change.path}"
    if holder != change.new:
        return f"takes {change.path}" if holder == actor else f"leaves {change.path} to {holder}"
    return ""


def verdict(trace: Trace) -> str:
    """What is wrong at the end, with the values that make it so."""
    if isinstance(trace, Witness):
        return f"Now {trace.promise} is {trace.value:,}, the {trace.kind} in any state."
    clause = trace.clause
    whom = ", ".join(f"{name} = {value}" for name, value in clause.bindings) if clause else ""
    reads = _and([f"{path} is {value}" for path, value in clause.reads]) if clause else ""
    because = (f" for {whom}" if whom else "") + (f", as {reads}." if reads else ".")
    if trace.kind == "assertion":
        return f'So the assertion "{trace.promise}" fails{because}'
    standing = [f'{s.actor} in {s.procedure}, behind "{s.label}"' for s in trace.standing
                if s.stuck or trace.promise == "no_deadlock"]
    if trace.promise == "no_deadlock":
        waits = _and([str(wait) for wait in trace.waits])
        return f"Now nobody can move any more: {_and(standing) or 'everybody is idle'}" + (
            f"; {waits}." if waits else ".")
    if trace.endless:
        return _endless(trace)
    if standing:
        return f"From here there is no way back to idle for {_and(standing)}."
    text = f"So {trace.promise} is broken"
    if trace.doc:
        text += f': "{trace.doc.rstrip(".")}"'
    if clause is None:
        return f"{text}."
    if clause.error:
        return f"{text}; {clause.error}."
    return f"{text} is false{because}"


def _endless(trace: Trace) -> str:
    """Why a run that never gets further breaks its promise, and may be."""
    whom = ", ".join(f"{name} = {value}" for name, value in trace.clause.bindings) if trace.clause is not None else ""
    how = "This can go on for ever" if trace.loop is not None else "Nothing more has to happen"
    text = f"{how}, and {trace.promise} is broken" + (f" for {whom}." if whom else ".")
    return " ".join([text, *trace.fair, *(f"{wait}." for wait in trace.waits)])


def _and(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _fill(lead: str, text: str, width: int) -> str:
    return textwrap.fill(text, width, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False)
