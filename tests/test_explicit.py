# SPDX-License-Identifier: GPL-2.0-or-later
"""The native search on systems that are written directly in the intermediate representation."""

import os
import random
import signal
import threading
from itertools import pairwise

import pytest

from checker.explicit import LimitError, Limits, explore
from checker.explicit.layout import Layout
from checker.language import ir
from checker.language.errors import UsageError
from checker.language.types import BOOL, EnumT, IndexT, IntT, LockT, OptT, SetT, UnionT

HERE = ir.Pos("model.py", 7)
BYTE = IntT(0, 255)
NUMBER = IntT(-1000, 1000)


class Fields:
    """Fields of a system under construction."""

    def __init__(self):
        self.made = []

    def add(self, name, type_, *dims):
        offset = sum(f.count for f in self.made)
        self.made.append(ir.Field(len(self.made), name, dims, type_, offset))
        return self.made[-1]


def const(value, type_=BYTE):
    return ir.Const(type=type_, pos=HERE, value=value)


def read(field, *indices, old=False):
    return ir.Read(type=field.type, pos=HERE, field=field, indices=indices, old=old)


def local(name, type_=BYTE):
    return ir.Local(type=type_, pos=HERE, name=name)


def compare(left, op, right):
    return ir.Compare(type=BOOL, pos=HERE, op=op, left=left, right=right)


def both(left, right):
    return ir.And(type=BOOL, pos=HERE, left=left, right=right)


def arith(left, op, right, type_=NUMBER):
    return ir.Arith(type=type_, pos=HERE, op=op, left=left, right=right)


def store(field, value, *indices):
    return ir.Store(pos=HERE, field=field, indices=indices, value=value)


def require(condition):
    return ir.Require(pos=HERE, condition=condition)


def rule(name, *body, params=(), locals_=None):
    return ir.Procedure(name, "", HERE, None, tuple(params), dict(locals_ or {}), body, (), ())


def domain(low, high, type_=BYTE):
    return ir.Domain(type=type_, lo=const(low, type_), hi=const(high, type_))


def choose(name, low, high, where=None, empty="error", type_=BYTE):
    among = domain(low, high, type_)
    return ir.Choose(pos=HERE, name=name, candidate="candidate", domain=among, where=where, empty=empty, text="value")


def promise(name, condition, kind="invariant"):
    return ir.Promise(name, kind, condition, "", HERE)


def system(fields, *rules, promises=(), roles=(), assertions=(), may_end=None, data=(), initial=None):
    start = initial or ((0,) * sum(f.count for f in fields.made),)
    return ir.System(
        "test", tuple(fields.made), tuple(roles), rules, tuple(promises), tuple(assertions), may_end, data, start)


def counter(top, *promises, **more):
    """A number that goes up to ``top``."""
    fields = Fields()
    n = fields.add("n", IntT(0, top))
    up = rule("up", require(compare(read(n), "<", const(top))), store(n, arith(read(n), "+", const(1))))
    return system(fields, up, promises=[make(n) for make in promises], **more)


def below(bound):
    return lambda n: promise(f"below_{bound}", compare(read(n), "<", const(bound)))


# -- counting, depth, promises


def test_a_counter_has_as_many_states_as_values():
    found = explore(counter(200, may_end=ir.TRUE))
    assert (found.states, found.transitions, found.depth, found.complete) == (201, 200, 200, True)
    assert found.findings == {} and found.undecided == frozenset()


def test_every_promise_gets_its_own_shortest_trace():
    found = explore(counter(9, below(5), below(3), below(20), may_end=ir.TRUE))
    assert {name: f.depth for name, f in found.findings.items()} == {"below_5": 5, "below_3": 3}
    assert found.findings["below_3"].path == ((0,), (1,), (2,), (3,))
    assert found.findings["below_3"].moves == (("up", None),) * 3


def test_an_invariant_that_is_broken_at_the_start_needs_no_step():
    finding = explore(counter(3, below(0), may_end=ir.TRUE)).findings["below_0"]
    assert (finding.depth, finding.path, finding.moves) == (0, ((0,),), ())


def test_first_stops_behind_the_layer_that_broke_a_promise():
    found = explore(counter(9, below(3), below(5), may_end=ir.TRUE), first=True)
    assert set(found.findings) == {"below_3"} and not found.complete and found.stopped
    assert "below_5" in found.undecided


def test_a_reachable_does_not_stop_a_search_for_the_first_break():
    reach = lambda n: promise("reaches_2", compare(read(n), "==", const(2)), "reachable")  # noqa: E731
    found = explore(counter(9, reach, may_end=ir.TRUE), first=True)
    assert found.complete and found.findings["reaches_2"].depth == 2


