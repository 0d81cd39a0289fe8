# SPDX-License-Identifier: GPL-2.0-or-later
"""What removes a break, as a person or a program reads it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from checker.repair import Place, Repairs, Search, Trial
from checker.report.json import document
from checker.report.output import Line
from checker.report.text import WIDTH
from checker.words import amount


def text(found: Repairs) -> Iterator[Line]:
    """What breaks, the guards that keep it, the steps that keep it when they are one."""
    result = found.before
    yield Line(result.spec, "title")
    yield from _wrapped(f"scope {result.scope_name}", 2)
    for verdict in found.broken:
        yield Line(f"    broken     {verdict.promise}"
                   + (f"  in {amount(verdict.steps, 'step')}" if verdict.steps is not None else ""), "bad", 14)
    yield Line("")
    title = "Every set of guards that suffices" if found.guards.found.every else "Guards that suffice, smallest first"
    yield Line(title if found.values else "There is no guard that could be switched on", "title")
    for switches in found.guards.sets:
        names = [f"{name} {value}" for name, value in found.values.items() if name in switches]
        yield from _found(" and ".join(names), found.guards.trials[switches])
    yield from _rest(found.guards, "guards", bool(found.values))
    yield Line("")
    if not found.merges.trials:
        return
    yield Line("Steps that suffice as one, the lock held across", "title")
    for places in found.merges.sets:
        yield from _found(" and ".join(map(_place, sorted(places))), found.merges.trials[places])
    yield from _rest(found.merges, "merges", True)
    for places, why in found.merges.refused.items():
        yield from _wrapped(f"cannot be one: {' and '.join(map(_place, sorted(places)))}: {why}", 4, "quiet")


def _place(place: Place) -> str:
    return f'{place[0]}, before and behind "{place[1]}"'


def _found(what: str, trial: Trial) -> Iterator[Line]:
    yield from _wrapped(what, 4, "" if trial.worse else "good")
    if trial.worse:
        yield from _wrapped(f"but then: {', '.join(trial.worse)}", 8, "bad")
    else:
        yield Line(f"        nothing else breaks, in {amount(trial.states, 'state')}", "quiet")


def _rest(searched: Search[Any], what: str, there: bool) -> Iterator[Line]:
    if there and not searched.sets:
        yield Line("    none was found" if not searched.found.whole else "    none", "bad")
    if searched.found.bound(what):
        yield Line(f"    {searched.found.bound(what)}", "unsure")
    if searched.found.undecided:
        yield Line(f"    {amount(len(searched.found.undecided), 'set')} could not be decided", "unsure")


def _wrapped(text_: str, indent: int, mark: str = "") -> Iterator[Line]:
    for line in textwrap.wrap(text_, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 4),
                              break_on_hyphens=False):
        yield Line(line, mark)


def as_json(found: Repairs) -> str:
    """The same as one document."""
    made = {
        "spec": found.before.spec, "scope": found.before.scope, "broken": [v.promise for v in found.broken],
        "guards": {"candidates": dict(found.values), **_search(found.guards, lambda names: sorted(names))},
        "merges": _search(found.merges, lambda places: [
            {"function": function, "label": label} for function, label in sorted(places)]),
    }
    return document(found.exit, repair=made)


def _search(searched: Search[Any], shown: Any) -> dict[str, Any]:
    return {
        "sets": [{"set": shown(one), "newly_broken": list(searched.trials[one].worse),
                  "states": searched.trials[one].states} for one in searched.sets],
        "tried": searched.found.tried, "whole": searched.found.whole, "complete_to": searched.found.size,
        "undecided": [shown(one) for one in searched.found.undecided],
        "refused": [{"set": shown(one), "why": why} for one, why in searched.refused.items()],
    }
