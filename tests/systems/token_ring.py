# SPDX-License-Identifier: GPL-2.0-or-later
"""A token goes round a ring; whoever has it may work.

With ``goes_all_the_way_round`` off there is a mistake by one in the arithmetic.
Every promise that something bad never happens still holds; only the one that
something good can happen is not met, so such a result must not look green.
"""

from dataclasses import dataclass

from checker.language import *


class Node(Index, ordered=True, prefix="n"):
    """A station on the ring."""


class Ring(State):
    token: Node
    busy: Array[Node, bool]


@dataclass(frozen=True)
class RingDesign(Design):
    """What can be broken."""

    goes_all_the_way_round: bool = True


design = bound(RingDesign)


def right_of(n: Node):
    """The neighbour that gets the token next."""
    if design.goes_all_the_way_round:
        return Node((int(n) + 1) % len(Node))
    return Node((int(n) + 1) % (len(Node) - 1))


@rule
def pass_on(s: Ring, n: Node):
    """The holder hands the token to its right neighbour."""
    require(s.token == n and not s.busy[n])
    s.token = right_of(n)


@rule
def work(s: Ring, n: Node):
    """The holder starts or ends its work."""
    require(s.token == n)
    s.busy[n] = not s.busy[n]


@invariant
def only_the_holder_works(s: Ring):
    """A busy node has the token."""
    return all(s.token == n for n in Node if s.busy[n])


@reachable
def the_last_node_works(s: Ring):
    """The token gets all the way round."""
    return s.busy[Node(len(Node) - 1)]


MODEL = Model(state=Ring, rules=[pass_on, work])
PROMISES = [only_the_holder_works, the_last_node_works]

round_trip = Spec(
    why="Two stations that work at once would corrupt each other's frame.",
    model=MODEL,
    scope=Scope("five nodes", sizes={Node: 5}),
    design=RingDesign(),
    promises=PROMISES,
)

last_node_starves = Spec(
    why="A ring that leaves out its last node keeps every other promise.",
    model=MODEL,
    scope=Scope("five nodes", sizes={Node: 5}),
    design=RingDesign(goes_all_the_way_round=False),
    promises=PROMISES,
    default=False,
)
