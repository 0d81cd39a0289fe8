# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs of 0, 1, 2, ... steps: layer by layer while the layers are narrow, then as one formula.

A layer of many states costs more to write out than a longer formula costs to
solve; from the last layer that is written out the runs go on as unknowns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import z3  # type: ignore[import-untyped,unused-ignore]

from checker.explicit.result import Finding
from checker.language import ir
from checker.symbolic.layers import Layers
from checker.symbolic.parts import Unknown
from checker.symbolic.runs import LOGICS, Runs
from checker.symbolic.template import Template

NARROW = 5000
"""A layer with more states is the last that is written out."""


@dataclass(frozen=True)
class Message:
    """How far a search is: see ``bounded.Bounded``.  Comes with a finding, or when a depth is decided."""

    depth: int
    decided: frozenset[str]
    logics: tuple[str, ...]
    finding: Finding | None = None
    stopped: str | None = None
    states: int = 0
    written: int = 0
    everything: bool = False
    renamed: bool = False


class Search:
    """Looks at runs of one length after the other."""

    def __init__(self, system: ir.System, narrow: int = NARROW) -> None:
        self.narrow = narrow
        self.template = Template(system)
        self.layers = Layers(self.template)
        self.runs: Runs | None = None
        """The runs that go on from the last layer."""
        self.decided = frozenset(self.template.promises)
        self.open = list(self.template.promises)
        """Promises that have not broken yet."""

    def message(self, depth: int, finding: Finding | None = None, stopped: str | None = None,
                everything: bool = False) -> Message:
        logics = self.runs.logics if self.runs is not None else LOGICS[:1]
        return Message(depth, self.decided, logics, finding, stopped, len(self.layers.came), self.layers.depth,
                       everything, bool(self.layers.names.exchanges))

    def run(self, depth: int, first: bool) -> Iterator[Message]:
        reachable = {p.name for p in self.template.system.promises if p.kind == "reachable"}
        surprised = False
        for here in range(depth + 1):
            if here:
                self.extend()
            for finding in (self.runs or self.layers).found(list(self.open)):
                surprised |= finding.promise not in reachable
                self.open.remove(finding.promise)
                yield self.message(here - 1, finding)
            if self.runs is None and not self.layers.states:
                # No run is longer.
                yield self.message(depth, everything=True)
                return
            if not self.open:
                # All is found: nothing is left to be broken in longer runs.
                yield self.message(depth)
                return
            stops = first and surprised and here < depth
            yield self.message(here, stopped="a promise broke" if stops else None)
            if stops:
                return

    def extend(self) -> None:
        """One step more."""
        if self.runs is None and len(self.layers.states) > self.narrow:
            self.runs = Runs(self.template, self.layers.states, self.layers.whole)
        if self.runs is None:
            self.layers.extend(self.open)
        else:
            self.runs.extend()


def search(system: ir.System, depth: int, *, first: bool = False, narrow: int = NARROW) -> Iterator[Message]:
    """What is found and decided, in runs of up to so many steps, as it is known."""
    looking = Search(system, narrow)
    told = looking.message(-1)
    try:
        for told in looking.run(depth, first):
            yield told
    except Unknown as error:
        yield looking.message(told.depth, stopped=f"z3 does not know: {error}")
    except z3.Z3Exception as error:
        if "memory" not in str(error):
            raise
        yield looking.message(told.depth, stopped=f"z3 has no memory left: {error}")
