# SPDX-License-Identifier: GPL-2.0-or-later
"""Systems whose numbers are known from elsewhere, or counted by ``plain_models``."""

from functools import cache
from pathlib import Path

import plain_models as plain
import pytest

from checker.explicit import explore
from checker.language import build, load_specs
from checker.language.raw import Raw

SYSTEMS = Path(__file__).parent / "systems"

# States, transitions and depth of the reference model: four notations and five checkers agree on them.
REFERENCE = {
    "small": (14_366, 115_600, 18),
    "three_entries": (483_558, 5_282_703, 22),
    "mid": (1_359_138, 15_507_267, 22),
    "four_entries": (12_840_267, 175_736_472, 26),
    "stale_commit": (44_286, 322_896, 26),
}

COUNTED = {
    "two_phase_commit:three_managers": plain.two_phase(3),
    "two_phase_commit:five_managers": plain.two_phase(5),
    "lock_pair:one_order": plain.lock_pair(opposite=False),
    "lock_pair:opposite_order": plain.lock_pair(opposite=True),
    "forgotten_unlock:unlocks": plain.forgotten_unlock(2, forgets=False),
    "forgotten_unlock:forgets": plain.forgotten_unlock(2, forgets=True),
    "token_ring:round_trip": plain.token_ring(5, 5),
    "token_ring:last_node_starves": plain.token_ring(5, 4),
    "peterson:peterson": plain.peterson(flag_first=True),
    "peterson:wrong_order": plain.peterson(flag_first=False),
    "bounded_buffer:reserved": plain.bounded_buffer(3, producers=2, reserves=True),
    "readers_writers:three_tasks": plain.readers_writers(3),
    "stale_copy:coherent": plain.stale_copy(3, invalidates=True),
    "stale_copy:incoherent": plain.stale_copy(3, invalidates=False),
    "mailbox:two_clients": plain.mailbox(2),
    "aligned_runs:pairs": plain.aligned_runs(takers=1),
    "aligned_runs:two_takers": plain.aligned_runs(takers=2),
}

EVERY_SPEC = [*COUNTED, "two_phase_commit:seven_managers", "bounded_buffer:unreserved", "aligned_runs:broken_pairs"] + [
    f"{file}:{spec}"
    for file, specs in {
        "reference_swap": [*REFERENCE, "stale_commit"],
        "reference_swap_roles": ["small", "three_entries", "stale_commit"],
    }.items()
    for spec in specs
]


def spec_of(name):
    """The spec that ``file:variable`` names."""
    file, variable = name.split(":")
    return load_specs(SYSTEMS / f"{file}.py")[variable]


@cache
def found(name):
    """Everything there is to find."""
    return explore(build(spec_of(name)))


BIG = {"reference_swap:mid", "reference_swap:four_entries"}


def numbers(exploration):
    assert exploration.complete and exploration.stopped is None
    return exploration.states, exploration.transitions, exploration.depth


def raw_numbers(system):
    """States, transitions and depth, by running the author's functions in Python."""
    raw = Raw(system)
    layer = raw.initial()
    seen = {configuration.vector for configuration in layer}
    transitions, depth = 0, 0
    while layer:
        following = []
        for configuration in layer:
            for transition in raw.successors(configuration):
                assert transition.target is not None, transition.error
                transitions += 1
                if transition.target.vector not in seen:
                    seen.add(transition.target.vector)
                    following.append(transition.target)
        depth += bool(following)
        layer = following
    return len(seen), transitions, depth


def test_every_spec_of_every_system_is_tested():
    """A spec that nobody runs would prove nothing."""
    written = {f"{file.stem}:{name}" for file in SYSTEMS.glob("*.py") for name in load_specs(file)}
    assert written == set(EVERY_SPEC)


@pytest.mark.parametrize("name", COUNTED)
def test_native_search_counts_what_a_plain_search_counts(name):
    assert numbers(found(name)) == plain.count(*COUNTED[name])


@pytest.mark.parametrize("name", COUNTED)
def test_python_itself_counts_the_same(name):
    if name == "two_phase_commit:five_managers":
        system = build(spec_of("two_phase_commit:three_managers"))
        assert raw_numbers(system) == plain.count(*plain.two_phase(3))
    else:
        assert raw_numbers(build(spec_of(name))) == plain.count(*COUNTED[name])


@pytest.mark.parametrize(
    ("name", "states"), [("three_managers", 288), ("five_managers", 8_832), ("seven_managers", 296_448)]
)
def test_two_phase_commit_has_the_published_number_of_states(name, states):
    assert found(f"two_phase_commit:{name}").states == states


def test_two_phase_commit_ends_only_where_it_may():
    assert set(found("two_phase_commit:five_managers").findings) == {"everybody_commits"}


@pytest.mark.parametrize("name", [name for name in REFERENCE if name != "stale_commit"])
def test_the_reference_model_has_the_published_numbers(name):
    exploration = explore(build(spec_of(f"reference_swap:{name}")))
    assert numbers(exploration) == REFERENCE[name]
    assert exploration.findings == {}


@pytest.mark.parametrize("name", ["small", "three_entries", "stale_commit"])
def test_an_operation_costs_no_more_than_a_hand_made_program_counter(name):
    assert numbers(found(f"reference_swap:{name}")) == REFERENCE[name]
    assert numbers(found(f"reference_swap_roles:{name}")) == REFERENCE[name]


@pytest.mark.parametrize("name", [name for name in EVERY_SPEC if name not in BIG])
def test_exactly_the_expected_promises_break(name):
    spec = spec_of(name)
    reachables = {promise.name for promise in build(spec).promises if promise.kind == "reachable"}
    broken = {promise: f.depth for promise, f in found(name).findings.items() if promise not in reachables}
    assert set(broken) == set(spec.expected)
    for promise, expectation in spec.expected.items():
        assert expectation.steps in (None, broken[promise])


def test_both_tasks_wait_for_each_other_after_two_steps():
    findings = found("lock_pair:opposite_order").findings
    assert {name: finding.depth for name, finding in findings.items()} == {
        "no_deadlock": 2,
        "every_operation_can_finish": 2,
    }


def test_only_the_promise_to_finish_notices_a_forgotten_unlock():
    findings = found("forgotten_unlock:forgets").findings
    assert {name: finding.depth for name, finding in findings.items()} == {"every_operation_can_finish": 4}


def test_a_ring_that_leaves_out_a_node_breaks_nothing_and_reaches_too_little():
    assert found("token_ring:last_node_starves").findings == {}
    assert found("token_ring:round_trip").findings["the_last_node_works"].depth == 5


def test_a_path_starts_at_the_beginning_and_is_as_long_as_it_says():
    for name in ("lock_pair:opposite_order", "stale_copy:incoherent", "bounded_buffer:unreserved"):
        system = build(spec_of(name))
        for finding in found(name).findings.values():
            assert finding.path[0] in system.initial
            states_on_the_way = finding.depth if finding.error else finding.depth + 1
            assert len(finding.path) == states_on_the_way
            assert_path_is_possible(system, finding)


def assert_path_is_possible(system, finding):
    """Python can go every step of it, and the last one fails as it says."""
    raw = Raw(system)
    here = next(c for c in raw.initial() if c.vector == finding.path[0])
    for vector in finding.path[1:]:
        targets = [t.target for t in raw.successors(here) if t.target is not None]
        here = next(target for target in targets if target.vector == vector)
    if finding.error:
        assert any(finding.promise in t.broken or t.error for t in raw.successors(here) if t.target is None)


def test_data_values_are_counted_up_to_their_names():
    assert found("stale_copy:incoherent").states == plain.partitions_with_zero(3)
