# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine gives to this process."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>."""


class WorkerDied(Exception):
    """A worker process ended without an answer: killed, most likely for want of memory."""


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def end_with(parent: int) -> None:
    """Where the kernel can (Linux), it ends this process when its parent ends, whatever it is doing."""
    import ctypes

    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
