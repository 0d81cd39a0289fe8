# SPDX-License-Identifier: GPL-2.0-or-later
"""What is to be said about each of several specs; of many, in as many processes as there are cores."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, TimeoutError, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from checker.asked import Asked
from checker.beside import second
from checker.report.progress import Progress
from checker.report.verdict import SpecResult
from checker.run import INTERRUPTED, Bounds, not_asked, one
from checker.workers import Workers, give_up

if TYPE_CHECKING:
    from checker.coverage import Passed

TICK = 0.5
"""Seconds between two looks at how far all specs are."""
GRACE = 30.0
"""Seconds for the searches that are under way to come to an end, after an interrupt."""
DIED = "a process that searched has died; was there enough memory? --jobs 1 needs less"


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
        yield from _by_many(asked, names, bounds, jobs, by_z3)
        return
    interrupted = False
    for name in names:
        answer = Answer(not_asked(asked.spec(name))) if interrupted else _answer(asked, bounds, by_z3, name)
        interrupted = interrupted or answer.interrupted
        yield answer


def _answer(asked: Asked, bounds: Bounds, by_z3: bool, name: str) -> Answer:
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


def _by_many(asked: Asked, names: Sequence[str], bounds: Bounds, jobs: int, by_z3: bool) -> Iterator[Answer]:
    """Each process gets its share of the memory; what that is too little for is asked again, alone."""
    from checker.explicit.memory import available

    share = dataclasses.replace(bounds, memory=(bounds.memory or available()) // jobs)
    progress, interrupted = Progress("specs"), False
    with Workers(partial(_in_worker, asked, share, by_z3), names, jobs) as workers:
        try:
            for number, name in enumerate(names):
                answer: Answer | None = None
                try:
                    if not interrupted:
                        _watch(workers.answers, number, progress)
                    answer = workers.answers[number].result(GRACE)
                    if answer is not None and answer.result.starved and not interrupted:
                        workers.finish()
                        answer = _answer(asked, bounds, by_z3, name)
                except KeyboardInterrupt:
                    interrupted = True
                    workers.end()
                    answer = _last(workers.answers[number])
                except (CancelledError, TimeoutError):
                    pass
                except BrokenProcessPool:
                    answer = Answer(dataclasses.replace(not_asked(asked.spec(name)), stopped=DIED))
                yield answer if answer is not None else Answer(not_asked(asked.spec(name)))
        finally:
            progress.close()


def _watch(running: Sequence[Future[Answer | None]], number: int, progress: Progress) -> None:
    """Waits for one of them, and says how far all are."""
    while not wait(running[number:number + 1], timeout=TICK).done:
        progress.parts(sum(one.done() for one in running), len(running))


def _last(answer: Future[Answer | None]) -> Answer | None:
    """What comes of a search that was told to end."""
    try:
        return answer.result(GRACE)
    except (CancelledError, TimeoutError, BrokenProcessPool):
        return None


def _in_worker(asked: Asked, bounds: Bounds, by_z3: bool, name: str) -> Answer:
    answer = _answer(asked, bounds, by_z3, name)
    if answer.interrupted:
        give_up()
    return answer
