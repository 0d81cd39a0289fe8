# SPDX-License-Identifier: GPL-2.0-or-later
"""The command matrix: every design, and every switch flipped alone, against every promise."""

from __future__ import annotations

import argparse
import dataclasses
import enum
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from checker import costs
from checker.asked import Asked, ask, comparison, flip, shown
from checker.columns import Answer, Asking, Column, Variant, bounds_of_each, column, questions, resolve
from checker.compare import extremes, judged
from checker.complaints import say, write
from checker.language.errors import UsageError
from checker.language.spec import Comparison, Design
from checker.report.output import Output
from checker.report.verdict import Exit, worst
from checker.run import Bounds
from checker.words import unknown
from checker.workers import each

T = TypeVar("T")

SECONDS = 20.0
"""How long the questions of one column may take together, where nobody says how long.

A model's Comparison should ask much less of it: 8 seconds of one core.
"""


@dataclass
class Flip:
    """A switch of a design, set another way; ``changes`` says what comes of it, kind by kind."""

    base: str
    switch: str
    value: str
    column: Column
    changes: dict[str, list[str]] = field(default_factory=dict)
    base_exit: Exit = Exit.AS_EXPECTED


@dataclass
class Matrix:
    """All columns; ``unflipped`` are switches that hold a number, which no single other value stands for.

    ``unasked`` are the columns that there was no time for, as somebody interrupted.
    """

    specs: list[str]
    columns: list[Column]
    flips: list[Flip]
    unflipped: list[str]
    unasked: list[str] = field(default_factory=list)

    @property
    def idle(self) -> list[str]:
        """Switches that change nothing, whichever design they are flipped on, as far as that is known."""
        matter = {one.switch for one in self.flips
                  if one.changes or worst([one.column.exit, one.base_exit]) != Exit.AS_EXPECTED}
        return [] if self.unasked else [
            name for name in dict.fromkeys(one.switch for one in self.flips) if name not in matter]

    @property
    def exit(self) -> Exit:
        codes = [column.exit for column in (*self.columns, *(one.column for one in self.flips))]
        if self.unasked:
            codes.append(Exit.UNDECIDED)
        return worst([*codes, Exit.VACUOUS] if self.idle else codes)


def matrix(arguments: argparse.Namespace, output: Output) -> Exit:
    """AS_EXPECTED where all is decided and every switch changes something."""
    from checker.report.matrix import as_json, text

    asked, words = ask(arguments.words, scope=arguments.scope)
    declared = comparison(asked, resolve(asked, Variant.parse(words[0])) if words else None)
    if not declared.designs:
        raise UsageError("this model has no design: there is nothing to put side by side")
    variants = [Variant.parse(word) for word in words or declared.designs]
    designs = {variant.name: resolve(asked, variant) for variant in variants}
    names = questions(asked, declared, arguments.spec, next(iter(designs.values())))
    for design in designs.values():
        questions(asked, declared, names, design)
    bounds = bounds_of_each(arguments, SECONDS)
    if arguments.output is not None and not arguments.output.endswith(".svg"):
        raise UsageError(f"{arguments.output}: a matrix is drawn as .svg; --json is for programs")
    if arguments.output is not None and not Path(arguments.output).parent.is_dir():
        raise UsageError(f"{arguments.output} cannot be written: there is no such folder")
    wanted = [] if arguments.no_flips else [name for name in (words or declared.flipped) if name in designs]
    found = asked_all(asked, designs, wanted, declared, names, bounds, arguments.jobs, every=arguments.every)
    if not found.columns:
        raise KeyboardInterrupt
    for answered in (*found.columns, *(one.column for one in found.flips)):
        _trouble(answered)
    if arguments.form != "json":
        output.lines(text(found))  # before it is drawn: it took minutes to find out, and a disk may be full
    if arguments.output is not None:
        from checker.report.matrix_svg import drawing

        write(arguments.output, drawing(found))
    if arguments.form == "json":
        output.lines([as_json(found)])
    return found.exit


def asked_all(asked: Asked, designs: Mapping[str, Design], wanted: Sequence[str], declared: Comparison,
              names: list[str], bounds: Bounds, jobs: int | None, *, every: bool) -> Matrix:
    """Every design, and the switches of those in ``wanted``; where somebody interrupts, what was finished by then.

    A switch is asked until it changes something, or with ``every`` all questions.
    """
    found = Matrix(names, [], [], [])
    beside = [one for name in wanted for one in company(Variant.parse(name), designs[name], declared)]
    planned = [one for name in wanted for one in plan(Variant.parse(name), designs[name])]
    planned += [one for _, variant, switch in beside for one in plan(variant, resolve(asked, variant), switch)]
    together = {variant.name: (base, variant) for base, variant, _ in beside}
    variants = [Variant.parse(name) for name in designs]
    found.unasked = [variant.name for variant in variants]
    for answered in until_interrupted(each(lambda one: column(asked, one, names, bounds), variants, jobs, "designs")):
        found.columns.append(answered)
        found.unasked.remove(answered.variant.name)
    if found.unasked:
        return found
    bases = {one.variant.name: one for one in found.columns}
    found.unflipped = sorted({f.name for name in wanted for f in dataclasses.fields(designs[name])}
                             - {switch for _, switch, _, _ in planned})
    found.unasked = [variant.name for _, _, _, variant in planned]

    def in_company(name: str) -> Column:
        """What a switch that needs company is flipped on: asked no more than the switch is."""
        base, variant = together[name]
        return Asking(variant, ask=lambda spec: column(asked, variant, [spec], bounds, like=bases[base]).answers[spec])

    def flipped(one: tuple[str, str, str, Variant]) -> Flip:
        name, switch, value, variant = one
        base = bases[name] if name in bases else in_company(name)
        small = bases[together[name][0] if name in together else name]  # it tells sooner what is searched sooner
        answered = column(asked, variant, sorted(names, key=lambda spec: small.answers[spec].result.states), bounds,
                          like=base, enough=None if every else (
                              lambda spec, answer: bool(changes(base, Column(variant, {spec: answer})))))
        return Flip(name, switch, value, answered, changes(base, answered), base.exit)

    for flip_ in until_interrupted(each(flipped, planned, jobs, "switches")):
        found.flips.append(flip_)
        found.unasked.remove(flip_.column.variant.name)
    return found


