# SPDX-License-Identifier: GPL-2.0-or-later
"""A lock that one error path forgets.

The lock is a plain flag, as ``PG_locked`` is, so nothing knows who holds it.
Interrupts can always happen: a search for deadlocks sees nothing wrong.
"""

from dataclasses import dataclass

from checker.language import *


class Writer(Actor):
    """Writes the folio out."""


class Memory(State):
    locked: bool
    dirty: bool
    interrupts_on: bool


@dataclass(frozen=True)
class UnlockDesign(Design):
    """What can be broken."""

    unlocks_on_error: bool = True


design = bound(UnlockDesign)


@rule
def interrupt(s: Memory):
    """Something else happens, at any time."""
    s.interrupts_on = not s.interrupts_on


@operation
def write_out(s: Memory, writer: Writer):
    """Clean the folio, under its lock."""
    yield "found the folio"
    require(not s.locked)
    s.locked = True
    yield "locked the folio"
    if maybe("allocation of a bio fails"):
        if design.unlocks_on_error:
            s.locked = False
        return
    s.dirty = not s.dirty
    yield "wrote the folio"
    s.locked = False


@invariant
def one_writer_at_a_time(s: Memory):
    """The lock excludes all others."""
    return sum(1 for w in Writer if at(write_out, "locked the folio", actor=w)) <= 1


MODEL = Model(state=Memory, rules=[interrupt], operations={Writer: [write_out]})


def writers(count, **more):
    """The question, asked about this many writers."""
    return Spec(
        why="A forgotten unlock stops everybody who comes later, for ever.",
        model=MODEL,
        scope=Scope(f"{count} writers", sizes={Writer: count}),
        promises=[one_writer_at_a_time],
        **more,
    )


unlocks = writers(2, design=UnlockDesign())

forgets = writers(
    2,
    design=UnlockDesign(unlocks_on_error=False),
    expected={"every_operation_can_finish": broken(steps=4)},
)
