# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one program to its end, and says what it took."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SOONEST, _LATEST = 0.002, 0.1
"""Seconds between two looks at the memory of a process: it grows longer with its life."""


@dataclass(frozen=True)
class Run:
    """One process: exit code, what it printed, CPU seconds of all its threads and of those whom it waited
    for, seconds on the wall, bytes at its peak."""

    code: int
    out: str
    err: str
    cpu: float
    wall: float
    peak: int


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Run:
    """Runs a program in a folder; OSError where it cannot be started.  An interrupt ends it, too."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=err)
        try:
            with _Watch(process.pid) as watch:
                _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
            process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            process.kill()
            process.wait()
            raise
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Run(process.returncode, texts[0], texts[1], usage.ru_utime + usage.ru_stime, wall,
               watch.peak(usage.ru_maxrss << 10))


class _Watch:
    """Looks at the peak of a process while it lives.

    What the kernel says at its end is exact, but counts the pages that the process
    had in common with this one before it became another program: below our own
    size, only what was seen in between is true of it alone.
    """

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._seen = 0
        self._ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        pause = _SOONEST
        while not self._over.wait(pause):
            with suppress(OSError):
                found = re.search(r"VmHWM:\s+(\d+) kB", self._status.read_text())
                self._seen = max(self._seen, int(found[1]) << 10 if found else 0)
            pause = min(_LATEST, pause * 1.2)

    def peak(self, told: int) -> int:
        """Bytes; ``told`` is what the kernel said."""
        return told if told > self._ours or not self._seen else self._seen
