# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of locks: those that are part of the state, and regions within a step."""

from __future__ import annotations

import ast

from checker.language import ir
from checker.language import types as t
from checker.language.frames import Base
from checker.language.places import Binding, Leaf, PlaceB, kind
from checker.language.shapes import SpinT


class Locking(Base):
    """acquire, release, trylock, hand_over, locked, holds and hold."""

    def expression(self, node: ast.expr) -> Binding:
        raise NotImplementedError

    def value(self, node: ast.expr) -> ir.Expr:
        raise NotImplementedError

    def const(self, type_: t.Type, value: int, node: ast.AST) -> ir.Const:
        raise NotImplementedError

    def lock_place(self, node: ast.expr, type_: type[t.Type]) -> tuple[ir.Field, tuple[ir.Expr, ...]]:
        field, indices, _ = self.lock_read(node, type_)
        return field, indices

    def lock_read(self, node: ast.expr, type_: type[t.Type]) -> tuple[ir.Field, tuple[ir.Expr, ...], bool]:
        """The lock that an expression names, and whether it is the one of the old state."""
        found = self.expression(node)
        name = "Spinlock" if type_ is SpinT else "Lock"
        if (
            not isinstance(found, PlaceB)
            or not isinstance(found.node, Leaf)
            or not isinstance(found.node.field.type, type_)
        ):
            self.fail(node, f"a {name} field is wanted here")
        return found.node.field, found.indices, found.old

    def one_lock(self, node: ast.Call) -> ast.expr:
        if len(node.args) != 1 or node.keywords:
            self.fail(node, f"{ast.unparse(node.func)} takes one lock")
        return node.args[0]

    def holder(self, node: ast.AST) -> ir.Expr:
        """The code of a lock that is held by whoever runs this step."""
        lock = self.system.lock_type()
        if self.actor is None or self.actor_role is None:
            return self.const(lock, lock.environment, node)
        return self.held_by(self.actor, self.actor_role, node)

    def held_by(self, actor: ir.Expr, role: type, node: ast.AST) -> ir.Expr:
        lock = self.system.lock_type()
        base = self.system.role_base(role) + 1
        size = self.system.role_types[role].size
        number = ir.Recode(type=t.IntT(0, size - 1), pos=self.pos(node), operand=actor)
        shifted = ir.Arith(
            type=t.IntT(base, base + size - 1),
            pos=self.pos(node),
            op="+",
            left=number,
            right=self.const(t.IntT(base, base), base, node),
        )
        return ir.Recode(type=lock, pos=self.pos(node), operand=shifted)

    def test(
        self, field: ir.Field, indices: tuple[ir.Expr, ...], op: str, code: ir.Expr, node: ast.AST, old: bool = False
    ) -> ir.Expr:
        read = ir.Read(type=field.type, pos=self.pos(node), field=field, indices=indices, old=old)
        return ir.Compare(type=t.BOOL, pos=self.pos(node), op=op, left=read, right=code)

    def free(self, node: ast.AST) -> ir.Const:
        return self.const(self.system.lock_type(), 0, node)

    def not_in_promise(self, node: ast.AST) -> None:
        raise NotImplementedError

    def only_actors(self, node: ast.Call) -> None:
        if self.actor is None:
            self.fail(
                node,
                f"{ast.unparse(node.func)} needs an actor who holds the lock: use it in an operation; a rule "
                "releases what an actor has handed over",
            )

    def acquire(self, node: ast.Call) -> None:
        self.not_in_promise(node)
        self.only_actors(node)
        if self.held:
            self.fail(node, "acquire may wait, a lock region must not: use trylock, or acquire before 'with hold(...)'")
        field, indices = self.lock_place(self.one_lock(node), t.LockT)
        pos = self.pos(node)
        self.out.append(ir.Require(pos=pos, condition=self.test(field, indices, "==", self.free(node), node)))
        self.out.append(ir.Store(pos=pos, field=field, indices=indices, value=self.holder(node)))

    def trylock(self, node: ast.Call) -> Binding:
        self.not_in_promise(node)
        self.only_actors(node)
        field, indices = self.lock_place(self.one_lock(node), t.LockT)
        pos = self.pos(node)
        name = self.fresh_name("taken")
        self.declare(name, t.BOOL, node)
        taken = self.local(name, node)
        body = (
            ir.SetLocal(pos=pos, name=name, value=self.test(field, indices, "==", self.free(node), node)),
            ir.If(
                pos=pos,
                condition=taken,
                orelse=(),
                then=(ir.Store(pos=pos, field=field, indices=indices, value=self.holder(node)),),
            ),
        )
        return ir.Do(type=t.BOOL, pos=pos, body=body, result=taken)

    def release(self, node: ast.Call) -> None:
        self.give_up(node, "released", self.free(node))

    def hand_over(self, node: ast.Call) -> None:
        lock = self.system.lock_type()
        self.give_up(node, "handed over", self.const(lock, lock.environment, node))

    def give_up(self, node: ast.Call, what: str, code: ir.Expr) -> None:
        self.not_in_promise(node)
        field, indices = self.lock_place(self.one_lock(node), t.LockT)
        pos = self.pos(node)
        lock = self.frame.source.text(node.args[0])
        wrong = ir.Fail(pos=pos, message=f"{lock} is {what} by one who does not hold it")
        self.out.append(
            ir.If(pos=pos, condition=self.test(field, indices, "!=", self.holder(node), node), then=(wrong,), orelse=())
        )
        self.out.append(ir.Store(pos=pos, field=field, indices=indices, value=code))

    def locked(self, node: ast.Call) -> Binding:
        field, indices, old = self.lock_read(self.one_lock(node), t.LockT)
        return self.test(field, indices, "!=", self.free(node), node, old)

    def holds(self, node: ast.Call) -> Binding:
        if len(node.args) != 2 or node.keywords:
            self.fail(node, "holds takes an actor and a lock")
        actor = self.value(node.args[0])
        field, indices, old = self.lock_read(node.args[1], t.LockT)
        for role, type_ in self.system.role_types.items():
            if actor.type == type_:
                return self.test(field, indices, "==", self.held_by(actor, role, node), node, old)
        self.fail(node, f"holds takes an actor, this is {kind(actor.type)}")

    def enter(self, node: ast.expr) -> tuple[ir.Field, tuple[ir.Expr, ...]]:
        """A lock region begins: its lock is named once, and must not be held already."""
        field, indices = self.lock_place(node, SpinT)
        kept: list[ir.Expr] = []
        for index in indices:
            if not self.stable(index):
                name = self.fresh_name("lock")
                self.assign(name, index, node)
                index = self.local(name, node)
            kept.append(index)
        for other, where in self.held:
            if other is not field:
                continue
            different: ir.Expr = self.const(t.BOOL, 0, node)
            for a, b in zip(kept, where, strict=True):
                one = ir.Compare(type=t.BOOL, pos=self.pos(node), op="!=", left=a, right=b)
                different = ir.Or(type=t.BOOL, pos=self.pos(node), left=different, right=one)
            self.out.append(
                ir.Assert(pos=self.pos(node), condition=different, promise=self.assertion("no_lock_taken_twice"))
            )
        return field, tuple(kept)
