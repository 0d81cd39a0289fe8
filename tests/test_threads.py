# SPDX-License-Identifier: GPL-2.0-or-later
"""Any number of threads finds the same: states, counts, verdicts, traces."""

import os
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from generate import systems
from hypothesis import HealthCheck, given, settings
from test_agreement import Reader
from test_explicit import Fields, arith, compare, const, local, promise, read, require, rule, store, system
from test_explicit_systems import system_of
from test_progress import STARVATION
from test_progress_agreement import run_systems

from checker.explicit import Limits, crew, explore, machine, runtime
from checker.explicit.crew import Crew
from checker.explicit.machine import Machine
from checker.explicit.program import Program
from checker.language import build, ir, load_specs
from checker.language.types import IndexT, IntT

GENERATED = int(os.environ.get("THREADS_SYSTEMS", "60"))
SYSTEMS = [
    "reference_swap:small", "reference_swap:stale_commit", "reference_swap_roles:small",
    "reference_swap_roles:stale_commit", "peterson:wrong_order", "readers_writers:three_tasks",
    "two_phase_commit:three_managers", "stale_copy:coherent", "stale_copy:incoherent", "mailbox:two_clients",
    "bounded_buffer:unreserved", "forgotten_unlock:forgets", "lock_pair:opposite_order", "token_ring:round_trip",
]


@pytest.fixture(scope="module")
def small_shares():
    """Threads pay at once, and take so little at a time that they meet everywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "PAYS", 1)
        patch.setattr(runtime, "BATCH", 1)
        patch.setattr(runtime, "BLOCK", 4)
        patch.setattr(runtime, "STRETCH", 3)
        machine._runtime.cache_clear()
        yield
    machine._runtime.cache_clear()


def result(made, threads, **more):
    """All that a search says, but for the time that it took."""
    found = explore(made, limits=Limits(threads=threads), **more)
    costs = ("seconds", "phases", "memory", "hurried")
    return {name: value for name, value in vars(found).items() if name not in costs}


@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize("name", SYSTEMS)
def test_threads_find_the_same(name, symmetry, small_shares):
    made = system_of(name)
    one = result(made, 1, symmetry=symmetry)
    assert one["complete"]
    for threads in (2, 3):
        assert result(made, threads, symmetry=symmetry) == one


def test_threads_find_the_same_in_generated_systems(tmp_path: Path, small_shares):
    reader = Reader(tmp_path)

    @settings(max_examples=GENERATED, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(text=systems())
    def each(text):
        made = reader.read(text)
        if made is not None and explore(made, limits=Limits(max_states=3000)).complete:
            one = result(made, 1)
            assert result(made, 2) == one and result(made, 3) == one

    each()
    assert reader.accepted > GENERATED // 2


def test_threads_find_the_same_loops(tmp_path: Path, small_shares):
    """Promises about runs: those that break are shown with the same loop."""
    reader, loops = Reader(tmp_path), 0
    specs = load_specs(STARVATION).values()
    for made in map(build, specs):
        one = result(made, 1)
        assert result(made, 2) == one and result(made, 3) == one
        loops += any(finding.loop is not None for finding in one["findings"].values())
    assert loops

    @settings(max_examples=GENERATED, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(text=run_systems())
    def each(text):
        made = reader.read(text)
        if made is not None and explore(made, limits=Limits(max_states=2000)).complete:
            one = result(made, 1)
            assert result(made, 2) == one and result(made, 3) == one

    each()


def grid(side, dims, *promises):
    """``dims`` numbers that only grow: many ways lead to each state."""
    node = IndexT("Node", dims)
    fields = Fields()
    n = fields.add("n", IntT(0, side - 1), node)
    up = rule("up", require(compare(read(n, local("k", node)), "<", const(side - 1))),
              store(n, arith(read(n, local("k", node)), "+", const(1)), local("k", node)),
              params=("k",), locals_={"k": node})
    sum_ = read(n, const(0, node))
    for k in range(1, dims):
        sum_ = arith(sum_, "+", read(n, const(k, node)))
    return system(fields, up, may_end=ir.TRUE, promises=[
        promise(f"sum_below_{bound}", compare(sum_, "<", const(bound))) for bound in promises])


@pytest.mark.parametrize(("side", "dims"), [(32, 4), (4, 10), (7, 7)])
def test_growth_with_threads_is_exact(side, dims):
    """One word, and more than one where the table has indices."""
    made = grid(side, dims, 20)
    found = explore(made, limits=Limits(threads=3))
    assert (found.states, found.transitions) == (side**dims, dims * (side - 1) * side**(dims - 1))
    assert found.depth == dims * (side - 1) and found.findings["sum_below_20"].depth == 20
    assert found.fingerprint == explore(made, limits=Limits(threads=1)).fingerprint


def test_every_state_is_stored_once_and_has_its_index(small_shares):
    for made in (grid(5, 5), grid(3, 22)):
        one = Machine(Program(made), 1 << 30, None, 3)
        try:
            layers = [0, 1]
            while one[machine.Ctx.NEXT] < layers[-1] < 20_000:
                while one.behind(layers[-1]):
                    if not one.search(layers[-1], 100):
                        assert one.grow()
                layers.append(one[machine.Ctx.COUNT])
            count = one[machine.Ctx.COUNT]
            assert len({one.words_of(k) for k in range(count)}) == count
            one.number()
            for layer, (start, end) in enumerate(pairwise(layers)):
                for k in range(start, end, 97):
                    vector = one.program.layout.unpack(one.words_of(k))
                    assert sum(vector) == layer
                    for record in one.records(vector):
                        assert record.index == -1 + (1 << 64) or one.words_of(record.index) == record.words
        finally:
            one.close()


def test_a_limit_on_states_leaves_the_same_ones_out():
    limits = [Limits(max_states=30_000, threads=threads) for threads in (1, 4)]
    one, four = (explore(grid(32, 4, 30, 60), limits=limit) for limit in limits)
    assert (one.states, one.findings, one.undecided) == (four.states, four.findings, four.undecided)
    assert one.fingerprint == four.fingerprint


def test_memory_is_given_back_when_the_threads_are_done():
    """An exception may get out while they work."""
    going, go_on, done = threading.Event(), threading.Event(), []

    def work(ctx, *_):
        if threading.current_thread() is threading.main_thread():
            assert going.wait(60)
            threading.Timer(0.2, go_on.set).start()
            raise KeyboardInterrupt
        going.set()
        done.append(go_on.wait(60))
        return 0

    few = Crew(2, 1, 1)
    with pytest.raises(KeyboardInterrupt):
        few.over(work, 0, crew.PAYS)
    assert not done
    few.close()
    assert done == [True]
