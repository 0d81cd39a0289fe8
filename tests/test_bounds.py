# SPDX-License-Identifier: GPL-2.0-or-later
"""A counterexample says which smaller scope would have hidden it."""

from __future__ import annotations

from pathlib import Path

from checker.counterexample.bounds import sentence, smaller_scopes
from checker.language import load_specs

SYSTEMS = Path(__file__).parent / "systems"


def test_two_actors_are_needed_for_opposite_orders() -> None:
    spec = load_specs(str(SYSTEMS / "lock_pair.py"))["opposite_order"]
    tried = {one.sort: one for one in smaller_scopes(spec, "no_deadlock")}
    assert any(one.steps is None for one in tried.values())
    text = sentence(spec, "no_deadlock", 4)
    assert text.startswith("A search to a depth of less than 4 steps.")
    assert "A scope with " in text


def test_a_stale_commit_needs_fewer_objects_than_its_scope_has() -> None:
    spec = load_specs(str(SYSTEMS / "reference_swap.py"))["stale_commit"]
    promise = next(iter(spec.expected))
    tried = {(one.sort, one.size): one.steps for one in smaller_scopes(spec, promise)}
    assert None in tried.values() or all(steps >= 8 for steps in tried.values() if steps is not None)
    assert any(steps == 8 for steps in tried.values())
    assert "It breaks as well with" in sentence(spec, promise, 8)
