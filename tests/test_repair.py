# SPDX-License-Identifier: GPL-2.0-or-later
"""repair: guards and merged steps that keep a promise, each set of them tried."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from cli import MODELS, run, sentence

from checker.explicit import explore
from checker.language import LanguageError, build, load_specs
from checker.language.raw import Raw
from specs.rfc_v1 import GUARDS

POOL = str(MODELS / "pool.py")
SEEN, TAKEN = ("take", "seen free"), ("take", "taken")


@pytest.mark.parametrize("merged", [{SEEN}, {TAKEN}, {SEEN, TAKEN}], ids=["first", "second", "both"])
@pytest.mark.parametrize("failures", [[], None], ids=["no failure", "failures"])
def test_merged_steps_are_the_same_in_python_and_natively(
        merged: set[tuple[str, str]], failures: list[str] | None, tmp_path: Path) -> None:
    file = tmp_path / "pool.py"
    file.write_text((MODELS / "pool.py").read_text().replace("failures=[]", f"failures={failures}"))
    system = build(load_specs(str(file))["careless_pool"], merged=frozenset(merged))
    assert {point.label for role in system.roles for o in role.operations for point in o.yields} == \
        {"seen free", "taken"} - {label for _, label in merged}
    raw = Raw(system)
    queue = raw.initial()
    seen, edges = {here.vector for here in queue}, 0
    for here in queue:
        for transition in raw.successors(here):
            edges += 1
            if transition.target is not None and transition.target.vector not in seen:
                seen.add(transition.target.vector)
                queue.append(transition.target)
    found = explore(system)
    assert (found.states, found.transitions) == (len(seen), edges)


def test_two_regions_in_one_step_are_refused_where_the_author_wrote_them(tmp_path: Path) -> None:
    file = tmp_path / "pool.py"
    file.write_text((MODELS / "pool.py").read_text().replace('    yield "taken"\n', ""))
    with pytest.raises(LanguageError, match="a second lock region in one step"):
        build(load_specs(str(file))["careless_pool"])


def test_repair_finds_guards_and_merges(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "repair", POOL, "careless_pool")
    assert done.code == 0
    guards, _, merges = done.out.partition("Steps that suffice as one")
    assert "    rechecks on\n        nothing else breaks, in 8 states\n    counts on\n" in guards
    assert "rechecks on and" not in guards  # not minimal
    assert '    take, before and behind "seen free"\n        nothing else breaks, in 3 states\n' in merges
    assert '    take, before and behind "taken"\n        but then: something_is_taken\n' in merges


def test_what_repair_finds_is_what_check_finds(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "repair", POOL, "careless_pool", "--all", "--json").json["repair"]["guards"]
    candidates = found["candidates"]
    assert candidates == {"rechecks": "on", "counts": "on", "lamp": "on"}
    sufficient = []
    for size in (1, 2, 3):
        for switches in combinations(candidates, size):
            words = [word for name in switches for word in ("--set", f"{name}={candidates[name]}")]
            if "holds" in run(capsys, "check", POOL, "careless_pool", *words, "--json").verdicts(
                    "careless_pool")["one_taker"]:
                sufficient.append(sorted(switches))
    assert sorted(one["set"] for one in found["sets"]) == sorted(sufficient)


def test_repair_of_a_switch_that_the_command_line_sets(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "repair", POOL, "pool", "--set", "rechecks=off", "--set", "counts=off", "--guard", "counts",
               "--merge", "0")
    assert done.code == 0
    assert "    counts on\n" in done.out
    assert "rechecks on" not in done.out and "as one" not in done.out


def test_a_guard_that_breaks_something_else_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "pool.py"
    text = (MODELS / "pool.py").read_text()
    guard = "        if refused(s, i):"
    text = text.replace(guard, f"        if way.lamp:\n            s.lamp = True\n            return\n{guard}")
    text = text.replace("@reachable", '@invariant\ndef dark(s: Pool):\n    """No lamp."""\n    return not s.lamp\n\n\n'
                                      "@reachable", 1).replace("[one_taker,", "[one_taker, dark,")
    file.write_text(text)
    done = run(capsys, "repair", str(file), "careless_pool", "--guard", "lamp", "--merge", "0")
    assert done.code == 0
    assert "    lamp on\n        but then: dark, something_is_taken\n" in done.out


def test_nothing_helps(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "repair", POOL, "careless_pool", "--guard", "lamp", "--merge", "0")
    assert done.code == 1
    assert "    none\n" in done.out


def test_not_everything_was_tried(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "repair", POOL, "careless_pool", "--most", "1", "--guard", "lamp", "--guard", "counts",
               "--merge", "0", "--jobs", "1")
    assert done.code == 0 and "counts on" in done.out
    assert "1 set of guards tried; not searched further" in done.out


@pytest.mark.parametrize(("words", "code", "text"), [
    (["pool"], 5, "pool: no promise breaks: there is nothing to repair"),
    (["careless_pool", "something_is_taken"], 5,
     "careless_pool: something_is_taken does not break: there is nothing to repair"),
    (["careless_pool", "one_takr"], 2,
     "there is no promise in careless_pool with the name 'one_takr'; did you mean one_taker?"),
    (["carless_pool"], 2, "there is no spec 'carless_pool'; did you mean careless_pool or pool?"),
    (["pool", "careless_pool"], 2, "repair mends one spec: name it"),
    (["careless_pool", "--guard", "rechcks"], 2, "there is no switch 'rechcks'; did you mean rechecks?"),
    (["pool", "--guard", "rechecks"], 2,
     "the switch rechecks is on in this design, as usual: there is nothing to switch on"),
    (["careless_pool", "--max-states", "3"], 3,
     "careless_pool: the limit of 3 states is reached: what breaks is not known"),
])
def test_what_cannot_be_repaired(capsys: pytest.CaptureFixture[str], words: list[str], code: int, text: str) -> None:
    done = run(capsys, "repair", POOL, *words)
    assert done.code == code
    assert sentence(done) == text


def test_o03_is_mended_by_the_sets_that_the_specs_list(capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for switch in GUARDS.values() for word in ("--guard", switch)]
    done = run(capsys, "repair", "o03_slot_reclaim_unguarded", *words, "--all", "--merge", "0", "--json")
    found = done.json["repair"]["guards"]
    listed = [sorted(GUARDS[guard] for guard in GUARDS if guard in name.split("_"))
              for name, spec in load_specs(None).items() if name.startswith("o03_") and not spec.expected]
    assert sorted(one["set"] for one in found["sets"]) == sorted(listed)
    assert found["whole"] and all(one["newly_broken"] == [] for one in found["sets"])
