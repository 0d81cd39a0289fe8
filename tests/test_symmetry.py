# SPDX-License-Identifier: GPL-2.0-or-later
"""Searching one state of those that differ in names only: same verdicts, same depths, real traces."""

import os
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from cli import run, sentence
from generate import systems
from hypothesis import given, settings
from orbits import orbit, orbits, renamed, renamings
from test_agreement import Reader, many
from test_explicit import HERE, Fields, compare, const, local, promise, read, require, rule, store, system
from test_explicit_systems import switches, system_of

from checker.explicit import CAN_FINISH, explore
from checker.explicit.group import group
from checker.explicit.machine import Machine
from checker.explicit.one_step import OneStep
from checker.explicit.program import Program
from checker.language import build, ir, load_specs
from checker.language.types import BOOL, IndexT, IntT, LockT, OptT, SetT, UnionT

GENERATED = int(os.environ.get("SYMMETRY_SYSTEMS", "100"))
MOST_STATES, MOST_NAMES = 3000, 150
ROOT = Path(__file__).parent.parent
REFERENCE = str(ROOT / "tests" / "systems" / "reference_swap.py")
SYSTEMS = [
    "reference_swap:small", "reference_swap:stale_commit", "reference_swap_roles:small",
    "reference_swap_roles:stale_commit", "peterson:peterson", "peterson:wrong_order", "readers_writers:three_tasks",
    "two_phase_commit:three_managers", "two_phase_commit:five_managers", "stale_copy:coherent",
    "stale_copy:incoherent", "mailbox:two_clients", "bounded_buffer:reserved", "bounded_buffer:unreserved",
    "forgotten_unlock:unlocks", "forgotten_unlock:forgets", "lock_pair:opposite_order", "token_ring:round_trip",
]


def reached(native, starts):
    """All vectors that can be reached."""
    seen = set(starts)
    queue = list(seen)
    for vector in queue:
        for target in native.successors(vector):
            if target not in seen:
                seen.add(target)
                queue.append(target)
    return seen


def agree(made, most=MOST_STATES):
    """The search with symmetry finds what the one without finds; how many times fewer states that took."""
    plain, fewer = explore(made), explore(made, symmetry=True)
    assert fewer.complete and plain.complete
    assert depths(fewer) == depths(plain) and fewer.undecided == plain.undecided
    native, sorts = OneStep(made), group(made)
    small = len(renamings(sorts)) <= MOST_NAMES
    if small and all(orbit(made, start, sorts) <= set(made.initial) for start in made.initial):
        assert fewer.depth == plain.depth  # elsewhere the last state may be another one's twin
    assert fewer.depth <= plain.depth
    for name, finding in fewer.findings.items():
        is_real(made, native, finding)
        assert switches(finding) == switches(plain.findings[name])
        assert (finding.error is None) == (plain.findings[name].error is None)
    ran = {name for name, count in plain.coverage.procedures.items() if count}
    assert {name for name, count in fewer.coverage.procedures.items() if count} == ran
    if plain.states <= most and small:
        assert fewer.states == orbits(made, reached(native, made.initial), sorts)
    return plain.states / fewer.states


def depths(found):
    return {name: finding.depth for name, finding in found.findings.items()}


def is_real(made, native, finding):
    """Each step of a trace is a step of the system, and the trace shows what it claims."""
    assert finding.path[0] in made.initial
    assert len(finding.moves) == finding.depth
    for source, target in pairwise(finding.path):
        assert target in native.successors(source)
    last = finding.path[-1]
    if len(finding.path) == finding.depth:
        assert native.errors(last) and finding.promise in native.broken(last)
    elif finding.promise in {p.name for p in made.promises if p.kind != "step"}:
        assert finding.promise in native.found(last)
    elif finding.promise in made.assertions:
        assert finding.promise in native.broken(finding.path[-2])
    elif finding.promise == CAN_FINISH:
        ahead = reached(native, [last])
        waiting = [
            all(vector[role.pc.offset + k] for vector in ahead) for role in made.roles for k in range(role.type.size)
        ]
        assert any(waiting)


@pytest.mark.parametrize("name", SYSTEMS)
def test_hand_written_systems(name):
    agree(system_of(name), most=15_000)


