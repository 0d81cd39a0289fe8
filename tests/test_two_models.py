# SPDX-License-Identifier: GPL-2.0-or-later
"""Several models in one package: what is changed is asked of those that it is about, and each is listed by itself."""

from __future__ import annotations

import pytest
from cli import MODELS, run, sentence

from checker.asked import ask, comparison, designs
from model.cluster_design import CLUSTERS_V2
from model.design import RFC_V1

TWO = str(MODELS / "two_models.py")

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(("words", "asked", "code"), [
    ([], ["house", "lamp"], 0),
    (["--set", "shuts=off"], ["house"], 1),
    (["--set", "saves=off"], ["lamp"], 0),
    (["--design", "CARELESS"], ["house"], 1),
    (["--design", "WASTEFUL"], ["lamp"], 0),
    (["--scope", "Door=3"], ["house"], 0),
    (["--scope", "Cpu=2"], ["house", "lamp"], 0),
    (["--scope", "two doors"], ["house", "lamp"], 0),  # it has all that the lamp needs
    (["--scope", "one reader"], ["lamp"], 0),
])
def test_a_change_is_asked_of_the_specs_that_it_is_about(capsys: Capture, words: list[str], asked: list[str],
                                                         code: int) -> None:
    done = run(capsys, "check", TWO, *words, "--json")
    assert [spec["name"] for spec in done.json["specs"]] == asked
    assert done.code == code
    told = run(capsys, "check", TWO, *words).out
    others = "Not asked: 1 spec of a model that has no such switch, design or sort."
    assert (others in told) == (len(asked) == 1)


def test_a_spec_that_is_named_must_fit(capsys: Capture) -> None:
    done = run(capsys, "check", TWO, "lamp", "--set", "shuts=off")
    assert done.code == 2 and sentence(done).startswith("there is no switch 'shuts'")
    assert run(capsys, "check", TWO, "lamp", "--design", "CARELESS").code == 2


def test_a_change_that_fits_nothing_is_refused(capsys: Capture) -> None:
    assert sentence(run(capsys, "check", TWO, "--set", "shut=off")) == "there is no switch 'shut'; did you mean shuts?"
    assert "did you mean Door?" in sentence(run(capsys, "check", TWO, "--scope", "Doors=2"))
    done = run(capsys, "check", TWO, "--set", "shuts=off", "--set", "saves=off")
    assert done.code == 2, "no spec has both"


def test_each_model_is_listed_by_itself(capsys: Capture) -> None:
    found = run(capsys, "list", TWO, "--json").json
    assert [(one["state"], one["name"], one["doc"]) for one in found["operations"]] == [
        ("House", "use", "Goes through a door."), ("Lamp", "use", "Reads a page."),
        ("Lamp", "flicker", "The lamp goes on by itself."),
    ]
    told = run(capsys, "list", TWO).out
    assert "operations on the state House" in told and "rules on the state Lamp" in told
    assert [one["name"] for one in run(capsys, "list", TWO, "--set", "saves=off", "--json").json["specs"]] == ["lamp"]


def test_the_list_has_every_operation_of_a_model_whatever_the_first_scope_runs(capsys: Capture) -> None:
    found = run(capsys, "list", "--json").json["operations"]
    names = {(one["state"], one["name"]) for one in found}
    assert {("Swap", "copy_present_ptes"), ("Swap", "swapoff"), ("Clusters", "copy_nonpresent_pte"),
            ("PhysClusters", "swapoff")} <= names
    assert len(names) == len(found)


def test_designs_of_each_kind_are_compared_by_questions_of_their_own() -> None:
    asked, _ = ask([])
    known = designs(asked.specs.values())
    for like in (RFC_V1, CLUSTERS_V2):
        declared = comparison(asked, like)
        assert {type(one) for one in declared.designs.values()} == {type(like)}
        assert {type(spec.design) for spec in declared.specs} == {type(like)}
        assert set(declared.designs) <= set(known)
    assert type(next(iter(comparison(asked).designs.values()))) is type(RFC_V1)


def test_two_designs_of_clusters_are_compared(capsys: Capture) -> None:
    done = run(capsys, "compare", "clusters_v2", "clusters_mended", "--spec", "asked_of_overflows", "--json")
    assert done.code == 0
    assert "create_publishes_locked" in done.out and "retry_locks_cluster" in done.out
    assert run(capsys, "compare", "rfc_v2", "clusters_v2").code == 2
