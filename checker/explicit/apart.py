# SPDX-License-Identifier: GPL-2.0-or-later
"""More promises than one search has flags for: the lemmas get a search of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from checker.explicit.result import Exploration
from checker.language import ir

FLAGS = 62
"""Promises about single states that one search can ask."""


def too_many(system: ir.System) -> bool:
    """Whether the lemmas are what one search has no flags left for."""
    return bool(system.lemmas) and sum(p.kind != "step" for p in system.promises) > FLAGS


def apart(system: ir.System, search: Callable[[ir.System, bool], Exploration]) -> Exploration:
    """Two searches in one: ``search`` is given the system without its lemmas, then (True) with nothing else."""
    found = search(replace(system, lemmas=(), promises=tuple(
        p for p in system.promises if p.name not in system.lemmas)), False)
    if not found.complete:
        found.undecided |= {*system.lemmas}
        return found
    more = search(replace(system, lemmas=(), run_promises=(), measures=(), promises=tuple(
        p for p in system.promises if p.name in system.lemmas)), True)
    found.findings = {**more.findings, **found.findings}
    found.undecided |= {name for name in more.undecided if name in system.lemmas}
    found.complete, found.stopped = more.complete, more.stopped
    found.seconds += more.seconds
    found.memory = max(found.memory, more.memory)
    found.phases = {name: value + more.phases.get(name, 0.0) for name, value in found.phases.items()}
    return found
