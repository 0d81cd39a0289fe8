# SPDX-License-Identifier: GPL-2.0-or-later
"""A second verdict: z3 looks at some specs while the exhaustive search looks at all.

Specs say themselves how many steps (``Spec.by_z3``).  What z3 leaves open behind
these is no fault; that it did not get so far is, and that the two engines differ.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from dataclasses import fields
from types import TracebackType
from typing import TYPE_CHECKING

from checker.asked import Asked
from checker.language import ir
from checker.language.spec import Spec
from checker.processors import cores
from checker.report.progress import Progress
from checker.report.second import said
from checker.report.verdict import NO_STEPS_DECIDE, Exit, SpecResult, Verdict
from checker.run import INTERRUPTED, Bounds, Ran, follow_all, missing, question, take_bounded
from checker.words import amount
from checker.workers import beside

if TYPE_CHECKING:
    from checker.counterexample.follow import Question
    from checker.symbolic.bounded import Bounded

SECONDS = 900.0
"""How long z3 may take for one spec, where nobody says anything else: many times what it needs."""
AHEAD = 2
"""So many specs for each core are compiled ahead of their turn."""


class Beside:
    """While entered, z3 is at work on the specs of these names, which all ask for it.

    It gets them as the exhaustive search compiles them, some ahead of their turn so that
    it need not wait.
    """

    def __init__(self, asked: Asked, names: Sequence[str], bounds: Bounds) -> None:
        self.asked, self.names, self.bounds = asked, names, bounds
        self._waiting = deque(names)
        """Those whose turn may still be taken ahead."""
        self._ahead: dict[str, Question] = {}
        """Those that are compiled before it is their turn."""
        self._answers: dict[str, Future[Bounded]] = {}
        self._stack = ExitStack()
        self._pool: ProcessPoolExecutor

    def __enter__(self) -> Beside:
        self._pool = self._stack.enter_context(beside(cores()))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stack.close()

    def question(self, asked: Asked, spec: Spec) -> Question:
        """As ``run.question``: the spec whose turn it is, compiled; and z3 is given enough to do."""
        while self._waiting and sum(not answer.done() for answer in self._answers.values()) < AHEAD * cores():
            name = self._waiting.popleft()
            if name not in self._answers:
                with suppress(Exception):  # what is wrong with it is said when it is its turn
                    self._ahead[name] = self._sent(name)
        if spec.name in self._ahead:
            return self._ahead.pop(spec.name)
        wanted = spec.name in self.names and spec.name not in self._answers
        return self._sent(spec.name) if wanted else question(asked, spec)

    def _sent(self, name: str) -> Question:
        """A spec, compiled, which z3 looks at from now on."""
        spec = self.asked.spec(name)
        found = question(self.asked, spec)
        assert spec.by_z3 is not None
        plain = ir.System(**{part.name: getattr(found.system, part.name) for part in fields(ir.System)})
        self._answers[name] = self._pool.submit(_search, plain, spec.by_z3, self.bounds.seconds or SECONDS,
                                                self.bounds.memory)
        return found

    def results(self, rans: Sequence[Ran]) -> Iterator[SpecResult]:
        """What z3 says, compared with what the exhaustive search has said of the same specs."""
        progress = Progress("by z3")
        of = {ran.result.spec: ran for ran in rans}
        interrupted = any(ran.result.stopped == INTERRUPTED for ran in rans)
        try:
            for number, name in enumerate(self.names):
                progress.parts(number, len(self.names))
                ran = of[name]
                if ran.system is None:
                    continue  # it could not be asked, which has been said
                result = second(ran.result)
                if not interrupted:
                    interrupted = self._take(result, ran, self._answers[name])
                if interrupted:
                    result.stopped = INTERRUPTED
                yield result
        finally:
            progress.close()

    def _take(self, result: SpecResult, ran: Ran, answer: Future[Bounded]) -> bool:
        """Waits for an answer and judges it; True if the wait is interrupted."""
        try:
            found = answer.result()
        except KeyboardInterrupt:
            return True
        except BrokenProcessPool:
            result.stopped = "z3's process has died; was there enough memory?"
        except ImportError as error:
            result.error, result.error_exit = missing(error), Exit.MISSING
        else:
            self._judge(result, ran, found)
        return False

    def _judge(self, result: SpecResult, ran: Ran, found: Bounded) -> None:
        assert ran.system is not None
        take_bounded(result, ran.system, self.asked.spec(result.spec).expected, found)
        known = {verdict.promise for verdict in ran.result.verdicts if verdict.kind not in ("static", "unknown")}
        result.verdicts = [verdict for verdict in result.verdicts if verdict.promise in known]
        compare(ran.result, result)
        try:
            follow_all(Ran(result, ran.question, ran.system), found.findings, traces=False)
        except Exception as error:
            result.error, result.error_exit = f"{result.spec} by z3: {type(error).__name__}: {error}", Exit.INTERNAL
            result.traceback = traceback.format_exc()


def _search(system: ir.System, steps: int, seconds: float, memory: int | None) -> Bounded:
    """Asks one spec; in a worker."""
    from checker.symbolic.bounded import bounded

    return bounded(system, steps, seconds=seconds, memory=memory)


def second(first: SpecResult) -> SpecResult:
    """An empty result for the same question."""
    return SpecResult(first.spec, why=first.why, engine="z3", scope_name=first.scope_name, scope=first.scope,
                      design=first.design, changed=first.changed, expected=first.expected, depth=-1, second=True)


def compare(first: SpecResult, other: SpecResult) -> None:
    """Marks as a surprise whatever z3 (``other``) says and the exhaustive search does not."""
    if first.complete and other.complete and other.states and first.states != other.states:
        other.error_exit = Exit.SURPRISE
        other.error = (f"the two engines differ: z3 finds {amount(other.states, 'state')}, "
                       f"the exhaustive search {amount(first.states, 'state')}")
    first_said = {verdict.promise: verdict for verdict in first.verdicts}
    for verdict in other.verdicts:
        verdict.surprise = verdict.surprise or difference(first_said[verdict.promise], verdict, first, other)


def difference(one: Verdict, other: Verdict, first: SpecResult, second: SpecResult) -> str | None:
    """How z3's verdict differs from the exhaustive search's; None if both may be right."""
    if one.steps == other.steps or no_steps_decide(other):
        return None
    if other.steps is None and (one.steps or 0) > second.depth:
        return None  # z3 has not come so far
    if one.steps is None and not first.complete and first.depth < (other.steps or 0):
        return None  # nor has the exhaustive search
    return f"the two engines differ: {said(one)} in the exhaustive search"


def no_steps_decide(verdict: Verdict) -> bool:
    """Whether z3 was not asked, because no number of steps decides it."""
    return verdict.steps is None and verdict.claim == NO_STEPS_DECIDE
