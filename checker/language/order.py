# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops over symmetric sorts must not depend on the order of the objects.

Only then may objects be renamed: whatever the loop does for one order, it does
for every other.  The test is on the IR, so what helpers do counts too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NoReturn

from checker.language import ir
from checker.language import types as t
from checker.language.errors import LanguageError
from checker.language.liveness import Liveness
from checker.language.walk import every_expression, every_statement, expressions


def check_order(procedure: ir.Procedure, liveness: Liveness) -> None:
    """Refuses a loop over a symmetric sort whose result depends on its order."""
    for statement in statements(procedure.body):
        if isinstance(statement, ir.For) and symmetric(statement.domain.type):
            SymmetricLoop(statement, set(liveness.behind_loops.get(id(statement), {})))


def statements(body: tuple[ir.Stmt, ...]) -> Iterator[ir.Stmt]:
    """All statements, those inside expressions included."""
    for statement in every_statement(body):
        yield statement
        for expr in expressions(statement):
            for part in every_expression(expr):
                if isinstance(part, ir.Do):
                    yield from statements(part.body)


def symmetric(type_: t.Type) -> bool:
    return isinstance(type_, t.IndexT) and type_.kind != "ordered"


class SymmetricLoop:
    """The checks on one loop."""

    def __init__(self, loop: ir.For, used_behind: set[str]):
        self.loop = loop
        self.used_behind = used_behind
        self.sort = str(loop.domain.type)
        self.inside = list(statements(loop.body))
        self.refuse_exits()
        self.refuse_carried_locals()
        self.refuse_shared_writes()

    def fail(self, node: ir.Stmt | ir.Expr, what: str) -> NoReturn:
        raise LanguageError(
            node.pos,
            f"{what}, and {self.sort} is symmetric: its objects come in no particular order; "
            "use choose(...), or any/all/sum over a generator",
        )

    def refuse_exits(self) -> None:
        own = {s.label for s in self.inside if isinstance(s, ir.Block)}
        for statement in self.inside:
            if isinstance(statement, ir.Break) and statement.label not in own:
                self.fail(statement, "this leaves the loop at the first object that fits")
            if isinstance(statement, ir.Yield):
                self.fail(statement, "this loop lets others run between one object and the next")

    # ----------------------------------------------------------------- locals

    def refuse_carried_locals(self) -> None:
        """A local that outlives a turn may only be accumulated, always in the same way."""
        carried = self.carried()
        ways: dict[str, object] = {}
        for statement in self.inside:
            if isinstance(statement, ir.SetLocal) and statement.name in carried:
                name = statement.name
                found = accumulated(statement.value, partial(is_local, name))
                if found is None or ways.setdefault(name, found[0]) != found[0]:
                    self.fail(statement, f"the last object that writes {short(statement.name)} wins")
                self.refuse_reads(found[1], carried)
            elif isinstance(statement, ir.Choose) and statement.name in carried:
                self.fail(statement, f"the last object that writes {short(statement.name)} wins")
            else:
                for expr in expressions(statement):
                    self.refuse_reads(expr, carried)

    def refuse_reads(self, expr: ir.Expr, carried: set[str]) -> None:
        for part in every_expression(expr):
            if isinstance(part, ir.Local) and part.name in carried:
                self.fail(part, f"{short(part.name)} depends on which objects came before")

    def carried(self) -> set[str]:
        """Locals written in the loop that a later turn, or what follows the loop, reads."""
        written = {s.name for s in self.inside if isinstance(s, (ir.SetLocal, ir.Choose))}
        probe = ir.Procedure("", "", self.loop.pos, None, (), {}, (self.loop,), (), ())
        return (written - {self.loop.variable}) & (set(Liveness(probe, {}).entry) | self.used_behind)

    # ----------------------------------------------------------------- fields

    def refuse_shared_writes(self) -> None:
        stores = [s for s in self.inside if isinstance(s, ir.Store)]
        ways: dict[str, object] = {}
        for store in stores:
            own = self.own_index(store.indices)
            for other in self.reads(store.field):
                if own is None or self.own_index(other.indices) != own:
                    if not self.accumulates(store, other):
                        self.fail(store, f"{store.field.name} is read for other objects in the same loop")
            way = ("own", own) if own is not None else self.way(store)
            if way is None or ways.setdefault(store.field.name, way) != way:
                self.fail(store, f"the last object that writes {store.field.name} wins")

    def own_index(self, indices: tuple[ir.Expr, ...]) -> int | None:
        """At which place the loop's own object is the index."""
        for k, index in enumerate(indices):
            if isinstance(index, ir.Local) and index.name == self.loop.variable:
                return k
        return None

    def reads(self, field: ir.Field) -> Iterator[ir.Read]:
        for statement in self.inside:
            for expr in expressions(statement):
                for part in every_expression(expr):
                    if isinstance(part, ir.Read) and part.field is field:
                        yield part

    def way(self, store: ir.Store) -> object | None:
        """How turns write one place together; None if the last one wins."""
        found = accumulated(
            store.value, lambda e: isinstance(e, ir.Read) and e.field is store.field and same(e.indices, store.indices)
        )
        return None if found is None else found[0]

    def accumulates(self, store: ir.Store, read: ir.Read) -> bool:
        """Whether the read is the one inside ``x = x + ...`` itself."""
        return self.way(store) is not None and any(part is read for part in every_expression(store.value))


def accumulated(value: ir.Expr, itself: Callable[[ir.Expr], bool]) -> tuple[object, ir.Expr] | None:
    """Of ``x = x op operand``, for an op that commutes over turns: which one, and the operand.

    A constant is accumulated too, as long as every turn writes the same one.
    """
    if isinstance(value, ir.Cast):
        value = value.operand
    match value:
        case ir.Const(value=constant):
            return ("constant", constant), value
        case ir.Arith(op="+" | "-", left=left, right=right) if itself(left):
            return "+", right
        case ir.Arith(op="min" | "max" as op, left=left, right=right) if itself(left):
            return op, right
        case ir.Arith(op="+" | "min" | "max" as op, left=left, right=right) if itself(right):
            return op, left
        case ir.SetOp(op="|" | "-" | "&" as op, left=left, right=right) if itself(left):
            return op, right
        case ir.Or(left=left, right=right) | ir.And(left=left, right=right) if itself(left):
            return type(value), right
        case ir.Or(left=left, right=right) | ir.And(left=left, right=right) if itself(right):
            return type(value), left
    return None


def is_local(name: str, expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Local) and expr.name == name


def same(a: tuple[ir.Expr, ...], b: tuple[ir.Expr, ...]) -> bool:
    def key(e: ir.Expr) -> object:
        return e.name if isinstance(e, ir.Local) else (e.value if isinstance(e, ir.Const) else id(e))

    return [key(e) for e in a] == [key(e) for e in b]


def short(name: str) -> str:
    return name.rpartition(".")[2].partition("#")[0]
