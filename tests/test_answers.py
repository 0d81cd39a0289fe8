# SPDX-License-Identifier: GPL-2.0-or-later
"""Several specs at a time: what is said is what one after the other says, and nothing known is lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli import COMMAND, COUNTER, Done, run, sentence

from checker import answers, many

Capture = pytest.CaptureFixture[str]
ASKED = ["locked_add", "lost_update", "surprising", "wrong_length", "too_hopeful", "vacuous", "forgotten_unlock",
         "out_of_range"]
TIMES = ("seconds", "states_per_s", "transitions_per_s", "cpu_s", "hurried")
MORE = '''
big_2 = Spec(why="As large again.", model=COUNTERS, design=Way(), scope=big.scope, promises=[no_update_is_lost],
             default=False)
small_2, small_3, small_4 = (Spec(why="Small.", model=COUNTERS, design=Way(), scope=small, promises=[no_update_is_lost],
                                  default=False) for _ in range(3))
'''


def timeless(document: Any) -> Any:
    """A report without what each run measures anew."""
    if isinstance(document, dict):
        return {key: timeless(value) for key, value in document.items() if key not in TIMES}
    return [timeless(one) for one in document] if isinstance(document, list) else document


@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_several_at_a_time_say_what_one_after_the_other_says(capsys: Capture, form: str) -> None:
    several = run(capsys, "check", COUNTER, *ASKED, "--jobs", "3", "--format", form)
    alone = run(capsys, "check", COUNTER, *ASKED, "--jobs", "1", "--format", form)
    assert several.code == alone.code == 1
    assert "no_counter_is_odd" in several.out
    if form == "json":
        assert timeless(several.json) == timeless(alone.json)
    elif form == "text":
        many_said, alone_said = (re.sub(r"\d+\.\d s\)", "soon)", done.out) for done in (several, alone))
        assert many_said == alone_said and "soon)" in many_said
        assert "BUG: counter: no_counter_is_odd broken in add" in several.out


def test_many_specs_are_searched_in_several_processes(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    here = answers.one
    monkeypatch.setattr("checker.checking.cores", lambda: 2)

    def told(*words: Any, **more: Any) -> Any:
        ran = here(*words, **more)
        ran.result.why = str(os.getpid())
        return ran

    monkeypatch.setattr(answers, "one", told)
    few = run(capsys, "check", COUNTER, *ASKED[:3], "--json").json["specs"]
    several = run(capsys, "check", COUNTER, *ASKED, "--json").json["specs"]
    assert {spec["why"] for spec in few} == {str(os.getpid())}
    assert str(os.getpid()) not in {spec["why"] for spec in several}


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "more.py"
    path.write_text(Path(COUNTER).read_text() + MORE)
    return str(path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_is_known(model: str, number: signal.Signals) -> None:
    child = subprocess.Popen([COMMAND, "check", model, "locked_add", "big", "big_2", "small_2", "small_3", "small_4",
                              "--jobs", "2", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             start_new_session=True)
    assert child.stderr is not None
    while not (line := child.stderr.readline()).startswith("specs: 1 of 6 done, "):
        assert line.startswith("specs: 0 of 6 done, "), line
    if number == signal.SIGINT:  # a terminal tells everybody
        os.killpg(child.pid, number)
    else:
        child.send_signal(number)
    out, err = child.communicate(timeout=60)
    done = Done(child.returncode, out, err)
    assert child.returncode == 3 and err == "", err
    assert set(done.verdicts("locked_add").values()) == {"holds"}
    stopped = {spec["name"]: spec["stopped"] for spec in done.json["specs"]}
    assert stopped == {"locked_add": None, "big": "interrupted", "big_2": "interrupted",
                       "small_2": "interrupted before it was asked", "small_3": "interrupted before it was asked",
                       "small_4": "interrupted before it was asked"}
    assert all(spec["states"] > 1000 for spec in done.json["specs"][1:3])


def test_what_half_of_the_memory_is_too_little_for_is_asked_again_alone(
        capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    here, asked = answers.one, []

    def hungry(asked_: Any, spec: Any, bounds: Any, traces: Any) -> Any:
        asked.append((spec.name, bounds.memory))
        ran = here(asked_, spec, bounds, traces)
        if bounds.memory == 1 << 30:
            ran.result.stopped, ran.result.starved = "too little", spec.name == "lost_update"
        return ran

    monkeypatch.setattr(answers, "one", hungry)
    done = run(capsys, "check", COUNTER, "locked_add", "lost_update", "--jobs", "2", "--memory", "2G", "--json")
    assert asked == [("lost_update", 2 << 30)], "the others are asked in workers"
    assert [spec["stopped"] for spec in done.json["specs"]] == ["too little", None]


def test_a_search_without_memory_says_so(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "big", "--memory", "130M", "--json")
    assert done.code == 3 and done.json["specs"][0]["stopped"]


def test_a_process_that_dies_leaves_its_specs_undecided(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    here, parent = answers.one, os.getpid()

    def fatal(asked: Any, spec: Any, bounds: Any, traces: Any) -> Any:
        if spec.name == "surprising" and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return here(asked, spec, bounds, traces)

    monkeypatch.setattr(answers, "one", fatal)
    done = run(capsys, "check", COUNTER, "surprising", "locked_add", "--jobs", "2", "--json")
    assert done.code == 3
    assert done.json["specs"][0]["stopped"] == many.DIED


@pytest.mark.parametrize("jobs", ["0", "-1", "some", "1000"])
def test_no_number_of_processes(capsys: Capture, jobs: str) -> None:
    done = run(capsys, "check", COUNTER, "locked_add", f"--jobs={jobs}")
    assert done.code == 2
    assert sentence(done) == f"argument --jobs: {jobs!r} is no number of processes; see vswap check --help"


def test_one_spec_loads_nothing_for_many() -> None:
    asks = ("import sys; from checker.cli import main\n"
            f"main(['check', {COUNTER!r}, 'locked_add'])\n"
            "print(sorted({'multiprocessing', 'checker.workers', 'z3'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-P", "-c", asks], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
