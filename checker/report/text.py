# SPDX-License-Identifier: GPL-2.0-or-later
"""The result of a check as a person reads it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from checker.report.output import Line
from checker.report.verdict import Exit, Measured, SpecResult, Verdict, up_to_names
from checker.words import amount, seconds

WIDTH = 100


def spec_lines(result: SpecResult, *, short: bool = False) -> Iterator[Line]:
    """One spec: what was asked, each promise's verdict, and what the verdicts cover.

    ``short`` only counts the promises that hold and that were meant to.
    """
    yield Line(result.spec, "title")
    if result.why:
        yield from paragraph(subject(result.why))
    if result.scope_name:
        sizes = ", ".join(f"{sort} {size}" for sort, size in result.scope.get("sizes", {}).items())
        yield from paragraph(f"scope {result.scope_name}" + (f": {sizes}" if sizes else ""))
    if result.changed:
        yield from paragraph("design: " + ", ".join(f"{name} {value}" for name, value in result.changed.items()))
    if result.error is not None:
        yield Line(f"  {result.error}", "bad")
        yield Line("")
        return
    yield Line("")
    told = [v for v in result.verdicts if not short or v.verdict != "holds" or v.surprise]
    measures = [] if short else result.measures
    width = max((len(name) for name in (*(v.promise for v in told), *(m.measure for m in measures))), default=0)
    for verdict in told:
        yield _row(verdict, min(width, 60), result.engine)
    if len(told) < len(result.verdicts):
        yield Line(f"    holds      {_counted(result.verdicts, len(told))}", "good", 14)
    for name in result.never:
        yield Line(f"    VACUOUS    {name} is never run", "bad", 14)
    for one in measures:
        yield Line(f"    measured   {one.measure:<{min(width, 60)}}  {extent(one, result.complete)}")
    yield Line("")
    yield from paragraph(covers(result))
    yield Line("")


def extent(one: Measured, complete: bool) -> str:
    """The least and the most of a measure."""
    if one.least == one.most:
        text = f"always {one.least:,}"
    else:
        text = f"{one.least:,} to {one.most:,} (the most after {amount(one.most_steps, 'step')})"
    return text if complete else f"{text} so far"


def _counted(verdicts: Sequence[Verdict], told: int) -> str:
    reached = sum(v.kind == "reachable" and v.verdict == "holds" and not v.surprise for v in verdicts)
    text = f"{'all' if not told else 'the other'} {amount(len(verdicts) - told, 'promise')}"
    return text + (f", {reached} of them that something is reached" if reached else "")


def subject(why: str) -> str:
    """The first paragraph of what a spec says about itself."""
    return why.strip().partition("\n\n")[0]


def covers(result: SpecResult) -> str:
    """What "holds" means in the lines above."""
    if result.engine == "z3":
        if result.depth < 0:
            return f"undecided: {result.stopped}"
        if result.complete and not result.states:
            return f"holds: in every state of scope {result.scope_name!r}, as z3 finds them ({seconds(result.seconds)})"
        if result.complete:
            return (f"holds: in every one of {amount(result.states, 'state')} of scope {result.scope_name!r}, as z3 "
                    f"finds them (depth {result.depth}, {seconds(result.seconds)})")
        runs = f"by z3: every run of up to {amount(result.depth, 'step')} of scope {result.scope_name!r}, none longer"
        return f"{runs} ({seconds(result.seconds)})" + (f": {result.stopped}" if result.stopped else "")
    numbers = f"{amount(result.transitions, 'transition')}, depth {result.depth}, {seconds(result.seconds)}"
    if result.complete:
        seen = up_to_names(result.states, result.renamed)
        return f"holds: in every one of {seen} of scope {result.scope_name!r} ({numbers})"
    if not result.states:
        return f"undecided: {result.stopped or 'nothing was searched'}"
    return (f"undecided: the search stopped after {amount(result.states, 'state')} ({numbers}): "
            f"{result.stopped or 'it was not complete'}")


def _row(verdict: Verdict, width: int, engine: str) -> Line:
    word, note, mark = verdict.verdict, "", "good"
    if verdict.kind == "reachable" and word == "holds":
        word, note = "reached", f"in {amount(verdict.steps or 0, 'step')}"
    elif word == "broken":
        counted = verdict.steps is not None and verdict.kind != "progress"
        note = f"in {amount(verdict.steps or 0, 'step')}" if counted else verdict.claim
        note += "" if verdict.surprise else ", as expected"
    elif word == "vacuous":
        never = "is never reached" if verdict.kind == "reachable" else "nothing is ever owed"
        word, note, mark = "VACUOUS", never, "bad"
        if verdict.expected == "broken":
            word, note, mark = "vacuous", f"{never}, as expected", "good"
    elif word == "undecided":
        mark, note = "unsure", verdict.claim if engine == "z3" else ""
    if verdict.surprise:
        word, mark = word.upper(), "bad"
        note = f"{note}; {verdict.surprise}" if note else verdict.surprise
    return Line(f"    {word:<10} {verdict.promise:<{width}}  {note}".rstrip(), mark, 14)


def paragraph(text: str) -> Iterator[Line]:
    """Lines of a width that can be read."""
    for line in textwrap.wrap(" ".join(text.split()), WIDTH - 2, break_on_hyphens=False):
        yield Line("  " + line)


def never_lines(never: Sequence[str]) -> Iterator[Line]:
    """The parts of the model that no default spec ever ran."""
    if never:
        yield Line("Never happened, in any of the default specs:", "bad")
        for text in never:
            yield Line(f"    {text}")
        yield Line("")


def others_lines(others: int) -> Iterator[Line]:
    """That some of the default specs have nothing to do with what was changed."""
    if others:
        yield Line(f"Not asked: {amount(others, 'spec')} of a model that has no such switch, design or sort.", "quiet")
        yield Line("")


def summary(results: Sequence[SpecResult], exit_code: Exit) -> Line:
    """The last line: what the exit code says, in words."""
    verdicts = [verdict for result in results for verdict in result.verdicts]
    firsts = [result for result in results if not result.second]
    promises = sum(len(result.verdicts) for result in firsts)
    asked = f"{amount(len(firsts), 'spec')}, {amount(promises, 'promise')}"
    if len(firsts) < len(results):
        asked += f", {len(results) - len(firsts)} of the specs by z3, too"
    surprises = sum(verdict.surprise is not None for verdict in verdicts)
    texts = {
        Exit.AS_EXPECTED: "every verdict is as expected",
        Exit.SURPRISE: f"{amount(surprises, 'verdict')} {'is' if surprises == 1 else 'are'} not as expected",
        Exit.USAGE: "not everything could be asked",
        Exit.UNDECIDED: "not everything is decided",
        Exit.MISSING: "a needed part is missing",
        Exit.NOTHING: "nothing was checked",
        Exit.VACUOUS: "something that must happen never does",
        Exit.INTERNAL: "the checker itself went wrong",
    }
    mark = {Exit.AS_EXPECTED: "good", Exit.UNDECIDED: "unsure"}.get(exit_code, "bad")
    return Line(f"{asked}: {texts[exit_code]} (exit {int(exit_code)})", mark)
