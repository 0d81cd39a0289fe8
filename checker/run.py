# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks specs, one after the other, and keeps what is known whatever happens."""

from __future__ import annotations

import argparse
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from checker.asked import Asked, switches, unusual
from checker.language.errors import LanguageError, ModelError, UsageError
from checker.report.progress import Progress
from checker.report.verdict import Exit, SpecResult, Verdict, judge, judge_bounded, measured
from checker.words import unknown

if TYPE_CHECKING:
    from checker.counterexample.follow import Question
    from checker.counterexample.trace import Trace
    from checker.explicit.result import Coverage, Exploration, Finding
    from checker.language.build import Built
    from checker.language.spec import Broken, Spec
    from checker.symbolic.bounded import Bounded

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Bounds:
    """Where to stop: stored states, bytes, seconds; or at the first promise that breaks.

    With a number of ``steps`` runs of up to so many are searched by z3.  ``threads``
    search at once, or as many as there are processors.  ``checkpoint`` is a folder
    where searches are kept that end early.  ``symmetry``: states that differ in names
    only are visited once.
    """

    max_states: int | None = None
    memory: int | None = None
    seconds: float | None = None
    first: bool = False
    steps: int | None = None
    threads: int | None = None
    checkpoint: str | None = None
    symmetry: bool = False


def bounds_of(arguments: argparse.Namespace, *, first: bool = False) -> Bounds:
    """The limits of a command line."""
    return Bounds(arguments.max_states, arguments.memory, arguments.time, first, threads=arguments.threads)


@dataclass
class Ran:
    """A result, with what it was computed from (None where the spec could not be asked)."""

    result: SpecResult
    question: Question | None = None
    system: Built | None = None
    coverage: Coverage | None = None


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does; a second one of either ends the process at once."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for one in before:
            signal.signal(one, signal.SIG_DFL)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(asked: Asked, names: Sequence[str], bounds: Bounds, *, traces: bool | Sequence[str] = False,
        named: Sequence[str] = ()) -> Iterator[Ran]:
    """One result for each spec, in order, as it is known.

    ``traces``: for each promise that broke unexpectedly; True for every one that
    broke, or a list of those to follow.  ``named`` are names that somebody typed: one that a spec
    does not have is an error, before anything is searched.  An interrupt makes the rest undecided.
    """
    interrupted = False
    for name in names:
        spec = asked.spec(name)
        if interrupted:
            yield Ran(not_asked(spec))
            continue
        ran = one(asked, spec, bounds, traces, named=named)
        interrupted = ran.result.stopped == INTERRUPTED
        yield ran


def not_asked(spec: Spec) -> SpecResult:
    """What is known of a spec whose turn does not come."""
    return SpecResult(spec.name, why=spec.why, stopped="interrupted before it was asked")


def one(asked: Asked, spec: Spec, bounds: Bounds, traces: bool | Sequence[str],
        prepared: Question | None = None, named: Sequence[str] = ()) -> Ran:
    """Asks one spec; whatever goes wrong with it is part of the result.

    ``prepared`` is the spec as it was compiled before, by ``question``.
    """
    result = SpecResult(spec.name, why=spec.why, expected=list(spec.expected))
    progress = Progress(spec.name)
    ran = Ran(result, prepared)
    try:
        _one(asked, spec, bounds, traces, named, ran, progress)
    except KeyboardInterrupt:
        result.stopped, result.complete = INTERRUPTED, False
        result.states, result.transitions, result.depth = progress.states, progress.transitions, progress.depth
        if not result.verdicts and ran.system is not None:
            result.verdicts = _undecided(ran.system, spec, result)
    except (LanguageError, UsageError, ModelError) as error:
        result.error, result.error_exit = str(error), Exit.USAGE
    except ImportError as error:
        result.error, result.error_exit = missing(error), Exit.MISSING
    except MemoryError:
        result.stopped, result.complete, result.starved = "the machine has no memory left", False, True
        if not result.verdicts and ran.system is not None:
            result.verdicts = _undecided(ran.system, spec, result)
    except Exception as error:
        result.error = f"{spec.name}: {type(error).__name__}: {error}"
        result.error_exit = Exit.INTERNAL
        result.traceback = traceback.format_exc()
    finally:
        progress.close()
    return ran


