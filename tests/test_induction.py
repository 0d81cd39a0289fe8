# SPDX-License-Identifier: GPL-2.0-or-later
"""k-induction: what it proves is true, and what it finds is a step that the other engines take, too."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import Any

import pytest
import z3
from cli import HOME, MODELS

from checker.explicit import Limits, explore
from checker.explicit.one_step import OneStep
from checker.language import build, load_specs
from checker.language.errors import LanguageError
from checker.reaching import reached
from checker.symbolic import values as v
from checker.symbolic.frames import Frames, tidy
from checker.symbolic.induction import Induction
from checker.symbolic.proofs import Proof, prove
from checker.symbolic.relation import Space
from checker.symbolic.successors import normalised
from checker.symbolic.template import Template

STAIRS = MODELS / "stairs.py"
SMALL = [
    ("tests/models/stairs.py", "with_lemma"), ("tests/models/stairs.py", "without_lemma"),
    ("tests/models/stairs.py", "breaks"), ("tests/models/counter.py", "locked_add"),
    ("tests/models/counter.py", "lost_update"), ("tests/models/counter.py", "forgotten_unlock"),
    ("tests/models/lockers.py", "one_guest"), ("tests/models/lockers.py", "lost_keys"),
    ("tests/systems/peterson.py", "peterson"), ("tests/systems/peterson.py", "wrong_order"),
    ("tests/systems/lock_pair.py", "one_order"), ("tests/systems/forgotten_unlock.py", "forgets"),
    ("tests/systems/mailbox.py", "two_clients"), ("tests/systems/readers_writers.py", "three_tasks"),
]


@cache
def system(file: str, name: str) -> Any:
    return build(load_specs(HOME / file)[name])


@cache
def proofs(file: str, name: str) -> dict[str, Proof]:
    return prove(system(file, name))


def stairs(name: str, **options: Any) -> dict[str, Proof]:
    return prove(system("tests/models/stairs.py", name), **options)


def outcomes(found: dict[str, Proof]) -> dict[str, tuple[str, int]]:
    return {name: (one.outcome, one.k) for name, one in found.items() if one.outcome != "refused"}


# --------------------------------------------------------------------- what is proved


def test_a_lemma_carries_promises_steps_and_assertions() -> None:
    found = stairs("with_lemma")
    assert outcomes(found) == dict.fromkeys(
        ["the_third_step_is_left_out", "up_or_to_the_bottom", "never_from_the_first", "steps_are_even",
         "the fifth step is left out", "no_model_error"], ("inductive", 1))
    assert found["never_from_the_first"].lemmas == ("steps_are_even",)
    assert found["steps_are_even"].lemmas == ()


def test_two_steps_show_what_one_does_not_and_serve_as_a_lemma() -> None:
    assert outcomes(stairs("two_steps")) == {
        "the_third_step_is_left_out": ("inductive", 2), "the fifth step is left out": ("inductive", 1),
        "no_model_error": ("inductive", 1)}
    assert stairs("two_steps")["the fifth step is left out"].lemmas == ("the_third_step_is_left_out",)
    assert outcomes(stairs("two_steps", deepest=1))["the_third_step_is_left_out"] == ("fails", 1)


def test_without_the_lemma_a_step_fails_and_is_shown() -> None:
    found = stairs("without_lemma", deepest=3)["the_third_step_is_left_out"]
    assert (found.outcome, found.k, found.places) == ("fails", 1, (("climb", ""),))
    assert found.failed is not None and [cells[0] for cells in found.failed.states] == [1, 3]


def test_what_an_initial_state_breaks_is_no_lemma_for_others() -> None:
    found = stairs("breaks")
    assert found["nobody_is_at_the_bottom"].outcome == "broken" and found["nobody_is_at_the_bottom"].k == 0
    assert found["nobody_is_high_up"].outcome == "fails"
    assert all("nobody_is_at_the_bottom" not in one.lemmas for one in found.values())


def test_a_lemma_that_does_not_hold_proves_nothing() -> None:
    found = stairs("wrong_lemma")
    assert found["nobody_is_high_up"].outcome == "fails"
    assert found["the_third_step_is_left_out"].outcome == "fails"


def test_promises_about_runs_and_about_what_must_happen_are_refused() -> None:
    found = stairs("runs")
    assert {name for name, one in found.items() if one.outcome == "refused"} == {
        "the_top_is_reached", "the_light_comes_back", "no_deadlock"}
    assert all(one.reason for one in found.values() if one.outcome == "refused")


def test_what_is_no_invariant_is_no_lemma() -> None:
    with pytest.raises(LanguageError, match=r"stairs.py:\d+: up_or_to_the_bottom is used as a lemma"):
        build(load_specs(STAIRS)["no_lemma"])


# ------------------------------------------------------------------- limits


def endless(*given: object) -> None:
    """What a solver does now and then; it runs in the child."""
    for _ in count():
        pass


def test_a_question_that_takes_too_long_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Induction, "start", endless)
    found = stairs("with_lemma", seconds=0.05)
    assert not multiprocessing.active_children()
    assert {one.outcome for one in found.values()} == {"undecided", "refused"}
    assert all("no answer within" in one.reason for one in found.values() if one.outcome == "undecided")


def test_ctrl_c_leaves_the_rest_undecided() -> None:
    asked: list[str] = []

    def stop(what: str) -> None:
        asked.append(what)
        if what == "decide steps_are_even":
            raise KeyboardInterrupt

    found = stairs("with_lemma", progress=stop)
    assert asked[-1] == "decide steps_are_even"
    assert {one.reason for one in found.values() if one.outcome == "undecided"} == {"interrupted"}


# ----------------------------------------------------------- against the other engines


@pytest.mark.parametrize(("file", "name"), SMALL)
def test_what_is_proved_holds_and_what_fails_is_a_step(file: str, name: str) -> None:
    """The exhaustive search and the native step are the referees."""
    about = system(file, name)
    searched = explore(about)
    native = OneStep(about)
    for one in proofs(file, name).values():
        if one.outcome == "inductive":
            assert searched.complete and one.promise not in searched.findings, one.promise
        if one.failed is None:
            continue
        for here, there in zip(one.failed.states, one.failed.states[1:], strict=False):
            assert normalised(about, there) in native.successors(normalised(about, here)), one.promise
        last = normalised(about, one.failed.states[-1])
        if len(one.failed.states) == len(one.failed.strides):
            assert one.promise in native.broken(last)
        elif one.kind == "invariant":
            assert one.promise in native.found(last)
            assert not {one.promise, *one.lemmas} & native.found(one.failed.first)


@pytest.mark.parametrize(("file", "name"), SMALL)
def test_whether_a_state_is_reachable(file: str, name: str) -> None:
    about = system(file, name)
    states = set(everywhere(about))
    failed = {one.promise: one.failed.first for one in proofs(file, name).values() if one.failed is not None}
    found = reached(about, failed, list(failed), Limits())
    assert found.states == {promise: state in states for promise, state in failed.items()}
    assert set(found.findings) == set(explore(about).findings) & set(failed)


@pytest.mark.parametrize(("file", "name"), SMALL)
def test_what_frames_say_is_true_of_every_reachable_state(file: str, name: str) -> None:
    about = system(file, name)
    template = Template(about)
    facts = Frames(about, template.source, template.target, template.relation).facts()
    space = Space.fresh(about, "here.")
    true = z3.And([*tidy(about, space.cells), v.as_z3(space.valid),
                   *(one for fact in facts for one in fact.everywhere(about, space.cells))])
    for vector in everywhere(about):
        assert z3.is_true(z3.simplify(z3.substitute(true, *space.replacing(vector)))), vector


def everywhere(about: Any) -> Iterator[tuple[int, ...]]:
    """Every reachable state."""
    native = OneStep(about)
    seen = set(about.initial)
    queue = list(seen)
    for vector in queue:
        yield vector
        for target in native.successors(vector) - seen:
            seen.add(target)
            queue.append(target)


def test_two_names_of_one_thing_agree_in_every_frame() -> None:
    """Without these facts an induction begins where two locals differ that the source sets together."""
    about = system("tests/models/lockers.py", "one_guest")
    names = [promise.name for promise in about.promises]
    known = Induction(about)
    assert {(fact.b is None, fact.equal) for fact in known.facts} == {(True, False), (False, True)}
    assert all(known.decide(name, names, 1, 0).failed is None for name in (*names, "the coat is still there"))
    naive = Induction(about, facts=[])
    assert naive.decide("who_has_a_locker_finds_it_taken", names, 1, 0).failed is not None


def test_a_state_beyond_the_limit_is_unknown() -> None:
    about = system("tests/models/stairs.py", "breaks")
    top = next(state for state in everywhere(about) if state[0] == 6)
    assert reached(about, {"top": top}, [], Limits(max_states=1)).states == {"top": None}
    assert reached(about, {"top": top}, [], Limits()).states == {"top": True}