def test_the_group_is_what_the_language_calls_symmetric():
    wanted = {
        "reference_swap:small": {"Entry", "Slot", "Cpu"}, "reference_swap_roles:small": {"Cpu", "Entry", "Slot"},
        "peterson:peterson": {"Process"}, "readers_writers:three_tasks": {"Task"}, "stale_copy:coherent": {"Cache"},
        "two_phase_commit:three_managers": {"Manager"}, "token_ring:round_trip": set(),
    }
    assert {name: {str(sort) for sort in group(system_of(name))} for name in wanted} == wanted


def test_the_known_number_of_orbits():
    """Counted by another tool, with every permutation."""
    found = explore(system_of("reference_swap:mid"), symmetry=True)
    assert (found.states, found.depth, found.findings, found.complete) == (31_229, 22, {}, True)


@pytest.mark.parametrize("name", ["o05_writeback_without_recheck", "writeback_forgets_unlock", "rfc_v2_two_threads"])
def test_the_kernel_model(name):
    made = build(load_specs(None)[name])
    assert agree(made) > (1.5 if group(made) else 0.9)


def test_generated_systems(tmp_path):
    reader, smaller = Reader(tmp_path), []

    @settings(many, max_examples=GENERATED)
    @given(text=systems())
    def each(text):
        made = reader.read(text)
        if made is not None:
            smaller.append(agree(made, most=400))

    each()
    assert len(smaller) > GENERATED / 3
    assert sum(ratio > 1.2 for ratio in smaller) > GENERATED / 20


# -- random states of a system with everything in it

NODE, LINK, CPU = IndexT("Node", 3), IndexT("Link", 2), IndexT("Cpu", 2, "actor")
ORDERED, PAGE = IndexT("Bank", 2, "ordered"), IndexT("Page", 4, "data", "", ("ZERO",))
WORD = UnionT("Word", (
    ("NONE", ()), ("AT", (("node", NODE), ("bank", ORDERED))), ("PAIR", (("a", NODE), ("b", OptT(LINK)))),
))


def everything():
    """Every type, every kind of index; an actor with a frame slot that is in use at pc 2 only."""
    fields = Fields()
    fields.add("next", OptT(NODE), NODE)
    fields.add("edge", IntT(0, 2), NODE, NODE)
    fields.add("word", WORD, LINK)
    fields.add("maybe", OptT(WORD), NODE)
    fields.add("nodes", SetT(NODE), LINK)
    fields.add("words", SetT(OptT(NODE)), ORDERED)
    fields.add("lock", LockT(("Cpu0", "Cpu1")), NODE)
    fields.add("page", OptT(PAGE), NODE)
    fields.add("wide", IntT(0, 4000), NODE, LINK, ORDERED)
    fields.add("first", NODE)
    pc, slot = fields.add("Cpu.pc", IntT(0, 3), CPU), fields.add("Cpu.slot0", NODE, CPU)
    points = (ir.YieldPoint("one", HERE, (), 1), ir.YieldPoint("two", HERE, (), 2, (("n", 0),)),
              ir.YieldPoint("three", HERE, (), 3))
    body = tuple(ir.Yield(pos=HERE, point=k) for k in range(3))
    work = ir.Procedure("work", "", HERE, "cpu", (), {"cpu": CPU, "n": NODE}, body, points, ())
    return system(fields, roles=[ir.Role(CPU, pc, (slot,), (work,))], data=[PAGE])


def random_vector(made, chosen):
    """Any state; slots that are not in use are 0."""
    role = made.roles[0]
    vector = [chosen.choice([0, chosen.randrange(f.type.card)]) for f in made.fields for _ in range(f.count)]
    for k in range(CPU.size):
        if vector[role.pc.offset + k] != 2:
            vector[role.slots[0].offset + k] = 0
    return renamed(made, tuple(vector), {})


@pytest.fixture
def machine():
    made = everything()
    one = Machine(Program(made, symmetry=True), 1 << 24, None)
    yield one
    one.close()


def canonical(machine, vector):
    words, turn = machine.representative(vector)
    return machine.program.layout.unpack(tuple(words)), turn


def test_all_states_of_an_orbit_have_one_representative(machine):
    made, chosen = machine.program.system, random.Random(5)
    assert machine.words > 1 and set(group(made)) == {NODE, LINK, CPU}
    moved = 0
    for _ in range(300):
        vector = random_vector(made, chosen)
        whole = orbit(made, vector, group(made))
        found = {canonical(machine, other)[0] for other in whole}
        assert len(found) == 1 and found <= whole
        moved += len(whole) > 1
    assert moved > 200


