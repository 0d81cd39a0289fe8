# SPDX-License-Identifier: GPL-2.0-or-later
"""From what a search reports to a trace, and from a replay key to the same trace.

The raw reading is the referee: it walks the way again, and where it cannot, or
where the promise turns out to be kept, the search was wrong (Disagreement).
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from checker.claims import Claim, claims, first_line, witnesses
from checker.counterexample.asserted import asserted
from checker.counterexample.clause import Clause, why
from checker.counterexample.contents import Contents
from checker.counterexample.evaluate import Evaluator, element
from checker.counterexample.key import Key, model_hash
from checker.counterexample.lasso import LOOK_AHEAD, Fair, lasso, owed, owing, unreachable
from checker.counterexample.trace import Change, Standing, Step, Trace, Wait, Witness
from checker.language import ir
from checker.language.errors import ModelError, UsageError
from checker.language.records import first_code
from checker.language.suspended import code_of
from checker.language.types import LockT
from checker.language.waiting import waiting

if TYPE_CHECKING:
    from checker.explicit.result import Finding
    from checker.language.build import Built
    from checker.language.raw import Configuration, Raw, Transition

class Disagreement(Exception):
    """The raw reading does not do what the search says: a bug of the checker."""


@dataclass(frozen=True)
class Question:
    """What a trace is about: one spec, as it was asked.

    ``options`` are the words of the command line that a replay needs again.
    """

    model: str
    spec: str
    system: Built
    scope: dict[str, Any]
    design: dict[str, Any]
    options: tuple[str, ...] = ()


@dataclass
class _Walk:
    """A run of the raw reading, in the making."""

    initial: int
    configurations: list[Configuration]
    taken: list[tuple[int, Transition]] = field(default_factory=list)
    loop: int | None = None

    @property
    def here(self) -> Configuration:
        return self.configurations[-1]

    def contents(self, system: ir.System) -> list[Contents]:
        """Names for the contents of each configuration."""
        made = [Contents.of(system, self.configurations[0].cells)]
        for configuration in self.configurations[1:]:
            made.append(made[-1].after(system, configuration.cells))
        return made

    def take(self, number: int, transition: Transition) -> None:
        self.taken.append((number, transition))
        if transition.target is not None:
            self.configurations.append(transition.target)


def follow(question: Question, finding: Finding) -> Trace:
    """The trace of a promise that a search found broken (or of a state that it found reached)."""
    from checker.language.raw import Raw

    raw = Raw(question.system)
    claim = _claim(question.system, finding.promise)
    walk = _start(raw, finding.path[0])
    fair = Fair(raw) if finding.loop is not None else None
    for k in range(finding.depth):
        vector = finding.path[k + 1] if k + 1 < len(finding.path) else None
        move = finding.moves[k] if finding.moves else None
        inside = fair is not None and finding.loop is not None and k >= finding.loop
        wanted = (fair, finding.labels[k - (finding.loop or 0)]) if fair is not None and inside else None
        number, transition = _choose(raw, walk, vector, move, finding.promise, wanted, last=k == finding.depth - 1)
        walk.take(number, transition)
    walk.loop = finding.loop
    return _trace(question, raw, claim, walk, minimal=True)


def witness(question: Question, finding: Finding, value: int) -> Witness:
    """The trace to a state that a measure has this value in."""
    trace = follow(question, finding)
    if not isinstance(trace, Witness) or trace.value != value:
        raise Disagreement(f"{finding.promise} is {value} for the search, and not in the raw reading")
    return trace


def _claim(system: ir.System, name: str) -> Claim:
    for claim in [*claims(system), *witnesses(system)]:
        if claim.name == name:
            return claim
    raise Disagreement(f"the search reports {name}, which this system does not promise")


def _start(raw: Raw, vector: Sequence[int]) -> _Walk:
    for number, configuration in enumerate(raw.initial()):
        if configuration.vector == tuple(vector):
            return _Walk(number, [configuration])
    raise Disagreement("the search starts in a state that is not initial")


def _choose(raw: Raw, walk: _Walk, vector: Sequence[int] | None, move: tuple[str, int | None] | None,
            promise: str, fair: tuple[Fair, int | None] | None = None, *, last: bool) -> tuple[int, Transition]:
    """The transition that leads where the search went; of several, the one it names or that goes on."""
    current = next((t.actor for _, t in reversed(walk.taken) if t.actor is not None), None)
    best: tuple[tuple[bool, ...], int, Transition] | None = None
    for number, transition in enumerate(raw.successors(walk.here)):
        target = transition.target.vector if transition.target is not None else None
        if target != (tuple(vector) if vector is not None else None):
            continue
        if target is None and promise not in transition.broken and transition.error is None:
            continue
        merits = (fair is not None and fair[0].label(transition) == fair[1],
                  last and promise in transition.broken,
                  move is not None and move == (transition.procedure, transition.actor),
                  transition.actor is not None and transition.actor == current)
        if best is None or merits > best[0]:
            best = merits, number, transition
    if best is None:
        what = "an error" if vector is None else "the next state"
        raise Disagreement(f"the raw reading cannot make step {len(walk.taken) + 1} of a trace for {promise}: "
                           f"no transition leads to {what}")
    return best[1], best[2]


def replay(question: Question, key: Key) -> Trace:
    """The trace that a key stands for; UsageError if the key is of another model.

    Whether it still shows a break is told by ``Trace.shows``.
    """
    from checker.language.raw import Raw

    known = claims(question.system)
    now = model_hash(question.system, measures=key.claim >= len(known))
    known += witnesses(question.system)
    if key.hash != now:
        raise UsageError(f"the key {key} belongs to model {key.hash}, and {key.spec} is {now} now: model, design "
                         "or scope are others, and a path through one means nothing in another")
    raw = Raw(question.system)
    starts = raw.initial()
    if key.claim >= len(known) or key.initial >= len(starts):
        raise UsageError(f"the path of {key} names what this model does not have: the key is damaged")
    walk = _Walk(key.initial, [starts[key.initial]])
    for k, number in enumerate(key.path):
        possible = raw.successors(walk.here) if len(walk.configurations) == k + 1 else []
        if number >= len(possible):
            raise UsageError(f"the path of {key} takes a way in step {k + 1} that this model does not have: "
                             "the key is damaged")
        walk.take(number, possible[number])
    walk.loop = len(key.path) - key.loop if key.loop else None
    return _trace(question, raw, known[key.claim], walk, minimal=False)


def _trace(question: Question, raw: Raw, claim: Claim, walk: _Walk, *, minimal: bool) -> Trace:
    system = question.system
    frames = {f.number for role in system.roles for f in (role.pc, *role.slots)}
    names = element_names(system, frames)
    steps = []
    contents = walk.contents(system)
    for k, (number, transition) in enumerate(walk.taken):
        if transition.target is None:
            steps.append(_step(number, transition, ()))
            continue
        before, after = walk.configurations[k].cells, transition.target.cells
        shown = {at: (contents[k].show(f.type, before[at]), contents[k + 1].show(f.type, after[at]))
                 for at, (_, f) in names.items()}
        changes = tuple(Change(names[at][0], *pair) for at, pair in shown.items() if pair[0] != pair[1])
        steps.append(_step(number, transition, changes))
    standing = _standing(steps)
    fair: tuple[str, ...] = ()
    shows, clause = _shows(raw, claim, walk)
    if claim.runs is not None:
        shows, clause, fair = _runs(raw, claim.runs, walk)
    if claim.name == "every_operation_can_finish":
        left = stuck(raw, walk.here)
        standing = tuple(Standing(s.actor, s.procedure, s.label, s.actor in left) for s in standing)
        shows = bool(left)
    if minimal and not shows:
        raise Disagreement(f"the raw reading went the whole way, and {claim.name} is kept there")
    number = [*claims(system), *witnesses(system)].index(claim)
    key = Key(question.spec, model_hash(system, measures=claim.measure is not None), number, walk.initial,
              tuple(number for number, _ in walk.taken), len(walk.taken) - walk.loop if walk.loop is not None else 0)
    start = walk.configurations[0].cells
    given = {path: contents[0].show(f.type, start[at]) for at, (path, f) in names.items()
             if start[at] != first_code(f.type)}
    made = Trace(
        model=question.model, spec=question.spec, promise=claim.name, kind=claim.kind, doc=claim.doc, key=str(key),
        options=question.options, scope=question.scope, design=question.design,
        actors=tuple(role.type.show(k) for role in system.roles for k in range(role.type.size)),
        start={path: contents[0].show(f.type, start[at]) for at, (path, f) in names.items()},
        given=given, begins=_begins(system, walk.initial) if given else "",
        steps=tuple(steps), clause=clause, standing=standing, minimal=minimal, shows=shows, loop=walk.loop, fair=fair,
        waits=_waits(raw, claim, walk, standing) if shows else ())
    return made if claim.measure is None else Witness.of(made, claim.measure.name, _measured(raw, claim.measure, walk))


def _waits(raw: Raw, claim: Claim, walk: _Walk, standing: Sequence[Standing]) -> tuple[Wait, ...]:
    """Who waits for whom, where that is what the trace is about."""
    if claim.name != "no_deadlock" and (claim.kind != "progress" or walk.loop is not None) and not any(
            one.stuck for one in standing):
        return ()
    lock = next((f.type for f in raw.system.fields if isinstance(f.type, LockT)), None)
    return tuple(Wait(raw.actors[one.actor][2], one.lock,
                      lock.show(one.holder).removeprefix("held by ") if lock is not None and one.lock else None,
                      one.until, str(one.pos)) for one in waiting(raw, walk.here))


def _runs(raw: Raw, promise: ir.RunPromise, walk: _Walk) -> tuple[bool, Clause | None, tuple[str, ...]]:
    """Whether a run breaks a promise about runs, for what, and why the run is fair."""
    taken = [transition for _, transition in walk.taken]
    if taken and taken[-1].target is None:
        return False, None, ()
    found = unreachable(raw, promise, walk.here) if promise.kind == "can_always_reach" else \
        lasso(raw, promise, walk.configurations, taken, walk.loop)
    if found is None:
        return False, None, ()
    given = {name: code_of(found.part.locals[name], value) + found.part.locals[name].low
             for name, value in zip(found.part.params, found.values, strict=True)}
    clause = why(found.part.ends, raw.system.roles, (walk.here.cells, walk.contents(raw.system)[-1]), None, given)
    reads = clause.reads if clause is not None else ()
    return True, Clause((*found.given, *(clause.bindings if clause is not None else ())), reads), found.fair


def _begins(system: Built, number: int) -> str:
    """What the start function of an initial state says of itself; states may come from several functions."""
    if len(system.start) != len(system.initial):
        return ""
    return first_line(inspect.getdoc(system.start[number]))


def element_names(system: ir.System, frames: set[int]) -> dict[int, tuple[str, ir.Field]]:
    """For each place in a vector that the author knows of: what it is called, and its field."""
    names = {}
    for f in system.fields:
        if f.number in frames or f.type.card == 1:
            continue
        indices = [()]  # type: list[tuple[int, ...]]
        for dim in f.dims:
            indices = [(*one, k) for one in indices for k in range(dim.size)]
        for k, one in enumerate(indices):
            names[f.offset + k] = element(f, one), f
    return names


def _step(number: int, transition: Transition, changes: tuple[Change, ...]) -> Step:
    return Step(
        number=number, actor=transition.actor_name, procedure=transition.procedure, params=dict(transition.params),
        starts=transition.starts, ends=transition.ends and transition.actor is not None, label=transition.label,
        stack=tuple(transition.stack), choices=tuple(transition.choices), changes=changes,
        broken=tuple(transition.broken), error=transition.error, pos=str(transition.pos or ""))


def _standing(steps: Sequence[Step]) -> tuple[Standing, ...]:
    """The actors that are in mid-operation at the end, in order of their last steps."""
    latest = {step.actor: step for step in steps if step.actor is not None}
    return tuple(Standing(actor, step.procedure, step.label)
                 for actor, step in latest.items() if step.label is not None)


def _shows(raw: Raw, claim: Claim, walk: _Walk) -> tuple[bool, Clause | None]:
    """Whether the claim is broken at the end of the walk, and which part of it."""
    last = walk.taken[-1][1] if walk.taken else None
    if claim.measure is not None:
        return last is None or last.target is not None, None
    if claim.promise is not None:
        return _promise_broken(raw, claim.promise, walk)
    if claim.name == "no_model_error":
        if last is not None and last.target is None:
            return claim.name in last.broken, None
        error = goes_wrong(raw, walk.here, walk.configurations[-2] if walk.taken else None)
        return error is not None, Clause(error=error) if error is not None else None
    if claim.name == "no_deadlock":
        return not raw.successors(walk.here), None
    if last is None or claim.name not in last.broken:
        return False, None
    return True, _asserted(raw, claim, walk)


def _asserted(raw: Raw, claim: Claim, walk: _Walk) -> Clause | None:
    """The last step once more, for what the condition read in its middle."""
    number, _ = walk.taken[-1]
    before = len(walk.taken) - 1
    raw.watch = partial(asserted, walk.contents(raw.system)[before])
    try:
        last = next(islice(raw.transitions(walk.configurations[before]), number, None))
    finally:
        raw.watch = None
    return last.watched.get(claim.name)


def _promise_broken(raw: Raw, promise: ir.Promise, walk: _Walk) -> tuple[bool, Clause | None]:
    """What the author's own function says of the end of the walk, and why."""
    last = walk.taken[-1][1] if walk.taken else None
    if (last is not None and last.target is None) or (promise.kind == "step" and last is None):
        return False, None
    old = walk.configurations[-2] if promise.kind == "step" else None
    try:
        holds = raw.holds(promise.name, walk.here, old)
    except (ModelError, ValueError, ZeroDivisionError):
        return False, None
    if promise.kind == "reachable":
        return holds, None
    if holds:
        return False, None
    contents = walk.contents(raw.system)
    clause = why(promise.condition, raw.system.roles, (walk.here.cells, contents[-1]),
                 (old.cells, contents[-2]) if old is not None else None)
    if clause is None:
        raise Disagreement(f"{promise.name} is false in Python, and true as it was compiled")
    return True, clause


