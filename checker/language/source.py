# SPDX-License-Identifier: GPL-2.0-or-later
"""From a function to its syntax tree, with positions in the author's file."""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from checker.language.errors import LanguageError
from checker.language.ir import Pos

Function = Callable[..., Any]


@dataclass
class Source:
    """A function's tree, and what the front end asks of it again and again.

    ``valued``: some return gives a value.  ``labels`` are the texts of its yields,
    ``assigned`` counts the assignments to each name, ``in_loop`` are those in loops.
    """

    function: Function
    tree: ast.FunctionDef
    file: str
    yields: bool
    valued: bool = False
    labels: tuple[str, ...] = ()
    assigned: dict[str, int] = field(default_factory=dict)
    in_loop: set[str] = field(default_factory=set)
    _positions: dict[int, Pos] = field(default_factory=dict)
    _texts: dict[ast.AST, str] = field(default_factory=dict)

    def pos(self, node: ast.AST) -> Pos:
        line = getattr(node, "lineno", None) or self.tree.lineno
        found = self._positions.get(line)
        if found is None:
            found = self._positions[line] = Pos(self.file, line)
        return found

    def text(self, node: ast.AST) -> str:
        """A part of the tree as Python writes it."""
        found = self._texts.get(node)
        if found is None:
            found = self._texts[node] = ast.unparse(node)
        return found

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def defaults(self) -> Mapping[str, inspect.Parameter]:
        """The parameters of the function, with the values that they have when none is given."""
        return inspect.signature(self.function).parameters

    @cached_property
    def loops(self) -> Counter[str]:
        """How many loops each name is the variable of."""
        targets = (node.target for node in self.nodes if isinstance(node, ast.For))
        return Counter(target.id for target in targets if isinstance(target, ast.Name))

    @cached_property
    def failures(self) -> frozenset[str]:
        """The texts of its ``maybe``."""
        found: set[str] = set()
        for node in self.nodes:
            match node:
                case ast.Call(func=ast.Name(id="maybe"), args=[ast.Constant(value=str(text))]):
                    found.add(text)
        return frozenset(found)

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """Every name in it."""
        return frozenset(node.id for node in self.nodes if isinstance(node, ast.Name))


def display_path(module_name: str, path: str) -> str:
    """A file as it is named in messages: inside its package, or as the user gave it."""
    module = sys.modules.get(module_name)
    given = getattr(module, "__given_path__", None)
    if given:
        return str(given)
    top = sys.modules.get(module_name.partition(".")[0])
    roots = getattr(top, "__path__", None)
    if roots:
        for root in roots:
            parent = os.path.dirname(os.path.abspath(root))
            if os.path.abspath(path).startswith(parent + os.sep):
                return os.path.relpath(path, parent)
    return os.path.basename(path)


def file_of(thing: Any) -> str:
    return display_path(getattr(thing, "__module__", ""), inspect.getsourcefile(thing) or "?")


@lru_cache(maxsize=4096)
def source_of(function: Function) -> Source:
    """The tree of a function; a LanguageError if there is no source to read."""
    name = getattr(function, "__qualname__", str(function))
    if not inspect.isfunction(function):
        raise LanguageError(None, f"{name} is no Python function")
    try:
        lines, first = inspect.getsourcelines(function)
        file = file_of(function)
    except (OSError, TypeError):
        raise LanguageError(None, f"{name}: its source cannot be found, write it in a file") from None
    module = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(module, first - 1)
    tree = module.body[0]
    if isinstance(tree, ast.AsyncFunctionDef):
        raise LanguageError(Pos(file, tree.lineno), "async functions are not part of the language: an operation yields")
    if not isinstance(tree, ast.FunctionDef):
        raise LanguageError(Pos(file, first), f"{name}: write it as a function with def, not as a lambda")
    source = Source(function, tree, file, inspect.isgeneratorfunction(function))
    _scan(tree.body, source, loop=False)
    source.valued = any(isinstance(n, ast.Return) and gives_value(n) for n in source.nodes)
    yields = (n.value for n in source.nodes if isinstance(n, ast.Yield))
    source.labels = tuple(y.value for y in yields if isinstance(y, ast.Constant) and isinstance(y.value, str))
    return source


def gives_value(node: ast.Return) -> bool:
    """Whether a return has a value other than None."""
    return node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None)


def _scan(body: list[ast.stmt], source: Source, *, loop: bool) -> None:
    """Counts the assignments to each name; comprehensions and lambdas have names of their own."""
    for statement in body:
        _visit(statement, source, loop=loop)


def _visit(node: ast.AST, source: Source, *, loop: bool) -> None:
    if isinstance(node, (ast.GeneratorExp, ast.Lambda)):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        source.assigned[node.id] = source.assigned.get(node.id, 0) + 1
        if loop:
            source.in_loop.add(node.id)
    inside = loop or isinstance(node, (ast.For, ast.While))
    for child in ast.iter_child_nodes(node):
        _visit(child, source, loop=inside)


@lru_cache(maxsize=64)
def _statements(file: str) -> dict[int, ast.stmt]:
    """The statements of a file by the line on which they begin."""
    tree = ast.parse("".join(linecache.getlines(file)))
    return {node.lineno: node for node in ast.walk(tree) if isinstance(node, ast.stmt)}


def condition_at(file: str, line: int) -> str:
    """What is required on a line of a file: the condition of its require, or else the whole statement."""
    match _statements(file).get(line):
        case ast.Expr(value=ast.Call(func=ast.Name(id="require"), args=[condition])):
            return ast.unparse(condition)
        case ast.stmt() as statement:
            return ast.unparse(statement)
    return linecache.getline(file, line).strip()


def names_of(source: Source) -> Mapping[str, Any]:
    """What the free names of a function mean: its closure, its module, the builtins."""
    function = source.function
    builtins = function.__globals__["__builtins__"]
    closure: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            closure[name] = cell.cell_contents
        except ValueError:
            continue
    return {**(builtins if isinstance(builtins, dict) else vars(builtins)), **function.__globals__, **closure}


def failures_of(functions: list[Function]) -> set[str]:
    """The texts of every ``maybe`` in these functions and their helpers, under any design."""
    found: set[str] = set()
    todo, seen = list(functions), set(functions)
    while todo:
        source = source_of(todo.pop())
        found |= source.failures
        names = names_of(source)
        for name in source.mentioned:
            named = names.get(name)
            if not inspect.isfunction(named) or named.__module__.startswith("checker.language"):
                continue
            if named not in seen:
                seen.add(named)
                todo.append(named)
    return found
