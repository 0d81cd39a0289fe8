# SPDX-License-Identifier: GPL-2.0-or-later
"""The same work for many items, in processes of their own: a search keeps one core busy."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing.process import BaseProcess
from types import FrameType, TracebackType
from typing import Any, Generic, TypeVar

from checker.processors import WorkerDied, cores, end_with
from checker.report.progress import Progress

T = TypeVar("T")
R = TypeVar("R")

_work: Callable[[Any], Any] | None = None
"""What the workers do: they are forked, so that it need not be sent to them."""
_items: Sequence[Any] = ()
_busy = _ending = False
"""Whether this worker is in the middle of something, and whether it was told to end."""


def each(work: Callable[[T], R], items: Sequence[T], jobs: int | None, name: str = "") -> Iterator[R]:
    """``work(item)`` for every item, in order, ``jobs`` of them at a time (None: one for each core).

    Nobody has searched in this process before: forking does not go with threads.
    Results must be picklable.  What a worker raises is raised here; an interrupt
    ends the workers.  ``name`` is what progress is told of.
    """
    jobs = cores() if jobs is None else jobs
    if jobs <= 1 or not items:
        yield from map(work, items)
        return
    progress = Progress(name)
    try:
        with _forked(work, items, min(jobs, len(items)), _alone) as (pool, _):
            for number, result in enumerate(pool.map(_one, range(len(items))), 1):
                progress.parts(number, len(items))
                yield result
    except BrokenProcessPool:
        raise WorkerDied("a worker process has died; was there enough memory? fewer --jobs need less") from None
    finally:
        progress.close()


Children = Callable[[], set[BaseProcess]]
"""The processes that there are now."""


@contextmanager
def _forked(work: Callable[[T], R], items: Sequence[T], jobs: int, begin: Callable[..., None],
            *given: Any) -> Iterator[tuple[ProcessPoolExecutor, Children]]:
    """Processes that can be given numbers of items; each calls ``begin`` first.  They do not outlive an exception."""
    global _work, _items
    _work, _items = work, items
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork"), initializer=begin, initargs=given)

    def children() -> set[BaseProcess]:
        return set(multiprocessing.active_children()) - before

    try:
        yield pool, children
    except BaseException:
        for child in children():
            child.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        _work, _items = None, ()


class Workers(Generic[T, R]):
    """While entered, ``jobs`` processes do ``work(item)`` for every item, in order; as ``each`` does it.

    ``answers`` are for the items; one is None if the work was cut short by an interrupt.  Told to come to an
    end, a worker raises KeyboardInterrupt in its work, once, whose answer counts; Ctrl-C itself is for this process.
    """

    def __init__(self, work: Callable[[T], R], items: Sequence[T], jobs: int) -> None:
        self.work, self.items, self.jobs = work, items, jobs
        self.answers: list[Future[R | None]] = []
        self._stack = ExitStack()
        self._pool: ProcessPoolExecutor
        self._children: Children

    def __enter__(self) -> Workers[T, R]:
        self._pool, self._children = self._stack.enter_context(
            _forked(self.work, self.items, self.jobs, _patient, os.getpid()))
        self.answers = [self._submit(number) for number in range(len(self.items))]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, trace)

    def _submit(self, number: int) -> Future[R | None]:
        try:
            return self._pool.submit(_one_that_ends, number)
        except BrokenProcessPool as error:  # so soon: who asks for the answer is told
            failed: Future[R | None] = Future()
            failed.set_exception(error)
            return failed

    def finish(self) -> None:
        """Waits until everything is done, and gives back what the processes have taken."""
        self._pool.shutdown()

    def end(self) -> None:
        """Begins nothing more, and has what is under way come to an end."""
        for answer in self.answers:
            answer.cancel()
        for child in self._children():
            child.terminate()


def _alone() -> None:
    """A signal that is meant for the whole command ends a worker at once: its parent says the rest, and
    how far all of them are."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    Progress.muted = True


def _patient(parent: int) -> None:
    """A worker that has something to say when it is told to end."""
    _alone()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    end_with(parent)


def _end(number: int, frame: FrameType | None) -> None:
    global _ending
    first, _ending = not _ending, True
    if first and _busy:
        raise KeyboardInterrupt


def give_up() -> None:
    """For work that was told to end, and has done so: this worker begins nothing more."""
    global _ending
    _ending = True


def _one_that_ends(number: int) -> Any:
    global _busy
    _busy = True
    try:
        return None if _ending else _one(number)
    except KeyboardInterrupt:
        return None
    finally:
        _busy = False


def _one(number: int) -> Any:
    assert _work is not None
    return _work(_items[number])
