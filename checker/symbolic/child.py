# SPDX-License-Identifier: GPL-2.0-or-later
"""Work in a child process, which is killed at its time limit.

A solver cannot be interrupted from inside at any moment, a process can.  What the
child has sent until then is known.  The child is a fork: it needs no second
reading of the model, and what it loads is gone with it.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

Send = Callable[[Any], None]
_GRACE = 60
"""CPU seconds after which a child ends by itself, should the parent be gone: more than the limit."""


class TimedOut(Exception):
    """The limit came first."""


class Failed(Exception):
    """The child ended without having finished; the text says how, as far as that is known."""


def messages(work: Callable[[Send], None], seconds: float | None = None) -> Iterator[Any]:
    """What ``work`` sends, run in a child process, as it arrives.

    TimedOut after so many seconds, Failed if the child broke down.  The child is
    gone when this ends, however it ends.
    """
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    child = fork.Process(target=_run, args=(work, theirs, ours, seconds), daemon=True)
    deadline = None if seconds is None else time.monotonic() + seconds
    child.start()
    theirs.close()
    try:
        while True:
            if not ours.poll(None if deadline is None else max(0.0, deadline - time.monotonic())):
                raise TimedOut
            try:
                kind, content = ours.recv()
            except EOFError:
                child.join()
                raise Failed(f"its process ended with code {child.exitcode}") from None
            if kind == "end":
                return
            if kind == "error":
                raise Failed(content)
            yield content
    finally:
        child.kill()
        child.join()
        ours.close()


def _run(work: Callable[[Send], None], pipe: Connection, other: Connection, seconds: float | None) -> None:
    """The child's life.  Ctrl-C is for the parent, which then ends the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    other.close()
    if seconds is not None:
        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        limit = int(seconds) + _GRACE
        if most == resource.RLIM_INFINITY or limit < most:
            resource.setrlimit(resource.RLIMIT_CPU, (limit, most))
    try:
        work(lambda content: pipe.send(("message", content)))
    except Exception:
        pipe.send(("error", traceback.format_exc()))
    else:
        pipe.send(("end", None))
