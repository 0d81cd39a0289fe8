# SPDX-License-Identifier: GPL-2.0-or-later
"""The words that Python, the search and the model's code share while they run.

The context is an array of 64-bit words; its members are the numbers below.  Each
thread has one; the first thread's also has the members that are shared.  A
*record* is what the model's code writes for each transition: the packed
successor, then its origin and its flags.

- origin: actor + 1 (0 for a rule) in bits 0-15, procedure in 16-31, index of
  the state it comes from in 32-63;
- flags: bit k is set if the transition breaks edge promise k, ``ERROR`` if it
  leads to no state; then the first word is the number of the error: that of its
  function in bits 16-31, and which of the function's errors;
- a word for the search: the hash of the successor, or its index.

A *turn* says how a state was renamed: actor k became the number in bits 4k .. 4k + 3.
"""

from __future__ import annotations

from enum import IntEnum, auto

from checker.explicit.code import Code

ERROR_BIT = 63
ERROR = -(1 << ERROR_BIT)
"""The flag, as the signed number that LLVM reads."""
RESTLESS = -(1 << 63)
"""Among the state promises found: in some state a step promise would break if nothing happened there."""
STEADY = -(1 << 63)
"""Among the edge promises known: there is no such state, so that steps that change nothing need not be asked."""
RECORD_EXTRA = 3
"""Words of a record besides the state."""
MOST_CHOICES = 1000
"""Choices that one step may make."""


class Ctx(IntEnum):
    OUT = 0  # where the next record goes
    OUT_BASE = auto()  # the first record
    OUT_END = auto()  # no record begins here or beyond
    FULL = auto()  # set when a record found no room
    ORIGIN = auto()  # index of the state being expanded, shifted to its place in a record
    COUNTS = auto()  # how often each step and branch ran
    SCRIPT = auto()  # choices: MOST_CHOICES taken, MOST_CHOICES next ones

    STATES = auto()  # the packed states, in order of discovery
    MOST = auto()  # the largest number that may be stored
    CUT = auto()  # set when a new state was dropped for that
    BATCH = auto()  # index of the first state that this thread has taken to expand
    BATCH_END = auto()  # where those end
    SLOT = auto()  # the first index that this thread has for new states
    SLOT_END = auto()  # where those end
    SHARED = auto()  # the context that has the members below that all threads share
    ROOM = auto()  # the table must grow before it has more states than this
    TABLE = auto()
    BUCKETS = auto()  # number of buckets - 1
    TRANSITIONS = auto()
    STATE_HASH = auto()
    EDGE_HASH = auto()
    STATE_FOUND = auto()  # state promises found so far
    EDGE_FOUND = auto()  # edge promises found so far
    STATE_KNOWN = auto()  # state promises that need not be found again
    EDGE_KNOWN = auto()  # edge promises that need not be found again
    STUCK = auto()  # set when a state was found that deadlocks

    EXPAND = auto()  # void (ctx, state): writes the records of all transitions
    CHECK = auto()  # i64 (state, before, known, why): the state promises found in it
    STEP = auto()  # i64 (old, new, known, why): the edge promises broken, or null
    NORMALISE = auto()  # i64 (state, before): renames data, with symmetry also objects, or null; gives a turn
    DEADLOCK = auto()  # i64 (state): whether it must not be without a transition
    IDLE = auto()  # i64 (state): the set of idle actors

    FINISH = auto()  # per state, u32: actors that can get back to idle
    MARKS = auto()  # per state: findings that a shortest way leads on to
    COSTS = auto()  # per state, finding, last actor + 1: 255 - fewest switches to it, u8
    STRIDE = auto()  # bytes of COSTS per state
    ACTORS = auto()  # number of actors
    LIVE = auto()  # findings that lie deeper than the layer at hand
    EDGE_TARGETS = auto()  # 64 words: findings that begin with edge promise k in this layer
    STATE_TARGETS = auto()  # 64 words: findings that state promise k gives in this layer
    DEADLOCK_TARGET = auto()  # findings that a deadlock gives in this layer
    FINISH_TARGET = auto()  # findings that an operation without end gives in this layer

    TURNS = auto()  # per record: the turn of its successor, or null where actors keep their numbers
    WHY = auto()  # the error that CHECK or STEP met last

    NEXT = 64  # index of the next state to expand; from here on each has a cache line of its own
    COUNT = 72  # how many states there are
    CLAIMED = 80  # the states, and those that threads are about to store
    WORDS = 88


def member(code: Code, number: Ctx) -> str:
    """The address of a member; the function's parameter is ``%ctx``."""
    return code.at("%ctx", int(number))


def shared(code: Code, number: Ctx) -> str:
    """The address of a member that all threads share."""
    return code.at(pointer(code, Ctx.SHARED), int(number))


def load(code: Code, number: Ctx) -> str:
    return code.get(member(code, number))


def pointer(code: Code, number: Ctx) -> str:
    return code.get(member(code, number), "ptr")
