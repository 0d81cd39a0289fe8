# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the command in the tests: in this process, or as a user would."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checker.cli import main

HOME = Path(__file__).resolve().parent.parent
MODELS = HOME / "tests" / "models"
COUNTER = str(MODELS / "counter.py")
BRANCHES = str(MODELS / "branches.py")
COMMAND = str(Path(sys.executable).parent / "vswap")


@dataclass
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def verdicts(self, spec: str) -> dict[str, str]:
        return {v["promise"]: v["verdict"] for v in self.json["verdicts"] if v["spec"] == spec}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Done:
    """The command in this process."""
    capsys.readouterr()
    code = main(list(words))
    out, err = capsys.readouterr()
    assert "Traceback" not in err or code == 70, err
    return Done(code, out, err)


def shell(*words: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Done:
    """The command as it is installed, in a process of its own."""
    done = subprocess.run([COMMAND, *words], capture_output=True, text=True, cwd=cwd, env=env, check=False, timeout=120)
    return Done(done.returncode, done.stdout, done.stderr)


def sentence(done: Done) -> str:
    """The one sentence on standard error."""
    lines = done.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("vswap: error: "), done.err
    return lines[0].removeprefix("vswap: error: ")
