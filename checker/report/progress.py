# SPDX-License-Identifier: GPL-2.0-or-later
"""How far a long search is, on standard error; a short one says nothing."""

from __future__ import annotations

import sys
import time
from contextlib import suppress

QUIET = 2.0
"""Seconds before anything is said."""
PAUSE_TERMINAL, PAUSE_LOG = 0.5, 10.0
"""Seconds between two lines: a terminal's is overwritten, a log's stays."""


class Progress:
    """Called by a search every now and then; remembers the last numbers."""

    muted = False
    """Set in processes that somebody else tells the progress of."""

    def __init__(self, name: str):
        self.name = name
        self.states = self.transitions = self.depth = 0
        self._started = time.monotonic()
        self._next = self._started + QUIET
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._open = False

    def __call__(self, states: int, transitions: int, depth: int, queue: int) -> None:
        self.states, self.transitions, self.depth = states, transitions, depth
        passed = time.monotonic() - self._started
        self._line(f"{self.name}: {states:,} states, {states / max(passed, 1e-3) / 1000:,.0f} k states/s, "
                   f"depth {depth}, {queue:,} in the queue, {passed:.0f} s")

    def steps(self, depth: int, passed: float) -> None:
        """Called by a bounded search when it has decided a number of steps."""
        self.depth = depth
        self._line(f"{self.name}: {depth} steps decided, {passed:.0f} s")

    def doing(self, what: str) -> None:
        """Called when something begins that may take a while."""
        self._line(f"{self.name}: {what}, {time.monotonic() - self._started:.0f} s")

    def parts(self, done: int, of: int) -> None:
        """Called when one of several pieces of work is done."""
        self._line(f"{self.name}: {done} of {of} done, {time.monotonic() - self._started:.0f} s")

    def _line(self, line: str) -> None:
        now = time.monotonic()
        if self.muted or now < self._next or sys.stderr is None:
            return
        self._next = now + (PAUSE_TERMINAL if self._terminal else PAUSE_LOG)
        self._say(f"\r\x1b[K{line}" if self._terminal else line + "\n")
        self._open = self._terminal

    def close(self) -> None:
        """Removes the line from a terminal."""
        if self._open:
            self._say("\r\x1b[K")
            self._open = False

    @staticmethod
    def _say(text: str) -> None:
        """Progress that nobody can read is no reason to stop."""
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()
