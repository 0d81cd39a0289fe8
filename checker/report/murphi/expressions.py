# SPDX-License-Identifier: GPL-2.0-or-later
"""Expressions of the intermediate representation in Murphi.

Every value is a number, its code (the number itself for an IntT); conditions are
booleans of Murphi.  Operands are evaluated from left to right and no more of them than Python would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checker.language import ir
from checker.language.places import strip
from checker.language.types import IndexT, IntT, OptT, SetT, Type, UnionT, outside_block
from checker.report.murphi.writer import Writer, plain, quoted

_COMPARE = {"==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def field_name(field: ir.Field) -> str:
    return f"s{field.number}_{plain(field.name)}"


def old_name(field: ir.Field) -> str:
    """The variable that keeps a field's content from before the step."""
    return f"old_{field_name(field)}"


class Expressions:
    """Writes expressions over the state variables, or over their old copies for ``Read.old``."""

    def __init__(self, system: ir.System) -> None:
        self.system = system
        self.out = Writer()
        self.locals: dict[str, str] = {}

    def statements(self, body: tuple[ir.Stmt, ...]) -> None:
        raise NotImplementedError

    def failure(self, pos: ir.Pos, message: str) -> None:
        """A model error: the search has nowhere to go from here."""
        self.out.emit(f"error {quoted(f'{pos.line}: {message}')};")

    def local(self, name: str) -> str:
        if name not in self.locals:
            self.locals[name] = self.out.new(f"v_{name}")
        return self.locals[name]

    # -- order

    def operands(self, asked: Sequence[Callable[[], str]]) -> list[str]:
        """The values of several operands, each as it was when its turn came."""
        parts: list[tuple[list[str], str]] = []
        for ask in asked:
            with self.out.aside() as lines:
                value = ask()
            parts.append((lines, value))
        values: list[str] = []
        for k, (lines, value) in enumerate(parts):
            self.out.lines += lines
            if not value.lstrip("-").isdigit() and any(later for later, _ in parts[k + 1:]):
                kept = self.out.new("kept")
                self.out.emit(f"{kept} := {value};")
                value = kept
            values.append(value)
        return values

    def values(self, *expressions: ir.Expr) -> list[str]:
        return self.operands([lambda e=e: self.value(e) for e in expressions])  # type: ignore[misc]

    def require(self, ok: str, pos: ir.Pos, message: str) -> None:
        with self.out.inside(f"if !({ok}) then"):
            self.failure(pos, message)

    # -- conditions

    def condition(self, e: ir.Expr) -> str:
        match e:
            case ir.Const():
                return "true" if e.value else "false"
            case ir.Not():
                return f"!({self.condition(e.operand)})"
            case ir.Compare():
                left, right = self.values(e.left, e.right)
                return f"({left} {_COMPARE[e.op]} {right})"
            case ir.And() | ir.Or():
                return self._both(e)
            case ir.Quantifier(kind="all" | "any"):
                return self._decide(e)
            case ir.At():
                return self._at(e)
            case ir.Do():
                self.statements(e.body)
                return self.condition(e.result)
        return f"({self.value(e)} = 1)"

    def _both(self, e: ir.And | ir.Or) -> str:
        left = self.condition(e.left)
        with self.out.aside() as lines:
            self.out.indent += 1
            right = self.condition(e.right)
            self.out.indent -= 1
        if not lines:
            return f"({left} {'&' if isinstance(e, ir.And) else '|'} {right})"
        result = self.out.new("both", "boolean")
        self.out.emit(f"{result} := {left};")
        with self.out.inside(f"if {result if isinstance(e, ir.And) else f'!{result}'} then"):
            self.out.lines += lines
            self.out.emit(f"{result} := {right};")
        return result

    def _each(self, binders: tuple[ir.Binder, ...], goes_on: str, inside: Callable[[], None]) -> None:
        """Runs what is inside for each binding, while ``goes_on`` holds."""
        if not binders:
            inside()
            return
        binder, out = binders[0], self.out
        low, high = self.values(binder.domain.lo, binder.domain.hi)
        variable, end = out.new(f"q_{binder.variable.name}"), out.new("end")
        out.emit(f"{variable} := {low};")
        out.emit(f"{end} := {high};")
        hidden = self.locals.get(binder.variable.name)
        self.locals[binder.variable.name] = variable
        with out.inside(f"while {goes_on} & {variable} < {end} do"):
            if binder.condition is None:
                self._each(binders[1:], goes_on, inside)
            else:
                with out.inside(f"if {self.condition(binder.condition)} then"):
                    self._each(binders[1:], goes_on, inside)
            out.emit(f"{variable} := {variable} + 1;")
        if hidden is None:
            del self.locals[binder.variable.name]
        else:
            self.locals[binder.variable.name] = hidden

    def _decide(self, e: ir.Quantifier) -> str:
        """all and any stop at the first decision."""
        result = self.out.new(e.kind, "boolean")
        self.out.emit(f"{result} := {'true' if e.kind == 'all' else 'false'};")

        def look() -> None:
            self.out.emit(f"{result} := {self.condition(e.body)};")

        self._each(e.binders, result if e.kind == "all" else f"!{result}", look)
        return result

    def _at(self, e: ir.At) -> str:
        result, out = self.out.new("at", "boolean"), self.out
        out.emit(f"{result} := false;")
        for place in e.places:
            role = self.system.roles[place.role]
            wanted = [self.value(value) for _, value in place.values]
            who, end = out.new("who"), out.new("end")
            first = "0" if place.actor is None else self.value(place.actor)
            out.emit(f"{who} := {first};")
            out.emit(f"{end} := {role.type.size if place.actor is None else f'{who} + 1'};")
            tests = [f"{field_name(role.pc)}[{who}] = {place.pc}"]
            tests += [f"{self.read(slot, who)} = {value}"
                      for (slot, _), value in zip(place.values, wanted, strict=True)]
            with out.inside(f"while !{result} & {who} < {end} do"):
                out.emit(f"{result} := {' & '.join(tests)};")
                out.emit(f"{who} := {who} + 1;")
        return result

    # -- values

    def to_code(self, value: str, type_: Type) -> str:
        return f"({value} - {number(type_.lo)})" if isinstance(type_, IntT) and type_.lo else value

    def from_code(self, value: str, type_: Type) -> str:
        return f"({value} + {number(type_.lo)})" if isinstance(type_, IntT) and type_.lo else value

    def index(self, field: ir.Field, indices: Sequence[str]) -> str:
        """Row-major number of an element."""
        place = ""
        for dim, value in zip(field.dims, indices, strict=True):
            place = f"({place} * {dim.size} + {value})" if place else value
        return place or "0"

    def read(self, field: ir.Field, place: str, old: bool = False) -> str:
        base = old_name(field) if old else field_name(field)
        return self.from_code(f"{base}[{place}]", field.type)

    def value(self, e: ir.Expr) -> str:
        match e:
            case ir.Const():
                return number(e.value)
            case ir.Local():
                return self.local(e.name)
            case ir.Read():
                return self.read(e.field, self.index(e.field, self.values(*e.indices)), e.old)
            case ir.IfExp():
                return self._choice(e)
            case ir.Arith():
                return self._arith(e)
            case ir.Cast():
                return self._cast(e)
            case ir.Recode():
                value = self.value(e.operand)
                inner = e.type.of if isinstance(e.type, OptT) else None
                return self.to_code(value, inner) if inner is not None and isinstance(e.operand.type, IntT) else value
            case ir.Place():
                assert isinstance(e.operand.type, IndexT)
                return f"({self.value(e.operand)} % {e.operand.type.block})"
            case ir.Shift():
                return self._shift(e)
            case ir.Quantifier(kind="sum" | "min" | "max"):
                return self._fold(e)
            case ir.UnionMake():
                return self._union(e)
            case ir.UnionTag():
                assert isinstance(e.operand.type, UnionT)
                union, value = e.operand.type, self.kept(self.value(e.operand))
                steps = [f"({value} >= {union.base(case)} ? 1 : 0)" for case in range(1, len(union.cases))]
                return f"({' + '.join(['0', *steps])})"
            case ir.UnionGet():
                return self._payload(e)
            case ir.SetMake() | ir.SetOp() | ir.SetHas() | ir.SetLen():
                return self._set(e)
            case ir.Fresh():
                return self._fresh(e)
            case ir.Do():
                self.statements(e.body)
                return self.value(e.result)
        return f"({self.condition(e)} ? 1 : 0)"

    def kept(self, value: str) -> str:
        """The value in a variable, to be used more than once."""
        name = self.out.new("kept")
        self.out.emit(f"{name} := {value};")
        return name

    def _choice(self, e: ir.IfExp) -> str:
        condition = self.condition(e.condition)
        result = self.out.new("if")
        with self.out.inside(f"if {condition} then"):
            self.out.emit(f"{result} := {self.value(e.then)};")
            self.out.otherwise()
            self.out.emit(f"{result} := {self.value(e.orelse)};")
        return result

    def _arith(self, e: ir.Arith) -> str:
        left, right = self.values(e.left, e.right)
        if e.op in ("+", "-", "*"):
            return f"({left} {e.op} {right})"
        left, right = self.kept(left), self.kept(right)
        if e.op in ("min", "max"):
            return f"({left} {'<=' if e.op == 'min' else '>='} {right} ? {left} : {right})"
        self.require(f"{right} != 0", e.pos, "division by zero")
        # Murphi rounds towards zero, Python towards minus infinity
        rest = self.kept(f"{left} % {right}")
        wrong = f"({rest} != 0 & (({rest} < 0) != ({right} < 0)) ? 1 : 0)"
        return f"({rest} + {wrong} * {right})" if e.op == "%" else f"({left} / {right} - {wrong})"

    def _shift(self, e: ir.Shift) -> str:
        assert isinstance(e.type, IndexT)
        value, by = (self.kept(value) for value in self.values(e.operand, e.by))
        there = self.kept(f"({value} % {e.type.block}) + {by}")
        self.require(f"{there} >= 0 & {there} < {e.type.block}", e.pos, outside_block(e.type))
        return f"({value} + {by})"

    def _cast(self, e: ir.Cast) -> str:
        have, value = e.operand.type, self.value(e.operand)
        if isinstance(have, OptT) and not isinstance(e.type, OptT):
            value = self.kept(value)
            self.require(f"{value} != {have.none}", e.pos, e.message)
            have = have.of
            value = self.from_code(value, have)
        if have.low < e.type.low or have.low + have.card > e.type.low + e.type.card:
            value = self.kept(value)
            inside = f"{value} >= {number(e.type.low)} & {value} < {number(e.type.low + e.type.card)}"
            self.require(inside, e.pos, e.message)
        return value

    def _fold(self, e: ir.Quantifier) -> str:
        out, result = self.out, self.out.new(e.kind)
        seen = out.new("seen", "boolean")
        out.emit(f"{result} := 0;")
        out.emit(f"{seen} := false;")

        def take() -> None:
            value = self.kept(self.value(e.body))
            if e.kind == "sum":
                out.emit(f"{result} := {result} + {value};")
                return
            with out.inside(f"if !{seen} | {value} {'<' if e.kind == 'min' else '>'} {result} then"):
                out.emit(f"{result} := {value};")
            out.emit(f"{seen} := true;")

        self._each(e.binders, "true", take)
        if e.kind != "sum":
            with out.inside(f"if !{seen} then"):
                if e.default is None:
                    self.failure(e.pos, f"{e.kind}() of nothing")
                else:
                    out.emit(f"{result} := {self.value(e.default)};")
        return result

    def _union(self, e: ir.UnionMake) -> str:
        assert isinstance(e.type, UnionT)
        code = "0"
        for (_, type_), item in zip(e.type.cases[e.case][1], self.values(*e.payload), strict=True):
            code = f"({code} * {type_.card} + {self.to_code(item, type_)})"
        return f"({code} + {e.type.base(e.case)})"

    def _payload(self, e: ir.UnionGet) -> str:
        union = e.operand.type
        assert isinstance(union, UnionT)
        name, fields = union.cases[e.case]
        inside = self.kept(f"{self.value(e.operand)} - {union.base(e.case)}")
        self.require(f"{inside} >= 0 & {inside} < {union.size_of(e.case)}", e.pos,
                     f"{fields[e.index][0]} read from a {union.name} that is not {name}")
        below = 1
        for _, type_ in fields[e.index + 1:]:
            below *= type_.card
        type_ = fields[e.index][1]
        return self.from_code(f"(({inside} / {below}) % {type_.card})", type_)

    def _set(self, e: ir.SetMake | ir.SetOp | ir.SetHas | ir.SetLen) -> str:
        """Sets bit by bit: rumur shifts, but knows no and and or of numbers."""
        if isinstance(e, ir.SetHas):
            item, held = self.values(e.item, e.operand)
            return f"(({held} >> {self.to_code(item, e.item.type)}) % 2)"
        if isinstance(e, ir.SetLen):
            assert isinstance(e.operand.type, SetT)
            held = self.kept(self.value(e.operand))
            return f"({' + '.join(f'(({held} >> {k}) % 2)' for k in range(e.operand.type.of.card))})"
        assert isinstance(e.type, SetT)
        if isinstance(e, ir.SetMake):
            items = [self.to_code(value, item.type)
                     for value, item in zip(self.values(*e.items), e.items, strict=True)]
            bits = [f"({' | '.join(f'{item} = {k}' for item in items)})" for k in range(e.type.of.card) if items]
        else:
            left, right = (self.kept(value) for value in self.values(e.left, e.right))
            has = [(f"({left} >> {k}) % 2 = 1", f"({right} >> {k}) % 2 = 1") for k in range(e.type.of.card)]
            joined = {"|": "({} | {})", "&": "({} & {})", "-": "({} & !({}))"}[e.op]
            bits = [joined.format(*pair) for pair in has]
        return f"({' + '.join(['0', *(f'({bit} ? {1 << k} : 0)' for k, bit in enumerate(bits))])})"

    def _fresh(self, e: ir.Fresh) -> str:
        out, sort = self.out, e.type
        assert isinstance(sort, IndexT)
        value, used = out.new("fresh"), out.new("used", "boolean")
        out.emit(f"{value} := {len(sort.constants)};")
        out.emit(f"{used} := true;")
        with out.inside(f"while {used} & {value} < {sort.card} do"):
            out.emit(f"{used} := false;")
            for field in holders(self.system, sort):
                with out.inside(f"for k: 0..{field.count - 1} do"):
                    out.emit(f"{used} := {used} | {field_name(field)}[k] = {value};")
            with out.inside(f"if {used} then"):
                out.emit(f"{value} := {value} + 1;")
        self.require(f"{value} < {sort.card}", e.pos, f"no value of {sort} is free")
        return value


def holders(system: ir.System, sort: Type) -> list[ir.Field]:
    """The fields that hold values of a data sort, plain or optional, in the order of a state's vector."""
    return [field for field in sorted(system.fields, key=lambda f: f.offset) if strip(field.type) == sort]


def number(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"
