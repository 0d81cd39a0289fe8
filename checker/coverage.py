# SPDX-License-Identifier: GPL-2.0-or-later
"""What of a model never happened in any of several runs: a green that says little."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checker.explicit.result import Coverage
from checker.language import ir


def procedures(system: ir.System) -> Iterator[tuple[str | None, ir.Procedure]]:
    """The rules, then the operations with their roles."""
    for procedure in system.rules:
        yield None, procedure
    for role in system.roles:
        for procedure in role.operations:
            yield role.type.name, procedure


Passed = dict[tuple[str, int, str], bool]
"""By file, line and what is said of it: whether a rule, step or branch of the source was passed."""


def passed(system: ir.System, coverage: Coverage) -> Passed:
    """What of the source a run passed.

    Branches and steps are those of the source: one in a helper counts as passed
    wherever it was, though it is inlined in many places.
    """
    found: Passed = {}

    def note(pos: ir.Pos, text: str, hit: object) -> None:
        where = pos.file, pos.line, text
        found[where] = found.get(where, False) or bool(hit)

    for role, procedure in procedures(system):
        note(procedure.pos, f"{procedure.name} never happens", coverage.procedures.get(procedure.name))
        for number, point in enumerate(procedure.yields):
            note(point.pos, f'{point.stack[-1]}: nothing goes on behind "{point.label}"',
                 coverage.steps.get((procedure.name, role, number)))
        for number, site in enumerate(procedure.sites):
            note(site.pos, f"never taken: {site.text}", coverage.sites.get((procedure.name, role, number)))
    return found


def never(runs: Iterable[Passed]) -> list[str]:
    """A line for each rule, step and branch of the source that no run passed."""
    whole: Passed = {}
    for run in runs:
        for where, hit in run.items():
            whole[where] = whole.get(where, False) or hit
    return [f"{file}:{line}: {text}" for (file, line, text), hit in sorted(whole.items()) if not hit]


def taken(system: ir.System, coverage: Coverage) -> list[str]:
    """A line for each step that some transition took, in words that two designs of a model share."""
    found: dict[str, None] = {}
    for role, procedure in procedures(system):
        steps = [f"{procedure.name} starts" if role else f"{procedure.name} happens"]
        steps += [f'{procedure.name} goes on behind "{point.label}"' for point in procedure.yields]
        found.update((text, None) for number, text in enumerate(steps)
                     if coverage.steps.get((procedure.name, role, number - 1 if number else None)))
        found.update((f"{procedure.name}, where {site.text} ({site.pos})", None)
                     for number, site in enumerate(procedure.sites)
                     if coverage.sites.get((procedure.name, role, number)))
    return list(found)
