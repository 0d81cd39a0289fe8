# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace as a graph: a spine, one step off it what could have happened instead, the rest folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from checker.claims import Claim, claims
from checker.counterexample.follow import Question
from checker.counterexample.key import Key
from checker.counterexample.race import assignments
from checker.counterexample.trace import Step, Trace
from checker.language.errors import ModelError
from checker.words import amount

if TYPE_CHECKING:
    from networkx import DiGraph

    from checker.language.raw import Configuration, Raw, Transition

MOST = 150
"""Nodes of a graph."""
BESIDE = 3
"""Ways out that one state shows; more are folded into a node that counts them."""
LONGEST = 60
"""A spine of more steps is folded in its front part, where one actor goes on and on."""


@dataclass(frozen=True)
class _WayOut:
    """A step that leaves the race; ``goes_on`` if it is that of the actor whom the race interrupts here."""

    actor: str | None
    text: str
    goes_on: bool


def graph(question: Question, trace: Trace) -> DiGraph:
    """Nodes have ``kind`` (start, path, break, avoids, folded), ``label`` and ``step``, edges ``kind``,
    ``actor`` and ``label``.

    ``avoids`` is a state behind another step than the race took, in which the
    promise is kept.
    """
    from networkx import DiGraph

    made = DiGraph(title=f"{trace.spec}: {trace.promise}", steps=len(trace.steps))
    spine = _spine(made, trace)
    outs = _ways_out(question, trace)
    room = MOST - made.number_of_nodes()
    # The nearer to the break, the more a way out says; states whose actor was just interrupted come first.
    order = sorted((at for at in outs if at in spine), key=lambda at: (not any(w.goes_on for w in outs[at]), -at))
    for at in order:
        shown = sorted(outs[at], key=lambda way: not way.goes_on)[:BESIDE]
        rest = len(outs[at]) - len(shown)
        if len(shown) + (rest > 0) > room:
            continue
        room -= len(shown) + (rest > 0)
        for k, way in enumerate(shown):
            name = f"{spine[at]}.{k + 1}"
            made.add_node(name, kind="avoids", label=way.text, step=at)
            made.add_edge(spine[at], name, kind="avoids", actor=way.actor or "", label=way.text)
        if rest:
            made.add_node(f"{spine[at]}.more", kind="folded", label=amount(rest, "other step"), step=at)
            made.add_edge(spine[at], f"{spine[at]}.more", kind="folded", actor="", label="")
    return made


def said(step: Step) -> str:
    """What a step does, in a line."""
    what = step.call if step.starts or step.actor is None else step.stack[-1] + "()"
    return what + (f": {step.label}" if step.label is not None else ": return" if step.ends else "")


def _spine(made: DiGraph, trace: Trace) -> dict[int, str]:
    """Adds the race; returns the node of each number of steps that has one."""
    last = len(trace.steps)
    fold = max(0, last - LONGEST)
    spine = {0: "0"}
    made.add_node("0", kind="break" if not last else "start", label=trace.begins or "start", step=0)
    at = 0
    while at < last:
        end = at + 1
        step = trace.steps[at]
        while end < fold and trace.steps[end].actor == step.actor:
            end += 1
        name, kind = str(end), "break" if end == last else "path"
        label = f"BUG: {trace.promise}" if end == last else f"after {amount(end, 'step')}"
        made.add_node(name, kind=kind, label=label, step=end)
        text = said(step) if end == at + 1 else f"{amount(end - at, 'step')}, to {said(trace.steps[end - 1])}"
        changes = [text for one in trace.steps[at:end] for text in assignments(one)]
        made.add_edge(spine[at], name, kind="path", actor=step.actor or "", label=text, changes="; ".join(changes))
        spine[end] = name
        at = end
    return spine


def _ways_out(question: Question, trace: Trace) -> dict[int, list[_WayOut]]:
    """For each state of the race, the other steps after which the promise is kept, each named once."""
    from checker.language.raw import Raw

    raw, key = Raw(question.system), Key.parse(trace.key)
    claim = next(c for c in claims(question.system) if c.name == trace.promise)
    here: Configuration | None = raw.initial()[key.initial]
    found: dict[int, list[_WayOut]] = {}
    race: set[tuple[int, ...]] = set()
    states: list[tuple[Configuration, list[Transition]]] = []
    for number in key.path:
        assert here is not None
        possible = raw.successors(here)
        states.append((here, possible))
        race.add(here.vector)
        here = possible[number].target
    if here is not None:
        race.add(here.vector)
    current: int | None = None
    for at, ((state, possible), number) in enumerate(zip(states, key.path, strict=True)):
        actor = possible[number].actor
        interrupted = current if actor != current else None
        ways = [_way_out(transition, interrupted is not None and transition.actor == interrupted)
                for transition in possible
                if transition.target is not None and transition.target.vector not in race
                and _keeps(raw, claim, state, transition)]
        if ways:
            found[at] = list(dict.fromkeys(ways))
        current = actor if actor is not None else current
    return found


def _way_out(transition: Transition, goes_on: bool) -> _WayOut:
    what = transition.procedure if not transition.starts and transition.actor is not None else \
        f"{transition.procedure}({', '.join(transition.params.values())})"
    what += f": {transition.label}" if transition.label is not None else \
        ": return" if transition.ends and transition.actor is not None else ""
    luck = [text if value == "True" else value for text, value in transition.choices if value != "False"]
    who = transition.actor_name or "*"
    return _WayOut(transition.actor_name, f"{who} {what}" + (f" ({', '.join(luck)})" if luck else ""), goes_on)


def _keeps(raw: Raw, claim: Claim, here: Configuration, transition: Transition) -> bool:
    """Whether the promise is kept behind this step."""
    assert transition.target is not None
    if claim.name in transition.broken:
        return False
    if claim.name == "no_deadlock":
        return bool(raw.successors(transition.target))
    if claim.promise is None:
        return True
    try:
        return raw.holds(claim.name, transition.target, here if claim.promise.kind == "step" else None)
    except (ModelError, ValueError, ZeroDivisionError):
        return False
