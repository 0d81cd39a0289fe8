# SPDX-License-Identifier: GPL-2.0-or-later
"""Slots in blocks of two: takers want a whole block, others are content with any slot."""

from checker.language import *


class Slot(Index, prefix="s"):
    """A slot; which block it is in and at which place matters, its number does not."""


class Taker(Actor):
    """Takes a block and gives it back slot by slot."""


class Disk(State):
    taken: Array[Slot, bool]
    first: Array[Slot, Slot | None]


@operation
def take_run(s: Disk, cpu: Taker):
    """A whole block, or nothing."""
    v = choose_or_none(Slot, where=lambda v: place(v) == 0 and not any(s.taken[v + i] for i in range(2)))
    if v is None:
        return
    for i in range(2):
        s.taken[v + i] = True
        s.first[v + i] = v
    yield "a run is taken"
    for i in range(2):
        s.taken[v + i] = False
        s.first[v + i] = None
        yield "a slot is given back"


@rule
def take_one(s: Disk, v: Slot):
    """Any slot that is free."""
    require(not s.taken[v])
    s.taken[v] = True


@rule
def give_one_back(s: Disk, v: Slot):
    """A slot that belongs to no run."""
    require(s.taken[v] and s.first[v] is None)
    s.taken[v] = False


@invariant
def a_run_starts_at_the_first_place(s: Disk):
    """Who belongs to a run is in its block."""
    return all(s.first[v] == v - place(v) for v in Slot if s.first[v] is not None)


@invariant
def a_run_is_whole(s: Disk):
    """Broken: a run is given back slot by slot."""
    return all(s.first[v - place(v)] is not None for v in Slot if s.first[v] is not None)


@reachable
def one_slot_is_in_the_way(s: Disk):
    """No block is free although half of the slots are."""
    return all(s.taken[v] == (place(v) == 0) for v in Slot)


DISK = Model(state=Disk, rules=[take_one, give_one_back], operations={Taker: [take_run]})
PROMISES = [a_run_starts_at_the_first_place, one_slot_is_in_the_way]

pairs = Spec(
    why="Whoever wants two slots side by side gets them in one block.",
    model=DISK, scope=Scope("two blocks", sizes={Slot: 4, Taker: 1}, blocks={Slot: 2}), promises=PROMISES,
)
two_takers = Spec(
    why="Two that want a block each.",
    model=DISK, scope=Scope("two blocks, two takers", sizes={Slot: 4, Taker: 2}, blocks={Slot: 2}), promises=PROMISES,
)
broken_pairs = Spec(
    why="A run that is given back bit by bit is not whole in between.",
    model=DISK, scope=Scope("two blocks", sizes={Slot: 4, Taker: 1}, blocks={Slot: 2}),
    promises=[a_run_is_whole], expected={"a_run_is_whole": broken(steps=2)},
)
