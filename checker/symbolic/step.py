# SPDX-License-Identifier: GPL-2.0-or-later
"""All steps of one procedure in one pass over its body.

A flow that reaches a ``Yield`` leaves there as an exit; what goes on behind it is
the actor that stood at this yield: its program counter is the point's, its locals
come from its frame.  So one walk through the structured body meets the first step
and every later one, and flows join as the source's lines do.

In a ``for`` with yields the loop variable says in which turn the actor stands.  A
``while`` is walked twice: every turn yields or leaves, so whoever enters or stands
in the first turn has left by the end of the second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from checker.language import ir
from checker.language import types as t
from checker.symbolic import values as v
from checker.symbolic.codes import Value, as_number, decode, encode, of_type
from checker.symbolic.expressions import Expressions, Failure
from checker.symbolic.flow import Flow, join, merge


@dataclass(frozen=True, slots=True)
class Exit:
    """A step that happens where ``guard`` holds.

    ``point`` is the yield that it ends at, None for the procedure's end;
    ``state`` has one code per cell.
    """

    guard: v.Truth
    point: int | None
    state: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A non-deterministic choice: where ``guard`` holds, ``value`` is what was chosen."""

    guard: v.Truth
    text: str
    type: t.Type
    value: Value


@dataclass
class Steps:
    """What one procedure can do from an unknown state.

    ``params`` are the unknowns that it is called with, ``starts`` is the guard of its
    first step (before any require).  Failures are
    model errors and assertions; they and the exits exclude each other, given the
    unknowns.  ``broken`` pairs a guard with the number of an ``expect`` that is
    false there; the step goes on.
    """

    procedure: ir.Procedure
    starts: v.Truth
    exits: list[Exit] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    broken: list[tuple[v.Truth, int]] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    params: dict[str, Value] = field(default_factory=dict)


def steps_of(
    system: ir.System,
    procedure: ir.Procedure,
    role: ir.Role | None,
    actor: v.Number,
    source: tuple[Value, ...],
    prefix: str,
) -> Steps:
    """The steps of a rule (``role`` None), or of an operation run by ``actor``.

    ``source`` has one code per cell.  Parameters and choices are fresh unknowns
    whose names begin with ``prefix``.
    """
    return _Walk(system, procedure, role, actor, source, prefix).walk()


def condition_of(
    system: ir.System, promise: ir.Promise, state: tuple[Value, ...], old: tuple[Value, ...] | None = None
) -> tuple[v.Truth, v.Truth]:
    """Whether a promise's condition is true, and whether evaluating it is a model error.

    ``old`` is the state before, for a step invariant.
    """
    alone = ir.Procedure(promise.name, "", promise.pos, None, (), {}, (), (), ())
    walk = _Walk(system, alone, None, 0, state, "")
    walk.old = old
    value = walk.truth(promise.condition, Flow(True, {}, state))
    return value, v.any_of(failure.guard for failure in walk.failures)


