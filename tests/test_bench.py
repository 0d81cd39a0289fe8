# SPDX-License-Identifier: GPL-2.0-or-later
"""vswap bench: what is compared, what is refused, what is missing.  The other checkers here are one line of Python
each, which prints what a checker prints; real ones are asked by make test-tools."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli import COMMAND, HOME, Done, run, sentence

from checker.cases import Case, Tool, read
from checker.cli import parser
from checker.contenders import theirs
from checker.processes import Run
from checker.report.progress import Progress

MODEL = HOME / "tests" / "systems" / "reference_swap.py"
SMALL = {"states": 14366, "transitions": 115600}
TOOL = """
[tool.other]
needs = []
run = ["{python}", "-c", "{{say}}"]
states = '(\\d+) states'
transitions = '(\\d+) moves'
breaks = 'it breaks'
steps = 'after (\\d+)'
"""


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is."""
    monkeypatch.setattr(Progress, "muted", True)


def cases(folder: Path, text: str, say: str = "14366 states, 115600 moves", more: str = "", spec: str = "small") -> str:
    """A file of cases with one case, and one tool that says something."""
    path = folder / "cases.toml"
    tool = TOOL.format(python=sys.executable) + more
    case = f'[case.one]\nmodel = "{MODEL}"\nspec = "{spec}"\nother = {{ say = "print(\'{say}\')" }}\n'
    path.write_text(f"{tool}\n{case}{text}\n", encoding="utf-8")
    return str(path)


def bench(capsys: pytest.CaptureFixture[str], path: str, *words: str) -> Done:
    return run(capsys, "bench", "--cases", path, "--pairs", "1", "--cache", "warm", *words)


def test_the_document(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    done = run(capsys, "bench", "--cases", cases(tmp_path, "orbits = 2411"), "--pairs", "2", "--threads", "2", "--json")
    assert done.code == 0, done.err
    assert done.json["schema"] == 1 and done.json["exit"] == 0 and done.json["errors"] == []
    rows = done.json["cases"]
    ours = [(row["threads"], row["symmetry"], row["cold"]) for row in rows if row["tool"] == "vswap"]
    assert ours == [(1, False, True), (1, False, False), (2, False, False), (1, True, True), (1, True, False)]
    for row in rows:
        assert row["case"] == "one" and row["runs"] == 2
        assert row["cpu_s"] > 0 and row["wall_s"] > 0 and row["peak_mib"] > 1 and row["load"] >= 0
        if not row["symmetry"]:
            assert {key: row[key] for key in SMALL} == SMALL
        if row["tool"] == "vswap":
            assert row["words"] == 1 and 8 < row["bytes_per_state"] < 64
    assert [row["states"] for row in rows if row["symmetry"]] == [2411, 2411]
    other = [ratio for ratio in done.json["ratios"] if ratio["of"] == "other"]
    assert len(other) == 5 and all(ratio["cpu"] > 0 for ratio in other)
    [more] = [ratio for ratio in done.json["ratios"] if ratio["of"] != "other"]
    assert (more["of"], more["to"]) == ("vswap, warm", "vswap, warm, 2 threads")


def test_the_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    done = bench(capsys, cases(tmp_path, 'about = "small"'))
    assert done.code == 0, done.err
    assert "vswap, warm" in done.out and "14,366       115,600" in done.out and "load average" in done.out
    assert "other takes, by vswap, warm" in done.out


@pytest.mark.parametrize(("say", "why"), [
    ("14365 states, 115600 moves", "other counts 14,365 states, vswap, warm 14,366: that is not the same work"),
    ("14366 states, 115601 moves", "other counts 115,601 transitions, vswap, warm 115,600"),
    ("14366 states, 115600 moves, it breaks", "other finds something broken, and nothing is"),
    ("out of memory", "other gives no count of states: out of memory"),
])
def test_other_work_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path, say: str, why: str) -> None:
    done = bench(capsys, cases(tmp_path, "", say), "--json")
    assert done.code == done.json["exit"] == 1
    assert why in sentence(done) and done.json["errors"] == [sentence(done)]
    assert done.json["ratios"] == []


def test_a_refused_case_has_no_ratio_in_the_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    done = bench(capsys, cases(tmp_path, "", "1 states"))
    assert done.code == 1 and "not the same work: no ratio" in " ".join(done.out.split())
    assert "takes, by" not in done.out


@pytest.mark.parametrize(("known", "why"), [
    ("states = 7", "vswap, warm counts 14,366 states, the case has 7"),
    ("transitions = 7", "vswap, warm counts 115,600 transitions, the case has 7"),
    ("orbits = 2000", "vswap, warm, symmetry keeps 2,411 states, and there are 2,000 up to names"),
])
def test_what_is_known_of_a_case_is_compared(
        capsys: pytest.CaptureFixture[str], tmp_path: Path, known: str, why: str) -> None:
    done = bench(capsys, cases(tmp_path, known), "--tool", "vswap")
    assert done.code == 1 and why in sentence(done)


