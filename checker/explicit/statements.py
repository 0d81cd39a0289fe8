# SPDX-License-Identifier: GPL-2.0-or-later
"""Statements that only compute and branch, for procedures and for helpers of promises."""

from __future__ import annotations

from checker.explicit.code import Code
from checker.explicit.expressions import Expressions
from checker.explicit.layout import Layout
from checker.language import ir


class Statements(Expressions):
    """Lowers statements; ``passed`` and ``broken`` say what branches and assertions do."""

    def __init__(self, code: Code, system: ir.System, layout: Layout, words: str, old: str | None = None) -> None:
        super().__init__(code, system, layout, words, old)
        self.exits: dict[str, list[str]] = {}

    def passed(self, site: int) -> None:
        """Runs at the beginning of a branch that is counted."""

    def broken(self, s: ir.Assert) -> None:
        """Runs where an assertion is false; must end the block."""
        raise NotImplementedError

    def statements(self, body: tuple[ir.Stmt, ...]) -> None:
        for statement in body:
            if self.code.ended:
                return
            self.statement(statement)

    def statement(self, s: ir.Stmt) -> None:
        code = self.code
        match s:
            case ir.SetLocal():
                code.set(self.local(s.name), self.value(s.value))
            case ir.If():
                self._if(s)
            case ir.Block():
                out = code.name("out")
                self.exits.setdefault(s.label, []).append(out)
                self.statements(s.body)
                self.exits[s.label].pop()
                code.block(out)
            case ir.Break():
                code.jump(self.exits[s.label][-1])
            case ir.For():
                self._for(s)
            case ir.Loop():
                head = code.name("loop")
                code.again(head)
                self.statements(s.body)
                code.jump(head)
            case ir.Assert():
                good, bad = code.name("good"), code.name("bad")
                self.test(s.condition, good, bad)
                code.block(bad)
                self.broken(s)
                code.block(good)
            case ir.Fail():
                self.failure(s.pos, s.message)
            case _:
                raise TypeError(f"{s.pos}: no native code for {type(s).__name__} here")

    def _if(self, s: ir.If) -> None:
        code = self.code
        then, out = code.name("then"), code.name("out")
        orelse = code.name("else") if s.orelse or s.sites is not None else out
        self.test(s.condition, then, orelse)
        for label, body, site in ((then, s.then, 0), (orelse, s.orelse, 1)):
            if label == out:
                break
            code.block(label)
            if s.sites is not None:
                self.passed(s.sites[site])
            self.statements(body)
            code.jump(out)
        code.block(out)

    def _for(self, s: ir.For) -> None:
        """The variable alone says where the loop is, and keeps its last value behind it."""
        code, variable = self.code, self.local(s.variable)
        low, high = self.value(s.domain.lo), self.value(s.domain.hi)
        first, body, out = code.name("first"), code.name("body"), code.name("out")
        code.branch(code.compare("slt", low, high), first, out)
        code.block(first)
        code.set(variable, low)
        code.again(body)
        self.statements(s.body)
        if not code.ended:
            following, again = code.add(code.get(variable), 1), code.name("again")
            code.branch(code.compare("slt", following, high), again, out)
            code.block(again)
            code.set(variable, following)
            code.jump(body)
        code.block(out)
