# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules that happen at last, and rules that may never happen."""

from checker.language import *


class Task(Actor, prefix="T"):
    """Somebody who reads."""


class Page(Index, ordered=True):
    """What is read."""


class Device(State):
    page: Array[Page, Lock]
    flag: bool
    closed: bool
    done: Range(0, 2)


@operation
def read(s: Device, me: Task, p: Page):
    """Starts a request and waits for its end."""
    acquire(s.page[p])
    hand_over(s.page[p])
    yield "asked for the page"
    acquire(s.page[p])
    release(s.page[p])


@rule(fair=True)
def request_ends(s: Device, p: Page):
    """The device is done."""
    require(locked(s.page[p]))
    release(s.page[p])


@rule
def request_may_end(s: Device, p: Page):
    """The device is done, or it never is."""
    require(locked(s.page[p]))
    release(s.page[p])


@rule(fair=True)
def alternate(s: Device, on: bool):
    """One of two things that happen by turns."""
    require(s.flag != on)
    s.flag = on


@rule
def close(s: Device):
    """Nothing is counted any more."""
    s.closed = True


@rule
def count(s: Device):
    """One more, round and round."""
    require(not s.closed)
    s.done = (s.done + 1) % 3


@progress(fair="strong")
def every_page_comes(s: Device, t: Task):
    """Whoever asks for a page gets it."""
    return leads_to(at(read, "asked for the page", actor=t), idle(t))


@progress(fair="weak")
def both_come_by_turns(s: Device, on: bool):
    """The flag is raised and lowered for ever."""
    return leads_to(s.flag != on, s.flag == on)


@progress(fair="weak")
def the_count_goes_on(s: Device):
    """It begins again."""
    return leads_to(s.done == 1, s.done == 0)


@can_always_reach
def it_can_begin_again(s: Device):
    """From everywhere it can be counted from the beginning."""
    return s.done == 0


def device(why, rules, promises, expected, tasks=0):
    """A question about some of these rules."""
    return Spec(
        why=why, model=Model(state=Device, rules=rules, operations={Task: [read]}),
        scope=Scope("a small device", sizes={Task: tasks, Page: 2}), promises=promises, expected=expected,
    )


device_answers = device("A device that answers.", [request_ends], [every_page_comes], {}, tasks=2)
device_may_be_silent = device(
    "A device that need not answer.", [request_may_end], [every_page_comes], {"every_page_comes": broken(steps=1)},
    tasks=1,
)
by_turns = device("Each parameter of a rule is fair by itself.", [alternate], [both_come_by_turns], {})
counting = device(
    "What nobody has to do may never be done, but can be.", [count, close], [the_count_goes_on, it_can_begin_again],
    {"the_count_goes_on": broken(steps=1), "it_can_begin_again": broken(steps=2)},
)
