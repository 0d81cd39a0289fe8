# SPDX-License-Identifier: GPL-2.0-or-later
"""What the command says, and the exit code it ends with."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli import BRANCHES, COUNTER, run, sentence

from checker.report.verdict import Exit, worst

Capture = pytest.CaptureFixture[str]


def test_the_default_specs_are_as_expected(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER)
    assert done.code == 0
    assert "locked_add" in done.out and "lost_update" in done.out and "surprising" not in done.out
    assert "holds: in every one of" in done.out and "of scope 'two CPUs, one slot'" in done.out
    assert "no_update_is_lost           in 6 steps, as expected" in done.out
    assert done.out.rstrip().endswith("every verdict is as expected (exit 0)")
    assert done.err == ""


def test_many_specs_are_told_in_short(capsys: Capture) -> None:
    names = ["locked_add", "lost_update", "forgotten_unlock", "too_hopeful"]
    told = run(capsys, "check", COUNTER, *names).out.splitlines()
    rows = [line.split()[:2] for line in told if line.startswith("    ") and line[4] not in " v"]
    assert rows == [
        ["holds", "all"], ["broken", "no_update_is_lost"], ["holds", "the"],
        ["broken", "every_operation_can_finish"], ["broken", "no_lock_left_behind"], ["holds", "the"],
        ["HOLDS", "no_update_is_lost"], ["holds", "the"]]
    assert "    holds      all 6 promises, 1 of them that something is reached" in told


def test_a_break_that_nobody_expected(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "surprising")
    assert done.code == 1
    assert "BROKEN     no_counter_is_odd" in done.out and "expected to hold" in done.out
    assert "BUG: counter: no_counter_is_odd broken in add" in done.out


def test_a_break_in_another_number_of_steps(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "wrong_length")
    assert done.code == 1 and "expected to break in 99 steps" in done.out


def test_a_break_that_does_not_come(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "too_hopeful")
    assert done.code == 1 and "HOLDS      no_update_is_lost" in done.out and "expected to break" in done.out


def test_what_is_never_reached_is_vacuous(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "vacuous")
    assert done.code == 6 and "VACUOUS    nine_are_done" in done.out


def test_an_operation_that_nobody_runs_is_vacuous(capsys: Capture) -> None:
    done = run(capsys, "check", BRANCHES, "cursed")
    assert done.code == 6 and "VACUOUS    curse is never run" in done.out


def test_a_branch_that_no_default_spec_takes_is_vacuous(capsys: Capture) -> None:
    done = run(capsys, "check", BRANCHES)
    assert done.code == 6
    never = done.out.partition("Never happened, in any of the default specs:")[2]
    assert "mend never happens" in never and "never taken" in never
    assert "turn never" not in never and "watch" not in never
    assert run(capsys, "check", BRANCHES, "lamp").code == 0, "one spec alone need not run everything"


def test_a_forgotten_unlock_is_noticed(capsys: Capture) -> None:
    done = run(capsys, "explain", COUNTER, "forgotten_unlock", "every_operation_can_finish")
    assert done.code == 0
    assert 'can never leave add' in done.out
    assert run(capsys, "check", COUNTER, "forgotten_unlock").code == 0


def test_a_write_out_of_its_range_is_a_model_error(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "out_of_range")
    assert done.code == 1
    assert "BROKEN     no_model_error" in done.out
    assert "BUG: counter: no_model_error broken in add" in done.out
    assert "outside Range(0, 3)" in done.out


# ----------------------------------------------------------- asking otherwise


def test_one_switch_flipped(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "locked_add", "--set", "locked=off")
    assert done.code == 1
    assert "design: locked off" in done.out and "BROKEN     no_update_is_lost" in done.out
    assert "--set locked=off" in done.out, "the replay command repeats the switch"


def test_a_design_by_name(capsys: Capture) -> None:
    for name in ("careless", "lost_update"):
        assert run(capsys, "check", COUNTER, "locked_add", "--design", name).code == 1
    done = run(capsys, "check", COUNTER, "locked_add", "--design", "carelessly")
    assert done.code == 2 and sentence(done) == "there is no design 'carelessly'; did you mean careless?"


def test_a_scope_by_name_or_by_size(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "locked_add", "--scope", "Slot=2", "--json")
    assert done.code == 0
    assert done.json["specs"][0]["scope"] == {"name": "two CPUs, one slot, Slot 2", "sizes": {"Cpu": 2, "Slot": 2}}
    small = run(capsys, "check", COUNTER, "locked_add", "--json")
    assert done.json["specs"][0]["states"] > small.json["specs"][0]["states"]
    done = run(capsys, "check", COUNTER, "locked_add", "--scope", "three CPUs, one slot", "--json")
    assert done.json["specs"][0]["scope"] == {"name": "three CPUs, one slot", "sizes": {"Cpu": 3, "Slot": 1}}


@pytest.mark.parametrize(("words", "said"), [
    (["check", COUNTER, "locked_ad"], "there is no spec 'locked_ad'; did you mean locked_add?"),
    (["check", COUNTER, "--set", "mots=3"], "there is no switch 'mots'; did you mean most?"),
    (["check", COUNTER, "--set", "locked=perhaps"], "'perhaps' is no value for the switch locked: it is on or off"),
    (["check", COUNTER, "--set", "most=two"], "'two' is no value for the switch most: it is a whole number"),
    (["check", COUNTER, "--set", "locked"], "--set takes SWITCH=VALUE, for example --set locked=off"),
    (["check", BRANCHES, "--set", "locked=off"], "spec lamp has no design, so that there is no switch 'locked'"),
    (["check", COUNTER, "--scope", "two CPU, one slot"],
     "there is no scope 'two CPU, one slot'; did you mean two CPUs, one slot"),
    (["check", COUNTER, "--scope", "Slott=2"], "did you mean Slot?"),
    (["check", COUNTER, "--scope", "Slot=many"], "the number of objects is a whole number"),
    (["check", COUNTER, BRANCHES], "one model at a time"),
    (["check", COUNTER, "--max-states", "0"], "'0' is no number of states"),
    (["check", COUNTER, "--memory", "lots"], "'lots' is no amount of memory"),
    (["check", COUNTER, "--time", "-3"], "'-3' is no duration"),
    (["check", COUNTER, "--threads", "0"], "'0' is no number of threads"),
    (["check", COUNTER, "--engine", "z3", "--threads", "2"], "--threads is not for --engine z3"),
    (["check", COUNTER, "--engine", "z3", "--checkpoint", "kept"], "--checkpoint is not for --engine z3"),
    (["check", COUNTER, "--fast"], "there is no option --fast"),
    (["chek"], "invalid choice: 'chek'"),
    ([], "required: COMMAND"),
    (["explain", COUNTER, "locked_add", "no_update"], "there is no promise in locked_add with the name 'no_update'"),
    (["list", COUNTER, "--ir", "ad"], "there is no operation or rule 'ad'; did you mean add?"),
])
def test_what_cannot_be_asked_is_one_sentence(capsys: Capture, words: list[str], said: str) -> None:
    done = run(capsys, *words)
    assert done.code == 2
    assert said in sentence(done)
    if words:
        done = run(capsys, *words, "--json")
        assert done.code == 2 and done.json["exit"] == 2 and said in done.json["errors"][0]


def test_a_scope_of_size_zero(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "locked_add", "--scope", "Slot=0")
    assert done.code == 2 and "Slot has 0 objects" in sentence(done)


# ---------------------------------------------------------------- model files


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.py"
    path.write_text("from checker.language import *\n" + text)
    return str(path)


def test_a_file_without_specs(capsys: Capture, tmp_path: Path) -> None:
    done = run(capsys, "check", write(tmp_path, ""))
    assert done.code == 5 and "defines no spec: nothing was checked" in sentence(done)
    assert run(capsys, "check", write(tmp_path, ""), "--json").json["exit"] == 5


NO_RULES = """
class S(State):
    x: bool
