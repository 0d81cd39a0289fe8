# SPDX-License-Identifier: GPL-2.0-or-later
"""compare and matrix: designs side by side, and what carries a difference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cli import MODELS, run, sentence

from checker import matrix
from checker.subsets import smallest

POOL = str(MODELS / "pool.py")


def test_compare_tells_what_differs_and_draws_it(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "compare", "guarded", "careless", POOL)
    assert done.code == 0
    assert "guarded and careless differ in 2 switches" in done.out
    assert re.search(r"one_taker +holds +broken in 4\n", done.out)
    assert re.search(r"items_out +0 to 1 +0 to 2\n", done.out)
    assert "place.owner Worker, place.taken 2\n" in done.out.partition("that only careless reaches")[2]
    assert "take, where refused(s, i)" in done.out.partition("Steps that only guarded takes")[2]
    assert "BUG: pool: one_taker broken in take" in done.out
    assert all(len(line) <= 100 for line in done.out.splitlines())


def test_the_race_of_a_comparison_can_be_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "compare", "careless", "guarded", POOL, "--json").json["compared"]
    (pair,) = found["promises"]
    assert (pair["promise"], pair["second"]["verdict"], pair["second"]["trace"]) == ("one_taker", "holds", None)
    key = pair["first"]["trace"]["key"]
    again = run(capsys, "replay", key, POOL, "--design", "careless")
    assert again.code == 0 and "one_taker is broken here" in again.out
    assert found["specs"][0]["values_only"] == [
        ["place.owner None, place.taken 1", "place.owner Worker, place.taken 2"], []]


def test_only_finds_the_smallest_sets(capsys: pytest.CaptureFixture[str]) -> None:
    sets = {}
    for words in (("guarded", "careless,lamp=on"), ("careless,lamp=on", "guarded")):
        found = run(capsys, "compare", *words, POOL, "--only", "--json").json["compared"]["only"]
        assert found["whole"] and not found["undecided"]
        sets[words[0]] = {one["name"]: one["switches"] for one in found["sets"]}
    assert sets["guarded"]["one_taker"] == [["counts", "rechecks"]]  # both must go for it to break
    assert sets["careless,lamp=on"]["one_taker"] == [["rechecks"], ["counts"]]  # either of them mends it


def test_only_says_what_it_did_not_search(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "compare", "guarded", "careless", POOL, "--only", "--most", "2")
    assert done.code == 3
    assert "none was found" in done.out
    assert "2 sets of switches tried, all of up to 1 among them; not searched further" in done.out


def test_a_variant_is_named_by_its_switches(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "compare", "guarded", "guarded,rechecks=off", POOL)
    assert done.code == 0
    assert "No promise tells them apart." in done.out


def test_workers_and_one_process_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = (run(capsys, "compare", "guarded", "careless", POOL, "--only", "--jobs", n).out for n in "12")
    assert one == two


@pytest.mark.parametrize(("words", "text"), {
    "no such design": (["guarded", "carelss"], "there is no design 'carelss'; did you mean careless or careless_pool?"),
    "no such switch": (["guarded", "guarded,recheck=off"], "there is no switch 'recheck'; did you mean rechecks?"),
    "no such value": (["guarded", "guarded,rechecks=5"], "'5' is no value for the switch rechecks: it is on or off"),
    "the same": (["guarded", "guarded,lamp=off"],
                 "guarded and guarded,lamp=off are the same design: every switch is set alike"),
    "one": (["guarded"], "compare takes two designs, not 1: vswap compare A B"),
    "no such spec": (["guarded", "careless", "--spec", "poll"], "there is no spec 'poll'; did you mean pool?"),
    "no such field": (["guarded", "careless", "--quotient", "place.ower"],
                      "there is no field 'place.ower'; did you mean place.owner or place.taken?"),
    "no such scope": (["guarded", "careless", "--scope", "two"], "there is no scope 'two'; there is two workers"),
}.values())
def test_what_cannot_be_compared(capsys: pytest.CaptureFixture[str], words: list[str], text: str) -> None:
    done = run(capsys, "compare", POOL, *words)
    assert done.code == 2
    assert sentence(done) == text


def test_designs_of_different_models(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    file.write_text((MODELS / "pool.py").read_text() + """

@dataclass(frozen=True)
class Road(Design):
    rechecks: bool = True


