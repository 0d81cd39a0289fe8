# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges promises about runs: fair loops among the states that a search has found.

For each promise, and each value of its parameters: what can be reached from where
something is owed without that it comes; the strongly connected components of that;
those in which a run can stay for ever and be fair.  The way that is shown is the
shortest one into such a component, then a short loop round it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from checker.explicit.context import Ctx
from checker.explicit.graph import BEGINS, MOVES, UNFAIR, WRONG, Graph, text
from checker.explicit.machine import Machine, Record
from checker.explicit.measures import depth_of
from checker.explicit.memory import Region, show
from checker.explicit.native import Modules, Native
from checker.explicit.result import NO_MODEL_ERROR, Finding, LimitError
from checker.explicit.traces import Target
from checker.language import ir

_U64, _POINTER = ctypes.c_uint64, ctypes.c_void_p
_MODES = {"none": 0, "weak": 1, "strong": 2}
_SHARE = 1 << 16
"""States whose edges are stored in one call."""
_PER_STATE = {Graph.FIRST: 4, Graph.END: 4, Graph.ENABLED: 8, Graph.CLASS: 1, Graph.COLOUR: 4, Graph.NUMBER: 4,
              Graph.LOW: 4, Graph.CURSOR: 4, Graph.CALLS: 4, Graph.STACK: 4}
_LISTS = 3
"""Lists of states, 4 bytes each: the queue, and what is asked again."""
FAIR = (1 << MOVES) - 1
_PER_EDGE = {Graph.TO: 4, Graph.LABEL: 1}


@dataclass(frozen=True)
class Way:
    """How a promise breaks: on the way to the state ``ahead[0]``, then over the states ``ahead``, then round
    ``loop`` for ever, which begins and ends with the last of them; it is empty where nothing has to happen.
    The loop's edges have their labels beside them."""

    target: Target
    ahead: tuple[int, ...] = ()
    loop: tuple[tuple[int, int], ...] = ()