class _Walk(Expressions):
    def __init__(
        self,
        system: ir.System,
        procedure: ir.Procedure,
        role: ir.Role | None,
        actor: v.Number,
        source: tuple[Value, ...],
        prefix: str,
    ) -> None:
        super().__init__(system)
        self.procedure = procedure
        self.role = role
        self.actor = actor
        self.source = source
        self.prefix = prefix
        self.unknowns = 0
        self.resuming = True
        """Whether actors that stand at a yield join the walk behind it."""
        self.turns: list[tuple[str, v.Number, bool]] = []
        """The enclosing loops' variables, the turn that is being walked, whether it is the first."""
        self.left: dict[str, list[Flow]] = {}
        """For each open block, the flows that broke out of it."""
        self.steps = Steps(procedure, True)
        self.steps.failures = self.failures

    def unknown(self, name: str, type_: t.Type) -> tuple[Value, v.Truth]:
        """A fresh value of a type, and the condition that it is one."""
        self.unknowns += 1
        low = type_.low
        value, valid = v.variable(f"{self.prefix}{name}.{self.unknowns}", low, low + type_.card - 1)
        return of_type(value, type_), valid

    def walk(self) -> Steps:
        env: dict[str, Value] = {}
        guard: v.Truth = True
        if self.role is not None:
            assert self.procedure.actor is not None
            env[self.procedure.actor] = self.actor
            guard = v.equal(as_number(self.element(self.role.pc, [self.actor], self.source)), 0)
        for name in self.procedure.params:
            env[name], valid = self.unknown(name, self.procedure.locals[name])
            guard = v.both(guard, valid)
            self.steps.params[name] = env[name]
        self.steps.starts = guard
        flow = Flow(guard, env, self.source)
        self.run(self.procedure.body, flow)
        if not flow.dead():
            self.leave(flow, None)
        return self.steps

    # ------------------------------------------------------------- entry, exit

    def leave(self, flow: Flow, number: int | None) -> None:
        """The step ends: at a yield, or (None) at the procedure's end."""
        state = flow.state
        if self.role is not None:
            point = None if number is None else self.procedure.yields[number]
            at = [self.actor]
            live = {slot: name for name, slot in point.live} if point else {}
            state = self.stored(self.role.pc, at, point.pc if point else 0, state)
            for k, slot in enumerate(self.role.slots):
                value = flow.env[live[k]] if k in live else slot.type.low
                state = self.stored(slot, at, encode(value, slot.type), state)
        self.steps.exits.append(Exit(flow.guard, number, state))

    def resume(self, number: int) -> Flow:
        """The actor that stands at this yield, in the turn that is being walked."""
        assert self.role is not None and self.procedure.actor is not None
        point, at = self.procedure.yields[number], [self.actor]
        guard = v.equal(as_number(self.element(self.role.pc, at, self.source)), point.pc)
        env: dict[str, Value] = {self.procedure.actor: self.actor}
        for name, slot in point.live:
            place = self.role.slots[slot]
            env[name] = decode(self.element(place, at, self.source), place.type)
        for name, value, first in self.turns:
            # Where no further turn can follow, the turn is not kept: any one will do.
            here = v.equal(as_number(env[name]), value) if name in env else first
            guard = v.both(guard, here)
            env[name] = of_type(value, self.procedure.locals[name])
        return Flow(guard, env, self.source)

    # -------------------------------------------------------------- statements

    def run(self, body: tuple[ir.Stmt, ...], flow: Flow) -> None:
        for stmt in body:
            if flow.dead() and not (self.resuming and has_yield(stmt)):
                continue
            _RUN[type(stmt)](self, stmt, flow)

    def _set_local(self, stmt: ir.SetLocal, flow: Flow) -> None:
        flow.bind(stmt.name, self.value(stmt.value, flow))

    def _store(self, stmt: ir.Store, flow: Flow) -> None:
        code = encode(self.value(stmt.value, flow), stmt.field.type)
        indices = [self.number(i, flow) for i in stmt.indices]
        flow.state = self.stored(stmt.field, indices, code, flow.state)

    def _branch(self, stmt: ir.If, flow: Flow) -> None:
        # A dead flow has no locals to decide by; it only looks for actors to resume.
        condition = not flow.dead() and self.truth(stmt.condition, flow)
        whole = flow.guard
        yes, no = flow.fork(condition), flow.fork(v.negation(condition))
        guards = yes.guard, no.guard
        self.run(stmt.then, yes)
        self.run(stmt.orelse, no)
        if yes.guard is guards[0] and no.guard is guards[1]:
            flow.become(merge(condition, yes, no))
            flow.guard = whole
        elif has_yield(stmt):
            # Behind a yield stand other actors, for whom the condition says nothing.
            flow.become(merge(yes.guard, yes, no))
        else:
            flow.become(merge(condition, yes, no))

    def _block(self, stmt: ir.Block, flow: Flow) -> None:
        outer = self.left.get(stmt.label)
        self.left[stmt.label] = []
        self.run(stmt.body, flow)
        self.meet(flow, [flow, *self.left[stmt.label]])
        if outer is None:
            del self.left[stmt.label]
        else:
            self.left[stmt.label] = outer

    def meet(self, flow: Flow, flows: list[Flow]) -> None:
        """The flow goes on as all of these."""
        whole = join(flows)
        if whole is None:
            flow.guard = False
        elif whole is not flow:
            flow.become(whole)

    def _break(self, stmt: ir.Break, flow: Flow) -> None:
        self.left[stmt.label].append(Flow(flow.guard, flow.env, flow.state))
        flow.guard = False

    def _for(self, stmt: ir.For, flow: Flow) -> None:
        yields = self.resuming and has_yield(stmt)
        for number, (value, inside) in enumerate(self.candidates(stmt.domain, flow)):
            if flow.dead() and not yields:
                break
            turn = flow.fork(inside)
            turn.bind(stmt.variable, value)
            if yields:
                self.turns.append((stmt.variable, as_number(value), number == 0))
            before = turn.guard
            self.run(stmt.body, turn)
            if yields:
                self.turns.pop()
            if turn.guard is before and inside is not True:
                whole = flow.guard
                flow.become(merge(inside, turn, flow.fork(v.negation(inside))))
                flow.guard = whole
            elif inside is True:
                flow.become(turn)
            else:
                flow.become(merge(inside, turn, flow.fork(v.negation(inside))))

    def _loop(self, stmt: ir.Loop, flow: Flow) -> None:
        if self.resuming and has_yield(stmt):
            self.run(stmt.body, flow)
            self.resuming = False
            self.run(stmt.body, flow)
            self.resuming = True
        else:
            self.run(stmt.body, flow)
        self.check(flow, False, stmt.pos, "a turn of this loop neither yields nor leaves it")

    def _require(self, stmt: ir.Require, flow: Flow) -> None:
        ok = self.truth(stmt.condition, flow)  # narrows the flow, where it can fail
        flow.guard = v.both(flow.guard, ok)

    def _assert(self, stmt: ir.Assert, flow: Flow) -> None:
        ok = self.truth(stmt.condition, flow)
        self.check(flow, ok, stmt.pos, self.system.assertions[stmt.promise], stmt.promise)

    def _expect(self, stmt: ir.Expect, flow: Flow) -> None:
        ok = self.truth(stmt.condition, flow)
        broken = v.both(flow.guard, v.negation(ok))
        if broken is not False:
            self.steps.broken.append((broken, stmt.promise))

    def _fail(self, stmt: ir.Fail, flow: Flow) -> None:
        self.check(flow, False, stmt.pos, stmt.message)

    def _choose(self, stmt: ir.Choose, flow: Flow) -> None:
        options: list[tuple[Value, v.Truth]] = []
        env = flow.env
        for value, inside in self.candidates(stmt.domain, flow):
            ok = inside
            if stmt.where is not None:
                flow.bind(stmt.candidate, value)
                ok = v.both(inside, self.under(flow, inside, partial(self.truth, stmt.where), False))
            if ok is not False:
                options.append((value, ok))
        flow.env = env
        some = v.any_of(ok for _, ok in options)
        type_ = stmt.domain.type
        low = type_.low
        if stmt.empty == "error":
            self.check(flow, some, stmt.pos, f"nothing to choose from for {stmt.text!r}")
        if flow.dead() or (not options and stmt.empty != "none"):
            flow.guard = False
            return
        chosen, _ = self.unknown(stmt.text or stmt.name, type_)
        number = as_number(chosen)
        fits = v.any_of(v.both(v.equal(number, as_number(value)), ok) for value, ok in options)
        if stmt.empty == "none":
            # With no candidate the unknown is not looked at.
            none = t.OptT(type_).none
            number = v.select(some, v.subtract(number, low), none)
            chosen, fits = number, v.either(v.negation(some), fits)
        flow.guard = v.both(flow.guard, fits)
        flow.bind(stmt.name, chosen)
        self.steps.choices.append(Choice(flow.guard, stmt.text, self.procedure.locals[stmt.name], chosen))

    def _hold(self, stmt: ir.Hold, flow: Flow) -> None:
        for index in stmt.indices:
            self.value(index, flow)
        self.run(stmt.body, flow)

    def _yield(self, stmt: ir.Yield, flow: Flow) -> None:
        if not flow.dead():
            self.leave(flow, stmt.point)
        if self.resuming:
            flow.become(self.resume(stmt.point))
        else:
            flow.guard = False


def has_yield(stmt: ir.Stmt) -> bool:
    """Whether a step can end inside this statement."""
    if isinstance(stmt, ir.Yield):
        return True
    bodies = [getattr(stmt, name, ()) for name in ("body", "then", "orelse")]
    return any(has_yield(inner) for body in bodies for inner in body)


_RUN: dict[type[ir.Stmt], Callable[[_Walk, Any, Flow], None]] = {
    ir.SetLocal: _Walk._set_local,
    ir.Store: _Walk._store,
    ir.If: _Walk._branch,
    ir.Block: _Walk._block,
    ir.Break: _Walk._break,
    ir.For: _Walk._for,
    ir.Loop: _Walk._loop,
    ir.Require: _Walk._require,
    ir.Assert: _Walk._assert,
    ir.Expect: _Walk._expect,
    ir.Fail: _Walk._fail,
    ir.Choose: _Walk._choose,
    ir.Hold: _Walk._hold,
    ir.Yield: _Walk._yield,
}
