# SPDX-License-Identifier: GPL-2.0-or-later
"""The native search and its memory, as Python drives them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from checker.explicit.checkpoint import Checkpoint, Saved
from checker.explicit.context import ERROR_BIT, RECORD_EXTRA, RESTLESS, STEADY, Ctx
from checker.explicit.crew import MOST_THREADS, RECORDS, Crew
from checker.explicit.measures import Extremes
from checker.explicit.memory import Region, show
from checker.explicit.native import Later, Modules, Native
from checker.explicit.passes import Passes
from checker.explicit.program import Program
from checker.explicit.result import LimitError
from checker.explicit.runtime import STRETCH, Runtime
from checker.explicit.table import LANES

_U64, _POINTER = ctypes.c_uint64, ctypes.c_void_p
_BUCKET = 8 * LANES
_FIRST_BUCKETS = 1 << 10
_LOAD = 0.6
_LAST_LOAD = 0.85
"""How full the table may become when memory does not allow a larger one."""
_MOST_STATES = (1 << 32) - 2
_LITTLE = 100_000
"""Characters of a model's text that are compiled for speed in a tenth of a second or two."""
_SAVED = (Ctx.NEXT, Ctx.COUNT, Ctx.TRANSITIONS, Ctx.STATE_HASH, Ctx.EDGE_HASH, Ctx.STATE_FOUND, Ctx.EDGE_FOUND,
          Ctx.STUCK)
_SMALL = 1 << 18
"""A table below this many bytes grows by four, unless memory is short, above by two."""


@dataclass(frozen=True)
class Record:
    """One transition: its actor + 1 (0 for a rule), its procedure, its flags, the index of the state
    that stands for its successor, the turn to that (None where actors keep their numbers), and the
    words of the successor (the number of the error, if it leads to no state)."""

    actor: int
    procedure: int
    flags: int
    index: int
    turn: int | None
    words: tuple[int, ...]

    @property
    def failed(self) -> bool:
        return bool(self.flags >> ERROR_BIT)


@cache
def _runtime(words: int) -> Native:
    """The search for states of so many words: the same for all systems."""
    return Native(Modules(alone=(Runtime(words).text(),)))


@cache
def _passes(words: int) -> Native:
    """What runs after it, where something does."""
    return Native(Modules(alone=(Passes(words).text(),)))


