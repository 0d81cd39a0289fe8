# SPDX-License-Identifier: GPL-2.0-or-later
"""The command repair: which guards, or which steps taken as one, keep a spec's promises."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from checker.asked import Asked, asked_by, shown
from checker.columns import bounds_of_each
from checker.complaints import Complaint
from checker.language.errors import LanguageError, ModelError, UsageError
from checker.language.spec import Design, Spec
from checker.report.output import Output
from checker.report.verdict import Exit, SpecResult, Verdict
from checker.run import Bounds, one, question
from checker.subsets import Smallest, smallest
from checker.words import unknown
from checker.workers import each

E = TypeVar("E")
Place = tuple[str, str]
"""A yield: the function that it is in, and its label."""


@dataclass(frozen=True)
class Trial:
    """What came of one set of changes: promises that break now and did not, or that it cannot be tried at all."""

    works: bool | None
    worse: tuple[str, ...] = ()
    states: int = 0
    refused: str | None = None


@dataclass
class Search(Generic[E]):
    """The sets that were found, and what came of every set that was tried."""

    found: Smallest[E, str]
    trials: dict[frozenset[E], Trial] = field(default_factory=dict)

    @property
    def sets(self) -> list[frozenset[E]]:
        return next(iter(self.found.sets.values()))

    @property
    def refused(self) -> dict[frozenset[E], str]:
        return {one: trial.refused for one, trial in self.trials.items() if trial.refused is not None}


@dataclass
class Repairs:
    """A break, and what removes it.  ``values`` says how each guard is set."""

    before: SpecResult
    broken: list[Verdict]
    values: Mapping[str, str]
    guards: Search[str]
    merges: Search[Place]

    @property
    def exit(self) -> Exit:
        """SURPRISE where everything was tried and nothing helps."""
        if self.guards.sets or self.merges.sets:
            return Exit.AS_EXPECTED
        return Exit.SURPRISE if self.guards.found.decided and self.merges.found.decided else Exit.UNDECIDED


def repair(arguments: argparse.Namespace, output: Output) -> Exit:
    """Tries sets of changes, smallest first, each in a full check."""
    from checker.report.repairs import as_json, text

    asked, words = asked_by(arguments)
    names = [word for word in words if word in asked.specs] or (list(asked.specs) if len(asked.specs) == 1 else [])
    wanted = [word for word in words if word not in asked.specs]
    if len(names) != 1:
        raise UsageError(unknown("spec", wanted[0], asked.specs) if wanted and not names
                         else "repair mends one spec: name it")
    spec = dataclasses.replace(asked.spec(names[0]), expected={})
    bounds = bounds_of_each(arguments)
    design = asked.design_of(spec)
    values = guards(design, arguments.guards)
    (before,) = each(lambda spec: one(asked, spec, bounds, traces=True, named=wanted).result, [spec], arguments.jobs,
                     names[0])
    if before.error is not None:
        raise Complaint(before.error_exit, before.error)
    broken = _broken(before, wanted)
    if not before.complete:
        raise Complaint(Exit.UNDECIDED, f"{spec.name}: {before.stopped}: what breaks is not known")
    if not broken:
        what = f"{' and '.join(wanted)} {'do' if len(wanted) > 1 else 'does'} not break" if wanted else \
            "no promise breaks"
        raise Complaint(Exit.NOTHING, f"{spec.name}: {what}: there is nothing to repair")
    places = merges(broken) if arguments.merge else []
    kept = {v.promise for v in before.verdicts if v.verdict == "holds"}

    def guarded(switches: frozenset[str]) -> Trial:
        changed = dataclasses.replace(asked, switches=(
            *asked.switches, *(f"{name}={values[name]}" for name in values if name in switches)))
        return trial(changed, spec, bounds, [v.promise for v in broken], kept)

    def merged(yields: frozenset[Place]) -> Trial:
        return trial(asked, spec, bounds, [v.promise for v in broken], kept, yields)

    jobs, most = arguments.jobs, arguments.most
    found = Repairs(before, broken, values,
                    search(list(values), guarded, "guards", jobs, most, every=arguments.every),
                    search(places, merged, "merges", jobs, most, largest=arguments.merge))
    output.lines([as_json(found)] if arguments.form == "json" else text(found))
    return found.exit


def guards(design: Design | None, names: Sequence[str]) -> dict[str, str]:
    """The switches that may be set, and to what: back to what is usual, and else on."""
    if design is None:
        if names:
            raise UsageError("this spec has no design: there are no guards to switch on")
        return {}
    found = {}
    for switch in dataclasses.fields(design):
        value = getattr(design, switch.name)
        if switch.default is not dataclasses.MISSING and value != switch.default:
            found[switch.name] = shown(switch.default)
        elif value is False:
            found[switch.name] = "on"
    switches = [switch.name for switch in dataclasses.fields(design)]
    for name in names:
        if name not in switches:
            raise UsageError(unknown("switch", name, switches))
        if name not in found:
            raise UsageError(f"the switch {name} is {shown(getattr(design, name))} in this design, as usual: "
                             "there is nothing to switch on")
    return {name: value for name, value in found.items() if not names or name in names}


def _broken(before: SpecResult, wanted: Sequence[str]) -> list[Verdict]:
    return [v for v in before.verdicts if v.verdict == "broken" and (not wanted or v.promise in wanted)]


def merges(broken: Sequence[Verdict]) -> list[Place]:
    """The yields that an actor of a race has come to: behind each of them others could run."""
    steps = [step for verdict in broken if verdict.trace is not None for step in verdict.trace.steps]
    return list(dict.fromkeys((step.stack[-1], step.label) for step in steps
                              if step.actor is not None and step.label is not None))


def trial(asked: Asked, spec: Spec, bounds: Bounds, broken: Sequence[str], kept: set[str],
          merged: frozenset[Place] = frozenset()) -> Trial:
    """Checks the spec with some changes: first whether the break is still there, then everything."""
    try:
        prepared = question(asked, spec, merged)
    except (LanguageError, UsageError, ModelError) as error:
        return Trial(False, refused=str(error))
    quick = one(asked, spec, dataclasses.replace(bounds, first=True), (), prepared).result
    if any(v.verdict == "broken" and v.promise in broken for v in quick.verdicts):
        return Trial(False)
    result = quick if quick.complete else one(asked, spec, bounds, (), prepared).result
    if result.error is not None or not result.complete:
        return Trial(None, refused=result.error)
    verdicts = {v.promise: v.verdict for v in result.verdicts}
    worse = [name for name, verdict in verdicts.items() if verdict in ("broken", "vacuous") and name in kept]
    return Trial(all(verdicts.get(name, "holds") == "holds" for name in broken), tuple(worse), result.states)


def search(elements: Sequence[E], attempt: Callable[[frozenset[E]], Trial], what: str, jobs: int | None, most: int, *,
           every: bool = False, largest: int | None = None) -> Search[E]:
    """The smallest sets of elements that work."""
    trials: dict[frozenset[E], Trial] = {}

    def ask_all(sets: Sequence[frozenset[E]]) -> Iterator[frozenset[str] | None]:
        for elements, result in zip(sets, each(attempt, sets, jobs, what), strict=True):
            trials[elements] = result
            yield None if result.works is None else frozenset([what] if result.works else [])

    return Search(smallest(elements, [what], ask_all, most, largest=largest, every=every), trials)
