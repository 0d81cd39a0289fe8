# SPDX-License-Identifier: GPL-2.0-or-later
"""How many locks a run takes: the numbers of the source hold every run of the raw reading."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cli import MODELS, run

from checker.costs import locks
from checker.explicit import explore
from checker.language import build, load_specs
from checker.language.raw import Raw

HEAD = """
from checker.language import *

class Cpu(Actor):
    pass

class Node(Index, ordered=True):
    pass

class Top(State):
    n: Range(0, 3)
    flag: bool
    spin: Spinlock
    door: Lock

def looks(s: Top) -> bool:
    with hold(s.spin):
        return s.flag

@operation
def work(s: Top, cpu: Cpu):
"""
TAIL = """
@rule
def flips(s: Top):
    s.flag = not s.flag

@rule
def counts(s: Top):
    s.n = (s.n + 1) % 4

spec = Spec(why="Locks.", model=Model(state=Top, rules=[flips, counts], operations={Cpu: [work]}),
            scope=Scope("s", sizes={Cpu: 1, Node: 3}))
"""

BODIES: dict[str, tuple[str, dict[str, tuple[int, int | None]]]] = {
    "one": ("with hold(s.spin):\n        s.flag = True", {"spin": (1, 1)}),
    "a branch": ("if s.flag:\n        with hold(s.spin):\n            pass", {"spin": (0, 1)}),
    "a branch that nobody takes": ("if s.n == 3 and s.n == 2:\n        acquire(s.door)", {}),
    "a right operand": ("x = s.flag and looks(s)\n    s.flag = x", {"spin": (0, 1)}),
    "an early return": ("acquire(s.door)\n    yield 'a'\n    if s.flag:\n        release(s.door)\n        return\n"
                        "    with hold(s.spin):\n        pass\n    release(s.door)", {"door": (1, 1), "spin": (0, 1)}),
    "trylock": ("if trylock(s.door):\n        release(s.door)", {"door": (0, 1)}),
    "a loop with an end": ("for k in range(3):\n        with hold(s.spin):\n            pass\n        yield 'turn'",
                           {"spin": (3, 3)}),
    "a loop that is left": ("for k in range(3):\n        yield 'turn'\n        if looks(s):\n            break",
                            {"spin": (1, 3)}),
    "a loop without an end": ("while looks(s):\n        yield 'again'", {"spin": (1, None)}),
}


@pytest.mark.parametrize(("body", "counted"), BODIES.values(), ids=BODIES)
def test_the_numbers_of_small_operations(tmp_path: Path, body: str, counted: dict[str, Any]) -> None:
    file = tmp_path / "top.py"
    file.write_text(HEAD + '    """Work."""\n    ' + body + "\n" + TAIL)
    system = build(load_specs(str(file))["spec"])
    assert locks(system, explore(system).coverage) == {"work": counted}


@contextmanager
def counting(module: Any, raw: Raw) -> Iterator[dict[str, list[int]]]:
    """Counts the regions of each run from its call to its return: an attempt makes the whole run again."""
    seen: dict[str, list[int]] = {}
    count = 0
    hold, attempt = module.hold, raw.attempt

    def counted(lock: Any) -> Any:
        nonlocal count
        count += 1
        return hold(lock)

    def whole(move: Any, script: tuple[int, ...]) -> Any:
        nonlocal count
        count = 0
        outcome = attempt(move, script)
        if outcome.disabled is None and outcome.error is None and outcome.generator is None:
            seen.setdefault(move.lowered.procedure.name, []).append(count)
        return outcome

    module.hold, raw.attempt = counted, whole  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        module.hold = hold


@pytest.mark.parametrize("change", [
    lambda text: text, lambda text: text.replace("failures=[]", "failures=None"),
    lambda text: text.replace("Item: 1", "Item: 2"),
])
@pytest.mark.parametrize("spec", ["pool", "careless_pool"])
def test_every_run_is_within_them(tmp_path: Path, spec: str, change: Callable[[str], str]) -> None:
    file = tmp_path / "pool.py"
    file.write_text(change((MODELS / "pool.py").read_text()))
    system = build(load_specs(str(file))[spec])
    least, most = locks(system, explore(system).coverage)["take"]["lock"]
    raw = Raw(system)
    with counting(sys.modules["model_file_pool"], raw) as seen:
        queue = raw.initial()
        known = {here.vector for here in queue}
        for here in queue:
            for transition in raw.successors(here):
                if transition.target is not None and transition.target.vector not in known:
                    known.add(transition.target.vector)
                    queue.append(transition.target)
    assert (least, most) == (min(seen["take"]), max(seen["take"]))


def test_compare_and_matrix_show_them(capsys: pytest.CaptureFixture[str]) -> None:
    pool = str(MODELS / "pool.py")
    text = run(capsys, "compare", "guarded", "careless", pool).out
    assert "take: lock  1 to 2   2\n" in text.partition("locks that one run of an operation takes")[2]
    (flip,) = [one for one in run(capsys, "matrix", pool, "--json").json["matrix"]["flips"]
               if (one["base"], one["switch"]) == ("careless", "counts")]
    assert "take takes lock 1 to 2 instead of 2 times in careless_pool" in flip["changes"]["cost"]