def test_a_turn_says_where_each_actor_went(machine):
    made, chosen = machine.program.system, random.Random(6)
    pc, turned = made.roles[0].pc.offset, 0
    for _ in range(300):
        vector = random_vector(made, chosen)
        result, turn = canonical(machine, vector)
        seats = [turn & 15, turn >> 4 & 15]
        assert sorted(seats) == [0, 1]
        assert [result[pc + seat] for seat in seats] == list(vector[pc:pc + 2])
        turned += seats == [1, 0] and vector[pc] != vector[pc + 1]
    assert turned > 20


def ring():
    """Three CPUs that each hold a node of a ring: exchanging two of them turns the ring round."""
    node, cpu, fields = IndexT("Node", 3), IndexT("Cpu", 3, "actor"), Fields()
    fields.add("next", node, node)
    fields.add("lock", LockT(("Cpu0", "Cpu1", "Cpu2")), node)
    pc = fields.add("Cpu.pc", IntT(0, 1), cpu)
    work = ir.Procedure("work", "", HERE, "cpu", (), {"cpu": cpu}, (), (), ())
    return system(fields, roles=[ir.Role(cpu, pc, (), (work,))], initial=((1, 2, 0, 1, 2, 3, 0, 0, 0),))


def test_a_turn_fits_the_state_that_was_chosen_among_ties():
    made = ring()
    cpu, sorts = made.roles[0].type, group(made)
    one = Machine(Program(made, symmetry=True), 1 << 24, None)
    whole = orbit(made, made.initial[0], sorts)
    assert len(whole) == 12
    for vector in whole:
        result, turn = canonical(one, vector)
        seats = tuple(turn >> 4 * k & 15 for k in range(3))
        assert result in {renamed(made, vector, names) for names in renamings(sorts) if names[cpu] == seats}
    one.close()


def trap(cpus, place):
    """An actor may walk into a trap for ever, or on a round with many stops.  The number of the place
    decides about the order of actors, and so about their names."""
    cpu, fields = IndexT("Cpu", cpus, "actor"), Fields()
    pc = fields.add("Cpu.pc", IntT(0, 9), cpu)

    def operation(name, stops, *end):
        points = tuple(ir.YieldPoint(f"stop {stop}", HERE, (), stop) for stop in stops)
        body = (*(ir.Yield(pos=HERE, point=k) for k in range(len(stops))), *end)
        return ir.Procedure(name, "", HERE, "cpu", (), {"cpu": cpu}, body, points, ())

    return system(fields, roles=[ir.Role(cpu, pc, (), (
        operation("caught", [place], require(ir.FALSE)),
        operation("round", [stop for stop in range(1, 10) if stop != place])))])


@pytest.mark.parametrize("place", [1, 2, 3, 4, 5, 6, 7, 8, 9])
def test_who_cannot_finish_is_followed_through_all_renamings(place):
    """The others come and go, and each time the one in the trap may get another number."""
    found = explore(trap(3, place), symmetry=True)
    assert found.findings[CAN_FINISH].depth == 1
    agree(trap(3, place))


@pytest.mark.parametrize("size", [2, 5, 11])
def test_a_sort_of_any_size(size):
    """A set of objects that can be switched on and off is as good as a counter."""
    sort, fields = IndexT("Bit", size), Fields()
    bit = fields.add("bit", BOOL, sort)
    flip = rule("flip", store(bit, ir.Not(type=BOOL, pos=HERE, operand=read(bit, local("k", sort))), local("k", sort)),
                params=["k"], locals_={"k": sort})
    found = explore(system(fields, flip), symmetry=True)
    assert (found.states, found.depth, found.complete) == (size + 1, size, True)


# -- blocks

SLOT = IndexT("Slot", 6, block=2)


def blocks():
    """Fields that name objects of a sort in blocks, or belong to one."""
    fields = Fields()
    fields.add("mark", IntT(0, 2), SLOT)
    fields.add("head", OptT(SLOT), SLOT)
    fields.add("used", SetT(SLOT))
    fields.add("slot", OptT(SLOT), LINK)
    fields.add("edge", BOOL, SLOT, LINK)
    return system(fields)


