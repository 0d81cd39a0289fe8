# SPDX-License-Identifier: GPL-2.0-or-later
"""Two locks, taken in opposite order: the deadlock that everybody knows."""

from dataclasses import dataclass

from checker.language import *


class Task(Actor):
    """Moves a file, in one direction or in the other."""


class Directories(State):
    source: Lock
    target: Lock
    files: Range(0, 1)


@dataclass(frozen=True)
class LockDesign(Design):
    """What can be broken."""

    one_order: bool = True


design = bound(LockDesign)


@operation
def move_there(s: Directories, task: Task):
    """Takes the lock of the source first."""
    acquire(s.source)
    yield "locked the source"
    acquire(s.target)
    s.files = 1
    yield "moved the file there"
    release(s.target)
    release(s.source)


@operation
def move_back(s: Directories, task: Task):
    """Goes the other way, so its source is the target of everybody else."""
    if design.one_order:
        acquire(s.source)
        yield "locked the source"
        acquire(s.target)
    else:
        acquire(s.target)
        yield "locked the target"
        acquire(s.source)
    s.files = 0
    yield "moved the file back"
    release(s.source)
    release(s.target)


@invariant
def whoever_moves_holds_both_locks(s: Directories):
    """Nobody is alone with one of the locks while a file moves."""
    return all(
        holds(task, s.source) and holds(task, s.target)
        for task in Task
        if at(move_there, "moved the file there", actor=task) or at(move_back, "moved the file back", actor=task)
    )


MODEL = Model(state=Directories, rules=[], operations={Task: [move_there, move_back]})

one_order = Spec(
    why="All take the two locks in one order: nobody waits for ever.",
    model=MODEL,
    scope=Scope("two tasks", sizes={Task: 2}),
    design=LockDesign(),
    promises=[whoever_moves_holds_both_locks],
)

opposite_order = Spec(
    why="Each task holds what the other one waits for.",
    model=MODEL,
    scope=Scope("two tasks", sizes={Task: 2}),
    design=LockDesign(one_order=False),
    promises=[whoever_moves_holds_both_locks],
    expected={"no_deadlock": broken(steps=2), "every_operation_can_finish": broken(steps=2)},
)
