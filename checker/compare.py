# SPDX-License-Identifier: GPL-2.0-or-later
"""The command compare: what one design keeps, costs, reaches and does that another does not."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checker.asked import Asked, ask, comparison
from checker.columns import Answer, Column, Variant, bounds_of_each, column, differing, questions, resolve
from checker.complaints import say
from checker.language.errors import UsageError
from checker.language.spec import Comparison, Design
from checker.report.output import Output
from checker.report.verdict import Exit, Measured, Verdict, worst
from checker.run import Bounds
from checker.subsets import Smallest, smallest
from checker.workers import each

if TYPE_CHECKING:
    from checker.prove import Proved

Goal = tuple[str, str]
"""A spec, and a promise or a measure of it."""


@dataclass(frozen=True)
class Pair:
    """A promise or a measure of a spec as both designs have it; None where a design has no such promise."""

    spec: str
    name: str
    one: Verdict | None
    other: Verdict | None


@dataclass(frozen=True)
class Sizes:
    """A measure as both designs have it."""

    spec: str
    name: str
    one: Measured
    other: Measured


@dataclass(frozen=True)
class Word:
    """A claim about a machine word that is refuted for one design only; None where the other one's is not asked."""

    word: str
    one: Proved | None
    other: Proved | None


@dataclass
class Compared:
    """All that tells two designs apart.

    ``later`` are promises that both break, one of them sooner.  ``only`` is what
    --only has found.  ``fields`` are those whose values are compared.
    """

    columns: tuple[Column, Column]
    switches: Mapping[str, tuple[str, str]]
    fields: Sequence[str]
    promises: list[Pair] = field(default_factory=list)
    later: list[Pair] = field(default_factory=list)
    measures: list[Sizes] = field(default_factory=list)
    only: Smallest[str, Goal] | None = None
    words: list[Word] = field(default_factory=list)

    @property
    def specs(self) -> list[str]:
        return list(self.columns[0].answers)

    def answers(self, spec: str) -> tuple[Answer, Answer]:
        return self.columns[0].answers[spec], self.columns[1].answers[spec]

    @property
    def exit(self) -> Exit:
        codes = [one.exit for one in self.columns]
        if self.only is not None and not self.only.decided:
            codes.append(Exit.UNDECIDED)
        codes += [one.exit for word in self.words for one in (word.one, word.other)
                  if one is not None and one.verdict in ("undecided", "error")]
        return worst(codes)


def compare(arguments: argparse.Namespace, output: Output) -> Exit:
    """Asks both designs the same questions; AS_EXPECTED where all is decided, whatever differs."""
    from checker.report.comparison import as_json, text

    asked, words = ask(arguments.words, scope=arguments.scope)
    if len(words) != 2:
        raise UsageError(f"compare takes two designs, not {len(words)}: vswap compare A B")
    variants = Variant.parse(words[0]), Variant.parse(words[1])
    designs = resolve(asked, variants[0]), resolve(asked, variants[1])
    switches = differing(*designs)
    if not switches:
        raise UsageError(f"{words[0]} and {words[1]} are the same design: every switch is set alike")
    declared = comparison(asked, designs[0])
    names = questions(asked, declared, arguments.spec, designs[0])
    fields = arguments.quotient.split(",") if arguments.quotient else list(declared.quotient)
    bounds = bounds_of_each(arguments)
    promises = [f.__name__ for name in names for f in asked.spec(name).promises]

    def one(variant: Variant) -> Column:
        return column(asked, variant, names, bounds, traces=Everything(promises), fields=[f.strip() for f in fields])

    left, right = each(one, variants, arguments.jobs, "designs")
    found = put_together((left, right), switches, fields)
    found.words = words_that_differ(asked, declared, designs_alone(asked, variants), arguments.time)
    if arguments.only:
        found.only = carriers(asked, found, bounds, arguments.most, arguments.jobs)
    for result in (*left.results, *right.results):
        _said(result.error)
    output.lines([as_json(found)] if arguments.form == "json" else text(found))
    return found.exit


def designs_alone(asked: Asked, variants: tuple[Variant, Variant]) -> tuple[Design, Design]:
    """The designs without the switches that are set beside them: none of these is about words."""
    return resolve(asked, Variant.parse(variants[0].design)), resolve(asked, Variant.parse(variants[1].design))


