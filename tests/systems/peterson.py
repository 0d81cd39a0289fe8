# SPDX-License-Identifier: GPL-2.0-or-later
"""Peterson's algorithm: mutual exclusion of two processes with plain reads and writes.

Every read and every write of shared memory is a step of its own.
"""

from dataclasses import dataclass

from checker.language import *


class Process(Actor, prefix="P"):
    """One of the two who want the same thing."""


class Memory(State):
    interested: Array[Process, bool]
    turn: Process


@dataclass(frozen=True)
class PetersonDesign(Design):
    """What can be broken."""

    raises_flag_first: bool = True


design = bound(PetersonDesign)


def raise_flag(s: Memory, me: Process):
    """Says that one wants to get in."""
    s.interested[me] = True
    yield "raised its flag"


def give_way(s: Memory, other: Process):
    """Lets the other one go first."""
    s.turn = other
    yield "gave way"


@operation
def lock_and_work(s: Memory, me: Process):
    """Wait until the other one is out, work, leave."""
    other = choose(Process, where=lambda p: p != me)
    if design.raises_flag_first:
        yield from raise_flag(s, me)
        yield from give_way(s, other)
    else:
        yield from give_way(s, other)
        yield from raise_flag(s, me)

    while s.interested[other]:
        yield "saw the other flag"
        if s.turn == me:
            break
        yield "saw that it is not its turn"
    yield "in the critical section"

    s.interested[me] = False


@invariant
def one_at_a_time(s: Memory):
    """Never are two processes in the critical section."""
    return not all(at(lock_and_work, "in the critical section", actor=p) for p in Process)


@reachable
def one_waits_for_the_other(s: Memory):
    """The loop goes round while the other one works."""
    return any(
        at(lock_and_work, "in the critical section", actor=p)
        and at(lock_and_work, "saw that it is not its turn", actor=q)
        for p in Process
        for q in Process
    )


MODEL = Model(state=Memory, rules=[], operations={Process: [lock_and_work]})
TWO = Scope("two processes", sizes={Process: 2})

peterson = Spec(
    why="Two processes can exclude each other without any atomic read-modify-write.",
    model=MODEL,
    scope=TWO,
    design=PetersonDesign(),
    promises=[one_at_a_time, one_waits_for_the_other],
)

wrong_order = Spec(
    why="With the first two writes exchanged both get in.",
    model=MODEL,
    scope=TWO,
    design=PetersonDesign(raises_flag_first=False),
    promises=[one_at_a_time],
    expected={"one_at_a_time": broken()},
)
