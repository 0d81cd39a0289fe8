# SPDX-License-Identifier: GPL-2.0-or-later
"""Large memory that is reserved at once and used as it fills."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
from pathlib import Path

from checker.explicit.result import LimitError

_NORESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000)
_HUGE = 1 << 21
_WORKING = 32 << 20
"""Bytes for compiling, and for what threads have in hand."""
_LEAST = 1 << 20
_SHARE = 0.8
"""Of the free memory, what a search without a limit may take."""


class Region:
    """A mapping of ``size`` bytes, zero until written to; ``address`` is where it is."""

    def __init__(self, size: int, what: str) -> None:
        size = max(-(-size // mmap.PAGESIZE) * mmap.PAGESIZE, mmap.PAGESIZE)
        try:
            self._map = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE)
        except (OSError, ValueError, OverflowError) as error:
            raise LimitError(f"no address space for {what} ({show(size)}): {error}") from error
        if size >= _HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):  # only a matter of speed
                self._map.madvise(mmap.MADV_HUGEPAGE)
        self._first = ctypes.c_char.from_buffer(self._map)
        self.address = ctypes.addressof(self._first)
        self.size = size

    def close(self) -> None:
        """Gives the memory back."""
        del self._first
        self._map.close()


def show(size: int) -> str:
    """A number of bytes, for people."""
    return f"{size:,} bytes" if size < 2**20 else f"{size / 2**20:,.1f} MiB"


def resident() -> int:
    """Bytes that this process has in memory; 0 where nobody says."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE
    except OSError:
        return 0


def within(limit: int) -> int:
    """Bytes that a search may take, so that the whole process takes no more than the limit.

    LimitError where the process alone takes nearly that."""
    left = limit - resident() - _WORKING
    if left < _LEAST:
        raise LimitError(f"{show(limit)} of memory are too little even to begin: "
                         f"{show(limit - left + _LEAST)} are needed")
    return left


def available() -> int:
    """Bytes that a search may take if nobody says: most of what is free, within the container's limit."""
    free = os.sysconf("SC_AVPHYS_PAGES") * mmap.PAGESIZE
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        if limit != "max":
            free = min(free, max(0, int(limit) - used))
    except (OSError, ValueError):
        pass
    return int(free * _SHARE)
