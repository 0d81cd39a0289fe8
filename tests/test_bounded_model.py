# SPDX-License-Identifier: GPL-2.0-or-later
"""z3 and the exhaustive search agree on the installed model: states, breaks, depths."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from test_bounded import LONG, UNROLLED, WRITTEN, exact_layers, new_layers, same_findings, written_layers

from checker.explicit import explore
from checker.language import Scope, build, load_specs
from checker.language.spec import Spec
from checker.symbolic.bounded import bounded
from checker.symbolic.runs import layers
from model.objects import Folio, PhysSlot, Pte, Reclaim, Shrinker, Swapoff, Task, VswapSlot, Worker, ZswapEntry
from specs.scopes import ONE_OF_EACH

FOUR = Scope("four pages, four slots of each kind, two CPUs in the shrinker", sizes={
    **ONE_OF_EACH, Pte: 4, Folio: 4, VswapSlot: 4, PhysSlot: 4, ZswapEntry: 4, Shrinker: 2, Reclaim: 1, Task: 1,
    Worker: 0, Swapoff: 0,
})
"""Nobody writes out all of its states."""

SEVERAL = {
    "rfc_v2_reads_succeed": 10, "rfc_v2_two_owners": 8, "rfc_v2_two_memcgs": 8, "rfc_v2_swapoff": 10,
    "rfc_v2_direct": 10, "rfc_v2_zeros": 10,
}
"""How far layers of states are compared."""

BREAK_AT = {
    "fork_without_count": 4, "everything_is_charged": 5, "unmap_loses_marker": 6, "read_clears_zero_flag": 6,
    "nobody_dirties_the_folio": 7, "zap_without_ptl": 7, "unmap_without_folio_lock": 7, "writeback_forgets_put": 8,
    "writeback_forgets_unlock": 8, "free_keeps_memcg_id": 9, "writeback_pins_by_count": 9,
    "writeback_leaves_folio_unread": 11, "memcg_table_at_either": 12, "swapoff_leaves_device_open": 13,
    "realloc_does_not_unwind": 13, "release_keeps_backing": 16, "fault_trusts_pte": 18,
    "write_fault_leaves_page_cached": 20,
}
"""What-ifs that break something within so many steps: others are in the gate, where z3 is asked, too."""


@cache
def spec_of(name: str) -> Spec:
    """A spec of the installed model."""
    return load_specs(None)[name]


@pytest.mark.parametrize("name", SEVERAL)
def test_both_engines_reach_the_same_states_at_every_depth(name: str) -> None:
    system: Any = build(spec_of(name))
    found = written_layers(system, SEVERAL[name])
    assert found == new_layers(exact_layers(system, SEVERAL[name]))
    assert len(found[-1]) > 30


@pytest.mark.parametrize("name", ["rfc_v2_two_memcgs", "o05_writeback_without_recheck"])
def test_unrolled_runs_reach_the_same_states_in_up_to_four_steps(name: str) -> None:
    system = build(spec_of(name))
    found = layers(system, 4)
    assert found == exact_layers(system, 4)
    assert new_layers(found) == written_layers(system, 4)


@pytest.mark.parametrize("name", BREAK_AT)
def test_both_engines_break_a_what_if_at_the_same_depth(name: str) -> None:
    spec, depth = spec_of(name), BREAK_AT[name]
    system = build(spec)
    expected = explore(system)
    found = bounded(system, depth, seconds=LONG, narrow=WRITTEN)
    same_findings(system, depth, found, expected)
    assert found.findings.keys() & spec.expected.keys()


@pytest.mark.parametrize(("name", "depth"), [("writeback_reserves_first", 3), ("zap_without_ptl", 7)])
def test_an_unrolled_what_if_breaks_at_the_same_depth(name: str, depth: int) -> None:
    system = build(spec_of(name))
    found = bounded(system, depth, seconds=LONG, narrow=UNROLLED)
    same_findings(system, depth, found, explore(system, first=True))
    assert {found.findings[promise].depth for promise in found.findings if promise in spec_of(name).expected} == {depth}


def test_writeback_without_recheck_breaks_where_the_exhaustive_search_says() -> None:
    """No shorter run breaks these promises; 24 steps are out of reach for one formula."""
    spec = spec_of("o05_writeback_without_recheck")
    system = build(spec)
    found = bounded(system, 30, seconds=LONG)
    assert (found.depth, found.written) == (30, 30)
    assert {name: found.findings[name].depth for name in spec.expected} == {
        name: one.steps for name, one in spec.expected.items()}


def test_runs_go_on_from_the_last_layer_that_is_written_out() -> None:
    """A few steps of states, and the rest of each run as unknowns, with the whole way in the trace."""
    system = build(spec_of("unmap_loses_marker"))
    whole, cut = bounded(system, 8, seconds=LONG, narrow=WRITTEN), bounded(system, 8, seconds=LONG, narrow=8)
    assert cut.written < 6 < whole.written
    assert {n: f.depth for n, f in cut.findings.items()} == {n: f.depth for n, f in whole.findings.items()}
    same_findings(system, 8, cut, explore(system))


def test_what_nobody_enumerates_is_searched_as_well() -> None:
    system = build(spec_of("rfc_v2_two_shrinkers"), scope=FOUR)
    found = bounded(system, 3, seconds=LONG)
    assert (found.depth, found.stopped, found.findings) == (3, None, {})
    assert found.states > 10
