# SPDX-License-Identifier: GPL-2.0-or-later
"""What the front end knows while it lowers one procedure: names, locals, output."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from checker.language import ir
from checker.language import types as t
from checker.language.context import Binding as Context
from checker.language.errors import LanguageError
from checker.language.places import (
    Binding,
    EmptySetT,
    LocalB,
    NoneT,
    PlaceB,
    StaticB,
    join,
    kind,
)
from checker.language.shelf import Seen, Shelf
from checker.language.source import Source, names_of

ROUNDS_BEFORE_WIDENING = 6


@dataclass
class Frame:
    """One function being lowered: the procedure itself, or a helper inlined into it."""

    source: Source
    prefix: str
    depth: int
    names: dict[str, Binding]
    parent: Frame | None
    free: Mapping[str, Any]
    exit_label: str
    result: str | None = None
    call_line: int = 0
    breaks: list[tuple[str, str]] = field(default_factory=list)

    def stack(self) -> list[Frame]:
        return ([] if self.parent is None else self.parent.stack()) + [self]


@dataclass
class SystemContext:
    """What all procedures of a system share."""

    binding: Context
    root: Any
    root_class: type
    roles: tuple[type, ...]
    role_types: dict[type, t.IndexT]
    shelf: Shelf
    assertions: list[str] = field(default_factory=list)
    unions: dict[type, t.UnionT] = field(default_factory=dict)
    _names: dict[Any, Mapping[str, Any]] = field(default_factory=dict)

    def names_of(self, source: Source) -> Mapping[str, Any]:
        """What the free names of a function mean, while this system is built."""
        found = self._names.get(source.function)
        if found is None:
            found = self._names[source.function] = names_of(source)
        return found

    def promise(self, text: str) -> int:
        if text not in self.assertions:
            self.assertions.append(text)
        return self.assertions.index(text)

    def numbers(self, texts: Iterable[str]) -> dict[str, int]:
        """The numbers that assertions have, or would have if they were met now, in this order."""
        known = list(dict.fromkeys((*self.assertions, *texts)))
        return {text: known.index(text) for text in texts}

    def role_base(self, role: type) -> int:
        """The number of the first actor of a role among all actors."""
        before = self.roles[: self.roles.index(role)]
        return sum(self.role_types[r].size for r in before)

    def lock_type(self) -> t.LockT:
        types = [self.role_types[role] for role in self.roles]
        return t.LockT(tuple(f"{of.prefix}{k}" for of in types for k in range(of.size)))


class Base:
    """Names, locals and output of the lowering; expressions and statements build on it."""

    def __init__(self, system: SystemContext):
        self.system = system
        self.seen = Seen()
        self.types: dict[str, t.Type] = {}
        self.changed = False
        self.round = 0
        self.reset()

    def reset(self) -> None:
        """Starts another round over the same procedure."""
        self.changed = False
        self.out: list[ir.Stmt] = []
        self.counter = 0
        self.origin: dict[str, tuple[int, str, int | None]] = {}
        self.sites: list[ir.Site] = []
        self.points: list[ir.YieldPoint] = []
        self.point_lines: list[tuple[int, ...]] = []
        self.point_names: list[list[dict[str, Binding]]] = []
        self.point_functions: list[list[Any]] = []
        self.guards: list[ir.Pos] = []
        self.held: list[tuple[ir.Field, tuple[ir.Expr, ...]]] = []
        self.actor: ir.Expr | None = None
        self.actor_role: type | None = None
        self.frame: Frame
        self.promise_kind: str | None = None
        self.at_requests: list[tuple[Any, str | None, tuple[str, ...]]] = []

    # ------------------------------------------------------------ refusing

    def fail(self, node: ast.AST, text: str) -> NoReturn:
        raise LanguageError(self.frame.source.pos(node), text)

    def pos(self, node: ast.AST) -> ir.Pos:
        return self.frame.source.pos(node)

    # -------------------------------------------------------------- locals

    def fresh_name(self, hint: str) -> str:
        self.counter += 1
        return f"{self.frame.prefix}{hint}#{self.counter}"

    def declare(self, name: str, type_: t.Type, node: ast.AST) -> None:
        """Widens the type of a local by one more value that it takes."""
        known = self.types.get(name)
        joined = join(known, type_)
        if joined is None:
            self.fail(
                node,
                f"{name.rpartition('.')[2]} is {kind(known) if known else 'unset'} elsewhere and {kind(type_)} here: "
                "a name has one type",
            )
        if joined != known:
            if isinstance(joined, t.IntT) and self.round > ROUNDS_BEFORE_WIDENING and isinstance(known, t.IntT):
                joined = t.IntT(
                    known.lo if joined.lo == known.lo else -t.WIDE, known.hi if joined.hi == known.hi else t.WIDE
                )
            self.types[name] = joined
            self.changed = self.changed or known is not None  # what was lowered with the narrower type is stale

    def local(self, name: str, node: ast.AST) -> ir.Local:
        return ir.Local(type=self.types[name], pos=self.pos(node), name=name)

    def assign(self, name: str, value: ir.Expr, node: ast.AST) -> None:
        """``name = value``, flattening an inlined helper into statements."""
        value = self.flatten(value)
        self.declare(name, value.type, node)
        self.out.append(ir.SetLocal(pos=self.pos(node), name=name, value=self.coerce(value, self.types[name], node)))

    def flatten(self, value: ir.Expr) -> ir.Expr:
        while isinstance(value, ir.Do):
            self.out.extend(value.body)
            value = value.result
        return value

    @contextmanager
    def capture(self) -> Iterator[list[ir.Stmt]]:
        """Collects statements apart."""
        saved, self.out = self.out, []
        try:
            yield self.out
        finally:
            self.out = saved

    # --------------------------------------------------------------- types

    def coerce(self, value: ir.Expr, type_: t.Type, node: ast.AST, what: str = "") -> ir.Expr:
        """The value as one of ``type_``: checked when it runs, or refused."""
        have = value.type
        if have == type_:
            return value
        pos = value.pos
        if isinstance(value, ir.Do):
            return ir.Do(type=type_, pos=pos, body=value.body, result=self.coerce(value.result, type_, node, what))
        if isinstance(type_, t.IntT) and isinstance(have, t.IntT):
            if type_.lo <= have.lo and have.hi <= type_.hi:
                return value
            if have.hi < type_.lo or have.lo > type_.hi:
                self.fail(
                    node, f"{value.value if isinstance(value, ir.Const) else kind(have)} is outside {type_}{what}"
                )
            return ir.Cast(type=type_, pos=pos, operand=value, message=f"outside {type_}{what}")
        if isinstance(type_, t.OptT):
            if isinstance(have, NoneT):
                return ir.Const(type=type_, pos=pos, value=type_.none)
            if have == type_.of:
                return ir.Recode(type=type_, pos=pos, operand=value)
        if isinstance(have, t.OptT) and have.of == type_:
            return ir.Cast(type=type_, pos=pos, operand=value, message=f"None does not fit {type_}{what}")
        if isinstance(have, EmptySetT) and isinstance(type_, t.SetT):
            return ir.Const(type=type_, pos=pos, value=0)
        if isinstance(have, NoneT):
            self.fail(node, f"None does not fit {kind(type_)}{what}")
        self.fail(node, f"{kind(type_)} is wanted here{what}, this is {kind(have)}")

    def condition(self, value: ir.Expr, node: ast.AST) -> ir.Expr:
        if isinstance(value.type, t.BoolT):
            return value
        hint = (
            'write "is not None"'
            if isinstance(value.type, (t.OptT, t.IndexT, NoneT))
            else ("write len(...) > 0" if isinstance(value.type, t.SetT) else "compare it")
        )
        self.fail(node, f"a condition must be a bool, this is {kind(value.type)}: {hint}")

    # --------------------------------------------------------------- names

    def lookup(self, name: str, node: ast.AST) -> Binding:
        frame = self.frame
        if name in frame.names:
            bound = frame.names[name]
            if isinstance(bound, LocalB):
                if bound.name not in self.types:
                    self.fail(node, f"{name} may be read before assignment")
                return self.local(bound.name, node)
            return bound
        if name in frame.source.assigned:
            self.fail(node, f"{name} may be read before assignment")
        if name not in frame.free:
            self.fail(node, f"name {name} is not defined")
        found = self.seen.names[frame.source.function, name] = frame.free[name]
        return self.static(found, node)

    def assertion(self, text: str) -> int:
        """The number of an assertion."""
        number = self.seen.assertions[text] = self.system.promise(text)
        return number

    def static(self, value: Any, node: ast.AST) -> Binding:
        raise NotImplementedError

    def stable(self, value: ir.Expr) -> bool:
        """Whether the value stays what it is as long as a name bound to it now is used."""
        if isinstance(value, ir.Const):
            return True
        if not isinstance(value, ir.Local):
            return False
        if value.name.startswith("$"):  # bound by a comprehension: no statement can change it
            return True
        origin = self.origin.get(value.name)
        if origin is None or origin[2] is not None:
            return False
        depth, variable, _ = origin
        source = self.frame.stack()[depth].source
        times = source.assigned.get(variable, 0)
        parameter = variable in {a.arg for a in source.tree.args.args}
        if depth < self.frame.depth:
            return True
        return times == 0 if parameter else times == 1 and variable not in source.in_loop

    def bind_place(self, variable: str, place: PlaceB, node: ast.AST) -> PlaceB:
        """Evaluates the indices of a place once, into locals that belong to a variable."""
        indices: list[ir.Expr] = []
        once = self.frame.source.assigned.get(variable, 0) <= 1
        for k, index in enumerate(place.indices):
            if once and self.stable(index):
                indices.append(index)
                continue
            name = f"{self.frame.prefix}{variable}.{k}"
            self.origin[name] = (self.frame.depth, variable, k)
            self.assign(name, index, node)
            indices.append(self.local(name, node))
        return PlaceB(place.node, tuple(indices), place.old)

    def new_frame(self, source: Source, call_line: int) -> Frame:
        self.counter += 1
        parent = self.frame
        label = f"{source.function.__name__}#{self.counter}"
        names = self.system.names_of(source)
        return Frame(source, f"{label}.", parent.depth + 1, {}, parent, names, label, call_line=call_line)


def is_static(binding: Binding, value: Any) -> bool:
    return isinstance(binding, StaticB) and binding.value is value