road = Road()
road_spec = Spec(why="Another.", design=road, **BASE)
""")
    done = run(capsys, "compare", str(file), "guarded", "road")
    assert done.code == 2
    assert sentence(done) == "a Way and a Road are designs of different models: they have no switches in common"
    done = run(capsys, "compare", str(file), "guarded", "careless", "--spec", "road_spec")
    assert sentence(done) == "spec road_spec is about a Road, and a Way was named"


def test_a_limit_leaves_it_undecided(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "compare", "guarded", "careless", POOL, "--max-states", "3")
    assert done.code == 3
    assert "undecided after" in done.out


def test_matrix_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "matrix", POOL)
    assert done.code == 6  # the lamp changes nothing in a scope where nobody cleans
    assert "careless_pool: scope 'two workers'" in done.out
    assert re.search(r"^  one_taker +\. +4$", done.out, re.MULTILINE)
    assert re.search(r"^  items_out +0\.\.1 +0\.\.2$", done.out, re.MULTILINE)
    assert re.search(r"^  states +8 +14$", done.out, re.MULTILINE)
    careless = done.out.partition("each switch of careless alone")[2]
    assert "  rechecks on: verdict, cost, states\n" in careless
    assert "one_taker holds in careless_pool" in careless
    assert "changes nothing, on whichever design: lamp" in done.out
    assert all(len(line) <= 100 for line in done.out.splitlines())


def test_matrix_in_a_scope_where_every_switch_matters(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "pool.py"
    file.write_text((MODELS / "pool.py").read_text().replace("operations={Worker: [take]}, ", ""))
    done = run(capsys, "matrix", str(file), "--json")
    assert done.code == 0
    found = done.json["matrix"]
    assert found["changes_nothing"] == []
    lamp = [flip["changes"] for flip in found["flips"] if flip["switch"] == "lamp"]
    assert [set(changes) for changes in lamp] == [{"states", "cost"}] * 2
    (cell,) = found["designs"][1]["cells"]
    assert cell["promises"]["one_taker"] == {"verdict": "broken", "steps": 4}
    assert cell["measures"]["items_out"] == {"least": 0, "most": 2}
    assert cell["scope_name"] == "two workers" and cell["complete"]


def test_matrix_agrees_with_check(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "matrix", POOL, "--no-flips", "--json").json["matrix"]
    for column in found["designs"]:
        document = run(capsys, "check", POOL, "careless_pool", "--design", column["name"], "--json").json
        (cell,) = column["cells"]
        assert {v["promise"]: v["verdict"] for v in document["verdicts"]} == {
            name: one["verdict"] for name, one in cell["promises"].items()}
        assert cell["states"] == document["specs"][0]["states"]


def test_matrix_of_many_designs_goes_on_below(capsys: pytest.CaptureFixture[str]) -> None:
    values = ("rechecks", "counts", "lamp")
    words = [f"guarded,{a}=off,{b}={v}" for a in values for b in values for v in ("on", "off")]
    done = run(capsys, "matrix", POOL, *words, "--no-flips")
    assert done.code == 0
    assert all(len(line) <= 100 for line in done.out.splitlines())
    assert len(re.findall(r"^  one_taker ", done.out, re.MULTILINE)) > 1


def test_matrix_as_a_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "m.svg"
    done = run(capsys, "matrix", POOL, "-o", str(file))
    assert done.code == 6
    svg = ElementTree.parse(file).getroot()
    space = "{http://www.w3.org/2000/svg}"
    broken = [g for g in svg.iter(f"{space}g") if any(r.get("class") == "broken" for r in g.iter(f"{space}rect"))]
    titles = {g.findtext(f"{space}title"): g.findtext(f"{space}text") for g in broken}
    assert titles["careless: one_taker in careless_pool, scope two workers: 4"] == "4"
    assert len(titles) == 2  # careless, and careless with the lamp


def test_matrix_stops_at_its_time_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "matrix", POOL, "--max-states", "2")
    assert done.code == 3  # nobody knows what a switch changes
    assert "6 other promises are undecided where the states have a +" in done.out
    assert re.search(r"^  states +2\+ +2\+$", done.out, re.MULTILINE)


def test_a_full_disk_costs_the_picture_only(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "m.svg").symlink_to("/dev/full")
    done = run(capsys, "matrix", POOL, "--no-flips", "-o", str(tmp_path / "m.svg"))
    assert done.code == 4
    assert done.err.endswith("m.svg cannot be written: No space left on device\n")
    assert "careless_pool: scope 'two workers'" in done.out
    done = run(capsys, "matrix", POOL, "-o", str(tmp_path / "none" / "m.svg"))
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("m.svg cannot be written: there is no such folder\n")


def test_the_same_question_is_asked_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Without a Comparison: two specs that differ in their design only ask a design the same."""
    file = tmp_path / "pool.py"
    text = (MODELS / "pool.py").read_text().partition("comparison = ")[0].replace("default=False", "default=True")
    file.write_text(text)
    assert run(capsys, "matrix", str(file), "--no-flips", "--json").json["matrix"]["specs"] == ["pool"]
    file.write_text(text.replace("**BASE, default=True", 'may_end=dark, **BASE').replace(
        "POOL = Model", '@invariant\ndef dark(s: Pool):\n    """No lamp."""\n    return not s.lamp\n\n\nPOOL = Model'))
    found = run(capsys, "matrix", str(file), "--no-flips", "--json").json["matrix"]["specs"]
    assert found == ["pool", "careless_pool"]


