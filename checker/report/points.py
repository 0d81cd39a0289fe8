# SPDX-License-Identifier: GPL-2.0-or-later
"""A result as CI systems count: suites (specs) of points (promises), each green or red.

Every point is green exactly if the exit code of the same check is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.report.text import covers, subject
from checker.report.verdict import Exit, SpecResult, Verdict
from checker.words import amount

GREEN = frozenset({"pass", "xfail"})


@dataclass(frozen=True)
class Point:
    """One promise.

    ``status`` is pass; xfail, for a break that is known; xpass, for one that was
    known and is gone; fail, vacuous, undecided; or error, where nothing could be
    asked.  ``message`` is one line, ``details`` (the race) are many.
    """

    name: str
    status: str
    message: str = ""
    details: str = ""

    @property
    def green(self) -> bool:
        return self.status in GREEN


@dataclass(frozen=True)
class Suite:
    """One spec.  ``facts`` say what was searched, ``seconds`` how long it took."""

    name: str
    points: tuple[Point, ...]
    about: str = ""
    covers: str = ""
    seconds: float = 0.0
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def green(self) -> bool:
        return all(point.green for point in self.points)


def suites(results: Sequence[SpecResult], never: Sequence[str] | None = None) -> list[Suite]:
    """``never`` are the parts of the model that no default spec ever ran."""
    found = [suite(result) for result in results]
    if never:
        point = Point("everything_of_the_model_happens", "vacuous", f"{amount(len(never), 'part')} never happened",
                      "\n".join(never))
        found.append(Suite("all_default_specs", (point,), "Every rule, step and branch happens in some spec."))
    return found


def trouble(text: str) -> list[Suite]:
    """What stands in for a result where there is none: one red point with the reason."""
    return [Suite("vswap", (Point("the_question_can_be_asked", "error", one_line(text)),))]


def suite(result: SpecResult) -> Suite:
    """A spec, with a point for whatever makes its exit code other than 0."""
    points = [Point(verdict.promise, "pass", one_line(verdict.claim), details(verdict)) if result.meant(verdict)
              else point(verdict) for verdict in result.verdicts]
    if result.error is not None:
        points.append(Point("the_question_can_be_asked", "error", one_line(result.error), result.traceback or ""))
    points += [Point(f"{name}_is_run", "vacuous", f"no actor ever starts {name}") for name in result.never]
    if result.stopped is not None and not result.complete:
        points.append(Point("the_search_is_complete", "undecided", one_line(result.stopped)))
    facts = {"scope": result.scope_name, "states": str(result.states), "transitions": str(result.transitions),
             "depth": str(result.depth), "complete": str(result.complete).lower(),
             **{f"design.{name}": value for name, value in result.changed.items()}}
    name = f"{result.spec} by z3" if result.second else result.spec
    return Suite(name, tuple(points), " ".join(subject(result.why).split()),
                 "" if result.error else covers(result), result.seconds, tuple(facts.items()))


def point(verdict: Verdict) -> Point:
    """One verdict, as green or red as the exit code takes it to be."""
    status, message = _status(verdict)
    return Point(verdict.promise, status, one_line(message), details(verdict))


def _status(verdict: Verdict) -> tuple[str, str]:
    length = f" in {amount(verdict.steps, 'step')}" if verdict.steps is not None else ""
    if verdict.verdict == "undecided":
        return "undecided", f"undecided: {verdict.claim}"
    if verdict.surprise is not None:
        if verdict.expected == "broken" and verdict.verdict != "broken":
            return "xpass", f"{verdict.verdict}; {verdict.surprise}"
        return "fail", f"{verdict.verdict}{length}; {verdict.surprise}"
    if verdict.exit == Exit.VACUOUS:
        return "vacuous", f"vacuous: {verdict.claim}"
    if verdict.expected == "broken":
        return "xfail", f"{verdict.verdict}{length}, as expected"
    return "pass", verdict.claim


def details(verdict: Verdict) -> str:
    """The race of a promise that broke, or what the promise says (and where the source breaks it)."""
    if verdict.trace is not None:
        from checker.counterexample.race import race

        return race(verdict.trace)
    in_the_source = verdict.kind == "static" and verdict.verdict == "broken"
    return f"{verdict.doc}\n{verdict.claim}" if in_the_source else verdict.doc


def one_line(text: str) -> str:
    return " ".join(text.split())
