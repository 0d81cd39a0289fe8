# SPDX-License-Identifier: GPL-2.0-or-later
"""Two models in one file, each with sorts and a design of its own, and an operation of the same name."""

from checker.language import *


class Cpu(Actor, prefix="CPU"):
    """A processor."""


class Door(Index, prefix="d"):
    """A door."""


class House(State):
    open: Array[Door, bool]


@dataclass(frozen=True)
class Doors(Design):
    """How doors are used."""

    shuts: bool = True


doors = bound(Doors)


@operation
def use(s: House, cpu: Cpu, d: Door):
    """Goes through a door."""
    require(not s.open[d])
    s.open[d] = True
    yield "through"
    if doors.shuts:
        s.open[d] = False


@invariant
def a_door_is_open_for_somebody(s: House):
    """No door is open when nobody goes through one."""
    return all(not s.open[d] for d in Door) or not all(idle(cpu) for cpu in Cpu)


HOUSE = Model(state=House, operations={Cpu: [use]})


class Lamp(State):
    lit: bool


@dataclass(frozen=True)
class Lights(Design):
    """How lamps are used."""

    saves: bool = True


lights = bound(Lights)


@rule
def flicker(s: Lamp):
    """The lamp goes on by itself."""
    require(not s.lit)
    s.lit = True


@operation
def use(s: Lamp, cpu: Cpu):
    """Reads a page."""
    require(s.lit)
    yield "has read"
    if lights.saves:
        s.lit = False


@invariant
def nothing_is_wrong_with_the_lamp(s: Lamp):
    """The lamp is on or off."""
    return s.lit or not s.lit


@reachable
def the_lamp_is_lit(s: Lamp):
    """The lamp is on."""
    return s.lit


LAMP = Model(state=Lamp, rules=[flicker], operations={Cpu: [use]})
CARELESS, WASTEFUL = Doors(shuts=False), Lights(saves=False)

house = Spec(why="A house.", model=HOUSE, design=Doors(), scope=Scope("two doors", sizes={Cpu: 1, Door: 2}),
             promises=[a_door_is_open_for_somebody])
lamp = Spec(why="A lamp.", model=LAMP, design=Lights(), scope=Scope("one reader", sizes={Cpu: 1}),
            promises=[nothing_is_wrong_with_the_lamp, the_lamp_is_lit])
