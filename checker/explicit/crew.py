# SPDX-License-Identifier: GPL-2.0-or-later
"""The threads of a search, each with a context of its own.

They are threads of Python that call native code, which runs without the
interpreter's lock.  What they share is said in ``context`` and ``table``.
Between two calls everything is at rest: whatever a thread counted has been added
to the first context, and states have indices without gaps.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from checker.explicit.context import MOST_CHOICES, RECORD_EXTRA, Ctx
from checker.explicit.memory import Region

RECORDS = 1 << 20
"""Transitions that one state may have."""
MOST_THREADS = 256
PAYS = 1 << 14
"""States that are worth more than one thread."""

_SUMS = (Ctx.TRANSITIONS, Ctx.STATE_HASH, Ctx.EDGE_HASH)
_SETS = (Ctx.STATE_FOUND, Ctx.EDGE_FOUND, Ctx.STUCK, Ctx.FULL, Ctx.CUT)
_OWN = {*_SUMS, *_SETS, Ctx.OUT, Ctx.OUT_BASE, Ctx.OUT_END, Ctx.ORIGIN, Ctx.COUNTS, Ctx.SCRIPT, Ctx.BATCH,
        Ctx.BATCH_END, Ctx.SLOT, Ctx.SLOT_END, Ctx.TURNS, Ctx.WHY, Ctx.NEXT, Ctx.COUNT, Ctx.CLAIMED}
_COMMON = [member for member in Ctx if member not in _OWN and member is not Ctx.WORDS]


class Seat:
    """The context of one thread, and the memory that only it writes to."""

    def __init__(self, words: int, counters: int) -> None:
        self._memory = Region(8 * Ctx.WORDS, "a thread")
        self.ctx = (ctypes.c_int64 * Ctx.WORDS).from_address(self._memory.address)
        self.counts = (ctypes.c_uint64 * max(counters, 1))()
        self._script = (ctypes.c_int64 * (2 * MOST_CHOICES))()
        self._size = 8 * (words + RECORD_EXTRA)
        self._out = Region(RECORDS * self._size, "successors")
        self._turns: Region | None = None
        self.ctx[Ctx.OUT] = self.ctx[Ctx.OUT_BASE] = self._out.address
        self.ctx[Ctx.OUT_END] = self._out.address + (RECORDS - 1) * self._size
        self.ctx[Ctx.COUNTS] = ctypes.addressof(self.counts)
        self.ctx[Ctx.SCRIPT] = ctypes.addressof(self._script)

    @property
    def pending(self) -> int:
        """Records that wait for room in the table."""
        return int(self.ctx[Ctx.OUT] - self.ctx[Ctx.OUT_BASE]) // self._size

    @property
    def waiting(self) -> tuple[int, int]:
        """Those records, as address and size."""
        return self._out.address, self.pending * self._size

    @property
    def busy(self) -> bool:
        """Whether it has taken something that is not done."""
        return bool(self.pending or self.ctx[Ctx.BATCH] != self.ctx[Ctx.BATCH_END])

    def note_turns(self) -> None:
        """From now on the turns of successors are wanted."""
        self._turns = self._turns or Region(8 * RECORDS, "turns")
        self.ctx[Ctx.TURNS] = self._turns.address

    def close(self) -> None:
        """Gives the memory back."""
        for region in (self._out, self._turns, self._memory):
            if region is not None:
                region.close()


class Crew:
    """Up to ``most`` threads; the second and further ones come when there is work for them."""

    def __init__(self, most: int, words: int, counters: int) -> None:
        self._most = most
        self._shape = words, counters
        self.seats = [Seat(words, counters)]
        self.ctx = self.seats[0].ctx
        self.ctx[Ctx.SHARED] = ctypes.addressof(self.ctx)
        self._pool: ThreadPoolExecutor | None = None
        self._turns = False

    def _for(self, states: int) -> list[Seat]:
        """As many as so many states are worth."""
        if states < PAYS or self._most == 1:
            return self.seats[:1]
        while len(self.seats) < self._most:
            self._another()
        return self.seats[:self._most]

    def _another(self) -> None:
        self.seats.append(Seat(*self._shape))
        if self._turns:
            self.seats[-1].note_turns()

    def note_turns(self) -> None:
        """From now on the turns of successors are wanted."""
        self._turns = True
        for seat in self.seats:
            seat.note_turns()

    def counts(self) -> list[int]:
        """How often each step and branch ran."""
        return [sum(each) for each in zip(*(seat.counts for seat in self.seats), strict=True)]

    # -- work

    def search(self, function: Callable[..., int], stop: int) -> bool:
        """Calls ``function(ctx, stop)`` in as many threads as there is work for, and in those that have
        some left; whether all are done."""
        used = self._for(stop - self.ctx[Ctx.NEXT])
        used = used + [seat for seat in self.seats[len(used):] if seat.busy]
        answers = self._run(function, [(seat, (stop,)) for seat in used])
        return not any(answers)

    def over(self, function: Callable[..., int | None], start: int, end: int, *more: int) -> list[int]:
        """Calls ``function(ctx, from, to, ...)`` for parts of a range of states; the results."""
        seats = self._for(end - start)
        cuts = [start + (end - start) * k // len(seats) for k in range(len(seats) + 1)]
        calls = [(seat, (cuts[k], cuts[k + 1], *more)) for k, seat in enumerate(seats)]
        return self._run(function, calls)

    def _run(self, function: Callable[..., int | None], calls: Sequence[tuple[Seat, tuple[int, ...]]]) -> list[int]:
        for seat, _ in calls:
            if seat is not self.seats[0]:
                for member in _COMMON:
                    seat.ctx[member] = self.ctx[member]
        futures: list[Future[int | None]] = []
        if len(calls) > 1:
            self._pool = self._pool or ThreadPoolExecutor(max(1, self._most - 1))
            futures = [self._pool.submit(function, seat.ctx, *given) for seat, given in calls[1:]]
        first = function(calls[0][0].ctx, *calls[0][1])
        answers = [first, *(future.result() for future in futures)]
        for seat, _ in calls[1:]:
            self._add_up(seat)
        return [int(answer or 0) for answer in answers]

    def _add_up(self, seat: Seat) -> None:
        """What a thread counted goes to the first."""
        for member in _SUMS:
            self.ctx[member] += seat.ctx[member]
            seat.ctx[member] = 0
        for member in _SETS:
            self.ctx[member] |= seat.ctx[member]
            seat.ctx[member] = 0

    def close(self) -> None:
        """Waits for the threads, gives all memory back."""
        self.end()
        for seat in self.seats:
            seat.close()

    def end(self) -> None:
        """Waits until no thread works any more, whatever happens meanwhile: they use memory that will be
        given back when an exception gets out."""
        interrupted = False
        while self._pool is not None:
            try:
                self._pool.shutdown()
                self._pool = None
            except KeyboardInterrupt:
                interrupted = True
        if interrupted:
            raise KeyboardInterrupt

    # -- what a checkpoint needs

    def describe(self) -> dict[str, Any]:
        """Counts, and what threads have taken and not done."""
        return {"counts": self.counts(), "batches": [[seat.ctx[Ctx.BATCH], seat.ctx[Ctx.BATCH_END]]
                                                     for seat in self.seats]}

    def restore(self, header: dict[str, Any], sizes: Sequence[int], read: Callable[[int], None]) -> None:
        """Goes on where ``describe`` was asked; records of each thread come by ``read(address)``."""
        while len(self.seats) < len(sizes):
            self._another()
        self.seats[0].counts[:] = header["counts"]
        for seat, size, batch in zip(self.seats, sizes, header["batches"], strict=False):
            read(seat.waiting[0])
            seat.ctx[Ctx.OUT] = seat.ctx[Ctx.OUT_BASE] + size
            seat.ctx[Ctx.BATCH], seat.ctx[Ctx.BATCH_END] = batch

    # -- indices

    def close_gaps(self, move: Callable[..., None]) -> None:
        """The last states go where threads have taken indices and not used them."""
        count = int(self.ctx[Ctx.COUNT])
        gaps: set[int] = set()
        for seat in self.seats:
            gaps.update(range(seat.ctx[Ctx.SLOT], seat.ctx[Ctx.SLOT_END]))
            seat.ctx[Ctx.SLOT] = seat.ctx[Ctx.SLOT_END] = 0
        end = count - len(gaps)
        last = (index for index in range(end, count) if index not in gaps)
        for gap, index in zip(sorted(gap for gap in gaps if gap < end), last, strict=True):
            move(self.ctx, index, gap)
        self.ctx[Ctx.COUNT] = end
