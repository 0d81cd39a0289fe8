# SPDX-License-Identifier: GPL-2.0-or-later
"""Every reachable transition, one after the other, for what a search does not keep.

Python drives this walk, at about 100,000 transitions a second: it is for
pictures of small scopes.  Verdicts come from ``explore``.
"""

from __future__ import annotations

import ctypes
import resource
import struct
import time
from collections.abc import Iterator
from dataclasses import replace

from checker.explicit.context import ERROR_BIT, Ctx
from checker.explicit.layout import Layout
from checker.explicit.memory import show
from checker.explicit.one_step import OneStep
from checker.explicit.result import LimitError, Limits
from checker.language import ir

Words = tuple[int, ...]
_LOOK = 1 << 10
"""States between two looks at the clock and the memory."""


class Transitions:
    """Iterating gives packed source, packed target and procedure of each transition that leads to a
    state; ``layout`` says what the words mean.  ``states`` and ``stopped`` are known at the end.
    """

    def __init__(self, system: ir.System, limits: Limits | None = None) -> None:
        self.system = system
        self.limits = limits or Limits()
        # Nobody asks for promises here: there may be more of them than one search has room for.
        self.one_step = OneStep(replace(system, promises=(), lemmas=(), run_promises=(), measures=()))
        self.layout: Layout = self.one_step._program.layout
        self.states: set[Words] = set()
        self.stopped: str | None = None

    def __iter__(self) -> Iterator[tuple[Words, Words, str]]:
        parts = self.one_step._program.parts
        names = [part.procedure.name for part in parts]
        self.states = {self.layout.pack(tuple(vector)) for vector in self.system.initial}
        queue, started = sorted(self.states), time.monotonic()
        for number, source in enumerate(queue):
            if number % _LOOK == 0 and self._late(started):
                return
            for target, procedure in self._following(source):
                if target not in self.states:
                    if self.limits.max_states is not None and len(self.states) >= self.limits.max_states:
                        self.stopped = f"the limit of {self.limits.max_states:,} states is reached"
                        return
                    self.states.add(target)
                    queue.append(target)
                yield source, target, names[procedure]

    def _following(self, source: Words) -> list[tuple[Words, int]]:
        """Targets, renamed as a search does, and the number of the procedure."""
        native, size, words = self.one_step, self.one_step._size, self.layout.words
        base = native._out.address
        native._ctx[Ctx.OUT] = base
        native._expand(native._ctx, (ctypes.c_uint64 * words)(*source))
        if native._ctx[Ctx.FULL]:
            raise LimitError("one state has too many transitions")
        end = int(native._ctx[Ctx.OUT])
        if native._normalise is not None:
            for address in range(base, end, size):
                if not ctypes.c_uint64.from_address(address + 8 * (words + 1)).value >> ERROR_BIT:
                    native._normalise(address, None)
        text = ctypes.string_at(base, end - base)
        return [(record[:words], record[words] >> 16 & 0xFFFF) for record in struct.iter_unpack(f"{size // 8}Q", text)
                if not record[words + 1] >> ERROR_BIT]

    def _late(self, started: float) -> bool:
        """Whether a limit is reached; that of memory is about the whole process."""
        if self.limits.seconds is not None and time.monotonic() - started > self.limits.seconds:
            self.stopped = f"the time limit of {self.limits.seconds:g} s is reached"
        used = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if self.limits.memory is not None and used > self.limits.memory:
            self.stopped = f"the memory limit of {show(self.limits.memory)} is reached"
        return self.stopped is not None
