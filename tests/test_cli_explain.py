# SPDX-License-Identifier: GPL-2.0-or-later
"""The race in other words: the retelling, a commit message, a Mermaid diagram, a Python program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli import COUNTER, HOME, run, sentence

Capture = pytest.CaptureFixture[str]

IN_WORDS = """\
In words:

   1. CPU0 calls add(s0) and comes in update() to "count read".
   2. CPU1 calls add(s0) and comes in update() to "count read".
   3. CPU1 goes on in update() to "count written". Now cell[s0].count is 1
      (was 0) and cell[s0].content is d1 (was d0).
   4. CPU1 goes on in add(). Now done is 1 (was 0). add returns.
   5. Meanwhile cell[s0].content has become d1, cell[s0].count has become 1
      and done has become 1. CPU0, which stood behind "count read", goes on
      in update() to "count written". Now cell[s0].content is d2 (was d1).
   6. CPU0 goes on in add(). Now done is 2 (was 1). add returns.
    = So no_update_is_lost is broken: "As many were counted as were added"
      is false, as cell[s0].count is 1 and done is 2.
"""

MESSAGE = """\
counter: without the lock an update is lost

Two CPUs read the same count, and each adds one to it.

The shortest way to break no_update_is_lost, in scope "two CPUs, one slot":

  CPU0                                CPU1
"""

# A promise of each kind, what breaks it, and a word of the sentence that says so.
MORE = """
@step_invariant
def done_never_grows(old: Counters, new: Counters):
    return new.done <= old.done