def test_a_switch_is_asked_until_it_changes_something(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "pool.py"
    text = (MODELS / "pool.py").read_text().replace("specs=[careless_pool]", "specs=[careless_pool, pool_again]")
    file.write_text(text.replace("\ncomparison =", '\npool_again = Spec(why="Again.", design=guarded, **BASE)\n'
                                                    "comparison ="))
    few, all_ = (run(capsys, "matrix", str(file), "--json", *words).json["matrix"]
                 for words in ([], ["--every"]))
    assert few["specs"] == all_["specs"] and len(few["specs"]) == 2
    for one, other in zip(few["flips"], all_["flips"], strict=True):
        assert bool(one["changes"]) == bool(other["changes"])
        assert len(other["cells"]) == 2
        assert len(one["cells"]) == 2 or one["changes"]
    assert any(len(one["cells"]) < 2 for one in few["flips"])
    said = "each was asked until it changed something; --every asks on"
    assert said in run(capsys, "matrix", str(file)).out
    assert said not in run(capsys, "matrix", str(file), "--every").out
    boxes = []
    for words in ([], ["--every"]):
        run(capsys, "matrix", str(file), "-o", str(tmp_path / "m.svg"), *words)
        boxes.append((tmp_path / "m.svg").read_text().count('<rect class="holds"'))
    assert boxes[0] < boxes[1]  # what was not asked has no box


def test_a_switch_is_flipped_in_its_company(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "pool.py"
    text = (MODELS / "pool.py").read_text()
    file.write_text(text.replace("flipped=[", 'company={"rechecks": {"counts": False}}, flipped=['))
    flips = [(one["base"], one["name"], one["changes"].get("verdict")) for one in
             run(capsys, "matrix", "guarded", str(file), "--json").json["matrix"]["flips"]
             if one["switch"] == "rechecks"]
    assert flips == [("guarded", "guarded,rechecks=off", None),
                     ("guarded,counts=off", "guarded,counts=off,rechecks=off",
                      ["one_taker broken in 4 in careless_pool"])]
    done = run(capsys, "matrix", "guarded", str(file))
    assert "each switch of guarded,counts=off alone\n  rechecks off: verdict, cost, states\n" in done.out
    file.write_text(text.replace("flipped=[", 'company={"recheks": {"counts": False}}, flipped=['))
    done = run(capsys, "matrix", str(file))
    assert done.code == 2
    assert sentence(done) == "Comparison(company=...): there is no switch 'recheks'; did you mean rechecks?"


@pytest.mark.parametrize(("after", "kept", "missed"), [
    (1, 1, "careless"), (3, 2, "guarded,counts=off, guarded,lamp=on"),
])
def test_an_interrupted_matrix_says_what_it_knows(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
                                                  after: int, kept: int, missed: str) -> None:
    asked = matrix.column
    number = 0

    def column(*words: Any, **more: Any) -> Any:
        nonlocal number
        number += 1
        if number > after:
            raise KeyboardInterrupt
        return asked(*words, **more)

    monkeypatch.setattr(matrix, "column", column)
    done = run(capsys, "matrix", POOL, "--jobs", "1")
    assert done.code == 3
    assert f"interrupted; not asked: {missed}" in " ".join(done.out.split())
    assert "changes nothing" not in done.out  # nobody knows
    assert [name for name in ("a  guarded", "b  careless") if name in done.out] == ["a  guarded", "b  careless"][:kept]


def test_a_matrix_that_was_interrupted_at_once(capsys: pytest.CaptureFixture[str],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    def column(*words: Any, **more: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(matrix, "column", column)
    done = run(capsys, "matrix", POOL, "--jobs", "1")
    assert (done.code, sentence(done)) == (3, "interrupted: nothing is decided")


def test_nothing_is_said_of_costs_that_are_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    flips = run(capsys, "matrix", POOL, "--max-states", "4", "--json").json["matrix"]["flips"]
    assert any(not cell["complete"] for one in flips for cell in one["cells"])
    assert all("cost" not in one["changes"] for one in flips)
    assert "locks that one run" not in run(capsys, "compare", "guarded", "careless", POOL, "--max-states", "4").out


def test_matrix_is_drawn_as_svg_only(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "matrix", POOL, "-o", "m.png")
    assert done.code == 2
    assert sentence(done) == "m.png: a matrix is drawn as .svg; --json is for programs"


def test_the_smallest_sets_are_minimal_and_complete() -> None:
    wanted = {"x": [{"a", "b"}, {"c"}], "y": [{"b", "c", "d"}], "z": []}
    asked: list[frozenset[str]] = []

    def ask(sets):  # type: ignore[no-untyped-def]
        for one in sets:
            asked.append(one)
            yield frozenset(goal for goal, sets in wanted.items() if any(s <= one for s in sets))

    found = smallest("abcd", wanted, ask, most=100)
    assert {goal: [set(one) for one in sets] for goal, sets in found.sets.items()} == {
        "x": [{"c"}, {"a", "b"}], "y": [{"b", "c", "d"}], "z": []}
    assert found.whole and found.tried == len(asked) == len(set(asked)) == 15
    del wanted["z"]
    asked.clear()
    found = smallest("abcd", wanted, ask, most=100)
    assert frozenset("abcd") not in asked  # nothing could be learned from it
    found = smallest("abcd", wanted, ask, most=5)
    assert not found.whole and found.size == 1 and found.tried == 5


def test_rfc_v1_and_v2_differ_in_slot_reclaim(capsys: pytest.CaptureFixture[str]) -> None:
    """RFC v1 keeps the entry of a slot that it reclaims, tagged FOLIO."""
    words = ("rfc_v1", "rfc_v2", "--spec", "asked_of_slot_reclaim", "--json")
    found = run(capsys, "compare", *words).json["compared"]
    assert {pair["promise"] for pair in found["promises"]} == {
        "the_only_copy_is_dirty", "clean_means_backed", "no_slot_without_content", "nothing freed is used"}
    assert {(pair["first"]["verdict"], pair["second"]["verdict"]) for pair in found["promises"]} == {
        ("broken", "holds")}
    assert all(pair["first"]["trace"]["race"].startswith("BUG: ") for pair in found["promises"])
    only_v1, only_v2 = found["specs"][0]["values_only"]
    assert only_v1 and all(value.startswith("virtual_table FOLIO") for value in only_v1) and not only_v2
    assert 'swap_reclaim_work goes on behind "out of the swap cache"' in found["steps_only"][1]
    told = {(one["word"], one["first"]["claim"]): (one["first"]["verdict"], one["second"] and one["second"]["verdict"])
            for one in found["words"] if one["first"]}
    assert told["reverse map", "POINTER_comes_back"] == told["reverse map", "POINTER_C_is_apart"] == ("broken", "holds")
    (apart,) = [w["first"] for w in found["words"] if w["first"] and w["first"]["claim"] == "POINTER_C_is_apart"]
    written, read = apart["words"]
    assert (written["fields"]["C"], read["fields"]["C"]) == ("0x0", "0x1")  # type 4 reads as the hint


def test_matrix_knows_the_words_of_every_design() -> None:
    from specs.compared import comparison

    assert set(comparison.words) <= set(comparison.designs)
    assert {"rfc_v1", "rfc_v2", "mid_a", "mid_b"} <= set(comparison.words)
