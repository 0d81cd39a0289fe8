# SPDX-License-Identifier: GPL-2.0-or-later
"""What is to be said about each of several specs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checker.asked import Asked
from checker.beside import second
from checker.report.verdict import SpecResult
from checker.run import INTERRUPTED, Bounds, not_asked, one

if TYPE_CHECKING:
    from checker.coverage import Passed


@dataclass
class Answer:
    """A spec's result; z3's of the same spec, where that was asked; and what of the source the search has
    ``passed`` (see ``coverage``), where it is complete."""

    result: SpecResult
    second: SpecResult | None = None
    passed: Passed | None = None

    @property
    def interrupted(self) -> bool:
        return INTERRUPTED in (self.result.stopped, self.second.stopped if self.second is not None else None)


def answers(asked: Asked, names: Sequence[str], bounds: Bounds, jobs: int, *, by_z3: bool) -> Iterator[Answer]:
    """One for each spec, in order, as it is known; ``jobs`` specs are searched at a time.

    ``by_z3``: z3 looks at those, too, that ask for it.  An interrupt makes the rest undecided.
    """
    if jobs > 1:
        from checker.many import by_many  # what that needs takes time to load

        yield from by_many(asked, names, bounds, jobs, by_z3)
        return
    interrupted = False
    for name in names:
        answer = Answer(not_asked(asked.spec(name))) if interrupted else answer_of(asked, bounds, by_z3, name)
        interrupted = interrupted or answer.interrupted
        yield answer


def answer_of(asked: Asked, bounds: Bounds, by_z3: bool, name: str) -> Answer:
    """What is to be said about one spec."""
    from checker.coverage import passed

    spec = asked.spec(name)
    ran = one(asked, spec, bounds, False)
    answer = Answer(ran.result)
    if ran.system is not None:
        if ran.coverage is not None and ran.result.complete:
            answer.passed = passed(ran.system, ran.coverage)
        if by_z3 and spec.by_z3 is not None:
            answer.second = second(ran, spec, bounds)
    return answer
