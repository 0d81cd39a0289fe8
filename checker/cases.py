# SPDX-License-Identifier: GPL-2.0-or-later
"""The file that says what is measured: which cases, by which other checkers, and how those are called.

It is TOML; benchmarks/README.md says what may stand in it.  Nothing here knows any
of the tools: a table says how one is built and run, and where its counts are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checker.language.errors import LanguageError, UsageError
from checker.language.ir import Pos
from checker.words import unknown

FILE = "cases.toml"
FOLDER = "benchmarks"
OURS = "vswap"
"""What the rows of our own search are called."""


@dataclass(frozen=True)
class Tool:
    """Another checker.  ``needs`` are programs, ``environment`` variables that must be set: a tool that
    lacks only those is left out, unless it is asked for by name.  ``build`` and ``run`` are commands with
    places for what a case fills in.  ``states``, ``transitions``, ``breaks`` and ``steps`` find in the output what
    was counted, that something broke, and in how many steps; ``beyond`` and ``steps_beyond`` is what the tool counts
    more than we do."""

    name: str
    run: tuple[str, ...]
    states: re.Pattern[str]
    about: str = ""
    install: str = ""
    needs: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    transitions: re.Pattern[str] | None = None
    breaks: re.Pattern[str] | None = None
    steps: re.Pattern[str] | None = None
    beyond: int = 0
    steps_beyond: int = 0


@dataclass(frozen=True)
class Case:
    """One question for all.  ``model`` is a file, or None for the installed model.  ``states``, ``transitions`` and
    ``orbits`` are what is known of it; with ``breaks`` all must find a break of so many steps.  ``export``: it is
    written out for the others first.  ``long``: only measured where it is named.  ``peers`` has what each
    tool's commands are filled with."""

    name: str
    spec: str
    pos: Pos
    about: str = ""
    model: str | None = None
    scope: tuple[str, ...] = ()
    states: int | None = None
    transitions: int | None = None
    orbits: int | None = None
    breaks: int | None = None
    export: str | None = None
    long: bool = False
    peers: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Cases:
    """A file of cases; the commands of its tools are run as if from ``folder``."""

    folder: Path
    tools: dict[str, Tool]
    cases: dict[str, Case]


def place(word: str | None, home: Callable[[], Path]) -> Path:
    """The file of cases: the one that is named, the one in a folder that is named, or the one beside the
    installed model, whose folder ``home`` finds."""
    path = Path(word) if word is not None else home() / FOLDER
    return path / FILE if path.is_dir() else path


def read(path: Path) -> Cases:
    """What a file of cases says; LanguageError with its line if that cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the cases {path} cannot be read: {error.strerror}") from None
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise LanguageError(Pos(str(path), int(line[1]) if line else 1), f"this is no TOML: {error}") from None
    return _Reader(path, text).cases(found)


class _Reader:
    """Checks everything, and knows the line that a complaint is about."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()

    def pos(self, kind: str, name: str) -> Pos:
        heads = (f"[{kind}.{name}", f'[{kind}."{name}"')
        number = next((k for k, line in enumerate(self.lines, 1) if line.strip().startswith(heads)), 1)
        return Pos(str(self.path), number)

    def cases(self, found: Mapping[str, Any]) -> Cases:
        for key in found:
            if key not in ("tool", "case"):
                raise LanguageError(Pos(str(self.path), 1), f"{key!r} is neither [tool.NAME] nor [case.NAME]")
        tools = {name: self.tool(name, table) for name, table in self.tables(found, "tool")}
        cases = {name: self.case(name, table, tools) for name, table in self.tables(found, "case")}
        if not cases:
            raise LanguageError(Pos(str(self.path), 1), "there is no [case.NAME]: nothing can be measured")
        return Cases(self.path.parent, tools, cases)

    def tables(self, found: Mapping[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
        tables = found.get(kind, {})
        if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
            raise LanguageError(Pos(str(self.path), 1), f"{kind} is written as a table for each: [{kind}.NAME]")
        return list(tables.items())

    def tool(self, name: str, table: dict[str, Any]) -> Tool:
        pos = self.pos("tool", name)
        if name == OURS:
            raise LanguageError(pos, f"{OURS} is this command itself, which needs no table")
        types = {"about": str, "install": str, "needs": list, "environment": list, "build": list, "run": list,
                 "states": re.Pattern, "transitions": re.Pattern, "breaks": re.Pattern, "steps": re.Pattern,
                 "beyond": int, "steps_beyond": int}
        return Tool(name=name, **self.checked(f"tool {name}", pos, table, types, ("run", "states")))

    def case(self, name: str, table: dict[str, Any], tools: Mapping[str, Tool]) -> Case:
        pos = self.pos("case", name)
        types = {"about": str, "model": str, "spec": str, "scope": list, "states": int, "transitions": int,
                 "orbits": int, "breaks": int, "export": str, "long": bool}
        peers = {key: value for key, value in table.items() if isinstance(value, dict)}
        for tool, values in peers.items():
            if tool not in tools:
                raise LanguageError(pos, f"case {name}: {unknown('tool', tool, tools)}")
            for key, value in values.items():
                if not isinstance(value, str):
                    raise LanguageError(pos, f"case {name}: {tool}.{key} is a text, in quotes")
        given = {key: value for key, value in table.items() if key not in peers}
        made = self.checked(f"case {name}", pos, given, types, ("spec",))
        if made.get("model") is not None:
            made["model"] = str(self.path.parent / made["model"])
        return Case(name=name, pos=pos, peers=peers, **made)

    def checked(self, what: str, pos: Pos, table: dict[str, Any], types: Mapping[str, type],
                needed: tuple[str, ...]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in table.items():
            if key not in types:
                raise LanguageError(pos, f"{what}: {unknown('entry', key, types)}")
            made[key] = self.value(f"{what}: {key}", pos, value, types[key])
        for key in needed:
            if key not in made:
                raise LanguageError(pos, f"{what}: {key} is missing")
        return made

    def value(self, what: str, pos: Pos, value: Any, type_: type) -> Any:
        if type_ is re.Pattern:
            if not isinstance(value, str):
                raise LanguageError(pos, f"{what} is a regular expression, in quotes")
            try:
                return re.compile(value, re.MULTILINE)
            except re.error as error:
                raise LanguageError(pos, f"{what} is no regular expression: {error}") from None
        if type_ is list:
            if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
                raise LanguageError(pos, f"{what} is a list of texts")
            return tuple(value)
        if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
            names = {str: "a text", int: "a whole number", bool: "true or false"}
            raise LanguageError(pos, f"{what} is {names[type_]}")
        return value
