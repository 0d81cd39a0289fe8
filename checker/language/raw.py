# SPDX-License-Identifier: GPL-2.0-or-later
"""The raw reading: Python itself runs the author's own functions.

It is the referee of the other readings.  A generator cannot be rewound, so a
configuration remembers, for each running actor, the state before each of its
steps and the choices made in it; to go on, the generator is made anew and
driven through them.
"""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from checker.language import ir
from checker.language import types as t
from checker.language.context import Run, Watch, binding, running
from checker.language.errors import Disabled, ModelError
from checker.language.initial import Built, first_free, grouped, normalise, shared_cells, start_codes
from checker.language.procedures import Lowered
from checker.language.records import build as build_value
from checker.language.shapes import Scalar
from checker.language.suspended import code_of, frames, local_value, shown
from checker.language.verbs import actor_number

LANGUAGE = __file__.rpartition("raw.py")[0]
MAX_ALTERNATIVES = 100_000


class ModelBug(Exception):
    """The author's code raised something that the language has no meaning for."""


@dataclass(frozen=True)
class Past:
    """One step that a running actor has done: the shared state before it, its choices."""

    cells: tuple[int, ...]
    script: tuple[int, ...]


@dataclass(frozen=True)
class Running:
    """An actor in mid-operation."""

    operation: int
    params: tuple[Any, ...]
    history: tuple[Past, ...]
    point: int


@dataclass(frozen=True)
class Configuration:
    """A state in the raw reading; ``cells`` are its codes, contents not renamed."""

    cells: tuple[int, ...]
    actors: tuple[Running | None, ...]
    vector: tuple[int, ...]


@dataclass(frozen=True)
class Transition:
    """One step that can happen, and what comes of it.

    ``actor`` is a number among all actors of the scope, None for a rule.
    ``target`` is None where the step ends in an ``error``.  ``regions`` are the locks
    of the lock regions that it entered, in order.
    """

    actor: int | None
    actor_name: str | None
    procedure: str
    params: dict[str, str]
    starts: bool
    ends: bool
    label: str | None
    stack: tuple[str, ...]
    choices: tuple[tuple[str, str], ...]
    target: Configuration | None
    broken: tuple[str, ...]
    error: str | None
    pos: ir.Pos | None
    point: int | None = field(default=None, compare=False)
    regions: tuple[str, ...] = field(default=(), compare=False)
    watched: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Move:
    """What could go on in a configuration: a rule, or an actor at the start or in the middle of an operation."""

    here: Configuration
    actor: int | None
    lowered: Lowered
    params: tuple[Any, ...]
    history: tuple[Past, ...] = ()


@dataclass
class Outcome:
    """What one attempt at a step came to."""

    run: Run
    disabled: Disabled | None = None
    error: str | None = None
    promise: str | None = None
    pos: ir.Pos | None = None
    generator: Any = None
    label: str | None = None


