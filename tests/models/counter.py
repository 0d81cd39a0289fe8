# SPDX-License-Identifier: GPL-2.0-or-later
"""Two CPUs add to a counter: with a lock, without, and with a forgotten unlock."""

from checker.language import *


class Cpu(Actor, prefix="CPU"):
    """A processor."""


class Slot(Index, prefix="s"):
    """A place with a counter."""


class Content(Data):
    """What was written last."""


class Cell(Record):
    lock: Lock
    count: Range(0, 4)
    content: Content


class Counters(State):
    cell: Array[Slot, Cell]
    done: Range(0, 3)
    lamp: bool


@dataclass(frozen=True)
class Way(Design):
    """How adding is done."""

    locked: bool = True
    unlocks: bool = True
    most: int = 2


way = bound(Way)
careless = Way(locked=False)


def update(s: Counters, c: Slot):
    """Adds one, in two steps."""
    seen = s.cell[c].count
    yield "count read"
    s.cell[c].count = seen + 1
    s.cell[c].content = fresh(Content)
    yield "count written"


@operation
def add(s: Counters, cpu: Cpu, c: Slot):
    """Adds one to a counter.

    Mirrors add_one() in lib/counter.c
    """
    require(s.done < way.most)
    if way.locked:
        yield "slot found"
        acquire(s.cell[c].lock)
        yield "lock taken"
    yield from update(s, c)
    if way.locked and way.unlocks:
        release(s.cell[c].lock)
    s.done += 1


@rule
def blink(s: Counters):
    """The lamp goes on and off."""
    s.lamp = not s.lamp


@invariant
def no_update_is_lost(s: Counters):
    """As many were counted as were added."""
    return sum(s.cell[c].count for c in Slot) >= s.done


@invariant
def no_counter_is_odd(s: Counters):
    """Every counter is even."""
    return all(s.cell[c].count % 2 == 0 for c in Slot)


@reachable
def two_are_done(s: Counters):
    """Two updates end."""
    return s.done == 2


@reachable
def nine_are_done(s: Counters):
    """More than the range has room for."""
    return s.done == 9


COUNTERS = Model(state=Counters, rules=[blink], operations={Cpu: [add]})
small = Scope("two CPUs, one slot", sizes={Cpu: 2, Slot: 1})

locked_add = Spec(
    why="""counter: adding under a lock loses nothing

    The lock is held from the read to the write.""",
    model=COUNTERS, design=Way(), scope=small, promises=[no_update_is_lost, two_are_done],
)

lost_update = Spec(
    why="""counter: without the lock an update is lost

    Two CPUs read the same count, and each adds one to it.""",
    model=COUNTERS, design=careless, scope=small, promises=[no_update_is_lost, two_are_done],
    expected={"no_update_is_lost": broken(steps=6)},
)

surprising = Spec(
    why="Nobody said that this breaks.",
    model=COUNTERS, design=Way(), scope=small, promises=[no_counter_is_odd], default=False,
)

wrong_length = Spec(
    why="It breaks, but not in so many steps.",
    model=COUNTERS, design=Way(), scope=small, promises=[no_counter_is_odd], default=False,
    expected={"no_counter_is_odd": broken(steps=99)},
)

too_hopeful = Spec(
    why="It was said to break, and holds.",
    model=COUNTERS, design=Way(), scope=small, promises=[no_update_is_lost], default=False,
    expected={"no_update_is_lost": broken()},
)

vacuous = Spec(
    why="What must be reached never is.",
    model=COUNTERS, design=Way(), scope=small, promises=[nine_are_done], default=False,
)

forgotten_unlock = Spec(
    why="Nobody gives the lock back.",
    model=COUNTERS, design=Way(unlocks=False), scope=small, promises=[], default=False,
    expected={"every_operation_can_finish": broken(), "no_lock_left_behind": broken()},
)

out_of_range = Spec(
    why="Three at once do not fit the range of what is done.",
    model=COUNTERS, design=Way(locked=False, most=3), scope=Scope("three CPUs, one slot", sizes={Cpu: 3, Slot: 1}),
    promises=[], default=False,
)

big = Spec(
    why="Enough states to be interrupted in.",
    model=COUNTERS, design=Way(), scope=Scope("many", sizes={Cpu: 6, Slot: 6}), promises=[no_update_is_lost],
    default=False,
)
