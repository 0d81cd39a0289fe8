# SPDX-License-Identifier: GPL-2.0-or-later
"""One design, asked every question of a comparison: what can be put beside another design."""

from __future__ import annotations

import argparse
import dataclasses
import gc
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checker.asked import Asked, designs, flip, shown
from checker.costs import Counts, locks
from checker.coverage import taken
from checker.explicit.result import Limits
from checker.language.errors import UsageError
from checker.language.spec import Comparison, Design, Spec
from checker.processors import cores
from checker.report.verdict import Exit, SpecResult, worst
from checker.run import INTERRUPTED, Bounds, one
from checker.words import unknown

if TYPE_CHECKING:
    from checker.language import ir


@dataclass(frozen=True)
class Variant:
    """A design as a command line names it: ``NAME`` or ``NAME,SWITCH=VALUE,...``."""

    name: str
    design: str
    switches: tuple[str, ...] = ()

    @staticmethod
    def parse(word: str) -> Variant:
        name, *switches = word.split(",")
        return Variant(word, name, tuple(switches))


@dataclass(frozen=True)
class Machine:
    """The values of the fields of one object, and which procedures lead from one to another."""

    values: frozenset[str]
    arrows: frozenset[tuple[str, str, str]]
    stopped: str | None = None


@dataclass
class Answer:
    """One question under one design.

    ``steps`` are those that it takes, in words, ``locks`` how many a run of each
    operation takes; ``layout`` is the same for two
    designs whose fingerprints can be compared.  ``switches`` are those that this
    question looks at: a design that has other ones set another way answers the same.
    """

    result: SpecResult
    steps: tuple[str, ...] = ()
    locks: dict[str, Counts] = field(default_factory=dict)
    layout: str = ""
    switches: frozenset[str] = frozenset()
    machine: Machine | None = None


@dataclass
class Column:
    """What one design answers, by the names of the specs."""

    variant: Variant
    answers: dict[str, Answer] = field(default_factory=dict)

    def answer(self, spec: str) -> Answer:
        """What it says to one question."""
        return self.answers[spec]

    @property
    def results(self) -> list[SpecResult]:
        return [answer.result for answer in self.answers.values()]

    @property
    def exit(self) -> Exit:
        """Whether everything is decided; what breaks is what the table is for."""
        codes = [result.error_exit for result in self.results if result.error is not None]
        if any(not result.complete for result in self.results if result.error is None):
            codes.append(Exit.UNDECIDED)
        return worst(codes)


@dataclass
class Asking(Column):
    """A column that asks a question when somebody wants the answer."""

    ask: Callable[[str], Answer] = field(kw_only=True)

    def answer(self, spec: str) -> Answer:
        if spec not in self.answers:
            self.answers[spec] = self.ask(spec)
        return self.answers[spec]


