# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs that never end, in the raw reading: what is fair, whether a loop is, what is owed on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from checker.language import ir
from checker.language.context import binding
from checker.language.errors import ModelError
from checker.language.suspended import shown
from checker.language.verbs import Leads

if TYPE_CHECKING:
    from checker.language.raw import Configuration, Raw, Transition

LOOK_AHEAD = 5000
"""How many states are looked at to tell what can never be reached."""


@dataclass(frozen=True)
class Broken:
    """Why a run breaks a promise: the values of its parameters, since when something is owed (a number of a
    configuration), and in sentences why the run is fair."""

    given: tuple[tuple[str, str], ...]
    values: tuple[Any, ...]
    part: ir.RunPart
    since: int
    fair: tuple[str, ...] = ()


class Fair:
    """What is fair in a system, numbered as the search does: the actors, then each fair rule with its parameters."""

    def __init__(self, raw: Raw) -> None:
        self.names = [name for _, _, name in raw.actors]
        self.rules: dict[tuple[str, ...], int] = {}
        for lowered in raw.system.lowered_rules:
            with binding(raw.system.binding):
                ways = list(raw.parameters(lowered)) if lowered.procedure.fair else []
            for params in ways:
                values = tuple(shown(value) for value in params)
                self.rules[lowered.procedure.name, *values] = len(self.names)
                self.names.append(f"{lowered.procedure.name}({', '.join(values)})")
        self.actors = len(raw.actors)

    def label(self, transition: Transition) -> int | None:
        """The number of what is fair about a transition: the start of an operation is nothing."""
        if transition.actor is not None:
            return None if transition.starts else transition.actor
        return self.rules.get((transition.procedure, *transition.params.values()))

    def enabled(self, transitions: Sequence[Transition]) -> set[int]:
        """What of it can happen."""
        return {label for one in transitions if (label := self.label(one)) is not None}


def owing(raw: Raw, promise: ir.RunPromise) -> Iterator[tuple[ir.RunPart, tuple[Any, ...]]]:
    """Each part of a promise with the values of its parameters."""
    with binding(raw.system.binding):
        for part, scalars in zip(promise.parts, raw.system.run_parameters[promise.name], strict=True):
            for values in product(*([one.decode(k) for k in range(one.type.card)] for one in scalars)):
                yield part, values


def owed(raw: Raw, promise: ir.RunPromise, given: tuple[Any, ...], configuration: Configuration) -> Leads:
    """What the author's promise about runs says of one configuration."""
    found = raw.ask(promise.name, configuration, None, *given)
    return found if isinstance(found, Leads) else Leads(True, bool(found))


def _ask(raw: Raw, promise: ir.RunPromise, given: tuple[Any, ...], configuration: Configuration, unasked: Leads
         ) -> Leads:
    """The same; ``unasked`` where it reads through None, or the like."""
    try:
        return owed(raw, promise, given, configuration)
    except (ModelError, ValueError, ZeroDivisionError):
        return unasked


def lasso(raw: Raw, promise: ir.RunPromise, configurations: Sequence[Configuration], taken: Sequence[Transition],
          loop: int | None) -> Broken | None:
    """Why a run breaks a promise that is @progress; None if it does not.

    The run goes round from configuration ``loop`` to the last one for ever, or stops at the last.
    """
    last = len(configurations) - 1
    first = last if loop is None else loop
    if configurations[first].vector != configurations[last].vector or first > last or loop == last:
        return None
    why = _fair(raw, promise.fair, configurations[first:], taken[first:] if loop is not None else ())
    if why is None:
        return None
    for part, values in list(owing(raw, promise)):
        states = [_ask(raw, promise, values, one, Leads(False, True)) for one in configurations]
        came = max((k for k, state in enumerate(states) if state.ends), default=-1)
        since = next((k for k in range(came + 1, last + 1) if states[k].begins), None)
        if came < first and since is not None:
            return Broken(_given(part, values), values, part, since, why)
    return None


def _given(part: ir.RunPart, values: tuple[Any, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(zip(part.params, map(shown, values), strict=True))


def _fair(raw: Raw, fairness: str, states: Sequence[Configuration], taken: Sequence[Transition]
          ) -> tuple[str, ...] | None:
    """Why it is fair to stay in these states for ever; None if it is not."""
    fair = Fair(raw)
    steps = [raw.successors(one) for one in (states[:-1] if taken else states)]
    if not taken and fairness == "none":
        return () if not steps[0] else None
    if fairness == "none":
        return ()
    moved = {fair.label(one) for one in taken}
    able = [fair.enabled(one) for one in steps]
    always, ever = set.intersection(*able), set.union(*able)
    if (always if fairness == "weak" else ever) - moved or (not taken and ever):
        return None
    if not taken:
        return ()
    said = []
    for number, name in enumerate(fair.names):
        if number in moved or (number >= fair.actors and number not in ever):
            continue
        now = states[0].actors[number] if number < fair.actors else None
        if number < fair.actors and now is None:
            continue
        verb = "move" if number < fair.actors else "happen"
        said.append(f"{name} can {verb} only now and then." if number in ever else f"{name} can never {verb}.")
    return tuple(said)


def unreachable(raw: Raw, promise: ir.RunPromise, here: Configuration) -> Broken | None:
    """Why a promise that is @can_always_reach is broken in a state: no way leads to where it wants to get.

    Looks at no more than LOOK_AHEAD states, as the search has looked at all of them.
    """
    left, nothing = list(owing(raw, promise)), Leads(False, False)
    seen = {here.vector}
    queue = [here]
    for one in queue:
        left = [(part, values) for part, values in left if not _ask(raw, promise, values, one, nothing).ends]
        if not left or len(seen) > LOOK_AHEAD:
            break
        for transition in raw.successors(one):
            if transition.target is not None and transition.target.vector not in seen:
                seen.add(transition.target.vector)
                queue.append(transition.target)
    if not left:
        return None
    part, values = left[0]
    return Broken(_given(part, values), values, part, 0)
