# SPDX-License-Identifier: GPL-2.0-or-later
"""How long from an edit of one rule, in a model of 60, to the first explored state; and how long to start at all.

    python benchmarks/edit.py [TIMES]
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

RULES = 60
HEAD = '''"""Sixty rules that pass tokens round; each has two parameters and some twenty operations."""

from checker.language import *


class Node(Index):
    """Has tokens."""


class Colour(Index):
    """Tokens have one."""


class Ring(State):
    held: Array[Node, Array[Colour, Range(0, 3)]]
    open: Array[Node, bool]
    turn: Array[Colour, Node | None]


@invariant
def never_too_many(s: Ring):
    """Nobody has all tokens of all colours."""
    return all(sum(s.held[n][c] for c in Colour) <= 3 * len(Colour) for n in Node)

'''
RULE = '''
@rule
def rule_{k}(s: Ring, n: Node, c: Colour):
    """The {k}th way to pass a token."""
    require(s.held[n][c] == {low} and s.open[n] == {open})
    s.held[n][c] = {high}
    if s.turn[c] is None and s.held[n][c] > {limit}:
        s.turn[c] = n
    elif s.turn[c] == n:
        s.turn[c] = None
        s.open[n] = not s.open[n]
    for m in Node:
        if m != n and s.turn[c] == m:
            s.open[m] = {close}
    expect(s.held[n][c] <= 3, "no more than three {k}")

'''
TAIL = '''
MODEL = Model(state=Ring, rules=[{rules}])
sixty = Spec(why="Sixty rules.", model=MODEL, scope=Scope("two", sizes={{Node: 2, Colour: 2}}),
             promises=[never_too_many])
'''


def model(edited: int) -> str:
    """The text of the model; ``edited`` makes one rule another one."""
    rules = []
    for k in range(RULES):
        low = k % 3
        rules.append(RULE.format(k=k, low=low, high=(low + 1 + k % 2) % 4, open=k % 5 < 2, close=k % 7 < 3,
                                 limit=edited % 3 if k == RULES // 2 else k % 3)
                     .replace("no more than three", f"no more than three, {edited}," if k == RULES // 2 else
                              "no more than three"))
    return HEAD + "".join(rules) + TAIL.format(rules=", ".join(f"rule_{k}" for k in range(RULES)))


def taken(words: Sequence[str], environment: dict[str, str], codes: Sequence[int] = (0,)) -> tuple[float, float]:
    """Seconds on the wall and of CPU of the command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([str(Path(sys.executable).parent / "vswap"), *words], env=environment, capture_output=True,
                          text=True, check=False)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in codes:
        raise SystemExit(f"vswap {' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def show(what: str, figures: Sequence[tuple[float, float]]) -> None:
    """One line: medians."""
    wall, cpu = (statistics.median(column) for column in zip(*figures, strict=True))
    print(f"{what:<58} {wall:6.2f} s wall  {cpu:6.2f} s CPU")


def main(times: int) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        environment["XDG_CACHE_HOME"] = folder
        path = Path(folder, "sixty.py")
        # a limit of one state: the command ends, undecided, when that is explored
        words = ["check", str(path), "--max-states", "1"]
        path.write_text(model(0), encoding="utf-8")
        show(f"a model of {RULES} rules to its first state, nothing compiled", [taken(words, environment, (3,))])
        figures = []
        for k in range(1, times + 1):
            path.write_text(model(k), encoding="utf-8")
            figures.append(taken(words, environment, (3,)))
        show(f"one of {RULES} rules edited, to the first state", figures)
        for command in ("--help", "list"):
            taken([command], environment)
            show(f"vswap {command}", [taken([command], environment) for _ in range(times)])
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
