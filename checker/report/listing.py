# SPDX-License-Identifier: GPL-2.0-or-later
"""What a model consists of: operations, promises, designs, scopes, specs."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from checker.asked import Asked, designs, shown, switches, unusual
from checker.claims import claims, first_line
from checker.language import ir
from checker.language.errors import UsageError
from checker.language.source import file_of
from checker.language.spec import Design, Spec
from checker.language.verbs import kind_of
from checker.report.output import Line
from checker.report.text import subject
from checker.run import question
from checker.words import amount, unknown

Function = Callable[..., Any]


def contents(asked: Asked) -> dict[str, Any]:
    """Everything that ``vswap list --json`` prints, but schema and exit code."""
    operations: dict[str, dict[str, Any]] = {}
    promises: dict[str, dict[str, Any]] = {}
    for spec in one_of_each_model(asked):
        system = question(asked, spec).system
        written = functions(spec)
        for kind, role, procedure in procedures(system):
            entry = operations.setdefault(procedure.name, _operation(kind, procedure, written.get(procedure.name)))
            if role and role not in entry["roles"]:
                entry["roles"].append(role)
        for claim in claims(system):
            if claim.promise is None and claim.runs is None:
                promises[claim.name] = {"name": claim.name, "kind": claim.kind, "doc": claim.doc}
    stated = {f.__name__: f for spec in asked.specs.values() for f in spec.promises}
    specs = [{
        "name": name, "why": spec.why.strip(), "default": spec.default, "scope": asked.scope_of(spec).name,
        "design": unusual(asked.design_of(spec)), "promises": [f.__name__ for f in spec.promises],
        "expected_broken": {promise: known.steps for promise, known in spec.expected.items()},
    } for name, spec in asked.specs.items()]
    scopes = {spec.scope.name: spec.scope for spec in asked.specs.values()}
    return {
        "model": asked.model,
        "operations": list(operations.values()),
        "promises": [{"name": name, "kind": kind_of(f) or "", "doc": first_line(inspect.getdoc(f))}
                     for name, f in stated.items()] + list(promises.values()),
        "measures": [{"name": f.__name__, "doc": first_line(inspect.getdoc(f))}
                     for f in {f.__name__: f for spec in asked.specs.values() for f in spec.measures}.values()],
        "designs": [{"name": name, "class": type(design).__name__, "unusual": unusual(design)}
                    for name, design in designs(asked.specs.values()).items()],
        "switches": _switches(asked),
        "scopes": [{"name": name, "sizes": scope.describe()} for name, scope in scopes.items()],
        "specs": specs,
    }


def one_of_each_model(asked: Asked) -> list[Spec]:
    """One spec for each model, the first default one if there is one: designs fold branches, but change no list."""
    chosen: dict[int, Spec] = {}
    for spec in sorted(asked.specs.values(), key=lambda spec: not spec.default):
        chosen.setdefault(id(spec.model), spec)
    return list(chosen.values())


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


def _operation(kind: str, procedure: ir.Procedure, function: Function | None) -> dict[str, Any]:
    return {
        "name": procedure.name, "kind": kind, "doc": procedure.doc.strip().partition("\n")[0], "roles": [],
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
    for spec in asked.specs.values():
        design = asked.design_of(spec)
        for name, value in switches(design).items():
            found.setdefault(name, {"name": name, "default": _default(design, name, value)})
    return list(found.values())


def _default(design: Design | None, name: str, value: str) -> str:
    assert design is not None
    usual = {f.name: f.default for f in dataclasses.fields(design)}[name]
    return value if usual is dataclasses.MISSING else shown(usual)


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
    for kind in ("operation", "rule"):
        chosen = [entry for entry in found["operations"] if entry["kind"] == kind]
        if chosen:
            yield Line(f"{kind}s", "title")
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
