# SPDX-License-Identifier: GPL-2.0-or-later
"""Values of expressions over unknown states.

An expression may fail (a checked cast), do something (an inlined helper) or end
the step (a require in that helper): all of it happens to the flow that is given,
and only under the condition that Python would have come this far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any

from checker.language import ir
from checker.language import types as t
from checker.symbolic import values as v
from checker.symbolic.codes import (
    Value,
    as_number,
    as_truth,
    decode,
    encode,
    from_bits,
    of_type,
    pick,
    to_bits,
    union_tag,
)
from checker.symbolic.flow import Flow, merge
from checker.symbolic.quantifiers import Total


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that fails where ``guard`` holds; ``promise`` is set for an assert."""

    guard: v.Truth
    pos: ir.Pos
    message: str
    promise: int | None = None

    @property
    def said(self) -> str:
        """The sentence about it."""
        return f"{self.pos}: {self.message if self.promise is None else f'assertion failed: {self.message}'}"


@dataclass
class Expressions:
    """Evaluates expressions; collects the failures that they meet.

    ``old`` is the state that ``Read.old`` reads, for step invariants.
    """

    system: ir.System
    old: tuple[Value, ...] | None = None
    failures: list[Failure] = field(default_factory=list)

    # ------------------------------------------------------------ what flows do

    def check(self, flow: Flow, ok: v.Truth, pos: ir.Pos, message: str, promise: int | None = None) -> None:
        """The flow goes on where ``ok`` holds, and has failed elsewhere."""
        if ok is True or flow.dead():
            return
        self.failures.append(Failure(v.both(flow.guard, v.negation(ok)), pos, message, promise))
        flow.guard = v.both(flow.guard, ok)

    def under(self, flow: Flow, condition: v.Truth, go: Callable[[Flow], Value], otherwise: Value) -> Value:
        """``go`` where the condition holds; elsewhere the flow stays as it is."""
        if condition is True:
            return go(flow)
        if condition is False:
            return otherwise
        inner = flow.fork(condition)
        before = inner.guard
        value = go(inner)
        if inner.guard is not before or inner.env is not flow.env or inner.state is not flow.state:
            plain = inner.guard is before
            whole = flow.guard
            flow.become(merge(condition, inner, flow.fork(v.negation(condition))))
            if plain:
                flow.guard = whole
        return pick(condition, value, otherwise)

    # -------------------------------------------------------------- expressions

    def truth(self, e: ir.Expr, flow: Flow) -> v.Truth:
        return as_truth(self.value(e, flow))

    def number(self, e: ir.Expr, flow: Flow) -> v.Number:
        return as_number(self.value(e, flow))

    def value(self, e: ir.Expr, flow: Flow) -> Value:
        """The value of ``e``; the flow is narrowed by what fails on the way."""
        if flow.dead() and not isinstance(e, ir.Const):
            return of_type(e.type.low, e.type)  # nobody comes here, and locals may be missing
        return _CASES[type(e)](self, e, flow)

    def _const(self, e: ir.Const, flow: Flow) -> Value:
        return bool(e.value) if isinstance(e.type, t.BoolT) else e.value

    def _local(self, e: ir.Local, flow: Flow) -> Value:
        return flow.env[e.name]

    def _read(self, e: ir.Read, flow: Flow) -> Value:
        indices = [self.number(i, flow) for i in e.indices]
        state = flow.state
        if e.old:
            assert self.old is not None, "only a step invariant reads the old state"
            state = self.old
        return decode(self.element(e.field, indices, state), e.field.type)

    def element(self, place: ir.Field, indices: list[v.Number], state: tuple[Value, ...]) -> Value:
        """The code of one element; indices lie within their dimensions."""
        out: Value = None
        for cell, here in self.elements(place, indices):
            out = state[cell] if out is None else pick(here, state[cell], out)
        assert out is not None
        return out

    def elements(self, place: ir.Field, indices: list[v.Number]) -> Iterator[tuple[int, v.Truth]]:
        """Each cell that the indices may mean, and when they do."""
        ranges: list[list[tuple[int, v.Truth]]] = []
        for dim, index in zip(place.dims, indices, strict=True):
            hits = [(k, v.equal(index, k)) for k in range(dim.size)]
            # A dead path may index with anything: let it read something.
            ranges.append([hit for hit in hits if hit[1] is not False] or hits[:1])
        for combination in product(*ranges):
            cell, here = 0, True
            for (k, hit), dim in zip(combination, place.dims, strict=True):
                cell, here = cell * dim.size + k, v.both(here, hit)
            yield place.offset + cell, here

    def stored(self, place: ir.Field, indices: list[v.Number], code: Value, state: tuple[Value, ...]) -> tuple[
        Value, ...
    ]:
        """The state with one element replaced."""
        cells = list(state)
        for cell, here in self.elements(place, indices):
            cells[cell] = pick(here, code, cells[cell])
        return tuple(cells)

    def _not(self, e: ir.Not, flow: Flow) -> Value:
        return v.negation(self.truth(e.operand, flow))

    def _and(self, e: ir.And, flow: Flow) -> Value:
        left = self.truth(e.left, flow)
        return self.under(flow, left, partial(self.truth, e.right), False)

    def _or(self, e: ir.Or, flow: Flow) -> Value:
        left = self.truth(e.left, flow)
        return self.under(flow, v.negation(left), partial(self.truth, e.right), True)

    def _if(self, e: ir.IfExp, flow: Flow) -> Value:
        condition = self.truth(e.condition, flow)
        if isinstance(condition, bool):
            return self.value(e.then if condition else e.orelse, flow)
        yes, no = flow.fork(condition), flow.fork(v.negation(condition))
        guards = yes.guard, no.guard
        then, orelse = self.value(e.then, yes), self.value(e.orelse, no)
        whole = flow.guard
        plain = yes.guard is guards[0] and no.guard is guards[1]
        flow.become(merge(condition, yes, no))
        if plain:
            flow.guard = whole
        return pick(condition, then, orelse)

    def _compare(self, e: ir.Compare, flow: Flow) -> Value:
        left, right = self.value(e.left, flow), self.value(e.right, flow)
        if isinstance(e.left.type, t.BoolT) and isinstance(e.right.type, t.BoolT) and e.op in ("==", "!="):
            same = v.same_truth(as_truth(left), as_truth(right))
            return same if e.op == "==" else v.negation(same)
        return v.COMPARE[e.op](as_number(left), as_number(right))

    def _arith(self, e: ir.Arith, flow: Flow) -> Value:
        left, right = self.number(e.left, flow), self.number(e.right, flow)
        if e.op in ("//", "%"):
            self.check(flow, v.negation(v.equal(right, 0)), e.pos, "division by zero")
        return v.ARITHMETIC[e.op](left, right)

    def _cast(self, e: ir.Cast, flow: Flow) -> Value:
        n, have = self.number(e.operand, flow), e.operand.type
        if isinstance(have, t.OptT):
            self.check(flow, v.negation(v.equal(n, have.none)), e.pos, e.message)
            n = v.add(v.clamp(n, 0, have.none - 1), have.of.low)
        lo = e.type.low
        hi = lo + e.type.card - 1
        self.check(flow, v.both(v.at_most(lo, n), v.at_most(n, hi)), e.pos, e.message)
        return of_type(v.clamp(n, lo, hi), e.type)

    def _recode(self, e: ir.Recode, flow: Flow) -> Value:
        lo = e.type.low
        return of_type(v.clamp(self.number(e.operand, flow), lo, lo + e.type.card - 1), e.type)

    def _place_in_block(self, e: ir.Place, flow: Flow) -> Value:
        assert isinstance(e.operand.type, t.IndexT)
        return v.divide(self.number(e.operand, flow), e.operand.type.block)[1]

    def _shift(self, e: ir.Shift, flow: Flow) -> Value:
        assert isinstance(e.type, t.IndexT)
        n, by = self.number(e.operand, flow), self.number(e.by, flow)
        there = v.add(v.divide(n, e.type.block)[1], by)
        self.check(flow, v.both(v.at_most(0, there), v.at_most(there, e.type.block - 1)), e.pos,
                   t.outside_block(e.type))
        return v.clamp(v.add(n, by), 0, e.type.size - 1)

    def _union_make(self, e: ir.UnionMake, flow: Flow) -> Value:
        assert isinstance(e.type, t.UnionT)
        code: v.Number = 0
        for operand, (_, type_) in zip(e.payload, e.type.cases[e.case][1], strict=True):
            part = as_number(encode(self.value(operand, flow), type_))
            code = v.add(v.multiply(code, type_.card), part)
        return v.clamp(v.add(code, e.type.base(e.case)), 0, e.type.card - 1)

    def _union_tag(self, e: ir.UnionTag, flow: Flow) -> Value:
        assert isinstance(e.operand.type, t.UnionT)
        return union_tag(self.number(e.operand, flow), e.operand.type)

    def _union_get(self, e: ir.UnionGet, flow: Flow) -> Value:
        union = e.operand.type
        assert isinstance(union, t.UnionT)
        code = self.number(e.operand, flow)
        name, payload = union.cases[e.case]
        base = union.base(e.case)
        last = base + union.size_of(e.case) - 1
        ok = v.both(v.at_most(base, code), v.at_most(code, last))
        self.check(flow, ok, e.pos, f"not {name}")
        rest = v.subtract(v.clamp(code, base, last), base)
        for _, type_ in reversed(payload[e.index + 1 :]):
            rest = v.divide(rest, type_.card)[0]
        type_ = payload[e.index][1]
        if e.index:
            rest = v.divide(rest, type_.card)[1]
        return decode(rest, type_)

    def _set_make(self, e: ir.SetMake, flow: Flow) -> Value:
        assert isinstance(e.type, t.SetT)
        size = e.type.of.card
        bits = [False] * size
        for item in e.items:
            code = as_number(encode(self.value(item, flow), e.type.of))
            bits = [v.either(bit, v.equal(code, k)) for k, bit in enumerate(bits)]
        return from_bits(bits)

    def _set_has(self, e: ir.SetHas, flow: Flow) -> Value:
        assert isinstance(e.operand.type, t.SetT)
        item = as_number(encode(self.value(e.item, flow), e.operand.type.of))
        whole = self.number(e.operand, flow)
        return v.any_of(v.both(v.equal(item, k), bit) for k, bit in enumerate(to_bits(whole, e.operand.type)))

    def _set_op(self, e: ir.SetOp, flow: Flow) -> Value:
        assert isinstance(e.type, t.SetT)
        left = to_bits(self.number(e.left, flow), e.type)
        right = to_bits(self.number(e.right, flow), e.type)
        op: Callable[[v.Truth, v.Truth], v.Truth] = {
            "|": v.either,
            "&": v.both,
            "-": lambda a, b: v.both(a, v.negation(b)),
        }[e.op]
        return from_bits([op(a, b) for a, b in zip(left, right, strict=True)])

    def _set_len(self, e: ir.SetLen, flow: Flow) -> Value:
        assert isinstance(e.operand.type, t.SetT)
        total: v.Number = 0
        for bit in to_bits(self.number(e.operand, flow), e.operand.type):
            total = v.add(total, v.from_truth(bit))
        return total

    def _fresh(self, e: ir.Fresh, flow: Flow) -> Value:
        sort = e.type
        assert isinstance(sort, t.IndexT)
        holders = [f for f in self.system.fields if f.type == sort or f.type == t.OptT(sort)]
        cells = [flow.state[f.offset + k] for f in holders for k in range(f.count)]
        codes = range(len(sort.constants), sort.size)
        free = [v.negation(v.any_of(v.equal(as_number(cell), code) for cell in cells)) for code in codes]
        self.check(flow, v.any_of(free), e.pos, f"no unused {sort.name} is left")
        out: v.Number = sort.size - 1
        for code, ok in reversed(list(zip(codes, free, strict=True))):
            out = v.select(ok, code, out)
        return out

    def _do(self, e: ir.Do, flow: Flow) -> Value:
        self.run(e.body, flow)
        return self.value(e.result, flow)

    def run(self, body: tuple[ir.Stmt, ...], flow: Flow) -> None:
        """Runs statements without yields in place."""
        raise NotImplementedError("only a step runs statements")

    def _at(self, e: ir.At, flow: Flow) -> Value:
        return v.any_of([self._place(place, flow) for place in e.places])

    def _place(self, place: ir.AtPlace, flow: Flow) -> v.Truth:
        role = self.system.roles[place.role]
        actor = None if place.actor is None else self.number(place.actor, flow)
        wanted = [self.number(value, flow) for _, value in place.values]
        found: list[v.Truth] = []
        for k in range(role.type.size):
            here = True if actor is None else v.equal(actor, k)
            here = v.both(here, v.equal(flow.state[role.pc.offset + k], place.pc))
            for (slot, _), number in zip(place.values, wanted, strict=True):
                have = as_number(decode(flow.state[slot.offset + k], slot.type))
                here = v.both(here, v.equal(have, number))
            found.append(here)
        return v.any_of(found)

    # -------------------------------------------------------------- quantifiers

    def candidates(self, domain: ir.Domain, flow: Flow) -> list[tuple[Value, v.Truth]]:
        """The values that may be in the domain, in order, and when they are."""
        lo, hi = self.number(domain.lo, flow), self.number(domain.hi, flow)
        first, end = v.interval(lo)[0], v.interval(hi)[1]
        out = []
        for k in range(first, end):
            out.append((of_type(k, domain.type), v.both(v.at_most(lo, k), v.less(k, hi))))
        return [(value, inside) for value, inside in out if inside is not False]

    def _quantifier(self, e: ir.Quantifier, flow: Flow) -> Value:
        total = Total(self, e)
        env = flow.env
        total.over(0, True, flow)
        bound = {binder.variable.name for binder in e.binders}
        after = {k: x for k, x in flow.env.items() if k not in bound}
        flow.env = env if all(env.get(k) is x for k, x in after.items()) else after
        return total.result(flow)


_CASES: dict[type[ir.Expr], Callable[[Expressions, Any, Flow], Value]] = {
    ir.Const: Expressions._const,
    ir.Local: Expressions._local,
    ir.Read: Expressions._read,
    ir.Not: Expressions._not,
    ir.And: Expressions._and,
    ir.Or: Expressions._or,
    ir.IfExp: Expressions._if,
    ir.Compare: Expressions._compare,
    ir.Arith: Expressions._arith,
    ir.Cast: Expressions._cast,
    ir.Recode: Expressions._recode,
    ir.Place: Expressions._place_in_block,
    ir.Shift: Expressions._shift,
    ir.Quantifier: Expressions._quantifier,
    ir.UnionMake: Expressions._union_make,
    ir.UnionTag: Expressions._union_tag,
    ir.UnionGet: Expressions._union_get,
    ir.SetMake: Expressions._set_make,
    ir.SetHas: Expressions._set_has,
    ir.SetOp: Expressions._set_op,
    ir.SetLen: Expressions._set_len,
    ir.Fresh: Expressions._fresh,
    ir.Do: Expressions._do,
    ir.At: Expressions._at,
}
