# SPDX-License-Identifier: GPL-2.0-or-later
"""The states that are reached in so many steps and not in fewer, one layer after the other.

Each is written out; what follows it, and what it breaks, z3 has answered part by
part.  The work grows with the number of states, not with the length of the runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from checker.explicit.result import NO_DEADLOCK, NO_MODEL_ERROR, Finding
from checker.language import ir
from checker.language import types as t
from checker.symbolic.names import Names
from checker.symbolic.parts import Outcome, Part, Parts, State, Watch
from checker.symbolic.template import Template

Move = tuple[str, int | None]
"""Which procedure, and the actor's global number (None for a rule)."""
Run = tuple[tuple[State, ...], tuple[Move, ...]]
"""States, and the moves between them; one move more where the last leads to no state."""


class Layers:
    """``states`` is the layer at ``depth``, in the order in which its states were found.

    ``came`` has for every state that was ever found the one before it, and the move
    between the two; None for an initial one.  Where there are many names for the objects
    of a state, one state stands for all that differ in them only (``names``).
    """

    def __init__(self, template: Template, names: Names | None = None) -> None:
        self.template, self.system = template, template.system
        self.names = names or Names(template.system)
        self.parts = Parts(template)
        self.depth = 0
        self.states: list[State] = list(dict.fromkeys(tuple(one) for one in self.system.initial))
        self.came: dict[State, tuple[State, Move] | None] = dict.fromkeys(self.states)
        self.broken: dict[str, Finding] = {}
        """What the steps into this layer break."""
        source, target = template.source, template.target
        self.promised = {name: Watch(truth, source) for name, truth in template.states.items()}
        self.promised_of_steps = {name: Watch(truth, source, target) for name, truth in template.wrong.items()}
        self.errors = {name: Watch(truth, source) for name, truth in template.errors.items()}
        self.step_errors = {name: Watch(truth, source, target) for name, truth in template.step_errors.items()
                            if truth is not False}
        self.stuck = Watch(template.stuck, source)
        self.data = frozenset(data_cells(self.system))

    # --------------------------------------------------------------- what breaks

    def extend(self, names: Sequence[str]) -> None:
        """Goes on to the next layer; of the steps into it, notes those that break one of these promises."""
        before, self.states, self.broken = self.states, [], {}
        self.depth += 1
        watched = [(name, watch) for name, watch in self.promised_of_steps.items() if name in names]
        wanted = set(names)
        for state in before:
            for part, outcome in self.outcomes(state):
                for name in outcome.broken:
                    if name in wanted and name not in self.broken:
                        self._note(name, state, part, outcome)
                if outcome.error is not None:
                    continue
                after = self.after(state, outcome)
                if watched or self.step_errors:
                    self._compare(watched, state, after, part)
                stands, _ = self.names.least(after)
                if stands not in self.came:
                    self.came[stands] = state, (part.procedure, part.actor)
                    self.states.append(stands)

    def _compare(self, watched: Sequence[tuple[str, Watch]], state: State, after: State, part: Part) -> None:
        both = state + after
        for name, watch in watched:
            if name not in self.broken and watch(both):
                self._break(name, state, part, after)
        for name, watch in self.step_errors.items():
            if NO_MODEL_ERROR not in self.broken and watch(both):
                self._break(NO_MODEL_ERROR, state, part, after, f"{name} cannot be evaluated")

    def _note(self, name: str, state: State, part: Part, outcome: Outcome) -> None:
        after = None if outcome.error is not None else self.after(state, outcome)
        self._break(name, state, part, after, outcome.error)

    def _break(self, name: str, state: State, part: Part, after: State | None, error: str | None = None) -> None:
        last = () if after is None else (after,)
        path, moves = self.whole((state, *last), ((part.procedure, part.actor),))
        self.broken[name] = Finding(name, self.depth, path, error, moves)

    def found(self, names: Sequence[str]) -> Iterator[Finding]:
        """What of these promises breaks in this layer, or in a step into it."""
        for name in names:
            if name in self.broken:
                yield self.broken[name]
                continue
            breaks = self._breaks(name)
            state = next((state for state in self.states if breaks(state)), None) if breaks is not None else None
            if state is not None:
                path, moves = self.whole((state,), ())
                yield Finding(name, self.depth, path, self._wrong(name, state), moves)

    def _breaks(self, name: str) -> Callable[[State], bool] | None:
        if name == NO_DEADLOCK:
            return lambda state: self.stuck(state) and next(self.outcomes(state), None) is None
        return self.promised.get(name)

    def _wrong(self, name: str, state: State) -> str | None:
        if name != NO_MODEL_ERROR:
            return None
        return next((f"{promise} cannot be evaluated" for promise, watch in self.errors.items() if watch(state)), None)

    # --------------------------------------------------------------------- steps

    def outcomes(self, state: State) -> Iterator[tuple[Part, Outcome]]:
        """All that can be done in a state, and by whom."""
        for part in self.parts.at(state):
            for outcome in part.outcomes(state):
                yield part, outcome

    def after(self, state: State, outcome: Outcome) -> State:
        """The state that an outcome leads to, its data values renamed where they may be out of order."""
        found = outcome.after(state)
        return self.names.normal(found) if any(cell in self.data for cell, _ in outcome.writes) else found

    def whole(self, path: tuple[State, ...], moves: tuple[Move, ...]) -> Run:
        """A run that begins in a state of some layer, with a shortest way to that state before it.

        It keeps the names that it begins with: ``back`` are the exchanges that lead from
        the names of the state that stands for others to them.
        """
        stands, made = [path[0]], list[Move]()
        while (before := self.came[stands[-1]]) is not None:
            stands.append(before[0])
            made.append(before[1])
        here = stands.pop()
        begun, done = [here], list[Move]()
        back: tuple[int, ...] = ()
        while stands:
            move, following = made.pop(), stands.pop()
            after, exchanges = self._between(here, move, following)
            begun.append(self.names.renamed(after, back))
            done.append((move[0], self.names.actor(move[1], back)))
            here, back = following, (*reversed(exchanges), *back)
        begun += [self.names.renamed(state, back) for state in path[1:]]
        done += [(name, self.names.actor(actor, back)) for name, actor in moves]
        return tuple(begun), tuple(done)

    def _between(self, state: State, move: Move, stands: State) -> tuple[State, tuple[int, ...]]:
        """What a move leads to before it gets the names of the state that stands for it, and the exchanges."""
        for part, outcome in self.outcomes(state):
            if (part.procedure, part.actor) == move and outcome.error is None:
                after = self.after(state, outcome)
                found, exchanges = self.names.least(after)
                if found == stands:
                    return after, exchanges
        raise AssertionError("a state was found by a move that does not lead to it")


def data_cells(system: ir.System) -> Iterator[int]:
    """The cells that hold data values."""
    for place in system.fields:
        inner = place.type.of if isinstance(place.type, t.OptT) else place.type
        if isinstance(inner, t.IndexT) and inner.kind == "data":
            yield from range(place.offset, place.offset + place.count)
