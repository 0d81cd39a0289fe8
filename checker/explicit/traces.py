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
from dataclasses import dataclass

from checker.explicit.context import Ctx
from checker.explicit.machine import Machine
from checker.explicit.passes import BEST
from checker.explicit.result import NO_MODEL_ERROR, Finding

_GROUP = 64
_LEAST = 1 << 26
"""Bytes for costs that are taken even beyond the memory limit."""


@dataclass(frozen=True)
class Target:
    """Where a finding is: ``kind`` state, edge, deadlock or finish, with the promise's number;
    ``layer`` of the state, or of the state that the edge leaves; ``depth`` in transitions."""

    promise: str
    kind: str
    number: int
    layer: int
    depth: int


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
        machine.back(start, end, end)
        machine.set_targets({}, {})
        ctx[Ctx.DEADLOCK_TARGET] = ctx[Ctx.FINISH_TARGET] = 0

    def _marked(self, index: int, bit: int) -> bool:
        return bool(ctypes.c_uint64.from_address(self.marks + 8 * index).value >> bit & 1)

    def _credit(self, index: int, bit: int, last: int) -> int:
        """How good the best way from a state is, if ``last`` moved before: BEST - switches."""
        address = self.costs + self.stride * index + bit * self.each + last
        return int(ctypes.c_uint8.from_address(address).value)

    def walk(self, bit: int, target: Target) -> Finding:
        """The finding, with the best way to it."""
        initial = [k for k in range(self.layers[1]) if self._marked(k, bit)]
        state, last = max(initial, key=lambda k: (self._credit(k, bit, 0), -k)), 0
        path, moves = [self.machine.state(state)], []
        error = None
        for layer in range(target.depth):
            at_edge = target.kind == "edge" and layer == target.layer
            record, actor, procedure, flags, state_, last_ = self._step(state, bit, last, target, layer)
            moves.append((self.machine.program.parts[procedure].procedure.name, actor - 1 if actor else None))
            if at_edge and flags >> 63:
                error = self.machine.program.error(state_)[1]
                break
            path.append(self.machine.successor(record))
            if at_edge and target.promise == NO_MODEL_ERROR:
                error = self.machine.program.error(self.machine.why_step(state, record))[1]
            state, last = state_, last_
        if target.kind == "state" and target.promise == NO_MODEL_ERROR:
            error = self.machine.program.error(self.machine.why_state(state))[1]
        return Finding(target.promise, target.depth, tuple(path), error, tuple(moves))

    def _step(self, state: int, bit: int, last: int, target: Target, layer: int) -> tuple[int, int, int, int, int, int]:
        """The first transition on a best way: record, actor + 1, procedure, flags, successor, last actor."""
        wanted, end = self._credit(state, bit, last), self.layers[layer + 1]
        for k, (actor, procedure, flags, index) in enumerate(self.machine.records(state)):
            via = actor or last
            switch = 1 if actor and last and actor != last else 0
            if target.kind == "edge" and layer == target.layer:
                if not flags >> target.number & 1:
                    continue
                ahead = BEST
            else:
                if flags >> 63 or not end <= index < self.layers[-1] or not self._marked(index, bit):
                    continue
                ahead = self._credit(index, bit, via)
            if max(1, ahead - switch) == wanted:
                return k, actor, procedure, flags, index, via
        raise AssertionError(f"{target.promise}: the way back does not lead forward")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