@invariant
def asks_too_much(s: Counters):
    return all(s.done // (1 - s.cell[c].count) >= 0 for c in Slot)

@operation
def stop(s: Counters, cpu: Cpu, c: Slot):
    acquire(s.cell[c].lock)
    yield "stopped"
    require(s.done == 3)

@operation
def claim(s: Counters, cpu: Cpu):
    yield "about to claim"
    assert s.done == 0, "nothing # is \\\\ \\"done\\" yet"
    expect(s.lamp, "the lamp; is <on>")

RUNS = Model(state=Counters, rules=[], operations={Cpu: [add, claim]})
STOPS = Model(state=Counters, rules=[], operations={Cpu: [stop]})
steps = Spec(why="?", model=COUNTERS, design=Way(), scope=small, promises=[done_never_grows])
asked = Spec(why="?", model=COUNTERS, design=Way(), scope=small, promises=[asks_too_much])
claims = Spec(why="?", model=RUNS, design=Way(), scope=small)
stops = Spec(why="?", model=STOPS, design=Way(), scope=small)
at_once = Spec(why="?", model=COUNTERS, design=Way(), scope=small, promises=[lost], start=[begun])
"""
BEGUN = """
def begun(s: Counters):
    \"\"\"Two are done, one is counted.\"\"\"
    s.done = 2

@invariant
def lost(s: Counters):
    return sum(s.cell[c].count for c in Slot) >= s.done
"""
EVERY_KIND = [
    ("lost_update", "no_update_is_lost"), ("steps", "done_never_grows"), ("asked", "no_model_error"),
    ("out_of_range", "no_model_error"), ("claims", 'nothing # is \\ "done" yet'), ("claims", "the lamp; is <on>"),
    ("stops", "no_deadlock"), ("stops", "every_operation_can_finish"), ("at_once", "lost"),
    ("forgotten_unlock", "no_lock_left_behind"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The counter, and more ways to go wrong."""
    path = tmp_path_factory.mktemp("models") / "counter.py"
    path.write_text(Path(COUNTER).read_text() + BEGUN + MORE)
    return path


# ------------------------------------------------------------------ retelling


def test_the_race_is_told_in_words(capsys: Capture) -> None:
    done = run(capsys, "explain", COUNTER, "lost_update")
    assert done.code == 0
    assert done.out.rstrip("\n") + "\n" == done.out.partition("In words:")[0] + IN_WORDS
    assert "In words:" not in run(capsys, "check", COUNTER, "surprising").out


@pytest.mark.parametrize(("spec", "promise"), EVERY_KIND)
def test_a_break_of_every_kind_is_told(capsys: Capture, model: Path, spec: str, promise: str) -> None:
    done = run(capsys, "explain", str(model), spec, promise)
    assert done.code in (0, 1)
    told = done.out.partition("In words:")[2]
    steps = re.findall(r"^ *(\d+)\. ", told, re.MULTILINE)
    assert [int(step) for step in steps] == list(range(1, len(steps) + 1))
    last = told.partition("    = ")[2]
    words = {"no_deadlock": "Now nobody can move any more: CPU0 in stop",
             "every_operation_can_finish": "From here there is no way back to idle for CPU",
             "the lamp; is <on>": 'So the assertion "the lamp; is <on>" fails, as lamp is False.'}
    assert words.get(promise, promise) in " ".join(last.split())
    assert max(map(len, told.splitlines())) <= 75


def test_what_came_back_is_told_too(capsys: Capture) -> None:
    """A reader that was away does not see that a word was another in between: the retelling does."""
    done = run(capsys, "explain", "o05_writeback_without_recheck")
    sentences = [" ".join(part.split()) for part in re.split(r"\n +\d+\. ", done.out)]
    back = 'Shrinker0, which stood behind "the slot is swapped out and not cached", goes on'
    away = next(sentence for sentence in sentences if back in sentence)
    assert away.startswith("Meanwhile ") and "table[v0] has changed and is SHADOW again" in away
    assert "virtual_table[v0] has become SWAPFILE(p0)" in away


# ------------------------------------------------------------- commit message


def test_a_commit_message(capsys: Capture) -> None:
    done = run(capsys, "explain", COUNTER, "lost_update", "--as", "commit-message")
    assert done.code == 0 and done.out.startswith(MESSAGE)
    assert done.out.replace("\\\n", "").rstrip().endswith(f" {COUNTER}") and "\nReplay:\n    vswap replay " in done.out
    key = done.out.replace("\\\n", "").partition("vswap replay ")[2].split()[0]
    assert run(capsys, "replay", key, COUNTER).code == 0


@pytest.mark.parametrize(("spec", "promise"), EVERY_KIND)
def test_a_commit_message_is_narrow_and_has_no_comments(capsys: Capture, model: Path, spec: str, promise: str) -> None:
    lines = run(capsys, "explain", str(model), spec, promise, "--as", "commit-message").out.splitlines()
    assert max(map(len, lines)) <= 75 and not any(line.startswith("#") for line in lines)
    assert lines[0] and not lines[1] and lines[2], "a subject, and an empty line behind it"


def test_a_commit_message_about_a_changed_design_has_no_words_of_the_spec(capsys: Capture) -> None:
    done = run(capsys, "explain", COUNTER, "locked_add", "--set", "locked=off", "--as", "commit-message")
    assert done.out.startswith("counter: no_update_is_lost breaks in add\n\nThe shortest way to break")
    assert "with locked=off:" in " ".join(done.out.split()) and "loses nothing" not in done.out


# -------------------------------------------------------------------- mermaid

MERMAID = [re.compile(pattern) for pattern in (
    r"title (?P<text>.+)", r"participant (?P<life>a\d+) as (?P<text>.+)",
    r"Note over (?P<over>a\d+(,a\d+)?): (?P<text>.+)", r"Note right of (?P<of>a\d+): (?P<text>.+)",
    r"(?P<source>a\d+)->>(?P<target>a\d+): (?P<text>.+)")]


def read_mermaid(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """The participants and the other statements; what Mermaid would refuse is refused."""
    first, *rest = text.splitlines()
    assert first == "sequenceDiagram"
    lives: list[str] = []
    statements = []
    for line in rest:
        (match,) = (found for pattern in MERMAID if (found := pattern.fullmatch(line.strip())))
        found = {name: value for name, value in match.groupdict().items() if value}
        plain = re.sub(r"#\d+;|<br/>", "", found["text"])
        assert not re.search(r"[#;<>{}%]", plain), f"it means something to Mermaid: {line}"
        if "life" in found:
            assert found["life"] not in lives and len(statements) == 1, "behind the title, before the rest"
            lives.append(found["life"])
            continue
        for name in ("over", "of", "source", "target"):
            assert set(found.get(name, lives[0] if lives else "").split(",")) <= {*lives, ""}
        statements.append(found)
    return lives, statements


@pytest.mark.parametrize(("spec", "promise"), EVERY_KIND)
def test_a_mermaid_diagram(capsys: Capture, model: Path, spec: str, promise: str) -> None:
    done = run(capsys, "explain", str(model), spec, promise, "--as", "mermaid")
    lives, statements = read_mermaid(done.out)
    steps = run(capsys, "explain", str(model), spec, promise).out.partition("In words:")[2]
    assert len([one for one in statements if "source" in one]) == len(re.findall(r"^ *\d+\. ", steps, re.MULTILINE))
    assert lives and statements[-1]["text"].startswith("BUG: ")


def test_the_diagram_of_a_lost_update(capsys: Capture) -> None:
    lives, statements = read_mermaid(run(capsys, "explain", COUNTER, "lost_update", "--as", "mermaid").out)
    assert lives == ["a0", "a1"]
    assert [(one["source"], one["text"]) for one in statements if "source" in one] == [
        ("a0", "add(s0)<br/>update(): count read"), ("a1", "add(s0)<br/>update(): count read"),
        ("a1", "update(): count written"), ("a1", "return"), ("a0", "update(): count written"), ("a0", "return")]
    assert "cell[s0].count = 1<br/>cell[s0].content = d1" in [one["text"] for one in statements if "of" in one]


# --------------------------------------------------------------------- python


def run_program(path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-P", str(path)], capture_output=True, text=True, cwd=cwd, check=False)


@pytest.mark.parametrize(("spec", "promise"), EVERY_KIND)
def test_a_program_runs_to_the_break(
        capsys: Capture, model: Path, tmp_path: Path, spec: str, promise: str) -> None:
    program = tmp_path / "race.py"
    program.write_text(run(capsys, "explain", str(model), spec, promise, "--as", "python").out)
    done = run_program(program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"{promise} is broken here, as the trace says.\n")


def test_a_program_notices_that_the_race_is_gone(capsys: Capture, tmp_path: Path) -> None:
    words = ("explain", COUNTER, "locked_add", "--set", "locked=off", "--scope", "Cpu=3", "--as", "python")
    text = run(capsys, *words).out
    program = tmp_path / "race.py"
    program.write_text(text)
    assert run_program(program, tmp_path).returncode == 0
    program.write_text(text.replace("locked=off", "locked=on"))
    done = run_program(program, tmp_path)
    assert done.returncode == 1 and "cannot do this step of add: the model has changed" in done.stderr
    *kept, _, last = [line for line in text.splitlines() if line.startswith("step(")]
    program.write_text(text.replace(last + "\n", ""))
    done = run_program(program, tmp_path)
    assert kept and done.returncode == 1 and "AssertionError: it is kept" in done.stderr


def test_the_race_of_the_installed_model_as_a_program(capsys: Capture, tmp_path: Path) -> None:
    program = tmp_path / "race.py"
    program.write_text(run(capsys, "explain", "o05_writeback_without_recheck", "--as", "python").out)
    done = run_program(program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(HOME) not in program.read_text()


def test_one_race_at_a_time(capsys: Capture) -> None:
    done = run(capsys, "explain", COUNTER, "lost_update", "surprising", "--as", "python")
    assert done.code == 2 and "name one spec, not lost_update, surprising" in sentence(done)
    done = run(capsys, "explain", COUNTER, "lost_update", "no_deadlock", "no_model_error", "--as", "mermaid")
    assert done.code == 2 and "name one promise, not no_deadlock, no_model_error" in sentence(done)
    done = run(capsys, "explain", COUNTER, "locked_add", "--as", "mermaid")
    assert done.code == 0 and done.out == "" and "no promise breaks" in done.err


NESTING = """
from checker.language import *

class S(State):
    v: Spinlock
    p: Spinlock
    n: Range(0, 3)

@rule
def down(s: S):
    with hold(s.v):
        with hold(s.p):
            s.n = 1

@rule
def up(s: S):
    with hold(s.p):
        with hold(s.v):
            s.n = 0

nests = Spec(why="Who nests where.", model=Model(state=S, rules=[down, up]), scope=Scope("s", sizes={}))
"""


def test_what_the_source_breaks_has_no_race(capsys: Capture, tmp_path: Path) -> None:
    model = tmp_path / "nests.py"
    model.write_text(NESTING)
    said = "nests: locks_are_taken_in_one_order is broken in the source, there is no race: p inside v in down"
    done = run(capsys, "explain", str(model))
    assert done.code == 1 and done.out.startswith(said)
    assert run(capsys, "explain", str(model), "nests", "--as", "python").err.startswith(said)
    assert run(capsys, "graph", str(model), "-o", str(tmp_path / "g.svg")).out.startswith(said)
    assert "no_deadlock does not break" in run(capsys, "explain", str(model), "nests", "no_deadlock").out
    assert "# p inside v in down" in run(capsys, "check", str(model), "--format", "ktap").out


@pytest.mark.parametrize("command", [["explain"], ["graph", "-o", "race.svg"], ["repair", "--jobs", "1"]])
def test_a_promise_that_does_not_exist_is_refused_before_the_search(
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    def search(*_: object, **__: object) -> None:
        pytest.fail("nobody may search for it")

    monkeypatch.setattr("checker.explicit.explore", search)
    name, *options = command
    done = run(capsys, name, COUNTER, "locked_add", "no_update", *options)
    assert done.code == 2 and "there is no promise in locked_add with the name 'no_update'" in sentence(done)
