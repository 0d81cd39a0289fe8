# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole procedures and promises: from a decorated function to IR."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeVar

from checker.language import ir, verbs
from checker.language import types as t
from checker.language.errors import LanguageError
from checker.language.frames import Frame, SystemContext
from checker.language.liveness import Live, Liveness, is_data
from checker.language.order import check_order
from checker.language.places import Binding, LocalB, PlaceB, kept_local
from checker.language.places import kind as kind_of_value
from checker.language.regions import Regions
from checker.language.shapes import evaluate
from checker.language.shapes import scalar as scalar_of
from checker.language.source import Source, source_of
from checker.language.statements import Statements

MAX_ROUNDS = 14
T = TypeVar("T")


@dataclass
class Lowered:
    """A procedure, with what only the front end and the raw reading need of it."""

    procedure: ir.Procedure
    function: Callable[..., Any]
    parameters: tuple[Any, ...]
    point_lines: list[tuple[int, ...]]
    point_names: list[list[dict[str, Binding]]]
    point_functions: list[list[Any]]
    origin: dict[str, tuple[int, str, int | None]]
    live: dict[int, Live]


@dataclass
class AtTable:
    """Where actors can stand: known once frames are laid out."""

    roles: list[tuple[ir.Role, list[Lowered]]]
    functions: set[Any]