def _one(asked: Asked, spec: Spec, bounds: Bounds, traces: bool | Sequence[str], named: Sequence[str], ran: Ran,
         progress: Progress) -> None:
    from checker.explicit import Limits, explore
    from checker.explicit.memory import within
    from checker.explicit.result import LimitError

    result = ran.result
    if not [*spec.model.rules, *(f for functions in spec.model.operations.values() for f in functions)]:
        result.error = f"the model of spec {spec.name} has neither rules nor operations: nothing was checked"
        result.error_exit = Exit.NOTHING
        return
    if ran.question is None:
        ran.question = question(asked, spec)
    ran.system = system = ran.question.system
    result.scope_name, result.scope, result.design = (
        ran.question.scope["name"], ran.question.scope, ran.question.design)
    result.changed = unusual(asked.design_of(spec))
    if named:
        known(system, spec.name, named)
    if bounds.steps is not None:
        _by_z3(ran, spec, bounds, bounds.steps, traces, progress)
        return
    if bounds.symmetry:
        result.renamed = renamed(system)
    checkpoint = None if bounds.checkpoint is None else Path(bounds.checkpoint, f"{spec.name}.checkpoint")
    try:
        limits = Limits(max_states=bounds.max_states, memory=bounds.memory and within(bounds.memory),
                        seconds=bounds.seconds, threads=bounds.threads)
        found = explore(system, limits=limits, first=bounds.first, progress=progress,
                        symmetry=bounds.symmetry,
                        witnesses=any(_wanted(one.name, traces) for one in system.measures), checkpoint=checkpoint,
                        traced=_traced(system, spec, traces))
    except LimitError as error:
        result.stopped, result.starved = str(error), True
        result.verdicts = _undecided(system, spec, result)
        return
    result.states, result.transitions, result.depth = found.states, found.transitions, found.depth
    result.complete, result.stopped, result.seconds = found.complete, found.stopped, found.seconds
    result.fingerprint, result.starved = found.fingerprint, found.starved
    result.words, result.memory = found.words, found.memory
    result.phases, result.hurried = found.phases, found.hurried
    result.verdicts = judge(system, spec.expected, result.scope_name, found, result.renamed)
    ran.coverage = found.coverage
    if found.complete and not spec.expected:  # a broken design may well end before everything has had its turn
        result.never = never_run(system, found)
    result.measures = measured(system, found)
    follow_all(ran, found.findings, traces)
    follow_measures(ran, found, traces)


def renamed(system: Built) -> list[str]:
    """The sorts whose objects a search with symmetry renames; UsageError where something singles one out."""
    from checker.explicit.group import candidates, told_apart

    if system.run_promises:  # they follow single actors round a loop: the search knows, and renames nothing
        return []
    for sort, pos in told_apart(system).items():
        raise UsageError(f"{pos}: this tells one {sort.name} from another, so that states which differ in the names "
                         f"of {sort.name} objects do not stand for each other: search without --symmetry")
    return [sort.name for sort in candidates(system)]


def _by_z3(ran: Ran, spec: Spec, bounds: Bounds, steps: int, traces: bool | Sequence[str],
           progress: Progress) -> None:
    from checker.symbolic.bounded import SECONDS, bounded

    result, system = ran.result, ran.system
    assert system is not None
    result.engine = "z3"  # whatever happens
    found = bounded(system, steps, seconds=bounds.seconds or SECONDS, memory=bounds.memory, first=bounds.first,
                    progress=progress.steps)
    take_bounded(result, system, spec.expected, found)
    follow_all(ran, found.findings, traces)


def take_bounded(result: SpecResult, system: Built, expected: Mapping[str, Broken], found: Bounded) -> None:
    """Writes what a bounded search found into a result."""
    result.engine = "z3"
    result.depth, result.stopped, result.seconds = found.depth, found.stopped, found.seconds
    if found.everything:
        result.complete, result.depth = True, found.written - 1
        result.states = 0 if found.renamed else found.states
    result.verdicts = judge_bounded(system, expected, result.scope_name, found)


