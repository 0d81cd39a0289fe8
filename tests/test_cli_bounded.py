# SPDX-License-Identifier: GPL-2.0-or-later
"""vswap check --engine z3: what it says, and what it does not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli import COUNTER, HOME, run, sentence

UNLOCK = str(HOME / "tests" / "systems" / "forgotten_unlock.py")


def test_a_break_is_found_drawn_and_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "check", COUNTER, "surprising", "--engine", "z3", "--depth", "7", "--json")
    assert done.code == 1
    (found,) = [v for v in done.json["verdicts"] if v["surprise"] is not None]
    exact = run(capsys, "check", COUNTER, "surprising", "--json")
    (same,) = [v for v in exact.json["verdicts"] if v["promise"] == found["promise"]]
    assert (found["engine"], same["engine"]) == ("z3", "explicit")
    assert found["steps"] == same["steps"] == found["trace"]["steps"]
    again = run(capsys, "replay", COUNTER, found["trace"]["key"])
    assert again.code == 0 and "broken here, as the key says" in again.out


def test_the_race_is_the_same_kind_of_drawing(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "check", COUNTER, "surprising", "--engine", "z3", "--depth", "7")
    assert done.code == 1 and "BUG: " in done.out and "vswap replay" in done.out


def test_what_does_not_break_is_undecided_and_says_how_far(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "check", UNLOCK, "unlocks", "--engine", "z3", "--depth", "3", "--json")
    assert done.code == 3
    assert set(done.verdicts("unlocks").values()) <= {"undecided", "holds"}
    for verdict in done.json["verdicts"]:
        if verdict["verdict"] == "holds":
            assert verdict["kind"] == "reachable" and verdict["steps"] <= 3
        elif verdict["promise"] == "every_operation_can_finish":
            assert verdict["claim"] == "no number of steps decides this"
        else:
            assert verdict["claim"] in ("no violation within 3 steps", "not reached within 3 steps")
    assert [(s["engine"], s["depth"], s["complete"], s["stopped"]) for s in done.json["specs"]] == [
        ("z3", 3, False, None)]


def test_people_read_the_bound_beside_every_promise(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "check", UNLOCK, "unlocks", "--engine", "z3", "--depth", "3")
    assert done.code == 3
    assert "no violation within 3 steps" in done.out and "no number of steps decides this" in done.out
    assert "every run of up to 3 steps" in done.out
    assert "holds: in every one" not in done.out


def test_a_known_break_has_the_depth_that_its_spec_expects(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "check", COUNTER, "lost_update", "--engine", "z3", "--depth", "7", "--json")
    assert done.code == 3
    (found,) = [v for v in done.json["verdicts"] if v["promise"] == "no_update_is_lost"]
    assert (found["verdict"], found["expected"], found["surprise"], found["steps"]) == ("broken", "broken", None, 6)


def test_a_search_that_is_cut_off_is_undecided(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    big = str(HOME / "tests" / "systems" / "reference_swap.py")
    done = run(capsys, "check", big, "four_entries", "--engine", "z3", "--depth", "1000", "--time", "1", "--json")
    assert done.code == 3
    (spec,) = done.json["specs"]
    assert spec["depth"] < 1000 and spec["stopped"] == "the time limit of 1 s is reached"
    assert "holds" not in {v["verdict"] for v in done.json["verdicts"] if v["kind"] not in ("static", "reachable")}


@pytest.mark.parametrize(("words", "why"), [
    (("--depth", "5"), "--depth is for --engine z3"),
    (("--engine", "z3", "--max-states", "9"), "--max-states is not for --engine z3"),
    (("--engine", "z3", "--depth", "-1"), "'-1' is no number of steps"),
    (("--engine", "z3", "--depth", "many"), "'many' is no number of steps"),
])
def test_options_that_do_not_fit_are_refused(
        capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str) -> None:
    done = run(capsys, "check", COUNTER, "locked_add", *words)
    assert done.code == 2 and why in sentence(done)
