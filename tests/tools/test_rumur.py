# SPDX-License-Identifier: GPL-2.0-or-later
"""The third opinion: rumur visits the states that the native search visits, and fires as many rules.

Needs the Debian packages rumur and gcc: make test-tools.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from generate import systems
from hypothesis import HealthCheck, given, settings

from checker.explicit import NO_MODEL_ERROR, Limits, explore
from checker.language import LanguageError, build, load_specs
from checker.language.ir import System
from checker.report.murphi import export

HOME = Path(__file__).resolve().parents[2]
SYSTEMS = HOME / "tests" / "systems"
MOST = 20_000
"""States of a system that rumur visits within seconds."""

KERNEL = ["zeros_keep_backing", "fork_without_count", "o03_slot_reclaim_unguarded"]


@dataclass(frozen=True)
class Verdict:
    """What a checker found: how much it saw, which invariants broke, what was reached."""

    states: int
    transitions: int
    broken: frozenset[str]
    reached: frozenset[str]


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    missing = [tool for tool in ("rumur", "gcc") if shutil.which(tool) is None]
    if missing:
        pytest.exit(f"{' and '.join(missing)} not found: install the Debian packages rumur and gcc", 4)


def rumur(text: str, folder: Path) -> Verdict:
    """Runs a Murphi model in which every expected break is a cover; anything else that breaks fails the test."""
    (folder / "model.m").write_text(text, encoding="utf-8")
    for command in (["rumur", "--deadlock-detection", "off", "model.m", "-o", "model.c"],
                    ["gcc", "-std=c11", "-w", "-O0", "-mcx16", "model.c", "-o", "model", "-lpthread"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
    out = subprocess.run([folder / "model"], capture_output=True, text=True, check=False, timeout=600).stdout
    assert "No error found" in out, out[-3000:]
    counts = re.search(r"(\d+) states, (\d+) rules fired", out)
    assert counts is not None, out
    hit = {name for name, times in re.findall(r'cover "(.*)" hit (\d+) times', out) if times != "0"}
    broken = {name.removesuffix(" breaks") for name in hit if name.endswith(" breaks")}
    return Verdict(int(counts[1]), int(counts[2]), frozenset(broken), frozenset(n for n in hit if n[-7:] != " breaks"))


def native(system: System) -> tuple[Verdict, frozenset[str]]:
    """The same of our search, and everything that it found broken."""
    found = explore(system)
    assert found.complete
    kinds = {promise.name: promise.kind for promise in system.promises}
    named = {kind: frozenset(name for name in found.findings if kinds.get(name) == kind)
             for kind in ("invariant", "reachable")}
    missed = {promise.name for promise in system.promises if promise.kind == "reachable"} - named["reachable"]
    broken = (frozenset(found.findings) - named["reachable"]) | missed
    return Verdict(found.states, found.transitions, named["invariant"], named["reachable"]), broken


def same(system: System, folder: Path) -> None:
    ours, broken = native(system)
    theirs = rumur(export(system, "compared", broken), folder)
    if broken & {NO_MODEL_ERROR, *system.assertions}:  # we count the transitions into errors, too
        theirs = replace(theirs, transitions=ours.transitions)
    assert theirs == ours


@pytest.mark.parametrize("file", sorted(path.name for path in SYSTEMS.glob("*.py")))
def test_rumur_agrees_on_known_systems(file: str, tmp_path: Path) -> None:
    compared = 0
    for spec in load_specs(SYSTEMS / file).values():
        system = build(spec)
        if explore(system, limits=Limits(max_states=MOST)).complete:
            same(system, tmp_path)
            compared += 1
    assert compared


@pytest.mark.parametrize("name", KERNEL)
def test_rumur_agrees_on_the_kernel(name: str, tmp_path: Path) -> None:
    same(build(load_specs(None)[name]), tmp_path)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(systems())
def test_rumur_agrees_on_generated_systems(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("generated")
    path = folder / "generated.py"
    path.write_text(text, encoding="utf-8")
    try:
        system = build(load_specs(path)["generated"])
    except LanguageError:  # a refusal; test_agreement.py keeps count of them
        return
    if explore(system, limits=Limits(max_states=MOST)).complete:
        same(system, folder)


def test_the_page_says_what_works(tmp_path: Path) -> None:
    page = (HOME / "docs" / "murphi.md").read_text(encoding="utf-8")
    command, *tools = re.findall(r"^```(?:sh|tools)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    export_it = command.strip().replace("vswap", str(Path(sys.executable).parent / "vswap"), 1)
    done = subprocess.run(["bash", "-ec", "\n".join([export_it, *tools])], cwd=tmp_path, capture_output=True, text=True,
                          check=False, timeout=600)
    found = explore(build(load_specs(None)["o05_writeback_without_recheck"]))
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"{found.states} states, {found.transitions} rules fired" in done.stdout
