# SPDX-License-Identifier: GPL-2.0-or-later
"""What two engines say about the same promises, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checker.report.output import Line
from checker.report.text import paragraph
from checker.report.verdict import NO_STEPS_DECIDE, SpecResult, Verdict
from checker.words import amount

Row = tuple[SpecResult, Verdict, Verdict]
"""z3's result for a spec, its verdict on a promise, and that of the exhaustive search."""


def second_lines(firsts: Sequence[SpecResult], others: Sequence[SpecResult]) -> Iterator[Line]:
    """A line for each promise that z3 was asked, where it went farthest; and for all that is not as it should be."""
    if not others:
        return
    rows = list(_rows(firsts, others))
    shown = _farthest(rows)
    width = max((len(one.promise) for _, one, _ in shown), default=0)
    yield Line("The same by z3", "title")
    yield Line("")
    yield Line(f"    {'':<{width}}  {'in every state':<26}  by z3")
    for result in others:
        here = [row for row in shown if row[0] is result]
        trouble = result.error or (f"undecided: {result.stopped}" if result.stopped else None)
        if here or trouble:
            yield Line(f"  {result.spec}")
        for _, one, other in here:
            mark = "bad" if one.surprise else "unsure" if result.stopped and one.verdict == "undecided" else "good"
            words = f"{said(one)}; {one.surprise}" if one.surprise else said(one)
            yield Line(f"    {one.promise:<{width}}  {said(other):<26}  {words}", mark)
        if trouble:
            yield Line(f"    {trouble}", "bad" if result.error else "unsure")
    yield Line("")
    yield from _about(firsts, rows)


def _about(firsts: Sequence[SpecResult], rows: Sequence[Row]) -> Iterator[Line]:
    """What the lines cover, and what they leave out."""
    asked = {one.promise for _, one, _ in rows if one.claim != NO_STEPS_DECIDE}
    yield from paragraph(f"by z3: {amount(len(asked), 'promise')}, each in every run of up to so many steps in the "
                         "scope of the spec above it, and in none longer; what breaks does so in no shorter run")
    others: dict[str, None] = {}
    for result in firsts:
        for verdict in result.verdicts:
            if verdict.kind != "static" and verdict.promise not in asked:
                others[verdict.promise] = None
    if others:
        yield from paragraph(f"in every state only, since no number of steps decides them: {', '.join(others)}")
    yield Line("")


def said(verdict: Verdict) -> str:
    """A verdict in a few words."""
    if verdict.steps is not None and verdict.kind != "progress":
        return f"{'reached' if verdict.kind == 'reachable' else 'broken'} in {amount(verdict.steps, 'step')}"
    return verdict.claim if verdict.verdict == "undecided" else verdict.verdict


def _rows(firsts: Sequence[SpecResult], others: Sequence[SpecResult]) -> Iterator[Row]:
    said = {(result.spec, verdict.promise): verdict for result in firsts for verdict in result.verdicts}
    for result in others:
        for verdict in result.verdicts:
            first = said.get((result.spec, verdict.promise))
            if verdict.kind != "static" and first is not None:
                yield result, verdict, first


def _farthest(rows: Sequence[Row]) -> list[Row]:
    """For each promise the row that says the most, and every row that is a surprise."""
    best: dict[str, Row] = {}
    for row in rows:
        one = row[1]
        if one.claim != NO_STEPS_DECIDE:
            best[one.promise] = max(best.get(one.promise, row), row, key=_told)
    return [row for row in rows if row is best.get(row[1].promise) or row[1].surprise is not None]


def _told(row: Row) -> tuple[bool, int]:
    """How much a row says: a break or a way there says more than that there is none within so many steps."""
    return row[1].steps is not None, row[0].depth