class Machine:
    """One search: the compiled system, the states found so far, the table.

    ``memory`` bytes are for states and table.  Where there is not even room to
    begin, LimitError says so.  Up to ``threads`` threads work.
    """

    def __init__(self, program: Program, memory: int, most_states: int | None, threads: int = 1) -> None:
        self.program = program
        self.words = program.layout.words
        self.memory = memory
        first = _FIRST_BUCKETS * _BUCKET
        if memory < 4 * first:
            raise LimitError(f"{show(memory)} of memory are too little even to begin: {show(4 * first)} are needed")
        self._runtime = _runtime(self.words)
        self._model = Native(program.modules, speed=0)
        self._later: Later | None = None
        self._crew = Crew(threads, self.words, program.counts)
        self._spare = 8 * self.words * STRETCH * 2 * MOST_THREADS
        self.ctx = self._crew.ctx
        self._edge_targets = (_U64 * 64)()
        self._state_targets = (_U64 * 64)()
        self._regions: dict[Ctx, Region] = {}
        self._peak = 0
        self._record = self.words + RECORD_EXTRA
        self._reserve(least=4 * first)
        self.buckets = _FIRST_BUCKETS
        self.ctx[Ctx.MOST] = min(most_states or _MOST_STATES, _MOST_STATES)
        self._set_table()
        for member, array in ((Ctx.EDGE_TARGETS, self._edge_targets), (Ctx.STATE_TARGETS, self._state_targets)):
            self.ctx[member] = ctypes.addressof(array)
        self._link()
        self.ctx[Ctx.ACTORS] = program.actors
        function = self._runtime.function
        span = (_U64, _U64)
        self._add = function("add", None, _POINTER, _POINTER)
        self._search = function("search", _U64, _POINTER, _U64)
        self._move = function("move", None, _POINTER, *span)
        self._refill = function("refill", None, _POINTER, *span)
        self._number = function("number", None, _POINTER, *span) if self.words == 1 else None
        for vector in program.system.initial:
            self._add(self.ctx, self.representative(vector)[0])

    def __getitem__(self, member: Ctx) -> int:
        """A member of the context, as an unsigned number."""
        return int(self.ctx[member]) & (1 << 64) - 1

    def _link(self) -> None:
        """Lets the search call the model's code."""
        names = {Ctx.EXPAND: "expand", Ctx.CHECK: "check", Ctx.DEADLOCK: "deadlock", Ctx.IDLE: "idle"}
        if self.program.has_steps:
            names[Ctx.STEP] = "step"
        if self.program.renames or self.program.group:
            names[Ctx.NORMALISE] = "canonical" if self.program.group else "normalise"
        for member, name in names.items():
            self.ctx[member] = self._model.address(name)
        function = self._model.function
        self._expand = function("expand", None, _POINTER, _POINTER)
        two = (_POINTER, _POINTER)
        self._check = function("check", _U64, *two, _U64, _POINTER)
        self._step = function("step", _U64, *two, _U64, _POINTER) if self.program.has_steps else None
        self._normalise = function("normalise", _U64, *two) if self.program.renames else None
        self._canonical = function("canonical", _U64, *two) if self.program.group else None

    @property
    def slow(self) -> int:
        """Characters of the model's text that are not compiled for speed."""
        return self._model.slow

    @property
    def hurried(self) -> int:
        """Characters of it that will not be found compiled for speed the next time."""
        return self._later.left if self._later is not None else self.slow

    @property
    def again(self) -> bool:
        """Whether this very model was searched before."""
        return self._model.again

    def optimise(self) -> None:
        """Compiles for speed what is not, and goes over to that when it is there: beside the search, if it
        is much."""
        if self._later is None and self.slow <= _LITTLE:
            self._fast()
        elif self._later is None:
            self._later = Later(self.program.modules)
        elif self._later.done:
            self._fast()

    def _fast(self) -> None:
        self._model = Native(self.program.modules)
        self._link()

    @property
    def little(self) -> bool:
        """Whether that takes so little time that the search may wait for it."""
        return self.slow <= _LITTLE

    # -- memory

    def region(self, member: Ctx, size: int, what: str) -> int:
        """Reserves memory for a member of the context; an old one is given back."""
        if member in self._regions:
            self._regions.pop(member).close()
        self._regions[member] = Region(size, what)
        self.ctx[member] = self._regions[member].address
        if member not in (Ctx.STATES, Ctx.TABLE):  # which are larger than what is used of them
            self.takes(sum(region.size for m, region in self._regions.items() if m not in (Ctx.STATES, Ctx.TABLE)))
        return self._regions[member].address

    def takes(self, more: int) -> None:
        """Notes that so many bytes are in use besides states and table."""
        self._peak = max(self._peak, self.used + more)

    @property
    def peak(self) -> int:
        """The most bytes that were in use at once."""
        return max(self._peak, self.used)

    def _reserve(self, least: int) -> None:
        """Address space for states and table; where that is limited, less of it."""
        while True:
            try:
                self.region(Ctx.STATES, self.memory + self._spare, "states")
                self.region(Ctx.TABLE, self.memory, "the table of states")
                return
            except LimitError:
                if self.memory // 2 < least:
                    raise
                self.memory //= 2

    def close(self) -> None:
        """Gives all memory back."""
        self._crew.end()
        if self._later is not None:
            self._later.end()
        for region in self._regions.values():
            region.close()
        self._regions.clear()
        self._crew.close()

    def _set_table(self, load: float = _LOAD) -> None:
        self.ctx[Ctx.BUCKETS] = self.buckets - 1
        by_table = int(self.buckets * LANES * load)
        by_memory = (self.memory - self.buckets * _BUCKET) // (8 * self.words)
        self.ctx[Ctx.ROOM] = min(by_table, by_memory)

    def grow(self) -> bool:
        """Makes room for more states; False if the memory does not allow it."""
        wanted = self[Ctx.COUNT] + sum(seat.pending for seat in self._crew.seats)
        buckets = self._buckets_for(wanted)
        if buckets > self.buckets and buckets * _BUCKET + wanted * 8 * self.words <= self.memory:
            self._fill_again(buckets)
        else:
            self._set_table(_LAST_LOAD)
        return bool(wanted <= self[Ctx.ROOM])

    def _buckets_for(self, states: int) -> int:
        buckets = self.buckets
        while buckets * LANES * _LOAD < states:
            buckets *= 4 if buckets * _BUCKET < min(_SMALL, self.memory // 32) else 2
        return buckets

    def _fill_again(self, buckets: int, load: float = _LOAD) -> None:
        """A table of so many buckets, in place: cleared, and filled from the array of states."""
        ctypes.memset(self[Ctx.TABLE], 0, self.buckets * _BUCKET)
        self.buckets = buckets
        self._set_table(load)
        self._crew.over(self._refill, 0, self[Ctx.COUNT])

    @property
    def used(self) -> int:
        """Bytes of states and table."""
        return self.buckets * _BUCKET + self[Ctx.COUNT] * 8 * self.words

    # -- the search

    def search(self, stop: int, most: int) -> bool:
        """Expands states up to index ``stop``, at most about ``most``; False if the table must grow first."""
        ctx = self.ctx
        ctx[Ctx.STATE_KNOWN] = ctx[Ctx.STATE_FOUND]
        ctx[Ctx.EDGE_KNOWN] = ctx[Ctx.EDGE_FOUND] | (0 if ctx[Ctx.STATE_FOUND] & RESTLESS else STEADY)
        ctx[Ctx.CLAIMED] = ctx[Ctx.COUNT]
        done = self._crew.search(self._search, min(stop, self[Ctx.NEXT] + most))
        self._crew.close_gaps(self._move)
        ctx[Ctx.STATE_KNOWN] = ctx[Ctx.EDGE_KNOWN] = 0  # whoever looks at single states wants all of it
        return done

    def behind(self, stop: int) -> bool:
        """Whether there is something to do yet before all states up to index ``stop`` are expanded."""
        return self[Ctx.NEXT] < stop or any(seat.busy for seat in self._crew.seats)

    # -- what a checkpoint needs

    def save(self, checkpoint: Checkpoint, header: dict[str, Any]) -> None:
        """Writes what was found so far."""
        members = {member.name: self[member] for member in _SAVED}
        parts = [(self[Ctx.STATES], 8 * self.words * self[Ctx.COUNT]), *(s.waiting for s in self._crew.seats)]
        checkpoint.save({**header, "members": members, **self._crew.describe()}, parts)

    def restore(self, saved: Saved) -> None:
        """Goes on from what was written.  LimitError where memory does not suffice."""
        states, *waiting = saved.header["sizes"]
        count = states // (8 * self.words)
        buckets, load = self._buckets_for(count), _LOAD
        if buckets * _BUCKET + states > self.memory and count < buckets // 2 * LANES * _LAST_LOAD:
            buckets, load = buckets // 2, _LAST_LOAD
        needed = buckets * _BUCKET + states
        if needed > self.memory:
            raise LimitError(f"the checkpoint has {count:,} states, which need {show(needed)} of memory; "
                             f"there are {show(self.memory)}")
        saved.read(self[Ctx.STATES])
        for member in _SAVED:
            self.ctx[member] = saved.header["members"][member.name]
        self._fill_again(buckets, load)
        self._crew.restore(saved.header, waiting, saved.read)

    def overrun(self) -> str | None:
        """What the search has met that it has no room for, if anything."""
        if self[Ctx.FULL]:
            return f"a state has more than {RECORDS:,} transitions"
        if self[Ctx.CUT]:
            return f"the limit of {self[Ctx.MOST]:,} states is reached"
        return None

    def counts(self) -> list[int]:
        """How often each step and branch ran."""
        return self._crew.counts()

    # -- passes over the states; each takes a range of indices

    def _pass(self, name: str, result: Any = None, *more: Any) -> Callable[..., Any]:
        return _passes(self.words).function(name, result, _POINTER, _U64, _U64, *more)

    def number(self) -> None:
        """Lets the passes find the index of a state."""
        if self.program.group:
            self._crew.note_turns()
        if self._number is not None:
            ctypes.memset(self[Ctx.TABLE], 0, self.buckets * _BUCKET)
            self._crew.over(self._number, 0, self[Ctx.COUNT])

    def begin(self, start: int, end: int) -> None:
        self._crew.over(self._pass("begin"), start, end)

    def sweep(self, start: int, end: int) -> int:
        step, self.ctx[Ctx.STEP] = self.ctx[Ctx.STEP], 0  # nobody asks for step invariants here
        changed = sum(self._crew.over(self._pass("sweep", _U64), start, end))
        self.ctx[Ctx.STEP] = step
        return changed

    def caught(self, start: int, end: int) -> int:
        """The first state with an actor that never gets back to idle, or ``end``."""
        return int(self._pass("caught", _U64)(self.ctx, start, end))

    def mark(self, start: int, end: int) -> None:
        self._crew.over(self._pass("mark"), start, end)

    def stand(self, index: int, findings: int) -> None:
        """Some findings, a set of bits, are this state."""
        self._pass("stand")(self.ctx, index, findings)

    def back(self, start: int, end: int, layer_end: int) -> None:
        self._crew.over(self._pass("back", None, _U64), start, end, layer_end)

    def set_targets(self, states: dict[int, int], edges: dict[int, int]) -> None:
        """Which findings promises (by number) give in the layer at hand."""
        for array, values in ((self._state_targets, states), (self._edge_targets, edges)):
            for k in range(64):
                array[k] = values.get(k, 0)

    def model_address(self, name: str) -> int:
        """Where a function of the model's code is."""
        return self._model.address(name)

    def runtime_address(self, name: str) -> int:
        """Where a function of the search, or of what runs after it, is."""
        return _passes(self.words).address(name)

    def extremes(self) -> Extremes:
        """A pass that measures states; the system has measures."""
        function = self._model.function("measure", _U64, _POINTER, _U64, _U64, _POINTER, _POINTER)
        return Extremes(function, self[Ctx.STATES], len(self.program.system.measures))

    # -- single states

    def representative(self, vector: tuple[int, ...]) -> tuple[ctypes.Array[ctypes.c_uint64], int]:
        """The words of the state that stands for this one, and the turn to it."""
        words = (_U64 * self.words)(*self.program.layout.pack(vector))
        return words, self._canonical(words, None) if self._canonical is not None else 0

    def words_of(self, index: int) -> tuple[int, ...]:
        """The words of a stored state."""
        return self._read(self[Ctx.STATES] + 8 * self.words * index, self.words)

    @staticmethod
    def _read(address: int, words: int) -> tuple[int, ...]:
        return tuple((_U64 * words).from_address(address))

    def _guest(self, vector: tuple[int, ...]) -> int:
        """Puts a state where the next one would be stored; its address."""
        address = self[Ctx.STATES] + 8 * self.words * self[Ctx.COUNT]
        (_U64 * self.words).from_address(address)[:] = list(self.program.layout.pack(vector))
        return address

    def records(self, vector: tuple[int, ...]) -> list[Record]:
        """The transitions of a state, whether stored or not."""
        base, size, count = self[Ctx.OUT_BASE], 8 * self._record, self[Ctx.COUNT]
        self.ctx[Ctx.OUT] = base
        self._expand(self.ctx, self._guest(vector))
        plain = [self._read(base + k * size, self.words) for k in range((self[Ctx.OUT] - base) // size)]
        self._pass("resolve", None, _U64)(self.ctx, count, count + 1, 0)
        result = []
        for k, words in enumerate(plain):
            origin, flags, target = self._read(base + k * size + 8 * self.words, 3)
            turn = self._read(self[Ctx.TURNS] + 8 * k, 1)[0] if self[Ctx.TURNS] else None
            result.append(Record(origin & 0xFFFF, origin >> 16 & 0xFFFF, flags, target, turn, words))
        return result

    def successor(self, record: Record) -> tuple[int, ...]:
        """The vector that a transition leads to, with its actors and objects as they are."""
        words = (_U64 * self.words)(*record.words)
        if self._normalise is not None:
            self._normalise(words, None)
        return self.program.layout.unpack(tuple(words))

    def why_state(self, vector: tuple[int, ...]) -> int:
        """The number of the error that a promise met in this state."""
        why = _U64()
        self._check(self._guest(vector), None, 0, ctypes.byref(why))
        return why.value

    def why_step(self, vector: tuple[int, ...], record: Record) -> int:
        """The number of the error that a step invariant met on a transition."""
        why = _U64()
        assert self._step is not None
        self._step(self._guest(vector), (_U64 * self.words)(*record.words), 0, ctypes.byref(why))
        return why.value

    def release(self, *members: Ctx) -> None:
        """Gives the memory of some members back."""
        for member in members:
            if member in self._regions:
                self._regions.pop(member).close()
