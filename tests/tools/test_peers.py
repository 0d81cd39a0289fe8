# SPDX-License-Identifier: GPL-2.0-or-later
"""vswap bench with the real other checkers, on what they do in a moment.

Needs the Debian packages spin, rumur and gcc: make test-tools.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).parent / "vswap")
HOME = Path(__file__).resolve().parents[2]
MODEL = HOME / "tests" / "systems" / "reference_swap.py"


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    missing = [tool for tool in ("spin", "rumur", "gcc") if shutil.which(tool) is None]
    if missing:
        pytest.exit(f"{' and '.join(missing)} not found: install the Debian packages spin, rumur and gcc", 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the cases, in which what is exported is a model that gcc compiles at once."""
    made = tmp_path / "benchmarks"
    shutil.copytree(HOME / "benchmarks", made)
    path = made / "cases.toml"
    text = path.read_text(encoding="utf-8")
    assert 'spec = "owner_is_recorded_at_once"' in text
    text = text.replace('spec = "owner_is_recorded_at_once"', f'model = "{MODEL}"\nspec = "small"')
    path.write_text(text.replace('"../tests/systems/reference_swap.py"', f'"{MODEL}"'), encoding="utf-8")
    return made


def test_they_count_alike(folder: Path) -> None:
    """Without the TLA+ tools, which are no package; whoever has them sets TLCCP."""
    done = subprocess.run([COMMAND, "bench", "small", "break", "exported", "--cases", str(folder), "--pairs", "1",
                           "--cache", "warm", "--json", "--tool", "pan", "--tool", "rumur"],
                          capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    rows = {(row["case"], row["tool"]): row for row in found["cases"] if not row["symmetry"]}
    assert set(rows) == {("small", "vswap"), ("small", "pan"), ("small", "rumur"), ("break", "vswap"), ("break", "pan"),
                         ("break", "rumur"), ("exported", "vswap"), ("exported", "rumur")}
    for case in ("small", "exported"):
        counts = {(row["states"], row["transitions"]) for row in found["cases"] if row["case"] == case
                  and not row["symmetry"]}
        assert len(counts) == 1
    assert {row["steps"] for row in found["cases"] if row["case"] == "break"} == {8}
    assert all(row["cpu_s"] > 0 and row["peak_mib"] > 0 for row in found["cases"])
    assert {(ratio["case"], ratio["of"]) for ratio in found["ratios"]} == {
        key for key in rows if key[1] != "vswap"}


def test_a_peer_that_is_given_other_work_is_refused(folder: Path) -> None:
    path = folder / "cases.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("-DV=2 -DS=2 -DC=2 -DZ=2", "-DV=2 -DS=2 -DC=2 -DZ=1", 1), encoding="utf-8")
    words = ["small", "--cases", str(folder), "--pairs", "1", "--tool", "pan", "--json"]
    done = subprocess.run([COMMAND, "bench", *words], capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert "that is not the same work" in found["errors"][0] and found["ratios"] == []
