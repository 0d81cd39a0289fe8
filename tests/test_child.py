# SPDX-License-Identifier: GPL-2.0-or-later
"""Work in a child process: what it sends arrives, and nothing of it outlives its limit."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from itertools import count

import pytest

from checker.symbolic.child import Failed, TimedOut, messages

Send = Callable[[object], None]


def test_messages_arrive_in_order() -> None:
    def work(send: Send) -> None:
        for k in range(3):
            send((k, os.getpid()))

    found = list(messages(work))
    assert [k for k, _ in found] == [0, 1, 2]
    assert {pid for _, pid in found} != {os.getpid()}


def test_endless_work_is_killed_at_its_limit() -> None:
    def work(send: Send) -> None:
        for _ in count():
            pass

    with pytest.raises(TimedOut):
        list(messages(work, seconds=0.2))
    assert not multiprocessing.active_children()


def test_a_child_dies_with_the_question() -> None:
    """Whoever stops listening leaves no process behind."""
    def work(send: Send) -> None:
        send(os.getpid())
        for _ in count():
            pass

    asked = messages(work)
    child = next(asked)
    asked.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_an_exception_in_the_child_is_told() -> None:
    def work(send: Send) -> None:
        send("before")
        raise ValueError("a reason")

    found = []
    with pytest.raises(Failed, match="a reason"):
        for message in messages(work):
            found.append(message)
    assert found == ["before"]


def test_a_child_that_is_killed_is_told() -> None:
    def work(send: Send) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(Failed, match="-9"):
        list(messages(work))


def test_an_interrupt_is_for_the_parent() -> None:
    def work(send: Send) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        send("still here")

    assert list(messages(work)) == ["still here"]