def test_without_actors_a_state_without_transition_is_a_deadlock_unless_it_may_end():
    assert explore(counter(4)).findings["no_deadlock"].path[-1] == (4,)
    fields = Fields()
    n = fields.add("n", IntT(0, 4))
    up = rule("up", require(compare(read(n), "<", const(4))), store(n, arith(read(n), "+", const(1))))
    early = compare(read(n), "<=", const(3))
    assert explore(system(fields, up, may_end=early)).findings["no_deadlock"].depth == 4


def test_a_step_invariant_sees_both_states():
    fields = Fields()
    n = fields.add("n", IntT(0, 5))
    set_ = rule("set", store(n, local("v", IntT(0, 5))), params=("v",), locals_={"v": IntT(0, 5)})
    slow = promise("grows_slowly", compare(read(n), "<=", arith(read(n, old=True), "+", const(1))), "step")
    finding = explore(system(fields, set_, promises=[slow])).findings["grows_slowly"]
    assert (finding.depth, finding.path, finding.error) == (1, ((0,), (2,)), None)


def test_a_promise_that_cannot_be_evaluated_is_a_model_error():
    bad = lambda n: promise("odd", compare(arith(const(6), "//", arith(const(3), "-", read(n))), ">", const(0)))  # noqa: E731
    finding = explore(counter(9, bad, may_end=ir.TRUE)).findings["no_model_error"]
    assert (finding.depth, finding.error) == (3, "model.py:7: division by zero")


def test_a_promise_that_is_known_is_asked_until_nothing_new_can_come_of_it():
    def odd(n):
        """Broken from 1 on; from 3 on it cannot even be evaluated."""
        quotient = arith(const(6), "//", arith(const(3), "-", read(n)))
        return promise("odd", compare(quotient, "<", const(3)))

    findings = explore(counter(9, odd, may_end=ir.TRUE)).findings
    assert {name: f.depth for name, f in findings.items()} == {"odd": 1, "no_model_error": 3}
    assert findings["no_model_error"].error == "model.py:7: division by zero"


def test_a_step_promise_that_only_change_can_keep():
    """It breaks where nothing that it reads changes, and where something does."""
    fields = Fields()
    n, other = fields.add("n", IntT(0, 5)), fields.add("other", IntT(0, 5))
    up, else_ = (rule(name, require(compare(read(f), "<", const(5))), store(f, arith(read(f), "+", const(1))))
                 for name, f in (("up", n), ("else", other)))
    high = compare(read(n, old=True), "<", const(3))
    grows = ir.Or(type=BOOL, pos=HERE, left=high, right=compare(read(n), ">", read(n, old=True)))
    late = arith(const(8), "//", arith(const(4), "-", read(n)))
    wrong = compare(late, ">=", const(0))
    findings = explore(system(fields, up, else_, may_end=ir.TRUE, promises=[
        promise("grows_late", grows, "step"), promise("odd", wrong, "step")])).findings
    assert {name: f.depth for name, f in findings.items()} == {"grows_late": 4, "no_model_error": 4, "odd": 5}
    assert findings["grows_late"].moves == (("up", None),) * 3 + (("else", None),)


@pytest.mark.parametrize("kind", ["invariant", "step"])
def test_a_promise_that_reads_nothing_is_asked_all_the_same(kind):
    never = lambda n: promise("never", ir.FALSE, kind)  # noqa: E731
    assert explore(counter(3, never, may_end=ir.TRUE)).findings["never"].depth == (kind == "step")


def test_a_promise_is_asked_again_when_anything_that_it_reads_changes():
    node = IndexT("Node", 3)
    fields = Fields()
    n, other = fields.add("n", IntT(0, 3), node), fields.add("other", IntT(0, 3))
    up = rule("up", require(compare(read(n, local("k", node)), "<", const(3))),
              store(n, arith(read(n, local("k", node)), "+", const(1)), local("k", node)),
              params=("k",), locals_={"k": node})
    else_ = rule("else", require(compare(read(other), "<", const(3))), store(other, arith(read(other), "+", const(1))))
    promises = [promise(f"n{k}_{low}", compare(read(n, const(k, node)), "<", const(low)))
                for k in range(3) for low in (1, 3)]
    promises.append(promise("other_low", compare(read(other), "<", const(2))))
    findings = explore(system(fields, up, else_, promises=promises, may_end=ir.TRUE)).findings
    assert {name: f.depth for name, f in findings.items()} == {
        "n0_1": 1, "n1_1": 1, "n2_1": 1, "n0_3": 3, "n1_3": 3, "n2_3": 3, "other_low": 2}