@pytest.mark.parametrize(("say", "why"), [
    ("9 states, it breaks after 8", ""),
    ("9 states, it breaks after 9", "other finds a break of 9 steps, and one of 8 is there"),
    ("9 states", "other finds nothing broken, and a break of 8 steps is there"),
])
def test_breaks_are_compared(capsys: pytest.CaptureFixture[str], tmp_path: Path, say: str, why: str) -> None:
    done = bench(capsys, cases(tmp_path, "breaks = 8", say, spec="stale_commit"), "--json")
    assert done.code == (1 if why else 0), done.err
    assert why in done.err
    assert [row["steps"] for row in done.json["cases"] if row["tool"] == "vswap"] == [8]


def test_what_is_not_as_expected_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = cases(tmp_path, "", spec="no_such_spec")
    done = bench(capsys, path, "--tool", "vswap")
    assert done.code == 1 and "no_such_spec" in sentence(done)


def test_a_missing_tool_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    more = '[tool.lost]\nneeds = ["no-such-program"]\ninstall = "Debian package lost"\nrun = ["x"]\nstates = "x"\n'
    path = cases(tmp_path, "lost = {}", more=more)
    done = bench(capsys, path, "--json")
    assert done.code == done.json["exit"] == 4
    assert "lost needs no-such-program, which is not there (Debian package lost)" in sentence(done)
    assert bench(capsys, path, "--tool", "other").code == 0


def test_a_tool_that_nobody_set_up_is_left_out_unless_it_is_named(
        capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    more = '[tool.bare]\nenvironment = ["NO_SUCH_VARIABLE"]\nrun = ["x"]\nstates = "x"\n'
    path = cases(tmp_path, "bare = {}", more=more)
    done = bench(capsys, path, "--json")
    assert done.code == 0 and done.json["left_out"] == ["bare needs NO_SUCH_VARIABLE to be set"]
    assert "bare" not in {row["tool"] for row in done.json["cases"]}
    assert bench(capsys, path, "--tool", "bare").code == 4


def test_what_cannot_be_built_or_run_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    more = '[tool.broken]\nbuild = ["false"]\nrun = ["x"]\nstates = "x"\n[tool.gone]\nrun = ["./gone"]\nstates = "x"\n'
    path = cases(tmp_path, "broken = {}\ngone = {}", more=more)
    assert "broken cannot be built" in sentence(bench(capsys, path, "--tool", "broken"))
    assert "./gone cannot be run: No such file" in sentence(bench(capsys, path, "--tool", "gone"))


@pytest.mark.parametrize(("words", "why"), [
    (["two"], "there is no case 'two'"),
    (["--tool", "spn"], "there is no tool 'spn'"),
    (["--tool", "idle"], "idle has no part in one"),
    (["--pairs", "0"], "'0' is no number of runs"),
    (["--threads", "x"], "'x' is no number of threads"),
])
def test_usage(capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], why: str) -> None:
    path = cases(tmp_path, "", more='[tool.idle]\nrun = ["x"]\nstates = "x"\n')
    done = run(capsys, "bench", "--cases", path, *words)
    assert done.code == 2 and why in sentence(done)


@pytest.mark.parametrize(("text", "why"), [
    ("[case.one", "1: this is no TOML"),
    ("speed = 1", "'speed' is neither [tool.NAME] nor [case.NAME]"),
    ("", "there is no [case.NAME]"),
    ("case = 1", "case is written as a table for each"),
    ("\n[case.one]\nabout = 'x'", "2: case one: spec is missing"),
    ("[case.one]\nspec = 'x'\nsepc = 'x'", "there is no entry 'sepc'; did you mean spec"),
    ("[case.one]\nspec = 1", "spec is a text"),
    ("[case.one]\nspec = 'x'\nstates = true", "states is a whole number"),
    ("[case.one]\nspec = 'x'\nscope = 'x'", "scope is a list of texts"),
    ("[case.one]\nspec = 'x'\nother = {}", "there is no tool 'other'"),
    ("[tool.t]\nrun = ['x']\nstates = '('", "states is no regular expression"),
    ("[tool.t]\nrun = ['x']", "states is missing"),
    ("[tool.vswap]\nrun = ['x']\nstates = 'x'", "vswap is this command itself"),
    ("[tool.t]\nrun = ['x']\nstates = 'x'\n[case.one]\nspec = 'x'\nt = { a = 1 }", "t.a is a text, in quotes"),
])
def test_a_file_of_cases_that_cannot_be_read(
        capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "cases.toml").write_text(text, encoding="utf-8")
    done = run(capsys, "bench", "--cases", str(tmp_path), "--json")
    assert done.code == 2 and why in sentence(done)
    assert done.json["exit"] == 2