@invariant
def whatever(s: S):
    return True
empty = Spec(why="?", model=Model(state=S), scope=Scope("s", sizes={}), promises=[whatever])
"""


def test_a_model_without_rules(capsys: Capture, tmp_path: Path) -> None:
    done = run(capsys, "check", write(tmp_path, NO_RULES))
    assert done.code == 5 and "has neither rules nor operations: nothing was checked" in sentence(done)


ASSERTION = """
class Lamp(State):
    on: bool
@dataclass(frozen=True)
class Care(Design):
    careful: bool = True
care = bound(Care)
@rule
def turn(s: Lamp):
    if care.careful:
        assert not s.on, "the lamp was off"
    s.on = not s.on
lamp = Spec(why="?", model=Model(state=Lamp, rules=[turn]), design=Care(), scope=Scope("s", sizes={}),
            expected={"the lamp was off": broken(steps=2)})
"""


def test_an_expectation_about_no_promise(capsys: Capture, tmp_path: Path) -> None:
    assert run(capsys, "check", write(tmp_path, ASSERTION)).code == 0
    done = run(capsys, "check", write(tmp_path, ASSERTION.replace('"the lamp was off": b', '"the lamp was of": b')))
    assert done.code == 2 and "'the lamp was of'" in sentence(done)


def test_an_expectation_that_a_switch_takes_away(capsys: Capture, tmp_path: Path) -> None:
    done = run(capsys, "check", write(tmp_path, ASSERTION), "--set", "careful=off")
    assert done.code == 1
    assert "HOLDS      the lamp was off" in done.out and "expected to break" in done.out


@pytest.mark.parametrize(("text", "said"), [
    ("def f(:\n", "mine.py:2: this is no Python"),
    ("x = 1 / 0\n", "mine.py:2: ZeroDivisionError: division by zero"),
    ("import nothing_of_that_name\n", "nothing_of_that_name"),
    ("import sys\nsys.exit(0)\n", "SystemExit"),
])
def test_a_file_that_cannot_be_loaded(capsys: Capture, tmp_path: Path, text: str, said: str) -> None:
    done = run(capsys, "check", write(tmp_path, text))
    assert done.code == 2 and said in sentence(done)


def test_a_rule_that_cannot_be_read_names_its_line(capsys: Capture, tmp_path: Path) -> None:
    text = NO_RULES.replace("@invariant", "@rule\ndef r(s: S):\n    print(s.x)\n@invariant").replace(
        "state=S", "state=S, rules=[r]")
    done = run(capsys, "check", write(tmp_path, text))
    assert done.code == 2 and "mine.py:7: " in sentence(done)


def test_a_file_that_is_not_there_or_is_none(capsys: Capture, tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.py", "No such file"), (tmp_path, "Is a directory")):
        done = run(capsys, "check", f"{path}/" if path.is_dir() else str(path))
        assert done.code == 2 and why in sentence(done)


# --------------------------------------------------------------------- limits


@pytest.mark.parametrize(("limit", "said"), [
    (["--max-states", "10"], "limit of 10 states"),
    (["--memory", "1K"], "memory"),
    (["--time", "0.000001"], "time limit"),
])
def test_a_limit_leaves_things_undecided(capsys: Capture, limit: list[str], said: str) -> None:
    done = run(capsys, "check", COUNTER, "locked_add", *limit)
    assert done.code == 3
    assert "undecided  no_update_is_lost" in done.out and said in done.out.replace("\n  ", " ")
    assert "holds" not in done.out
    done = run(capsys, "check", COUNTER, "locked_add", *limit, "--json")
    assert done.code == 3 and set(done.verdicts("locked_add").values()) == {"undecided"}


def test_stop_at_the_first_break(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "surprising", "--first", "--json")
    assert done.code == 1
    verdicts = done.verdicts("surprising")
    assert verdicts["no_counter_is_odd"] == "broken" and verdicts["every_operation_can_finish"] == "undecided"


# ----------------------------------------------------------------------- json


def test_the_json_document(capsys: Capture) -> None:
    done = run(capsys, "check", COUNTER, "surprising", "--json")
    assert done.code == 1
    document = done.json
    assert document["schema"] == 1 and document["exit"] == 1
    verdict = next(v for v in document["verdicts"] if v["promise"] == "no_counter_is_odd")
    assert verdict["spec"] == "surprising" and verdict["verdict"] == "broken" and verdict["expected"] == "holds"
    assert verdict["engine"] == "explicit" and verdict["complete"] is True and verdict["states"] > 10
    trace = verdict["trace"]
    assert trace["steps"] == verdict["steps"] and trace["key"].startswith("surprising@") and trace["switches"] == 0
    assert trace["race"].startswith("BUG: counter: ")
    held = next(v for v in document["verdicts"] if v["promise"] == "no_deadlock")
    assert held["verdict"] == "holds" and held["trace"] is None
    assert held["claim"] == f"every one of {held['states']} states of scope 'two CPUs, one slot'"


def test_the_list(capsys: Capture) -> None:
    done = run(capsys, "list", COUNTER)
    assert done.code == 0
    for text in ("add(c)  (Cpu)", "mirrors add_one() in lib/counter.c", "starts only if: require(s.done < way.most)",
                 "slot found; lock taken; count read; count written", "no_update_is_lost", "locked = on", "careless",
                 "two CPUs, one slot  (Cpu 2, Slot 1)", "expected to break: no_update_is_lost"):
        assert text in done.out
    found = run(capsys, "list", COUNTER, "--json").json
    assert found["schema"] == 1 and found["exit"] == 0
    assert [o["name"] for o in found["operations"]] == ["add", "blink"]
    assert {"promises", "designs", "scopes", "specs"} <= set(found)


def test_the_compiled_form_of_an_operation(capsys: Capture) -> None:
    done = run(capsys, "list", COUNTER, "--ir", "add")
    assert done.code == 0 and "count read" in done.out and "counter.py" in done.out


def test_the_worst_reason_wins() -> None:
    assert worst([Exit.VACUOUS, Exit.UNDECIDED, Exit.SURPRISE]) is Exit.SURPRISE
    assert worst([Exit.NOTHING, Exit.UNDECIDED]) is Exit.UNDECIDED
    assert worst([Exit.MISSING, Exit.USAGE, Exit.INTERNAL]) is Exit.INTERNAL
    assert worst([Exit.MISSING, Exit.USAGE]) is Exit.USAGE
    assert worst([Exit.SURPRISE, Exit.MISSING]) is Exit.MISSING
    assert worst([]) is Exit.AS_EXPECTED
