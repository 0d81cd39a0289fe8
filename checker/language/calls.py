# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of calls: the words of the language, builtins, constructors, helpers."""

from __future__ import annotations

import ast
import enum
import inspect
from collections.abc import Callable
from typing import Any

from checker.language import ir, verbs
from checker.language import types as t
from checker.language.context import Binding as Context
from checker.language.expressions import Expressions, is_record, is_sort
from checker.language.frames import Frame
from checker.language.locking import Locking
from checker.language.places import (
    Binding,
    EmptySetT,
    LocalB,
    NewRecordB,
    NoneT,
    PlaceB,
    StaticB,
    kind,
    strip,
)
from checker.language.shapes import index_type
from checker.language.sorts import Case, Range
from checker.language.source import Source, source_of

QUANTIFIERS = {all: "all", any: "any", sum: "sum", min: "min", max: "max"}


class Calls(Expressions, Locking):
    """Lowers calls in expressions."""

    def call(self, node: ast.Call) -> Binding:
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self.fail(argument, "'*' arguments are not part of the language: pass each argument by itself")
        callee = self.expression(node.func)
        if not isinstance(callee, StaticB):
            self.fail(node, "only functions, sorts, records and cases can be called")
        function = callee.value
        handler = self.verb(function)
        if handler is not None:
            return handler(node)
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

    def verb(self, function: Any) -> Callable[[ast.Call], Binding] | None:
        table: dict[Any, Callable[[ast.Call], Binding]] = {
            verbs.choose: lambda n: self.choose(n, "error"),
            verbs.choose_or_none: lambda n: self.choose(n, "none"),
            verbs.maybe: self.maybe,
            verbs.trylock: self.trylock,
            verbs.locked: self.locked,
            verbs.holds: self.holds,
            verbs.at: self.at,
            len: self.length,
            int: self.integer,
            abs: self.absolute,
            set: self.empty_set,
            **dict.fromkeys(QUANTIFIERS, self.quantifier),
        }
        try:
            found = table.get(function)
        except TypeError:
            return None
        if found is None and function is verbs.fresh:
            return self.misplaced_fresh
        if found is None and function in (
            verbs.require,
            verbs.expect,
            verbs.acquire,
            verbs.release,
            verbs.hand_over,
            verbs.hold,
        ):
            return self.misplaced_statement
        if found is None and function is range:
            return self.misplaced_range
        return found

    def misplaced_fresh(self, node: ast.Call) -> Binding:
        self.fail(node, "fresh(...) is written straight into a field of the state: s.page[p].content = fresh(Content)")

    def misplaced_statement(self, node: ast.Call) -> Binding:
        self.fail(node, f"{ast.unparse(node.func)}(...) is a statement of its own")

    def misplaced_range(self, node: ast.Call) -> Binding:
        self.fail(node, "range(...) belongs into 'for', choose or a generator")

    def arguments(self, node: ast.Call, least: int, most: int) -> list[ast.expr]:
        if node.keywords or not least <= len(node.args) <= most:
            self.fail(
                node,
                f"{ast.unparse(node.func)} takes {least if least == most else f'{least} to {most}'} arguments here",
            )
        return node.args

    # ------------------------------------------------------------ builtins

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

    def absolute(self, node: ast.Call) -> Binding:
        value = self.number(self.arguments(node, 1, 1)[0])
        zero = self.const(t.IntT(0, 0), 0, node)
        return self.arithmetic("max", value, self.arithmetic("-", zero, value, node), node)

    def empty_set(self, node: ast.Call) -> Binding:
        self.arguments(node, 0, 0)
        return self.const(EmptySetT(), 0, node)

    # ---------------------------------------------------------- quantifiers

    def quantifier(self, node: ast.Call) -> Binding:
        name = ast.unparse(node.func)
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
                condition = ir.SetHas(type=t.BOOL, pos=self.pos(node), item=variable, operand=within)
            for test in clause.ifs:
                one = self.boolean(test)
                condition = one if condition is None else self.both(condition, one, node)
            binders.append(ir.Binder(variable=variable, domain=domain, condition=condition))
        body, type_ = self.quantified(name, generator.elt)
        self.frame.names = saved
        default: ir.Expr | None = None
        for keyword in node.keywords:
            if keyword.arg != "default" or name not in ("min", "max"):
                self.fail(node, f"{name} has no argument {keyword.arg}")
            default = self.number(keyword.value)
        assert isinstance(type_, (t.IntT, t.BoolT))
        if isinstance(type_, t.IntT):
            type_ = self.total(name, type_, binders, default)
        return ir.Quantifier(
            type=type_, pos=self.pos(node), kind=name, binders=tuple(binders), body=body, default=default
        )

    def quantified(self, name: str, element: ast.expr) -> tuple[ir.Expr, t.Type]:
        body = self.value(element)
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

    def domain(self, node: ast.expr) -> tuple[ir.Domain, ir.Expr | None]:
        """What is looped over, and the set that an element must be in (if it is a set)."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            args = [self.number(a) for a in self.arguments(node, 1, 2)]
            lo = args[0] if len(args) == 2 else self.const(t.IntT(0, 0), 0, node)
            hi = args[-1]
            assert isinstance(lo.type, t.IntT) and isinstance(hi.type, t.IntT)
            type_ = t.IntT(lo.type.lo, max(lo.type.lo, hi.type.hi - 1))
            return ir.Domain(type=type_, lo=lo, hi=hi), None
        found = self.expression(node)
        if isinstance(found, StaticB):
            whole = self.whole(found.value)
            if whole is None:
                self.fail(
                    node,
                    f"{self.describe(found.value)} has no values to loop over or choose from: use a sort, an Enum, "
                    "range or a Set",
                )
            return self.all_of(whole, node), None
        value = self.as_value(found, node)
        if not isinstance(value.type, t.SetT):
            self.fail(
                node,
                f"{kind(value.type)} has no values to loop over or choose from: use a sort, an Enum, range or a Set",
            )
        return self.all_of(value.type.of, node), value

    def whole(self, value: Any) -> t.Type | None:
        if isinstance(value, Range):
            return self.range_type(value)
        if value is bool:
            return t.BOOL
        if is_sort(value) and value.kind != "data":
            return index_type(value)
        if isinstance(value, enum.EnumMeta):
            return t.EnumT(value.__name__, tuple(m.name for m in value))  # type: ignore[var-annotated]
        return None

    def all_of(self, type_: t.Type, node: ast.AST) -> ir.Domain:
        count = t.IntT(0, type_.card)
        low, high = type_.low, type_.low + type_.card
        return ir.Domain(type=type_, lo=self.const(count, low, node), hi=self.const(count, high, node))

    # --------------------------------------------------------------- choices

    def choose(self, node: ast.Call, empty: str) -> Binding:
        self.not_in_promise(node)
        where: ast.expr | None = node.args[1] if len(node.args) == 2 else None
        for keyword in node.keywords:
            if keyword.arg == "where":
                where = keyword.value
            elif keyword.arg == "or_block" and empty == "error":
                if not isinstance(keyword.value, ast.Constant):
                    self.fail(node, "or_block is True or False")
                empty = "block" if keyword.value.value else empty
            else:
                self.fail(node, f"{ast.unparse(node.func)} has no argument {keyword.arg}")
        if not 1 <= len(node.args) <= 2:
            self.fail(node, f"{ast.unparse(node.func)} takes a sort and where=lambda x: ...")
        with self.capture() as body:
            domain, within = self.domain(node.args[0])
            candidate, name = self.fresh_name("candidate"), self.fresh_name("chosen")
            self.declare(candidate, domain.type, node)
            condition: ir.Expr | None = None
            if within is not None:
                condition = ir.SetHas(type=t.BOOL, pos=self.pos(node), item=self.local(candidate, node), operand=within)
            if where is not None:
                one = self.where(where, candidate)
                condition = one if condition is None else self.both(condition, one, node)
            type_ = domain.type
            if empty == "none":
                if not isinstance(type_, (t.IndexT, t.EnumT)):
                    self.fail(node, "choose_or_none takes a sort or an enum")
                type_ = t.OptT(type_)
            self.declare(name, type_, node)
            body.append(
                ir.Choose(
                    pos=self.pos(node),
                    name=name,
                    candidate=candidate,
                    domain=domain,
                    where=condition,
                    empty=empty,
                    text=ast.unparse(node.args[0]),
                )
            )
        return ir.Do(type=type_, pos=self.pos(node), body=tuple(body), result=self.local(name, node))

    def where(self, node: ast.expr, candidate: str) -> ir.Expr:
        if not isinstance(node, ast.Lambda) or len(node.args.args) != 1:
            self.fail(node, "where= takes a lambda of one argument: where=lambda x: ...")
        saved = dict(self.frame.names)
        self.frame.names[node.args.args[0].arg] = LocalB(candidate)
        condition = self.boolean(node.body)
        self.frame.names = saved
        return condition

    def maybe(self, node: ast.Call) -> Binding:
        self.not_in_promise(node)
        text = self.arguments(node, 1, 1)[0]
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
            self.fail(node, 'maybe takes a literal text: maybe("allocation fails")')
        failures = self.system.binding.failures
        if failures is not None and text.value not in failures:
            return self.const(t.BOOL, 0, node)
        candidate, name = self.fresh_name("candidate"), self.fresh_name("chosen")
        for local in (candidate, name):
            self.declare(local, t.BOOL, node)
        statement = ir.Choose(
            pos=self.pos(node),
            name=name,
            candidate=candidate,
            domain=self.all_of(t.BOOL, node),
            where=None,
            empty="error",
            text=text.value,
        )
        return ir.Do(type=t.BOOL, pos=self.pos(node), body=(statement,), result=self.local(name, node))

    def not_in_promise(self, node: ast.AST) -> None:
        if self.promise_kind is not None:
            word = ast.unparse(node.func) if isinstance(node, ast.Call) else "this"
            self.fail(
                node, f"{word} belongs into rules and operations: a promise only looks at the state and returns a bool"
            )

    # ---------------------------------------------------------- constructors

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

    # --------------------------------------------------------------- helpers

    def helper(self, function: Any, node: ast.Call) -> Binding:
        source = source_of(function)
        if source.yields:
            self.fail(
                node, f'{function.__name__} contains yields: call it with "yield from" (without it Python runs nothing)'
            )
        if verbs.kind_of(function) in ("rule", "operation"):
            self.fail(
                node,
                f"{function.__name__} is a {verbs.kind_of(function)}: move what is shared into a helper and call that",
            )
        with self.capture() as body:
            self.inline(source, node)
            frame = self.inlined
        if frame.result is None:
            result: ir.Expr = self.const(NoneT(), 0, node)
        else:
            result = self.local(frame.result, node)
        simple = single_value(body, frame)
        if simple is not None:
            return simple
        return ir.Do(type=result.type, pos=self.pos(node), body=tuple(body), result=result)

    def inline(self, source: Source, node: ast.Call) -> None:
        """Emits the body of a helper, its parameters bound; leaves its frame in ``inlined``."""
        caller = self.frame
        if any(f.source.function is source.function for f in caller.stack()):
            self.fail(
                node, f"{source.function.__name__} calls itself: recursion is not part of the language, write a loop"
            )
        arguments = self.match(source, node)
        frame = self.new_frame(source, node.lineno)
        for name, binding in arguments.items():
            self.bind_parameter(frame, name, binding, node)
        self.frame = frame
        try:
            self.function_body(frame)
        finally:
            self.frame = caller
        self.inlined = frame

    inlined: Frame

    def function_body(self, frame: Frame) -> None:
        raise NotImplementedError

    def match(self, source: Source, node: ast.Call) -> dict[str, Binding]:
        """The arguments of a call by parameter name, evaluated left to right."""
        spec = source.tree.args
        name = source.tree.name
        if spec.vararg or spec.kwarg:
            self.fail(node, f"{name} takes '*' arguments, which are not part of the language: name each parameter")
        parameters = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
        if len(node.args) > len(parameters):
            self.fail(node, f"{name} takes {len(parameters)} arguments, {len(node.args)} are given")
        found: dict[str, Binding] = {}
        for parameter, argument in zip(parameters, node.args, strict=False):
            found[parameter] = self.expression(argument)
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg not in parameters or keyword.arg in found:
                self.fail(node, f"{name} has no argument {keyword.arg}, or it is given twice")
            found[keyword.arg] = self.expression(keyword.value)
        defaults = inspect.signature(source.function).parameters
        for parameter in parameters:
            if parameter not in found:
                default = defaults[parameter].default
                if default is inspect.Parameter.empty:
                    self.fail(node, f"{name} needs an argument {parameter}")
                if isinstance(default, (list, dict, set)):
                    self.fail(
                        node, f"{name}: the default of {parameter} is mutable; use None, a number or an enum member"
                    )
                found[parameter] = self.static(default, node)
        return found

    def bind_parameter(self, frame: Frame, name: str, binding: Binding, node: ast.AST) -> None:
        assigned = name in frame.source.assigned
        caller = self.frame
        if isinstance(binding, StaticB) and isinstance(binding.value, Case):
            binding = self.make_case(binding.value, (), node) if not binding.value.fields else binding
        if isinstance(binding, PlaceB) and isinstance(binding.node, ir_leaf()) and not is_lock(binding):
            binding = self.as_value(binding, node)
        if isinstance(binding, NewRecordB):
            self.as_value(binding, node)
        if isinstance(binding, PlaceB):
            self.frame = frame
            try:
                frame.names[name] = self.bind_place(name, binding, node)
            finally:
                self.frame = caller
            return
        if isinstance(binding, ir.Expr):
            if not assigned and isinstance(binding, (ir.Local, ir.Const)):
                frame.names[name] = LocalB(binding.name) if isinstance(binding, ir.Local) else binding
                return
            local = f"{frame.prefix}{name}"
            self.origin[local] = (frame.depth, name, None)
            self.assign(local, binding, node)
            frame.names[name] = LocalB(local)
            return
        frame.names[name] = binding

    # -------------------------------------------------------------------- at

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
        for keyword in node.keywords:
            if keyword.arg == "actor":
                actor = self.value(keyword.value)
            elif keyword.arg is not None:
                values[keyword.arg] = self.value(keyword.value)
        self.at_requests.append((function.value, label, tuple(values)))
        return self.resolve_at(node, function.value, label, actor, values)

    def resolve_at(
        self, node: ast.AST, function: Any, label: str | None, actor: ir.Expr | None, values: dict[str, ir.Expr]
    ) -> ir.Expr:
        raise NotImplementedError


def ir_leaf() -> type:
    from checker.language.places import Leaf

    return Leaf


def is_lock(place: PlaceB) -> bool:
    from checker.language.shapes import SpinT

    return isinstance(place.node.field.type, (t.LockT, SpinT))  # type: ignore[union-attr]


def single_value(body: list[ir.Stmt], frame: Frame) -> ir.Expr | None:
    """The value of a helper that is nothing but ``return value``."""
    if len(body) == 1 and isinstance(body[0], ir.Block):
        body = list(body[0].body)
    match body:
        case [ir.SetLocal(name=name, value=value), *rest] if name == frame.result:
            if all(isinstance(s, ir.Break) for s in rest):
                return value
    return None


__all__ = ["Calls", "Context"]
