# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/wider.md: the default specs again, with one object more of each sort in turn.

``python -P -m checker.report.wider docs/wider.md [SPEC...]`` asks every question in a
process of its own, under limits, and writes what came of it.  It takes long; it is
run by hand, not by the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.asked import ask

SECONDS, MEMORY = 150, "7G"


@dataclass(frozen=True)
class Asked:
    """One spec with one sort raised, and what the command answered."""

    spec: str
    raised: str
    answer: dict[str, Any]
    seconds: float
    peak_mib: int


def one(spec: str, sort: str, size: int) -> Asked:
    """Runs the command on the wider scope; peak memory is that of the child."""
    command = [sys.executable, "-P", "-c", "import sys; from checker.cli import main; sys.exit(main())", "check", spec,
               "--scope", f"{sort}={size}", "--time", str(SECONDS), "--memory", MEMORY, "--json"]
    before = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert child.stdout is not None
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    answer = json.loads(text) if text else {"exit": child.returncode, "verdicts": []}
    return Asked(spec, f"{sort} = {size}", answer, time.monotonic() - before, usage.ru_maxrss // 1024)


def row(asked: Asked) -> str:
    """One line of the table."""
    verdicts = asked.answer["verdicts"]
    first = verdicts[0] if verdicts else {}
    broken = [v["promise"] for v in verdicts if v["verdict"] == "broken"]
    undecided = sum(v["verdict"] == "undecided" for v in verdicts)
    if not verdicts:
        said = f"could not be asked (exit {asked.answer['exit']})"
    elif broken:
        said = "broken: " + ", ".join(f"`{name}`" for name in broken)
    else:
        said = "every promise holds" if not undecided else f"stopped; {undecided} promises undecided"
    states, transitions = first.get("states", 0), first.get("transitions", 0)
    return (f"| `{asked.spec}` | {asked.raised} | {states:,} | {transitions:,} | {first.get('depth', 0)} | "
            f"{asked.seconds:.0f} | {asked.peak_mib:,} | {said} |")


def page(names: Sequence[str]) -> Iterator[str]:
    """The lines of docs/wider.md."""
    specs = ask([])[0].specs
    yield "# One more of everything"
    yield ""
    yield (f"Each default spec that expects no break, with one object more of one sort; at most {SECONDS} s of search "
           f"and {MEMORY} each. Written by `python -P -m checker.report.wider docs/wider.md`, on two cores.")
    yield ""
    yield "| spec | raised | states | transitions | depth | s | MiB | verdict |"
    yield "|---|---|---:|---:|---:|---:|---:|---|"
    for name, spec in specs.items():
        if not spec.default or spec.expected or (names and name not in names):
            continue
        for sort, size in spec.scope.sizes.items():
            yield row(one(name, sort.__name__, size + spec.scope.blocks.get(sort, 1)))


def main(words: Sequence[str]) -> int:
    with Path(words[0]).open("w", encoding="utf-8") as file:
        for line in page(words[1:]):
            print(line, file=file, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