class Lowering(Statements):
    """Lowers one function; a new object for each."""

    def __init__(self, system: SystemContext, places: AtTable | None = None):
        super().__init__(system)
        self.places = places

    def top(self, function: Any) -> Frame:
        source = source_of(function)
        spec = source.tree.args
        if spec.vararg or spec.kwarg or spec.defaults or spec.kwonlyargs or spec.posonlyargs:
            raise LanguageError(
                source.pos(source.tree),
                f"{source.tree.name} takes plain parameters, each tried with every value of its "
                "sort: drop the defaults and the '*'",
            )
        return Frame(source, "", 0, {}, None, self.system.names_of(source), "return")

    def annotation(self, frame: Frame, argument: ast.arg) -> Any:
        if argument.annotation is None:
            raise LanguageError(
                frame.source.pos(argument),
                f"parameter {argument.arg} of {frame.source.tree.name} needs its sort: {argument.arg}: Sort",
            )
        try:
            return evaluate(frame.source.function.__annotations__[argument.arg], frame.source.function.__module__)
        except NameError as error:
            raise LanguageError(frame.source.pos(argument), str(error)) from None

    def state_parameters(self, frame: Frame, arguments: list[ast.arg], count: int) -> list[ast.arg]:
        """Binds the first parameters to the state; returns the others."""
        name = frame.source.tree.name
        if len(arguments) < count:
            raise LanguageError(frame.source.pos(frame.source.tree), f"{name} takes the state as its first parameter")
        for k, argument in enumerate(arguments[:count]):
            if self.annotation(frame, argument) is not self.system.root_class:
                raise LanguageError(
                    frame.source.pos(argument),
                    f"the first parameter of {name} is the state: {argument.arg}: {self.system.root_class.__name__}",
                )
            frame.names[argument.arg] = PlaceB(self.system.root, (), old=count == 2 and k == 0)
        return arguments[count:]

    def shelved(self, key: Hashable, lower: Callable[[], T]) -> T:
        """What ``lower`` gives, or gave when it was asked before and everything was the same.

        Nothing is kept of what asks where actors stand, which the other procedures decide.
        """
        found: T | None = self.system.shelf.take(key, self.system)
        if found is not None:
            return found
        binding = self.system.binding
        before, binding.switches = binding.switches, set()
        try:
            found = lower()
            self.seen.switches = {name: getattr(binding.design, name) for name in binding.switches}
        finally:
            binding.switches |= before
        if not self.at_requests:
            self.system.shelf.put(key, self.seen, found)
        return found

    def procedure(self, function: Any, role: type | None) -> Lowered:
        """A rule (no role), or an operation as a role runs it."""
        lowered = self.shelved((function, role), lambda: self.lowered(function, role))
        points = tuple(replace(point) for point in lowered.procedure.yields)  # which a build gives their numbers
        return replace(lowered, procedure=replace(lowered.procedure, yields=points))

    def lowered(self, function: Any, role: type | None) -> Lowered:
        """The same, lowered now."""
        while True:
            self.reset()
            frame = self.frame = self.top(function)
            arguments = self.state_parameters(frame, frame.source.tree.args.args, 1)
            actor: str | None = None
            if role is not None:
                actor, arguments = self.actor_parameter(frame, arguments, role)
            params, domains = self.parameters(frame, arguments)
            self.function_body(frame)
            if not self.changed:
                break
            self.round += 1
            if self.round > MAX_ROUNDS:
                raise LanguageError(
                    frame.source.pos(frame.source.tree), f"the types in {function.__name__} do not settle"
                )
        made = ir.Procedure(
            name=function.__name__,
            doc=inspect.getdoc(function) or "",
            pos=frame.source.pos(frame.source.tree),
            actor=actor,
            params=params,
            locals=dict(self.types),
            body=tuple(self.out),
            yields=tuple(self.points),
            sites=tuple(self.sites),
            guards=tuple(self.guards),
            fair=bool(verbs.fairness_of(function)),
        )
        live = self.check(made).points
        return Lowered(
            made, function, domains, self.point_lines, self.point_names, self.point_functions, self.origin, live
        )

    def actor_parameter(self, frame: Frame, arguments: list[ast.arg], role: type) -> tuple[str, list[ast.arg]]:
        name = frame.source.tree.name
        if not arguments:
            raise LanguageError(
                frame.source.pos(frame.source.tree), f"operation {name} needs its actor: cpu: {role.__name__}"
            )
        argument = arguments[0]
        annotation = self.annotation(frame, argument)
        options = getattr(annotation, "__args__", (annotation,))
        from checker.language.sorts import Actor

        if role not in options and Actor not in options:
            raise LanguageError(
                frame.source.pos(argument),
                f"{name} is run by {role.__name__} in this model, but {argument.arg} is "
                f"{getattr(annotation, '__name__', annotation)}",
            )
        type_ = self.system.role_types[role]
        self.bind_top(frame, argument.arg, type_)
        self.actor = ir.Local(type=type_, pos=frame.source.pos(argument), name=argument.arg)
        self.actor_role = role
        return argument.arg, arguments[1:]

    def parameters(self, frame: Frame, arguments: list[ast.arg]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        scalars: list[Any] = []
        for argument in arguments:
            where = f"parameter {argument.arg} of {frame.source.tree.name}"
            scalar = scalar_of(self.annotation(frame, argument), self.system.binding, where)
            if not isinstance(scalar.type, (t.IndexT, t.EnumT, t.BoolT, t.IntT)) or is_data(scalar.type):
                raise LanguageError(
                    frame.source.pos(argument), f"{where}: parameters range over a sort, an enum, a bool or a Range"
                )
            self.bind_top(frame, argument.arg, scalar.type)
            scalars.append(scalar)
        return tuple(a.arg for a in arguments), tuple(scalars)

    def bind_top(self, frame: Frame, name: str, type_: t.Type) -> None:
        self.types.setdefault(name, type_)
        self.origin[name] = (0, name, None)
        frame.names[name] = LocalB(name)

    def check(self, procedure: ir.Procedure) -> Liveness:
        Regions(procedure, several=bool(self.system.binding.merged))
        given = {procedure.actor, *procedure.params}
        liveness = Liveness(procedure, {})
        for name, pos in liveness.entry.items():
            if name not in given:
                variable = self.origin[name][1] if name in self.origin else name
                raise LanguageError(pos, f"{variable} may be read before assignment")
        check_order(procedure, liveness)
        return liveness

    # -------------------------------------------------------------- promises

    def promise(self, function: Any, kind: str) -> ir.Promise:
        """An invariant, step invariant or reachable, as one condition."""
        return self.shelved((function, kind), lambda: self.promised(function, kind))

    def promised(self, function: Any, kind: str) -> ir.Promise:
        """The same, lowered now."""
        condition, source = self.returned(function, kind, "a promise", "a condition")
        self.condition(condition, source.tree)
        doc, pos = inspect.getdoc(function) or "", source.pos(source.tree)
        return ir.Promise(function.__name__, kind, condition, doc, pos)

    def measure(self, function: Any) -> ir.Measure:
        """A number that every state has."""
        value, source = self.returned(function, "measure", "a measure", "a number")
        if not isinstance(value.type, t.IntT):
            hint = ": write 1 if ... else 0" if isinstance(value.type, t.BoolT) else ""
            self.fail(source.tree, f"a measure returns a whole number, this is {kind_of_value(value.type)}{hint}")
        return ir.Measure(function.__name__, value, inspect.getdoc(function) or "", source.pos(source.tree))

    def returned(self, function: Any, kind: str, what: str, wanted: str) -> tuple[ir.Expr, Source]:
        """What a function of the state alone returns, as one expression."""
        while True:
            self.reset()
            self.promise_kind = kind
            frame = self.frame = self.top(function)
            if frame.source.yields:
                raise LanguageError(frame.source.pos(frame.source.tree), f"{what} has no steps: it does not yield")
            rest = self.state_parameters(frame, frame.source.tree.args.args, 2 if kind == "step" else 1)
            if rest:
                raise LanguageError(
                    frame.source.pos(rest[0]), f"{function.__name__} takes only the state: write all(... for x in Sort)"
                )
            self.function_body(frame)
            if not self.changed:
                break
            self.round += 1
        return self.result_of(frame, wanted), frame.source

    def result_of(self, frame: Frame, wanted: str) -> ir.Expr:
        """What a function that was lowered returns, as one expression."""
        from checker.language.helpers import single_value

        tree = frame.source.tree
        pos = frame.source.pos(tree)
        if frame.result is None:
            raise LanguageError(pos, f"{tree.name} returns nothing: return {wanted}")
        value = single_value(self.out, frame)
        if value is None:
            result = self.local(frame.result, tree)
            value = ir.Do(type=result.type, pos=pos, body=tuple(self.out), result=result)
        return value

    def resolve_at(
        self, node: ast.AST, function: Any, label: str | None, actor: ir.Expr | None, values: dict[str, ir.Expr]
    ) -> ir.Expr:
        source = source_of(function)
        if label is not None and label not in source.labels:
            known = ", ".join(f'"{text}"' for text in sorted(source.labels))
            self.fail(node, f'{function.__name__} has no yield "{label}": it has {known or "none"}')
        result: ir.Expr = self.const(t.BOOL, 0, node)
        if self.places is None:
            return ir.At(type=t.BOOL, pos=self.pos(node), places=())
        simple: list[ir.AtPlace] = []
        elsewhere: tuple[Lowered, int, int] | None = None
        for number, (role, operations) in enumerate(self.places.roles):
            if actor is not None and actor.type != role.type:
                continue
            for lowered in operations:
                for k, point in enumerate(lowered.procedure.yields):
                    stack = lowered.point_functions[k]
                    if function not in stack or (
                        label is not None and (stack[-1] is not function or point.label != label)
                    ):
                        continue
                    depth = stack.index(function)
                    if not all(has_value(lowered, k, depth, name) for name in values):
                        elsewhere = lowered, k, depth
                        continue
                    place, extra = self.at_place(node, number, role, lowered, k, depth, actor, values)
                    if extra is None:
                        simple.append(place)
                    else:
                        one = ir.At(type=t.BOOL, pos=self.pos(node), places=(place,))
                        result = self.either(result, self.both(one, extra, node), node)
        if elsewhere is not None and (label is not None or (not simple and isinstance(result, ir.Const))):
            self.without_value(node, *elsewhere, values)
        if simple:
            result = self.either(ir.At(type=t.BOOL, pos=self.pos(node), places=tuple(simple)), result, node)
        return result

    def without_value(
        self, node: ast.AST, lowered: Lowered, k: int, depth: int, values: dict[str, ir.Expr]
    ) -> NoReturn:
        name = next(name for name in values if not has_value(lowered, k, depth, name))
        self.fail(
            node,
            f"{lowered.point_functions[k][depth].__name__} has no local called {name} with a value at "
            f'"{lowered.procedure.yields[k].label}"',
        )

    def at_place(
        self,
        node: ast.AST,
        number: int,
        role: ir.Role,
        lowered: Lowered,
        k: int,
        depth: int,
        actor: ir.Expr | None,
        values: dict[str, ir.Expr],
    ) -> tuple[ir.AtPlace, ir.Expr | None]:
        point = lowered.procedure.yields[k]
        slots = dict(point.live)
        wanted: list[tuple[ir.Field, ir.Expr]] = []
        extra: ir.Expr | None = None
        for name, value in values.items():
            found = lowered.point_names[k][depth][name]
            local = kept_local(found)
            if local is not None:
                type_ = lowered.procedure.locals[local]
                self.comparable(node, name, type_, value)
                wanted.append((role.slots[slots[local]], value))
            elif isinstance(found, ir.Const):
                test = self.compare_two(
                    found,
                    ast.Eq(),
                    value,
                    ast.Compare(left=ast.Constant(0, lineno=point.pos.line), ops=[], comparators=[]),
                )
                extra = test if extra is None else self.both(extra, test, node)
        return ir.AtPlace(role=number, actor=actor, pc=point.pc, values=tuple(wanted)), extra

    def comparable(self, node: ast.AST, name: str, type_: t.Type, value: ir.Expr) -> None:
        from checker.language.places import kind, strip

        both_numbers = isinstance(type_, t.IntT) and isinstance(value.type, t.IntT)
        if strip(type_) != strip(value.type) and not both_numbers:
            self.fail(node, f"{name} is {kind(type_)} there: comparing it with {kind(value.type)}")


def has_value(lowered: Lowered, k: int, depth: int, name: str) -> bool:
    """Whether at(...) can ask for a local at yield k."""
    found = lowered.point_names[k][depth].get(name)
    local = kept_local(found)
    return isinstance(found, ir.Const) or (
        local is not None and any(local == kept for kept, _ in lowered.procedure.yields[k].live))


def check_labels(function: Any) -> None:
    """Yield texts tell the steps of a function apart."""
    source = source_of(function)
    if len(set(source.labels)) == len(source.labels):
        return
    seen: set[str] = set()
    for node in ast.walk(source.tree):
        match node:
            case ast.Yield(value=ast.Constant(value=str(label))):
                if label in seen:
                    raise LanguageError(
                        source.pos(node),
                        f'"{label}" labels another yield of {function.__name__} too: say what sets this step apart',
                    )
                seen.add(label)


__all__ = ["AtTable", "Lowered", "Lowering", "check_labels"]
