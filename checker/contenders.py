# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is measured on a case: our search in several ways, and other checkers; and what each of them counted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checker.cases import OURS, Case, Cases, Tool
from checker.language.errors import LanguageError
from checker.processes import Run, run
from checker.words import amount

MORE = 1.1
"""How many times more states than orbits a search with symmetry may keep: names that are hard to tell apart."""


class Refused(Exception):
    """The case cannot be compared; the text says why."""


@dataclass(frozen=True)
class Count:
    """What a checker says that it saw; None where it says nothing.  ``steps`` to the shortest break."""

    states: int
    transitions: int | None
    broken: bool
    steps: int | None = None
    words: int | None = None
    table: float | None = None
    """Bytes for each state, of states and table alone."""
    hurried: int = 0
    rate: int | None = None
    """Transitions per CPU second of visiting the states, without what goes before and after."""


@dataclass
class Contender:
    """One row.  ``cold``: the object cache is empty at the start of each run; None for others, who have none."""

    tool: str
    threads: int = 1
    symmetry: bool = False
    cold: bool | None = None
    runs: list[Run] = field(default_factory=list)
    rates: list[int] = field(default_factory=list)
    count: Count | None = None

    @property
    def name(self) -> str:
        """What it is called in a table."""
        parts = [self.tool]
        parts += [] if self.cold is None else ["cold" if self.cold else "warm"]
        parts += [f"{self.threads} threads"] if self.threads > 1 else []
        return ", ".join([*parts, *(["symmetry"] if self.symmetry else [])])

    def once(self, site: Site) -> None:
        """Runs it once more; Refused where it gives no counts, or others than before."""
        command, environment = self._command(site)
        done = run(command, site.work, environment)
        count = _ours(done, site.case) if self.tool == OURS else theirs(done, site.cases.tools[self.tool])
        if self.count is not None and _told(count) != _told(self.count):
            raise Refused(f"{self.name} counts {amount(count.states, 'state')} now, {self.count.states:,} before")
        self.runs.append(done)
        self.rates += [] if count.rate is None else [count.rate]
        self.count = count

    def _command(self, site: Site) -> tuple[list[str], dict[str, str]]:
        environment = {**os.environ, "W": str(site.work)}
        if self.tool != OURS:
            return site.filled(self.tool, site.cases.tools[self.tool].run), environment
        for variable in ("VSWAP_CACHE", "PYTHONDONTWRITEBYTECODE"):  # nothing is kept where these are set
            environment.pop(variable, None)
        environment["XDG_CACHE_HOME"] = tempfile.mkdtemp(dir=site.work) if self.cold else str(site.work / "warm")
        case = site.case
        words = [*([str(Path(case.model).resolve())] if case.model else []), case.spec, "--json",
                 "--threads", str(self.threads)]
        for part in case.scope:
            words += ["--scope", part]
        words += ["--symmetry"] if self.symmetry else []
        words += ["--first"] if case.breaks is not None else []
        return [sys.executable, "-P", "-m", "checker", "check", *words], environment


def _told(count: Count) -> tuple[object, ...]:
    return count.states, count.transitions, count.broken, count.steps


