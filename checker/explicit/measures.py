# SPDX-License-Identifier: GPL-2.0-or-later
"""The least and the most that each measure comes to, by a pass over the states that were found."""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from checker.explicit.code import Code
from checker.explicit.conditions import ConditionCode
from checker.explicit.layout import Layout
from checker.explicit.procedures import Errors
from checker.language import ir

_MOST = (1 << 63) - 1
_CELLS = 4
"""What is kept of a measure: the least value and the state it was met in first, the same for the most."""


@dataclass(frozen=True)
class Extreme:
    """A value, and the first state that has it, by its index."""

    value: int
    index: int


def measure(system: ir.System, layout: Layout, one: ir.Measure) -> tuple[str, Errors]:
    """``i64 (state, value, why)``: stores the value and gives 0, or 1 if it cannot be computed."""
    body = ConditionCode("define i64 @it(ptr noalias %state, ptr noalias %value, ptr noalias %why)", system, layout)
    code = body.code
    value = body.value(one.value)
    if not code.ended:
        code.set("%value", value)
        code.ret("i64 0")
    code.ended = True
    code.block("wrong")
    code.ret("i64 1")
    return code.text(), body.errors


def measuring(layout: Layout, measures: Sequence[tuple[str, int]]) -> str:
    """``i64 @measure(states, from, to, kept, why)``: looks at states in the order of their indices.

    Gives the first that a measure cannot be computed in, or ``to``.  Measures are
    given as symbol and base of errors.
    """
    code = Code("define i64 @measure(ptr %states, i64 %from, i64 %to, ptr %kept, ptr %why)")
    value = code.slot("value")
    with code.counting("%from", "%to") as index:
        state = code.at("%states", code.mul(index, layout.words))
        for k, (symbol, base) in enumerate(measures):
            bad = code.let(f"call i64 @{symbol}(ptr {state}, ptr {value}, ptr %why)")
            with code.when(code.compare("ne", bad, 0)):
                code.bump("%why", base, "or")
                code.ret(f"i64 {index}")
            for cell, order in ((_CELLS * k, "slt"), (_CELLS * k + 2, "sgt")):
                kept, now = code.at("%kept", cell), code.get(value)
                with code.when(code.compare(order, now, code.get(kept))):
                    code.set(kept, now)
                    code.set(code.at("%kept", cell + 1), index)
    code.ret("i64 %to")
    return code.text()


class Extremes:
    """Runs the pass, some states at a time; ``measure`` is the native function, ``states`` where they begin."""

    def __init__(self, measure: Callable[..., int], states: int, number: int) -> None:
        self._measure, self._states = measure, states
        self._kept = (ctypes.c_int64 * (_CELLS * number))(*[_MOST, 0, -_MOST - 1, 0] * number)
        self.why = ctypes.c_uint64()

    def look(self, start: int, end: int) -> int:
        """The first state of these that a measure cannot be computed in (then ``why`` says why), or ``end``."""
        return int(self._measure(self._states, start, end, self._kept, ctypes.byref(self.why)))

    def found(self, number: int) -> tuple[Extreme, Extreme]:
        """The least and the most of one measure."""
        least, at_least, most, at_most = self._kept[_CELLS * number:_CELLS * (number + 1)]
        return Extreme(least, at_least), Extreme(most, at_most)


def depth_of(layers: Sequence[int], index: int) -> int:
    """The layer that a state was found in."""
    return bisect_right(layers, index) - 1
