# SPDX-License-Identifier: GPL-2.0-or-later
"""What export writes, and what it refuses; whether rumur agrees is for tests/tools."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli import COUNTER, HOME, run, sentence

from checker.language import build, load_specs
from checker.language.errors import UsageError
from checker.report.murphi import export
from checker.report.murphi.choices import most_choices

Capture = pytest.CaptureFixture[str]

MANY = """
from checker.language import *

class Worker(Actor):
    pass

class S(State):
    on: bool

@operation
def work(s: S, w: Worker):
    for _ in range({turns}):
        if maybe("first"):
            break
        yield "one turn"
    {choices}
    s.on = False

many = Spec("", Model(S, operations={{Worker: [work]}}), Scope("all", {{Worker: 1}}))
"""


def murphi(name: str, path: Path | None = None) -> str:
    spec = load_specs(path)[name]
    return export(build(spec), name, frozenset(spec.expected))


def test_every_promise_has_its_line() -> None:
    text = murphi("o05_writeback_without_recheck")
    assert re.search(r'^cover "swapin_returns_what_was_written breaks" !holds_', text, re.MULTILINE)
    assert re.search(r'^invariant "no_physical_slot_without_rmap" holds_', text, re.MULTILINE)
    assert 'assert step_a_transfer_touches_no_pte_and_no_count(' in text
    assert '"nothing is freed twice"' not in text  # expected to break, by an assertion of a step


def test_every_procedure_has_its_rules() -> None:
    system = build(load_specs(None)["o05_writeback_without_recheck"])
    text = export(system, "")
    for rule in system.rules:
        assert f'rule "{rule.name}" true' in text
    for role in system.roles:
        for operation in role.operations:
            assert f'rule "{operation.name} starts"' in text
            assert bool(operation.yields) == (f'rule "{operation.name}" ' in text)


def test_it_is_written_where_it_was_asked_for(capsys: Capture, tmp_path: Path) -> None:
    shown = run(capsys, "export", COUNTER, "lost_update", "--to", "murphi")
    assert shown.code == 0 and "startstate" in shown.out
    path = tmp_path / "fits.m"
    said = run(capsys, "export", COUNTER, "lost_update", "--to", "murphi", "-o", str(path))
    assert said.code == 0 and path.read_text() == shown.out
    told = run(capsys, "export", COUNTER, "lost_update", "--to", "murphi", "--json")
    assert told.json["exit"] == 0 and told.json["export"]["text"] == shown.out


def test_the_heading_says_what_was_asked(capsys: Capture) -> None:
    plain = run(capsys, "export", "rfc_v2", "--to", "murphi").out
    scoped = run(capsys, "export", "rfc_v2", "--to", "murphi", "--scope", "Pte=2").out
    assert "Pte 2" in scoped.partition("type")[0] and "--scope Pte=2" in scoped.partition("type")[0]
    assert "asked with" not in plain.partition("type")[0]


@pytest.mark.parametrize(("words", "says"), [
    (["rfc_v3", "--to", "murphi"], "rfc_v3"),
    (["rfc_v2", "rfc_v1", "--to", "murphi"], "one spec"),
    (["rfc_v2", "--to", "tla"], "tla"),
    (["rfc_v2"], "--to"),
    (["rfc_v2", "--to", "murphi", "-o", "no/such/folder/x.m"], "cannot be written"),
])
def test_what_makes_no_sense_is_refused(capsys: Capture, words: list[str], says: str) -> None:
    done = run(capsys, "export", *words)
    assert done.code == 2 and says in sentence(done)


def many(tmp_path: Path, choices: int, turns: int = 2) -> Path:
    path = tmp_path / f"many{choices}.py"
    lines = "\n    ".join(f's.on = maybe("{k}")' for k in range(choices))
    path.write_text(MANY.format(choices=lines, turns=turns))
    return path


def test_a_way_out_of_a_loop_counts(tmp_path: Path) -> None:
    """Behind the loop's choice, a break leads past the yield to all the others."""
    system = build(load_specs(many(tmp_path, 3))["many"])
    assert most_choices(system.roles[0].operations[0].body) >= 4


def test_too_many_choices_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"many7.py:\d+: a step of work makes up to \d+ choices"):
        murphi("many", many(tmp_path, 7))


def test_the_page_says_what_works(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (HOME / "docs" / "murphi.md").read_text()
    (command,) = re.findall(r"^```sh\nvswap (.*?)\n```", page, re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    assert run(capsys, *command.split()).code == 0
    assert (tmp_path / "o05.m").exists()