class Raw:
    """Runs a built system step by step.  ``watch`` looks at conditions as they fail (see ``Run``)."""

    watch: Watch | None = None

    def __init__(self, system: Built):
        self.system = system
        self.state = build_value(system.shape)
        self.cells = grouped(self.state, system.shape)
        self.shared = shared_cells(system)
        self.actors: list[tuple[int, int, str]] = []
        for number, role in enumerate(system.roles):
            prefix = role.type.prefix or role.type.name
            self.actors += [(number, k, f"{prefix}{k}") for k in range(role.type.size)]
        self.environment = len(self.actors) + 1

    # ------------------------------------------------------------------ states

    def restore(self, codes: tuple[int, ...]) -> None:
        """Puts codes into the one state object, in place: generators hold references to it."""
        for (container, key, _, decode), code in zip(self.cells, codes, strict=False):
            container[key] = decode(code)

    def codes(self) -> tuple[int, ...]:
        return tuple(encode(container[key]) for container, key, encode, _ in self.cells)

    def show(self, configuration: Configuration) -> Any:
        """The author's state object, as it is in a configuration."""
        self.restore(configuration.cells)
        return self.state

    def initial(self) -> list[Configuration]:
        """The start states, in the order of the spec."""
        idle: tuple[Running | None, ...] = (None,) * len(self.actors)
        zeros = (0,) * (self.system.cells - self.shared)
        made: dict[tuple[int, ...], Configuration] = {}
        for codes in start_codes(self.system):
            vector = normalise(self.system, codes + zeros)
            made.setdefault(vector, Configuration(codes + zeros, idle, vector))
        return list(made.values())

    # -------------------------------------------------------------- successors

    def successors(self, configuration: Configuration) -> list[Transition]:
        """Every transition that can happen, in a fixed order: rules, then actors."""
        return list(self.transitions(configuration))

    def transitions(self, configuration: Configuration) -> Iterator[Transition]:
        with binding(self.system.binding):
            for lowered in self.system.lowered_rules:
                for params in self.parameters(lowered):
                    yield from self.alternatives(Move(configuration, None, lowered, params))
            for number, (role, _, _) in enumerate(self.actors):
                running_now = configuration.actors[number]
                operations = self.system.lowered_roles[role]
                if running_now is not None:
                    lowered = operations[running_now.operation]
                    move = Move(configuration, number, lowered, running_now.params, running_now.history)
                    yield from self.alternatives(move)
                    continue
                for lowered in operations:
                    for params in self.parameters(lowered):
                        yield from self.alternatives(Move(configuration, number, lowered, params))

    def parameters(self, lowered: Lowered) -> Iterator[tuple[Any, ...]]:
        scalars: tuple[Scalar, ...] = lowered.parameters
        return itertools.product(*([s.decode(k) for k in range(s.type.card)] for s in scalars))

    def alternatives(self, move: Move) -> Iterator[Transition]:
        """One step under every combination of its choices, counted up like an odometer."""
        for outcome in self.attempts(move):
            if outcome.disabled is None:
                yield self.transition(move, outcome)

    def attempts(self, move: Move) -> Iterator[Outcome]:
        """What comes of one step under every combination of its choices, where it does not happen, too."""
        script: tuple[int, ...] = ()
        for _ in range(MAX_ALTERNATIVES):
            outcome = self.attempt(move, script)
            yield outcome
            taken = [position for _, _, position in outcome.run.taken]
            while taken and taken[-1] + 1 >= len(outcome.run.taken[len(taken) - 1][1]):
                taken.pop()
            if not taken:
                return
            script = (*taken[:-1], taken[-1] + 1)
        raise ModelBug(f"{move.lowered.procedure.name} has more than {MAX_ALTERNATIVES} alternatives in one step")

    def start(self, move: Move) -> Any:
        if move.actor is None:
            return move.lowered.function(self.state, *move.params)
        role, number, _ = self.actors[move.actor]
        who = self.system.binding.roles[role]._object(number)  # type: ignore[attr-defined]
        return move.lowered.function(self.state, who, *move.params)

    def attempt(self, move: Move, script: tuple[int, ...]) -> Outcome:
        generator = None
        for past in move.history:
            self.restore(past.cells)
            outcome = self.step(move, generator, past.script)
            generator = outcome.generator
        self.restore(move.here.cells)
        return self.step(move, generator, script)

    def step(self, move: Move, generator: Any, script: tuple[int, ...]) -> Outcome:
        """Runs from where the generator stands to its next yield."""
        holder = self.environment if move.actor is None else move.actor + 1
        run = Run(script, holder, fresh=lambda sort: first_free(self.state, self.system.shape, sort), watch=self.watch)
        outcome = Outcome(run)
        with running(run):
            try:
                if generator is None:
                    generator = self.start(move)
                if hasattr(generator, "send"):
                    outcome.label = next(generator)
                    while self.goes_on(generator, outcome.label):
                        outcome.label = next(generator)
                    outcome.generator = generator
            except StopIteration:
                pass
            except Disabled as error:
                outcome.disabled = error
            except (ModelError, ZeroDivisionError) as error:
                outcome.error, outcome.pos = f"{self.place(error)}: {error}", self.place(error)
            except AssertionError as error:
                outcome.pos = self.place(error)
                outcome.promise = str(error)
                run.fails(outcome.promise, *list(self.frames(error))[-1])
                outcome.error = f"{outcome.pos}: assertion failed: {outcome.promise}"
            except ValueError as error:
                if "empty" not in str(error):
                    raise self.bug(move.lowered, error) from error
                outcome.error, outcome.pos = f"{self.place(error)}: {error}", self.place(error)
            except (TypeError, AttributeError) as error:
                if "NoneType" not in str(error):
                    raise self.bug(move.lowered, error) from error
                outcome.error, outcome.pos = f"{self.place(error)}: None where a value is needed", self.place(error)
            except Exception as error:
                raise self.bug(move.lowered, error) from error
        return outcome

    def goes_on(self, generator: Any, label: str) -> bool:
        """Whether the yield that the generator stands at is merged with what follows."""
        merged = self.system.binding.merged
        return bool(merged) and ([*frames(generator)][-1].f_code.co_name, label) in merged

    def bug(self, lowered: Lowered, error: Exception) -> ModelBug:
        return ModelBug(f"{self.place(error)}: {lowered.procedure.name} raised {type(error).__name__}: {error}")

    def place(self, error: BaseException) -> ir.Pos:
        """Where the author's code was when the error came up."""
        from checker.language.source import display_path

        found = ir.Pos("?", 0)
        for frame, line in self.frames(error):
            module = frame.f_globals.get("__name__", "")
            found = ir.Pos(display_path(module, frame.f_code.co_filename), line)
        return found

    @staticmethod
    def frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
        """The frames of the author's code that an error came through, and the lines."""
        for frame, line in traceback.walk_tb(error.__traceback__):
            if not frame.f_code.co_filename.startswith(LANGUAGE):
                yield frame, line

    # ------------------------------------------------------------- transitions

    def transition(self, move: Move, outcome: Outcome) -> Transition:
        actor, lowered = move.actor, move.lowered
        procedure = lowered.procedure
        point = None
        target = None
        broken = list(outcome.run.broken)
        if outcome.error is None:
            target, point = self.target(move, outcome)
            if actor is not None and point is None and self.holds_a_lock(actor, target):
                broken.append("no_lock_left_behind")
        elif outcome.promise is not None:
            broken.append(outcome.promise)
        else:
            broken.append("no_model_error")
        names = dict(zip(procedure.params, map(shown, move.params), strict=True))
        choices = tuple((text, shown(found[k])) for text, found, k in outcome.run.taken)
        stack = procedure.yields[point].stack if point is not None else (procedure.name,)
        return Transition(
            actor=actor,
            actor_name=self.actors[actor][2] if actor is not None else None,
            procedure=procedure.name,
            params=names,
            starts=not move.history,
            ends=point is None and outcome.error is None,
            label=outcome.label,
            stack=stack,
            choices=choices,
            target=target,
            broken=tuple(dict.fromkeys(broken)),
            error=outcome.error,
            pos=outcome.pos,
            point=point,
            regions=tuple(outcome.run.regions),
            watched=outcome.run.watched,
        )

    def target(self, move: Move, outcome: Outcome) -> tuple[Configuration, int | None]:
        configuration, actor, lowered = move.here, move.actor, move.lowered
        cells = list(configuration.cells)
        cells[: self.shared] = self.codes()
        actors = list(configuration.actors)
        point: int | None = None
        if actor is not None:
            role_number, k, _ = self.actors[actor]
            role = self.system.roles[role_number]
            for slot in (role.pc, *role.slots):
                cells[slot.offset + k] = 0
            actors[actor] = None
            if outcome.generator is not None:
                point = self.point(lowered, outcome.generator)
                at = lowered.procedure.yields[point]
                cells[role.pc.offset + k] = at.pc
                for name, slot_number in at.live:
                    slot = role.slots[slot_number]
                    value = local_value(outcome.generator, lowered.origin[name])
                    cells[slot.offset + k] = code_of(slot.type, value)
                past = Past(configuration.cells, tuple(position for _, _, position in outcome.run.taken))
                operation = self.system.lowered_roles[role_number].index(lowered)
                actors[actor] = Running(operation, move.params, (*move.history, past), point)
        codes = tuple(cells)
        return Configuration(codes, tuple(actors), normalise(self.system, codes)), point

    def point(self, lowered: Lowered, generator: Any) -> int:
        """Which yield of the IR the generator stands at: known by the lines of its frames."""
        lines = tuple(frame.f_lineno for frame in frames(generator))
        for k, known in enumerate(lowered.point_lines):
            if known == lines:
                return k
        raise ModelBug(f"{lowered.procedure.name} yields at lines {lines}, which the front end does not know")

    def holds_a_lock(self, actor: int, target: Configuration) -> bool:
        for f in self.system.fields:
            if isinstance(f.type, t.LockT) and actor + 1 in target.cells[f.offset : f.offset + f.count]:
                return True
        return False

    # ---------------------------------------------------------------- promises

    def holds(self, name: str, configuration: Configuration, old: Configuration | None = None) -> bool:
        """What the author's promise says of a configuration (of a step, with ``old``)."""
        return bool(self.ask(name, configuration, old))

    def measured(self, name: str, configuration: Configuration) -> int:
        """The author's measure of a configuration."""
        return int(self.ask(name, configuration))

    def ask(self, name: str, configuration: Configuration, old: Configuration | None = None, *given: Any) -> Any:
        """What the author's function of that name returns, with values of its parameters."""
        run = Run((), self.environment, fresh=lambda sort: None, at=lambda *args: self.at(configuration, *args))
        function = self.system.functions[name]
        self.restore(configuration.cells)
        states = [self.state]
        with binding(self.system.binding), running(run):
            if old is not None:
                before = build_value(self.system.shape)
                cells = grouped(before, self.system.shape)
                for (container, key, _, decode), code in zip(cells, old.cells, strict=False):
                    container[key] = decode(code)
                states = [before, self.state]
            try:
                return function(*states, *given)
            except (TypeError, AttributeError) as error:
                if "NoneType" not in str(error):
                    raise
                raise ModelError(f"{self.place(error)}: None where a value is needed") from None

    def at(
        self, configuration: Configuration, function: Any, label: str | None, actor: Any, values: dict[str, Any]
    ) -> bool:
        from checker.language.places import kept_local
        from checker.language.procedures import has_value

        if function is None:  # idle(actor)
            return configuration.actors[actor_number(actor)] is None
        for number, now in enumerate(configuration.actors):
            role_number, k, _ = self.actors[number]
            if now is None or (
                actor is not None
                and (type(actor).__name__ != self.system.roles[role_number].type.name or actor.code != k)
            ):
                continue
            lowered = self.system.lowered_roles[role_number][now.operation]
            point = lowered.procedure.yields[now.point]
            functions = lowered.point_functions[now.point]
            if function not in functions or (
                label is not None and (functions[-1] is not function or point.label != label)
            ):
                continue
            slots = dict(point.live)
            role = self.system.roles[role_number]
            depth = functions.index(function)
            for name, value in values.items():
                if not has_value(lowered, now.point, depth, name):
                    break
                found = lowered.point_names[now.point][depth][name]
                local = kept_local(found)
                if local is not None:
                    slot = role.slots[slots[local]]
                    if configuration.cells[slot.offset + k] != code_of(slot.type, value):
                        break
                elif isinstance(found, ir.Const) and found.value - found.type.low != code_of(found.type, value):
                    break
            else:
                return True
        return False
