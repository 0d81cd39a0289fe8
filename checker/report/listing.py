# SPDX-License-Identifier: GPL-2.0-or-later
"""What a model consists of: operations, promises, designs, scopes, specs."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from checker.asked import Asked, designs, modules, shown, switches, unusual
from checker.claims import claims, first_line
from checker.language import ir
from checker.language.errors import UsageError
from checker.language.source import file_of
from checker.language.spec import Spec
from checker.language.verbs import kind_of
from checker.remembered import remembered
from checker.report.output import Line
from checker.report.text import subject
from checker.run import question
from checker.words import amount, unknown

Function = Callable[..., Any]


def contents(asked: Asked) -> dict[str, Any]:
    """Everything that ``vswap list --json`` prints, but schema and exit code."""
    operations, promises = _compiled(asked)
    stated = {f.__name__: f for spec in asked.specs.values() for f in (*spec.promises, *spec.lemmas)}
    specs = [{
        "name": name, "why": spec.why.strip(), "default": spec.default, "scope": asked.scope_of(spec).name,
        "design": unusual(asked.design_of(spec)), "promises": [f.__name__ for f in spec.promises],
        "lemmas": [f.__name__ for f in spec.lemmas],
        "expected_broken": {promise: known.steps for promise, known in spec.expected.items()},
    } for name, spec in asked.specs.items()]
    scopes = {spec.scope.name: spec.scope for spec in asked.specs.values()}
    return {
        "model": asked.model,
        "operations": operations,
        "promises": [{"name": name, "kind": kind_of(f) or "", "doc": first_line(inspect.getdoc(f))}
                     for name, f in stated.items()] + promises,
        "measures": [{"name": f.__name__, "doc": first_line(inspect.getdoc(f))}
                     for f in {f.__name__: f for spec in asked.specs.values() for f in spec.measures}.values()],
        "designs": [{"name": name, "class": type(design).__name__, "unusual": unusual(design)}
                    for name, design in designs(asked.specs.values()).items()],
        "switches": _switches(asked),
        "scopes": [{"name": name, "sizes": scope.describe()} for name, scope in scopes.items()],
        "specs": specs,
    }


def _compiled(asked: Asked) -> list[list[dict[str, Any]]]:
    """Operations, and the promises that nobody had to state: both only known when the model is compiled.

    That takes longer than all the rest, so it is kept.  A file may import what nobody knows of: not it.
    """
    def work() -> list[list[dict[str, Any]]]:
        return _compile(asked)

    if asked.file is not None:
        return work()
    own = [module for name, module in sorted(sys.modules.items())
           if inside(name, ("checker.language", "checker.report"))]
    what = repr(("list", sorted(asked.specs), asked.options()))
    return remembered(what, [*modules(asked.specs.values()), *own, sys.modules[claims.__module__]], work)


def inside(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of some packages or in one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def _compile(asked: Asked) -> list[list[dict[str, Any]]]:
    operations: dict[tuple[str, str], dict[str, Any]] = {}
    promises: dict[str, dict[str, Any]] = {}
    for spec in one_of_each_model(asked):
        system = question(asked, spec).system
        written = functions(spec)
        for kind, role, procedure in procedures(system):
            state = spec.model.state.__name__
            entry = operations.setdefault((state, procedure.name),
                                          _operation(kind, state, procedure, written.get(procedure.name)))
            if role and role not in entry["roles"]:
                entry["roles"].append(role)
        for claim in claims(system):
            if claim.promise is None and claim.runs is None:
                promises[claim.name] = {"name": claim.name, "kind": claim.kind, "doc": claim.doc}
    return [list(operations.values()), list(promises.values())]


def one_of_each_model(asked: Asked) -> list[Spec]:
    """One spec for each model, the first default one if there is one: designs fold branches, but change no list.

    Its scope is widened to every role and operation of the model.
    """
    chosen: dict[int, Spec] = {}
    for spec in sorted(asked.specs.values(), key=lambda spec: not spec.default):
        chosen.setdefault(id(spec.model), spec)
    return [dataclasses.replace(spec, scope=dataclasses.replace(spec.scope, operations=None, sizes={
        sort: max(size, 1) for sort, size in spec.scope.sizes.items()})) for spec in chosen.values()]


def procedures(system: ir.System) -> Iterator[tuple[str, str | None, ir.Procedure]]:
    """Kind, role and procedure, operations first."""
    for role in system.roles:
        for procedure in role.operations:
            yield "operation", role.type.name, procedure
    for procedure in system.rules:
        yield "rule", None, procedure


def functions(spec: Spec) -> dict[str, Function]:
    """The author's functions behind the procedures of a spec."""
    found = [*spec.model.rules, *(f for fs in spec.model.operations.values() for f in fs)]
    return {f.__name__: f for f in found}


def _operation(kind: str, state: str, procedure: ir.Procedure, function: Function | None) -> dict[str, Any]:
    return {
        "name": procedure.name, "kind": kind, "state": state, "doc": procedure.doc.strip().partition("\n")[0],
        "roles": [],
        "mirrors": mirrors(function) if function is not None else "",
        "params": list(procedure.params), "place": str(procedure.pos),
        "steps": list(dict.fromkeys(point.label for point in procedure.yields)),
        "starts_only_if": [source for source in (_source(function, pos) for pos in procedure.guards) if source],
    }


