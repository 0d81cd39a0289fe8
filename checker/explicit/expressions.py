# SPDX-License-Identifier: GPL-2.0-or-later
"""Expressions of the intermediate representation as LLVM instructions.

A value is its code (the number itself for an IntT) in 64 bits.  Conditions
become jumps; a right operand that is small and cannot fail is evaluated anyway,
which saves blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from checker.explicit.cells import Cells
from checker.explicit.code import Code, Value, signed
from checker.explicit.layout import Layout
from checker.language import ir
from checker.language.types import IndexT, IntT, OptT, SetT, Type, UnionT, outside_block

SMALL = 10
"""A right operand of up to so many nodes is evaluated even where it does not matter."""
PREDICATES = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}
ARITHMETIC = {"+": "add", "-": "sub", "*": "mul"}


class Expressions(Cells):
    """Lowers expressions into ``code``.

    ``words`` points to the packed state that Read reads, ``old`` to the one
    before the step.  ``failure(pos, message)`` must end the current block.
    """

    def __init__(self, code: Code, system: ir.System, layout: Layout, words: str, old: str | None = None) -> None:
        super().__init__(code, layout, words)
        self.system = system
        self.old = old
        self.locals: dict[str, str] = {}

    def failure(self, pos: ir.Pos, message: str) -> None:
        raise NotImplementedError

    def statements(self, body: tuple[ir.Stmt, ...]) -> None:
        raise NotImplementedError

    # -- locals

    def local(self, name: str) -> str:
        if name not in self.locals:
            self.locals[name] = self.code.slot("v")
        return self.locals[name]

    def held(self, name: str, type_: Type) -> Value:
        """What a local holds."""
        return self.code.get(self.local(name)) if type_.card > 1 else type_.low

    # -- conditions

    def test(self, e: ir.Expr, then: str, orelse: str) -> None:
        """Jumps to ``then`` or ``orelse``."""
        code = self.code
        match e:
            case ir.Const():
                code.jump(then if e.value else orelse)
            case ir.Not():
                self.test(e.operand, orelse, then)
            case ir.And() | ir.Or() if not harmless(e.right):
                right = code.name("right")
                self.test(e.left, *((right, orelse) if isinstance(e, ir.And) else (then, right)))
                code.block(right)
                self.test(e.right, then, orelse)
            case ir.Quantifier(kind="all" | "any"):
                found, rest = (orelse, then) if e.kind == "all" else (then, orelse)
                self._each(e.binders, lambda: self._decide(e, found))
                code.jump(rest)
            case ir.Do():
                self.statements(e.body)
                self.test(e.result, then, orelse)
            case _:
                code.branch(self.bit(e), then, orelse)

    def _decide(self, e: ir.Quantifier, found: str) -> None:
        goes_on = self.code.name("on")
        self.test(e.body, *((goes_on, found) if e.kind == "all" else (found, goes_on)))
        self.code.block(goes_on)

    def bit(self, e: ir.Expr) -> str:
        """A bool as an i1."""
        code = self.code
        match e:
            case ir.Compare():
                return self._compare(e)
            case ir.Not():
                return code.let(f"xor i1 {self.bit(e.operand)}, true")
            case ir.And() if harmless(e.right):
                return code.let(f"select i1 {self.bit(e.left)}, i1 {self.bit(e.right)}, i1 false")
            case ir.Or() if harmless(e.right):
                return code.let(f"select i1 {self.bit(e.left)}, i1 true, i1 {self.bit(e.right)}")
            case ir.And() | ir.Or() | ir.At() | ir.Quantifier():
                return code.compare("ne", self.value(e), 0)
            case _:
                return code.bit(self.value(e))

    def _compare(self, e: ir.Compare) -> str:
        left = self.value(e.left)
        return self.code.compare(PREDICATES[e.op], left, self.value(e.right))

    def require(self, ok: str, pos: ir.Pos, message: str) -> None:
        """A model error unless the bit is set."""
        if ok == "true":
            return
        good, bad = self.code.name("good"), self.code.name("bad")
        self.code.branch(ok, good, bad)
        self.code.block(bad)
        self.failure(pos, message)
        self.code.block(good)

    # -- values

    def value(self, e: ir.Expr) -> Value:
        code = self.code
        match e:
            case ir.Const():
                return e.value
            case ir.Local():
                return self.held(e.name, e.type)
            case ir.Read():
                place = self.index(e.field, tuple(self.value(i) for i in e.indices))
                return self.from_code(self.read_code(e.field, place, self.old if e.old else None), e.field.type)
            case ir.Compare() | ir.Not():
                return code.widen(self.bit(e))
            case ir.And() | ir.Or() if harmless(e.right):
                return code.widen(self.bit(e))
            case ir.And() | ir.Or() | ir.Quantifier(kind="all" | "any"):
                return self._merge(lambda yes, no: self.test(e, yes, no), lambda: 1, lambda: 0)
            case ir.IfExp():
                return self._merge(lambda yes, no: self.test(e.condition, yes, no),
                                   lambda: self.value(e.then), lambda: self.value(e.orelse))
            case ir.Arith():
                return self._arith(e)
            case ir.Cast():
                return self._cast(e)
            case ir.Recode():
                value = self.value(e.operand)
                inner = e.type.of if isinstance(e.type, OptT) else None
                return self.to_code(value, inner) if inner is not None and isinstance(e.operand.type, IntT) else value
            case ir.Place():
                return self._place(self.value(e.operand), e.operand.type)
            case ir.Shift():
                return self._shift(e)
            case ir.Quantifier():
                return self._fold(e)
            case ir.UnionMake():
                return self._union(e)
            case ir.UnionTag():
                return self._tag(e)
            case ir.UnionGet():
                return self._payload(e)
            case ir.SetMake():
                return self._set(e)
            case ir.SetHas():
                item = self.to_code(self.value(e.item), e.item.type)
                return code.both(code.binary("lshr", self.value(e.operand), item), 1)
            case ir.SetOp():
                left, right = self.value(e.left), self.value(e.right)
                if e.op == "-":
                    return code.both(left, code.binary("xor", right, -1))
                return code.both(left, right) if e.op == "&" else code.either(left, right)
            case ir.SetLen():
                return code.let(f"call i64 @llvm.ctpop.i64(i64 {self.value(e.operand)})")
            case ir.Fresh():
                return self._fresh(e)
            case ir.Do():
                self.statements(e.body)
                return self.value(e.result)
            case ir.At():
                return self._at(e)
        raise TypeError(f"{e.pos}: no native code for {type(e).__name__}")

    def _merge(self, test: Callable[[str, str], None], then: Callable[[], Value], orelse: Callable[[], Value]) -> Value:
        """The value of one of two ways."""
        code, result = self.code, self.code.slot("m")
        yes, no, out = code.name("yes"), code.name("no"), code.name("out")
        test(yes, no)
        for label, value in ((yes, then), (no, orelse)):
            code.block(label)
            code.set(result, value())
            code.jump(out)
        code.block(out)
        return code.get(result)

    def _arith(self, e: ir.Arith) -> Value:
        code = self.code
        left = self.value(e.left)
        right = self.value(e.right)
        if e.op in ARITHMETIC:
            return code.binary(ARITHMETIC[e.op], left, right)
        if e.op in ("min", "max"):
            return code.select(code.compare("sle" if e.op == "min" else "sge", left, right), left, right)
        self.require(code.compare("ne", right, 0), e.pos, "division by zero")
        rest = code.let(f"srem i64 {left}, {right}")
        # LLVM rounds towards zero, Python towards minus infinity
        apart = code.compare("slt", code.binary("xor", rest, right), 0)
        wrong = code.let(f"and i1 {apart}, {code.compare('ne', rest, 0)}")
        if e.op == "%":
            return code.select(wrong, code.add(rest, right), rest)
        return code.sub(code.let(f"sdiv i64 {left}, {right}"), code.widen(wrong))

    def _cast(self, e: ir.Cast) -> Value:
        code, have = self.code, e.operand.type
        value = self.value(e.operand)
        if isinstance(have, OptT) and not isinstance(e.type, OptT):
            self.require(code.compare("ne", value, have.none), e.pos, e.message)
            have = have.of
            value = self.from_code(value, have)
        if not have.low >= e.type.low or not have.low + have.card <= e.type.low + e.type.card:
            inside = code.compare("ult", code.sub(value, e.type.low), e.type.card)
            self.require(inside, e.pos, e.message)
        return value

    def _place(self, value: Value, sort: Type) -> Value:
        assert isinstance(sort, IndexT)
        return self.code.binary("urem", value, sort.block) if sort.block > 1 else 0

    def _shift(self, e: ir.Shift) -> Value:
        assert isinstance(e.type, IndexT)
        value = self.value(e.operand)
        by = self.value(e.by)
        there = self.code.add(self._place(value, e.type), by)
        self.require(self.code.compare("ult", there, e.type.block), e.pos, outside_block(e.type))
        return self.code.add(value, by)

    @contextmanager
    def bound(self, name: str) -> Iterator[str]:
        """A variable of its own for a comprehension."""
        saved = self.locals.get(name)
        self.locals[name] = self.code.slot("q")
        yield self.locals[name]
        if saved is None:
            del self.locals[name]
        else:
            self.locals[name] = saved

    def _each(self, binders: tuple[ir.Binder, ...], inside: Callable[[], None]) -> None:
        if not binders:
            inside()
            return
        code, binder = self.code, binders[0]
        low, high = self.value(binder.domain.lo), self.value(binder.domain.hi)
        with self.bound(binder.variable.name) as variable:
            code.set(variable, low)
            with code.loop(lambda: code.compare("slt", code.get(variable), high)):
                goes_on = code.name("next")
                if binder.condition is not None:
                    good = code.name("good")
                    self.test(binder.condition, good, goes_on)
                    code.block(good)
                self._each(binders[1:], inside)
                code.block(goes_on)
                code.bump(variable)

    def _fold(self, e: ir.Quantifier) -> Value:
        code = self.code
        result, seen = code.slot("acc"), code.slot("seen")
        code.set(result, 0)
        code.set(seen, 0)

        def take() -> None:
            value = self.value(e.body)
            best = code.get(result)
            if e.kind == "sum":
                code.set(result, code.add(best, value))
                return
            better = code.compare("slt" if e.kind == "min" else "sgt", value, best)
            first = code.compare("eq", code.get(seen), 0)
            code.set(result, code.select(code.let(f"or i1 {better}, {first}"), value, best))
            code.set(seen, 1)

        self._each(e.binders, take)
        if e.kind == "sum":
            return code.get(result)
        some = code.compare("ne", code.get(seen), 0)
        default = e.default
        if default is None:
            self.require(some, e.pos, f"{e.kind}() of nothing")
            return code.get(result)
        return self._merge(lambda yes, no: code.branch(some, yes, no),
                           lambda: code.get(result), lambda: self.value(default))

    def _union(self, e: ir.UnionMake) -> Value:
        assert isinstance(e.type, UnionT)
        number: Value = 0
        for (_, type_), item in zip(e.type.cases[e.case][1], e.payload, strict=True):
            number = self.code.add(self.code.mul(number, type_.card), self.to_code(self.value(item), type_))
        return self.code.add(number, e.type.base(e.case))

    def _tag(self, e: ir.UnionTag) -> Value:
        union, value = e.operand.type, self.value(e.operand)
        assert isinstance(union, UnionT)
        tag: Value = 0
        for case in range(1, len(union.cases)):
            tag = self.code.add(tag, self.code.widen(self.code.compare("uge", value, union.base(case))))
        return tag

    def _payload(self, e: ir.UnionGet) -> Value:
        code, union, value = self.code, e.operand.type, self.value(e.operand)
        assert isinstance(union, UnionT)
        name, fields = union.cases[e.case]
        inside = code.sub(value, union.base(e.case))
        self.require(code.compare("ult", inside, union.size_of(e.case)), e.pos,
                     f"{fields[e.index][0]} read from a {union.name} that is not {name}")
        for _, type_ in fields[e.index + 1:]:
            inside = code.binary("udiv", inside, type_.card)
        type_ = fields[e.index][1]
        if e.index:
            inside = code.binary("urem", inside, type_.card)
        return self.from_code(inside, type_)

    def _set(self, e: ir.SetMake) -> Value:
        assert isinstance(e.type, SetT)
        bits: Value = 0
        for item in e.items:
            bits = self.code.either(bits, self.code.binary("shl", 1, self.to_code(self.value(item), item.type)))
        return bits

    def _fresh(self, e: ir.Fresh) -> Value:
        code, sort = self.code, e.type
        assert isinstance(sort, IndexT)
        # one bit for each value and for None, in as many words as that takes
        words = sort.card // 64 + 1
        used = code.slot("used", f"[{words} x i64]")
        for word in range(words):
            code.set(code.at(used, word), signed(((1 << len(sort.constants)) - 1) >> 64 * word))
        for field in holders(self.system, sort):
            with code.counting(0, field.count) as k:
                held = self.read_code(field, k)
                here = used if words == 1 else code.at(used, code.binary("lshr", held, 6))
                code.bump(here, code.binary("shl", 1, code.both(held, 63)), "or")
        lowest: Value = sort.card
        for word in reversed(range(words)):
            free = code.binary("xor", code.get(code.at(used, word)), -1)
            first = code.add(code.let(f"call i64 @llvm.cttz.i64(i64 {free}, i1 false)"), 64 * word)
            lowest = code.select(code.compare("ne", free, 0), first, lowest)
        self.require(code.compare("ult", lowest, sort.card), e.pos, f"no value of {sort} is free")
        return lowest

    def _at(self, e: ir.At) -> Value:
        return self._merge(lambda yes, no: self._stands(e.places, yes, no), lambda: 1, lambda: 0)

    def _stands(self, places: tuple[ir.AtPlace, ...], yes: str, no: str) -> None:
        code = self.code
        for place in places:
            role = self.system.roles[place.role]
            wanted = [(slot, self.value(value)) for slot, value in place.values]
            first = 0 if place.actor is None else self.value(place.actor)
            end = role.type.size if place.actor is None else code.add(first, 1)
            with code.counting(first, end) as who:
                goes_on = code.name("other")
                self._same(self.read_code(role.pc, who), place.pc, goes_on)
                for slot, value in wanted:
                    self._same(self.from_code(self.read_code(slot, who), slot.type), value, goes_on)
                code.jump(yes)
                code.block(goes_on)
        code.jump(no)

    def _same(self, left: Value, right: Value, otherwise: str) -> None:
        same = self.code.name("same")
        self.code.branch(self.code.compare("eq", left, right), same, otherwise)
        self.code.block(same)


def holders(system: ir.System, sort: Type) -> list[ir.Field]:
    """The fields that hold values of a data sort, plain or optional."""
    fields = sorted(system.fields, key=lambda f: f.offset)
    return [f for f in fields if f.type == sort or (isinstance(f.type, OptT) and f.type.of == sort)]


def harmless(e: ir.Expr) -> bool:
    """Whether evaluating the expression costs little and cannot fail."""
    return 0 < _cost(e) <= SMALL


def _cost(e: ir.Expr) -> int:
    """Number of nodes, or more than SMALL where evaluation may fail, loop or have effects."""
    match e:
        case ir.Const() | ir.Local():
            return 1
        case ir.Read():
            return 1 + sum(_cost(i) for i in e.indices)
        case ir.Not() | ir.Recode() | ir.UnionTag() | ir.SetLen() | ir.Place():
            return 1 + _cost(e.operand)
        case ir.And() | ir.Or() | ir.Compare() | ir.SetOp():
            return 1 + _cost(e.left) + _cost(e.right)
        case ir.Arith() if e.op not in ("//", "%"):
            return 1 + _cost(e.left) + _cost(e.right)
        case ir.SetHas():
            return 1 + _cost(e.item) + _cost(e.operand)
    return SMALL + 1
