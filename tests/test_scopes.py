# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/scopes.md says how large the default specs are: drift is shown by name."""

from __future__ import annotations

from pathlib import Path

from checker.asked import ask
from checker.language import build, load_specs
from checker.report.scopes import concurrent, page
from checker.report.wider import Asked, one, row

HOME = Path(__file__).parent.parent


def test_the_page_is_what_the_search_counts() -> None:
    written = (HOME / "docs" / "scopes.md").read_text().splitlines()
    found = list(page(ask([])[0]))
    drifted = [f"{old!r} is now {new!r}" for old, new in zip(written, found, strict=False) if old != new]
    assert written == found, "run make docs; " + "; ".join(drifted)


def test_every_pair_of_operations_runs_concurrently_in_some_default_spec() -> None:
    pairs = [line for line in (HOME / "docs" / "scopes.md").read_text().splitlines() if line.startswith("| `")]
    assert len(pairs) > 40
    assert [line for line in pairs if "in no default spec" in line] == []


def test_pairs_are_those_that_overlap() -> None:
    built = build(load_specs(str(HOME / "tests" / "systems" / "lock_pair.py"))["opposite_order"])
    names = sorted(p.name for role in built.roles for p in role.operations)
    found = concurrent(built)
    assert found <= {(a, b) for a in names for b in names if a <= b}
    assert found


def test_a_wider_scope_is_asked_in_a_process_of_its_own() -> None:
    asked = one("o05_writeback_without_recheck", "Memcg", 2)
    assert asked.answer["verdicts"] and asked.peak_mib > 20
    text = row(asked)
    assert text.startswith("| `o05_writeback_without_recheck` | Memcg = 2 | ")
    assert "broken: `swapin_returns_what_was_written`" in text


def test_what_stops_early_is_not_called_good() -> None:
    answer = {"exit": 3, "verdicts": [{"promise": "p", "verdict": "undecided", "states": 7}]}
    assert row(Asked("s", "Node = 3", answer, 1.0, 30)).endswith("stopped; 1 promises undecided |")
    assert "could not be asked (exit 2)" in row(Asked("s", "Node = 3", {"exit": 2, "verdicts": []}, 1.0, 30))
