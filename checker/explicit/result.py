# SPDX-License-Identifier: GPL-2.0-or-later
"""What an exploration is asked for, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field

NO_DEADLOCK = "no_deadlock"
CAN_FINISH = "every_operation_can_finish"
NO_MODEL_ERROR = "no_model_error"
NO_LOCK_LEFT = "no_lock_left_behind"
EXTREMES = ("least", "most")
"""What is known of a measure; with its name, what a way to it is called."""


class LimitError(Exception):
    """A limit leaves no room even to start."""


@dataclass(frozen=True)
class Limits:
    """Where a search stops: stored states, bytes of memory, seconds.  None is no limit,
    but for memory: there it is most of what the machine has free.  ``threads`` search
    where there is work for them, None is one for each processor; what they find is
    the same for any number, which is why a search with ``max_states`` uses one."""

    max_states: int | None = None
    memory: int | None = None
    seconds: float | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Finding:
    """A promise that broke, or a reachable that was reached, on a shortest way.  Where nobody wanted
    the way, ``path`` is empty.

    ``depth`` counts transitions.  ``path`` has the vectors from an initial state
    to the last one; ``moves`` the procedure and the actor (a global number, None
    for a rule) of each transition.  With ``error`` the last transition leads to no
    state, so that there is one move more than steps between states in ``path``.
    A promise about runs breaks on a way that ends in a loop: its moves from number
    ``loop`` on go round it, for ever; None where it ends in a state in which nothing
    that is fair can happen.  ``labels`` are the numbers of what is fair about the moves of the loop.
    """

    promise: str
    depth: int
    path: tuple[tuple[int, ...], ...]
    error: str | None = None
    moves: tuple[tuple[str, int | None], ...] = ()
    loop: int | None = None
    labels: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """How many transitions that led to a state ran each part of the model.

    ``steps`` is keyed by procedure, role (None for a rule) and the number of the
    yield point that the step started from (None: the beginning); ``sites`` by
    procedure, role and the number in Procedure.sites.
    """

    procedures: dict[str, int] = field(default_factory=dict)
    steps: dict[tuple[str, str | None, int | None], int] = field(default_factory=dict)
    sites: dict[tuple[str, str | None, int], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Extent:
    """The least and the most that a measure comes to in the states that were visited, and after how
    many transitions at the earliest.  The ways there are findings, where they were asked for."""

    least: int
    least_depth: int
    most: int
    most_depth: int
    least_at: Finding | None = None
    most_at: Finding | None = None


@dataclass
class Exploration:
    """The result of one search.

    ``transitions`` counts every firing of every combination of parameters and
    choices, duplicates, self loops and those that end in an error included.
    ``stopped`` says why the search is not complete; it is ``starved`` where that is want of memory.
    ``undecided`` are the promises that have no verdict: neither broken (or reached) nor looked at everywhere.
    ``idle`` are promises about runs that no state ever asks for.
    ``measures`` has those that could be computed in every state visited.
    A state takes ``words`` of 64 bits; ``memory`` is the most that states, table and whatever is
    kept for each state took at once, in bytes.  ``phases`` has the CPU seconds of all threads:
    compile, search (every state once), finish, runs, traces.  ``hurried`` are the characters of the model's
    code that will not be found compiled for speed when it is searched again.
    """

    states: int
    transitions: int
    depth: int
    complete: bool
    stopped: str | None
    seconds: float
    fingerprint: int
    findings: dict[str, Finding]
    coverage: Coverage
    undecided: frozenset[str]
    idle: frozenset[str] = frozenset()
    measures: dict[str, Extent] = field(default_factory=dict)
    words: int = 0
    memory: int = 0
    phases: dict[str, float] = field(default_factory=dict)
    hurried: int = 0
    starved: bool = False
