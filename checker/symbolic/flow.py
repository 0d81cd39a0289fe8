# SPDX-License-Identifier: GPL-2.0-or-later
"""One flow of control: under which condition, with which locals, in which state.

Locals and states are never changed in place, so that a flow is forked by copying
three references; where flows join again, only what differs becomes an
if-then-else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.symbolic import values as v
from checker.symbolic.codes import Value, pick


@dataclass(slots=True)
class Flow:
    """``state`` has one code per cell (a truth where the cell is bool)."""

    guard: v.Truth
    env: dict[str, Value]
    state: tuple[Value, ...]

    def fork(self, condition: v.Truth) -> Flow:
        """The part of this flow for which the condition holds."""
        return Flow(v.both(self.guard, condition), self.env, self.state)

    def dead(self) -> bool:
        return self.guard is False

    def become(self, other: Flow) -> None:
        self.guard, self.env, self.state = other.guard, other.env, other.state

    def bind(self, name: str, value: Value) -> None:
        self.env = {**self.env, name: value}


def merge(condition: v.Truth, a: Flow, b: Flow) -> Flow:
    """Two flows of which at most one is taken; the condition holds where it is a."""
    if a.dead():
        return b
    if b.dead():
        return a
    state = a.state
    if state is not b.state:
        state = tuple(pick(condition, x, y) for x, y in zip(a.state, b.state, strict=True))
    env = a.env
    if env is not b.env:
        # What only one side has set is not read behind the join.
        env = {**b.env, **a.env}
        for name in a.env.keys() & b.env.keys():
            env[name] = pick(condition, a.env[name], b.env[name])
    return Flow(v.either(a.guard, b.guard), env, state)


def join(flows: Sequence[Flow]) -> Flow | None:
    """All the flows in one, or None if none is alive."""
    alive = [flow for flow in flows if not flow.dead()]
    if not alive:
        return None
    out = alive[-1]
    for flow in reversed(alive[:-1]):
        out = merge(flow.guard, flow, out)
    return out