class Runs:
    """The graph of one search that is complete; ``transitions`` of them lead from state to state or into errors.

    LimitError if the memory that the search was given has no room for it.  ``pause`` is called now
    and then, and says whether to stop.  ``idle`` are the promises for which no state has ever asked,
    ``undecided`` those that were not looked at to the end.
    """

    def __init__(self, machine: Machine, layers: Sequence[int], transitions: int, pause: Callable[[], bool]) -> None:
        self.machine, self.layers, self.pause = machine, layers, pause
        self.ways: dict[str, Way] = {}
        self.idle: set[str] = set()
        self.undecided: set[str] = set()
        self.count = machine[Ctx.COUNT]
        size = self.count * (sum(_PER_STATE.values()) + 4 * _LISTS) + transitions * sum(_PER_EDGE.values())
        if machine.used + size > machine.memory or transitions >= 1 << 32:
            raise LimitError(f"the memory limit of {show(machine.memory)} leaves no room to look for loops")
        self.row = (_U64 * Graph.MEMBERS)()
        self.regions = {member: Region(self.count * one, "a graph") for member, one in _PER_STATE.items()}
        self.regions |= {member: Region(transitions * one, "edges") for member, one in _PER_EDGE.items()}
        self.lists = [Region(4 * self.count, "a list of states") for _ in range(_LISTS)]
        machine.takes(sum(region.size for region in (*self.regions.values(), *self.lists)))
        for member, region in self.regions.items():
            self.row[member] = region.address
        parts = machine.program.parts
        fair = iter(range(machine.program.actors, MOVES))
        labels = [next(fair) if part.procedure.fair else UNFAIR for part in parts]
        self.rules = (ctypes.c_uint8 * len(parts))(*labels)
        self.row[Graph.RULES] = ctypes.addressof(self.rules)
        self.row[Graph.RESOLVE] = machine.runtime_address("resolve")
        self.row[Graph.IDLE] = machine.model_address("idle")
        function = Native(Modules(alone=(text(machine.words),))).function
        self._edges = function("edges", None, _POINTER, _POINTER, _U64, _U64)
        self._classify = function("classify", _U64, *[_POINTER] * 4, _U64, _U64)
        self._flood = function("flood", _U64, _POINTER, _POINTER, *[_U64] * 4)
        self._components = function("components", _U64, _POINTER, _POINTER, _U64, _U64, _POINTER)
        self._first = function("first", _U64, _POINTER, _POINTER, _U64, _U64)
        self._before = function("before", _U64, _POINTER, _POINTER, *[_U64] * 3)
        self._spread = function("spread", _U64, _POINTER, _U64)

    def close(self) -> None:
        """Gives the memory back."""
        for region in (*self.regions.values(), *self.lists):
            region.close()

    def judge(self, promises: Sequence[ir.RunPromise]) -> Iterator[Target]:
        """Where promises break, or cannot be asked."""
        self._store()
        for number, promise in enumerate(promises):
            way, asked, wrong = self._judge(number, promise)
            if wrong is not None:
                yield wrong
            if way is not None:
                self.ways[promise.name] = way
                yield way.target
            elif self.pause():
                self.undecided.add(promise.name)
            elif not asked:
                self.idle.add(promise.name)

    def _store(self) -> None:
        """Stores all edges, unless it is told to stop."""
        step, self.machine.ctx[Ctx.STEP] = self.machine.ctx[Ctx.STEP], 0  # nobody asks for step invariants here
        for low in range(0, self.count, _SHARE):
            if not self.pause():
                self._edges(self.machine.ctx, self.row, low, min(low + _SHARE, self.count))
        self.machine.ctx[Ctx.STEP] = step

    # -- arrays, as Python sees them

    def _earliest(self, wanted: int) -> int:
        """Of the states of a class, one of those with the shortest way to them; -1 if there are none."""
        classes = ctypes.string_at(self.row[Graph.CLASS], self.count)
        first = classes.find(wanted)
        if first < 0:
            return -1
        end = self.layers[depth_of(self.layers, first) + 1]
        return min((k for k in range(first, end) if classes[k] == wanted), key=self.machine.words_of)

    def _entry(self, member: Graph, index: int) -> int:
        width = _PER_STATE[member]
        return int.from_bytes(ctypes.string_at(self.row[member] + width * index, width), "little")

    # -- promises

    def _judge(self, number: int, promise: ir.RunPromise) -> tuple[Way | None, bool, Target | None]:
        """How a promise breaks, if it does and was looked at to the end; whether any state asked for it; and
        where it cannot be asked."""
        best: Way | None = None
        asked, wrong = False, None
        for part, (symbol, base) in zip(promise.parts, self.machine.program.asked[number], strict=True):
            ask = self.machine.model_address(symbol)
            types = [part.locals[name] for name in part.params]
            for values in product(*(range(of.low, of.low + of.card) for of in types)):
                if self.pause():
                    return None, True, wrong
                given = (ctypes.c_int64 * max(len(values), 1))(*values)
                bits = self._classify(self.row, self.machine[Ctx.STATES], ask, given, 0, self.count)
                asked = asked or bool(bits & BEGINS)
                if bits & WRONG and wrong is None:
                    wrong = self._wrong(ask, given, base)
                way = self._reach(promise) if promise.kind == "can_always_reach" else self._lasso(promise)
                if way is not None and (best is None or _length(way) < _length(best)):
                    best = way
        return (best if not self.pause() else None), asked, wrong

    def _wrong(self, ask: int, given: ctypes.Array[ctypes.c_int64], base: int) -> Target:
        """A first state in which the promise cannot be asked."""
        index = self._earliest(WRONG)
        why = _U64()
        function = ctypes.CFUNCTYPE(_U64, _POINTER, _POINTER, _POINTER)(ask)
        function(self.machine[Ctx.STATES] + 8 * self.machine.words * index, given, ctypes.addressof(why))
        depth = depth_of(self.layers, index)
        error = self.machine.program.error(why.value | base)[1]
        return Target(NO_MODEL_ERROR, "point", index, depth, depth, error)

    def _reach(self, promise: ir.RunPromise) -> Way | None:
        """The first state from which no way leads to where the promise wants to get."""
        while self._spread(self.row, self.count):
            if self.pause():
                return None
        index = self._earliest(BEGINS)
        if index < 0:
            return None
        depth = depth_of(self.layers, index)
        return Way(Target(promise.name, "point", index, depth, depth))

    def _lasso(self, promise: ir.RunPromise) -> Way | None:
        """A run on which what is owed never comes."""
        for member in (Graph.COLOUR, Graph.NUMBER):
            ctypes.memset(self.row[member], 0, 4 * self.count)
        self.row[Graph.COLOURS] = 1
        queue, one, other = (region.address for region in self.lists)
        ends = [0]
        depth = 0
        while depth + 1 < len(self.layers) or ends[-1] > (ends[-2] if len(ends) > 1 else 0):
            low, high = self.layers[depth:depth + 2] if depth + 1 < len(self.layers) else (0, 0)
            start = ends[-2] if len(ends) > 1 else 0
            ends.append(self._flood(self.row, queue, start, ends[-1], low, high))
            depth += 1
        mode = _MODES[promise.fair]
        left = self._components(self.row, queue, ends[-1], mode, one)
        while left:
            left = self._components(self.row, one, left, mode, other)
            one, other = other, one
        return self._shortest(promise, queue, ends)

    def _shortest(self, promise: ir.RunPromise, queue: int, ends: list[int]) -> Way | None:
        """The way into the first component, or state, in which a fair run can stay."""
        fair = FAIR if promise.fair != "none" else (1 << 64) - 1
        first = self._first(self.row, queue, ends[-1], fair)
        if first == ends[-1]:
            return None
        level = next(k for k, end in enumerate(ends[1:]) if first < end)
        size = ends[level + 1] - first
        found = [state for state in (ctypes.c_uint32 * size).from_address(queue + 4 * first)
                 if self._entry(Graph.COLOUR, state) > 1 or not self._entry(Graph.ENABLED, state) & fair]
        goal = min(found, key=self.machine.words_of)
        ahead = self._back(goal, level, queue, ends)
        loop = self._loop(goal, promise.fair) if self._entry(Graph.COLOUR, goal) > 1 else ()
        start = level - len(ahead) + 1
        return Way(Target(promise.name, "point", ahead[0], start, start), ahead, loop)

    def _back(self, goal: int, level: int, queue: int, ends: list[int]) -> tuple[int, ...]:
        """The states from where something is owed to the goal, which it can be reached in at ``level``."""
        ahead = [goal]
        while self._entry(Graph.CLASS, ahead[0]) != BEGINS or depth_of(self.layers, ahead[0]) != level:
            level -= 1
            place, found = ends[level], []
            while (place := self._before(self.row, queue, place, ends[level + 1], ahead[0])) < ends[level + 1]:
                found.append(ctypes.c_uint32.from_address(queue + 4 * place).value)
                place += 1
            ahead.insert(0, min(found, key=self.machine.words_of))
        return tuple(ahead)

    # -- a short loop

    def _leaving(self, state: int) -> Iterator[tuple[int, int]]:
        """Target and label of the edges that leave a state."""
        to, label = self.row[Graph.TO], self.row[Graph.LABEL]
        for edge in range(self._entry(Graph.FIRST, state), self._entry(Graph.END, state)):
            yield ctypes.c_uint32.from_address(to + 4 * edge).value, ctypes.c_uint8.from_address(label + edge).value

    def _loop(self, start: int, fairness: str) -> tuple[tuple[int, int], ...]:
        """Edges from a state back to it, as (target, label), within its component, so that the loop is fair."""
        colour = self._entry(Graph.COLOUR, start)
        loop: list[tuple[int, int]] = []
        missing = self._missing(start, loop, fairness)
        here = start
        while missing or here != start or not loop:
            loop += self._walk(here, colour, self._goal(start, missing, fairness))
            here = loop[-1][0]
            missing = self._missing(start, loop, fairness)
        return tuple(loop)

    def _goal(self, start: int, missing: int, fairness: str) -> Callable[[int, int], bool]:
        """Whether an edge, by its target and its label, is what the loop needs next."""
        def serves(state: int, label: int) -> bool:
            taken = label != UNFAIR and bool(1 << label & missing)
            return taken or (fairness == "weak" and bool(missing & ~self._entry(Graph.ENABLED, state)))

        return serves if missing else lambda state, label: state == start

    def _missing(self, start: int, loop: list[tuple[int, int]], fairness: str) -> int:
        """What must still happen (or, under weak fairness, be impossible somewhere) in a loop."""
        if fairness == "none":
            return 0
        taken, always, ever = 0, FAIR, 0
        for state in (start, *(state for state, _ in loop)):
            enabled = self._entry(Graph.ENABLED, state) & FAIR
            always, ever = always & enabled, ever | enabled
        for _, label in loop:
            taken |= 1 << label if label != UNFAIR else 0
        return (always if fairness == "weak" else ever) & ~taken

    def _walk(self, start: int, colour: int, goal: Callable[[int, int], bool]) -> list[tuple[int, int]]:
        """The shortest way of at least one edge, within a component, whose last edge is a goal."""
        came: dict[int, tuple[int, int]] = {}
        queue = [start]
        for state in queue:
            for target, label in self._leaving(state):
                if self._entry(Graph.COLOUR, target) != colour:
                    continue
                if goal(target, label):
                    way = [(target, label)]
                    while state != start:
                        before, label = came[state]
                        way.append((state, label))
                        state = before
                    return way[::-1]
                if target not in came and target != start:
                    came[target] = state, label
                    queue.append(target)
        raise AssertionError("a component has no way from one of its states to another")


    # -- as a finding

    def findings(self, stems: Mapping[str, Finding]) -> dict[str, Finding]:
        """The findings whose traces lead only to where something is owed, with what follows."""
        return {name: self._finding(way, stems[name]) for name, way in self.ways.items() if way.ahead}

    def _finding(self, way: Way, stem: Finding) -> Finding:
        """The whole way: ``stem``, then the states ahead, and the loop."""
        machine = self.machine
        path, moves = list(stem.path), list(stem.moves)
        edges = [(target, None) for target in way.ahead[1:]] + list(way.loop)
        for target, label in edges:
            record = next(r for r in machine.records(path[-1]) if not r.failed and r.index == target
                          and label in (None, self._label(path[-1], r)))
            moves.append((machine.program.parts[record.procedure].procedure.name,
                          record.actor - 1 if record.actor else None))
            path.append(machine.program.layout.unpack(machine.words_of(target)))
        loop = len(moves) - len(way.loop) if way.loop else None
        labels = tuple(label if label != UNFAIR else None for _, label in way.loop)
        return Finding(stem.promise, len(moves), tuple(path), None, tuple(moves), loop, labels)

    def _label(self, vector: tuple[int, ...], record: Record) -> int:
        """The number of what is fair about a transition."""
        if not record.actor:
            return int(self.rules[record.procedure])
        words = (_U64 * self.machine.words)(*self.machine.program.layout.pack(vector))
        idle = ctypes.CFUNCTYPE(_U64, _POINTER)(self.row[Graph.IDLE])(words)
        return UNFAIR if idle >> (record.actor - 1) & 1 else record.actor - 1


def _length(way: Way) -> tuple[int, int]:
    """Shortest way in first, then the shortest loop."""
    return way.target.depth + len(way.ahead), len(way.loop)

