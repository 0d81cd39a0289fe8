# SPDX-License-Identifier: GPL-2.0-or-later
"""The command bench: our search beside other checkers, on the same questions.

Whole processes are measured, in rounds: each contender once, in the opposite order in
every other round, so that what else the machine does meets all of them alike.  Counts
are compared first: of different work there is no ratio.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checker.asked import installed_home
from checker.cases import OURS, Case, Cases, place, read
from checker.complaints import Complaint, say
from checker.contenders import Contender, Refused, Site, compare, missing, ours
from checker.language.errors import UsageError
from checker.report.output import Output
from checker.report.progress import Progress
from checker.report.verdict import Exit, worst
from checker.words import unknown

MOST_WARMING = 6
"""How often the command is run, at the most, before warm runs are measured."""
CACHES = {"both": (True, False), "cold": (True,), "warm": (False,)}


@dataclass
class Measured:
    """What came out for one case.  ``refused`` says why there is nothing to compare; ``compared``: all have
    counted the same.  ``loads`` are the load averages at the beginning of each run; ``built`` the CPU
    seconds that building each tool's program took."""

    case: Case
    contenders: list[Contender] = field(default_factory=list)
    refused: str | None = None
    compared: bool = False
    interrupted: bool = False
    loads: list[float] = field(default_factory=list)
    built: dict[str, float] = field(default_factory=dict)


def bench(arguments: argparse.Namespace, output: Output) -> Exit:
    """Measures the cases that were asked for; SURPRISE where one had to be refused."""
    from checker.report.bench import document, lines

    cases = read(place(arguments.cases, installed_home))
    chosen = _chosen(cases, arguments.words)
    tools = _tools(cases, chosen, arguments.tools)
    lacking, left_out = missing(cases.tools, tools, arguments.tools)
    if lacking:
        raise Complaint(Exit.MISSING, "; ".join(lacking) + "; --tool measures only those that are named")
    for sentence in left_out:
        say(f"vswap: left out: {sentence}")
    tools = [name for name in tools if not any(sentence.startswith(f"{name} needs") for sentence in left_out)]
    results: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        for case in chosen:
            contenders = [*ours(case, CACHES[arguments.cache], arguments.threads or ()),
                          *(Contender(name) for name in tools if name in case.peers)]
            found = measure(Site(cases, case, Path(work)), contenders, arguments.pairs)
            results.append(found)
            if arguments.form == "text":
                output.lines(lines(found))
            if found.refused:
                say(f"vswap: error: {found.refused}")
            if found.interrupted:
                break
    code = worst([Exit.SURPRISE for found in results if found.refused]
                 + [Exit.UNDECIDED for found in results if found.interrupted])
    if arguments.form == "json":
        output.lines([document(code, results, left_out)])
    return code


def _chosen(cases: Cases, words: Sequence[str]) -> list[Case]:
    """The cases that are named, or those that do not take long."""
    for word in words:
        if word not in cases.cases:
            raise UsageError(unknown("case", word, cases.cases))
    return [case for case in cases.cases.values() if case.name in words or (not words and not case.long)]


def _tools(cases: Cases, chosen: Sequence[Case], named: Sequence[str]) -> list[str]:
    """The tools that are named, or all that have a part in one of the cases."""
    for name in named:
        if name != OURS and name not in cases.tools:
            raise UsageError(unknown("tool", name, [OURS, *cases.tools]))
        if name != OURS and not any(name in case.peers for case in chosen):
            raise UsageError(f"{name} has no part in {' or '.join(case.name for case in chosen)}: name another case")
    return [name for name in cases.tools
            if (name in named or not named) and any(name in case.peers for case in chosen)]


def measure(site: Site, contenders: Sequence[Contender], pairs: int) -> Measured:
    """Runs each contender so many times."""
    case = site.case
    found = Measured(case, list(contenders))
    progress = Progress(case.name)
    try:
        if case.export is not None and any(one.tool != OURS for one in contenders):
            site.export()
        for one in contenders:
            if one.tool != OURS:
                found.built[one.tool] = site.build(site.cases.tools[one.tool])
        _warm(site, contenders)
        for number in range(pairs):
            for k, one in enumerate(contenders if number % 2 == 0 else contenders[::-1]):
                found.loads.append(os.getloadavg()[0])
                one.once(site)
                progress.parts(number * len(contenders) + k + 1, pairs * len(contenders))
            if number == 0:
                compare(case, contenders)
                found.compared = True
    except Refused as refused:
        found.refused = f"{case.name}: {refused}"
    except OSError as error:
        found.refused = f"{case.name}: {error.filename or 'a program'} cannot be run: {error.strerror}"
    except KeyboardInterrupt:
        found.interrupted = True
    finally:
        progress.close()
    return found


def _warm(site: Site, contenders: Sequence[Contender]) -> None:
    """Fills the object cache that the warm runs find: by runs like those, until nothing more is compiled."""
    for symmetry in sorted({one.symmetry for one in contenders if one.cold is False}):
        one, before = Contender(OURS, symmetry=symmetry, cold=False), None
        for _ in range(MOST_WARMING):
            one.once(site)
            assert one.count is not None
            if one.count.hurried in (0, before):
                break
            before = one.count.hurried
