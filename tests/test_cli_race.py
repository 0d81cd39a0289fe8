# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces: how they are drawn, followed, replayed and kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cli import COUNTER, HOME, run, sentence

from checker.asked import ask
from checker.claims import ONE_ORDER
from checker.counterexample.folder import defects, index, put_race, readme_head, render
from checker.counterexample.follow import Disagreement, follow
from checker.counterexample.key import Key, model_hash, pack, unpack
from checker.counterexample.race import race
from checker.counterexample.trace import Change, Step, Trace
from checker.explicit import explore
from checker.language import broken
from checker.language.errors import UsageError
from checker.run import question

Capture = pytest.CaptureFixture[str]

LOST_UPDATE = """\
BUG: counter: no_update_is_lost broken in add

  CPU0                                CPU1
  ----                                ----
  add(s0)
    update()
      count read
                                      add(s0)
                                        update()
                                          count read
                                          count written
                                            cell[s0].count = 1
                                            cell[s0].content = d1
                                        done = 1
                                        return
      count written
        cell[s0].content = d2
    done = 2
    return

  The promise: As many were counted as were added.
  It is false, as
    cell[s0].count = 1
    done = 2

  6 steps; no shorter trace exists, and among the shortest ones 2 switches
  between actors are the fewest.

  To see it again:
    vswap replay KEY MODEL
"""


def key_in(drawing: str) -> str:
    """The replay key of a drawing, put together again."""
    return drawing.replace("\\\n", "").partition("vswap replay ")[2].split()[0]


def test_the_drawing_of_a_lost_update(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(COUNTER).parent)
    done = run(capsys, "explain", "counter.py", "lost_update")
    assert done.code == 0
    drawing = done.out.partition("In words:")[0]
    assert drawing.rstrip("\n") + "\n" == LOST_UPDATE.replace("KEY", key_in(done.out)).replace("MODEL", "counter.py")


def step(actor: str | None, procedure: str, label: str | None = None, **more: object) -> Step:
    given: dict[str, object] = {
        "number": 0, "params": {}, "starts": label is None, "ends": label is None and actor is not None,
        "stack": (procedure,), "choices": (), "changes": ()}
    return Step(actor=actor, procedure=procedure, label=label, **(given | more))  # type: ignore[arg-type]


def trace(*steps: Step, actors: tuple[str, ...] = ("CPU0", "CPU1"), **more: object) -> Trace:
    given: dict[str, object] = {
        "model": "m", "spec": "s", "promise": "p", "kind": "invariant", "doc": "", "key": "s@00000000:0", "options": (),
        "scope": {}, "design": {}, "start": {}, "given": {}, "begins": ""}
    return Trace(actors=actors, steps=steps, **(given | more))  # type: ignore[arg-type]


def test_rules_stand_at_the_margin() -> None:
    changes = tuple(Change(f"page[p0].{name}", "0", "1") for name in ("a", "b", "c"))
    lines = race(trace(step(None, "tick", params={"x": "p0"}, changes=changes), step("CPU1", "op"))).splitlines()
    assert "* tick(p0)" in lines
    assert "      page[p0]: a = 1, b = 1, c = 1" in lines, "many changes of one record share a line"
    assert "  * is a step of nobody in particular: the device, a user, time." in lines
    assert "  CPU1" in lines, "who does not move has no column"


def test_a_start_that_is_not_empty() -> None:
    drawing = race(trace(step("CPU0", "op"), given={"x": "s1", "lock": "held by I/O"}, begins="One is taken."))
    assert "  At the start: One is taken.\n    lock left to I/O\n    x = s1\n\n  CPU0\n" in drawing


def test_locks_and_choices_in_a_drawing() -> None:
    drawing = race(trace(
        step("CPU0", "op", "went", starts=True, choices=(("Slot", "s1"), ("it fails", "True"), ("it burns", "False")),
             changes=(Change("a.lock", "free", "held by CPU0"), Change("b.lock", "held by CPU0", "free"),
                      Change("c.lock", "held by CPU0", "held by I/O"))),
        step("CPU0", "op", "came", choices=(("Slot", "s2"),), changes=(Change("x", "None", "s2"),))))
    for text in ("(chooses s1)", "(it fails)", "a.lock taken", "b.lock released", "c.lock left to I/O"):
        assert text in drawing
    assert "it burns" not in drawing and "chooses s2" not in drawing, "what changed shows it"