def test_blocks_change_places_as_a_whole():
    made, chosen = blocks(), random.Random(7)
    one = Machine(Program(made, symmetry=True), 1 << 24, None)
    assert set(group(made)) == {SLOT, LINK} and len(renamings([SLOT])) == 6
    moved = 0
    for _ in range(300):
        vector = tuple(chosen.choice([0, chosen.randrange(f.type.card)]) for f in made.fields for _ in range(f.count))
        whole = orbit(made, vector, group(made))
        found = {canonical(one, other)[0] for other in whole}
        assert len(found) == 1 and found <= whole
        moved += len(whole) > 1
    assert moved > 200
    one.close()


@pytest.mark.parametrize("size, block, states", [(6, 2, 20), (6, 3, 36), (4, 4, 16), (24, 2, 455)])
def test_blocks_that_are_switched_on_and_off(size, block, states):
    """As many states as there are ways to have so many blocks, whatever their order."""
    sort, fields = IndexT("Bit", size, block=block), Fields()
    bit = fields.add("bit", BOOL, sort)
    flip = rule("flip", store(bit, ir.Not(type=BOOL, pos=HERE, operand=read(bit, local("k", sort))), local("k", sort)),
                params=["k"], locals_={"k": sort})
    found = explore(system(fields, flip), symmetry=True)
    assert (found.states, found.depth, found.complete) == (states, size, True)


@pytest.mark.parametrize("name, fewer", [("pairs", 1.7), ("two_takers", 3), ("broken_pairs", 1.7)])
def test_runs_in_blocks(name, fewer):
    """A model that takes aligned runs: verdicts, depths and orbits as without symmetry."""
    assert agree(system_of(f"aligned_runs:{name}")) > fewer


# -- what keeps a sort out of the group


def chain(value, *more, kind="symmetric"):
    """Somebody points at an object; ``value`` is what a rule may store there."""
    sort, fields = IndexT("Node", 3, kind), Fields()
    head = fields.add("head", OptT(sort))
    mark = fields.add("mark", BOOL, sort)
    body = rule("point", *more, store(head, value(sort, mark)))
    return system(fields, body, initial=((3, 0, 0, 1),))


def test_a_constant_object_keeps_its_sort_out():
    def zero(sort, _):
        return const(0, sort)

    def none(sort, _):
        return const(3, OptT(sort))

    assert group(chain(zero)) == ()
    assert [str(s) for s in group(chain(none))] == ["Node"]
    assert group(chain(none, kind="ordered")) == ()
    found = explore(chain(zero), symmetry=True)
    assert found.states == explore(chain(zero)).states


@pytest.mark.parametrize("type_, code, kept", [
    (OptT(NODE), 3, True), (OptT(NODE), 0, False), (SetT(NODE), 0, True), (SetT(NODE), 7, True), (SetT(NODE), 2, False),
    (WORD, 0, True), (WORD, 1, False),
])
def test_constants_that_name_nobody_do_no_harm(type_, code, kept):
    fields = Fields()
    held = fields.add("held", type_)
    fields.add("mark", BOOL, NODE)
    made = system(fields, rule("put", store(held, const(code, type_))))
    assert (NODE in group(made)) == kept


def test_an_order_keeps_its_sort_out():
    fields = Fields()
    one, two = fields.add("one", NODE), fields.add("two", NODE)
    made = system(fields, rule("less", require(compare(read(one), "<", read(two)))))
    assert group(made) == ()
    same = system(fields, rule("same", require(compare(read(one), "==", read(two)))))
    assert group(same) == (NODE,)


def test_contents_that_are_told_apart_keep_all_names():
    fields = Fields()
    page = fields.add("page", PAGE, NODE)
    made = system(fields, rule("put", store(page, const(1, PAGE), local("n", NODE)), params=["n"],
                               locals_={"n": NODE}), data=[PAGE])
    assert group(made) == ()
    zero = system(fields, rule("put", store(page, const(0, PAGE), local("n", NODE)), params=["n"],
                               locals_={"n": NODE}), data=[PAGE])
    assert group(zero) == (NODE,)


def test_initial_states_may_single_out_an_object():
    """They are ordinary states; what follows from them is renamed like everything else."""
    sort, fields = IndexT("Node", 3), Fields()
    mark = fields.add("mark", BOOL, sort)
    k = local("k", sort)
    clear = rule("clear", require(read(mark, k)), store(mark, const(0, BOOL), k), params=["k"], locals_={"k": sort})
    all_clear = promise("marked", read(mark, const(1, sort)), "reachable")
    made = system(fields, clear, initial=((0, 1, 1), (1, 0, 0)))
    assert explore(made, symmetry=True).states == 3
    asked = replace(made, promises=(all_clear,))  # a promise about one object: no symmetry
    assert explore(asked, symmetry=True).states == explore(asked).states == 5


