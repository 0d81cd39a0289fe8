# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine gives to this process."""

from __future__ import annotations

import os


class WorkerDied(Exception):
    """A worker process ended without an answer: killed, most likely for want of memory."""


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