# -- the ends of a step


def test_an_assertion_ends_in_an_error_and_in_no_state():
    fields = Fields()
    n = fields.add("n", IntT(0, 5))
    up = rule("up", ir.Assert(pos=HERE, condition=compare(read(n), "!=", const(2)), promise=0),
              require(compare(read(n), "<", const(5))), store(n, arith(read(n), "+", const(1))))
    found = explore(system(fields, up, assertions=["n is not 2"]))
    finding = found.findings["n is not 2"]
    assert (finding.depth, finding.path) == (3, ((0,), (1,), (2,)))
    assert finding.error is not None and finding.error.startswith("model.py:7: ")
    assert (found.states, found.transitions) == (3, 3)
    assert "no_deadlock" not in found.findings


def test_expect_goes_on_and_is_counted_only_if_the_step_happens():
    fields = Fields()
    n = fields.add("n", IntT(0, 5))
    up = rule("up", ir.Expect(pos=HERE, condition=compare(read(n), "!=", const(2)), promise=0),
              ir.Expect(pos=HERE, condition=compare(read(n), "!=", const(5)), promise=1),
              require(compare(read(n), "<", const(5))), store(n, arith(read(n), "+", const(1))))
    found = explore(system(fields, up, assertions=["not 2", "not 5"], may_end=ir.TRUE))
    assert set(found.findings) == {"not 2"} and found.states == 6
    assert (found.findings["not 2"].path[-1], found.findings["not 2"].error) == ((3,), None)


def test_leaving_a_range_is_a_model_error_with_its_place():
    fields = Fields()
    n = fields.add("n", IntT(0, 3))
    narrow = ir.Cast(type=IntT(0, 3), pos=HERE, operand=arith(read(n), "+", const(1)), message="outside Range(0, 3)")
    found = explore(system(fields, rule("up", store(n, narrow))))
    assert found.findings["no_model_error"].error == "model.py:7: outside Range(0, 3)"
    assert (found.states, found.transitions, found.findings["no_model_error"].depth) == (4, 4, 4)


def test_require_after_a_write_leaves_no_effect():
    fields = Fields()
    n = fields.add("n", IntT(0, 3))
    bad = rule("bad", store(n, const(3)), require(compare(read(n), "<", const(3))))
    assert explore(system(fields, bad, may_end=ir.TRUE)).states == 1


# -- choices


def test_choices_are_enumerated_like_an_odometer():
    fields = Fields()
    a, b = fields.add("a", IntT(0, 3)), fields.add("b", IntT(0, 3))
    small = IntT(0, 3)
    later = compare(local("candidate", small), ">=", local("x", small))
    pair = rule("pair", require(compare(read(a), "==", const(0))), choose("x", 1, 4, type_=small),
                choose("y", 0, 4, where=later, type_=small),
                require(compare(local("y", small), "!=", const(2))),
                store(a, local("x", small)), store(b, local("y", small)),
                locals_={"x": small, "y": small, "candidate": small})
    found = explore(system(fields, pair, may_end=ir.TRUE, promises=[
        promise("x_le_y", compare(read(a), "<=", arith(read(b), "+", const(3))))]))
    assert (found.states, found.transitions) == (1 + 4, 4)  # (1,1) (1,3) (2,3) (3,3)


@pytest.mark.parametrize(("empty", "states", "broken"), [
    ("error", 1, {"no_model_error"}), ("block", 1, {"no_deadlock"}), ("none", 2, {"no_deadlock"})])
def test_choosing_from_nothing(empty, states, broken):
    fields = Fields()
    kind = EnumT("Kind", ("A", "B"))
    seen = fields.add("seen", OptT(kind))
    pick = rule("pick", require(compare(read(seen), "==", const(0, kind))),
                choose("x", 0, 2, where=ir.FALSE, empty=empty, type_=kind), store(seen, local("x", OptT(kind))),
                locals_={"x": OptT(kind), "candidate": kind})
    found = explore(system(fields, pick))
    assert found.states == states and set(found.findings) == broken


def test_a_failing_condition_of_a_choice_is_an_error_whichever_is_taken():
    fields = Fields()
    n = fields.add("n", IntT(0, 3))
    where = compare(arith(const(6), "//", arith(local("candidate"), "-", const(2))), "<", const(100))
    known = {"x": BYTE, "candidate": BYTE}
    pick = rule("pick", choose("x", 0, 3, where=where), store(n, local("x")), locals_=known)
    found = explore(system(fields, pick))
    assert (found.states, found.transitions, set(found.findings)) == (1, 1, {"no_model_error"})


