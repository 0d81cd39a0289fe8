# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of Murphi, and the variables that they need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

NUMBER = "number"
"""The Murphi type of every local: wide enough for all that is computed."""


class Writer:
    """The body of one Murphi function while it is written.

    Murphi has no expression with statements in it: what an expression does on its
    way is written first, as statements, and its value is then a text.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.declared: dict[str, str] = {}
        self.indent = 1

    def emit(self, text: str) -> None:
        self.lines.append("  " * self.indent + text)

    def new(self, hint: str, type_: str = NUMBER) -> str:
        """A variable of its own."""
        name = f"{plain(hint)}_{len(self.declared)}"
        self.declared[name] = type_
        return name

    @contextmanager
    def inside(self, head: str, end: str = "end;") -> Iterator[None]:
        """What is written here stands between a head and an end."""
        self.emit(head)
        self.indent += 1
        yield
        self.indent -= 1
        self.emit(end)

    def otherwise(self, head: str = "else") -> None:
        """The next branch of the ``if`` that is open."""
        self.indent -= 1
        self.emit(head)
        self.indent += 1

    @contextmanager
    def aside(self) -> Iterator[list[str]]:
        """Collects what is written here instead of writing it."""
        kept, self.lines = self.lines, []
        collected: list[str] = self.lines
        yield collected
        self.lines = kept

    def text(self, head: str) -> list[str]:
        """The function, with its variables declared."""
        names = [f"  {name}: {type_};" for name, type_ in self.declared.items()]
        return [head, *(["var", *names] if names else []), "begin", *self.lines, "end;", ""]


def plain(name: str) -> str:
    """A name that Murphi can read."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def quoted(text: str) -> str:
    """A string of Murphi, which knows no escapes that every reader shares."""
    return '"' + text.replace("\\", "/").replace('"', "'").replace("\n", " ").replace("%", " percent ") + '"'
