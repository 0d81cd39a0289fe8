# SPDX-License-Identifier: GPL-2.0-or-later
"""A register and its copies: a copy that is read must not be stale.

Contents are only written, copied and compared, so a handful of names is enough
for any number of writes.
"""

from dataclasses import dataclass

from checker.language import *


class Content(Data, constants=["ZERO"]):
    """What can be written."""


class Cache(Index):
    """Keeps a copy."""


class Store(State):
    register: Content
    copy: Array[Cache, Content | None]


@dataclass(frozen=True)
class StoreDesign(Design):
    """What can be broken."""

    write_invalidates: bool = True


design = bound(StoreDesign)


def invalidate(s: Store):
    """All copies are forgotten."""
    for c in Cache:
        s.copy[c] = None


@rule
def write(s: Store):
    """Something new is written."""
    if design.write_invalidates:
        invalidate(s)
    s.register = fresh(Content)


@rule
def clear(s: Store):
    """The register is filled with zeroes."""
    require(s.register != Content.ZERO)
    if design.write_invalidates:
        invalidate(s)
    s.register = Content.ZERO


@rule
def fill(s: Store, c: Cache):
    """A cache gets a copy."""
    require(s.copy[c] is None)
    s.copy[c] = s.register


@invariant
def no_copy_is_stale(s: Store):
    """A copy is what the register holds."""
    return all(s.copy[c] == s.register for c in Cache if s.copy[c] is not None)


MODEL = Model(state=Store, rules=[write, clear, fill])
THREE = Scope("three caches", sizes={Cache: 3})

coherent = Spec(
    why="A reader must never see what was overwritten.",
    model=MODEL,
    scope=THREE,
    design=StoreDesign(),
    promises=[no_copy_is_stale],
)

incoherent = Spec(
    why="Without invalidation an old copy survives the write.",
    model=MODEL,
    scope=THREE,
    design=StoreDesign(write_invalidates=False),
    promises=[no_copy_is_stale],
    expected={"no_copy_is_stale": broken(steps=2)},
)
