# SPDX-License-Identifier: GPL-2.0-or-later
"""The same work for many items, in processes of their own: a search keeps one core busy."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from checker.processors import WorkerDied, cores
from checker.report.progress import Progress

T = TypeVar("T")
R = TypeVar("R")

_work: Callable[[Any], Any] | None = None
"""What the workers do: they are forked, so that it need not be sent to them."""
_items: Sequence[Any] = ()


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
    global _work, _items
    _work, _items = work, items
    context = multiprocessing.get_context("fork")
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(min(jobs, len(items)), mp_context=context, initializer=_alone)
    try:
        for number, result in enumerate(pool.map(_one, range(len(items))), 1):
            progress.parts(number, len(items))
            yield result
    except BrokenProcessPool:
        raise WorkerDied("a worker process has died; was there enough memory? fewer --jobs need less") from None
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        raise
    finally:
        progress.close()
        pool.shutdown(cancel_futures=True)
        _work, _items = None, ()


@contextmanager
def beside(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """While entered, ``jobs`` processes beside this one take work; what is not done at the end is given up.

    They are forked when they get the first; nobody has searched in this process before.
    """
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork"), initializer=_beside)
    try:
        yield pool
    finally:
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        pool.shutdown(cancel_futures=True)


def _alone() -> None:
    """A signal that is meant for the whole command ends a worker at once: its parent says the rest, and
    how far all of them are."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    Progress.muted = True


def _beside() -> None:
    """As ``_alone``, and out of the way of this process, which everybody waits for: they have all the time it takes."""
    _alone()
    os.nice(10)


def _one(number: int) -> Any:
    assert _work is not None
    return _work(_items[number])
