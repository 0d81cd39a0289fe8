# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/scopes.md says how large the default specs are: drift is shown by name."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

from page_wider import Answer, one, row
from page_wider import main as wider
from page_wider import page as page_of_wider

from checker.asked import ask
from checker.explicit import explore
from checker.language import build, load_specs
from checker.report.scopes import concurrent, page

HOME = Path(__file__).parent.parent


def drift(written: list[str], found: list[str]) -> list[str]:
    """What differs between two pages, by the spec or the pair whose line it is."""
    old, new = ({line.split(" | ")[0]: line for line in lines if line.startswith("| `")} for lines in (written, found))
    return [
        f"{name[2:]}: {old.get(name, 'not on the page')!r} is now {new.get(name, 'gone')!r}"
        for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)
    ]


def test_the_page_is_what_the_search_counts() -> None:
    written = (HOME / "docs" / "scopes.md").read_text().splitlines()
    found = list(page(ask([])[0]))
    assert written == found, "run make docs; " + "; ".join(drift(written, found))


def test_drift_is_shown_by_name() -> None:
    written = ["# Scopes", "| `a` | one page | 7 |", "| `b` | two | 9 |", "| `f`, `g` | `a` |"]
    found = ["# Scopes", "| `a` | one page | 8 |", "| `c` | three | 1 |", "| `b` | two | 9 |", "| `f`, `g` | `c` |"]
    assert drift(written, written) == []
    assert [line.split(":")[0] for line in drift(written, found)] == ["`a`", "`f`, `g`", "`c`"]
    assert "'| `a` | one page | 7 |' is now '| `a` | one page | 8 |'" in drift(written, found)[0]


EXCLUDED = {("copy_nonpresent_pte", "copy_nonpresent_pte"), ("copy_nonpresent_pte", "zap_nonpresent_ptes")}
"""Of the clusters: one process, and whoever copies it has its mmap_lock for writing."""


def test_every_pair_of_operations_runs_concurrently_in_some_default_spec() -> None:
    models = (HOME / "docs" / "scopes.md").read_text().split("### On the state ")[1:]
    assert [text.partition("\n")[0] for text in models] == ["`Swap`", "`Clusters`", "`PhysClusters`"]
    for text in models:
        rows = [line for line in text.splitlines() if line.startswith("| `")]
        assert len(rows) > 20
        never = {tuple(re.findall(r"`(\w+)`", line)) for line in rows if "in no default spec" in line}
        assert never == (EXCLUDED if text.startswith("`Clusters`") else set())


def test_pairs_are_those_that_overlap() -> None:
    built = build(load_specs(str(HOME / "tests" / "systems" / "lock_pair.py"))["opposite_order"])
    names = sorted(p.name for role in built.roles for p in role.operations)
    found, visited = concurrent(built)
    assert visited.states == explore(built).states
    assert found <= {(a, b) for a in names for b in names if a <= b}
    assert found


def test_a_wider_scope_is_asked_in_a_process_of_its_own() -> None:
    answer = one("o05_writeback_without_recheck", "Memcg", 2)
    assert answer.states > 100 and answer.peak_mib > 20
    text = row(answer)
    assert text.startswith("| `o05_writeback_without_recheck` | Memcg = 2 | ")
    assert "broken: `swapin_returns_what_was_written`" in text


def test_what_stops_early_is_not_called_good() -> None:
    assert row(Answer("s", "Node = 3", 3, 7, undecided=1, limits="1 s, 4G")).endswith(
        "stopped (1 s, 4G); 1 promise undecided |")
    about = Answer("rfc_v2_runs", "Task = 2", 1, 7, broken=("p",))
    assert "broken: `p`: see `rfc_v2_unmapping_strands_a_folio`" in row(about)
    assert "could not be asked (exit 2)" in row(Answer("s", "Node = 3", 2))
    assert "1 were stopped." in "\n".join(page_of_wider([Answer("s", "Node = 3", 3, 7)]))


def test_what_was_stopped_is_asked_again_with_higher_limits(tmp_path: Path) -> None:
    kept, written = tmp_path / "answers.jsonl", tmp_path / "wider.md"
    words = [str(kept), str(written), "backing_is_read_under_rcu"]
    before = Answer("backing_is_read_under_rcu", "Page = 3", 3, 7, limits="1 s, 4G")
    kept.write_text(json.dumps(asdict(before)) + "\n")
    wider([*words, "--seconds", "1"])
    assert row(before) in written.read_text()
    wider(words)
    assert "Of 7 questions" in written.read_text() and row(before) not in written.read_text()
    asked = kept.read_text()
    wider(words)
    assert kept.read_text() == asked
