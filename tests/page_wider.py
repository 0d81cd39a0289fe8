# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/wider.md: the default specs again, with one object more of each sort in turn.

``python -P tests/page_wider.py ANSWERS.jsonl docs/wider.md [--seconds N] [--memory SIZE] [SPEC...]`` asks
every question in a process of its own, under limits, adds the answers to the first file and writes the second from
it.  Asked again, with higher limits, it goes on with what was never asked and with what did not finish.  It takes
hours; it is run by hand, not by the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from checker.asked import ask
from checker.processes import run
from checker.words import amount

Question = tuple[str, str]

REMARKS: dict[Question, str] = {
    ("cache_", "Swapoff"): "its CPU only swaps out, so that nothing ever leaves the device that swapoff waits for",
    ("cache_", "PhysCluster"): "its start says which device each cluster is of",
    ("phys_clusters_", "PhysCluster"): "its start says which device each cluster is of",
    ("rfc_v2_runs", "Task"): "see `rfc_v2_unmapping_strands_a_folio` in [findings.md](findings.md)",
    ("rfc_v2_runs", "Swapoff"): "see `rfc_v2_unmapping_strands_a_folio` and `rfc_v2_swapoff_may_never_end`"
                                " in [findings.md](findings.md)",
}
"""What there is to say about answers that are not good: by how the name of the spec begins, and the sort."""


@dataclass(frozen=True)
class Answer:
    """One spec with one sort raised, and what the command said about it under which limits."""

    spec: str
    raised: str
    exit: int
    states: int = 0
    transitions: int = 0
    depth: int = 0
    broken: tuple[str, ...] = ()
    undecided: int = 0
    seconds: float = 0.0
    peak_mib: int = 0
    limits: str = ""

    @property
    def stopped(self) -> bool:
        """Whether a higher limit would say more."""
        return self.exit == 3


def one(spec: str, sort: str, size: int, seconds: int = 20, memory: str = "4G") -> Answer:
    """Runs the command on the wider scope, on one thread; peak memory is that of the child."""
    command = [sys.executable, "-P", "-m", "checker", "check", spec, "--scope", f"{sort}={size}",
               "--time", str(seconds), "--memory", memory, "--threads", "1", "--json"]
    done = run(command, Path.cwd(), os.environ)
    verdicts = json.loads(done.out)["verdicts"] if done.out else []
    first = verdicts[0] if verdicts else {}
    return Answer(
        spec, f"{sort} = {size}", done.code,
        first.get("states", 0), first.get("transitions", 0), first.get("depth", 0),
        tuple(v["promise"] for v in verdicts if v["verdict"] == "broken"),
        sum(v["verdict"] == "undecided" for v in verdicts),
        round(done.wall, 1), done.peak >> 20, f"{seconds} s, {memory}",
    )


def questions(names: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Spec, sort and its raised size, for the default specs that expect no break (or those of them that are named)."""
    for name, spec in ask([])[0].specs.items():
        if spec.default and not spec.expected and (not names or name in names):
            for sort, size in spec.scope.sizes.items():
                yield name, sort.__name__, size + spec.scope.blocks.get(sort, 1)


def read(file: Path) -> dict[Question, Answer]:
    """The answers so far; of one question the last."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    answers = [Answer(**{**record, "broken": tuple(record["broken"])}) for record in map(json.loads, lines)]
    return {(a.spec, a.raised): a for a in answers}


def row(answer: Answer) -> str:
    """One line of the table."""
    if answer.broken:
        said = "broken: " + ", ".join(f"`{name}`" for name in answer.broken)
    elif answer.stopped:
        said = f"stopped ({answer.limits}); {amount(answer.undecided, 'promise')} undecided"
    elif answer.states:
        said = "every promise holds" + ("; something never happens" if answer.exit == 6 else "")
    else:
        said = f"could not be asked (exit {answer.exit})"
    if answer.exit not in (0, 3, 6):
        said += "".join(f": {text}" for (spec, sort), text in REMARKS.items()
                        if answer.spec.startswith(spec) and answer.raised.startswith(f"{sort} ="))
    return (f"| `{answer.spec}` | {answer.raised} | {answer.states:,} | {answer.transitions:,} | {answer.depth} | "
            f"{answer.seconds:.0f} | {answer.peak_mib:,} | {said} |")


def page(found: Sequence[Answer]) -> Iterator[str]:
    """The lines of docs/wider.md."""
    whole = sum(not a.stopped and a.states > 0 for a in found)
    yield "# One more of everything"
    yield ""
    yield ("Each default spec that expects no break, with one object (or actor, or block) more of one sort, each in a"
           " process of its own with one thread, under the limits that stand beside what they stopped. Of"
           f" {len(found):,} questions {whole:,} were searched completely; in {sum(bool(a.broken) for a in found):,} a"
           f" promise broke, {sum(a.stopped and not a.broken for a in found):,} were stopped.")
    yield ""
    yield ("Written by hand with `python -P tests/page_wider.py`, which takes hours; states, depth and verdicts"
           " are those of the rules on that day, seconds and MiB those of the whole process, on a machine that had"
           " other work.")
    yield ""
    yield "| spec | raised | states | transitions | depth | s | MiB | verdict |"
    yield "|---|---|---:|---:|---:|---:|---:|---|"
    yield from map(row, found)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("page_wider.py")
    parser.add_argument("answers", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--memory", default="4G")
    parser.add_argument("specs", nargs="*")
    given = parser.parse_intermixed_args(words)
    known = read(given.answers)
    with given.answers.open("a", encoding="utf-8") as file:
        for spec, sort, size in questions(given.specs):
            before = known.get((spec, f"{sort} = {size}"))
            if before is None or (before.stopped and before.limits != f"{given.seconds} s, {given.memory}"):
                print(json.dumps(asdict(one(spec, sort, size, given.seconds, given.memory))), file=file, flush=True)
    asked = [(spec, f"{sort} = {size}") for spec, sort, size in questions([])]
    answers = read(given.answers)
    given.page.write_text("\n".join(page([answers[q] for q in asked if q in answers])) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
