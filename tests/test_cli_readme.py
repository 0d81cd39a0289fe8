# SPDX-License-Identifier: GPL-2.0-or-later
"""What the README tells people to type does what it says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from cli import COMMAND, HOME

TEXT = (HOME / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]


def test_the_readme_has_commands() -> None:
    assert COMMANDS[:2] == ["make check", "make test"]
    assert len(COMMANDS) > 4


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme(command: str) -> None:
    # These tests are what 'make test' runs; 'make check' takes minutes, and is what the workflow in docs/ci.md
    # runs; and the environment that runs them is the one make would set up.
    dry = "-n -o .venv/ready " if command in ("make check", "make test") else "-o .venv/ready "
    command = command.replace("make ", f"make {dry}", 1).replace(".venv/bin/vswap", COMMAND)
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=HOME, env=env, check=False,
                          timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
    if command == "make check":
        assert done.stdout == ".venv/bin/vswap check\n"
    if " explain " in command:
        drawing = TEXT.partition("<!-- race")[2].partition("```\n")[2].partition("```\n")[0]
        assert drawing.strip() in done.stdout


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (HOME / target).exists(), target


def test_the_exit_codes_are_the_same_everywhere() -> None:
    helped = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    codes = re.findall(r"^ +(\d+) +\S", helped.partition("exit codes:")[2], re.MULTILINE)
    assert codes == re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE) == ["0", "1", "2", "3", "4", "5", "6", "70"]


def test_architecture_names_what_exists() -> None:
    architecture = (HOME / "ARCHITECTURE.md").read_text()
    for name in re.findall(r"`((?:checker|tests|docs|model|specs)/[\w/.]+)`", architecture):
        assert (HOME / name).exists(), name
    inside = re.findall(r"`(\w+\.py)`", architecture)
    assert inside
    for name in inside:
        assert list(Path(HOME, "checker").rglob(name)), name