def bounds_of_each(arguments: argparse.Namespace, seconds: float | None = None) -> Bounds:
    """The limits of the command line, or ``seconds``; each of the processes gets its share of the memory."""
    memory = arguments.memory
    if memory is None:
        from checker.explicit.memory import available

        memory = available()
    jobs = cores() if arguments.jobs is None else arguments.jobs
    threads = arguments.threads or max(1, cores() // jobs)
    return Bounds(arguments.max_states, memory // jobs, seconds if arguments.time is None else arguments.time,
                  threads=threads)


def resolve(asked: Asked, variant: Variant) -> Design:
    """The design that a variant stands for; UsageError for one that does not exist."""
    known = designs(asked.specs.values())
    if variant.design not in known:
        raise UsageError(unknown("design", variant.design, known))
    design = known[variant.design]
    for switch in variant.switches:
        design = flip(design, switch, variant.design)
    return design


def differing(before: Design, after: Design) -> dict[str, tuple[str, str]]:
    """The switches in which two designs differ, with both values; UsageError if they are of two models."""
    if type(before) is not type(after):
        raise UsageError(f"a {type(before).__name__} and a {type(after).__name__} are designs of different models: "
                         "they have no switches in common")
    pairs = {f.name: (shown(getattr(before, f.name)), shown(getattr(after, f.name)))
             for f in dataclasses.fields(before)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def questions(asked: Asked, compared: Comparison, names: Sequence[str], design: Design) -> list[str]:
    """The specs whose questions are asked: those named, or those of the comparison.

    UsageError where there are none, or where one is not about designs of this kind.
    """
    found = [asked.spec(name).name for name in names] or [_name(asked, spec) for spec in compared.specs]
    if not found:
        raise UsageError("no spec is about a design: name one with --spec")
    for name in found:
        own = asked.spec(name).design
        if type(own) is not type(design):
            raise UsageError(f"spec {name} is about {'a ' + type(own).__name__ if own else 'no design'}, "
                             f"and a {type(design).__name__} was named")
        asked.scope_of(asked.spec(name))
    return list(dict.fromkeys(found))


def _name(asked: Asked, spec: Spec) -> str:
    """How a spec of a comparison is known; specs are named when they are loaded."""
    for name, known in asked.specs.items():
        if dataclasses.replace(spec, name=name) == known:
            return name
    raise UsageError(f"a Comparison asks a spec that is no variable of the model: {' '.join(spec.why.split())!r}")


@contextmanager
def without_collector() -> Iterator[None]:
    """Compiling makes many objects and no garbage worth looking for: a sixth of the time of a small search."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@without_collector()
def column(asked: Asked, variant: Variant, names: Sequence[str], bounds: Bounds, *,
           traces: bool | Sequence[str] = (), fields: Sequence[str] = (), like: Column | None = None,
           enough: Callable[[str, Answer], bool] | None = None) -> Column:
    """Asks a design the questions of these specs; ``bounds.seconds`` is for all of them together.

    No trace is followed but for the promises in ``traces``.  With ``fields`` each answer has the state machine of
    an object's fields, too.
    Where no switch matters that differs from the column ``like``, its answer is taken.
    Behind an answer that is ``enough`` nothing more is searched.
    """
    specs = {name: dataclasses.replace(spec, expected={}) if name in names else spec
             for name, spec in asked.specs.items()}
    changed = dataclasses.replace(asked, specs=specs, design=variant.design, switches=variant.switches)
    made, began, told = Column(variant), time.monotonic(), False
    others = differing(resolve(asked, like.variant), resolve(asked, variant)) if like is not None else {}
    for name in names:
        known = None if like is None else like.answers.get(name) if told else like.answer(name)
        if known is not None and known.result.complete and not known.switches & others.keys():
            made.answers[name] = known
            continue
        if told:
            continue
        left = None if bounds.seconds is None else max(0.01, bounds.seconds - (time.monotonic() - began))
        ran = one(changed, specs[name], dataclasses.replace(bounds, seconds=left), traces)
        answer = made.answers[name] = Answer(ran.result)
        if ran.system is not None and ran.coverage is not None:
            answer.steps = tuple(taken(ran.system, ran.coverage))
            answer.locks = locks(ran.system, ran.coverage)
            answer.layout = _layout(ran.system)
            answer.switches = frozenset(ran.system.binding.switches)
            if fields:
                answer.machine = machine(ran.system, fields, Limits(seconds=bounds.seconds, memory=bounds.memory))
        if ran.result.stopped == INTERRUPTED:
            raise KeyboardInterrupt
        told = enough is not None and enough(name, answer)
    return made


def machine(system: ir.System, fields: Sequence[str], limits: Limits) -> Machine:
    """What the fields of one object do; UsageError for fields that do not go together."""
    from checker.counterexample.quotient import quotient

    found = quotient(system, fields, limits)
    arrows = frozenset((old, new, procedure) for old, new, procedure in found.graph.edges(keys=True))
    return Machine(frozenset(found.graph.nodes), arrows, found.stopped)


def _layout(system: ir.System) -> str:
    text = repr([(f.name, f.dims, f.type) for f in system.fields])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
