# SPDX-License-Identifier: GPL-2.0-or-later
"""The folders of counterexamples/: one for each known defect, written from its spec.

A defect is a design and what it breaks.  A spec shows one that expects a break which no spec
before it expects of the same design; the first promise that it names is the one that is drawn.
A folder is called after its spec; a letter and a number in front, under which the defect
is known elsewhere (``b07_lost_update``), are left out.

``python -P -m checker.counterexample.folder counterexamples README.md`` writes
them again, and puts the first race into the README between its markers.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from checker.asked import Asked, ask
from checker.claims import ONE_ORDER
from checker.counterexample.bounds import sentence
from checker.counterexample.graph import graph
from checker.counterexample.race import minimal, race, replay_command
from checker.counterexample.trace import Trace
from checker.language.errors import UsageError
from checker.report.svg import race_svg
from checker.report.verdict import Exit
from checker.run import Bounds, run
from checker.words import amount
from checker.workers import each

if TYPE_CHECKING:
    from checker.language.spec import Design, Spec

MARKERS = "<!-- race: written by make counterexamples -->\n", "<!-- end of race -->\n"


NUMBERED = re.compile(r"^[a-z]\d+_")


def write_all(folder: Path, asked: Asked) -> list[Path]:
    """Writes a folder for every known defect; folders of others are left alone.

    A spec keeps the number of its folder; a new one gets the next.  Returns the
    folders in order.  UsageError where a spec does not break as it says.
    """
    specs = defects(asked.specs)
    found = dict(zip(specs, each(lambda spec: render(asked, spec), list(specs.values()), None, "counterexamples"),
                     strict=True))
    taken = {re.sub(r"^\d+-", "", path.name): path for path in folder.glob("[0-9]*-*") if path.is_dir()}
    number = max((int(path.name.partition("-")[0]) for path in taken.values()), default=0)
    written = []
    for name, files in found.items():
        topic = NUMBERED.sub("", name).replace("_", "-")
        if topic not in taken:
            number += 1
            taken[topic] = folder / f"{number:03}-{topic}"
        written.append(taken[topic])
        taken[topic].mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (taken[topic] / file).write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(index(written), encoding="utf-8")
    return sorted(written)


def defects(specs: Mapping[str, Spec]) -> dict[str, Spec]:
    """The specs that show a defect of their own, by name; an order of locks is seen in the source, in no race."""
    known: set[tuple[Design | None, str]] = set()
    found = {}
    for name, spec in specs.items():
        first = next(iter(spec.expected), ONE_ORDER)
        if first != ONE_ORDER and (spec.design, first) not in known:
            found[name] = spec
        known |= {(spec.design, promise) for promise in spec.expected}
    return found


def index(folders: Sequence[Path]) -> str:
    """The page that lists the folders: what each is about, and what breaks."""
    rows = []
    for path in sorted(folders):
        title = (path / "README.md").read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        trace = json.loads((path / "trace.json").read_text(encoding="utf-8"))
        link, steps = f"[{path.name}]({path.name}/README.md)", len(trace["steps"])
        rows.append(f"| {link} | {title} | `{trace['promise']}` | {steps} |")
    return "\n".join([
        "# Counterexamples", "",
        "Written by `make counterexamples`: a folder for each design that breaks a promise, with its shortest race.",
        "",
        "| folder | what it shows | what breaks | steps |", "|---|---|---|---:|", *rows, "",
    ])


def render(asked: Asked, spec: Spec) -> dict[str, str]:
    """The files of one folder, by name."""
    promise = next(iter(spec.expected), "")
    (ran,) = run(asked, [spec.name], Bounds(), traces=[promise])
    result = ran.result
    trace = next((v.trace for v in result.verdicts if v.promise == promise), None)
    if result.exit != Exit.AS_EXPECTED or trace is None:
        what = result.error or "; ".join(f"{v.promise}: {v.surprise}" for v in result.verdicts if v.surprise)
        raise UsageError(f"{spec.name} does not break as it says: {what or result.stopped}")
    others = [v.promise for v in result.verdicts if v.verdict == "broken" and v.promise != promise]
    assert ran.question is not None
    return {
        "README.md": readme(spec, trace, others, result.states),
        "race.svg": race_svg(graph(ran.question, trace)),
        "race.txt": race(trace),
        "trace.json": json.dumps(trace.to_json(places=False), indent=1, ensure_ascii=False) + "\n",
    }


def readme(spec: Spec, trace: Trace, others: Sequence[str], states: int) -> str:
    """What broke, the trace, why it is minimal, how to see it again."""
    paragraphs = [readme_head(spec)]
    broke = f"`{trace.promise}`" + (f": {trace.doc}" if trace.doc else "")
    paragraphs += ["## What breaks", textwrap.fill(broke, 100, break_on_hyphens=False)]
    if others:
        paragraphs.append(textwrap.fill("With it: " + ", ".join(f"`{name}`" for name in others) + ".", 100,
                                        break_on_hyphens=False))
    switches = ", ".join(f"`{name}={value}`" for name, value in _unusual(spec).items())
    asked = f"Spec `{spec.name}`" + (f", design with {switches}" if switches else "")
    paragraphs.append(textwrap.fill(f'{asked}, scope "{trace.scope["name"]}".', 100, break_on_hyphens=False))
    paragraphs += ["## The race", "```\n" + race(trace).rstrip() + "\n```",
                   "With what would have kept it, as a picture: [race.svg](race.svg)."]
    paragraphs += ["## Why this trace is minimal", textwrap.fill(
        f"{minimal(trace)} The search visited all {amount(states, 'state')} of the scope breadth first; "
        "the raw reading (Python running the model's own functions) then walked the same way.", 100)]
    bounds = sentence(spec, trace.promise, len(trace.steps))
    paragraphs += ["## Which bound would have hidden it", textwrap.fill(bounds, 100)]
    paragraphs += ["## See it again", "```sh\n" + replay_command(trace) + "\n```"]
    return "\n\n".join(paragraphs) + "\n"


def readme_head(spec: Spec) -> str:
    """What the spec says of itself: its subject as a title, then the reasons."""
    title, _, body = spec.why.strip().partition("\n\n")
    paragraphs = ["# " + " ".join(title.split())]
    paragraphs += [textwrap.fill(" ".join(part.split()), 100) for part in body.split("\n\n") if part.strip()]
    return "\n\n".join(paragraphs)


def _unusual(spec: Spec) -> dict[str, str]:
    from checker.asked import unusual

    return unusual(spec.design)


def put_race(readme_text: str, drawing: str) -> str:
    """The README with another drawing between its markers."""
    begin, end = MARKERS
    head, found, rest = readme_text.partition(begin)
    if not found or end not in rest:
        raise UsageError("README.md has lost the markers around its race")
    return head + begin + "```\n" + drawing.rstrip() + "\n```\n" + end + rest.partition(end)[2]


def main(words: Sequence[str]) -> int:
    folder, readme_path = Path(words[0]), Path(words[1])
    asked, _ = ask([])
    try:
        written = write_all(folder, asked)
    except UsageError as error:
        print(f"make counterexamples: {error}", file=sys.stderr)
        return int(Exit.SURPRISE)
    for path in written:
        print(path)
    if written:
        drawing = (written[0] / "race.txt").read_text(encoding="utf-8")
        readme_path.write_text(put_race(readme_path.read_text(encoding="utf-8"), drawing), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