def question(asked: Asked, spec: Spec, merged: frozenset[tuple[str, str]] = frozenset()) -> Question:
    """The spec, compiled as it is asked; ``merged`` are yields that end no step."""
    from checker.counterexample.follow import Question
    from checker.language.build import build

    design, scope = asked.design_of(spec), asked.scope_of(spec)
    system = build(spec, design=design, scope=scope, merged=merged, lemmas=asked.with_lemmas(spec))
    described: dict[str, Any] = {"name": scope.name, "sizes": scope.describe()}
    if scope.failures is not None:
        described["failures"] = sorted(scope.failures)
    return Question(asked.model, spec.name, system, described, switches(design), asked.options())


def known(system: Built, spec: str, promises: Sequence[str]) -> None:
    """UsageError for a name that no promise or measure of the system has."""
    from checker.claims import claims

    names = [*(claim.name for claim in claims(system)), *(measure.name for measure in system.measures)]
    for promise in promises:
        if promise not in names:
            raise UsageError(unknown(f"promise in {spec} with the name", promise, names))


def follow_all(ran: Ran, findings: Mapping[str, Finding], traces: bool | Sequence[str]) -> None:
    """Gives the broken promises their traces."""
    from checker.counterexample.follow import follow

    assert ran.question is not None
    for verdict in ran.result.verdicts:
        wanted = verdict.promise in traces if not isinstance(traces, bool) else traces or verdict.surprise is not None
        if verdict.verdict == "broken" and wanted and verdict.promise in findings:
            verdict.trace = follow(ran.question, findings[verdict.promise])


def _traced(system: Built, spec: Spec, traces: bool | Sequence[str]) -> Callable[[str, int], bool]:
    """Whether ``follow_all`` will ask for the way to a finding."""
    reachable = {promise.name for promise in system.promises if promise.kind == "reachable"}

    def traced(promise: str, depth: int) -> bool:
        if not isinstance(traces, bool):
            return promise in traces
        if promise in reachable:
            return False
        known = spec.expected.get(promise)
        return traces or known is None or (known.steps is not None and known.steps != depth)

    return traced


def _wanted(measure: str, traces: bool | Sequence[str]) -> bool:
    """Whether to follow the ways to the least and the most of a measure."""
    return traces if isinstance(traces, bool) else measure in traces


def follow_measures(ran: Ran, found: Exploration, traces: bool | Sequence[str]) -> None:
    """Gives the measures that were asked for their traces."""
    from checker.counterexample.follow import witness

    assert ran.question is not None
    for one in ran.result.measures:
        extent = found.measures[one.measure]
        if _wanted(one.measure, traces) and extent.least_at is not None and extent.most_at is not None:
            one.witnesses = (witness(ran.question, extent.least_at, extent.least),
                             witness(ran.question, extent.most_at, extent.most))


def main_trace(ran: Ran) -> Trace | None:
    """The race of what the spec is about, or else the shortest of those that were followed."""
    traces = [verdict.trace for verdict in ran.result.verdicts if verdict.trace is not None]
    order = ran.result.expected
    return min(traces, default=None,
               key=lambda t: (order.index(t.promise) if t.promise in order else len(order), len(t.steps)))


def without_race(result: SpecResult, promises: Sequence[str]) -> str | None:
    """The sentence about a promise that the source breaks, so that no run shows it; of all, if none is named."""
    for verdict in result.verdicts:
        if verdict.kind == "static" and verdict.verdict == "broken" and (not promises or verdict.promise in promises):
            return f"{result.spec}: {verdict.promise} is broken in the source, there is no race: {verdict.claim}"
    return None


def _undecided(system: Built, spec: Spec, result: SpecResult) -> list[Verdict]:
    from checker.claims import claims

    reason = f"nothing known: {result.stopped}"
    return [Verdict(promise=claim.name, kind=claim.kind, verdict="undecided", claim=reason, doc=claim.doc,
                    expected="broken" if claim.name in spec.expected else "holds") for claim in claims(system)]


def never_run(system: Built, found: Exploration) -> list[str]:
    """The operations of the scope that no actor ever started."""
    names = {procedure.name for role in system.roles for procedure in role.operations}
    return sorted(name for name in names if not found.coverage.procedures.get(name))


def missing(error: ImportError) -> str:
    """The sentence about a library that is not there."""
    return (f"a needed part is missing: {error.name or error}; 'make check' in a checkout installs everything, "
            "elsewhere use pip install with constraints.txt")
