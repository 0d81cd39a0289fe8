# SPDX-License-Identifier: GPL-2.0-or-later
"""vswap new: a what-if to start from, that runs as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli import run, sentence

from checker.language import load_specs


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_runs_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "new", "my_idea", "--like", "rfc_v2_reads_succeed")
    assert done.code == 0
    assert done.out == "my_idea.py asks what rfc_v2_reads_succeed asks. To check it: vswap check ./my_idea.py\n"
    assert run(capsys, "check", "./my_idea.py").code == 0


def test_switches_are_set_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "new", "my_idea", "--like", "rfc_v2_reads_succeed", "--set", "writeback_marks_uptodate=off",
               "--set", "shrinker_gate=on", "--json")
    assert done.code == 0 and done.json["new"] == {"file": "my_idea.py", "like": "rfc_v2_reads_succeed"}
    spec = load_specs("./my_idea.py")["my_idea"]
    assert spec.design.writeback_marks_uptodate is False  # type: ignore[union-attr]
    assert "shrinker_gate" not in Path("my_idea.py").read_text()  # it is on anyway
    done = run(capsys, "check", "./my_idea.py")
    assert done.code == 1 and "BUG: my_idea: no_cached_page_is_unreadable" in done.out


def test_by_default_it_asks_what_a_spec_asks_that_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "new", "my_idea").code == 0
    spec = load_specs("./my_idea.py")["my_idea"]
    alike = load_specs(None)["rfc_v2"]
    assert (spec.scope, list(spec.promises), spec.design) == (alike.scope, list(alike.promises), alike.design)
    assert spec.default and not spec.expected


def test_nothing_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("my_idea.py").write_text("precious")
    done = run(capsys, "new", "my_idea")
    assert done.code == 2
    assert sentence(done) == "my_idea.py is there already, and is left as it is: take another name"
    assert Path("my_idea.py").read_text() == "precious"


@pytest.mark.parametrize(("words", "text"), [
    (["two words"], "'two words' is no name for a spec: letters, digits and _, as a Python variable"),
    (["class"], "'class' is no name for a spec: letters, digits and _, as a Python variable"),
    (["../up"], "'../up' is no name for a spec: letters, digits and _, as a Python variable"),
    (["a", "b"], "new takes one name, not 2: a b"),
    (["rfc_v2"], "there is a spec rfc_v2 already: vswap explain rfc_v2"),
    (["idea", "--like", "rfc_v2_readssucceed"], "did you mean rfc_v2_reads_succeed"),
    (["idea", "--set", "shrinker_gat=off"], "there is no switch 'shrinker_gat'; did you mean shrinker_gate?"),
    (["idea", "--set", "shrinker_gate"], "--set takes SWITCH=VALUE, for example --set shrinker_gate=off"),
])
def test_what_is_refused(capsys: pytest.CaptureFixture[str], words: list[str], text: str) -> None:
    done = run(capsys, "new", *words)
    assert done.code == 2
    assert text in sentence(done)
    assert list(Path().iterdir()) == []


def test_a_folder_that_cannot_be_written_to(capsys: pytest.CaptureFixture[str]) -> None:
    Path("idea.py").symlink_to("nowhere/idea.py")
    done = run(capsys, "new", "idea")
    assert done.code == 2
    assert "idea.py" in sentence(done)