def mirrors(function: Function) -> str:
    """The C function that a function stands for: its docstring's Mirrors line, or the one in its
    module's line that has its name.
    """
    own = _mirrors_of(inspect.getdoc(function))
    if own:
        return own
    text = _mirrors_of(inspect.getdoc(sys.modules.get(function.__module__)))
    called = f"{function.__name__}()"
    if called not in text:
        return ""
    file = re.search(r"[\w/.-]+\.[ch]\b", text[text.index(called):])
    return called + (f" in {file[0]}" if file else "")


def _mirrors_of(doc: str | None) -> str:
    match = re.search(r"^Mirrors\s+(.*?)(?=\n\s*\n|\nLeft out|\Z)", doc or "", re.DOTALL | re.MULTILINE)
    return " ".join(match[1].split()) if match else ""


def _source(function: Function | None, pos: ir.Pos) -> str:
    """The statement at a place in the function's own file, on one line."""
    if function is None or file_of(function) != pos.file:
        return ""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[function.__module__]))
    except (OSError, SyntaxError, KeyError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno == pos.line and not isinstance(node, (ast.If, ast.With, ast.For)):
            return ast.unparse(node)
    return ""


def _switches(asked: Asked) -> list[dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for design in map(asked.design_of, asked.specs.values()):
        if design is None or all(field.name in found for field in dataclasses.fields(design)):
            continue
        values = switches(design)
        for field in dataclasses.fields(design):
            value = values[field.name] if field.default is dataclasses.MISSING else shown(field.default)
            found.setdefault(field.name, {"name": field.name, "default": value})
    return list(found.values())


def ir_text(asked: Asked, name: str) -> str:
    """What an operation or a rule is compiled from, in the first default spec of its model."""
    from checker.language.show import show

    known: dict[str, ir.Procedure] = {}
    for spec in one_of_each_model(asked):
        for _, _, procedure in procedures(question(asked, spec).system):
            known.setdefault(procedure.name, procedure)
        if name in known:
            return show(known[name])
    raise UsageError(unknown("operation or rule", name, known))


def text(found: dict[str, Any]) -> Iterator[Line]:
    """The list as a person reads it."""
    states = list(dict.fromkeys(entry["state"] for entry in found["operations"]))
    for state, kind in itertools.product(states, ("operation", "rule")):
        chosen = [entry for entry in found["operations"] if entry["kind"] == kind and entry["state"] == state]
        if chosen:
            yield Line(f"{kind}s" + (f" on the state {state}" if len(states) > 1 else ""), "title")
        for entry in chosen:
            roles = f"  ({', '.join(entry['roles'])})" if entry["roles"] else ""
            yield Line(f"  {entry['name']}({', '.join(entry['params'])}){roles}")
            for line in (entry["doc"], entry["mirrors"] and f"mirrors {entry['mirrors']}"):
                if line:
                    yield Line(f"      {line}", "quiet")
            yield from (Line(f"      starts only if: {guard}", "quiet") for guard in entry["starts_only_if"])
            if entry["steps"]:
                yield Line(f"      {amount(len(entry['steps']) + 1, 'step')}: {'; '.join(entry['steps'])}", "quiet")
    yield Line("")
    yield Line("promises", "title")
    for entry in found["promises"]:
        yield Line(f"  {entry['name']}  ({entry['kind']})")
        if entry["doc"]:
            yield Line(f"      {entry['doc']}", "quiet")
    yield Line("")
    if found["measures"]:
        yield Line("measures", "title")
        for entry in found["measures"]:
            yield Line(f"  {entry['name']}")
            if entry["doc"]:
                yield Line(f"      {entry['doc']}", "quiet")
        yield Line("")
    if found["switches"]:
        yield Line("switches (vswap check --set NAME=VALUE)", "title")
        yield from (Line(f"  {entry['name']} = {entry['default']}") for entry in found["switches"])
        yield Line("")
    if found["designs"]:
        yield Line("designs", "title")
        for entry in found["designs"]:
            differs = ", ".join(f"{k} = {v}" for k, v in entry["unusual"].items()) or "every switch as it is written"
            yield Line(f"  {entry['name']}  ({entry['class']}: {differs})")
        yield Line("")
    yield Line("scopes", "title")
    for entry in found["scopes"]:
        yield Line(f"  {entry['name']}  ({', '.join(f'{k} {v}' for k, v in entry['sizes'].items())})")
    yield Line("")
    yield Line("specs", "title")
    for entry in found["specs"]:
        yield Line(f"  {entry['name']}" + ("" if entry["default"] else "  (not by default)"))
        yield Line(f"      {' '.join(subject(entry['why']).split())}", "quiet")
        if entry["expected_broken"]:
            yield Line(f"      expected to break: {', '.join(entry['expected_broken'])}", "quiet")
