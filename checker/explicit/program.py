# SPDX-License-Identifier: GPL-2.0-or-later
"""A system as LLVM text, and what the numbers in that text mean."""

from __future__ import annotations

from dataclasses import dataclass

from checker.explicit import conditions
from checker.explicit.conditions import StatePromises
from checker.explicit.layout import Layout
from checker.explicit.procedures import EdgePromises, ProcedureCode
from checker.explicit.result import Coverage
from checker.language import ir
from checker.language.errors import UsageError

DECLARATIONS = """declare i64 @llvm.cttz.i64(i64, i1)
declare i64 @llvm.ctpop.i64(i64)
"""


@dataclass(frozen=True)
class Part:
    """One procedure: its number in records, where its counters begin, and what it is."""

    number: int
    first_count: int
    procedure: ir.Procedure
    role: int | None


class Program:
    """The native text of a system."""

    def __init__(self, system: ir.System) -> None:
        self.system = system
        self.layout = Layout(system)
        self.edges = EdgePromises(system)
        self.states = StatePromises(system)
        self.parts: list[Part] = []
        self.counts = 0
        self.actors = sum(role.type.size for role in system.roles)
        if self.actors > 32:
            raise UsageError(f"{self.actors} actors in one scope: 32 fit")
        rules = [self._part(rule, None) for rule in system.rules]
        roles = [[self._part(operation, k) for operation in role.operations] for k, role in enumerate(system.roles)]
        texts = [self._procedure(part) for part in self.parts]
        common = (system, self.layout)
        texts += conditions.check(*common, self.states, self.edges)
        steps = conditions.step(*common, self.edges)
        self.has_steps = bool(steps)
        renaming = conditions.normalise(*common)
        self.renames = renaming is not None
        texts += [*steps, *([renaming] if renaming else []), *conditions.deadlock(*common, self.edges)]
        texts += [conditions.idle(*common), conditions.expand(*common, rules, roles)]
        self.text = DECLARATIONS + "\n".join(texts)

    def _part(self, procedure: ir.Procedure, role: int | None) -> str:
        part = Part(len(self.parts), self.counts, procedure, role)
        self.parts.append(part)
        self.counts += 1 + len(procedure.yields) + len(procedure.sites)
        return f"procedure{part.number}"

    def _procedure(self, part: Part) -> str:
        code = ProcedureCode(f"procedure{part.number}", part.number, part.procedure, part.role,
                             self.system, self.layout, self.edges, part.first_count)
        return code.text()

    def coverage(self, counts: list[int]) -> Coverage:
        """Names for the counters."""
        result = Coverage()
        for part in self.parts:
            name, first, points = part.procedure.name, part.first_count, len(part.procedure.yields)
            role = None if part.role is None else self.system.roles[part.role].type.name
            steps = counts[first:first + 1 + points]
            result.procedures[name] = result.procedures.get(name, 0) + sum(steps)
            for k, count in enumerate(steps):
                result.steps[name, role, k - 1 if k else None] = count
            for k in range(len(part.procedure.sites)):
                result.sites[name, role, k] = counts[first + 1 + points + k]
        return result
