# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests take lockers: a frame with two names for one thing, and what an actor may rely on."""

from checker.language import *


class Locker(Index, prefix="l"):
    """Where a guest leaves a coat."""


class Guest(Actor, prefix="Guest"):
    """Somebody with a coat."""


class Box(Record):
    taken: bool


class Hall(State):
    box: Array[Locker, Box]
    last: Locker


@operation
def visit(s: Hall, guest: Guest):
    """Leave a coat, and fetch it."""
    mine = choose_or_none(Locker, where=lambda n: not s.box[n].taken)
    if mine is None:
        return
    box = s.box[mine]
    box.taken = True
    yield "the coat is away"
    if maybe("the key is lost"):
        yield "the key is found"
    assert s.box[mine].taken, "the coat is still there"
    box.taken = False
    s.last = mine


@invariant
def a_locker_has_one_guest(s: Hall):
    """No two coats are in one locker."""
    return all(sum(1 for g in Guest if at(visit, mine=n, actor=g)) <= 1 for n in Locker)


@invariant
def who_has_a_locker_finds_it_taken(s: Hall):
    """A locker is taken as long as its guest stays."""
    return all(s.box[n].taken for n in Locker if at(visit, box=n))


@invariant
def nobody_loses_a_key(s: Hall):
    """Everybody fetches the coat at once."""
    return not any(at(visit, "the key is found", mine=n) for n in Locker)


HALL = Model(state=Hall, operations={Guest: [visit]})
hall = Scope("three guests, two lockers", sizes={Locker: 2, Guest: 3})

one_guest = Spec(
    why="A locker that is taken is nobody else's.",
    model=HALL, scope=hall, promises=[a_locker_has_one_guest, who_has_a_locker_finds_it_taken],
)

lost_keys = Spec(
    why="Keys are lost.",
    model=HALL, scope=hall, promises=[nobody_loses_a_key], expected={"nobody_loses_a_key": broken()},
)
