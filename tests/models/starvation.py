# SPDX-License-Identifier: GPL-2.0-or-later
"""Three ways to wait for one's turn, and who may wait for ever."""

from checker.language import *


class Task(Actor, prefix="T"):
    """Somebody who wants to work."""


class Shared(State):
    lock: Lock
    next: Range(0, 2)
    serving: Range(0, 2)
    interested: Array[Task, bool]
    turn: Task


@operation
def locked_work(s: Shared, me: Task):
    """Works under a lock that anybody may get."""
    yield "wants the lock"
    acquire(s.lock)
    yield "has the lock"
    release(s.lock)


@operation
def queued_work(s: Shared, me: Task):
    """Draws a number and works when it is called."""
    mine = s.next
    s.next = (s.next + 1) % 3
    yield "drew a number"
    require(s.serving == mine)
    yield "is served"
    s.serving = (s.serving + 1) % 3


@operation
def polite_work(s: Shared, me: Task):
    """Peterson's algorithm."""
    other = choose(Task, where=lambda t: t != me)
    s.interested[me] = True
    yield "raised its flag"
    s.turn = other
    yield "gave way"
    while s.interested[other] and s.turn == other:
        yield "looked"
    yield "is alone"
    s.interested[me] = False


@progress(fair="weak")
def whoever_wants_the_lock_gets_it(s: Shared, t: Task):
    """Whoever wants the lock gets it, if those move who can always move."""
    return leads_to(at(locked_work, "wants the lock", actor=t), at(locked_work, "has the lock", actor=t))


@progress(fair="strong")
def whoever_wants_the_lock_gets_it_at_last(s: Shared, t: Task):
    """Whoever wants the lock gets it, if those move who can move again and again."""
    return leads_to(at(locked_work, "wants the lock", actor=t), at(locked_work, "has the lock", actor=t))


@progress(fair="weak")
def whoever_draws_a_number_is_served(s: Shared, t: Task):
    """Whoever has a number is served."""
    return leads_to(at(queued_work, "drew a number", actor=t), at(queued_work, "is served", actor=t))


@progress(fair="weak")
def who_gives_way_gets_in(s: Shared, t: Task):
    """Whoever raises its flag gets in."""
    return leads_to(at(polite_work, actor=t), at(polite_work, "is alone", actor=t))


@progress(fair="none")
def who_gives_way_gets_in_whoever_moves(s: Shared, t: Task):
    """Whoever raises its flag gets in, even if it need not move."""
    return leads_to(at(polite_work, actor=t), at(polite_work, "is alone", actor=t))


@progress(fair="weak")
def who_gets_in_owes_nothing(s: Shared, t: Task):
    """A promise that nobody ever claims."""
    return leads_to(at(polite_work, "is alone", actor=t) and not s.interested[t], idle(t))


def of_two(why, operation, promises, expected):
    """Two tasks that work in one of the three ways."""
    return Spec(
        why=why, model=Model(state=Shared, operations={Task: [operation]}),
        scope=Scope("two tasks", sizes={Task: 2}), promises=promises, expected=expected,
    )


plain_lock = of_two(
    "A lock that does not know who came first starves somebody, unless luck is fair.", locked_work,
    [whoever_wants_the_lock_gets_it, whoever_wants_the_lock_gets_it_at_last, every_operation_finishes("strong")],
    {"whoever_wants_the_lock_gets_it": broken(steps=4)},
)
ticket_lock = of_two(
    "Numbers are called in order: whoever has one is served.", queued_work,
    [whoever_draws_a_number_is_served, every_operation_finishes("weak")], {},
)
peterson = of_two(
    "Peterson's algorithm starves nobody, as long as everybody moves.", polite_work,
    [who_gives_way_gets_in, who_gives_way_gets_in_whoever_moves, every_operation_finishes("weak")],
    {"who_gives_way_gets_in_whoever_moves": broken()},
)
nothing_owed = of_two("Nothing is asked here.", polite_work, [who_gets_in_owes_nothing], {})
