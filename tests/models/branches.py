# SPDX-License-Identifier: GPL-2.0-or-later
"""A rule that never happens, a branch that is never taken, an operation that nobody starts."""

from checker.language import *


class Cpu(Actor, prefix="CPU"):
    """A processor."""


class Lamp(State):
    on: bool
    broken: bool


@rule
def turn(s: Lamp):
    """Turns the lamp."""
    if s.broken:
        s.on = False
    else:
        s.on = not s.on


@rule
def mend(s: Lamp):
    """Mends the lamp, which never breaks."""
    require(s.broken)
    s.broken = False


@operation
def watch(s: Lamp, cpu: Cpu):
    """Watches the lamp."""
    require(not s.broken)
    yield "watching"
    require(s.on)


@operation
def curse(s: Lamp, cpu: Cpu):
    """Waits for the lamp to break."""
    require(s.broken)
    s.on = False


@invariant
def never_broken(s: Lamp):
    """The lamp is whole."""
    return not s.broken


WATCHED = Model(state=Lamp, rules=[turn, mend], operations={Cpu: [watch]})
CURSED = Model(state=Lamp, rules=[turn], operations={Cpu: [watch, curse]})
one = Scope("one CPU", sizes={Cpu: 1})

lamp = Spec(why="The lamp goes on and off.", model=WATCHED, scope=one, promises=[never_broken])
cursed = Spec(why="Nobody curses.", model=CURSED, scope=one, promises=[never_broken], default=False)
