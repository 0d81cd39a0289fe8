# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to a solver, answered in a process of their own, which is killed when it takes too long.

z3 cannot be trusted to keep its own limits, and it may take all memory; a process can be ended.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from types import TracebackType
from typing import Any, Generic, TypeVar

from checker.processors import end_with

Q = TypeVar("Q")
A = TypeVar("A")

GRACE = 5
"""Seconds of CPU beyond its limit after which the kernel ends a child whose parent is gone."""


class Undecided(Exception):
    """There is no answer: a limit, or the process died; the text says which."""


class ChildError(Exception):
    """The answering function raised; the text is its traceback."""


class Child(Generic[Q, A]):
    """``answer``, run in a child process, one question after the other.

    The process is forked with the first question, so that ``answer`` may be a closure;
    questions and answers are pickled.  State that ``answer`` builds up (an incremental
    solver) lives until a limit ends the process; the next question gets a new one.
    """

    def __init__(self, answer: Callable[[Q], A], *, memory: int | None = None) -> None:
        """``memory``: bytes of address space that the process may take beyond what it starts with."""
        self._answer = answer
        self._memory = memory
        self._process: ForkProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Child[Q, A]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process is not None else None

    def ask(self, question: Q, seconds: float) -> A:
        """The answer.  Undecided after so many seconds, or if the process dies; ChildError if ``answer`` raises."""
        if self._pipe is None:
            self._start()
        pipe = self._pipe
        assert pipe is not None
        try:
            pipe.send((question, seconds))
            if not pipe.poll(seconds):
                self.close()
                raise Undecided(f"no answer within {seconds:g} s")
            good, answer = pipe.recv()
        except (EOFError, OSError):
            raise Undecided(f"the solver's process ended {self._how()}") from None
        except BaseException:
            self.close()
            raise
        if not good:
            raise ChildError(answer)
        found: A = answer
        return found

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join()
            process.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        self._pipe = ours
        arguments = self._answer, theirs, ours, self._memory, os.getpid()
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()

    def _how(self) -> str:
        process = self._process
        code = None
        if process is not None:
            process.join(1)
            code = process.exitcode
        self.close()
        return f"by signal {-code}" if code is not None and code < 0 else "without an answer"


def _serve(answer: Callable[[Any], Any], pipe: Connection, other: Connection, memory: int | None,
           parent: int) -> None:
    other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with(parent)
    if memory is not None:
        _limit(resource.RLIMIT_AS, _address_space() + memory)
    with contextlib.suppress(EOFError, OSError):
        while True:
            question, seconds = pipe.recv()
            used = resource.getrusage(resource.RUSAGE_SELF)
            _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds) + GRACE)
            try:
                reply = True, answer(question)
            except MemoryError:
                os._exit(1)
            except Exception:
                reply = False, traceback.format_exc()
            pipe.send(reply)
    os._exit(0)


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _address_space() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0
