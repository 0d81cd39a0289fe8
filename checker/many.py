# SPDX-License-Identifier: GPL-2.0-or-later
"""Many specs, some at a time, each in a process of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, TimeoutError, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial

from checker.answers import Answer, answer_of
from checker.asked import Asked
from checker.report.progress import Progress
from checker.run import Bounds, not_asked
from checker.workers import Workers, give_up

TICK = 0.5
"""Seconds between two looks at how far all specs are."""
GRACE = 30.0
"""Seconds for the searches that are under way to come to an end, after an interrupt."""
DIED = "a process that searched has died; was there enough memory? --jobs 1 needs less"


def by_many(asked: Asked, names: Sequence[str], bounds: Bounds, jobs: int, by_z3: bool) -> Iterator[Answer]:
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
                        answer = answer_of(asked, bounds, by_z3, name)
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
    answer = answer_of(asked, bounds, by_z3, name)
    if answer.interrupted:
        give_up()
    return answer
