# SPDX-License-Identifier: GPL-2.0-or-later
"""Bounded search: for each promise the shortest run that breaks it, up to a number of steps.

It says nothing about longer runs.  The solver works in a child process; what it
has decided when that is killed at its limit stands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from checker.explicit.result import Finding
from checker.language import ir
from checker.symbolic.child import Child, Undecided

if TYPE_CHECKING:
    from checker.symbolic.search import Message

SECONDS = 60.0
"""How long a search may take, where nobody says anything else."""


@dataclass
class Bounded:
    """What a bounded search found.

    ``asked`` is the number of steps that were asked for; ``depth`` that up to which
    every promise in ``decided`` is: broken (or reached) in ``findings``, or not in
    any run that short.  It is -1 if not even the initial states were looked at.
    ``stopped`` says why it is less than asked for.  ``logics`` are the solver's, in
    the order in which they were tried.  ``states`` were written out, up to the depth
    ``written``; with ``everything`` no run leads to another one, of any length.  Where they are
    ``renamed`` one state stands for all that differ from it in the names of objects only.
    """

    asked: int
    depth: int = -1
    stopped: str | None = None
    seconds: float = 0.0
    findings: dict[str, Finding] = field(default_factory=dict)
    decided: frozenset[str] = frozenset()
    logics: tuple[str, ...] = ()
    states: int = 0
    written: int = 0
    everything: bool = False
    renamed: bool = False

    def take(self, message: Message) -> None:
        """Adds what the search has told."""
        if message.finding is not None:
            self.findings[message.finding.promise] = message.finding
        self.depth, self.decided, self.logics = message.depth, message.decided, message.logics
        self.stopped = message.stopped
        self.states, self.written = message.states, message.written
        self.everything, self.renamed = message.everything, message.renamed


def bounded(system: ir.System, depth: int, *, seconds: float = SECONDS, memory: int | None = None,
            first: bool = False, narrow: int | None = None,
            progress: Callable[[int, float], None] | None = None) -> Bounded:
    """Searches all runs of up to ``depth`` steps for the shortest break of every promise.

    ``seconds`` and ``memory`` (bytes) limit the solver; ``first`` stops behind the
    depth at which a promise broke.  ``narrow`` is the number of states up to which a
    layer is written out (see ``search``).  ``progress`` is called with the depth that is
    decided and the seconds it took.  Ctrl-C ends the search early, like a limit.
    ImportError: the solver is not installed.
    """
    if find_spec("z3") is None:
        raise ImportError("there is no z3", name="z3")
    from checker.symbolic.search import search  # here: a process that asks many times loads z3 once

    began = time.monotonic()
    result = Bounded(depth, stopped="it has not begun")
    under_way: list[Iterator[Message]] = []

    def answer(question: None) -> Message | None:
        """What the search tells next; runs in the child."""
        if not under_way:
            under_way.append(search(system, depth, first=first, **({} if narrow is None else {"narrow": narrow})))
        return next(under_way[0], None)

    try:
        with Child(answer, memory=memory) as child:
            while (message := child.ask(None, max(0.0, seconds - (time.monotonic() - began)))) is not None:
                result.take(message)
                if progress is not None:
                    progress(result.depth, time.monotonic() - began)
    except Undecided as error:
        late = time.monotonic() - began >= seconds
        result.stopped = f"the time limit of {seconds:g} s is reached" if late else str(error)
    except KeyboardInterrupt:
        result.stopped = "interrupted"
    result.seconds = time.monotonic() - began
    return result
