# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/ci.md: its workflow runs as written, its commands do what it says, its tables are true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from cli import COUNTER, HOME
from junitparser import JUnitXml

from checker.report.junit import ELEMENT

TEXT = (HOME / "docs" / "ci.md").read_text()
(WORKFLOW,) = re.findall(r"^```yaml\n(.*?)^```\n", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
            for line in block.splitlines()]
BIN = Path(sys.executable).parent


def execute(script: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Runs a step as a runner does: bash -e, in the checkout; the environment is that of these tests."""
    script = script.replace("make ", "make -o .venv/ready ").replace("/tmp/", f"{tmp_path}/")
    script = script.replace(".venv/bin/", f"{BIN}/")
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    env |= {"RUNNER_TEMP": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    return subprocess.run(["bash", "-e", "-c", script], capture_output=True, text=True, cwd=HOME, env=env, check=False,
                          timeout=600)


def steps() -> list[dict[str, Any]]:
    found = yaml.safe_load(WORKFLOW)
    assert set(found) == {"name", True, "permissions", "jobs"}, "YAML takes 'on' for true, GitHub does not mind"
    assert found[True] == ["push", "pull_request"]
    (job,) = found["jobs"].values()
    assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    return list(job["steps"])


def runs(condition: str | None) -> list[str]:
    return [step["run"] for step in steps() if "run" in step and step.get("if") == condition]


def test_the_workflow_is_green_for_what_is_here(tmp_path: Path) -> None:
    for script in runs(None):
        done = execute(script, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(tmp_path / "vswap.xml"))}
    assert "rfc_v2" in suites and sum(len(suite) for suite in suites.values()) > 100
    assert not any(suite.failures or suite.errors for suite in suites.values())
    (kept,) = (step for step in steps() if step.get("uses", "").startswith("actions/upload-artifact"))
    assert kept["if"] == "always()"
    assert (tmp_path / kept["with"]["path"].replace("${{ runner.temp }}/", "")).exists()


def test_the_workflow_is_red_for_a_race_and_shows_it(tmp_path: Path) -> None:
    """The same steps, about a model that breaks."""
    set_up, check = runs(None)
    assert execute(set_up, tmp_path).returncode == 0
    assert "vswap check" in check
    about = f"vswap check {Path(COUNTER).relative_to(HOME)} surprising"
    assert execute(check.replace("vswap check", about), tmp_path).returncode == 1
    (suite,) = JUnitXml.fromfile(str(tmp_path / "vswap.xml"))
    assert suite.failures == 1
    (show,) = runs("failure()")
    assert execute(show, tmp_path).returncode == 0
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("```\nsurprising\n") and summary.endswith("(exit 1)\n```\n")
    assert "BUG: counter: no_counter_is_odd broken in add" in summary


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) > 6


def test_the_commands_of_the_page(tmp_path: Path) -> None:
    """In order, as one of them reads what another has written."""
    for command in COMMANDS:
        done = execute(command, tmp_path)
        assert done.returncode == 0, command + done.stdout + done.stderr
    assert (tmp_path / "race.svg").read_text().startswith("<svg ")


def test_the_table_of_junit_is_that_of_the_code() -> None:
    pairs = re.findall(r"`<(\w+) type=\"(\w+)\">`", TEXT)
    assert {kind: element for element, kind in pairs} == ELEMENT


def test_the_exit_codes_are_those_of_the_readme() -> None:
    rows = r"^\| (\d+) \| ([^|]+?) \|"
    assert re.findall(rows, TEXT, re.MULTILINE) == re.findall(rows, (HOME / "README.md").read_text(), re.MULTILINE)