def test_a_step_that_chooses_without_end_is_a_model_error():
    """One value each, so that nothing but their number is special."""
    fields = Fields()
    fields.add("n", IntT(0, 3))
    again = ir.For(pos=HERE, variable="k", domain=domain(0, 2000, NUMBER), body=(choose("x", 0, 1),))
    found = explore(system(fields, rule("pick", again, locals_={"x": BYTE, "candidate": BYTE, "k": NUMBER})))
    assert (found.states, found.transitions) == (1, 1)
    assert "more than 1000 choices" in found.findings["no_model_error"].error


# -- expressions


@pytest.mark.parametrize("op", ["//", "%", "+", "-", "*", "min", "max"])
def test_arithmetic_is_python_s(op):
    meaning = {"//": lambda a, b: a // b, "%": lambda a, b: a % b, "+": lambda a, b: a + b, "-": lambda a, b: a - b,
               "*": lambda a, b: a * b, "min": min, "max": max}[op]
    number, result = IntT(-5, 5), IntT(-40, 40)
    fields = Fields()
    a, b, c = (fields.add(name, t) for name, t in (("a", number), ("b", number), ("c", result)))
    body = [store(a, local("x", number)), store(b, local("y", number)),
            store(c, arith(local("x", number), op, local("y", number)))]
    wanted = {(x, y, meaning(x, y)) for x in range(-5, 6) for y in range(-5, 6) if y or op not in ("//", "%")}
    is_one = ir.FALSE
    for x, y, z in wanted:
        terms = [compare(read(f), "==", const(v)) for f, v in ((a, x), (b, y), (c, z))]
        one = both(terms[0], both(terms[1], terms[2]))
        is_one = ir.Or(type=BOOL, pos=HERE, left=is_one, right=one)
    set_ = rule("set", *body, params=("x", "y"), locals_={"x": number, "y": number})
    start = ((1 + 5, 1 + 5, meaning(1, 1) + 40),)
    found = explore(system(fields, set_, promises=[promise("as_in_python", is_one)], initial=start))
    assert found.states == len(wanted)
    assert set(found.findings) == ({"no_model_error"} if op in ("//", "%") else set())


def test_a_decided_condition_looks_no_further():
    fields = Fields()
    n = fields.add("n", IntT(0, 3))
    wrong = compare(arith(const(1), "//", const(0)), "==", const(0))
    guarded = both(compare(read(n), "==", const(7)), wrong)
    either = ir.Or(type=BOOL, pos=HERE, left=ir.TRUE, right=wrong)
    seen = ir.Quantifier(type=BOOL, pos=HERE, kind="any", body=ir.IfExp(
        type=BOOL, pos=HERE, condition=compare(local("k"), "==", const(1)), then=ir.TRUE,
        orelse=compare(arith(const(4), "//", arith(const(2), "-", local("k"))), "==", const(9))),
        binders=(ir.Binder(variable=local("k"), domain=domain(0, 4), condition=None),))
    step = rule("step", require(ir.Not(type=BOOL, pos=HERE, operand=guarded)), require(either), require(seen))
    assert explore(system(fields, step)).findings == {}


def test_sums_minima_and_maxima_over_an_array():
    node = IndexT("Node", 5, "ordered")
    fields = Fields()
    size = fields.add("size", IntT(0, 9), node)
    total, low, high = (fields.add(k, BYTE) for k in ("sum", "min", "max"))

    def fold(kind, default=None):
        small = compare(read(size, local("k", node)), "<", const(8))
        binder = ir.Binder(variable=local("k", node), domain=domain(0, 5, node), condition=small)
        return ir.Quantifier(type=BYTE, pos=HERE, kind=kind, body=read(size, local("k", node)), default=default,
                             binders=(binder,))

    take = rule("take", *(store(f, fold(f.name)) for f in (total, low, high)))
    found = explore(system(fields, take, initial=((3, 9, 1, 4, 8, 0, 0, 0),), promises=[
        promise("not_yet", compare(read(total), "==", const(0)))]))
    assert found.findings["not_yet"].path[-1] == (3, 9, 1, 4, 8, 8, 1, 4)