def _measured(raw: Raw, measure: ir.Measure, walk: _Walk) -> int:
    """The value at the end of the walk, by the author's own function and as it was compiled."""
    value = raw.measured(measure.name, walk.here)
    again = Evaluator(raw.system.roles, (walk.here.cells, walk.contents(raw.system)[-1])).value(measure.value, {})
    if value != again:
        raise Disagreement(f"{measure.name} is {value} in Python, and {again} as it was compiled")
    return value


def goes_wrong(raw: Raw, here: Configuration, before: Configuration | None) -> str | None:
    """Which promise (or measure) cannot even be asked, and why: it reads through None, or the like.

    ``before`` is the configuration that a step has led here from, if one has.
    """
    for about in raw.system.run_promises:
        for _, given in list(owing(raw, about)):
            try:
                owed(raw, about, given, here)
            except (ModelError, ValueError, ZeroDivisionError) as error:
                return f"{about.name}: {error}"
    for promise in raw.system.promises:
        if promise.kind == "step" and before is None:
            continue
        try:
            raw.holds(promise.name, here, before if promise.kind == "step" else None)
        except (ModelError, ValueError, ZeroDivisionError) as error:
            return f"{promise.name}: {error}"
    for measure in raw.system.measures:
        try:
            raw.measured(measure.name, here)
        except (ModelError, ValueError, ZeroDivisionError) as error:
            return f"{measure.name}: {error}"
    return None


def stuck(raw: Raw, configuration: Configuration) -> set[str]:
    """The actors that no way from here leads back to idle; empty if that is not so of any.

    Looks at no more than LOOK_AHEAD states: the ones in mid-operation are named
    then, as the search has looked at all of them.
    """
    places = {role.type.show(k): role.pc.offset + k for role in raw.system.roles for k in range(role.type.size)}
    left = {name for name, at in places.items() if configuration.cells[at] != 0}
    seen = {configuration.vector}
    queue = [configuration]
    for here in queue:
        left -= {name for name in left if here.cells[places[name]] == 0}
        if not left or len(seen) > LOOK_AHEAD:
            break
        for transition in raw.successors(here):
            if transition.target is not None and transition.target.vector not in seen:
                seen.add(transition.target.vector)
                queue.append(transition.target)
    return left
