# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of calls: the words of the language, builtins, constructors."""

from __future__ import annotations

import ast
import enum
import inspect
from collections.abc import Callable
from typing import Any

from checker.language import ir, verbs
from checker.language import types as t
from checker.language.arithmetic import cannot_fail
from checker.language.expressions import is_record, is_sort
from checker.language.helpers import Helpers
from checker.language.locking import Locking
from checker.language.places import (
    Binding,
    EmptySetT,
    LocalB,
    NewRecordB,
    StaticB,
    kind,
    strip,
)
from checker.language.shapes import index_type
from checker.language.sorts import Case, block

QUANTIFIERS = {all: "all", any: "any", sum: "sum", min: "min", max: "max"}


class Calls(Helpers, Locking):
    """Lowers calls in expressions."""

    def call(self, node: ast.Call) -> Binding:
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self.fail(argument, "'*' arguments are not part of the language: pass each argument by itself")
        callee = self.expression(node.func)
        if not isinstance(callee, StaticB):
            self.fail(node, "only functions, sorts, records and cases can be called")
        function = callee.value
        handler = verb(function)
        if handler is not None:
            return handler(self, node)
        if isinstance(function, Case):
            return self.construct_case(function, node)
        if is_sort(function):
            return self.construct_index(function, node)
        if is_record(function):
            return self.construct_record(function, node)
        if inspect.isfunction(function):
            return self.helper(function, node)
        self.fail(
            node, f"{self.describe(function)} cannot be called in a rule: write a helper function in the language"
        )

    def choose_one(self, node: ast.Call) -> Binding:
        return self.choose(node, "error")

    def choose_or_none(self, node: ast.Call) -> Binding:
        return self.choose(node, "none")

    def misplaced_fresh(self, node: ast.Call) -> Binding:
        self.fail(node, "fresh(...) is written straight into a field of the state: s.page[p].content = fresh(Content)")

    def misplaced_statement(self, node: ast.Call) -> Binding:
        self.fail(node, f"{ast.unparse(node.func)}(...) is a statement of its own")

    def misplaced_leads_to(self, node: ast.Call) -> Binding:
        self.fail(node, "leads_to(p, q) is what a @progress promise returns, and nothing else")

    def misplaced_range(self, node: ast.Call) -> Binding:
        self.fail(node, "range(...) belongs into 'for', choose or a generator")

    def length(self, node: ast.Call) -> Binding:
        found = self.expression(self.arguments(node, 1, 1)[0])
        if isinstance(found, StaticB) and is_sort(found.value):
            n = index_type(found.value).size
            return self.const(t.IntT(n, n), n, node)
        if isinstance(found, StaticB) and isinstance(found.value, enum.EnumMeta):
            n = len(found.value)
            return self.const(t.IntT(n, n), n, node)
        value = self.as_value(found, node)
        if not isinstance(value.type, t.SetT):
            self.fail(node, f"len takes a sort or a Set, not {kind(value.type)}")
        return ir.SetLen(type=t.IntT(0, value.type.of.card), pos=self.pos(node), operand=value)

    def integer(self, node: ast.Call) -> Binding:
        value = self.value(self.arguments(node, 1, 1)[0])
        if isinstance(value.type, t.IntT):
            return value
        index = strip(value.type)
        if isinstance(value.type, t.BoolT):
            one, zero = (self.const(t.IntT(k, k), k, node) for k in (1, 0))
            return ir.IfExp(type=t.IntT(0, 1), pos=self.pos(node), condition=value, then=one, orelse=zero)
        if not isinstance(index, t.IndexT) or index.kind != "ordered":
            self.fail(node, f"int(...) takes an object of an ordered sort, not {kind(value.type)}")
        number = t.IntT(0, index.size - 1)
        return ir.Recode(type=number, pos=self.pos(node), operand=self.coerce(value, index, node))

    def place_in_block(self, node: ast.Call) -> Binding:
        value = self.value(self.arguments(node, 1, 1)[0])
        sort = strip(value.type)
        if not isinstance(sort, t.IndexT) or sort.kind != "symmetric":
            self.fail(node, f"place(...) takes an object of a symmetric sort, not {kind(value.type)}")
        value = self.coerce(value, sort, node)
        if sort.block == 1 and cannot_fail(value):
            return self.const(t.IntT(0, 0), 0, node)
        return ir.Place(type=t.IntT(0, sort.block - 1), pos=self.pos(node), operand=value)

    def block_length(self, node: ast.Call) -> Binding:
        found = self.expression(self.arguments(node, 1, 1)[0])
        if not isinstance(found, StaticB) or not is_sort(found.value):
            self.fail(node, "block(...) takes a sort: block(Node) is how many of them make a block")
        n = index_type(found.value).block
        return self.const(t.IntT(n, n), n, node)

    def absolute(self, node: ast.Call) -> Binding:
        value = self.number(self.arguments(node, 1, 1)[0])
        zero = self.const(t.IntT(0, 0), 0, node)
        return self.arithmetic("max", value, self.arithmetic("-", zero, value, node), node)

    def empty_set(self, node: ast.Call) -> Binding:
        self.arguments(node, 0, 0)
        return self.const(EmptySetT(), 0, node)

    def quantifier(self, node: ast.Call) -> Binding:
        name = self.frame.source.text(node.func)
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            return self.comprehension(name, node, node.args[0])
        if name in ("min", "max") and len(node.args) > 1 and not node.keywords:
            result = self.number(node.args[0])
            for other in node.args[1:]:
                result = self.arithmetic(name, result, self.number(other), node)
            return result
        self.fail(node, f"{name}(...) takes a generator here: {name}(... for x in Sort)")

    def comprehension(self, name: str, node: ast.Call, generator: ast.GeneratorExp) -> ir.Expr:
        saved = dict(self.frame.names)
        binders: list[ir.Binder] = []
        for clause in generator.generators:
            if not isinstance(clause.target, ast.Name):
                self.fail(node, "a generator binds one name at a time")
            domain, within = self.domain(clause.iter)
            self.counter += 1
            local = f"${clause.target.id}#{self.counter}"
            self.types[local] = domain.type
            variable = ir.Local(type=domain.type, pos=self.pos(node), name=local)
            self.frame.names[clause.target.id] = LocalB(local)
            condition: ir.Expr | None = None
            if within is not None:
                within = self.reading(within, node, "a generator")
                condition = ir.SetHas(type=t.BOOL, pos=self.pos(node), item=variable, operand=within)
            for test in clause.ifs:
                one = self.reading(self.boolean(test), node, "a generator")
                condition = one if condition is None else self.both(condition, one, node)
            binders.append(ir.Binder(variable=variable, domain=domain, condition=condition))
        body, type_ = self.quantified(name, generator.elt)
        self.frame.names = saved
        default: ir.Expr | None = None
        for keyword in node.keywords:
            if keyword.arg != "default" or name not in ("min", "max"):
                self.fail(node, f"{name} has no argument {keyword.arg}")
            default = self.number(keyword.value)
            plain_field = isinstance(default, ir.Read) and not default.indices
            if not plain_field and not isinstance(default, (ir.Const, ir.Local)):
                self.fail(node, "default= is evaluated first, wanted or not: use a number, a name or a plain field")
        assert isinstance(type_, (t.IntT, t.BoolT))
        if isinstance(type_, t.IntT):
            type_ = self.total(name, type_, binders, default)
        return ir.Quantifier(
            type=type_, pos=self.pos(node), kind=name, binders=tuple(binders), body=body, default=default
        )

    def quantified(self, name: str, element: ast.expr) -> tuple[ir.Expr, t.Type]:
        body = self.reading(self.value(element), element, "a generator")
        if name in ("all", "any"):
            return self.condition(body, element), t.BOOL
        if isinstance(body.type, t.BoolT) and name == "sum":
            one, zero = (self.const(t.IntT(k, k), k, element) for k in (1, 0))
            body = ir.IfExp(type=t.IntT(0, 1), pos=body.pos, condition=body, then=one, orelse=zero)
        if not isinstance(body.type, t.IntT):
            self.fail(element, f"{name} is over numbers, this is {kind(body.type)}")
        return body, body.type

    def total(self, name: str, of: t.IntT, binders: list[ir.Binder], default: ir.Expr | None) -> t.IntT:
        if name != "sum":
            extra = default.type if default is not None else of
            assert isinstance(extra, t.IntT)
            return t.IntT(min(of.lo, extra.lo), max(of.hi, extra.hi))
        times = 1
        for binder in binders:
            times *= binder.domain.type.card
        return t.IntT(max(-t.WIDE, min(0, of.lo * times)), min(t.WIDE, max(0, of.hi * times)))

    def construct_case(self, case: Case, node: ast.Call) -> Binding:
        given = list(case.fields)
        if len(node.args) + len(node.keywords) != len(given) or len(node.args) > len(given):
            self.fail(node, f"{case.name} has the payload ({', '.join(given)})")
        named = {given[k]: self.value(a) for k, a in enumerate(node.args)}
        for keyword in node.keywords:
            if keyword.arg not in given:
                self.fail(node, f"{case.name} has no payload {keyword.arg}")
            named[keyword.arg] = self.value(keyword.value)
        return self.make_case(case, tuple(named[f] for f in given), node)

    def construct_index(self, sort: Any, node: ast.Call) -> Binding:
        type_ = index_type(sort)
        if type_.kind == "data":
            self.fail(node, f"contents have no numbers: write fresh({sort.__name__}), or a constant of the sort")
        if type_.kind != "ordered":
            self.fail(
                node,
                f"{sort.__name__} is symmetric: its objects have no numbers; choose one, or pass it as a parameter",
            )
        number = self.number(self.arguments(node, 1, 1)[0])
        inside = self.coerce(number, t.IntT(0, type_.size - 1), node, f", the numbers of {sort.__name__}")
        if isinstance(inside, ir.Const):
            return self.const(type_, inside.value, node)
        return ir.Recode(type=type_, pos=self.pos(node), operand=inside)

    def construct_record(self, cls: type, node: ast.Call) -> Binding:
        if node.args:
            self.fail(node, f"{cls.__name__} takes named fields: {cls.__name__}(field=value)")
        fields = {str(k.arg): self.expression(k.value) for k in node.keywords}
        if "None" in fields:
            self.fail(node, "'**' arguments are not part of the language: pass each field")
        return NewRecordB(cls, fields)

    def at(self, node: ast.Call) -> Binding:
        if self.promise_kind is None:
            self.fail(node, "at(...) belongs into promises: a rule sees the state, not where others stand")
        if not node.args:
            self.fail(node, "at(...) takes an operation or a helper with yields")
        function = self.expression(node.args[0])
        if not isinstance(function, StaticB) or not inspect.isfunction(function.value):
            self.fail(node, "at(...) takes an operation or a helper with yields")
        label: str | None = None
        if len(node.args) > 1:
            text = node.args[1]
            if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
                self.fail(node, "the label in at(...) is a literal text")
            label = text.value
        actor: ir.Expr | None = None
        values: dict[str, ir.Expr] = {}
        with self.capture() as before:
            for keyword in node.keywords:
                if keyword.arg == "actor":
                    actor = self.kept(keyword.value)
                elif keyword.arg is not None:
                    values[keyword.arg] = self.kept(keyword.value)
        self.at_requests.append((function.value, label, tuple(values)))
        found = self.resolve_at(node, function.value, label, actor, values)
        return ir.Do(type=found.type, pos=found.pos, body=tuple(before), result=found) if before else found

    def kept(self, node: ast.expr) -> ir.Expr:
        """A value that Python evaluates here, wanted or not: where that may fail, it is kept in a local."""
        value = self.value(node)
        if cannot_fail(value):
            return value
        name = self.fresh_name("value")
        self.assign(name, value, node)
        return self.local(name, node)

    def idle(self, node: ast.Call) -> Binding:
        if self.promise_kind is None:
            self.fail(node, "idle(...) belongs into promises: a rule sees the state, not where others stand")
        actor = self.value(self.arguments(node, 1, 1)[0])
        for number, role in enumerate(self.system.roles):
            if actor.type == self.system.role_types[role]:
                place = ir.AtPlace(role=number, actor=actor, pc=0, values=())
                return ir.At(type=t.BOOL, pos=self.pos(node), places=(place,))
        if isinstance(actor.type, t.IndexT) and actor.type.kind == "actor":
            return self.const(t.BOOL, 1, node)  # a role of which this scope has nobody
        self.fail(node, f"idle takes an actor, this is {kind(actor.type)}")

    def resolve_at(
        self, node: ast.AST, function: Any, label: str | None, actor: ir.Expr | None, values: dict[str, ir.Expr]
    ) -> ir.Expr:
        raise NotImplementedError


VERBS: dict[Any, Callable[[Calls, ast.Call], Binding]] = {
    verbs.choose: Calls.choose_one,
    verbs.choose_or_none: Calls.choose_or_none,
    verbs.maybe: Calls.maybe,
    verbs.trylock: Calls.trylock,
    verbs.locked: Calls.locked,
    verbs.holds: Calls.holds,
    verbs.at: Calls.at,
    verbs.idle: Calls.idle,
    verbs.leads_to: Calls.misplaced_leads_to,
    verbs.place: Calls.place_in_block,
    verbs.fresh: Calls.misplaced_fresh,
    block: Calls.block_length,
    len: Calls.length,
    int: Calls.integer,
    abs: Calls.absolute,
    set: Calls.empty_set,
    range: Calls.misplaced_range,
    **dict.fromkeys(QUANTIFIERS, Calls.quantifier),
    **dict.fromkeys(
        (verbs.require, verbs.expect, verbs.acquire, verbs.release, verbs.hand_over, verbs.hold),
        Calls.misplaced_statement,
    ),
}
"""How the words of the language, and the builtins that it knows, are lowered."""


def verb(function: Any) -> Callable[[Calls, ast.Call], Binding] | None:
    try:
        return VERBS.get(function)
    except TypeError:
        return None
