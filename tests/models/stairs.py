# SPDX-License-Identifier: GPL-2.0-or-later
"""Two steps at a time: what an induction can show of it, and with which lemmas."""

from checker.language import *


class Stairs(State):
    """Where somebody stands, and whether there is light."""

    step: Range(0, 6)
    lamp: bool


@rule
def climb(s: Stairs):
    """Two steps up."""
    require(s.step <= 4)
    s.step += 2
    assert s.step != 5, "the fifth step is left out"


@rule
def fall(s: Stairs):
    """Down to the bottom."""
    s.step = 0


@rule
def blink(s: Stairs):
    """The light goes on or off."""
    s.lamp = not s.lamp


@invariant
def the_third_step_is_left_out(s: Stairs):
    """Nobody stands on the third step."""
    return s.step != 3


@invariant
def steps_are_even(s: Stairs):
    """Only every other step is ever stood on."""
    return s.step % 2 == 0


@invariant
def nobody_is_high_up(s: Stairs):
    """Nobody gets to the fourth step."""
    return s.step < 4


@invariant
def nobody_is_at_the_bottom(s: Stairs):
    """Somebody has climbed already."""
    return s.step > 0


@step_invariant
def up_or_to_the_bottom(old: Stairs, new: Stairs):
    """Who goes down goes all the way."""
    return new.step >= old.step or new.step == 0


@step_invariant
def from_even_to_even(old: Stairs, new: Stairs):
    """No step leads to the first one."""
    return new.step != 1 or old.step == 1


@step_invariant
def never_from_the_first(old: Stairs, new: Stairs):
    """No step leads from the first one up."""
    return not (old.step == 1 and new.step > 1)


@reachable
def the_top_is_reached(s: Stairs):
    """Somebody gets to the top."""
    return s.step == 6


@progress(fair="none")
def the_light_comes_back(s: Stairs):
    """It does not stay dark."""
    return leads_to(not s.lamp, s.lamp)


DARK = Model(state=Stairs, rules=[climb, fall])
LIT = Model(state=Stairs, rules=[climb, fall, blink])
stairs = Scope("one staircase", sizes={})

with_lemma = Spec(
    why="""stairs: who climbs two steps at a time leaves some out

    From the first step one would get to the third; a lemma says that nobody stands there.""",
    model=LIT, scope=stairs,
    promises=[the_third_step_is_left_out, up_or_to_the_bottom, never_from_the_first, the_top_is_reached],
    lemmas=[steps_are_even],
)

without_lemma = Spec(
    why="The light may go on and off for any number of steps before the one that fails.",
    model=LIT, scope=stairs, promises=[the_third_step_is_left_out, from_even_to_even],
)

two_steps = Spec(
    why="No step leads to the first one, so that two steps are enough.",
    model=DARK, scope=stairs, promises=[the_third_step_is_left_out],
)

breaks = Spec(
    why="The fourth step is reached in two steps, and nobody begins above the bottom.",
    model=LIT, scope=stairs, promises=[nobody_is_high_up, nobody_is_at_the_bottom],
    expected={"nobody_is_high_up": broken(steps=2), "nobody_is_at_the_bottom": broken(steps=0)},
)

wrong_lemma = Spec(
    why="A lemma that is not true proves nothing.",
    model=LIT, scope=stairs, promises=[the_third_step_is_left_out], lemmas=[nobody_is_high_up],
)

said_to_break = Spec(
    why="It was said to break, and is inductive.",
    model=LIT, scope=stairs, promises=[up_or_to_the_bottom], expected={"up_or_to_the_bottom": broken()},
)

no_lemma = Spec(
    why="What speaks of steps is no lemma.",
    model=LIT, scope=stairs, promises=[the_third_step_is_left_out], lemmas=[up_or_to_the_bottom],
)

runs = Spec(
    why="Nobody proves by induction what comes at last.",
    model=LIT, scope=stairs, promises=[the_top_is_reached, the_light_comes_back],
)
