# SPDX-License-Identifier: GPL-2.0-or-later
"""What tells two designs apart, as a person or a program reads it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from checker.costs import Count, differing, shown
from checker.report.json import document
from checker.report.output import Line
from checker.report.text import WIDTH
from checker.words import amount

if TYPE_CHECKING:
    from checker.compare import Compared, Goal, Pair
    from checker.prove import Proved
    from checker.report.verdict import Measured, SpecResult, Verdict
    from checker.subsets import Smallest

MOST = 8
"""How many values, arrows or steps of one design are listed; --json has all of them."""


def text(found: Compared) -> Iterator[Line]:
    """Switches, promises, measures, states and steps that differ; then the races."""
    one, other = (column.variant.name for column in found.columns)
    yield Line(f"{one} and {other} differ in {amount(len(found.switches), 'switch', 'switches')}", "title")
    width = max(map(len, found.switches))
    sides = max(len(one), max(len(before) for before, _ in found.switches.values()))
    yield Line(f"    {'':<{width}}  {one:<{sides}}  {other}")
    yield from (Line(f"    {name:<{width}}  {before:<{sides}}  {after}")
                for name, (before, after) in found.switches.items())
    yield Line("")
    for spec in found.specs:
        yield from _lines(f"Asked: {spec}, scope {found.answers(spec)[0].result.scope_name!r}", 0)
        yield from _lines("; ".join(f"{column.variant.name}: {_seen(answer.result)}" for column, answer in
                                    zip(found.columns, found.answers(spec), strict=True)), 4)
    yield Line("")
    yield from _promises(found, one, other)
    if found.measures:
        yield Line("Measures that differ", "title")
        rows = [(f"{m.spec}: {m.name}", _extent(m.one), _extent(m.other)) for m in found.measures]
        yield from _table(("", one, other), rows)
    for spec in found.specs:
        rows = [(f"{operation}: {lock}", shown(a), shown(b)) for operation, lock, a, b in _locks(found, spec)]
        if rows:
            yield Line(f"{spec}: locks that one run of an operation takes, least to most", "title")
            yield from _table(("", one, other), rows)
    yield from _words(found, one, other)
    yield from _reached(found, one, other)
    yield from _steps(found, one, other)
    if found.only is not None:
        yield from only(found.only, one, other)
    for pair in found.promises:
        yield from _race(pair)


def _seen(result: SpecResult) -> str:
    """How much of a scope was searched."""
    if result.error is not None:
        return result.error
    if result.complete:
        return f"all {amount(result.states, 'state')}"
    return f"undecided after {amount(result.states, 'state')}: {result.stopped or 'not all were visited'}"


def _lines(text: str, indent: int) -> Iterator[Line]:
    for line in textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 4),
                              break_on_hyphens=False):
        yield Line(line)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Line]:
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    for row in (head, *rows):
        yield Line(("    " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))).rstrip())
    yield Line("")


def _promises(found: Compared, one: str, other: str) -> Iterator[Line]:
    if not found.promises:
        yield Line("No promise tells them apart.", "title")
    else:
        yield Line("Promises that differ", "title")
        yield from _table(("", one, other), [(f"{p.spec}: {p.name}", _verdict(p.one), _verdict(p.other))
                                             for p in found.promises])
    if found.later:
        yield Line("Broken by both, not in the same number of steps", "title")
        yield from _table(("", one, other), [(f"{p.spec}: {p.name}", _verdict(p.one), _verdict(p.other))
                                             for p in found.later])
    elif not found.promises:
        yield Line("")


def _verdict(verdict: Verdict | None) -> str:
    if verdict is None:
        return "not promised"
    if verdict.kind == "reachable":
        return f"reached in {verdict.steps}" if verdict.verdict == "holds" else verdict.verdict
    return f"broken in {verdict.steps}" if verdict.verdict == "broken" and verdict.steps is not None \
        else verdict.verdict


def _extent(measured: Measured) -> str:
    least, most = measured.least, measured.most
    return f"always {least:,}" if least == most else f"{least:,} to {most:,}"


def _locks(found: Compared, spec: str) -> list[tuple[str, str, Count, Count]]:
    """Of searches that came to their end: others know of no least and no most."""
    answers = found.answers(spec)
    return differing(*(answer.locks for answer in answers)) if all(a.result.complete for a in answers) else []


def _words(found: Compared, one: str, other: str) -> Iterator[Line]:
    """Claims about words, and where they fail the words that show it."""
    from checker.report.prove import shown_lines

    if not found.words:
        return
    yield Line("Words that differ", "title")
    yield from _table(("", one, other), [(f"{w.word}: {w.one.claim if w.one else w.other.claim if w.other else ''}",
                                          _proved(w.one), _proved(w.other)) for w in found.words])
    for word in found.words:
        for side, proved in ((one, word.one), (other, word.other)):
            if proved is not None and proved.shown:
                yield Line(f"    {side}: {proved.claim}")
                yield from shown_lines(proved, 8)
    yield Line("")


def _proved(proved: Proved | None) -> str:
    return "not asked" if proved is None else {"broken": "refuted"}.get(proved.verdict, proved.verdict)


def _reached(found: Compared, one: str, other: str) -> Iterator[Line]:
    """What one object can be in one design only, and what can happen to it."""
    if not found.fields:
        yield Line("Which states only one of them reaches, --quotient FIELDS tells by the values of some fields.")
        yield Line("")
        return
    machines = [[answer.machine for answer in column.answers.values() if answer.machine is not None]
                for column in found.columns]
    values = [frozenset(value for one_ in side for value in one_.values) for side in machines]
    arrows = [frozenset(arrow for one_ in side for arrow in one_.arrows) for side in machines]
    named = ", ".join(found.fields)
    for side, mine, others in ((one, 0, 1), (other, 1, 0)):
        yield from _listed(f"Values of {named} that only {side} reaches", sorted(values[mine] - values[others]))
        yield from _listed(f"What happens to {named} only in {side}",
                           [f"{old} -> {new} by {procedure}" for old, new, procedure in
                            sorted(arrows[mine] - arrows[others])])
        for machine in machines[mine]:
            if machine.stopped:
                yield Line(f"    not all of {side} was seen: {machine.stopped}", "unsure")


def _listed(title: str, texts: Sequence[str]) -> Iterator[Line]:
    if not texts:
        return
    yield Line(title, "title")
    for text_ in texts[:MOST]:
        yield from _lines(text_, 4)
    if len(texts) > MOST:
        yield Line(f"    and {len(texts) - MOST} more (--json has them all)")
    yield Line("")


def _steps(found: Compared, one: str, other: str) -> Iterator[Line]:
    for side, mine, others in ((one, 0, 1), (other, 1, 0)):
        seen = all(result.complete for result in found.columns[others].results)
        yield from _listed(f"Steps that only {side} takes{'' if seen else ', as far as is known'}",
                           alone(found, mine, others))


def alone(found: Compared, mine: int, others: int) -> list[str]:
    """The steps that one side takes in some spec, and the other in none."""
    taken = [dict.fromkeys(step for a in column.answers.values() for step in a.steps) for column in found.columns]
    return [step for step in taken[mine] if step not in taken[others]]


def only(found: Smallest[str, Goal], one: str, other: str) -> Iterator[Line]:
    """The smallest sets of switches, goals that share them in one block."""
    yield Line(f"The smallest sets of switches that make {one} answer like {other}", "title")
    blocks: dict[tuple[frozenset[str], ...], list[str]] = {}
    for (spec, name), sets in found.sets.items():
        blocks.setdefault(tuple(sets), []).append(f"{spec}: {name}")
    for block, goals in blocks.items():
        yield from (Line(f"    {goal}") for goal in goals)
        yield from (Line(f"        {' and '.join(sorted(switches))}") for switches in block)
        if not block:
            yield Line("        none was found")
    if not found.sets:
        yield Line("    nothing that is promised or measured differs")
    if found.bound("switches"):
        yield Line(f"    {found.bound('switches')}", "unsure")
    for switches in found.undecided:
        yield Line(f"    undecided: {' and '.join(sorted(switches))}", "unsure")
    yield Line("")


def _race(pair: Pair) -> Iterator[Line]:
    from checker.counterexample.race import race

    for verdict in (pair.one, pair.other):
        if verdict is not None and verdict.trace is not None:
            yield from (Line(line, "bad" if line.startswith("BUG: ") else "") for line in
                        race(verdict.trace).splitlines())
            yield Line("")


def as_json(found: Compared) -> str:
    """The same as one document."""
    sides = [column.variant.name for column in found.columns]
    made = {
        "designs": sides,
        "switches": {name: list(pair) for name, pair in found.switches.items()},
        "specs": [_spec(found, spec) for spec in found.specs],
        "promises": [_pair(pair) for pair in found.promises],
        "broken_by_both": [_pair(pair) for pair in found.later],
        "measures": [{"spec": m.spec, "measure": m.name, **{
            side: {"least": one.least, "most": one.most, "least_steps": one.least_steps, "most_steps": one.most_steps}
            for side, one in zip(("first", "second"), (m.one, m.other), strict=True)}} for m in found.measures],
        "words": [{"word": w.word, "first": _word(w.one), "second": _word(w.other)} for w in found.words],
        "quotient": list(found.fields),
        "steps_only": [alone(found, 0, 1), alone(found, 1, 0)],
        "only": None if found.only is None else only_json(found.only),
    }
    errors = [result.error for column in found.columns for result in column.results if result.error]
    return document(found.exit, errors=errors, compared=made)


def only_json(found: Smallest[str, Goal]) -> dict[str, Any]:
    return {
        "sets": [{"spec": spec, "name": name, "switches": [sorted(one) for one in sets]}
                 for (spec, name), sets in found.sets.items()],
        "tried": found.tried, "whole": found.whole, "complete_to": found.size,
        "undecided": [sorted(one) for one in found.undecided],
    }


def _spec(found: Compared, name: str) -> dict[str, Any]:
    answers = found.answers(name)
    machines = [answer.machine for answer in answers]
    made: dict[str, Any] = {
        "locks": [{"operation": operation, "lock": lock, "first": list(a), "second": list(b)}
                  for operation, lock, a, b in _locks(found, name)],
        "spec": name, "scope": answers[0].result.scope,
        "states": [answer.result.states for answer in answers],
        "transitions": [answer.result.transitions for answer in answers],
        "complete": [answer.result.complete for answer in answers],
        "seconds": [round(answer.result.seconds, 3) for answer in answers],
    }
    left, right = machines
    if left is not None and right is not None:
        made["values_only"] = [sorted(a.values - b.values) for a, b in ((left, right), (right, left))]
        made["arrows_only"] = [_arrows(a.arrows - b.arrows) for a, b in ((left, right), (right, left))]
        made["quotient_complete"] = [one.stopped is None for one in (left, right)]
    return made


def _arrows(arrows: Iterable[tuple[str, str, str]]) -> list[dict[str, str]]:
    return [{"from": old, "to": new, "by": procedure} for old, new, procedure in sorted(arrows)]


def _word(proved: Proved | None) -> dict[str, Any] | None:
    from checker.report.prove import shown_json

    return None if proved is None else {"claim": proved.claim, "verdict": proved.verdict, "reason": proved.reason,
                                        "words": [shown_json(one) for one in proved.shown]}


def _pair(pair: Pair) -> dict[str, Any]:
    return {"spec": pair.spec, "promise": pair.name, "first": _side(pair.one), "second": _side(pair.other)}


def _side(verdict: Verdict | None) -> dict[str, Any] | None:
    from checker.report.json import trace_json

    if verdict is None:
        return None
    return {"verdict": verdict.verdict, "steps": verdict.steps, "trace": trace_json(verdict.trace)}
