# SPDX-License-Identifier: GPL-2.0-or-later
"""Statements in Murphi, which cannot jump.

``going`` says whether statements take effect; what is behind a statement that may
leave a block runs only under it, and the block's end sets it again.
A ``require`` that is false is an ``assume``: the search drops this transition.
"""

from __future__ import annotations

from checker.language import ir
from checker.language.walk import contains_yield, every_statement
from checker.report.murphi.expressions import Expressions, field_name
from checker.report.murphi.writer import quoted


class Statements(Expressions):
    """Writes statements that only compute, branch and store."""

    def __init__(self, system: ir.System) -> None:
        super().__init__(system)
        self.out.declared["going"] = "boolean"
        self.leaving: dict[str, list[str]] = {}
        self.always = True
        """Whether what is written now runs wherever it is reached."""

    def yielding(self, s: ir.Stmt) -> None:
        """Writes a statement that holds yields."""
        raise NotImplementedError

    # -- statements

    def statements(self, body: tuple[ir.Stmt, ...]) -> None:
        """Writes statements, those that are not always reached under ``going``."""
        rest = list(body)
        while rest:
            if contains_yield((rest[0],)):
                self.yielding(rest.pop(0))
                self.always = False
                continue
            if self.always:
                self._plain(rest)
                continue
            with self.out.inside("if going then"):
                self.always = True
                self._plain(rest)
            self.always = False

    def _plain(self, rest: list[ir.Stmt]) -> None:
        """Writes the statements up to the first that may leave, or that holds yields."""
        while rest and not contains_yield((rest[0],)):
            statement = rest.pop(0)
            self.statement(statement)
            if leaves(statement):
                self.always = False
                return

    def statement(self, s: ir.Stmt) -> None:
        out = self.out
        match s:
            case ir.SetLocal():
                value = self.value(s.value)
                out.emit(f"{self.local(s.name)} := {value};")
            case ir.Store():
                value, *indices = self.values(s.value, *s.indices)
                out.emit(f"{field_name(s.field)}[{self.index(s.field, indices)}] := "
                         f"{self.to_code(value, s.field.type)};")
            case ir.If():
                with out.inside(f"if {self.condition(s.condition)} then"):
                    self._branch(s.then)
                    if s.orelse:
                        out.otherwise()
                        self._branch(s.orelse)
            case ir.Block():
                self._block(s)
            case ir.Break():
                out.emit(f"{self.leaving[s.label][-1]} := true;")
                out.emit("going := false;")
            case ir.For():
                low, high = self.values(s.domain.lo, s.domain.hi)
                self._turns(s, low, high, f"{low} < {high}")
            case ir.Loop():
                with out.inside("while going do"):
                    self._branch(s.body)
            case ir.Hold():
                self.statements(s.body)
            case ir.Require():
                out.emit(f"assume {self.condition(s.condition)};")
            case ir.Assert() | ir.Expect():
                out.emit(f"assert {self.condition(s.condition)} {quoted(self.system.assertions[s.promise])};")
            case ir.Fail():
                self.failure(s.pos, s.message)
            case _:
                raise TypeError(f"{s.pos}: no Murphi for {type(s).__name__}")

    def _branch(self, body: tuple[ir.Stmt, ...]) -> None:
        """A body that is reached only while ``going``."""
        before, self.always = self.always, True
        self.statements(body)
        self.always = before

    def _block(self, s: ir.Block) -> None:
        flag = self.out.new(f"leave_{s.label}", "boolean")
        self.out.emit(f"{flag} := false;")
        self.leaving.setdefault(s.label, []).append(flag)
        before = self.always
        self.statements(s.body)
        self.always = before
        self.leaving[s.label].pop()
        with self.out.inside(f"if {flag} then"):
            self.out.emit("going := true;")

    def _turns(self, s: ir.For, low: str, high: str, first: str, seeking: str = "") -> None:
        """The variable alone says where the loop is, and keeps its last value behind it."""
        out, variable = self.out, self.local(s.variable)
        high = self.kept(high) if not seeking else high
        turning = out.new("turning", "boolean")
        out.emit(f"{turning} := false;")
        with out.inside("if going then"):
            out.emit(f"{turning} := {first};")
            with out.inside(f"if {turning} then"):
                out.emit(f"{variable} := {low};")
            if seeking:
                out.otherwise()
                out.emit(f"{turning} := {seeking};")
        with out.inside(f"while {turning} do"):
            before, self.always = self.always, not seeking
            self.statements(s.body)
            self.always = before
            out.emit(f"{turning} := going & {variable} + 1 < {high};")
            with out.inside(f"if {turning} then"):
                out.emit(f"{variable} := {variable} + 1;")


def leaves(s: ir.Stmt) -> bool:
    """Whether what follows a statement may have to be passed over."""
    inner = every_statement((s,))
    return any(isinstance(part, ir.Break) for part in inner) and not (
        isinstance(s, ir.Block) and all(part.label == s.label for part in every_statement(s.body)
                                        if isinstance(part, ir.Break)))
