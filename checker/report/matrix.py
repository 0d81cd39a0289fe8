# SPDX-License-Identifier: GPL-2.0-or-later
"""Designs against promises, as a table that fits a screen, or as a document."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from checker.matrix import Flip, Matrix, broken_somewhere
from checker.report.json import document
from checker.report.output import Line
from checker.report.text import WIDTH
from checker.words import amount

if TYPE_CHECKING:
    from checker.columns import Column
    from checker.report.verdict import SpecResult

NAME = 46
"""Width of the left column: the name of a promise."""
MOST = {"verdict": 4, "cost": 2, "states": 2}
"""How many details of each kind are listed; --json has all of them."""
HOLDS, UNKNOWN, ABSENT = ".", "?", "-"


def text(found: Matrix) -> Iterator[Line]:
    """A block for each question with a column for each design, then a line for each switch."""
    letters = [letter(number) for number in range(len(found.columns))]
    yield Line("designs", "title")
    for name, column in zip(letters, found.columns, strict=True):
        yield Line(f"  {name}  {column.variant.name}")
    yield Line(f"a number: steps of the shortest trace to a break; {HOLDS} holds in every state of its scope; "
               f"{UNKNOWN} undecided")
    yield Line("")
    for spec in found.specs:
        yield from _question(found.columns, letters, spec)
    for base in dict.fromkeys(one.base for one in found.flips):
        yield Line(f"each switch of {base} alone", "title")
        for one in found.flips:
            if one.base == base:
                yield from _flip(one)
        yield Line("")
    if any(len(one.column.answers) < len(found.specs) for one in found.flips):
        yield Line("each was asked until it changed something; --every asks on")
    if found.unflipped:
        yield from _wrapped(f"not flipped, for they hold numbers: {', '.join(found.unflipped)}", 0)
    if found.unasked:
        yield from _wrapped(f"interrupted; not asked: {', '.join(found.unasked)}", 0, "unsure")
    if found.idle:
        yield Line(f"changes nothing, on whichever design: {', '.join(found.idle)}", "bad")


def letter(number: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    return (letter(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


def _question(columns: Sequence[Column], letters: Sequence[str], spec: str) -> Iterator[Line]:
    """The rows of one spec: what breaks somewhere, what is measured, how many states there are."""
    results = [column.answers[spec].result for column in columns]
    scope = next((r.scope_name for r in results if r.scope_name), "")
    yield from _wrapped(f"{spec}: scope {scope!r}", 0, "title")
    for column, result in zip(columns, results, strict=True):
        if result.error:
            yield from _wrapped(f"{column.variant.name}: {result.error}", 2, "bad")
    rows = [(promise, [cell(result, promise) for result in results]) for promise in broken_somewhere(columns, spec)]
    measures = dict.fromkeys(m.measure for result in results for m in result.measures)
    rows += [(name, [_measured(result, name) for result in results]) for name in measures]
    rows.append(("states", [f"{r.states:,}" + ("" if r.complete else "+") for r in results]))
    width = max([len(name) for name in letters] + [len(one) for _, cells in rows for one in cells]) + 2
    room = max(1, (WIDTH - NAME - 2) // width)
    for first in range(0, len(columns), room):
        yield Line(f"  {'':<{NAME}}" + "".join(f"{name:>{width}}" for name in letters[first:first + room]))
        for name, cells in rows:
            part = cells[first:first + room]
            bad = any(c not in (HOLDS, ABSENT) for c in part) and name not in measures and name != "states"
            yield Line(f"  {_short(name):<{NAME}}" + "".join(f"{c:>{width}}" for c in part), "bad" if bad else "")
    told = {name for name, _ in rows}
    others = {v.promise for result in results for v in result.verdicts} - told
    open_ = {v.promise for result in results for v in result.verdicts if v.verdict == "undecided"} - told
    if others - open_:
        hold = "holds" if len(others - open_) == 1 else "hold"
        yield Line(f"  {amount(len(others - open_), 'other promise')} {hold} under every design", "quiet")
    if open_:
        yield Line(f"  {amount(len(open_), 'other promise')} {'is' if len(open_) == 1 else 'are'} undecided where the "
                   "states have a +", "unsure")
    yield Line("")


def _short(name: str) -> str:
    return name if len(name) <= NAME else name[:NAME - 3] + "..."


def cell(result: SpecResult, promise: str) -> str:
    """What a table says of one promise: how soon it breaks, or that it does not."""
    for verdict in result.verdicts:
        if verdict.promise == promise:
            if verdict.verdict == "broken":
                return str(verdict.steps) if verdict.steps is not None else "broken"
            return {"holds": HOLDS, "vacuous": "never"}.get(verdict.verdict, UNKNOWN)
    return UNKNOWN if result.error else ABSENT


def _measured(result: SpecResult, name: str) -> str:
    for one in result.measures:
        if one.measure == name:
            return f"{one.least:,}" if one.least == one.most else f"{one.least:,}..{one.most:,}"
    return ABSENT


def _flip(one: Flip) -> Iterator[Line]:
    undecided = [result.spec for result in one.column.results if not result.complete]
    kinds = ", ".join(one.changes) or ("undecided" if undecided else "nothing")
    yield Line(f"  {one.switch} {one.value}: {kinds}", "" if one.changes else "bad" if not undecided else "unsure")
    for kind, texts in one.changes.items():
        shown = texts[:MOST[kind]]
        more = f"; and {len(texts) - len(shown)} more" if len(texts) > len(shown) else ""
        yield from _wrapped(f"{kind}: {'; '.join(shown)}{more}", 6, "quiet")
    if undecided:
        yield from _wrapped(f"undecided: {', '.join(undecided)}", 6, "unsure")


def _wrapped(text_: str, indent: int, mark: str = "") -> Iterator[Line]:
    for line in textwrap.wrap(text_, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 4),
                              break_on_hyphens=False):
        yield Line(line, mark)


def as_json(found: Matrix) -> str:
    """The same as one document."""
    errors = [f"{column.variant.name}: {result.error}" for column in found.columns for result in column.results
              if result.error]
    made: dict[str, Any] = {
        "specs": found.specs,
        "designs": [_column(column) for column in found.columns],
        "flips": [{"base": one.base, "switch": one.switch, "value": one.value, "changes": one.changes,
                   **_column(one.column)} for one in found.flips],
        "unflipped": found.unflipped,
        "unasked": found.unasked,
        "changes_nothing": found.idle,
    }
    return document(found.exit, errors=errors, matrix=made)


def _column(column: Column) -> dict[str, Any]:
    return {"name": column.variant.name, "cells": [
        {**_cell(spec, answer.result), "locks": {operation: {lock: list(count) for lock, count in counts.items()}
                                                 for operation, counts in answer.locks.items()}}
        for spec, answer in column.answers.items()]}


def _cell(spec: str, result: SpecResult) -> dict[str, Any]:
    return {
        "spec": spec, "scope_name": result.scope_name, "scope": result.scope, "states": result.states,
        "transitions": result.transitions, "depth": result.depth, "complete": result.complete,
        "stopped": result.stopped, "seconds": round(result.seconds, 3), "error": result.error,
        "promises": {v.promise: {"verdict": v.verdict, "steps": v.steps} for v in result.verdicts},
        "measures": {m.measure: {"least": m.least, "most": m.most} for m in result.measures},
    }
