# SPDX-License-Identifier: GPL-2.0-or-later
"""The race as a Mermaid sequence diagram, for places that draw those: merge requests, wikis."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from checker.counterexample.race import assignments, minimal
from checker.counterexample.retelling import verdict
from checker.counterexample.trace import Step, Trace

NOBODY = "nobody in particular"


def mermaid(trace: Trace) -> str:
    """One line of life for each actor that moves; a step is a message to itself, what it changed a note."""
    moved = {step.actor for step in trace.steps}
    lives = {actor: f"a{k}" for k, actor in enumerate(a for a in (*trace.actors, None) if a in moved)}
    lines = ["sequenceDiagram", f"    title {_text(f'{trace.spec}: {trace.promise}')}"]
    lines += [f"    participant {life} as {_text(actor or NOBODY)}" for actor, life in lives.items()]
    if not lives:  # an initial state breaks it
        lines.append("    participant a0 as everybody")
    ends = [*lives.values()] or ["a0"]
    span = ",".join(dict.fromkeys([ends[0], ends[-1]]))
    if trace.given:
        given = [f"{path} = {value}" for path, value in trace.given.items()]
        lines.append(f"    Note over {span}: {_lines([f'At the start: {trace.begins}', *given])}")
    for number, step in enumerate(trace.steps):
        if number == trace.loop:
            lines.append("    loop for ever")
        lines += [f"    {line}" for line in _step(step, lives[step.actor])]
    if trace.loop is not None:
        lines.append("    end")
    lines.append(f"    Note over {span}: {_lines([f'BUG: {verdict(trace)}', minimal(trace)])}")
    return "\n".join(lines) + "\n"


def _step(step: Step, life: str) -> Iterator[str]:
    said = [step.call] if step.starts or step.actor is None else []
    if step.label is not None:
        said.append(f"{step.stack[-1]}(): {step.label}" if len(step.stack) > 1 else step.label)
    if step.ends and not step.starts:
        said.append("return")
    said += [text for text, value in step.choices if value == "True"]
    yield f"{life}->>{life}: {_lines(said or [step.procedure])}"
    notes = assignments(step) + [f"BUG: {name}" for name in step.broken] + ([step.error] if step.error else [])
    if notes:
        yield f"Note right of {life}: {_lines(notes)}"


def _lines(texts: Sequence[str]) -> str:
    return "<br/>".join(_text(text) for text in texts)


def _text(text: str) -> str:
    """Without what means something to Mermaid: these characters are written as numbers, as it wants them."""
    return re.sub(r"[#;<>{}%\n]", lambda match: f"#{ord(match[0])};", text)
