# SPDX-License-Identifier: GPL-2.0-or-later
"""Philosophers who share forks, in order or not."""

from dataclasses import dataclass

from checker.language import *


class Seat(Index, ordered=True):
    """A place at the table, and the fork to the left of it."""


class Philosopher(Actor, prefix="P"):
    """Somebody at the table."""


class Table(State):
    fork: Array[Seat, Lock]
    seat: Array[Philosopher, Seat]


@dataclass(frozen=True)
class TableDesign(Design):
    """What can be broken."""

    lower_fork_first: bool = True


design = bound(TableDesign)


@operation
def dine(s: Table, me: Philosopher):
    """Takes two forks, eats, puts them down."""
    left = s.seat[me]
    right = Seat((int(left) + 1) % len(Seat))
    swaps = design.lower_fork_first and right < left
    first = right if swaps else left
    second = left if swaps else right
    yield "is hungry"
    acquire(s.fork[first])
    yield "has one fork"
    acquire(s.fork[second])
    yield "eats"
    release(s.fork[first])
    release(s.fork[second])


@progress(fair="strong")
def the_hungry_eat(s: Table, p: Philosopher):
    """Whoever is hungry eats."""
    return leads_to(at(dine, "is hungry", actor=p), at(dine, "eats", actor=p))


@can_always_reach
def anybody_may_eat(s: Table, p: Philosopher):
    """Everybody may still come to eat."""
    return at(dine, "eats", actor=p)


def sit_down(s: Table):
    """Everybody has a place."""
    for philosopher, seat in zip(Philosopher, Seat, strict=True):
        s.seat[philosopher] = seat


MODEL = Model(state=Table, operations={Philosopher: [dine]})
SCOPE = Scope("three philosophers", sizes={Philosopher: 3, Seat: 3})

in_order = Spec(
    why="The lower fork first: nobody waits for ever.",
    model=MODEL, scope=SCOPE, design=TableDesign(), start=[sit_down], promises=[the_hungry_eat, anybody_may_eat],
)
round_the_table = Spec(
    why="The left fork first: all may wait for each other.",
    model=MODEL, scope=SCOPE, design=TableDesign(lower_fork_first=False), start=[sit_down],
    promises=[the_hungry_eat, anybody_may_eat],
    expected={
        "the_hungry_eat": broken(steps=6), "anybody_may_eat": broken(steps=6), "no_deadlock": broken(steps=6),
        "every_operation_can_finish": broken(steps=6),
    },
)