def words_that_differ(asked: Asked, declared: Comparison, designs: tuple[Design, Design],
                      seconds: float | None) -> list[Word]:
    """The claims about words of the same name that one design refutes, and the other does not."""
    specs = [next((dict(words) for name, words in declared.words.items() if declared.designs[name] == design), {})
             for design in designs]
    called = [name for name in specs[0] if name in specs[1] and specs[0][name] is not specs[1][name]]
    if not called:
        return []
    from checker.prove import SECONDS, Halt, decided

    wanted = [dataclasses.replace(side[name], name=name) for side in specs for name in called]
    results = list(decided(wanted, seconds or SECONDS, Halt()))
    found = []
    for name, one, other in zip(called, results[:len(called)], results[len(called):], strict=True):
        claims = [{proved.claim: proved for proved in result.proved} for result in (one, other)]
        for claim in dict.fromkeys((*claims[0], *claims[1])):
            pair = claims[0].get(claim), claims[1].get(claim)
            verdicts = ["holds" if proved is None else proved.verdict for proved in pair]
            if verdicts[0] != verdicts[1]:
                found.append(Word(name, *pair))
    return found


class Everything(list[str]):
    """Names of promises to follow, assertions and what is always promised among them, but no measures."""

    def __contains__(self, name: object) -> bool:
        return True


def _said(error: str | None) -> None:
    if error is not None:
        say(f"vswap: error: {error}")


def put_together(columns: tuple[Column, Column], switches: Mapping[str, tuple[str, str]],
                 fields: Sequence[str]) -> Compared:
    """Puts the answers of two designs side by side and keeps what differs."""
    found = Compared(columns, switches, fields)
    for spec in found.specs:
        one, other = (answer.result for answer in found.answers(spec))
        verdicts = [{v.promise: v for v in result.verdicts} for result in (one, other)]
        for name in dict.fromkeys((*verdicts[0], *verdicts[1])):
            pair = Pair(spec, name, verdicts[0].get(name), verdicts[1].get(name))
            if judged(pair.one) != judged(pair.other):
                found.promises.append(pair)
            elif judged(pair.one) == "broken" and pair.one.steps != pair.other.steps:  # type: ignore[union-attr]
                found.later.append(pair)
        if not (one.complete and other.complete):
            continue  # what was not searched to the end has no least and no most
        sizes = {m.measure: m for m in other.measures}
        found.measures += [Sizes(spec, m.measure, m, sizes[m.measure]) for m in one.measures
                           if m.measure in sizes and extremes(m) != extremes(sizes[m.measure])]
    return found


def judged(verdict: Verdict | None) -> str:
    """What is told apart: a promise that a design does not make, an assertion behind a switch, cannot break."""
    return "holds" if verdict is None else verdict.verdict


def extremes(measured: Measured) -> tuple[int, int]:
    return measured.least, measured.most


def carriers(asked: Asked, found: Compared, bounds: Bounds, most: int, jobs: int | None) -> Smallest[str, Goal]:
    """The smallest sets of switches that, set as in the second design, make the first one answer like it."""
    first = found.columns[0].variant
    wanted: dict[Goal, object] = {(p.spec, p.name): judged(p.other) for p in found.promises
                                  if "undecided" not in (judged(p.one), judged(p.other))}
    wanted |= {(m.spec, m.name): extremes(m.other) for m in found.measures}
    names = list(dict.fromkeys(spec for spec, _ in wanted))

    def reached(switches: frozenset[str]) -> frozenset[Goal] | None:
        settings = [f"{name}={after}" for name, (_, after) in found.switches.items() if name in switches]
        variant = Variant(",".join([first.name, *settings]), first.design, (*first.switches, *settings))
        asked_ = column(asked, variant, names, bounds, like=found.columns[0])
        if asked_.exit != Exit.AS_EXPECTED:
            return None
        known: dict[Goal, object] = {(spec, m.measure): extremes(m) for spec, answer in asked_.answers.items()
                                     for m in answer.result.measures}
        known |= {(spec, v.promise): v.verdict for spec, answer in asked_.answers.items()
                  for v in answer.result.verdicts}
        return frozenset(goal for goal, value in wanted.items() if known.get(goal, "holds") == value)

    def ask_all(sets: Sequence[frozenset[str]]) -> Iterator[frozenset[Goal] | None]:
        return each(reached, sets, jobs, "sets of switches")

    return smallest(list(found.switches), wanted, ask_all, most)
