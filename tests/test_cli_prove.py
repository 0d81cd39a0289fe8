# SPDX-License-Identifier: GPL-2.0-or-later
"""``vswap prove SPEC``: what it says of proofs, of steps that fail, and every way to end."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cli import COUNTER, HOME, MODELS, run, sentence, shell

from checker.symbolic.induction import Induction
from checker.symbolic.proofs import DEEPEST, SECONDS, Prover

STAIRS = str(MODELS / "stairs.py")
LONG = "1h"
"""More than any question here needs, on a busy machine too."""
Capture = pytest.CaptureFixture[str]


def verdict(document: Any, promise: str) -> Any:
    return next(v for v in document["verdicts"] if v["promise"] == promise)


# ------------------------------------------------------------------ the kernel

REQUIRED = [
    "no_physical_slot_without_rmap", "no_rmap_without_physical_slot", "no_two_virtual_slots_share_a_physical_slot",
    "memcg_charged_exactly_once", "a_zswap_entry_has_one_place",
]


def test_rfc_v2_is_inductive_with_its_lemmas(capsys: Capture) -> None:
    """Every invariant, step promise and assertion of the default spec, on its scope."""
    done = run(capsys, "prove", "rfc_v2", "--time", LONG, "--json")
    assert done.code == 0, done.out + done.err
    document = done.json
    assert {v["verdict"] for v in document["verdicts"]} == {"holds"}
    assert {v["k"] for v in document["verdicts"]} == {1}
    scope = "'two pages that compete for one slot of each kind'"
    for name in [*REQUIRED, "swapin_returns_what_was_written"]:
        assert verdict(document, name)["claim"].startswith(f"inductive for scope {scope}, k = 1")
    assert sum(v["lemma"] for v in document["verdicts"]) >= 30
    assert {"a_page_is_only_in_zswap", "no_deadlock", "every_operation_can_finish"} <= set(
        document["specs"][0]["refused"])


def test_a_guard_that_is_off_shows_at_the_guilty_step(capsys: Capture) -> None:
    """Without the line that clears the reverse map the proof fails where backings are released."""
    changed = ("--set", "release_clears_rmap=off", "--scope", "Pte=1")
    done = run(capsys, "prove", "rfc_v2", "no_rmap_without_physical_slot", *changed, "--time", LONG, "--json")
    assert done.code == 1, done.err
    (found,) = done.json["verdicts"]
    assert (found["verdict"], found["surprise"]) == ("broken", "expected to hold")
    assert found["failed"]["reachable"] in (True, False) and "NOT INDUCTIVE" in found["failed"]["race"]
    assert {"procedure": "zap_nonpresent_ptes", "behind": None} in found["failed"]["places"]
    assert {"procedure": "do_anonymous_page", "behind": None} not in found["failed"]["places"]
    again = run(capsys, "replay", found["trace"]["key"], *changed)
    assert again.code == 0 and "is broken here, as the key says" in again.out


# --------------------------------------------------------------------- proofs


def test_a_proof_names_its_scope_its_k_and_its_lemmas(capsys: Capture) -> None:
    done = run(capsys, "prove", STAIRS, "with_lemma", "the_third_step_is_left_out")
    assert done.code == 0 and done.err == ""
    assert re.search(r"inductive  the_third_step_is_left_out +k = 1, given 1 lemma\n +given steps_are_even\n", done.out)
    assert "every state that is reachable in the scope" in " ".join(done.out.split())
    found = verdict(run(capsys, "prove", STAIRS, "with_lemma", "--json").json, "the_third_step_is_left_out")
    assert found["claim"] == "inductive for scope 'one staircase', k = 1, given lemmas steps_are_even"
    assert (found["verdict"], found["engine"], found["k"], found["lemmas"], found["complete"], found["lemma"]) == (
        "holds", "z3", 1, ["steps_are_even"], True, False)


def test_all_promises_are_listed_and_what_is_left_out_is_named(capsys: Capture) -> None:
    done = run(capsys, "prove", STAIRS, "with_lemma")
    assert done.code == 0
    assert "the lemmas:\n    inductive  steps_are_even" in done.out
    assert "Not for an induction: the_top_is_reached, no_deadlock. Ask vswap check." in done.out
    assert "1 spec, 6 promises" in done.out and "every verdict is as expected (exit 0)" in done.out


# ------------------------------------------------------------- steps that fail


def test_a_state_that_cannot_be_reached_means_a_missing_lemma(capsys: Capture) -> None:
    done = run(capsys, "prove", STAIRS, "without_lemma", "the_third_step_is_left_out")
    assert done.code == 3
    assert "NOT INDUCTIVE: stairs: the_third_step_is_left_out: a step of climb" in done.out
    assert "From a state that may be unreachable:\n    step = 1\n\n* climb()\n      step = 3\n" in done.out
    assert "does not reach this state, and the promise breaks in no state" in " ".join(done.out.split())
    assert "a lemma is missing" in " ".join(done.out.split()) and "vswap replay" not in done.out
    found = verdict(run(capsys, "prove", STAIRS, "without_lemma", "--json").json, "the_third_step_is_left_out")
    assert (found["verdict"], found["surprise"], found["trace"]) == ("undecided", None, None)
    assert found["failed"]["reachable"] is False and found["failed"]["steps"] == 1
    assert found["failed"]["places"] == [{"procedure": "climb", "behind": None}]
    assert found["claim"] == ("not inductive for k up to 2; it breaks in none of the 8 reachable states: a lemma is "
                              "missing")


def test_a_state_that_is_reached_makes_the_step_real(capsys: Capture) -> None:
    done = run(capsys, "prove", STAIRS, "breaks", "nobody_is_high_up")
    assert done.code == 0
    assert "The explicit search reaches this state: the step is real." in done.out
    assert "BUG: stairs: nobody_is_high_up broken in climb" in done.out
    found = verdict(run(capsys, "prove", STAIRS, "breaks", "--json").json, "nobody_is_high_up")
    assert (found["verdict"], found["expected"], found["failed"]["reachable"]) == ("broken", "broken", True)
    key = found["trace"]["key"]
    assert run(capsys, "replay", key, STAIRS).code == 0


def test_what_breaks_at_the_start_is_broken(capsys: Capture) -> None:
    done = run(capsys, "prove", STAIRS, "breaks", "nobody_is_at_the_bottom")
    assert done.code == 0 and "in an initial state, as expected" in done.out


def test_a_search_that_ends_early_leaves_it_open(capsys: Capture) -> None:
    done = run(capsys, "prove", STAIRS, "breaks", "nobody_is_high_up", "--max-states", "1", "--json")
    assert done.code == 3
    (found,) = done.json["verdicts"]
    assert (found["verdict"], found["failed"]["reachable"]) == ("undecided", None)
    assert "limit of 1 state" in found["claim"], found["claim"]
    text = run(capsys, "prove", STAIRS, "breaks", "nobody_is_high_up", "--max-states", "1").out
    assert "Whether this state is reachable is not known" in text


def test_an_actor_stands_where_the_step_begins(capsys: Capture) -> None:
    done = run(capsys, "prove", COUNTER, "locked_add", "no_update_is_lost")
    assert done.code == 3
    assert re.search(r'CPU\d: add, in update, behind "count read" \(c = s0, seen = 0\)', done.out)
    assert 'These steps may break it: add behind "count read"' in done.out


# --------------------------------------------------------------------- lemmas


def test_every_engine_sees_a_wrong_lemma(capsys: Capture) -> None:
    done = run(capsys, "prove", STAIRS, "wrong_lemma", "--json")
    assert done.code == 1
    found = verdict(done.json, "nobody_is_high_up")
    assert (found["lemma"], found["verdict"], found["surprise"]) == (True, "broken", "expected to hold")
    assert verdict(done.json, "the_third_step_is_left_out")["verdict"] == "undecided"
    checked = run(capsys, "check", STAIRS, "wrong_lemma", "--json")
    assert checked.code == 1
    assert checked.verdicts("wrong_lemma")["nobody_is_high_up"] == "broken"
    bounded = run(capsys, "check", STAIRS, "wrong_lemma", "--engine", "z3", "--depth", "3", "--json")
    assert bounded.code == 1 and bounded.verdicts("wrong_lemma")["nobody_is_high_up"] == "broken"


def test_lemmas_speak_of_the_design_that_the_spec_is_written_for(capsys: Capture) -> None:
    names = run(capsys, "check", "rfc_v2_reads_succeed", "--json").verdicts("rfc_v2_reads_succeed")
    assert "the_count_is_exact" not in names
    listed = next(s for s in run(capsys, "list", "--json").json["specs"] if s["name"] == "rfc_v2")
    assert "the_count_is_exact" in listed["lemmas"] and "the_count_is_exact" not in listed["promises"]
    done = run(capsys, "check", "rfc_v2", "--set", "dup_clears_hint=off", "--max-states", "10", "--json")
    assert "the_count_is_exact" not in done.verdicts("rfc_v2")
    done = run(capsys, "check", "rfc_v2", "--max-states", "10", "--json")
    assert done.verdicts("rfc_v2")["the_count_is_exact"] == "undecided"


def test_a_proof_against_the_expectation_is_a_surprise(capsys: Capture) -> None:
    done = run(capsys, "prove", STAIRS, "said_to_break", "up_or_to_the_bottom")
    assert done.code == 1
    assert "INDUCTIVE  up_or_to_the_bottom" in done.out and "expected to break" in done.out


# --------------------------------------------------------------------- trouble


@pytest.mark.parametrize(("words", "said"), [
    ([], "say what to prove: vswap prove SPEC"),
    (["rfc_v3"], "there is no spec 'rfc_v3'"),
    ([STAIRS], "say which spec to prove"),
    ([STAIRS, "with_lema"], "there is no spec 'with_lema'"),
    ([STAIRS, "with_lemma", "the_fourth_step"], "there is no promise 'the_fourth_step'"),
    ([STAIRS, "runs", "the_light_comes_back"], "no induction is about the_light_comes_back"),
    ([STAIRS, "runs", "the_top_is_reached"], "no induction is about the_top_is_reached"),
    ([STAIRS, "runs", "no_deadlock"], "no induction is about no_deadlock"),
    ([STAIRS, "no_lemma"], "up_or_to_the_bottom is used as a lemma"),
    ([STAIRS, "with_lemma", "--steps", "0"], "--steps 0: an induction looks at one step at least"),
    ([STAIRS, "with_lemma", "--set", "light=on"], "spec with_lemma has no design"),
    (["--words", "--set", "light=on"], "--set is not for --words"),
    (["--words", "--steps", "3"], "--steps is not for --words"),
    (["no_such_file.py"], "the model file no_such_file.py cannot be read"),
])
def test_what_cannot_be_asked_is_one_sentence(capsys: Capture, words: list[str], said: str) -> None:
    done = run(capsys, "prove", *words)
    assert done.code == 2 and said in sentence(done), done.err


def test_a_complaint_is_a_document_too(capsys: Capture) -> None:
    done = run(capsys, "prove", STAIRS, "runs", "the_light_comes_back", "--json")
    assert done.code == 2 and done.json["exit"] == 2


def test_a_spec_without_anything_to_prove_is_no_success(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "still.py"
    file.write_text((MODELS / "stairs.py").read_text(encoding="utf-8"), encoding="utf-8")
    done = run(capsys, "prove", str(file), "runs", "--json")
    assert done.code == 3  # the assertion is not inductive alone
    assert set(done.json["specs"][0]["refused"]) == {"the_top_is_reached", "the_light_comes_back", "no_deadlock"}


def test_ctrl_c_prints_what_is_known(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(prover: Prover, wanted: object, deepest: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Prover, "rest", stop)
    done = run(capsys, "prove", STAIRS, "with_lemma", "without_lemma", "--json")
    assert done.code == 3 and [spec["name"] for spec in done.json["specs"]] == ["with_lemma"]
    assert verdict(done.json, "steps_are_even")["verdict"] == "holds"
    left = verdict(done.json, "up_or_to_the_bottom")
    assert (left["verdict"], left["reason"]) == ("undecided", "interrupted")


def test_a_limit_is_undecided(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*given: object) -> None:
        for _ in count():
            pass

    monkeypatch.setattr(Induction, "start", endless)
    done = run(capsys, "prove", STAIRS, "with_lemma", "--time", "0.05")
    assert done.code == 3
    assert "no answer within" in done.out and "6 promises are not decided (exit 3)" in done.out
    assert "inductive" not in done.out


# ----------------------------------------------------------------------- docs


def test_the_page_on_proofs_shows_what_is_printed(capsys: Capture) -> None:
    page = (HOME / "docs" / "proofs.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"\n\n((?:    .*\n|\n)*?    NOT INDUCTIVE(?:.*\n)+?(?:    .*\n|\n)+?)(?=\S)", page)
    text = "\n".join(line.removeprefix("    ") for line in shown.strip("\n").splitlines())
    assert text in run(capsys, "prove", STAIRS, "without_lemma", "the_third_step_is_left_out").out
    for target in re.findall(r"\]\(([^)]+)\)", page):
        assert (HOME / "docs" / target).exists(), target
    for name in re.findall(r"`((?:specs|tests|docs)/[\w/.]+)`", page):
        assert (HOME / name).exists(), name
    assert f"{SECONDS:g} s" in page and f"{SECONDS:g} seconds" in page and f"k = {DEEPEST}" in page
    helped = shell("prove", "--help").out
    for option in re.findall(r"`(--[\w-]+)", page):
        assert option in helped or option == "--words", option


def test_the_lemma_of_the_page_is_a_lemma() -> None:
    page = (HOME / "docs" / "proofs.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert block.partition("\n\nwith_lemma")[0] in (MODELS / "stairs.py").read_text(encoding="utf-8")
