# SPDX-License-Identifier: GPL-2.0-or-later
"""``pytest specs/``: each promise of each default spec is a test, and its failure is the race.

A known break is an expected failure (strictly: one that no longer breaks fails).  A
spec that is no default one is run when it is named: ``pytest specs/file.py::spec``.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from checker.asked import Asked
    from checker.language.spec import Spec
    from checker.report.points import Point

THE_REST = "everything_is_run_and_searched"
"""The test for what makes a spec red without being one of its promises."""


class Red(Exception):
    """A promise is not what its spec expects."""

    def __init__(self, points: Iterable[Point]):
        super().__init__("\n\n".join(f"{point.message}\n\n{point.details}".strip() for point in points))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The files of the package that the installed model names as its specs."""
    if file_path.suffix != ".py" or file_path.name == "__init__.py" or file_path.parent != home():
        return None
    return SpecFile.from_parent(parent, path=file_path)


@cache
def home() -> Path | None:
    """The folder of the installed specs."""
    for point in sorted(entry_points(group="checker.model"), key=lambda point: point.name):
        found = importlib.util.find_spec(point.value)
        if found is not None and found.submodule_search_locations:
            return Path(found.submodule_search_locations[0])
    return None


@cache
def installed() -> Asked:
    from checker.asked import ask

    return ask([])[0]


class SpecFile(pytest.File):
    """A file in which specs are written."""

    def collect(self) -> Iterable[pytest.Collector]:
        asked = installed()
        module = next((m for m in list(sys.modules.values()) if _file(m) == self.path), None)
        for name, value in vars(module).items() if module else ():
            spec = asked.specs.get(name)
            if spec is not None and type(value) is type(spec) and self.wanted(spec) and self.line(name) is not None:
                yield SpecTests.from_parent(self, name=name)

    def wanted(self, spec: Spec) -> bool:
        """Default specs, and those that the command line names."""
        return spec.default or any(spec.name in argument.split("::")[1:2] for argument in self.config.args)

    def line(self, name: str) -> int | None:
        """Where a spec is written; None if it is only imported here."""
        for number, text in enumerate(self.path.read_text(encoding="utf-8").splitlines()):
            if re.match(rf"{name}\s*(:.*)?=", text):
                return number
        return None


class SpecTests(pytest.Collector):
    """One spec; it is searched when the first of its tests runs."""

    def collect(self) -> Iterable[pytest.Item]:
        from checker.claims import claims
        from checker.language.errors import LanguageError, UsageError
        from checker.run import question

        asked = installed()
        self.spec = asked.specs[self.name]
        try:
            self.question = question(asked, self.spec)
        except (LanguageError, UsageError) as error:
            raise self.CollectError(str(error)) from None
        self.names = dict.fromkeys([claim.name for claim in claims(self.question.system)] + [*self.spec.expected])
        for name in (*self.names, THE_REST):
            yield PromiseTest.from_parent(self, name=name)

    def points(self) -> dict[str, Point]:
        """What the search says, by promise."""
        if not hasattr(self, "found"):
            from checker.report.points import suite
            from checker.run import INTERRUPTED, Bounds, one

            result = one(installed(), self.spec, Bounds(), False, self.question).result
            if result.stopped == INTERRUPTED:
                raise KeyboardInterrupt
            self.found = {point.name: point for point in suite(result).points}
        return self.found


class PromiseTest(pytest.Item):
    """One promise."""

    def runtest(self) -> None:
        assert isinstance(self.parent, SpecTests)
        points, names = self.parent.points(), self.parent.names
        mine = [points[self.name]] if self.name in names else [p for p in points.values() if p.name not in names]
        if mine and mine[0].status == "xfail":
            pytest.xfail(mine[0].message)
        red = [point for point in mine if not point.green]
        if red:
            raise Red(red)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, (Red, pytest.xfail.Exception)):  # where Python raised it says nothing
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        assert self.parent is not None and isinstance(self.parent.parent, SpecFile)
        return self.path, self.parent.parent.line(self.parent.name), f"{self.parent.name}: {self.name}"


def _file(module: Any) -> Path | None:
    try:
        return Path(inspect.getfile(module))
    except (TypeError, OSError):
        return None
