# SPDX-License-Identifier: GPL-2.0-or-later
"""KTAP, the kernel's own test protocol (Documentation/dev-tools/ktap.rst): promises nested in specs.

A known break is ``ok ... # XFAIL``; one that no longer breaks is ``not ok ... # XPASS``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checker.report.points import Point, Suite

VERSION = "KTAP version 1"
DIRECTIVE = {"xfail": "XFAIL", "xpass": "XPASS", "undecided": "ERROR", "error": "ERROR"}


def ktap(suites: Sequence[Suite]) -> str:
    """The whole report."""
    return "\n".join([VERSION, f"1..{len(suites)}", *_suites(suites)])


def _suites(suites: Sequence[Suite]) -> Iterator[str]:
    for number, suite in enumerate(suites, 1):
        yield f"  {VERSION}"
        yield f"  # Subtest: {_plain(suite.name)}"
        yield f"  1..{len(suite.points)}"
        for text in (suite.about, suite.covers):
            if text:
                yield f"  # {_plain(text)}"
        for place, point in enumerate(suite.points, 1):
            yield from (f"  {line}" for line in _point(place, point))
        yield f"{'ok' if suite.green else 'not ok'} {number} {_plain(suite.name)}"


def _point(number: int, point: Point) -> Iterator[str]:
    if not point.green:  # in KTAP the diagnosis comes before the result
        yield from (f"# {line}".rstrip() for line in [point.message, *point.details.splitlines()])
    result = f"{'ok' if point.green else 'not ok'} {number} {_plain(point.name)}"
    yield f"{result} # {DIRECTIVE[point.status]} {_plain(point.message)}" if point.status in DIRECTIVE else result


def _plain(text: str) -> str:
    """Without what would begin a directive."""
    return " ".join(text.replace("#", " ").split())
