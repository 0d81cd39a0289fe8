# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to a child process: answers arrive, and nothing outlives its limit."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from itertools import count

import pytest

from checker.symbolic.child import Child, ChildError, Undecided

LONG = 600.0
"""Seconds that no answer here needs."""


def test_what_the_answers_build_up_lives_from_question_to_question() -> None:
    asked: list[int] = []

    def answer(question: int) -> tuple[int, int]:
        asked.append(question)
        return sum(asked), os.getpid()

    with Child(answer) as child:
        found = [child.ask(k, LONG) for k in (1, 2, 3)]
    assert [total for total, _ in found] == [1, 3, 6]
    assert len({pid for _, pid in found}) == 1 and found[0][1] != os.getpid()
    assert asked == []


def forever(question: object) -> None:
    for _ in count():
        pass


def test_endless_work_is_killed_at_its_limit() -> None:
    with Child(forever) as child:
        with pytest.raises(Undecided, match=r"0\.1 s"):
            child.ask(None, 0.1)
        assert not multiprocessing.active_children()


def test_a_child_dies_with_its_owner() -> None:
    with Child(abs) as child:
        assert child.ask(-1, LONG) == 1
        pid = child.pid
        assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_exception_in_the_child_is_told() -> None:
    def answer(question: str) -> None:
        raise ValueError(question)

    with Child(answer) as child, pytest.raises(ChildError, match="ValueError: a reason"):
        child.ask("a reason", LONG)


def test_a_child_that_is_killed_is_told() -> None:
    def answer(question: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with Child(answer) as child, pytest.raises(Undecided, match="signal 9"):
        child.ask(None, LONG)


def test_an_interrupt_is_for_the_parent() -> None:
    def answer(question: object) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return "still here"

    with Child(answer) as child:
        assert child.ask(None, LONG) == "still here"


def test_no_solver_outlives_the_process_that_asked() -> None:
    """Not even where that one is killed and can say nothing."""
    ours, theirs = multiprocessing.Pipe()

    def ask() -> None:
        def answer(question: object) -> None:
            theirs.send(os.getpid())
            forever(question)

        with Child(answer) as child:
            child.ask(None, LONG)

    process = multiprocessing.get_context("fork").Process(target=ask)
    process.start()
    solver = ours.recv()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    while is_there(solver):
        time.sleep(0.05)  # the kernel ends it; if it did not, this test would not end


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet asked for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
