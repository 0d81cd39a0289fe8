# SPDX-License-Identifier: GPL-2.0-or-later
"""What the steps of an operation read and write, by the source alone."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from checker.language import ir


@dataclass
class Footprint:
    """The fields that some way through a step reads or writes, and whether it can wait, choose or fail."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    plain: bool = True

    @property
    def only_frame(self) -> bool:
        """Whether nobody else can notice when the step happens."""
        return self.plain and not self.reads and not self.writes

    def add(self, node: Any) -> None:
        if isinstance(node, tuple):
            for part in node:
                self.add(part)
        elif isinstance(node, ir.Field):
            self.reads.add(node.name)
        elif is_dataclass(node) and isinstance(node, (ir.Expr, ir.Stmt, ir.Domain, ir.Binder)):
            if isinstance(node, ir.Store):
                self.writes.add(node.field.name)
            if isinstance(node, (ir.Require, ir.Choose, ir.Assert, ir.Expect, ir.Fail, ir.Fresh, ir.Cast)):
                self.plain = False
            for part in fields(node):
                self.add(getattr(node, part.name))


class Footprints:
    """The footprint of each step of an operation, by the number of the yield that it starts from (None: the start)."""

    def __init__(self, operation: ir.Procedure) -> None:
        self.steps: dict[int | None, Footprint] = {k: Footprint() for k in (None, *range(len(operation.yields)))}
        self._run(operation.body, {None}, {})

    def _run(self, body: tuple[ir.Stmt, ...], begun: set[int | None], left: dict[str, set[int | None]]
             ) -> set[int | None]:
        """The steps that may be under way behind the statements, if those of ``begun`` may be before them."""
        for statement in body:
            begun = self._statement(statement, begun, left)
        return begun

    def _statement(self, s: ir.Stmt, begun: set[int | None], left: dict[str, set[int | None]]) -> set[int | None]:
        if not begun:
            return begun
        match s:
            case ir.Yield():
                return {s.point}
            case ir.If():
                self._touch(s.condition, begun)
                return self._run(s.then, begun, left) | self._run(s.orelse, begun, left)
            case ir.Block():
                out: set[int | None] = set()
                return self._run(s.body, begun, {**left, s.label: out}) | out
            case ir.Break():
                left[s.label] |= begun
                return set()
            case ir.For() | ir.Loop():
                if isinstance(s, ir.For):
                    self._touch(s.domain, begun)
                inside = set(begun)
                while not (after := self._run(s.body, inside, left)) <= inside:
                    inside |= after
                return inside if isinstance(s, ir.For) else set()
            case ir.Hold():
                self._touch(s.indices, begun)
                return self._run(s.body, begun, left)
        self._touch(s, begun)
        return begun

    def _touch(self, node: Any, begun: set[int | None]) -> None:
        for step in begun:
            self.steps[step].add(node)
