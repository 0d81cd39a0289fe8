# SPDX-License-Identifier: GPL-2.0-or-later
"""Shortest traces with the fewest actor switches, without having stored an edge.

The layers of the search are expanded once more, from the deepest finding back
to the initial states, and each state learns which findings a shortest way leads
on to, and how many switches that takes for each actor that may have moved last.
Rules (the environment) do not count as switches.  Then the way is walked forward.
Of two equally good ways the one whose transitions come first is taken.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

from checker.explicit.context import Ctx
from checker.explicit.machine import Machine, Record
from checker.explicit.passes import BEST
from checker.explicit.result import NO_MODEL_ERROR, Finding

_GROUP = 64
_LEAST = 1 << 26
"""Bytes for costs that are taken even beyond the memory limit."""


@dataclass(frozen=True)
class Target:
    """Where a finding is: ``kind`` state, edge, deadlock or finish, with the promise's number, or point
    with the index of a state; ``layer`` of the state, or of the state that the edge leaves; ``depth`` in
    transitions; ``error`` where that is known already."""

    promise: str
    kind: str
    number: int
    layer: int
    depth: int
    error: str | None = None


def traces(machine: Machine, layers: list[int], targets: list[Target]) -> dict[str, Finding]:
    """A finding for each target."""
    count = machine[Ctx.COUNT]
    room = max(_LEAST, machine.memory - machine.used) - 8 * count
    size = max(1, min(_GROUP, room // max(1, count * (machine[Ctx.ACTORS] + 1))))
    result: dict[str, Finding] = {}
    for k in range(0, len(targets), size):
        group = targets[k:k + size]
        walker = _Walker(machine, layers, group)
        for bit, target in enumerate(group):
            result[target.promise] = walker.walk(bit, target)
        machine.release(Ctx.MARKS, Ctx.COSTS)
    return result


@dataclass(frozen=True)
class _Here:
    """A state on the way, the index of what stands for it and the turn to that, and who moved last."""

    vector: tuple[int, ...]
    index: int
    turn: int | None
    last: int


class _Walker:
    def __init__(self, machine: Machine, layers: list[int], targets: list[Target]) -> None:
        self.machine = machine
        self.layers = layers
        self.each = machine[Ctx.ACTORS] + 1
        self.stride = len(targets) * self.each
        count = machine[Ctx.COUNT]
        self.marks = machine.region(Ctx.MARKS, 8 * count, "traces")
        self.costs = machine.region(Ctx.COSTS, self.stride * count, "traces")
        machine.ctx[Ctx.STRIDE] = self.stride
        machine.set_targets({}, {})
        for layer in range(max(t.layer for t in targets), -1, -1):
            self._layer(layer, targets)

    def _layer(self, layer: int, targets: list[Target]) -> None:
        """Follows the ways back from the next layer to this one."""
        machine, ctx = self.machine, self.machine.ctx
        start, end = self.layers[layer], self.layers[layer + 1]
        here = [(1 << bit, t) for bit, t in enumerate(targets) if t.layer == layer]
        ctx[Ctx.LIVE] = _signed(sum(1 << bit for bit, t in enumerate(targets) if t.layer > layer))
        if not here:
            machine.back(start, end, end)
            return

        def of(kind: str) -> dict[int, int]:
            return {t.number: bit for bit, t in here if t.kind == kind}

        machine.set_targets(of("state"), of("edge"))
        ctx[Ctx.DEADLOCK_TARGET] = _signed(of("deadlock").get(0, 0))
        ctx[Ctx.FINISH_TARGET] = _signed(of("finish").get(0, 0))
        machine.mark(start, end)
        for findings, target in here:
            if target.kind == "point":
                machine.stand(target.number, findings)
        machine.back(start, end, end)
        machine.set_targets({}, {})
        ctx[Ctx.DEADLOCK_TARGET] = ctx[Ctx.FINISH_TARGET] = 0

    def _marked(self, index: int, bit: int) -> bool:
        return bool(ctypes.c_uint64.from_address(self.marks + 8 * index).value >> bit & 1)

    def _credit(self, index: int, bit: int, last: int) -> int:
        """How good the best way from a state is, if ``last`` moved before: BEST - switches."""
        address = self.costs + self.stride * index + bit * self.each + last
        return int(ctypes.c_uint8.from_address(address).value)

    def _begins(self, bit: int) -> Iterator[tuple[int, _Here]]:
        """Initial states that a best way begins in, each with how good that is."""
        known = {self.machine.words_of(k): k for k in range(self.layers[1])}
        for vector in self.machine.program.system.initial:
            words, turn = self.machine.representative(vector)
            index = known[tuple(words)]
            if self._marked(index, bit):
                yield self._credit(index, bit, 0), _Here(vector, index, turn if self.machine.program.group else None, 0)

    def walk(self, bit: int, target: Target) -> Finding:
        """The finding, with the best way to it: as objects are really named, whatever stands for it."""
        machine = self.machine
        _, here = max(self._begins(bit), key=lambda begin: begin[0])
        path, moves = [here.vector], []
        error = target.error
        for layer in range(target.depth):
            at_edge = target.kind == "edge" and layer == target.layer
            record = self._step(here, bit, target, layer)
            moves.append((machine.program.parts[record.procedure].procedure.name,
                          record.actor - 1 if record.actor else None))
            if at_edge and record.failed:
                error = machine.program.error(record.words[0])[1]
                break
            if at_edge and target.promise == NO_MODEL_ERROR:
                error = machine.program.error(machine.why_step(here.vector, record))[1]
            here = _Here(machine.successor(record), record.index, record.turn, record.actor or here.last)
            path.append(here.vector)
        if target.kind == "state" and target.promise == NO_MODEL_ERROR:
            error = machine.program.error(machine.why_state(here.vector))[1]
        return Finding(target.promise, target.depth, tuple(path), error, tuple(moves))

    def _step(self, here: _Here, bit: int, target: Target, layer: int) -> Record:
        """The first transition on a best way."""
        wanted, end = self._credit(here.index, bit, _seat(here.last, here.turn)), self.layers[layer + 1]
        for record in self.machine.records(here.vector):
            via = record.actor or here.last
            switch = 1 if record.actor and here.last and record.actor != here.last else 0
            if target.kind == "edge" and layer == target.layer:
                if not record.flags >> target.number & 1:
                    continue
                ahead = BEST
            else:
                index = record.index
                if record.failed or not end <= index < self.layers[-1] or not self._marked(index, bit):
                    continue
                ahead = self._credit(index, bit, _seat(via, record.turn))
            if max(1, ahead - switch) == wanted:
                return record
        raise AssertionError(f"{target.promise}: the way back does not lead forward")


def _seat(actor: int, turn: int | None) -> int:
    """The new number of an actor; both count from 1, 0 is nobody."""
    return actor if turn is None or not actor else (turn >> 4 * (actor - 1) & 15) + 1


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
