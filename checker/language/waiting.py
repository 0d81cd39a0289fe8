# SPDX-License-Identifier: GPL-2.0-or-later
"""Why an actor cannot move, in the raw reading: the lock, or the condition, that it waits for."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from checker.language import ir
from checker.language.context import binding
from checker.language.errors import Disabled
from checker.language.raw import LANGUAGE, Configuration, Move, Raw
from checker.language.records import Place
from checker.language.source import condition_at


@dataclass(frozen=True)
class Waiting:
    """Why an actor in mid-operation cannot move: a lock and the code of its holder, or a condition."""

    actor: int
    lock: str | None
    holder: int
    until: str
    pos: ir.Pos


def waiting(raw: Raw, configuration: Configuration) -> Iterator[Waiting]:
    """What keeps actors in mid-operation from moving; nothing of those who can move."""
    for number, now in enumerate(configuration.actors):
        if now is None:
            continue
        lowered = raw.system.lowered_roles[raw.actors[number][0]][now.operation]
        with binding(raw.system.binding):
            found = list(raw.attempts(Move(configuration, number, lowered, now.params, now.history)))
        if any(outcome.disabled is None for outcome in found):
            continue
        causes = {}
        for outcome in found:
            assert outcome.disabled is not None
            cause = _cause(raw, number, outcome.disabled, configuration)
            causes[cause.pos, cause.lock] = cause
        yield from causes.values()


def _cause(raw: Raw, actor: int, error: Disabled, configuration: Configuration) -> Waiting:
    """Where and why a step did not happen."""
    pos, text = raw.place(error), ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if not frame.f_code.co_filename.startswith(LANGUAGE):
            text = condition_at(frame.f_code.co_filename, line)
    if not isinstance(error.lock, Place):
        return Waiting(actor, None, 0, text, pos)
    raw.restore(configuration.cells)
    return Waiting(actor, error.lock.name, error.lock.code, text, pos)
