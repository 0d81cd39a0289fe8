# SPDX-License-Identifier: GPL-2.0-or-later
"""The values that a failing assert or expect has read, in the middle of its step."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.asked import ask
from checker.counterexample.race import race
from checker.run import Bounds, run

MODEL = """
import enum

from checker.language import *


class Slot(Index, prefix="s"):
    pass


class Cpu(Actor, prefix="CPU"):
    pass


class Text(Data, prefix="text"):
    pass


class Word(Union):
    EMPTY = case()
    FULL = case(slot=Slot)


class Mode(enum.Enum):
    SLOW = 1
    FAST = 2


class Cell(Record):
    count: Range(0, 3)
    next: Slot | None
    text: Text
    lock: Lock


class Store(State):
    cell: Array[Slot, Cell]
    word: Array[Slot, Word]
    waiting: Set[Slot]
    mode: Mode
    seen: Text


def empty(s: Store, c: Slot):
    \"\"\"A helper that only returns something.\"\"\"
    return s.word[c].tag == Word.EMPTY


def both(s: Store, c: Slot):
    found = s.cell[c].count == 2
    return found and s.mode == Mode.FAST


@rule
def act(s: Store, c: Slot):
    s.cell[c].count = 1
    s.cell[c].text = fresh(Text)
    entry = s.cell[c]
    d = choose(Slot, where=lambda x: x != c)
    CONDITION
    s.cell[c].count = 0


MODEL = Model(state=Store, rules=[act])
one = Spec(why="One.", model=MODEL, scope=Scope("two", sizes={Slot: 2}), expected={"this holds": broken()})
"""

CASES = {
    "entry.count == 2": ({}, {"cell[s0].count": "1"}),
    "entry.next is not None": ({}, {"cell[s0].next": "None"}),
    "not entry.count == 1 or s.mode == Mode.FAST": ({}, {"cell[s0].count": "1", "mode": "SLOW"}),
    "s.mode == Mode.SLOW and s.word[d] == Word.FULL(c)": ({}, {"word[s1]": "EMPTY", "c": "s0"}),
    "s.cell[d].count == 1 if s.mode == Mode.SLOW else s.cell[c].count == 2":
        ({}, {"mode": "SLOW", "cell[s1].count": "0"}),
    "all(s.cell[x].count == 0 for x in Slot)": ({"x": "s0"}, {"cell[s0].count": "1"}),
    "any(s.cell[x].count == 3 for x in Slot if x != c)": ({}, {"cell[s1].count": "0"}),
    "sum(s.cell[x].count for x in Slot) == 2": ({}, {"cell[s0].count": "1", "cell[s1].count": "0"}),
    "not empty(s, d)": ({}, {"word[s1]": "EMPTY"}),
    "both(s, c)": ({}, {"c": "s0"}),
    "locked(entry.lock)": ({}, {"cell[s0].lock": "free"}),
    "c in s.waiting": ({}, {"c": "s0", "waiting": "{}"}),
    "s.seen == s.cell[c].text": ({}, {"seen": "text0", "cell[s0].text": "text1"}),
}


WAYS = ["assert CONDITION, 'this holds'", "expect(\n        CONDITION,\n        'this holds')"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("condition", CASES)
def test_what_a_condition_has_read(tmp_path: Path, condition: str, way: str) -> None:
    path = tmp_path / "store.py"
    path.write_text(MODEL.replace("CONDITION", way.replace("CONDITION", condition)))
    asked, _ = ask([str(path)])
    (ran,) = run(asked, ["one"], Bounds(), traces=["this holds"])
    (trace,) = (v.trace for v in ran.result.verdicts if v.promise == "this holds")
    assert trace and trace.clause and len(trace.steps) == 1, ran.result
    bindings, reads = CASES[condition]
    assert (dict(trace.clause.bindings), dict(trace.clause.reads)) == (bindings, reads)
    for read, value in reads.items():
        assert f"    {read} = {value}\n" in race(trace)