@dataclass(frozen=True)
class Site:
    """Where a case is measured: ``work`` is a folder for everything that is built and written."""

    cases: Cases
    case: Case
    work: Path

    def filled(self, tool: str, command: Sequence[str]) -> list[str]:
        """A tool's command, with the places filled that this case fills."""
        values = {"name": f"{tool}_{self.case.name}", "work": str(self.work), "exported": str(self.exported),
                  "folder": str(self.cases.folder.resolve())}
        try:
            values |= {key: text.format_map(values) for key, text in self.case.peers[tool].items()}
            return [part.format_map(values) for part in command]
        except (KeyError, ValueError, IndexError) as error:
            raise LanguageError(self.case.pos, f"case {self.case.name}: {tool} has a command with a place that the "
                                               f"case does not fill: {error}") from None

    @property
    def exported(self) -> Path:
        """The case in the notation of others."""
        return self.work / f"{self.case.name}.m"

    def build(self, tool: Tool) -> float:
        """Builds what a tool runs; CPU seconds.  Refused where that fails."""
        if not tool.build:
            return 0.0
        done = run(self.filled(tool.name, tool.build), self.work, {**os.environ, "W": str(self.work)})
        if done.code:
            raise Refused(f"{tool.name} cannot be built: {_last(done)}")
        return done.cpu

    def export(self) -> None:
        """Writes the case for others; Refused where their notation has no words for it."""
        case = self.case
        words = [*([str(Path(case.model).resolve())] if case.model else []), case.spec]
        for part in case.scope:
            words += ["--scope", part]
        done = subprocess.run([sys.executable, "-P", "-m", "checker", "export", *words, "--to", str(case.export),
                               "-o", str(self.exported)], cwd=self.work, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Refused(f"it cannot be exported: {done.stderr.strip()}")


def _last(done: Run) -> str:
    lines = (done.err.strip() or done.out.strip()).splitlines()
    return lines[-1] if lines else f"exit code {done.code}, and not a word"


def _ours(done: Run, case: Case) -> Count:
    try:
        document = json.loads(done.out)
        [spec] = document["specs"]
    except (ValueError, KeyError):
        raise Refused(f"{OURS} gives no result: {_last(done)}") from None
    verdicts = document["verdicts"]
    steps = [one["steps"] for one in verdicts if one["verdict"] == "broken" and one["steps"] is not None]
    if case.breaks is None and done.code:
        raise Refused(f"{OURS} ends with exit code {done.code}: {_last(done)}")
    return Count(spec["states"], spec["transitions"], bool(steps), min(steps, default=None), spec["words"],
                 spec["bytes_per_state"], spec["hurried"], spec["transitions_per_s"])


def theirs(done: Run, tool: Tool) -> Count:
    """What another checker says that it saw; Refused where it gives no counts."""
    states = _number(tool.states, done.out)
    if states is None:
        raise Refused(f"{tool.name} gives no count of states: {_last(done)}")
    transitions = None if tool.transitions is None else _number(tool.transitions, done.out)
    broken = tool.breaks is not None and tool.breaks.search(done.out) is not None
    steps = None
    if broken and tool.steps is not None:
        steps = _number(tool.steps, done.out) if tool.steps.groups else len(tool.steps.findall(done.out))
    return Count(states, None if transitions is None else transitions - tool.beyond, broken,
                 None if steps is None else steps - tool.steps_beyond)


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    """The last number that a pattern finds: earlier ones are progress."""
    found = pattern.findall(text)
    return int(re.sub(r"\D", "", found[-1] if isinstance(found[-1], str) else found[-1][0])) if found else None


def compare(case: Case, contenders: Sequence[Contender]) -> None:
    """Refused unless all of them have done the same work, and the work that is known of the case."""
    ours = next(one for one in contenders if one.tool == OURS)
    assert ours.count is not None
    if case.breaks is not None:
        for one in contenders:
            assert one.count is not None
            if not one.count.broken:
                raise Refused(f"{one.name} finds nothing broken, and a break of {amount(case.breaks, 'step')} is there")
            if one.count.steps != case.breaks:
                raise Refused(f"{one.name} finds a break of {one.count.steps} steps, and one of {case.breaks} is there")
        return
    known = {"states": case.states, "transitions": case.transitions}
    for what, number in known.items():
        if number is not None and not ours.symmetry and getattr(ours.count, what) != number:
            raise Refused(f"{ours.name} counts {getattr(ours.count, what):,} {what}, the case has {number:,}")
    for one in contenders:
        assert one.count is not None
        if one.count.broken:
            raise Refused(f"{one.name} finds something broken, and nothing is")
        if one.symmetry:
            _orbits(one, case.orbits)
            continue
        for what in known:
            number = getattr(one.count, what)
            if number is not None and not ours.symmetry and number != getattr(ours.count, what):
                raise Refused(f"{one.name} counts {number:,} {what}, {ours.name} {getattr(ours.count, what):,}: that "
                              "is not the same work")


def _orbits(one: Contender, orbits: int | None) -> None:
    assert one.count is not None
    if orbits is not None and not orbits <= one.count.states <= orbits * MORE:
        raise Refused(f"{one.name} keeps {amount(one.count.states, 'state')}, and there are {orbits:,} up to names")


def ours(case: Case, caches: Sequence[bool], threads: Sequence[int]) -> list[Contender]:
    """The ways in which our own search is measured; ``caches``: cold or not."""
    made = [Contender(OURS, cold=cold) for cold in caches]
    made += [Contender(OURS, threads=number, cold=caches[-1]) for number in threads if number > 1]
    made += [Contender(OURS, symmetry=True, cold=cold) for cold in caches] if case.orbits is not None else []
    return made


def missing(tools: Mapping[str, Tool], which: Sequence[str], named: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of these tools: sentences about what is not there, and about those that are left out for it."""
    from shutil import which as program

    lacking: list[str] = []
    left_out: list[str] = []
    for name in which:
        tool = tools[name]
        how = f" ({tool.install})" if tool.install else ""
        gone = [need for need in tool.needs if program(need) is None]
        unset = [variable for variable in tool.environment if not os.environ.get(variable)]
        if gone:
            verb = "is" if len(gone) == 1 else "are"
            lacking.append(f"{name} needs {' and '.join(gone)}, which {verb} not there{how}")
        if unset:
            told = lacking if name in named else left_out
            told.append(f"{name} needs {' and '.join(unset)} to be set{how}")
    return lacking, left_out