def test_a_place_that_nobody_fills(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "cases.toml"
    case = f'[case.one]\nmodel = "{MODEL}"\nspec = "small"\nother = {{}}\n'
    path.write_text(TOOL.format(python=sys.executable) + case, encoding="utf-8")
    done = bench(capsys, str(path))
    assert done.code == 2 and "a place that the case does not fill: 'say'" in sentence(done)


def test_no_cases(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    done = run(capsys, "bench", "--cases", str(tmp_path / "none.toml"))
    assert done.code == 2 and "none.toml cannot be read: No such file" in sentence(done)


def test_an_interrupt_keeps_the_runs_so_far(tmp_path: Path) -> None:
    """And no process stays behind: the tool that sleeps is ended, too."""
    slow = "import os, time; open('pid', 'a').write(str(os.getpid()) + ' '); print('14366 states'); time.sleep(300)"
    more = f'[tool.slow]\nrun = ["{sys.executable}", "-c", "{slow}"]\nstates = "(\\\\d+) states"\n'
    path = cases(tmp_path, "slow = {}", more=more)
    work = tmp_path / "work"
    work.mkdir()
    process = subprocess.Popen([COMMAND, "bench", "--cases", path, "--pairs", "1", "--cache", "warm", "--tool", "slow",
                                "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "TMPDIR": str(work)})
    deadline = time.monotonic() + 120
    while not (pids := [path.read_text().split() for path in work.glob("*/pid")]) or not pids[0]:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    found = json.loads(out)
    assert [row["tool"] for row in found["cases"]] == ["vswap"] and found["ratios"] == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids[0][0]), 0)
    assert list(work.iterdir()) == []


def test_the_cases_of_the_project_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    """They are found beside the installed model, and our own part of them is true."""
    done = run(capsys, "bench", "small", "break", "--tool", "vswap", "--pairs", "1", "--cache", "warm", "--json")
    assert done.code == 0, done.err
    assert {row["case"] for row in done.json["cases"]} == {"small", "break"}


PAGE = (HOME / "benchmarks" / "README.md").read_text(encoding="utf-8")


def test_the_page_asks_for_what_is_there() -> None:
    """Its commands take minutes: here they are only read."""
    known = read(HOME / "benchmarks" / "cases.toml")
    commands = [line.split() for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
                for line in block.splitlines()]
    asked = [parser().parse_args(words[1:]) for words in commands if words[0] == "vswap"]
    assert len(asked) >= 4
    for arguments in asked:
        assert set(arguments.words) <= set(known.cases) and set(arguments.tools) <= {*known.tools, "vswap"}
    for case in known.cases.values():
        numbers = [f"{number:,}" for number in (case.states, case.transitions) if number is not None]
        rows = re.findall(rf"^\| `{case.name}` \|.*$", PAGE, re.MULTILINE)
        assert any(all(f" {number} " in row for number in numbers) for row in rows), rows
    for tool in known.tools.values():
        assert f"| `{tool.name}` |" in PAGE
        assert all(need in PAGE.lower() for need in (*tool.needs, *(name.lower() for name in tool.environment)))
    entries = {*Tool.__dataclass_fields__, *Case.__dataclass_fields__} - {"name", "pos", "peers", "about"}
    assert all(f"`{entry}`" in PAGE for entry in entries)


def test_from_an_edit_to_the_first_state(capfd: pytest.CaptureFixture[str]) -> None:
    subprocess.run([sys.executable, str(HOME / "benchmarks" / "edit.py"), "1"], check=True, timeout=300)
    lines = capfd.readouterr().out.splitlines()
    assert [line.partition("  ")[0] for line in lines] == [
        "a model of 60 rules to its first state, nothing compiled", "one of 60 rules edited, to the first state",
        "vswap --help", "vswap list", lines[-1].partition("  ")[0]]


TLC = """\
Progress(12) at 2026-11-26 21:00:00: 99,731 states generated, 13,805 distinct states found, 561 states left on queue.
Model checking completed. No error has been found.
115601 states generated, 14366 distinct states found, 0 states left on queue.
The depth of the complete state graph search is 19.
"""
TLC_BREAKS = """\
Error: Invariant RmapPointsBack is violated.
Error: The behavior up to this point is:
State 1: <Initial predicate>
/\\ rmap = (s1 :> None @@ s2 :> None)

State 2: <Alloc(e1) line 27, col 13 to line 29, col 38 of module Swap>
/\\ rmap = (s1 :> None @@ s2 :> None)

State 3: <StoreZswap(e1) line 41, col 18 to line 43, col 43 of module Swap>
/\\ rmap = (s1 :> None @@ s2 :> None)

7158 states generated, 1789 distinct states found, 1012 states left on queue.
"""


def test_what_tlc_prints_is_understood() -> None:
    """It is no package, so that make test-tools cannot ask it."""
    known = read(HOME / "benchmarks" / "cases.toml")
    tool, case = known.tools["tlc"], known.cases["small"]
    whole = theirs(Run(0, TLC, "", 1.0, 1.0, 1), tool)
    assert (whole.states, whole.transitions, whole.broken) == (case.states, case.transitions, False)
    broken = theirs(Run(12, TLC_BREAKS, "", 1.0, 1.0, 1), tool)
    assert (broken.broken, broken.steps) == (True, 2)
