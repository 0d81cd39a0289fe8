# SPDX-License-Identifier: GPL-2.0-or-later
"""Work in several processes: in order, and nothing is lost in silence."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from cli import MODELS, run, sentence

from checker import columns
from checker.workers import WorkerDied, each


@pytest.mark.parametrize("jobs", [1, 2, 3, None])
def test_results_come_in_order(jobs: int | None) -> None:
    def slow_first(n: int) -> tuple[int, int]:
        time.sleep(0.2 if n == 0 else 0)
        return n, os.getpid()

    found = list(each(slow_first, range(5), jobs))
    assert [n for n, _ in found] == [0, 1, 2, 3, 4]
    assert (os.getpid() in {pid for _, pid in found}) == (jobs == 1)
    assert multiprocessing.active_children() == []


def test_nothing_to_do() -> None:
    assert list(each(str, [], 2)) == []


def test_what_a_worker_raises_is_raised_here() -> None:
    def wrong(n: int) -> int:
        raise ValueError(f"{n} is wrong")

    with pytest.raises(ValueError, match="0 is wrong"):
        list(each(wrong, [0, 1], 2))
    assert multiprocessing.active_children() == []


def test_an_interrupt_ends_the_workers(tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    def long(n: int) -> None:
        begun.touch()
        time.sleep(60)

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(KeyboardInterrupt):
            list(each(long, [1, 2, 3], 2))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert begun.exists()
    assert multiprocessing.active_children() == []


def test_a_worker_that_dies_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkerDied):
        list(each(lambda n: os._exit(9), [1, 2], 2))
    parent, ask = os.getpid(), columns.one

    def killed(*args: object, **more: object) -> object:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return ask(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(columns, "one", killed)
    done = run(capsys, "compare", "guarded", "careless", str(MODELS / "pool.py"), "--jobs", "2")
    assert done.code == 3
    assert sentence(done) == "a worker process has died; was there enough memory? fewer --jobs need less"
