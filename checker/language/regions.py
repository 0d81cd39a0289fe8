# SPDX-License-Identifier: GPL-2.0-or-later
"""Two rules about steps: one lock region each, and no endless turn without a yield."""

from __future__ import annotations

from checker.language import ir
from checker.language.errors import LanguageError


class Regions:
    """Follows every path of a procedure from yield to yield.

    The value that flows is how many outermost lock regions a path has entered since
    its last yield (None: no path comes here).
    """

    def __init__(self, procedure: ir.Procedure, *, several: bool = False):
        """``several``: yields were taken out, so that a step may come through several regions."""
        self.inside = False
        self.several = several
        self.block(procedure.body, 0, {})

    def block(self, body: tuple[ir.Stmt, ...], count: int | None, labels: dict[str, list[int]]) -> int | None:
        for statement in body:
            if count is None:
                return None
            count = self.statement(statement, count, labels)
        return count

    def statement(self, node: ir.Stmt, count: int, labels: dict[str, list[int]]) -> int | None:
        match node:
            case ir.If(then=then, orelse=orelse):
                return most(self.block(then, count, labels), self.block(orelse, count, labels))
            case ir.Block(label=label, body=body):
                arrived: list[int] = []
                end = self.block(body, count, {**labels, label: arrived})
                return most(end, *arrived)
            case ir.Break(label=label):
                labels[label].append(count)
                return None
            case ir.Fail():
                return None
            case ir.Yield():
                return 0
            case ir.Hold(body=body):
                return self.hold(node, body, count, labels)
            case ir.For(body=body):
                once = self.block(body, count, labels)
                again = self.block(body, once, labels) if once is not None else None
                return most(count, once, again)
            case ir.Loop(body=body):
                self.turn(node)
                once = self.block(body, count, labels)
                if once is not None:
                    self.block(body, once, labels)
                return None
        return count

    def hold(self, node: ir.Stmt, body: tuple[ir.Stmt, ...], count: int, labels: dict[str, list[int]]) -> int | None:
        if self.inside:
            return self.block(body, count, labels)
        if count and not self.several:
            raise LanguageError(
                node.pos,
                "a second lock region in one step: between two regions others may run, so put a yield between them",
            )
        self.inside = True
        end = self.block(body, count + 1, labels)
        self.inside = False
        return end

    def turn(self, node: ir.Loop) -> None:
        if reaches_end(node.body, {}):
            raise LanguageError(
                node.pos, "a turn of this while loop can pass without a yield: yield in every turn, or write a for loop"
            )


def reaches_end(body: tuple[ir.Stmt, ...], labels: dict[str, list[bool]]) -> bool:
    """Whether the end of the body can be reached without passing a yield."""
    for statement in body:
        match statement:
            case ir.Yield() | ir.Fail():
                return False
            case ir.Break(label=label):
                labels.get(label, []).append(True)
                return False
            case ir.If(then=then, orelse=orelse):
                ends = [reaches_end(then, labels), reaches_end(orelse, labels)]
                if not any(ends):
                    return False
            case ir.Block(label=label, body=inner):
                arrived: list[bool] = []
                if not reaches_end(inner, {**labels, label: arrived}) and not arrived:
                    return False
            case ir.Hold(body=inner):
                if not reaches_end(inner, labels):
                    return False
            case ir.Loop(body=inner):
                reaches_end(inner, labels)
                return False
            case ir.For(body=inner, domain=domain):
                ends_turn = reaches_end(inner, labels)
                if not ends_turn and at_least_once(domain):
                    return False
    return True


def at_least_once(domain: ir.Domain) -> bool:
    """Whether a loop over the domain surely has a first turn."""
    lo, hi = domain.lo, domain.hi
    return isinstance(lo, ir.Const) and isinstance(hi, ir.Const) and lo.value < hi.value


def most(*counts: int | None) -> int | None:
    known = [c for c in counts if c is not None]
    return max(known) if known else None
