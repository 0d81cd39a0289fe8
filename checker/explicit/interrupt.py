# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C and SIGTERM as a question that the search asks when it suits it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

INTERRUPTED = "interrupted"
"""Why a search stopped."""


class Interrupt:
    """While entered, the first of the two signals only sets ``wanted``: nothing is torn in the middle of a change.

    A second one goes to the handler that was there before.  Outside the main thread,
    and for a signal that is ignored or that nobody handles, nothing is changed.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._before: dict[int, Callable[..., Any]] = {}

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                if callable(handler):
                    self._before[number] = handler
                    signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.wanted:
            self._before[number](number, frame)
        self.wanted = True
