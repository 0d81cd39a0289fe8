# SPDX-License-Identifier: GPL-2.0-or-later
"""The static lock graph: regions that nest in opposite orders are seen without a search."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.cli import main
from checker.language import build, load_specs
from checker.language.lockorder import cycle, edges

MODEL = '''
from __future__ import annotations
from checker.language import *

class S(State):
    v: Spinlock
    p: Spinlock
    q: Spinlock
    n: Range(0, 3)

def bump(s: S) -> bool:
    with hold(s.INNER):
        s.n = 2
    return True

@rule
def down(s: S):
    with hold(s.v):
        with hold(s.p):
            s.n = 1

@rule
def side(s: S):
    with hold(s.p):
        with hold(s.q):
            s.n = 3

@rule
def up(s: S):
    with hold(s.OUTER):
        if bump(s):
            s.n = 0

@invariant
def small(s: S):
    return s.n <= 3

MODEL = Model(state=S, rules=[down, side, up])
spec = Spec(why="who nests where", model=MODEL, scope=Scope("s", sizes={}), promises=[small])
'''


def write(folder: Path, outer: str, inner: str) -> str:
    path = folder / "nesting_model.py"
    path.write_text(MODEL.replace("OUTER", outer).replace("INNER", inner))
    return str(path)


@pytest.mark.parametrize(
    ("outer", "inner", "ring"),
    [("v", "q", 0), ("p", "v", 2), ("q", "p", 2), ("q", "v", 3)],
)
def test_a_ring_of_regions_is_found(tmp_path: Path, outer: str, inner: str, ring: int) -> None:
    found = edges(build(load_specs(write(tmp_path, outer, inner))["spec"]))
    assert ("v", "p") in {(e.outer, e.inner) for e in found}
    assert len(cycle(found)) == ring


def test_the_check_names_both_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", write(tmp_path, "p", "v")]) == 1
    text = capsys.readouterr().out
    assert "BROKEN     locks_are_taken_in_one_order" in text
    assert "p inside v in down" in text and "v inside p in up" in text


def test_one_order_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", write(tmp_path, "v", "q")])
    assert "holds      locks_are_taken_in_one_order" in capsys.readouterr().out
