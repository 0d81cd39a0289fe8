# SPDX-License-Identifier: GPL-2.0-or-later
"""One step of a system by native code: the same functions that a search calls, asked about one state."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from checker.explicit.context import ERROR_BIT, MOST_CHOICES, RECORD_EXTRA, Ctx
from checker.explicit.memory import Region
from checker.explicit.native import Native
from checker.explicit.objects import Objects
from checker.explicit.program import Program
from checker.explicit.result import LimitError
from checker.language import ir

_U64 = ctypes.c_uint64
_OBJECTS = Objects(None)
"""Many small systems are asked here, each once: nothing to keep on the disk."""
_RECORDS = 1 << 14
"""Transitions that one state may have here."""


class OneStep:
    """Answers questions about one step of one system; compiled once, asked often."""

    def __init__(self, system: ir.System) -> None:
        self._program = Program(system)
        self._native = Native(self._program.modules, speed=0, objects=_OBJECTS)
        self._words = self._program.layout.words
        self._size = 8 * (self._words + RECORD_EXTRA)
        self._out = Region(_RECORDS * self._size, "successors")
        self._script = (ctypes.c_int64 * (2 * MOST_CHOICES))()
        self._counts = (_U64 * max(self._program.counts, 1))()
        self._ctx = (ctypes.c_int64 * Ctx.WORDS)()
        self._ctx[Ctx.OUT_BASE] = self._out.address
        self._ctx[Ctx.OUT_END] = self._out.address + (_RECORDS - 1) * self._size
        self._ctx[Ctx.SCRIPT] = ctypes.addressof(self._script)
        self._ctx[Ctx.COUNTS] = ctypes.addressof(self._counts)
        pointer = ctypes.c_void_p
        self._expand = self._native.function("expand", None, pointer, pointer)
        self._check = self._native.function("check", _U64, pointer, pointer, _U64, pointer)
        self._normalise = self._native.function("normalise", None, pointer, pointer) if self._program.renames else None

    def _packed(self, vector: Sequence[int]) -> ctypes.Array[ctypes.c_uint64]:
        return (_U64 * self._words)(*self._program.layout.pack(tuple(vector)))

    def _transitions(self, vector: Sequence[int]) -> list[tuple[tuple[int, ...], int]]:
        """Words of the target (or the number of an error), and flags, of every transition."""
        self._ctx[Ctx.OUT] = self._out.address
        self._expand(self._ctx, self._packed(vector))
        if self._ctx[Ctx.FULL]:
            raise LimitError(f"one state has more than {_RECORDS:,} transitions")
        found = []
        for address in range(self._out.address, self._ctx[Ctx.OUT], self._size):
            record = (_U64 * (self._words + 2)).from_address(address)
            if not record[self._words + 1] >> ERROR_BIT and self._normalise is not None:
                self._normalise(address, None)
            found.append((tuple(record[: self._words]), int(record[self._words + 1])))
        return found

    def successors(self, vector: Sequence[int]) -> set[tuple[int, ...]]:
        """The normalised codes of every state that one step leads to."""
        unpack = self._program.layout.unpack
        return {unpack(words) for words, flags in self._transitions(vector) if not flags >> ERROR_BIT}

    def errors(self, vector: Sequence[int]) -> set[tuple[str, str]]:
        """The steps from this state into no state: (promise, what happened where)."""
        return {self._program.error(words[0]) for words, flags in self._transitions(vector) if flags >> ERROR_BIT}

    def broken(self, vector: Sequence[int]) -> set[str]:
        """The promises that steps from this state break, errors and ``expect`` included."""
        flags = 0
        for _, more in self._transitions(vector):
            flags |= more
        return {name for k, name in enumerate(self._program.edges.names) if flags >> k & 1}

    def found(self, vector: Sequence[int]) -> set[str]:
        """The invariants that this state breaks and the reachables that it reaches."""
        flags = self._check(self._packed(vector), None, 0, ctypes.byref(_U64()))
        return {name for k, name in enumerate(self._program.states.names) if flags >> k & 1}
