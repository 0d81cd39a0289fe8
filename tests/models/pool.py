# SPDX-License-Identifier: GPL-2.0-or-later
"""Workers take items from a pool: two guards keep them apart, either of them is enough."""

from checker.language import *


class Worker(Actor, prefix="w"):
    """Somebody who takes items."""


class Item(Index, prefix="i"):
    """What is taken."""


class Place(Record):
    owner: Worker | None
    taken: Range(0, 3)


class Pool(State):
    place: Array[Item, Place]
    lock: Spinlock
    door: Lock
    lamp: bool


@dataclass(frozen=True)
class Way(Design):
    """How items are taken."""

    rechecks: bool = True
    counts: bool = True
    lamp: bool = False


way = bound(Way)
guarded = Way()
careless = Way(rechecks=False, counts=False)


def refused(s: Pool, i: Item) -> bool:
    """Whether somebody else was faster."""
    if way.rechecks and s.place[i].owner is not None:
        return True
    return way.counts and s.place[i].taken > 0


@operation
def take(s: Pool, w: Worker, i: Item):
    """Takes an item that nobody has."""
    require(s.place[i].owner is None)
    yield "seen free"
    with hold(s.lock):
        if refused(s, i):
            return
        s.place[i].owner = w
        s.place[i].taken += 1
    yield "taken"
    if maybe("nobody wants it back"):
        return
    with hold(s.lock):
        s.place[i].owner = None
        s.place[i].taken -= 1


@operation
def clean(s: Pool, w: Worker):
    """Goes through the door, and lights the lamp."""
    require(way.lamp and not s.lamp)
    acquire(s.door)
    yield "inside"
    s.lamp = True
    release(s.door)


@invariant
def one_taker(s: Pool):
    """No item is taken twice."""
    return all(s.place[i].taken <= 1 for i in Item)


@reachable
def something_is_taken(s: Pool):
    """Items are taken at all."""
    return any(s.place[i].owner is not None for i in Item)


@measure
def items_out(s: Pool):
    """How many times items are out."""
    return sum(s.place[i].taken for i in Item)


@measure
def under_way(s: Pool):
    """How many workers have seen something free."""
    return sum(1 for w in Worker if at(take, "seen free", actor=w))


POOL = Model(state=Pool, operations={Worker: [take, clean]})
BASE = {"model": POOL, "promises": [one_taker, something_is_taken], "measures": [items_out, under_way],
        "scope": Scope("two workers", sizes={Item: 1, Worker: 2}, operations={Worker: [take]}, failures=[])}

pool = Spec(why="Both guards.", design=guarded, **BASE, default=False)
careless_pool = Spec(why="Without guards.", design=careless, expected={"one_taker": broken(steps=4)}, **BASE)

comparison = Comparison(specs=[careless_pool], designs={"guarded": guarded, "careless": careless},
                        flipped=["guarded", "careless"], quotient=["place.owner", "place.taken"])
