# SPDX-License-Identifier: GPL-2.0-or-later
"""What of a model never happened in any of several runs: a green that says little."""

from __future__ import annotations

from collections.abc import Iterable

from checker.explicit.result import Coverage
from checker.language import ir


def never(runs: Iterable[tuple[ir.System, Coverage]]) -> list[str]:
    """A line for each rule, step and branch of the source that no run passed.

    Branches and steps are those of the source: one in a helper counts as passed
    wherever it was, though it is inlined in many places.
    """
    passed: dict[tuple[str, int, str], bool] = {}
    for system, coverage in runs:
        procedures: list[tuple[str | None, ir.Procedure]] = [(None, procedure) for procedure in system.rules]
        procedures += [(role.type.name, procedure) for role in system.roles for procedure in role.operations]
        for role, procedure in procedures:
            where = (procedure.pos.file, procedure.pos.line, f"{procedure.name} never happens")
            passed[where] = passed.get(where, False) or bool(coverage.procedures.get(procedure.name))
            for number, point in enumerate(procedure.yields):
                where = (point.pos.file, point.pos.line, f'{point.stack[-1]}: nothing goes on behind "{point.label}"')
                hit = bool(coverage.steps.get((procedure.name, role, number)))
                passed[where] = passed.get(where, False) or hit
            for number, site in enumerate(procedure.sites):
                where = (site.pos.file, site.pos.line, f"never taken: {site.text}")
                passed[where] = passed.get(where, False) or bool(coverage.sites.get((procedure.name, role, number)))
    return [f"{file}:{line}: {text}" for (file, line, text), hit in sorted(passed.items()) if not hit]
