# SPDX-License-Identifier: GPL-2.0-or-later
"""Many readers or one writer; a writer that waits keeps new readers out."""

from checker.language import *


class Task(Actor):
    """Reads or writes."""


class Shared(State):
    readers: Set[Task]
    waiting: Set[Task]
    writer: Task | None


@operation
def read(s: Shared, task: Task):
    """Read beside other readers."""
    require(s.writer is None and s.waiting == set())
    s.readers |= {task}
    yield "reading"
    s.readers -= {task}


@operation
def write(s: Shared, task: Task):
    """Ask for silence, then write alone."""
    s.waiting |= {task}
    yield "waiting"
    require(len(s.readers) == 0 and s.writer is None)
    s.waiting -= {task}
    s.writer = task
    yield "writing"
    s.writer = None


@invariant
def a_writer_is_alone(s: Shared):
    """Nobody reads while somebody writes."""
    return s.writer is None or s.readers == set()


@invariant
def nobody_plays_two_parts(s: Shared):
    """A task reads, waits or writes."""
    return len(s.readers & s.waiting) == 0 and not any(s.writer == t for t in s.readers | s.waiting)


@reachable
def all_read_at_once(s: Shared):
    """Readers do not exclude each other."""
    return len(s.readers) == len(Task)


MODEL = Model(state=Shared, rules=[], operations={Task: [read, write]})

three_tasks = Spec(
    why="A lock that readers share must still keep a writer alone.",
    model=MODEL,
    scope=Scope("three tasks", sizes={Task: 3}),
    promises=[a_writer_is_alone, nobody_plays_two_parts, all_read_at_once],
)