def until_interrupted(results: Iterator[T]) -> Iterator[T]:
    """What comes before an interrupt."""
    with suppress(KeyboardInterrupt):
        yield from results


def _trouble(answered: Column) -> None:
    for result in answered.results:
        if result.error is not None:
            say(f"vswap: error: {answered.variant.name}: {result.error}")


def company(base: Variant, design: Design, declared: Comparison) -> Iterator[tuple[str, Variant, str]]:
    """The base of each switch that needs company, where it does not have that: base, variant, switch."""
    for switch, settings in declared.company.items():
        if not hasattr(design, switch):
            raise UsageError(f"Comparison(company=...): {unknown('switch', switch, vars(design))}")
        missing = tuple(f"{name}={shown(value)}" for name, value in settings.items()
                        if getattr(design, name, None) != value)
        if missing:
            yield base.name, Variant(",".join([base.name, *missing]), base.design, (*base.switches, *missing)), switch


def plan(base: Variant, design: Design, only: str | None = None) -> Iterator[tuple[str, str, str, Variant]]:
    """Each switch, or one, set each other way: base, switch, value, and the variant that this is."""
    for one in dataclasses.fields(design):
        if only is not None and one.name != only:
            continue
        for value in others(getattr(design, one.name)):
            setting = f"{one.name}={shown(value)}"
            flip(design, setting, base.name)  # a value that the command line cannot set is refused here
            yield base.name, one.name, shown(value), Variant(f"{base.name},{setting}", base.design,
                                                             (*base.switches, setting))


def others(value: object) -> list[object]:
    """What else a switch could be; nothing for a number."""
    if isinstance(value, bool):
        return [not value]
    return [one for one in type(value) if one is not value] if isinstance(value, enum.Enum) else []


def changes(base: Column, other: Column) -> dict[str, list[str]]:
    """What another column answers differently: verdicts, costs, states, each with the details."""
    found: dict[str, list[str]] = {"verdict": [], "cost": [], "states": []}
    for spec, answer in other.answers.items():
        known = base.answers[spec]
        if answer is known or answer.result.error or known.result.error:
            continue
        found["verdict"] += _verdicts(spec, known, answer)
        if not (known.result.complete and answer.result.complete):
            continue  # what was not searched to the end has no least and no most
        sizes = {m.measure: extremes(m) for m in known.result.measures}
        found["cost"] += [f"{m.measure} {m.least:,} to {m.most:,} in {spec}" for m in answer.result.measures
                          if sizes.get(m.measure) != extremes(m)]
        found["cost"] += [f"{operation} takes {lock} {costs.shown(b)} instead of {costs.shown(a)} times in {spec}"
                          for operation, lock, a, b in costs.differing(known.locks, answer.locks)]
        if other_states(known, answer):
            found["states"].append(f"{answer.result.states:,} instead of {known.result.states:,} in {spec}")
    return {kind: texts for kind, texts in found.items() if texts}


def _verdicts(spec: str, known: Answer, answer: Answer) -> Iterator[str]:
    before = {v.promise: v for v in known.result.verdicts}
    for verdict in answer.result.verdicts:
        sides = judged(before.get(verdict.promise)), judged(verdict)
        if sides[0] == sides[1] or "undecided" in sides:
            continue
        steps = f" in {verdict.steps}" if verdict.verdict == "broken" and verdict.steps is not None else ""
        yield f"{verdict.promise} {verdict.verdict}{steps} in {spec}"


def other_states(known: Answer, answer: Answer) -> bool:
    """Whether complete searches have found different states or transitions."""
    if not (known.result.complete and answer.result.complete):
        return False
    sizes = [(one.result.states, one.result.transitions) for one in (known, answer)]
    return sizes[0] != sizes[1] or (
        known.layout == answer.layout and known.result.fingerprint != answer.result.fingerprint)


def broken_somewhere(columns: Sequence[Column], spec: str) -> list[str]:
    """The promises of a spec that break, or are never reached, in one of these columns."""
    answers = [column.answers[spec] for column in columns if spec in column.answers]
    return list(dict.fromkeys(v.promise for answer in answers for v in answer.result.verdicts
                              if v.verdict in ("broken", "vacuous")))