def test_many_actors_keep_their_names():
    many_cpus = IndexT("Cpu", 17, "actor")
    fields = Fields()
    pc = fields.add("Cpu.pc", IntT(0, 1), many_cpus)
    work = ir.Procedure("work", "", HERE, "cpu", (), {"cpu": many_cpus}, (), (), ())
    assert group(system(fields, roles=[ir.Role(many_cpus, pc, (), (work,))])) == ()


def test_who_takes_a_lock_is_renamed_with_it():
    """What a lock holds is computed from the actor's number, and names the actor all the same."""
    for name in ("forgotten_unlock:unlocks", "lock_pair:opposite_order"):
        made = system_of(name)
        roles = [role.type for role in made.roles if role.type.size > 1]
        assert roles and set(roles) <= set(group(made))


# -- the command


SINGLES_OUT = """
from checker.language import *


class Node(Index):
    pass


class Cell(Record):
    owner: Node
    used: bool


class Ring(State):
    cell: Array[Node, Cell]


@rule
def take(s: Ring, n: Node, m: Node):
    require(not s.cell[n].used)
    s.cell[n] = Cell(owner=m, used=True)


@rule
def give(s: Ring, n: Node):
    require(s.cell[n].used)
    s.cell[n] = Cell()


@invariant
def free_cells_belong_to_somebody(s: Ring):
    return all(any(s.cell[n].owner == m for m in Node) for n in Node)


small = Spec(why="The first node owns what is free.", model=Model(state=Ring, rules=[take, give]),
             scope=Scope("three", sizes={Node: 3}), promises=[free_cells_belong_to_somebody])
"""


def test_check_with_symmetry(capsys):
    """The same verdict at the same depth, the race with its own names, and what the claim covers."""
    whole = run(capsys, "check", REFERENCE, "stale_commit", "--json")
    less = run(capsys, "check", REFERENCE, "stale_commit", "--symmetry", "--json")
    assert whole.code == less.code == 0
    for one, other in zip(whole.json["verdicts"], less.json["verdicts"], strict=True):
        assert (one["promise"], one["verdict"], one["steps"]) == (other["promise"], other["verdict"], other["steps"])
    [spec] = less.json["specs"]
    assert spec["symmetry"] == ["Entry", "Slot", "Cpu"] and 2 * spec["states"] < whole.json["specs"][0]["states"]
    assert whole.json["specs"][0]["symmetry"] == []
    shown = run(capsys, "explain", REFERENCE, "stale_commit", "--symmetry")
    assert shown.code == 0 and "wb_commit(" in shown.out and "8 steps; no shorter trace exists" in shown.out
    text = run(capsys, "check", REFERENCE, "small", "--symmetry")
    assert "2,411 states, up to the names of Entry, Slot, Cpu, of scope" in text.out


def test_a_spec_about_runs_is_searched_whole(capsys):
    """A renaming would confuse who goes round a loop."""
    path = str(ROOT / "tests" / "models" / "starvation.py")
    whole, asked = run(capsys, "check", path, "--json"), run(capsys, "check", path, "--symmetry", "--json")
    assert [s["states"] for s in whole.json["specs"]] == [s["states"] for s in asked.json["specs"]]
    assert all(s["symmetry"] == [] for s in asked.json["specs"])


def test_what_singles_an_object_out_is_refused(capsys, tmp_path):
    """Not searched in part: who asks for symmetry must know that there is none."""
    path = tmp_path / "ring.py"
    path.write_text(SINGLES_OUT, encoding="utf-8")
    line = SINGLES_OUT.splitlines().index("    s.cell[n] = Cell()") + 1
    done = run(capsys, "check", str(path), "--symmetry")
    assert done.code == 2 and f"ring.py:{line}: this tells one Node from another" in sentence(done)
    assert run(capsys, "check", str(path)).code == 0


def test_symmetry_is_for_the_search_alone(capsys):
    done = run(capsys, "check", REFERENCE, "small", "--engine", "z3", "--symmetry")
    assert done.code == 2 and "--symmetry is not for --engine z3" in sentence(done)
