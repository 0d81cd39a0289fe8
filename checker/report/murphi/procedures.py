# SPDX-License-Identifier: GPL-2.0-or-later
"""A rule or an operation as one Murphi procedure: all its steps in one body.

``seek`` is set as long as the yield where the actor stands has not been met.  A
statement that holds yields looks for it, or runs while ``going``; all others run
only while ``going``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from checker.explicit.result import NO_LOCK_LEFT, NO_MODEL_ERROR
from checker.language import ir
from checker.language.types import LockT, OptT
from checker.language.walk import contains_yield, every_statement
from checker.report.murphi.choices import most_choices
from checker.report.murphi.conditions import StepPromise
from checker.report.murphi.expressions import field_name, number, old_name
from checker.report.murphi.statements import Statements
from checker.report.murphi.writer import NUMBER, plain, quoted


class ProcedureText(Statements):
    """Writes ``procedure name(actor, seek_from, parameters, choices)``.

    ``choices`` is how many choices one step can make; each is an argument of its
    own, a number from zero that must be zero where the step has no such choice.
    """

    def __init__(self, system: ir.System, procedure: ir.Procedure, role: int | None,
                 steps: Sequence[StepPromise], broken: Collection[str]) -> None:
        super().__init__(system)
        self.procedure = procedure
        self.role = None if role is None else system.roles[role]
        self.first_actor = sum(r.type.size for r in system.roles[:role])
        self.name = f"r{system.rules.index(procedure)}_" if role is None else f"o{role}_"
        self.name += plain(procedure.name)
        self.steps = steps
        self.broken = broken
        self.choices = most_choices(procedure.body)
        self.always = not contains_yield(procedure.body)

    def failure(self, pos: ir.Pos, message: str) -> None:
        if NO_MODEL_ERROR in self.broken:  # leads to no state, and is passed over in silence
            self.out.emit("assume false;")
        else:
            super().failure(pos, message)

    def text(self) -> list[str]:
        out, procedure = self.out, self.procedure
        out.declared.update({"seek": NUMBER, "left": "boolean", "depth": NUMBER})
        arguments = ["actor", "seek_from", *(f"a_{plain(name)}" for name in procedure.params)]
        arguments += [f"choice_{k}" for k in range(self.choices)]
        head = f"procedure {self.name}({'; '.join(f'{a}: {NUMBER}' for a in arguments)});"
        with out.aside() as inside:
            self.statements(procedure.body)
            self._finish()
            for k in range(self.choices):
                out.emit(f"assume depth > {k} | choice_{k} = 0;")
            for step in self.steps:
                out.emit(f"assert {step.function}({', '.join(map(old_name, step.old))}) {quoted(step.name)};")
            if self.system.data:
                out.emit("normalise();")
        for assignment in ("seek := seek_from", "going := seek = 0", "left := false", "depth := 0"):
            out.emit(f"{assignment};")
        given = {name: f"a_{plain(name)}" for name in procedure.params}
        if procedure.actor is not None:
            given[procedure.actor] = "actor"
        for name, variable in self.locals.items():
            out.emit(f"{variable} := {given.get(name, '0')};")
        for field in {field.number: field for step in self.steps for field in step.old}.values():
            out.declared[old_name(field)] = f"t_{field_name(field)}"
            out.emit(f"{old_name(field)} := {field_name(field)};")
        out.lines += inside
        return out.text(head)

    def statement(self, s: ir.Stmt) -> None:
        if isinstance(s, ir.Choose):
            self._choose(s)
        elif isinstance(s, ir.Assert | ir.Expect) and self.system.assertions[s.promise] in self.broken:
            condition = self.condition(s.condition)
            if isinstance(s, ir.Assert):  # what breaks it leads to no state, and is passed over in silence
                self.out.emit(f"assume {condition};")
        else:
            super().statement(s)

    def _choose(self, s: ir.Choose) -> None:
        """The next choice that was given, if it is one that may be made here."""
        out, domain = self.out, s.domain
        low, high = self.values(domain.lo, domain.hi)
        low, high = self.kept(low), self.kept(high)
        given, some, fits = out.new("given"), out.new("some", "boolean"), out.new("fits", "boolean")
        for k in range(self.choices):
            with out.inside(f"if depth = {k} then"):
                out.emit(f"{given} := choice_{k} + {number(domain.type.low)};")
        out.emit("depth := depth + 1;")
        out.emit(f"{some} := false;")
        out.emit(f"{fits} := false;")
        candidate = self.local(s.candidate)
        out.emit(f"{candidate} := {low};")
        with out.inside(f"while {candidate} < {high} do"):
            # every candidate is looked at, as Python does: a failing condition is an error whichever is taken
            with out.inside(f"if {'true' if s.where is None else self.condition(s.where)} then"):
                out.emit(f"{some} := true;")
                out.emit(f"{fits} := {fits} | {candidate} = {given};")
            out.emit(f"{candidate} := {candidate} + 1;")
        taken = self.to_code(given, domain.type) if s.empty == "none" else given
        if s.empty == "block":
            out.emit(f"assume {some};")
        with out.inside(f"if {some} then"):
            out.emit(f"assume {fits};")
            out.emit(f"{self.local(s.name)} := {taken};")
            out.otherwise()
            if s.empty == "error":
                self.failure(s.pos, "nothing to choose from")
            else:
                out.emit(f"assume {given} = {number(domain.type.low)};")
                out.emit(f"{self.local(s.name)} := {OptT(domain.type).none};")

    # -- statements that hold yields

    def yielding(self, s: ir.Stmt) -> None:
        out = self.out
        match s:
            case ir.Yield():
                self._yield(s)
            case ir.If():
                self._resumed_branch(s)
            case ir.Block():
                self._block(s)
            case ir.Hold():
                self.statements(s.body)
            case ir.For():
                low, high = self.value(s.domain.lo), self.value(s.domain.hi)
                self._turns(s, low, high, f"{low} < {high}", self.seeks(s.body))
            case ir.Loop():
                turning = out.new("turning", "boolean")
                out.emit(f"{turning} := going | {self.seeks(s.body)};")
                with out.inside(f"while {turning} do"):
                    self.statements(s.body)
                    out.emit(f"{turning} := going;")
            case _:
                raise TypeError(f"{s.pos}: a yield inside {type(s).__name__}")

    def seeks(self, body: tuple[ir.Stmt, ...]) -> str:
        """Whether the yield that is looked for is in a body."""
        points = [self.procedure.yields[s.point].pc for s in every_statement(body) if isinstance(s, ir.Yield)]
        return f"({' | '.join(f'seek = {pc}' for pc in points) or 'false'})"

    def _resumed_branch(self, s: ir.If) -> None:
        out, which = self.out, self.out.new("branch")
        out.emit(f"{which} := 0;")
        with out.inside("if going then"):
            out.emit(f"{which} := ({self.condition(s.condition)} ? 1 : 2);")
            out.otherwise(f"elsif {self.seeks(s.then)} then")
            out.emit(f"{which} := 1;")
            out.otherwise(f"elsif {self.seeks(s.orelse)} then")
            out.emit(f"{which} := 2;")
        for number_, body in ((1, s.then), (2, s.orelse)):
            if body:
                with out.inside(f"if {which} = {number_} then"):
                    self.always = False
                    self.statements(body)

    def _yield(self, s: ir.Yield) -> None:
        out, point = self.out, self.procedure.yields[s.point]
        assert self.role is not None
        with out.inside("if going then"):
            self._frame(point)
            out.emit("left := true;")
            out.emit("going := false;")
            out.otherwise(f"elsif seek = {point.pc} then")
            out.emit("seek := 0;")
            out.emit("going := true;")
            for name, slot in point.live:
                out.emit(f"{self.local(name)} := {self.read(self.role.slots[slot], 'actor')};")

    def _frame(self, point: ir.YieldPoint | None) -> None:
        """Sets pc and slots of the actor, as they are behind a yield or at the end."""
        assert self.role is not None
        live = {} if point is None else {slot: name for name, slot in point.live}
        for k, field in enumerate(self.role.slots):
            value = self.to_code(self.local(live[k]), field.type) if k in live else "0"
            self.out.emit(f"{field_name(field)}[actor] := {value};")
        self.out.emit(f"{field_name(self.role.pc)}[actor] := {0 if point is None else point.pc};")

    def _finish(self) -> None:
        if self.role is None:
            return
        with self.out.inside("if !left then"):
            self._frame(None)
            for field in self.system.fields:
                if isinstance(field.type, LockT) and NO_LOCK_LEFT not in self.broken:
                    mine = f"actor + {self.first_actor + 1}"
                    with self.out.inside(f"for k: 0..{field.count - 1} do"):
                        self.out.emit(f"assert {field_name(field)}[k] != {mine} {quoted(NO_LOCK_LEFT)};")
