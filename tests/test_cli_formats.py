# SPDX-License-Identifier: GPL-2.0-or-later
"""What CI reads, read back: JUnit by junitparser; KTAP level by level by tap.py.

No library on the package index reads nested KTAP, so that the nesting is undone here
by the kernel's rules (Documentation/dev-tools/ktap.rst): a subtest is indented by two
spaces, begins with a version line and a plan, and ends with the result of its parent.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cli import BRANCHES, COUNTER, HOME, run, sentence
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from tap.line import Diagnostic, Plan, Result
from tap.parser import Parser

from checker.report.junit import junit
from checker.report.ktap import ktap
from checker.report.points import Point, Suite

Capture = pytest.CaptureFixture[str]
ALL = ["locked_add", "lost_update", "surprising", "wrong_length", "too_hopeful", "vacuous", "forgotten_unlock",
       "out_of_range"]


# ------------------------------------------------------------------- reading


@dataclass
class Level:
    """One level of a KTAP report: its results, each with its subtests and the comments before it."""

    results: list[Result] = field(default_factory=list)
    inside: dict[int, Level] = field(default_factory=dict)
    comments: dict[int, str] = field(default_factory=dict)

    def result(self, name: str) -> Result:
        return next(result for result in self.results if result.description == name)

    def below(self, name: str) -> Level:
        return self.inside[self.result(name).number]

    def comment(self, name: str) -> str:
        return self.comments[self.result(name).number]


def read_ktap(lines: list[str]) -> Level:
    """Reads one level; what a well-formed report must have is asserted."""
    assert lines[0] == "KTAP version 1"
    level, deeper, comments, expected = Level(), list[str](), list[str](), None
    for line in lines[1:]:
        if line.startswith("  "):
            deeper.append(line[2:])
            continue
        parsed = Parser().parse_line(line)
        if isinstance(parsed, Plan):
            assert expected is None and not level.results, "the plan comes once, before the results"
            expected = parsed.expected_tests
        elif isinstance(parsed, Diagnostic):
            comments.append(line.removeprefix("# "))
        else:
            assert isinstance(parsed, Result), f"neither plan nor comment nor result: {line!r}"
            assert parsed.number == len(level.results) + 1
            if deeper:
                level.inside[parsed.number] = read_ktap(deeper)
                name = next(text for text in deeper if text.startswith("# Subtest: "))
                assert name == f"# Subtest: {parsed.description}"
                assert parsed.ok == all(inner.ok for inner in level.inside[parsed.number].results)
            level.comments[parsed.number] = "\n".join(comments)
            level.results.append(parsed)
            deeper, comments = [], []
    assert expected == len(level.results) and not deeper
    return level


def read_junit(text: str) -> dict[str, dict[str, TestCase]]:
    """Cases by suite and name; the counts that the file states are those that are in it."""
    found = JUnitXml.fromstring(text.encode())
    stated = {suite.name: (suite.tests, suite.failures, suite.errors, suite.skipped) for suite in found}
    total = (found.tests, found.failures, found.errors, found.skipped)
    assert total == tuple(sum(numbers) for numbers in zip(*stated.values(), strict=True))
    cases = {}
    for suite in found:
        assert isinstance(suite, TestSuite)
        kept = suite.time
        suite.update_statistics()
        assert stated[suite.name] == (suite.tests, suite.failures, suite.errors, suite.skipped) and kept >= 0
        cases[suite.name] = {case.name: case for case in suite}
        assert len(cases[suite.name]) == suite.tests, "no two cases of a suite share a name"
    return cases


def outcome(case: TestCase) -> str:
    """What a reader of the file takes a case to be."""
    if case.is_passed:
        return "passed"
    (result,) = case.result
    assert result.message
    return f"{ {Skipped: 'skipped', Failure: 'failure', Error: 'error'}[type(result)] } {result.type}"


def ktap_outcome(result: Result) -> str:
    word = result.directive.text.partition(" ")[0]
    return f"{'ok' if result.ok else 'not ok'} {word}".strip()


# ---------------------------------------------------------------- the verdicts

EXPECTED = [
    # spec, promise, JUnit, KTAP
    ("locked_add", "no_update_is_lost", "passed", "ok"),
    ("lost_update", "no_update_is_lost", "skipped xfail", "ok XFAIL"),
    ("surprising", "no_counter_is_odd", "failure fail", "not ok"),
    ("wrong_length", "no_counter_is_odd", "failure fail", "not ok"),
    ("too_hopeful", "no_update_is_lost", "failure xpass", "not ok XPASS"),
    ("vacuous", "nine_are_done", "failure vacuous", "not ok"),
    ("out_of_range", "no_model_error", "failure fail", "not ok"),
]


def test_junit_has_every_verdict(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, *ALL, "--format", "junit")
    assert done.code == 1 and done.out.startswith("<?xml")
    cases = read_junit(done.out)
    assert list(cases) == ALL
    for spec, promise, junit_, _ in EXPECTED:
        assert outcome(cases[spec][promise]) == junit_, (spec, promise)
        assert cases[spec][promise].classname == f"counter.{spec}"
    (failed,) = cases["surprising"]["no_counter_is_odd"].result
    assert "broken in 4 steps; expected to hold" in failed.message
    assert failed.text.startswith("BUG: counter: no_counter_is_odd broken in add\n\n  CPU0\n")


def test_ktap_has_every_verdict(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, *ALL, "--format=ktap")
    assert done.code == 1
    top = read_ktap(done.out.rstrip("\n").split("\n"))
    assert [result.description for result in top.results] == ALL
    for spec, promise, _, ktap_ in EXPECTED:
        assert ktap_outcome(top.below(spec).result(promise)) == ktap_, (spec, promise)
    assert [result.ok for result in top.results] == [True, True, False, False, False, False, True, False]
    race = top.below("surprising").comment("no_counter_is_odd")
    assert "broken in 4 steps; expected to hold\nBUG: counter: no_counter_is_odd broken in add\n#\n  CPU0\n" in race


@pytest.mark.parametrize(("words", "code", "junit_", "ktap_", "where"), [
    ([COUNTER, "locked_add", "--max-states", "10"], 3, "error undecided", "not ok ERROR", "no_update_is_lost"),
    ([BRANCHES, "cursed"], 6, "failure vacuous", "not ok", "curse_is_run"),
    ([BRANCHES], 6, "failure vacuous", "not ok", "everything_of_the_model_happens"),
    ([BRANCHES, "lamp", "--max-states", "1"], 3, "error undecided", "not ok ERROR", "the_search_is_complete"),
    ([COUNTER, "locked_add", "--scope", "Slot=0"], 2, "error error", "not ok ERROR", "the_question_can_be_asked"),
    ([COUNTER, "unheard_of"], 2, "error error", "not ok ERROR", "the_question_can_be_asked"),
    ([COUNTER, "--set", "locked"], 2, "error error", "not ok ERROR", "the_question_can_be_asked"),
    (["--max-states", "0"], 2, "error error", "not ok ERROR", "the_question_can_be_asked"),
])
def test_nothing_but_as_expected_is_green(
        capsys: Capture, words: list[str], code: int, junit_: str, ktap_: str, where: str) -> None:
    done = run(capsys, "check", *words, "--format", "junit")
    assert done.code == code
    (case,) = (cases[where] for cases in read_junit(done.out).values() if where in cases)
    assert outcome(case) == junit_
    done = run(capsys, "check", *words, "--format", "ktap")
    assert done.code == code
    (level,) = (level for level in read_ktap(done.out.rstrip("\n").split("\n")).inside.values()
                if where in [result.description for result in level.results])
    assert ktap_outcome(level.result(where)) == ktap_


@pytest.mark.parametrize("spec", ALL)
def test_all_green_means_exit_0(capsys: Capture, spec: str) -> None:
    done = run(capsys, "check", COUNTER, spec, "--format", "junit")
    reds = [case for case in read_junit(done.out)[spec].values() if not case.is_passed and not case.is_skipped]
    assert (done.code == 0) == (not reds)
    done = run(capsys, "check", COUNTER, spec, "--format", "ktap")
    assert (done.code == 0) == read_ktap(done.out.rstrip("\n").split("\n")).result(spec).ok


def test_texts_that_could_break_a_format() -> None:
    nasty = 'a # SKIP <b> & "c" \x1b[31m \ud800 ]]>'
    suite = Suite(nasty, (Point(nasty, "fail", nasty, f"{nasty}\nok 7 not a result"),), nasty, nasty)
    ((name, cases),) = read_junit(junit([suite], "m")).items()
    assert name == 'a # SKIP <b> & "c" ?[31m ? ]]>' and list(cases) == [name]
    top = read_ktap(ktap([suite]).split("\n"))
    (result,) = next(iter(top.inside.values())).results
    assert not result.ok and not result.skip and not top.results[0].skip


def test_the_last_word_about_the_format_counts(capsys: Capture) -> None:
    assert run(capsys, "check", BRANCHES, "lamp", "--format", "ktap", "--json").json["exit"] == 0
    assert run(capsys, "check", BRANCHES, "lamp", "--json", "--format=junit").out.startswith("<?xml")
    assert "every verdict is as expected" in run(capsys, "check", BRANCHES, "lamp", "--json", "--format=text").out
    done = run(capsys, "check", BRANCHES, "--format", "tap")
    assert done.code == 2 and "invalid choice: 'tap'" in sentence(done) and not done.out


# -------------------------------------------------------------------- pytest


def pytest_of(*words: str, env: dict[str, str] | None = None, cwd: Path = HOME) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words], check=False,
                          capture_output=True, text=True, cwd=cwd, env={**os.environ, **(env or {})}, timeout=300)


def test_pytest_shows_each_promise_of_a_spec(tmp_path: Path) -> None:
    report = tmp_path / "pytest.xml"
    done = pytest_of("specs/o05.py", f"--junit-xml={report}")
    assert done.returncode == 0, done.stdout
    (suite,) = JUnitXml.fromfile(str(report))
    cases = {case.name: outcome(case) for case in suite}
    assert cases["swapin_returns_what_was_written"] == "skipped pytest.xfail"
    assert cases["no_slot_without_content"] == cases["everything_is_run_and_searched"] == "passed"


@pytest.fixture
def another_model(tmp_path: Path) -> Path:
    """A package of specs, installed before the one of this project, whose every spec is a default one."""
    package, info = tmp_path / "my_specs", tmp_path / "mine-1.dist-info"
    package.mkdir()
    info.mkdir()
    text = Path(COUNTER).read_text().replace("default=False", "default=True")
    small = text.replace('"many", sizes={Cpu: 6, Slot: 6}', '"few", sizes={Cpu: 1, Slot: 1}')
    (package / "counters.py").write_text(small)
    (package / "lamps.py").write_text(Path(BRANCHES).read_text())
    (package / "__init__.py").write_text("from my_specs.counters import *\nfrom my_specs.lamps import *\n")
    (info / "METADATA").write_text("Name: mine\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[checker.model]\na_model = my_specs\n")
    return tmp_path


def test_a_failure_in_pytest_is_its_race(another_model: Path) -> None:
    words = ("-p", "checker.report.pytest_plugin", "--rootdir", str(another_model), "-rA")
    env = {"PYTHONPATH": str(another_model)}
    done = pytest_of(*words, "my_specs", env=env, cwd=another_model)
    assert done.returncode == 1
    said = dict(re.findall(r"^(?:FAILED|PASSED|XFAIL) my_specs/\w+\.py::(\w+::\w+)(.*)$", done.stdout, re.MULTILINE))
    failed = set(re.findall(r"^FAILED my_specs/\w+\.py::(\w+::\w+)", done.stdout, re.MULTILINE))
    assert failed == {
        "surprising::no_counter_is_odd", "wrong_length::no_counter_is_odd", "too_hopeful::no_update_is_lost",
        "vacuous::nine_are_done", "out_of_range::no_model_error"}
    assert said["lost_update::no_update_is_lost"] == " - broken in 6 steps, as expected"
    assert "BUG: a_model: no_counter_is_odd broken in add\n\n  CPU0\n" in done.stdout
    assert "expected to break" in done.stdout and "cursed" not in done.stdout
    named = pytest_of(*words, "my_specs/lamps.py::cursed", env=env, cwd=another_model)
    assert re.findall(r"^FAILED .*::(\w+) ", named.stdout, re.MULTILINE) == ["everything_is_run_and_searched"]
    assert "no actor ever starts curse" in named.stdout


@pytest.mark.parametrize("form", ["json", "junit", "ktap"])
def test_a_report_goes_to_a_file_and_the_text_is_printed(capsys: Capture, tmp_path: Path, form: str) -> None:
    file = tmp_path / "report"
    alone = run(capsys, "check", COUNTER, "surprising", "--format", form)
    beside = run(capsys, "check", COUNTER, "surprising", "--format", form, "-o", str(file))
    assert beside.code == alone.code == 1
    assert "BUG: counter: no_counter_is_odd broken in add" in beside.out and "(exit 1)" in beside.out
    times = r'"(seconds|cpu_s|\w+_per_s)": [^\n]*|time="[^"]*"|"(compile|search|finish|runs|traces)": [^\n]*'
    assert re.sub(times, "", file.read_text()) == re.sub(times, "", alone.out)


@pytest.mark.parametrize(("words", "code", "said"), [
    (["--output", "report"], 2, "--output is for json, junit or ktap: name it with --format"),
    (["--json", "-o", "no_such_folder/report"], 2, "no_such_folder/report cannot be written: there is no such folder"),
    (["--json", "-o", "."], 2, ". cannot be written"),
    (["--format", "ktap", "-o", "/dev/full"], 4, "/dev/full cannot be written: No space left"),
])
def test_a_report_that_cannot_be_written(capsys: Capture, words: list[str], code: int, said: str) -> None:
    done = run(capsys, "check", BRANCHES, "lamp", *words)
    assert done.code == code and said in sentence(done)
    assert ("every verdict is as expected" in done.out) == (code == 4)


@pytest.mark.parametrize("form", ["json", "junit", "ktap"])
def test_a_report_says_why_nothing_was_asked(capsys: Capture, tmp_path: Path, form: str) -> None:
    file = tmp_path / "report"
    alone = run(capsys, "check", COUNTER, "no_such_spec", "--format", form)
    beside = run(capsys, "check", COUNTER, "no_such_spec", "--format", form, "-o", str(file))
    assert beside.code == alone.code == 2 and sentence(beside) == sentence(alone)
    assert file.read_text() == alone.out and "no_such_spec" in alone.out
