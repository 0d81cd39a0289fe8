# SPDX-License-Identifier: GPL-2.0-or-later
"""The command matrix: every design, and every switch flipped alone, against every promise."""

from __future__ import annotations

import argparse
import dataclasses
import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from checker import costs
from checker.asked import ask, comparison, flip, shown
from checker.columns import Answer, Column, Variant, bounds_of, column, questions, resolve
from checker.compare import extremes, judged
from checker.language.errors import UsageError
from checker.language.spec import Design
from checker.report.output import Output
from checker.report.verdict import Exit, worst
from checker.workers import each

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


@dataclass
class Matrix:
    """All columns; ``unflipped`` are switches that hold a number, which no single other value stands for."""

    specs: list[str]
    columns: list[Column]
    flips: list[Flip]
    unflipped: list[str]

    @property
    def idle(self) -> list[str]:
        """Switches that change nothing, whichever design they are flipped on, as far as that is known."""
        bases = {column.variant.name: column for column in self.columns}
        matter = {one.switch for one in self.flips
                  if one.changes or worst([one.column.exit, bases[one.base].exit]) != Exit.AS_EXPECTED}
        return [name for name in dict.fromkeys(one.switch for one in self.flips) if name not in matter]

    @property
    def exit(self) -> Exit:
        codes = [column.exit for column in (*self.columns, *(one.column for one in self.flips))]
        return worst([*codes, Exit.VACUOUS] if self.idle else codes)


def matrix(arguments: argparse.Namespace, output: Output) -> Exit:
    """AS_EXPECTED where all is decided and every switch changes something."""
    from checker.report.matrix import as_json, text

    asked, words = ask(arguments.words, scope=arguments.scope)
    declared = comparison(asked)
    if not declared.designs:
        raise UsageError("this model has no design: there is nothing to put side by side")
    variants = [Variant.parse(word) for word in words or declared.designs]
    designs = {variant.name: resolve(asked, variant) for variant in variants}
    names = questions(asked, declared, arguments.spec, next(iter(designs.values())))
    for design in designs.values():
        questions(asked, declared, names, design)
    bounds = bounds_of(arguments, SECONDS)
    if arguments.output is not None and not arguments.output.endswith(".svg"):
        raise UsageError(f"{arguments.output}: a matrix is drawn as .svg; --json is for programs")
    columns = list(each(lambda one: column(asked, one, names, bounds), variants, arguments.jobs, "designs"))
    wanted = [] if arguments.no_flips else [name for name in (words or declared.flipped) if name in designs]
    bases = {name: columns[list(designs).index(name)] for name in wanted}
    planned = [one for name in bases for one in plan(Variant.parse(name), designs[name])]

    def flipped(one: tuple[str, str, str, Variant]) -> Column:
        return column(asked, one[3], names, bounds, like=bases[one[0]])

    flips = [Flip(base, switch, value, answered, changes(bases[base], answered)) for (base, switch, value, _), answered
             in zip(planned, each(flipped, planned, arguments.jobs, "switches"), strict=True)]
    unflipped = sorted({f.name for name in bases for f in dataclasses.fields(designs[name])}
                       - {one.switch for one in flips})
    found = Matrix(names, columns, flips, unflipped)
    for answered in (*columns, *(one.column for one in flips)):
        _trouble(answered)
    if arguments.output is not None:
        from checker.drawing import write
        from checker.report.matrix_svg import drawing

        write(arguments.output, drawing(found))
    output.lines([as_json(found)] if arguments.form == "json" else text(found))
    return found.exit


def _trouble(answered: Column) -> None:
    from checker.commands import say

    for result in answered.results:
        if result.error is not None:
            say(f"vswap: error: {answered.variant.name}: {result.error}")


def plan(base: Variant, design: Design) -> Iterator[tuple[str, str, str, Variant]]:
    """Each switch set each other way: base, switch, value, and the variant that this is."""
    for one in dataclasses.fields(design):
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
    return list(dict.fromkeys(v.promise for c in columns for v in c.answers[spec].result.verdicts
                              if v.verdict in ("broken", "vacuous")))
