# SPDX-License-Identifier: GPL-2.0-or-later
"""A ring of places between producers and consumers."""

from dataclasses import dataclass

from checker.language import *


class Place(Index, ordered=True, prefix="p"):
    """A place of the ring."""


class Producer(Actor):
    """Fills places."""


class Consumer(Actor):
    """Empties places, oldest first."""


class Buffer(State):
    full: Array[Place, bool]
    head: Place
    tail: Place
    count: Range(0, size(Place))


@dataclass(frozen=True)
class BufferDesign(Design):
    """What can be broken."""

    reserves_first: bool = True


design = bound(BufferDesign)


def after(place: Place):
    """The next place, going round."""
    return Place((int(place) + 1) % len(Place))


def advance_tail(s: Buffer):
    """One place more is taken."""
    s.tail = after(s.tail)
    s.count += 1


@operation
def produce(s: Buffer, producer: Producer):
    """Choose a place, then fill it."""
    require(s.count < len(Place))
    place = s.tail
    if design.reserves_first:
        advance_tail(s)
    yield "chose a place"
    assert not s.full[place], "nothing unread is overwritten"
    s.full[place] = True
    if not design.reserves_first:
        advance_tail(s)


@operation
def consume(s: Buffer, consumer: Consumer):
    """Wait until the oldest place is full, and empty it."""
    require(s.full[s.head])
    s.full[s.head] = False
    s.head = after(s.head)
    s.count -= 1


@invariant
def the_ends_differ_by_the_count(s: Buffer):
    """Head, tail and count agree."""
    return (int(s.head) + s.count) % len(Place) == int(s.tail)


MODEL = Model(state=Buffer, rules=[], operations={Producer: [produce], Consumer: [consume]})
TWO_AND_ONE = Scope("three places, two producers, one consumer", sizes={Place: 3, Producer: 2, Consumer: 1})

reserved = Spec(
    why="A producer that reserves its place before it fills it never meets another one there.",
    model=MODEL,
    scope=TWO_AND_ONE,
    design=BufferDesign(),
    promises=[the_ends_differ_by_the_count],
)

unreserved = Spec(
    why="Two producers choose the same place when the tail moves too late.",
    model=MODEL,
    scope=TWO_AND_ONE,
    design=BufferDesign(reserves_first=False),
    promises=[the_ends_differ_by_the_count],
    expected={"nothing unread is overwritten": broken(steps=4)},
)