def test_tagged_unions_are_laid_out_case_after_case():
    node = IndexT("Node", 3)
    word = UnionT("Word", (("NONE", ()), ("AT", (("node", node), ("n", IntT(2, 4)))), ("ON", (("flag", BOOL),))))
    fields = Fields()
    w, n = fields.add("w", word), fields.add("n", IntT(0, 4))
    make = ir.UnionMake(type=word, pos=HERE, case=1, payload=(const(2, node), const(3, IntT(2, 4))))
    get = ir.UnionGet(type=IntT(2, 4), pos=HERE, operand=read(w), case=1, index=1)
    is_at = compare(ir.UnionTag(type=word.tag, pos=HERE, operand=read(w)), "==", const(1, word.tag))
    found = explore(system(fields, rule("make", store(w, make)), rule("use", store(n, get)),
                           promises=[promise("never_at", ir.Not(type=BOOL, pos=HERE, operand=is_at))]))
    assert found.findings["never_at"].path[-1] == (word.base(1) + 2 * 3 + 1, 0)
    assert "node" not in found.findings["no_model_error"].error and found.findings["no_model_error"].depth == 1
    assert found.states == 3  # start, made, made and read


def test_sets_are_bit_masks_even_of_sixty_values():
    many = IndexT("Node", 60)
    fields = Fields()
    s = fields.add("s", SetT(many))
    n = fields.add("n", IntT(0, 60))
    one = ir.SetMake(type=SetT(many), pos=HERE, items=(local("k", many),))
    more = ir.SetOp(type=SetT(many), pos=HERE, op="|", left=read(s), right=one)
    inside = ir.SetHas(type=BOOL, pos=HERE, item=local("k", many), operand=read(s))
    above = compare(ir.SetLen(type=BYTE, pos=HERE, operand=read(s)), "<", const(2))
    add = rule("add", require(above), require(ir.Not(type=BOOL, pos=HERE, operand=inside)), store(s, more),
               store(n, ir.SetLen(type=BYTE, pos=HERE, operand=read(s))), params=("k",), locals_={"k": many})
    found = explore(system(fields, add, may_end=ir.TRUE))
    assert (found.states, found.transitions) == (1 + 60 + 60 * 59 // 2, 60 + 60 * 59)


# -- wide states


@pytest.mark.parametrize("size", [3, 12, 40, 90])
def test_an_array_over_many_words_keeps_its_elements_apart(size):
    """Elements go up one after the other: every prefix of full elements is a state."""
    node = IndexT("Node", size, "ordered")
    fields = Fields()
    values = fields.add("values", IntT(0, 20), node)
    fields.add("witness", IntT(0, 1000))
    earlier = ir.Domain(type=node, lo=const(0, node), hi=local("k", node))
    before = ir.Quantifier(
        type=BOOL, pos=HERE, kind="all", body=compare(read(values, local("j", node)), "==", const(20)),
        binders=(ir.Binder(variable=local("j", node), condition=None, domain=earlier),))
    up = rule("up", require(compare(read(values, local("k", node)), "<", const(20))), require(before),
              store(values, arith(read(values, local("k", node)), "+", const(20)), local("k", node)),
              params=("k",), locals_={"k": node})
    made = system(fields, up, may_end=ir.TRUE)
    found = explore(made)
    assert (found.states, found.depth) == (size + 1, size)
    assert Layout(made).words == max(1, -(-size // 12) + (1 if size % 12 == 0 or size % 12 > 10 else 0))


def test_packing_and_unpacking_are_inverse():
    rng = random.Random(7)
    for _ in range(50):
        fields = Fields()
        for k in range(rng.randint(1, 9)):
            dims = tuple(IndexT(f"D{j}", rng.randint(1, 9)) for j in range(rng.randint(0, 2)))
            fields.add(f"f{k}", IntT(0, rng.choice([0, 1, 2, 5, 63, 64, 10**6])), *dims)
        made = system(fields)
        layout = Layout(made)
        vector = tuple(rng.randrange(f.type.card) for f in made.fields for _ in range(f.count))
        words = layout.pack(vector)
        assert layout.unpack(words) == vector and all(0 <= w < 1 << 64 for w in words)


def test_a_state_of_exactly_one_word_is_not_taken_for_an_empty_slot():
    """All bits set and all bits clear are states like others."""
    fields = Fields()
    bits = fields.add("bits", SetT(IndexT("Node", 64)))
    sets = SetT(IndexT("Node", 64))
    flip = ir.SetOp(type=sets, pos=HERE, op="-", left=const(-1, sets), right=read(bits))
    assert explore(system(fields, rule("flip", store(bits, flip)))).states == 2


# -- data


def test_contents_are_compared_up_to_their_names():
    """Two cells, fresh contents for ever: equal or different is all that can be told."""
    page = IndexT("Page", 2)
    for values in (3, 70):
        content = IndexT("Content", values, "data")
        fields = Fields()
        cell = fields.add("cell", content, page)
        new = store(cell, ir.Fresh(type=content, pos=HERE), local("p", page))
        write = rule("write", new, params=("p",), locals_={"p": page})
        copy = rule("copy", store(cell, read(cell, const(0, page)), const(1, page)))
        found = explore(system(fields, write, copy, data=(content,)))
        assert (found.states, found.transitions, found.findings) == (2, 6, {})


def test_constants_of_a_data_sort_keep_their_names():
    content = IndexT("Content", 4, "data", constants=("ZERO",))
    fields = Fields()
    a, b = fields.add("a", OptT(content)), fields.add("b", content)
    write = rule("write", store(b, ir.Fresh(type=content, pos=HERE)))
    keep = rule("keep", store(a, read(b)))
    drop = rule("drop", store(a, const(content.size, OptT(content))))
    found = explore(system(fields, write, keep, drop, data=(content,), initial=((4, 0),)))
    # a is None, ZERO or a content; b is ZERO or a content, perhaps that of a
    assert found.states == 2 + 2 + 2


# -- actors


CPU = IndexT("Cpu", 2, "actor")


def actors(fields, body, points, locals_=None, slots=(), params=(), live=(), size=2):
    """A role with one operation whose yield points have these labels."""
    cpu = IndexT("Cpu", size, "actor")
    names = ("idle", *(f"p{k}" for k in range(len(points))))
    pc = fields.add("Cpu.pc", EnumT("pc", names), cpu)
    made = tuple(fields.add(f"Cpu.slot{k}", t, cpu) for k, t in enumerate(slots))
    yields = tuple(ir.YieldPoint(label, HERE, ("work",), k + 1, live) for k, label in enumerate(points))
    known = {"cpu": cpu, **(locals_ or {})}
    work = ir.Procedure("work", "", HERE, "cpu", tuple(params), known, tuple(body), yields, ())
    return ir.Role(cpu, pc, made, (work,))


def pause(point):
    return ir.Yield(pos=HERE, point=point)


def test_locals_live_across_a_yield_and_dead_slots_are_zero():
    fields = Fields()
    last = fields.add("last", IntT(0, 2))
    three = IntT(0, 2)
    body = [pause(0), store(last, local("v", three))]
    role = actors(fields, body, ["began"], {"v": three}, [three], ["v"], (("v", 0),))
    found = explore(system(fields, roles=[role]))
    # last x each actor idle or in mid-operation with v
    assert (found.states, found.findings) == (3 * 4 * 4, {})
    assert found.transitions == 3 * 16 * 2 * (3 * 1 + 1 * 3) // 4
    assert found.coverage.steps == {("work", "Cpu", None): 72, ("work", "Cpu", 0): 72}


def test_a_loop_with_a_yield_goes_on_where_it_was():
    fields = Fields()
    n = fields.add("n", IntT(0, 9))
    k = IntT(0, 2)
    body = [require(compare(read(n), "==", const(0))),
            ir.For(pos=HERE, variable="k", domain=domain(0, 3, k), body=(
                store(n, arith(read(n), "+", arith(local("k", k), "+", const(1)))), pause(0)))]
    role = actors(fields, body, ["round"], {"k": k}, [k], live=(("k", 0),), size=1)
    found = explore(system(fields, roles=[role], promises=[promise("small", compare(read(n), "<", const(6)))]))
    assert found.findings["small"].path[-1][0] == 6 and found.findings["small"].depth == 3
    assert found.states == 1 + 3 + 1


def lock_system(body, size=2):
    fields = Fields()
    lock = fields.add("lock", LockT(tuple(f"Cpu{k}" for k in range(size))))
    return system(fields, roles=[actors(fields, body(lock), ["began", "locked"], size=size)])


def take(lock):
    return [require(compare(read(lock), "==", const(0))),
            store(lock, arith(ir.Recode(type=BYTE, pos=HERE, operand=local("cpu", CPU)), "+", const(1)))]


def test_a_lock_that_is_given_back_breaks_nothing():
    found = explore(lock_system(lambda lock: [pause(0), *take(lock), pause(1), store(lock, const(0))]))
    assert found.findings == {} and found.complete


def test_a_lock_left_behind_is_noticed_and_so_is_who_waits_for_ever():
    found = explore(lock_system(lambda lock: [pause(0), *take(lock), pause(1)]))
    assert {name: f.depth for name, f in found.findings.items()} == {
        "no_lock_left_behind": 3, "no_deadlock": 5, "every_operation_can_finish": 3}
    left = found.findings["no_lock_left_behind"]
    assert (left.error, len(left.path), left.path[-1][1:]) == (None, 4, (0, 0))


def test_who_runs_into_an_assertion_does_not_wait():
    fields = Fields()
    fields.add("n", IntT(0, 1))
    role = actors(fields, [pause(0), ir.Assert(pos=HERE, condition=ir.FALSE, promise=0)], ["began"])
    found = explore(system(fields, roles=[role], assertions=["never here"]))
    assert set(found.findings) == {"never here"}


def test_among_the_shortest_traces_the_one_with_the_fewest_switches_is_found():
    """Three actors with three steps each, in any order: two switches do."""
    fields = Fields()
    three = IndexT("Cpu", 3, "actor")
    done, count = fields.add("done", BOOL, three), fields.add("count", IntT(0, 3))
    me = local("cpu", three)
    work = [require(ir.Not(type=BOOL, pos=HERE, operand=read(done, me))), pause(0), pause(1),
            store(done, ir.TRUE, me), store(count, arith(read(count), "+", const(1)))]
    role = actors(fields, work, ["one", "two"], size=3)
    found = explore(system(fields, roles=[role], promises=[promise("not_all", compare(read(count), "<", const(3)))]))
    finding = found.findings["not_all"]
    who = [actor for _, actor in finding.moves]
    assert finding.depth == 9 and sum(a != b for a, b in pairwise(who)) == 2


def test_the_environment_does_not_count_as_a_switch():
    """An actor's two steps need a rule between them; going on with the same actor is no switch."""
    fields = Fields()
    n = fields.add("n", IntT(0, 9))
    even = [compare(arith(read(n), "%", const(2)), "==", const(k)) for k in (0, 1)]
    bump = store(n, arith(read(n), "+", const(1)))
    up = require(compare(read(n), "<", const(5)))
    role = actors(fields, [up, require(even[0]), bump, pause(0), require(even[0]), bump], ["half"])
    found = explore(system(fields, rule("tick", require(even[1]), bump), roles=[role], promises=[
        promise("below_4", compare(read(n), "<", const(4)))]))
    assert [actor for _, actor in found.findings["below_4"].moves] == [0, None, 0, None]


def test_at_asks_where_an_actor_stands_and_what_it_holds():
    fields = Fields()
    two = IntT(0, 1)
    role = actors(fields, [pause(0), pause(1)], ["one", "two"], {"v": two}, [two], ["v"], (("v", 0),))
    place = ir.AtPlace(role=0, actor=const(1, CPU), pc=2, values=((role.slots[0], const(1, two)),))
    there = promise("gets_there", ir.At(type=BOOL, pos=HERE, places=(place,)), "reachable")
    finding = explore(system(fields, roles=[role], promises=[there])).findings["gets_there"]
    assert finding.path[-1] == (0, 2, 0, 1) and finding.depth == 2


# -- branches


def test_branches_are_counted_by_completed_transitions():
    fields = Fields()
    n = fields.add("n", IntT(0, 9))
    sites = (ir.Site(HERE, "then"), ir.Site(HERE, "else"))
    branch = ir.If(pos=HERE, condition=compare(read(n), "<", const(3)), then=(), orelse=(), sites=(0, 1))
    up = ir.Procedure("up", "", HERE, None, (), {}, (
        branch, require(compare(read(n), "<", const(9))), store(n, arith(read(n), "+", const(1)))), (), sites)
    found = explore(system(fields, up, may_end=ir.TRUE))
    assert found.coverage.sites == {("up", None, 0): 3, ("up", None, 1): 6}
    assert found.coverage.procedures == {"up": 9}


# -- limits


def test_what_does_not_fit_is_refused_with_a_sentence():
    many = [promise(f"p{k}", ir.TRUE) for k in range(70)]
    with pytest.raises(UsageError, match="split it"):
        explore(counter(3, *[lambda n, p=p: p for p in many]))
    with pytest.raises(UsageError, match="split it"):
        explore(counter(3, assertions=[f"a{k}" for k in range(70)]))
    fields = Fields()
    role = actors(fields, [pause(0)], ["began"], size=40)
    with pytest.raises(UsageError, match="40 actors"):
        explore(system(fields, roles=[role]))
    fields = Fields()
    fields.add("s", SetT(IndexT("Node", 65)))
    with pytest.raises(UsageError, match="s: a value of 65 bits"):
        explore(system(fields, rule("nothing")))


def big():
    """A million states, one after the other's neighbour."""
    node = IndexT("Node", 4)
    fields = Fields()
    n = fields.add("n", IntT(0, 31), node)
    up = rule("up", require(compare(read(n, local("k", node)), "<", const(31))),
              store(n, arith(read(n, local("k", node)), "+", const(1)), local("k", node)),
              params=("k",), locals_={"k": node})
    return system(fields, up, may_end=ir.TRUE, promises=[
        promise("first_is_small", compare(read(n, const(0, node)), "<", const(6)))])


def test_a_large_search_is_exact_across_all_growth():
    found = explore(big())
    assert (found.states, found.transitions, found.depth) == (32**4, 4 * 31 * 32**3, 124)


@pytest.mark.parametrize("words", [1, 3, 8])
def test_memory_for_each_state(words):
    """At the worst moment, right behind a doubling of the table."""
    number, fields = IndexT("Node", 4), Fields()
    n = fields.add("n", IntT(0, 24), number)
    for k in range(words - 1):
        fields.add(f"filler{k}", IntT(0, (1 << 62) - 1))
    up = rule("up", require(compare(read(n, local("k", number)), "<", const(24))),
              store(n, arith(read(n, local("k", number)), "+", const(1)), local("k", number)),
              params=("k",), locals_={"k": number})
    found = explore(system(fields, up, may_end=ir.TRUE), limits=Limits(threads=1))
    assert (found.states, found.words) == (25**4, words)
    table = found.memory / found.states - 8 * words
    assert 8 < table < (32 if words == 1 else 24 + 8)


def test_only_the_ways_that_are_wanted_are_found():
    made, asked = counter(9, below(5), below(3), may_end=ir.TRUE), []

    def traced(name, depth):
        asked.append((name, depth))
        return name == "below_5"

    whole, found = explore(made), explore(made, traced=traced)
    assert sorted(asked) == [("below_3", 3), ("below_5", 5)]
    assert found.findings["below_5"] == whole.findings["below_5"]
    assert found.findings["below_3"].path == () and found.findings["below_3"].depth == 3


def test_no_more_states_are_stored_than_asked_for():
    found = explore(big(), limits=Limits(max_states=1000))
    assert found.states == 1000 and not found.complete and "1,000" in found.stopped
    assert found.findings["first_is_small"].depth == 6
    assert found.undecided == {"no_deadlock", "no_model_error"}


@pytest.mark.parametrize("memory", [1 << 20, 5 << 20])
def test_memory_is_a_limit(memory):
    found = explore(big(), limits=Limits(memory=memory))
    assert not found.complete and "memory" in found.stopped
    assert memory // 40 < found.states <= memory // 8


def test_memory_that_does_not_even_suffice_to_begin_is_refused():
    with pytest.raises(LimitError, match="1,000 bytes"):
        explore(big(), limits=Limits(memory=1000))


def test_time_is_a_limit():
    found = explore(big(), limits=Limits(seconds=0.0))
    assert not found.complete and "0 s" in found.stopped


def test_an_incomplete_search_says_nothing_of_who_can_finish():
    fair = lock_system(lambda lock: [pause(0), *take(lock), pause(1), store(lock, const(0))])
    found = explore(fair, limits=Limits(max_states=5))
    assert "every_operation_can_finish" in found.undecided and found.findings == {}


@pytest.fixture
def interrupts():
    """Ctrl-C raises, as in a terminal; a shell starts what runs behind it with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_the_search_with_what_is_known(interrupts):
    told = []

    def progress(states, transitions, depth, queue):
        told.append((states, transitions, depth, queue))
        os.kill(os.getpid(), signal.SIGINT)

    # a machine fast enough to end before it is asked for progress cannot be interrupted: make the search long
    node = IndexT("Node", 5)
    fields = Fields()
    n = fields.add("n", IntT(0, 63), node)
    up = rule("up", require(compare(read(n, local("k", node)), "<", const(63))),
              store(n, arith(read(n, local("k", node)), "+", const(1)), local("k", node)),
              params=("k",), locals_={"k": node})
    found = explore(system(fields, up, may_end=ir.TRUE), limits=Limits(seconds=100), progress=progress)
    assert found.stopped == "interrupted" and not found.complete and told
    assert signal.getsignal(signal.SIGINT) is interrupts


def test_a_search_runs_in_any_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(explore(counter(50, may_end=ir.TRUE)).states))
    thread.start()
    thread.join()
    assert results == [51]


# -- fingerprints


def test_the_fingerprint_tells_edges_apart_and_knows_no_order():
    def ring(*steps):
        fields = Fields()
        n = fields.add("n", IntT(0, 4))
        moves = [rule(f"by{k}", store(n, arith(arith(read(n), "+", const(k)), "%", const(5)))) for k in steps]
        return explore(system(fields, *moves))

    assert ring(1, 2).fingerprint == ring(2, 1).fingerprint
    assert ring(1, 2).states == ring(1, 3).states and ring(1, 2).transitions == ring(1, 3).transitions
    assert len({ring(1).fingerprint, ring(1, 2).fingerprint, ring(1, 3).fingerprint, ring(1, 2, 3).fingerprint}) == 4
