# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/design-change.md, followed to the letter in a copy of the checkout."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli import HOME

PAGE = (HOME / "docs" / "design-change.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
COMMAND = "import sys; from checker.cli import main; sys.exit(main())"
EXITS = {"check": [1, 1, 0], "new": [0], "explain": [1], "repair": [0], "compare": [0]}
MOST = 15
"""Changed lines that a switch of one's own may take."""


def apply(home: Path, block: str) -> None:
    """One diff: of each hunk, what was there must be there once."""
    file = home / block.partition("--- ")[2].partition("\n")[0]
    text = file.read_text()
    for hunk in re.split(r"^@@.*\n", block, flags=re.MULTILINE)[1:]:
        lines = [line or " " for line in hunk.splitlines()]
        old, new = ("".join(line[1:] + "\n" for line in lines if line[0] in keep) for keep in (" -", " +"))
        assert text.count(old) == 1, f"{file.name} has this {text.count(old)} times:\n{old}"
        text = text.replace(old, new)
    file.write_text(text)


def changed(before: Path, after: Path) -> int:
    """Lines that were added or are others now."""
    lines = [path.read_text().splitlines() if path.exists() else [] for path in (before, after)]
    return sum(line.startswith("+ ") for line in difflib.ndiff(*lines))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the command needs."""
    for room in ("checker", "model", "specs"):
        shutil.copytree(HOME / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_page_does_what_it_says(checkout: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(checkout), "NO_COLOR": "1"}
    ran: dict[str, int] = {}
    output = ""
    for kind, block in BLOCKS:
        if kind == "diff":
            apply(checkout, block)
        elif kind == "sh":
            for line in block.splitlines():
                assert line.startswith(".venv/bin/vswap ")
                words = line.split()[1:]
                done = subprocess.run([sys.executable, "-P", "-c", COMMAND, *words], cwd=checkout, env=env, text=True,
                                      capture_output=True, check=False, timeout=300)
                turn = ran[words[0]] = ran.get(words[0], 0) + 1
                assert done.returncode == EXITS[words[0]][turn - 1], f"{line}\n{done.stdout}{done.stderr}"
                output = done.stdout
        else:
            for line in block.splitlines():
                assert line in output, f"{line!r} is not in\n{output}"
    assert {name: len(codes) for name, codes in EXITS.items()} == ran
    files = [file.relative_to(checkout) for room in ("model", "specs", "checker")
             for file in sorted((checkout / room).rglob("*.py"))]
    touched = {str(file): n for file in files if (n := changed(HOME / file, checkout / file))}
    assert set(touched) == {"model/design.py", "model/swap_in.py"}
    assert sum(touched.values()) <= MOST, touched
