# SPDX-License-Identifier: GPL-2.0-or-later
"""A system as LLVM text, and what the numbers in that text mean.

Each procedure and each promise is a unit of its own, whose symbol is the hash
of its text: what was not edited need not be compiled again.  What calls them is one module.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import product

from checker.explicit import conditions
from checker.explicit.canonical import Canonical
from checker.explicit.code import signed
from checker.explicit.conditions import Asked, Call, StatePromises
from checker.explicit.graph import MOVES
from checker.explicit.group import group
from checker.explicit.layout import Layout
from checker.explicit.measures import measure, measuring
from checker.explicit.native import Modules
from checker.explicit.objects import key_of
from checker.explicit.procedures import EdgePromises, Errors, ProcedureCode
from checker.explicit.result import NO_MODEL_ERROR, Coverage
from checker.language import ir
from checker.language.errors import UsageError

_PROCEDURE = ("define weak_odr void @it(ptr noalias %ctx, ptr noalias %state, i64 %actor, i64 %pc, "
              "i64 %origin, ptr noalias %counts)")
_OWED = "define weak_odr i64 @it(ptr noalias %state, ptr noalias %given, ptr noalias %why)"
_STATE = "define weak_odr i64 @it(ptr noalias %state, ptr noalias %why)"
_STEP = "define weak_odr i64 @it(ptr noalias %old, ptr noalias %state, ptr noalias %why)"


@dataclass(frozen=True)
class Part:
    """One procedure: its number in records, where its counters begin, and what it is."""

    number: int
    first_count: int
    procedure: ir.Procedure
    role: int | None


class Program:
    """The native text of a system, as ``modules``.

    With ``symmetry``, states that differ in the names of objects only are one;
    ``group`` are the sorts that are renamed.
    """

    def __init__(self, system: ir.System, symmetry: bool = False) -> None:
        self.system = system
        self.layout = Layout(system)
        self.edges = EdgePromises(system)
        self.states = StatePromises(system)
        self.parts: list[Part] = []
        self.counts = 0
        self.actors = sum(role.type.size for role in system.roles)
        if self.actors > 32:
            raise UsageError(f"{self.actors} actors in one scope: 32 fit")
        self._units: list[str] = []
        self._bodies: list[str] = []
        self._declared: dict[str, None] = {}
        self._errors: list[Errors] = []
        common = (system, self.layout)
        rules = [self._part(one, None) for rule in system.rules for one in self._ways(rule)]
        roles = [[self._part(operation, k) for operation in role.operations] for k, role in enumerate(system.roles)]
        check = [self._promise(_STATE, one, self.states) for one in system.promises if one.kind != "step"]
        steps = [self._promise(_STEP, one, self.edges) for one in system.promises if one.kind == "step"]
        self.has_steps = bool(steps)
        self.asked = [[self._owed(part) for part in promise.parts] for promise in system.run_promises]
        fair = self.actors + sum(part.procedure.fair for part in self.parts)
        if system.run_promises and fair > MOVES:
            raise UsageError(f"{fair} actors and fair rules (with their parameters) in one scope: {MOVES} fit")
        renaming = conditions.normalise(*common)
        self.renames = renaming is not None
        self._whole(conditions.expand(*common, rules, roles), "void",
                    {"ptr, ptr, i64, i64, i64, ptr": [call.symbol for part in (rules, *roles) for call in part]})
        words = self.layout.words
        self._whole(conditions.asking_states(check, steps, self.states.flag(NO_MODEL_ERROR), words), "i64", {
            "ptr, ptr": [one.symbol for one in check], "ptr, ptr, ptr": [one.symbol for one in steps]})
        if steps:
            self._whole(conditions.asking_steps(steps, self.edges.flag(NO_MODEL_ERROR), words), "i64",
                        {"ptr, ptr, ptr": [one.symbol for one in steps]})
        if system.measures:
            self._measuring()
        self._bodies += [*conditions.deadlock(*common), conditions.idle(*common)]
        # A promise about runs follows single actors round a loop, which a renaming would confuse.
        self.group = group(system) if symmetry and not system.run_promises else ()
        renamings = [renaming] if renaming is not None else []
        hot = [*renamings, Canonical(*common, self.group, self.renames).text()] if self.group else []
        together = "\n".join((*self._declared, *self._bodies, *(() if hot else renamings)))
        self.modules = Modules(tuple(self._units), (together,), tuple(hot))

    def question(self) -> bytes:
        """What tells this search from all others: the system, and how its parts are numbered."""
        names = [self.edges.names, self.states.names, [part.procedure.name for part in self.parts]]
        about = repr(names), repr(self.system.initial), repr(self.group)
        return key_of(*self.modules.units, *self.modules.alone, *self.modules.hot, *about)

    def error(self, number: int) -> tuple[str, str]:
        """What the number of an error means: the promise, and what happened where."""
        return self._errors[number >> 16][number & 0xFFFF]

    def _unit(self, text: str, errors: Errors) -> str:
        """A function in a module of its own; its symbol."""
        symbol = "f" + hashlib.sha256(text.encode()).hexdigest()[:24]
        self._units.append(text.replace("@it(", f"@{symbol}(", 1))
        self._errors.append(errors)
        return symbol

    def _part(self, procedure: ir.Procedure, role: int | None) -> Call:
        part = Part(len(self.parts), self.counts, procedure, role)
        self.parts.append(part)
        self.counts += 1 + len(procedure.yields) + len(procedure.sites)
        code = ProcedureCode(_PROCEDURE, procedure, role, self.system, self.layout, self.edges)
        return Call(self._unit(code.text(), code.errors), part.number, part.first_count)

    def _ways(self, rule: ir.Procedure) -> list[ir.Procedure]:
        """A rule that is fair, once for each combination of its parameters: each must happen at last."""
        if not (rule.fair and self.system.run_promises):
            return [rule]
        types = [rule.locals[name] for name in rule.params]
        ways = []
        for values in product(*(range(of.low, of.low + of.card) for of in types)):
            given = [ir.SetLocal(pos=rule.pos, name=name, value=ir.Const(type=of, pos=rule.pos, value=value))
                     for name, of, value in zip(rule.params, types, values, strict=True)]
            ways.append(replace(rule, params=(), body=(*given, *rule.body)))
        return ways

    def _owed(self, part: ir.RunPart) -> tuple[str, int]:
        """The symbol of what a promise about runs asks of a state, and the base of its errors."""
        base = len(self._errors) << 16
        return self._unit(*conditions.owed(_OWED, self.system, self.layout, part)), base

    def _promise(self, head: str, one: ir.Promise, numbers: StatePromises | EdgePromises) -> Asked:
        base = len(self._errors) << 16
        text, errors = conditions.promise(head, self.system, self.layout, one)
        flag, wrong = numbers.flag(one.name), numbers.flag(NO_MODEL_ERROR) if errors else 0
        reads = self.layout.mask(conditions.reads(one.condition, self.system))
        return Asked(self._unit(text, errors), flag, base, signed(flag | wrong), reads)

    def _measuring(self) -> None:
        measures = []
        for one in self.system.measures:
            base = len(self._errors) << 16
            measures.append((self._unit(*measure(self.system, self.layout, one)), base))
        self._whole(measuring(self.layout, measures), "i64",
                    {"ptr, ptr, ptr": [symbol for symbol, _ in measures]})

    def _whole(self, text: str, result: str, calls: dict[str, list[str]]) -> None:
        """A function that calls units, given by the types of their parameters."""
        self._declared |= dict.fromkeys(f"declare {result} @{symbol}({types})"
                                        for types, symbols in calls.items() for symbol in symbols)
        self._bodies.append(text)

    def coverage(self, counts: list[int]) -> Coverage:
        """Names for the counters."""
        result = Coverage()
        for part in self.parts:
            name, first, points = part.procedure.name, part.first_count, len(part.procedure.yields)
            role = None if part.role is None else self.system.roles[part.role].type.name
            steps = counts[first:first + 1 + points]
            result.procedures[name] = result.procedures.get(name, 0) + sum(steps)
            for k, count in enumerate(steps):
                step = name, role, k - 1 if k else None
                result.steps[step] = result.steps.get(step, 0) + count
            for k in range(len(part.procedure.sites)):
                site = name, role, k
                result.sites[site] = result.sites.get(site, 0) + counts[first + 1 + points + k]
        return result
