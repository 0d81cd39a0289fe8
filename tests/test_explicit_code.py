# SPDX-License-Identifier: GPL-2.0-or-later
"""What a function under construction takes to be known, and what it does not: the text, compiled and called."""

import ctypes

import pytest

from checker.explicit.code import Code
from checker.explicit.native import Modules, Native


def call(code, *arguments, others=()):
    """The function's value for these numbers; every other function that it calls stands beside it."""
    native = Native(Modules(alone=("\n".join((code.text(), *others)),)), speed=0)
    return native.function("it", ctypes.c_int64, *[ctypes.c_int64] * len(arguments))(*arguments)


def writing(*parameters):
    return Code(f"define i64 @it({', '.join(f'i64 %{name}' for name in parameters)})")


def loads(code):
    return code.text().count(" load ")


def test_what_was_computed_is_not_computed_again():
    code = writing("a")
    assert code.add("%a", 3) == code.add("%a", 3) != code.add("%a", 4)


def test_what_was_stored_need_not_be_loaded():
    code = writing("a")
    variable = code.slot("v")
    code.set(variable, code.add("%a", 1))
    code.set(variable, code.add(code.get(variable), 1))
    code.ret(f"i64 {code.get(variable)}")
    assert (call(code, 40), loads(code)) == (42, 0)


def test_elements_of_an_array_are_told_apart_where_their_indices_are_known():
    code = writing("a", "k")
    array = code.slot("array", "[3 x i64]")
    for k in range(3):
        code.set(code.at(array, k), k)
    assert (code.get(code.at(array, 1)), loads(code)) == ("1", 0)
    code.set(code.at(array, "%k"), "%a")  # which may be any of them
    code.ret(f"i64 {code.add(code.get(array), code.mul(code.get(code.at(array, 2)), 10))}")
    assert loads(code) == 2
    assert [call(code, 7, k) for k in range(3)] == [27, 20, 70]


def test_an_element_counted_from_another_one_is_known_too():
    code = writing("a")
    array = code.slot("array", "[3 x i64]")
    code.set(code.at(array, 2), 1)
    code.set(code.at(code.at(array, 1), 1), "%a")
    code.ret(f"i64 {code.get(code.at(array, 2))}")
    assert call(code, 5) == 5


def test_bytes_of_a_number_are_the_number():
    code = writing("a")
    array = code.slot("array", "[2 x i64]")
    code.set(code.at(array, 1), 0)
    code.set(code.at(array, 8, "i8"), 7, "i8")
    code.ret(f"i64 {code.get(code.at(array, 1))}")
    assert call(code, 0) == 7


def test_whoever_is_called_may_have_changed_an_array():
    code = writing("a")
    array = code.slot("array", "[1 x i64]")
    code.set(array, "%a")
    code.emit(f"call void @other(ptr {array})")
    code.ret(f"i64 {code.get(array)}")
    other = "define void @other(ptr %p) {\n  store i64 5, ptr %p\n  ret void\n}"
    assert call(code, 1, others=[other]) == 5


def test_in_a_loop_a_variable_is_what_the_last_round_has_made_of_it():
    code = writing("a")
    total = code.slot("total")
    code.set(total, 0)
    with code.counting(0, "%a") as k:
        code.bump(total, code.add(k, 1))
    code.ret(f"i64 {code.get(total)}")
    assert call(code, 4) == 10


@pytest.mark.parametrize(("a", "value"), [(0, 2), (1, 1)])
def test_behind_two_ways_nothing_is_known_of_either(a, value):
    code = writing("a")
    variable = code.slot("v")
    code.set(variable, 2)
    with code.when(code.compare("ne", "%a", 0)):
        code.set(variable, 1)
    code.ret(f"i64 {code.get(variable)}")
    assert call(code, a) == value


def test_the_way_that_a_branch_leads_to_knows_what_was_known_before():
    code = writing("a")
    one = code.add("%a", 1)
    good, bad = code.name("good"), code.name("bad")
    code.branch(code.compare("ne", "%a", 0), good, bad)
    code.block(bad)
    code.ret("i64 0")
    code.block(good)
    assert code.add("%a", 1) == one
    code.ret(f"i64 {one}")
    assert [call(code, a) for a in (0, 1)] == [0, 2]


def test_a_block_to_which_one_way_leads_is_no_block_of_its_own():
    code = writing("a")
    one = code.add("%a", 1)
    out = code.name("out")
    code.jump(out)
    code.block(out)
    assert code.add("%a", 1) == one
    assert f"{out}:" not in code.text()


def test_what_is_written_at_an_earlier_place_knows_nothing():
    code = writing("a")
    code.again("top")
    place = code.place()
    code.ended = True
    code.block("rest")
    one = code.add("%a", 1)
    with code.inserting(place):
        assert code.add("%a", 1) != one
        code.emit("switch i64 %a, label %rest []")
    code.ret(f"i64 {one}")
    assert call(code, 1) == 2


def test_who_jumps_back_must_have_said_so():
    code = writing("a")
    code.block(head := code.name("head"))
    with pytest.raises(AssertionError, match="again"):
        code.jump(head)
