# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures: the least and the most over all states, with the shortest way there, in every reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli import MODELS, run, sentence

from checker.explicit import explore
from checker.language import LanguageError, build, load_specs
from checker.language.raw import Configuration, Raw

POOL = str(MODELS / "pool.py")
HEAD = """
from checker.language import *

class Node(Index):
    pass

class Top(State):
    next: Array[Node, Node | None]
    n: Range(-4, 40)
    flag: bool

@rule
def climb(s: Top):
    require(s.n < 7)
    s.n += 1

@rule
def fall(s: Top):
    require(s.n > -3)
    s.n -= 2
"""
TAIL = """
spec = Spec(why="A number.", model=Model(state=Top, rules=[climb, fall]), scope=Scope("s", sizes={Node: 2}), MEASURES)
"""


def written(tmp_path: Path, measures: str, named: str = "measures=[size]") -> str:
    file = tmp_path / "top.py"
    file.write_text(HEAD + measures + TAIL.replace("MEASURES", named))
    return str(file)


def everywhere(raw: Raw) -> dict[tuple[int, ...], tuple[int, Configuration]]:
    """Every state of the raw reading, with its distance from the start."""
    queue = [(0, here) for here in raw.initial()]
    seen = {here.vector: (depth, here) for depth, here in queue}
    for depth, here in queue:
        for transition in raw.successors(here):
            if transition.target is not None and transition.target.vector not in seen:
                seen[transition.target.vector] = depth + 1, transition.target
                queue.append((depth + 1, transition.target))
    return seen


@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize("spec", ["pool", "careless_pool"])
def test_the_extremes_are_those_of_the_raw_reading(spec: str, symmetry: bool) -> None:
    system = build(load_specs(POOL)[spec])
    raw = Raw(system)
    states = everywhere(raw)
    found = explore(system, symmetry=symmetry, witnesses=True)
    assert symmetry or found.states == len(states)
    for measure in system.measures:
        extent = found.measures[measure.name]
        values = [(raw.measured(measure.name, here), depth) for depth, here in states.values()]
        least, most = min(v for v, _ in values), max(v for v, _ in values)
        assert (extent.least, extent.most) == (least, most)
        assert extent.least_depth == min(depth for value, depth in values if value == least)
        assert extent.most_depth == min(depth for value, depth in values if value == most)
        for finding, value, depth in ((extent.least_at, least, extent.least_depth),
                                      (extent.most_at, most, extent.most_depth)):
            assert finding is not None and finding.depth == depth == len(finding.path) - 1
            assert raw.measured(measure.name, states[finding.path[-1]][1]) == value


def test_nothing_is_followed_that_nobody_asked_for() -> None:
    found = explore(build(load_specs(POOL)["pool"]))
    assert {name: (e.least, e.most) for name, e in found.measures.items()} == {"items_out": (0, 1), "under_way": (0, 2)}
    assert all(e.least_at is None and e.most_at is None for e in found.measures.values())


def test_a_measure_changes_no_state(tmp_path: Path) -> None:
    with_it, without = (explore(build(load_specs(written(tmp_path, "@measure\ndef size(s: Top):\n    return 3 * s.n\n",
                                                         named))["spec"])) for named in ("measures=[size]", ""))
    assert with_it.fingerprint == without.fingerprint
    assert (with_it.measures["size"].least, with_it.measures["size"].most) == (-12, 21)


def test_check_shows_a_row_that_is_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "check", POOL, "careless_pool")
    assert done.code == 0
    (row,) = [line for line in done.out.splitlines() if "items_out" in line]
    assert row.split(maxsplit=2) == ["measured", "items_out", "0 to 2 (the most after 4 steps)"]
    assert "1 spec, 7 promises" in done.out
    document = run(capsys, "check", POOL, "careless_pool", "--json").json
    one = document["measures"][0]
    assert one["measure"] == "items_out"
    assert [one[field] for field in ("least", "least_steps", "most", "most_steps")] == [0, 0, 2, 4]
    assert one["complete"] and "items_out" not in {v["promise"] for v in document["verdicts"]}


def test_a_search_that_stops_says_so_far(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "check", POOL, "careless_pool", "--max-states", "2")
    assert done.code == 3
    assert any("items_out" in line and line.endswith("so far") for line in done.out.splitlines())


def test_explain_draws_the_way_and_replay_walks_it(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "explain", POOL, "careless_pool", "items_out")
    assert done.code == 0
    assert "pool: items_out is 2, the most in any state" in done.out
    key = next(line for line in reversed(done.out.splitlines()) if "vswap replay" in line).split()[2]
    again = run(capsys, "replay", key, POOL)
    assert again.code == 0
    assert "items_out is 2 here: most of all" in again.out


def test_explain_as_is_about_races(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "explain", POOL, "careless_pool", "items_out", "--as", "mermaid")
    assert done.code == 2
    assert sentence(done) == "--as is about a race, and items_out is a measure: leave --as out"


def test_list_names_measures(capsys: pytest.CaptureFixture[str]) -> None:
    assert [m["name"] for m in run(capsys, "list", POOL, "--json").json["measures"]] == ["items_out", "under_way"]
    assert "  under_way" in run(capsys, "list", POOL).out.partition("measures")[2]


def test_a_measure_that_cannot_be_computed_is_a_model_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "@measure\ndef size(s: Top):\n    return 12 // (s.n - 2)\n")
    done = run(capsys, "check", file)
    assert done.code == 1
    assert "BROKEN     no_model_error" in done.out and "in 2 steps" in done.out
    assert "measured" not in done.out


REFUSED = {
    "a bool": ("return s.flag", "a measure returns a whole number, this is bool: write 1 if ... else 0"),
    "nothing": ("pass", "size returns nothing: return a number"),
    "steps": ('yield "x"\n    return 1', "a measure has no steps: it does not yield"),
    "a choice": ('return 1 if maybe("x") else 0', "maybe belongs into rules and operations"),
    "a change": ("s.n = 1\n    return 1", "only reads the state"),
}


@pytest.mark.parametrize(("body", "text"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_measure_is_refused(tmp_path: Path, body: str, text: str) -> None:
    file = written(tmp_path, f"@measure\ndef size(s: Top):\n    {body}\n")
    with pytest.raises(LanguageError) as refusal:
        build(load_specs(file)["spec"])
    assert text in str(refusal.value)
    assert f"{file}:" in str(refusal.value)


def test_measures_and_promises_are_told_apart(tmp_path: Path) -> None:
    size = "@measure\ndef size(s: Top):\n    return s.n\n\n@invariant\ndef low(s: Top):\n    return s.n < 9\n"
    for named, text in {
        "promises=[size]": "size is a measure, not a promise: Spec(measures=[...])",
        "measures=[low]": "low is used as a measure: decorate it with @measure",
        "measures=[size, size]": "two promises or measures are called size",
    }.items():
        with pytest.raises(LanguageError) as refusal:
            build(load_specs(written(tmp_path, size, named))["spec"])
        assert text in str(refusal.value)
