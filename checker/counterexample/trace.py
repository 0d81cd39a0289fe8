# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace: one object, of which every drawing and every file is a view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from typing import Any

from checker.counterexample.clause import Clause

SCHEMA = 1
RARE = ("loop", "fair", "waits")
"""Fields that most traces have nothing in; those are left out of their files."""


@dataclass(frozen=True)
class Change:
    """One element of the state that a step has changed."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Step:
    """One transition, as the raw reading saw it.

    ``actor`` is None for a rule.  ``label`` says what the step has done, and is
    None where it ended the procedure or went wrong.  ``stack`` are the functions
    from the operation down to the one that spoke the label.  ``number`` is the
    place of the transition among those that were possible.
    """

    number: int
    actor: str | None
    procedure: str
    params: dict[str, str]
    starts: bool
    ends: bool
    label: str | None
    stack: tuple[str, ...]
    choices: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    broken: tuple[str, ...] = ()
    error: str | None = None
    pos: str = ""

    @property
    def call(self) -> str:
        """``procedure(values)``."""
        return f"{self.procedure}({', '.join(self.params.values())})"


@dataclass(frozen=True)
class Standing:
    """An actor in mid-operation at the end of a trace; ``stuck`` if it can never finish."""

    actor: str
    procedure: str
    label: str
    stuck: bool = False


@dataclass(frozen=True)
class Wait:
    """What keeps an actor in mid-operation from moving: a lock and its holder, or a condition of its source."""

    actor: str
    lock: str | None
    holder: str | None
    until: str
    pos: str = ""

    def __str__(self) -> str:
        if self.lock is None:
            return f"{self.actor} waits until {self.until}"
        return f"{self.actor} waits for {self.lock}, which {self.holder} holds"


@dataclass(frozen=True)
class Trace:
    """A run from an initial state to the break of one promise.

    ``start`` is the whole initial state; together with the changes of the steps
    it gives every state.  ``given`` is the part of it that the start function has
    set, ``begins`` what that function says of itself.  ``options`` are the words that the replay command
    needs beside the key.  ``minimal`` is False for a run that was replayed from
    a key, of which nobody knows whether a shorter one exists.  ``shows`` says
    whether the promise is broken at its end.  ``loop`` is the number of steps before the
    first one of a loop that the run goes round for ever, ``fair`` says why it may;
    ``waits`` are those who cannot move at the end of a run that goes no further.
    """

    model: str
    spec: str
    promise: str
    kind: str
    doc: str
    key: str
    options: tuple[str, ...]
    scope: dict[str, Any]
    design: dict[str, Any]
    actors: tuple[str, ...]
    start: dict[str, str]
    given: dict[str, str]
    begins: str
    steps: tuple[Step, ...]
    clause: Clause | None = None
    standing: tuple[Standing, ...] = ()
    minimal: bool = True
    shows: bool = True
    loop: int | None = None
    fair: tuple[str, ...] = ()
    waits: tuple[Wait, ...] = ()
    schema: int = field(default=SCHEMA)

    @property
    def switches(self) -> int:
        """How often an actor goes on where another one has moved last; rules do not count."""
        moved = [step.actor for step in self.steps if step.actor is not None]
        return sum(a != b for a, b in pairwise(moved))

    @property
    def endless(self) -> bool:
        """Whether the trace stands for a run that never gets further."""
        return self.kind == "progress" and self.shows

    @property
    def last(self) -> Step | None:
        return self.steps[-1] if self.steps else None

    def states(self) -> Iterator[dict[str, str]]:
        """The whole state, at the start and behind each step."""
        now = dict(self.start)
        yield dict(now)
        for step in self.steps:
            now.update((change.path, change.new) for change in step.changes)
            yield dict(now)

    def operations(self) -> list[str]:
        """What the actors were running last, each named once, in order of appearance."""
        latest: dict[str, str] = {}
        for step in self.steps:
            if step.actor is not None:
                latest[step.actor] = step.procedure
        names = list(dict.fromkeys(latest[a] for a in self.actors if a in latest))
        if not names and self.last:
            names = [self.last.procedure]
        return names

    def to_json(self, *, places: bool = True) -> dict[str, Any]:
        """A JSON value; without ``places`` no line number of a source is in it."""
        made = asdict(self)
        made["switches"] = self.switches
        for name in RARE:
            if not made[name] and made[name] != 0:
                del made[name]
        if not places:
            for step in made["steps"]:
                del step["pos"]
            for wait in made.get("waits", ()):
                del wait["pos"]
        return made


@dataclass(frozen=True)
class Witness(Trace):
    """A run to a state that has the least or the most of a measure: ``promise`` is its name, ``value`` what it is."""

    value: int = 0

    @staticmethod
    def of(trace: Trace, measure: str, value: int) -> Witness:
        """What a trace shows of a measure."""
        given = {one.name: getattr(trace, one.name) for one in fields(Trace)}
        return Witness(**{**given, "promise": measure}, value=value)