def test_no_line_is_wider_than_75_characters() -> None:
    for count in (1, 2, 3, 4):
        actors = tuple(f"Shrinker{k}" for k in range(count))
        steps = [step(actor, "a_function_with_quite_a_long_name", "something long has happened to this thing " * 2,
                      starts=True, params={"x": "value0", "y": "value1"}, stack=("a", "b_helper", "c_helper", "d"),
                      changes=(Change("table[entry0].word_of_the_entry", "NONE", "SWAPPED(physical_slot_0)"),))
                 for actor in actors]
        drawn = race(trace(*steps, actors=actors, key="s@00000000:" + "0" * 150, options=("--set", "x=off")))
        assert max(map(len, drawn.splitlines())) <= 75
        assert drawn.replace("\\\n", "").rstrip().endswith(" " + "s@00000000:" + "0" * 150 + " --set x=off")


RACE = [
    "zswap_writeback_entry", "swap_cache_alloc_folio", "zap_nonpresent_ptes", "do_anonymous_page",
    "shrink_folio_list", "folio_alloc_swap", "try_to_unmap", "pageout", "swap_writeout", "folio_realloc_swap",
    "virtual_table", "SWAPFILE", "end_swap_bio_write", "the folio is charged", "do_swap_page",
]


def test_make_race_tells_it_in_the_words_of_the_kernel(capsys: Capture) -> None:
    recipe = (HOME / "Makefile").read_text().partition("\nrace:")[2].splitlines()[1]
    words = recipe.partition("/vswap ")[2].split()
    assert words[:1] == ["explain"]
    told = run(capsys, *words)
    assert told.code == 0
    assert max(map(len, told.out.splitlines())) <= 75
    drawing = told.out.partition("\nIn words:")[0].partition("---------")[2]  # below the names of the actors
    rest = drawing
    for word in RACE:
        assert word in rest, f"{word} is not drawn where it should be"
        rest = rest.partition(word)[2]


def test_wide_and_full(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    narrow = run(capsys, "explain", COUNTER, "lost_update").out
    wide = run(capsys, "explain", COUNTER, "lost_update", "--wide", "--full").out
    assert "\n  between actors are the fewest." in narrow and "among the shortest ones 2 switches between" in wide
    assert wide.startswith("  At the start:\n    cell[s0].lock = free\n") and "  At the end:\n" in wide
    assert "    done = 0\n" in wide and "    done = 2\n" in wide


def test_numbers_in_a_key() -> None:
    numbers = (0, 1, 34, 35, 36, 70, 71, 1000)
    assert unpack(pack(numbers)) == numbers
    assert pack((0, 9, 10, 34)) == "09ay"
    with pytest.raises(ValueError, match="cut off"):
        unpack("00z")
    key = Key("spec", "0123abcd", 40, 0, (1, 2, 99))
    assert Key.parse(str(key)) == key
    for text in ("spec", "spec@xyz:00", "spec@0123abcd", "spec@0123abcd:", "spec@0123abcd:0", "spec@0123abcd:0A"):
        with pytest.raises(UsageError):
            Key.parse(text)


def test_a_replay_shows_the_break_again(capsys: Capture) -> None:
    key = key_in(run(capsys, "explain", COUNTER, "lost_update").out)
    done = run(capsys, "replay", key, COUNTER)
    assert done.code == 0
    assert "   4  CPU1  add: return" in done.out and "        done: 0 -> 1" in done.out
    assert done.out.endswith("no_update_is_lost is broken here, as the key says.\n")
    full = run(capsys, "replay", key, COUNTER, "--full")
    assert full.out.count("        cell[s0].lock = free") == 7
    told = run(capsys, "replay", key, COUNTER, "--json").json
    assert told["exit"] == 0 and told["replayed"]["shows"] is True and len(told["replayed"]["trace"]["steps"]) == 6


def test_a_replay_that_shows_nothing(capsys: Capture) -> None:
    key = key_in(run(capsys, "explain", COUNTER, "lost_update").out)
    done = run(capsys, "replay", key[:-1], COUNTER)
    assert done.code == 1 and "is kept here: the trace does not show what it claims" in done.out
    assert run(capsys, "replay", key[:-1], COUNTER, "--json").json["exit"] == 1


def test_a_key_of_another_model_is_refused(capsys: Capture) -> None:
    key = key_in(run(capsys, "explain", COUNTER, "lost_update").out)
    for words in (["--set", "locked=on"], ["--scope", "Slot=2"]):
        done = run(capsys, "replay", key, COUNTER, *words)
        assert done.code == 2 and f"the key {key} belongs to model" in sentence(done)
    done = run(capsys, "replay", key.replace("lost_update", "lost_updates"), COUNTER)
    assert done.code == 2 and "did you mean lost_update?" in sentence(done)
    done = run(capsys, "replay", key + "y", COUNTER)
    assert done.code == 2 and "the key is damaged" in sentence(done)
    done = run(capsys, "replay", "nonsense", COUNTER)
    assert done.code == 2 and "is no replay key" in sentence(done)


def test_the_hash_of_a_model_is_that_of_what_it_does(tmp_path: Path) -> None:
    text = Path(COUNTER).read_text()

    def hashed(changed: str) -> str:
        path = tmp_path / "counter.py"
        path.write_text(changed)
        asked, _ = ask([str(path)])
        return model_hash(question(asked, asked.spec("lost_update")).system)

    first = hashed(text)
    assert hashed(text) == first
    assert hashed("# one more comment\n" + text.replace("Adds one, in two steps.", "Adds 1.")) == first
    assert hashed(text.replace("seen + 1", "seen + 2")) != first
    assert hashed(text.replace('"count read"', '"count seen"')) != first


def test_a_trace_file(capsys: Capture, tmp_path: Path) -> None:
    trace_ = follow_(capsys, "lost_update")
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(trace_.to_json()))
    assert run(capsys, "replay", str(path)).code == 0, "the file says which model it is of"
    for text, said in (("{", "is no JSON"), ("[]", "holds no trace"), ('{"schema": 9, "key": ""}', "holds no trace")):
        path.write_text(text)
        done = run(capsys, "replay", str(path))
        assert done.code == 2 and said in sentence(done)
    done = run(capsys, "replay", str(tmp_path / "none.json"))
    assert done.code == 2 and "cannot be read: No such file" in sentence(done)


