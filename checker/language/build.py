# SPDX-License-Identifier: GPL-2.0-or-later
"""From a spec to a System: everything compiled for one design and one scope."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from checker.language import ir
from checker.language import types as t
from checker.language.context import Binding, binding
from checker.language.errors import LanguageError, UsageError
from checker.language.frames import SystemContext
from checker.language.initial import Built, initial_states
from checker.language.liveness import Live, Liveness, is_data
from checker.language.places import Fields, kept_local, strip
from checker.language.procedures import AtTable, Lowered, Lowering, check_labels
from checker.language.records import State
from checker.language.runs import run_promises
from checker.language.shapes import RecordShape, Shape, index_type, position, record_shape
from checker.language.shelf import shelf_of
from checker.language.sorts import Actor, Sort
from checker.language.source import failures_of
from checker.language.spec import Design, Function, Scope, Spec
from checker.language.verbs import RUN_KINDS, kind_of

BUILT_IN = (
    "no_model_error",
    "no_deadlock",
    "every_operation_can_finish",
    "no_lock_left_behind",
    "locks_are_taken_in_one_order",
)
"""Names of the promises that every spec makes without saying so."""


def build(spec: Spec, *, design: Design | None = None, scope: Scope | None = None,
          merged: frozenset[tuple[str, str]] = frozenset(), lemmas: bool = True) -> Built:
    """Compiles a spec; ``design`` and ``scope`` replace its own, ``merged`` are yields that end no step.

    ``lemmas``: whether the spec's lemmas are promised, too.

    Raises LanguageError (a model that cannot be read) or UsageError.
    """
    design = design if design is not None else spec.design
    scope = scope if scope is not None else spec.scope
    bound = replace(bind(spec, design, scope), merged=merged)
    with binding(bound):
        return Builder(spec, design, scope, bound, asked_of(spec, lemmas)).build()


def asked_of(spec: Spec, lemmas: bool) -> tuple[Function, ...]:
    """The promises of a spec, and behind them its lemmas that are not among them."""
    promises = tuple(spec.promises)
    for lemma in spec.lemmas if lemmas else ():
        if kind_of(lemma) != "invariant":
            raise LanguageError(position(lemma), f"{getattr(lemma, '__name__', lemma)} is used as a lemma: what a "
                                "proof by induction rests on is an @invariant")
    return (*promises, *dict.fromkeys(f for f in spec.lemmas if lemmas and f not in promises))


def bind(spec: Spec, design: Design | None, scope: Scope) -> Binding:
    """Sizes of all sorts, and which roles take part."""
    model = spec.model
    if not (isinstance(model.state, type) and issubclass(model.state, State)):
        raise UsageError(f"Model(state=...) takes a class derived from State, not {model.state!r}")
    for sort, n in scope.sizes.items():
        if not (isinstance(sort, type) and issubclass(sort, Sort)):
            raise UsageError(f"scope {scope.name!r} gives a size to {sort!r}, which is no sort")
        if not isinstance(n, int) or n < (0 if issubclass(sort, Actor) else 1):
            raise UsageError(f"scope {scope.name!r}: {sort.__name__} has {n} objects; at least 1 is needed")
    for role in model.operations:
        if not (isinstance(role, type) and issubclass(role, Actor)):
            name = getattr(role, "__name__", role)
            raise UsageError(f"Model(operations=...): {name} is no role, derive it from Actor")
    roles = tuple(role for role in model.operations if scope.sizes.get(role, 0) > 0)
    for role in model.operations:
        if role not in scope.sizes:
            raise UsageError(f"scope {scope.name!r} gives no size to the role {role.__name__} (0 leaves it out)")
    failures = frozenset(scope.failures) if scope.failures is not None else None
    missing = sorted(
        s.__name__ for s in all_sorts(model.state) if s.kind not in ("data", "actor") and s not in scope.sizes
    )
    if missing:
        raise UsageError(f"scope {scope.name!r} gives no size to {', '.join(missing)}")
    check_blocks(scope)
    return Binding(dict(scope.sizes), design, failures, roles, blocks=dict(scope.blocks))


def check_blocks(scope: Scope) -> None:
    """Blocks fill a symmetric sort."""
    for sort, block in scope.blocks.items():
        name = getattr(sort, "__name__", repr(sort))
        if sort not in scope.sizes:
            raise UsageError(f"scope {scope.name!r} gives blocks but no size to {name}")
        if getattr(sort, "kind", "") != "symmetric":
            raise UsageError(f"scope {scope.name!r} gives blocks to {name}: only a symmetric Index has blocks")
        if not isinstance(block, int) or block < 1 or scope.sizes[sort] % block:
            raise UsageError(f"scope {scope.name!r}: {scope.sizes[sort]} {name} are no blocks of {block}; the size "
                             "is a multiple of the block")


class Builder:
    """The steps of one build, in order."""

    def __init__(self, spec: Spec, design: Design | None, scope: Scope, bound: Binding, asked: tuple[Function, ...]):
        self.spec, self.design, self.scope, self.bound, self.asked = spec, design, scope, bound, asked
        self.fields = Fields()

    def build(self) -> Built:
        model = self.spec.model
        self.size_contents()
        shape = record_shape(model.state, self.bound)
        root = self.fields.tree(shape)
        shelf = shelf_of(self.bound, model.state, root, tuple(self.fields.made))
        self.fields.made[:] = shelf.fields
        role_types = {role: index_type(role) for role in self.bound.roles}
        self.system = SystemContext(self.bound, shelf.root, model.state, self.bound.roles, role_types, shelf)
        self.check_names()
        rules = [self.lower(f, "rule", None) for f in model.rules]
        operations = [[self.lower(f, "operation", role) for f in self.operations_of(role)] for role in self.bound.roles]
        if not rules and not any(operations):
            raise UsageError(
                f"{self.spec.name or 'this spec'}: nothing can happen, the model has no rules and no operations "
                "in this scope"
            )
        functions = {f.__name__: f for f in (*self.asked, *self.spec.measures)}
        requests = self.promises(None)[1] + self.measures(None)[1] + run_promises(self.system, None, self.asked)[2]
        roles = self.frames(operations, requests)
        table = AtTable(list(zip(roles, operations, strict=True)), set())
        promises = self.promises(table)[0]
        about_runs, run_parameters, _ = run_promises(self.system, table, self.asked)
        for text in self.system.assertions:
            if text in BUILT_IN or text in functions:
                raise UsageError(f"{text!r} is the text of an assert and the name of a promise or measure: rename one")
        self.check_expectations({*BUILT_IN, *(f.__name__ for f in self.asked), *self.system.assertions})
        may_end = None
        if self.spec.may_end is not None:
            may_end = Lowering(self.system).promise(self.spec.may_end, "invariant").condition
        built = Built(
            name=self.spec.name,
            fields=tuple(self.fields.made),
            roles=tuple(roles),
            rules=tuple(r.procedure for r in rules),
            promises=promises,
            assertions=tuple(self.system.assertions),
            may_end=may_end,
            data=self.data_sorts(),
            initial=(),
            spec=self.spec,
            scope=self.scope,
            design=self.design,
            binding=self.bound,
            shape=shape,
            lowered_rules=rules,
            lowered_roles=operations,
            functions=functions,
            start=tuple(self.spec.start),
            run_promises=about_runs,
            run_parameters=run_parameters,
            measures=self.measures(table)[0],
            lemmas=tuple(f.__name__ for f in self.asked if f not in tuple(self.spec.promises)),
        )
        built.initial = initial_states(built)
        return built

    def check_names(self) -> None:
        """Traces and counts know procedures by name, and failures by text: each must be told apart."""
        model = self.spec.model
        functions = [*model.rules, *(f for operations in model.operations.values() for f in operations)]
        known: dict[str, Any] = {}
        for function in functions:
            name = getattr(function, "__name__", str(function))
            if known.setdefault(name, function) is not function:
                raise LanguageError(position(function), f"two rules or operations are called {name}: rename one")
        wanted = set(self.scope.failures or ())
        there = failures_of(functions) if wanted else set()
        for text in sorted(wanted - there):
            raise UsageError(
                f"scope {self.scope.name!r} lets {text!r} happen, but no maybe(...) has that text; "
                f"there are {', '.join(sorted(map(repr, there))) or 'none'}"
            )

    def check_expectations(self, names: set[str]) -> None:
        """What is expected must exist, unless a changed design has taken it away."""
        if self.design is not self.spec.design:
            return
        for name in self.spec.expected:
            if name not in names:
                raise UsageError(
                    f"{self.spec.name or 'this spec'} expects something of {name!r}, no promise or assert of it; "
                    f"there are {', '.join(sorted(names))}"
                )

    def size_contents(self) -> None:
        """One content more than there are fields to hold them: a fresh one always exists."""
        sorts = {s for s in all_sorts(self.spec.model.state) if s.kind == "data"}
        for sort in sorts - set(self.bound.sizes):
            self.bound.sizes[sort] = len(sort.constants) + 1
        counted: dict[type, int] = {}
        shape = record_shape(self.spec.model.state, self.bound)
        for sort in sorts - set(self.scope.sizes):
            counted[sort] = count_cells(shape, sort)
        for sort, n in counted.items():
            self.bound.sizes[sort] = len(sort.constants) + n + 1  # type: ignore[attr-defined]

    def data_sorts(self) -> tuple[t.IndexT, ...]:
        found: dict[str, t.IndexT] = {}
        for field in self.fields.made:
            inner = strip(field.type)
            if isinstance(inner, t.IndexT) and inner.kind == "data":
                found[inner.name] = inner
        return tuple(found.values())

    def operations_of(self, role: type) -> tuple[Any, ...]:
        model_has = tuple(self.spec.model.operations[role])
        if self.scope.operations is None or role not in self.scope.operations:
            return model_has
        wanted = tuple(self.scope.operations[role])
        for function in wanted:
            if function not in model_has:
                raise UsageError(
                    f"scope {self.scope.name!r}: {function.__name__} is no operation of {role.__name__} in this model"
                )
        return wanted

    def lower(self, function: Any, kind: str, role: type | None) -> Lowered:
        if kind_of(function) != kind:
            raise LanguageError(
                position(function),
                f"{getattr(function, '__name__', function)} is used as a {kind}: decorate it with @{kind}",
            )
        lowered = Lowering(self.system).procedure(function, role)
        for functions in lowered.point_functions:
            for one in functions:
                check_labels(one)
        return lowered

    # ----------------------------------------------------------- promises, at

    def promises(self, table: AtTable | None) -> tuple[tuple[ir.Promise, ...], list[Any]]:
        made: list[ir.Promise] = []
        requests: list[Any] = []
        names: set[str] = set(BUILT_IN)
        for function in self.asked:
            kind = kind_of(function)
            if kind == "measure":
                raise LanguageError(
                    position(function), f"{function.__name__} is a measure, not a promise: Spec(measures=[...])"
                )
            if kind not in ("invariant", "step", "reachable", *RUN_KINDS):
                raise LanguageError(
                    position(function),
                    f"{getattr(function, '__name__', function)} is used as a promise: decorate it "
                    "with @invariant, @step_invariant, @reachable, @progress or @can_always_reach",
                )
            if function.__name__ in names:
                raise LanguageError(position(function), f"two promises are called {function.__name__}")
            names.add(function.__name__)
            if kind in RUN_KINDS:
                continue
            lowering = Lowering(self.system, table)
            made.append(lowering.promise(function, kind))
            requests += lowering.at_requests
        return tuple(made), requests

    def measures(self, table: AtTable | None) -> tuple[tuple[ir.Measure, ...], list[Any]]:
        made: list[ir.Measure] = []
        requests: list[Any] = []
        names = {*BUILT_IN, *(f.__name__ for f in self.asked)}
        for function in self.spec.measures:
            name = getattr(function, "__name__", str(function))
            if kind_of(function) != "measure":
                raise LanguageError(position(function), f"{name} is used as a measure: decorate it with @measure")
            if name in names:
                raise LanguageError(position(function), f"two promises or measures are called {name}")
            names.add(name)
            lowering = Lowering(self.system, table)
            made.append(lowering.measure(function))
            requests += lowering.at_requests
        return tuple(made), requests

    # ----------------------------------------------------------------- frames

    def frames(self, operations: list[list[Lowered]], requests: list[Any]) -> list[ir.Role]:
        roles: list[ir.Role] = []
        for role, lowered_all in zip(self.bound.roles, operations, strict=True):
            type_ = self.system.role_types[role]
            slots: list[t.Type] = []
            pc = 1
            for lowered in lowered_all:
                kept = kept_for(lowered, requests)
                if kept:
                    live = Liveness(lowered.procedure, kept)
                    self.check_entry(lowered, live)
                    lowered.live = live.points
                for k, point in enumerate(lowered.procedure.yields):
                    point.pc = pc
                    pc += 1
                    if k not in lowered.live:
                        continue
                    point.live = tuple(self.slots(lowered, lowered.live[k], slots))
                    point.origin = {name: lowered.origin[name] for name, _ in point.live if name in lowered.origin}
            pcs = self.fields.add(f"{type_.name}.pc", (type_,), t.EnumT(f"{type_.name}.pc", pc_names(lowered_all)))
            made = tuple(self.fields.add(f"{type_.name}.slot{k}", (type_,), of) for k, of in enumerate(slots))
            roles.append(ir.Role(type_, pcs, made, tuple(x.procedure for x in lowered_all)))
        return roles

    def check_entry(self, lowered: Lowered, live: Liveness) -> None:
        given = {lowered.procedure.actor, *lowered.procedure.params}
        for name, pos in live.entry.items():
            if name not in given:
                raise LanguageError(
                    pos, f"at(...) asks for {name}, which has no value yet when {lowered.procedure.name} gets there"
                )

    def slots(self, lowered: Lowered, live: Live, slots: list[t.Type]) -> list[tuple[str, int]]:
        """Gives each live local a frame slot of its type."""
        taken: set[int] = set()
        pairs: list[tuple[str, int]] = []
        for name in sorted(live):
            if name == lowered.procedure.actor:
                continue
            type_ = lowered.procedure.locals[name]
            self.check_slot(name, type_, live[name])
            number = next((k for k, of in enumerate(slots) if of == type_ and k not in taken), None)
            if number is None:
                number = len(slots)
                slots.append(type_)
            taken.add(number)
            pairs.append((name, number))
        return pairs

    def check_slot(self, name: str, type_: t.Type, pos: ir.Pos) -> None:
        short = name.rpartition(".")[2].partition("#")[0]
        if is_data(type_):
            raise LanguageError(pos, f"the content in {short} lives across a yield: keep contents in the state")
        if isinstance(type_, t.IntT) and type_.card > 1 << 16:
            raise LanguageError(
                pos, f"the number {short} lives across a yield and has no bound: keep it in a Range field of the state"
            )


def kept_for(lowered: Lowered, requests: list[Any]) -> dict[int, Live]:
    """The locals that at(...) asks for, by yield."""
    kept: dict[int, Live] = {}
    for k, functions in enumerate(lowered.point_functions):
        point = lowered.procedure.yields[k]
        for function, label, names in requests:
            if function not in functions or (
                label is not None and (functions[-1] is not function or point.label != label)
            ):
                continue
            for name in names:
                found = kept_local(lowered.point_names[k][functions.index(function)].get(name))
                if found is not None:
                    kept.setdefault(k, {})[found] = point.pos
    return kept


def pc_names(lowered_all: list[Lowered]) -> tuple[str, ...]:
    names = ["idle"]
    for lowered in lowered_all:
        names += [f"{lowered.procedure.name}: {point.label}" for point in lowered.procedure.yields]
    return tuple(names)


def all_sorts(cls: type) -> set[Any]:
    """The sorts that occur in the annotations of a state, deeply."""
    import typing

    from checker.language.records import Record
    from checker.language.shapes import evaluate, field_annotations, field_position
    from checker.language.sorts import ArraySpec, SetSpec, Union

    found: set[Any] = set()

    def visit(annotation: Any, module: str) -> None:
        annotation = evaluate(annotation, module)
        if isinstance(annotation, (ArraySpec, SetSpec)):
            for part in (getattr(annotation, "dim", None), annotation.of):
                if part is not None:
                    visit(part, module)
        elif typing.get_args(annotation):
            for part in typing.get_args(annotation):
                visit(part, module)
        elif isinstance(annotation, type) and issubclass(annotation, Sort):
            found.add(annotation)
        elif isinstance(annotation, type) and issubclass(annotation, Record):
            for name, inner in field_annotations(annotation).items():
                try:
                    visit(inner, annotation.__module__)
                except (NameError, TypeError) as error:
                    raise LanguageError(
                        field_position(annotation, name), f"{annotation.__name__}.{name}: {error}"
                    ) from None
        elif isinstance(annotation, type) and issubclass(annotation, Union):
            for tag in annotation.cases:
                for inner in tag.fields.values():
                    visit(inner, annotation.__module__)

    visit(cls, cls.__module__)
    return found


def count_cells(shape: Shape, sort: type) -> int:
    from checker.language.shapes import ArrayShape, Scalar

    match shape:
        case Scalar():
            inner = shape.parts[0] if isinstance(shape.type, t.OptT) else shape
            return int(inner.python is sort)
        case RecordShape():
            return sum(count_cells(sub, sort) for sub in shape.fields.values())
        case ArrayShape():
            return shape.dim.size * count_cells(shape.of, sort)


def rename(spec: Spec, name: str) -> Spec:
    return replace(spec, name=name) if not spec.name else spec


__all__ = ["BUILT_IN", "Built", "build", "rename"]