def follow_(capsys: Capture, spec: str) -> Trace:
    asked, _ = ask([COUNTER])
    asking = question(asked, asked.spec(spec))
    return follow(asking, explore(asking.system).findings["no_update_is_lost"])


def test_the_raw_reading_is_the_referee() -> None:
    """A search that reports what is not so is found out."""
    asked, _ = ask([COUNTER])
    asking = question(asked, asked.spec("lost_update"))
    finding = explore(asking.system).findings["no_update_is_lost"]
    short = type(finding)(finding.promise, finding.depth - 1, finding.path[:-1], None, finding.moves[:-1])
    with pytest.raises(Disagreement, match="is kept there"):
        follow(asking, short)
    wrong = list(finding.path)
    wrong[2] = finding.path[4]
    with pytest.raises(Disagreement, match="no transition leads to the next state"):
        follow(asking, type(finding)(finding.promise, finding.depth, tuple(wrong), None, finding.moves))


# -------------------------------------------------------------- counterexamples

FOLDERS = sorted(path for path in (HOME / "counterexamples").iterdir() if path.is_dir())


def test_every_known_defect_has_a_folder() -> None:
    specs = defects(ask([])[0].specs)
    assert specs
    assert sorted(json.loads((path / "trace.json").read_text())["spec"] for path in FOLDERS) == sorted(specs)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_counterexample_still_shows_its_defect(capsys: Capture, folder: Path) -> None:
    done = run(capsys, "replay", str(folder / "trace.json"))
    assert done.code == 0, "the model has changed: run make counterexamples, and look at the difference"
    spec = ask([])[0].spec(json.loads((folder / "trace.json").read_text())["spec"])
    assert (folder / "README.md").read_text().startswith(readme_head(spec)), "run make counterexamples"


# A replay key names its model, so that what the model does is the replay's to compare, for every folder.
@pytest.mark.parametrize("folder", FOLDERS[::12], ids=lambda path: path.name)
def test_a_counterexample_is_drawn_as_it_would_be_now(folder: Path) -> None:
    asked, _ = ask([])
    files = render(asked, asked.spec(json.loads((folder / "trace.json").read_text())["spec"]))
    assert sorted(files) == sorted(path.name for path in folder.iterdir())
    for name, text in files.items():
        assert (folder / name).read_text() == text, "the model has changed: run make counterexamples"
    assert max(map(len, files["race.txt"].splitlines())) <= 75


def test_the_list_of_counterexamples_is_complete() -> None:
    assert (HOME / "counterexamples" / "README.md").read_text() == index(FOLDERS)


def test_a_spec_that_breaks_what_another_breaks_shows_no_defect_of_its_own() -> None:
    spec = ask([COUNTER])[0].spec("lost_update")
    promise, = spec.expected
    again, more = replace(spec), replace(spec, expected={"another": broken(), promise: broken()})
    assert list(defects({"a": spec, "b": again, "c": more})) == ["a", "c"]


def test_an_order_of_locks_has_no_race_to_draw() -> None:
    spec = replace(ask([COUNTER])[0].spec("lost_update"), expected={ONE_ORDER: broken()})
    assert defects({"a": spec}) == {}


def test_the_race_in_the_readme_is_the_first_counterexample() -> None:
    readme = (HOME / "README.md").read_text()
    assert put_race(readme, (FOLDERS[0] / "race.txt").read_text()) == readme
