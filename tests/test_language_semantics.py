# SPDX-License-Identifier: GPL-2.0-or-later
"""What a line of the language means, where a reader could doubt it: rules and values.

Every example runs in plain Python, in native code and in z3, which have to agree
(see ``readings``); then the result is compared with what is written here.
Steps, locks and promises are in ``test_language_steps``.
"""

import pytest
from readings import once

FAILED = "failed"


def says(outcome, *words):
    """There is one way to fail, and its message has the line of the rule and these words."""
    assert outcome.errors
    for error in outcome.errors:
        assert "small_model.py:" in error, error
        for word in words:
            assert word in error, error
    return True


# --------------------------------------------------------------- places, copies


def test_a_record_name_is_the_place_and_its_index_is_evaluated_once(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nat: Level", """
        here = s.cell[s.at]
        s.at = Level(1)
        here.n = 2
        s.cell[s.at].n = here.n + 1
        """)
    assert ways == [{"at": "l1", "cell[0].n": "2", "cell[1].n": "3"}]


def test_two_names_of_one_place_see_each_other(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]", """
        one = s.cell[Level(0)]
        two = s.cell[Level(0)]
        one.n = 3
        two.n -= 1
        s.cell[Level(1)].n = one.n
        """)
    assert ways == [{"cell[0].n": "2", "cell[1].n": "2"}]


def test_a_record_name_may_be_bound_again_to_the_same_array(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]", """
        here = s.cell[Level(0)]
        for k in Level:
            if int(k) == 2:
                here = s.cell[k]
        here.flag = True
        """)
    assert ways == [{"cell[2].flag": "True"}]


def test_assigning_a_record_copies_it(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]", """
        s.cell[Level(0)].n = 2
        s.cell[Level(0)].next = Level(1)
        s.cell[Level(1)] = s.cell[Level(0)]
        s.cell[Level(0)].n = 1
        """)
    assert ways == [{"cell[0].n": "1", "cell[0].next": "l1", "cell[1].n": "2", "cell[1].next": "l1"}]


def test_a_new_record_has_first_values_and_may_read_the_old_one(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]", """
        here = s.cell[Level(2)]
        here.n = 1
        here.flag = True
        s.cell[Level(2)] = Cell(n=here.n + 2, next=Level(0))
        """)
    assert ways == [{"cell[2].n": "3", "cell[2].next": "l0"}]


def test_records_inside_records_are_copied_whole(tmp_path):
    ways, _ = once(tmp_path, "a: Outer\nb: Outer", """
        s.a.inner.n = 3
        s.a.many[Level(1)].flag = True
        s.b = s.a
        s.a.inner.n = 1
        """)
    assert ways == [{"a.inner.n": "1", "a.many[1].flag": "True", "b.inner.n": "3", "b.many[1].flag": "True"}]


def test_the_right_side_runs_before_the_place_is_found(tmp_path):
    """As in Python: s.cell[s.at].n = f() evaluates f() first."""
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nat: Level", """
        s.cell[s.at].n = move_on(s)
        """, helpers="""
        def move_on(s: Top):
            s.at = Level(2)
            return 3
        """)
    assert ways == [{"at": "l2", "cell[2].n": "3"}]


def test_an_augmented_assignment_finds_its_place_first(tmp_path):
    """As in Python: s.cell[s.at].n += f() reads the old element, and writes that one."""
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nat: Level", """
        s.cell[s.at].n += move_on(s)
        """, helpers="""
        def move_on(s: Top):
            s.cell[Level(0)].n = 1
            s.at = Level(2)
            return 3
        """)
    assert ways == [{"at": "l2", "cell[0].n": "3"}]


# ------------------------------------------------------------ order, short circuit


def test_operands_run_from_left_to_right(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 30)\na: Range(0, 30)\nb: Range(0, 30)", """
        s.a = s.n + bump(s) * 10
        s.n = 1
        s.b = bump(s) * 10 + s.n
        """, helpers="""
        def bump(s: Top):
            s.n += 1
            return s.n
        """)
    assert ways == [{"n": "2", "a": "10", "b": "22"}]


def test_and_or_stop_as_soon_as_they_know(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nmaybe_at: Level | None\na: bool\nb: bool", """
        s.a = s.maybe_at is None or s.cell[s.maybe_at].flag
        s.b = s.maybe_at is not None and s.cell[s.maybe_at].flag
        """)
    assert ways == [{"a": "True"}]


def test_the_fields_of_a_new_record_run_in_the_order_written(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nn: Range(0, 9)", """
        s.cell[Level(0)] = Cell(flag=bump(s) == 1, n=bump(s))
        """, helpers="""
        def bump(s: Top):
            s.n += 1
            return s.n
        """)
    assert ways == [{"cell[0].n": "2", "cell[0].flag": "True", "n": "2"}]


def test_the_other_branch_of_a_conditional_expression_does_not_run(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nmaybe_at: Level | None\nn: Range(0, 3)", """
        s.n = 3 if s.maybe_at is None else s.cell[s.maybe_at].n
        """)
    assert ways == [{"n": "3"}]


def test_a_helper_behind_a_false_and_changes_nothing(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 3)\na: bool\nb: bool", """
        if s.a and take(s):
            s.b = True
        if s.a or take(s):
            s.b = True
        """, helpers="""
        def take(s: Top):
            s.n += 1
            return True
        """)
    assert ways == [{"n": "1", "b": "True"}]


def test_any_and_all_stop_at_the_first_that_decides(tmp_path):
    fields = "cell: Array[Level, Cell]\na: bool\nb: bool\nc: bool"
    ways, _ = once(tmp_path, fields, """
        s.a = any(k == Level(0) or s.cell[s.cell[k].next].flag for k in Level)
        s.b = not all(k != Level(0) and s.cell[s.cell[k].next].flag for k in Level)
        """)
    assert ways == [{"a": "True", "b": "True"}]


def test_any_that_has_to_look_further_meets_the_error(tmp_path):
    ways, outcome = once(tmp_path, "cell: Array[Level, Cell]\na: bool", """
        s.a = any(k == Level(1) or s.cell[s.cell[k].next].flag for k in Level)
        """)
    assert ways == [FAILED] and says(outcome, "None")


def test_a_filter_guards_the_body(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nn: Range(0, 9)", """
        s.cell[Level(1)].next = Level(2)
        s.n = sum(int(s.cell[k].next) for k in Level if s.cell[k].next is not None)
        """)
    assert ways == [{"cell[1].next": "l2", "n": "2"}]


@pytest.mark.parametrize(("n", "truth"), [(0, "False"), (1, "True"), (2, "False")])
def test_chained_comparisons(tmp_path, n, truth):
    ways, _ = once(tmp_path, "n: Range(0, 3)\nk: Range(0, 3)\na: bool\nb: bool", f"""
        s.n = {n}
        s.a = 0 < s.n < 2 <= s.k + 2
        s.b = not 0 < s.n < 2
        """)
    assert ways[0].get("a", "False") == truth
    assert ways[0].get("b", "False") != truth


def test_the_middle_of_a_chained_comparison_runs_once(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 3)\na: bool", """
        s.a = 0 < bump(s) < 2
        """, helpers="""
        def bump(s: Top):
            s.n += 1
            return s.n
        """)
    assert ways == [{"n": "1", "a": "True"}]


# ------------------------------------------------------------------------ numbers


def test_only_what_is_stored_must_fit(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 3)", "s.n = (s.n + 300) * 2 - 598")
    assert ways == [{"n": "2"}]


@pytest.mark.parametrize("body", ["s.n = s.n - 1", "s.n -= 1", "s.n = 4 - s.k", "k = s.k + s.n - 1\ns.n = k"])
def test_leaving_a_range_is_a_model_error_that_names_the_place(tmp_path, body):
    ways, outcome = once(tmp_path, "n: Range(0, 3)\nk: Range(0, 9)", body)
    assert ways == [FAILED] and says(outcome, "Range(0, 3)", "n")


def test_a_range_starts_at_zero_or_else_at_its_lowest_value(tmp_path):
    ways, outcome = once(tmp_path, "a: Range(-2, 2)\nb: Range(3, 5)\nc: Range(-5, -3)", "s.a = s.b + s.c")
    first = outcome.shown(outcome.system.initial[0])
    assert (first["a"], first["b"], first["c"]) == ("0", "3", "-5")
    assert ways == [{"a": "-2"}]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("s.a // 2", "-4"), ("s.a % 3", "2"), ("s.a // s.b", "3"), ("s.a % s.b", "-1"), ("(0 - s.a) // s.b", "-4"),
        ("(0 - s.a) % s.b", "-1"), ("abs(s.a)", "7"), ("-s.a", "7"), ("min(s.a, s.b)", "-7"), ("max(s.a, s.b)", "-2"),
        ("min(3, s.b, 1)", "-2"), ("s.a * s.b - 6", "8"), ("s.a - s.b * 2", "-3"),
    ],
)
def test_arithmetic_is_pythons(tmp_path, expression, value):
    ways, _ = once(tmp_path, "a: Range(-9, 9)\nb: Range(-9, 9)\nc: Range(-99, 99)", f"""
        s.a = s.a - 7
        s.b = s.b - 2
        s.c = {expression}
        """)
    assert ways == [{"a": "-7", "b": "-2", "c": value}]


def python_says(expression: str, a: int, b: int, low: int, high: int) -> dict[str, str] | str:
    """What storing this into a Range(low, high) that starts at 0 comes to."""
    try:
        value = eval(expression)
    except ZeroDivisionError:
        return FAILED
    return ({"n": str(value)} if value else {}) if low <= value <= high else FAILED


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (0, 9), (-9, 0)])
@pytest.mark.parametrize(
    "expression",
    ["a // b", "a % b", "a * b", "a - b", "a + b", "-a", "abs(a)", "min(a, b)", "max(a, b)", "a * a % b", "a - b // 2"],
)
def test_no_result_slips_through_a_range(tmp_path, expression, low, high):
    """The front end must not believe that a result is smaller than it can be."""
    parameters = "a: Range(-3, 3), b: Range(-3, 3)"
    ways, _ = once(tmp_path, f"n: Range({low}, {high})", f"s.n = {expression}", parameters=parameters)
    assert ways == [python_says(expression, a, b, low, high) for a in range(-3, 4) for b in range(-3, 4)]


@pytest.mark.parametrize("sign", ["//", "%"])
def test_division_by_zero_is_a_model_error(tmp_path, sign):
    ways, outcome = once(tmp_path, "a: Range(0, 9)\nb: Range(0, 9)", f"s.a = 5 {sign} s.b")
    assert ways == [FAILED] and says(outcome, "zero")


def test_min_max_sum_over_a_sort(tmp_path):
    fields = "cell: Array[Level, Cell]\n" + "".join(f"{name}: Range(0, 9)\n" for name in "abcd")
    ways, _ = once(tmp_path, fields, """
        s.cell[Level(0)].n = 2
        s.cell[Level(1)].n = 3
        s.a = min(s.cell[k].n for k in Level if s.cell[k].n > 0)
        s.b = max(s.cell[k].n for k in Level)
        s.c = sum(s.cell[k].n for k in Level)
        s.d = min((s.cell[k].n for k in Level if s.cell[k].flag), default=7)
        """)
    assert ways == [{"cell[0].n": "2", "cell[1].n": "3", "a": "2", "b": "3", "c": "5", "d": "7"}]


def test_the_least_of_nothing_is_a_model_error(tmp_path):
    ways, outcome = once(tmp_path, "cell: Array[Level, Cell]\na: Range(0, 9)", """
        s.a = max(s.cell[k].n for k in Level if s.cell[k].flag)
        """)
    assert ways == [FAILED] and says(outcome, "max")


def test_nested_comprehensions(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nn: Range(0, 9)\na: bool", """
        s.n = sum(1 for k in Level for m in Level if k < m)
        s.a = all(any(k <= m for m in Level) for k in Level)
        """)
    assert ways == [{"n": "3", "a": "True"}]


# -------------------------------------------------------------------------- sorts


def test_ordered_objects_have_numbers_and_an_order(tmp_path):
    ways, _ = once(tmp_path, "at: Level\na: bool\nn: Range(0, 9)", """
        s.at = Level((int(s.at) + 5) % len(Level))
        s.a = Level(1) < s.at and s.at >= Level(2) and not s.at <= Level(1)
        s.n = int(s.at) * 2 + len(Level)
        """)
    assert ways == [{"at": "l2", "a": "True", "n": "7"}]


@pytest.mark.parametrize("number", ["int(s.at) + 3 - s.n", "int(s.at) - 1"])
def test_a_number_without_an_object_is_a_model_error(tmp_path, number):
    ways, outcome = once(tmp_path, "at: Level\nn: Range(0, 3)", f"s.at = Level({number})")
    assert ways == [FAILED] and says(outcome, "Level")


BLOCKS = 'Scope("blocks", sizes={Level: 3, Node: 4, Cpu: 1}, blocks={Node: 2})'


def test_an_object_of_a_block_has_a_place_and_neighbours(tmp_path):
    """Objects of a symmetric sort have no numbers, but a place in their block."""
    fields = "mark: Array[Node, Range(0, 3)]\nplace: Range(0, 3)\nn: Range(0, block(Node) + 3)"
    ways, outcome = once(tmp_path, fields, """
        s.place = place(a)
        s.n = block(Node) * 3 - block(Level)
        first = a - place(a)
        for i in range(block(Node)):
            s.mark[first + i] = i + 1
        """, parameters="a: Node", scope=BLOCKS)
    assert outcome.errors == []
    assert ways == [
        {"n": "5", "mark[0]": "1", "mark[1]": "2"}, {"n": "5", "mark[0]": "1", "mark[1]": "2", "place": "1"},
        {"n": "5", "mark[2]": "1", "mark[3]": "2"}, {"n": "5", "mark[2]": "1", "mark[3]": "2", "place": "1"},
    ]


@pytest.mark.parametrize(("by", "fails"), [("+ 1", [1, 3]), ("- 1", [0, 2]), ("+ int(s.at)", [1, 3]),
                                           ("- (int(s.at) + 1)", [0, 1, 2, 3]), ("+ (int(s.at) - 1)", [])])
def test_leaving_a_block_is_a_model_error(tmp_path, by, fails):
    ways, outcome = once(tmp_path, "at: Level\nmark: Array[Node, bool]", f"""
        s.at = Level(1)
        s.mark[a {by}] = True
        """, parameters="a: Node", scope=BLOCKS)
    assert [k for k, way in enumerate(ways) if way == FAILED] == fails
    assert not fails or says(outcome, "leaves the block of 2 Node")


def test_a_block_of_one_has_one_place(tmp_path):
    ways, outcome = once(tmp_path, "mark: Array[Node, bool]\nat: Level", """
        require(a + place(a) == a - 0)
        s.mark[a] = True
        s.mark[a + int(s.at)] = True
        s.at = Level(int(s.at) + 1)
        s.mark[a + int(s.at)] = True
        """, parameters="a: Node")
    assert ways == [FAILED, FAILED] and says(outcome, "leaves the block of 1 Node")


def test_None_has_no_place(tmp_path):
    ways, _ = once(tmp_path, "other: Node | None\nn: Range(0, 3)", "s.n = place(s.other)", scope=BLOCKS)
    more, _ = once(tmp_path, "other: Node | None\nat: Node", "s.at = s.other + 1", scope=BLOCKS)
    assert ways == more == [FAILED]


def test_an_optional_is_compared_with_plain_values_and_with_None(tmp_path):
    fields = "maybe_at: Level | None\nother: Level | None\nat: Level\na: bool\nb: bool\nc: bool\nd: bool\ne: bool"
    ways, _ = once(tmp_path, fields, """
        s.a = s.maybe_at != s.at
        s.b = s.maybe_at == s.other
        s.maybe_at = s.at
        s.c = s.maybe_at == s.at and s.at == s.maybe_at
        s.d = s.maybe_at != s.other
        s.e = s.maybe_at is not None and s.other is None
        """)
    assert ways == [{"maybe_at": "l0"} | dict.fromkeys("abcde", "True")]


@pytest.mark.parametrize("body", ["s.cell[s.maybe_at].n = 1", "s.at = s.maybe_at", "s.n = int(s.maybe_at)"])
def test_None_where_a_plain_value_is_needed_is_a_model_error(tmp_path, body):
    ways, outcome = once(tmp_path, "cell: Array[Level, Cell]\nmaybe_at: Level | None\nat: Level\nn: Range(0, 3)", body)
    assert ways == [FAILED] and says(outcome, "None")


@pytest.mark.parametrize(("guard", "fails"), [("s.maybe_at is None or ", False), ("", True)])
def test_an_optional_is_ordered_where_it_has_a_value(tmp_path, guard, fails):
    ways, outcome = once(tmp_path, "maybe_at: Level | None\nat: Level\na: bool", f"""
        s.a = {guard}s.maybe_at < s.at
        """)
    assert (ways == [FAILED] and says(outcome, "None")) if fails else ways == [{"a": "True"}]


def test_an_optional_that_has_a_value_is_as_good_as_plain(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nmaybe_at: Level | None\nat: Level", """
        found = None
        if not s.cell[s.at].flag:
            found = Level(2)
        s.maybe_at = found
        s.cell[s.maybe_at].n = 1
        s.at = found
        """)
    assert ways == [{"maybe_at": "l2", "at": "l2", "cell[2].n": "1"}]


def test_enums(tmp_path):
    ways, _ = once(tmp_path, "colour: Colour\nmaybe_colour: Colour | None\nhits: Array[Level, Colour]\na: bool", """
        s.colour = Colour.BLUE
        s.maybe_colour = s.colour
        s.a = s.colour in (Colour.GREEN, Colour.BLUE) and s.maybe_colour not in (Colour.RED, Colour.GREEN)
        for c in Colour:
            if c != Colour.BLUE:
                s.hits[Level(0)] = c
        """)
    assert ways == [{"colour": "BLUE", "maybe_colour": "BLUE", "a": "True", "hits[0]": "GREEN"}]


def test_a_rule_happens_for_every_combination_of_its_parameters(tmp_path):
    ways, _ = once(tmp_path, "pair: Array[Level, Array[Node, bool]]", """
        require(k != Level(1))
        s.pair[k][n] = True
        """, parameters="k: Level, n: Node")
    assert sorted(tuple(way) for way in ways) == [("pair[0][0]",), ("pair[0][1]",), ("pair[2][0]",), ("pair[2][1]",)]


def test_parameters_may_be_enums_bools_and_numbers(tmp_path):
    ways, _ = once(tmp_path, "colour: Colour\nflag: bool\nn: Range(0, 9)", """
        require(c != Colour.RED and b and n > 2)
        s.colour = c
        s.flag = b
        s.n = n
        """, parameters="c: Colour, b: bool, n: Range(1, 3)")
    assert ways == [{"colour": "GREEN", "flag": "True", "n": "3"}, {"colour": "BLUE", "flag": "True", "n": "3"}]


# --------------------------------------------------------------------------- sets


def test_sets_are_values(tmp_path):
    ways, _ = once(tmp_path, "a: Set[Level]\nb: Set[Level]\nc: Set[Level]\nn: Range(0, 9)", """
        s.a |= {Level(0), Level(1)}
        s.b = s.a
        s.a -= {Level(0)}
        s.a -= {Level(2)}
        s.c = (s.b - s.a) | {Level(2)}
        s.n = len(s.b) * 3 + len(s.b & s.a)
        """)
    assert ways == [{"a": "{l1}", "b": "{l0, l1}", "c": "{l0, l2}", "n": "7"}]


def test_sets_are_asked_and_compared(tmp_path):
    fields = "s1: Set[Level]\ncolours: Set[Colour]\na: bool\nb: bool\nc: bool\nd: bool\nn: Range(0, 9)"
    ways, _ = once(tmp_path, fields, """
        s.a = s.s1 == set() and Level(1) not in s.s1
        s.s1 = {Level(1)} | s.s1
        s.b = Level(1) in s.s1 and s.s1 != set()
        s.colours |= {Colour.BLUE}
        s.c = Colour.BLUE in s.colours and s.colours == {Colour.BLUE}
        s.d = all(k != Level(0) for k in s.s1)
        for k in s.s1:
            s.n += int(k) + 1
        s.s1 = set()
        """)
    assert ways == [{"colours": "{BLUE}"} | dict.fromkeys("abcd", "True") | {"n": "2"}]


def test_a_set_that_is_looped_over_is_read_once(tmp_path):
    ways, _ = once(tmp_path, "waiting: Set[Level]\nn: Range(0, 9)", """
        s.waiting = {Level(0), Level(1)}
        for k in s.waiting:
            s.waiting = {Level(2)}
            s.n += 1
        """)
    assert ways == [{"waiting": "{l2}", "n": "2"}]


@pytest.mark.parametrize(
    "body", ["s.a = s.maybe_at in s.some", "s.some |= {s.maybe_at}", "s.a = s.maybe_at not in s.some"]
)
def test_None_is_no_element(tmp_path, body):
    ways, outcome = once(tmp_path, "some: Set[Level]\nmaybe_at: Level | None\na: bool", body)
    assert ways == [FAILED] and says(outcome, "None")


def test_an_optional_that_has_a_value_may_be_an_element(tmp_path):
    ways, _ = once(tmp_path, "some: Set[Level]\nmaybe_at: Level | None\na: bool\nb: bool", """
        s.maybe_at = Level(1)
        s.some |= {s.maybe_at}
        s.a = s.maybe_at in s.some
        s.b = s.maybe_at in (None, Level(1))
        """)
    assert ways == [{"maybe_at": "l1", "some": "{l1}", "a": "True", "b": "True"}]


# ------------------------------------------------------------------------- unions


def test_a_union_is_one_thing_at_a_time(tmp_path):
    ways, outcome = once(tmp_path, "word: Word\nold: Word\nat: Level\na: bool\nb: bool\nc: bool", """
        s.a = s.word.tag == Word.EMPTY and s.word == Word.EMPTY and s.word.tag != Word.AT
        s.word = Word.AT(Level(2))
        s.old = s.word
        s.b = s.word.tag in (Word.AT, Word.PAIR) and s.word == Word.AT(Level(2)) and s.word != Word.AT(Level(1))
        s.at = s.word.level
        s.word = Word.EMPTY
        s.c = s.old.tag == Word.AT and s.old != s.word
        """)
    assert outcome.shown(outcome.system.initial[0])["word"] == "EMPTY"
    assert ways == [{"old": "AT(l2)", "at": "l2"} | dict.fromkeys("abc", "True")]


def test_a_payload_may_have_several_fields(tmp_path):
    ways, _ = once(tmp_path, "word: Word\ncolour: Colour\nnode: Node\na: bool", """
        s.word = Word.PAIR(n, colour=Colour.GREEN)
        s.colour = s.word.colour
        s.a = s.word.node == n
        """, parameters="n: Node")
    assert ways == [
        {"word": f"PAIR(n{k}, GREEN)", "colour": "GREEN", "a": "True"} for k in range(2)
    ]


def test_reading_the_payload_of_another_case_is_a_model_error(tmp_path):
    ways, outcome = once(tmp_path, "word: Word\nat: Level", """
        s.word = Word.PAIR(n, Colour.RED)
        s.at = s.word.level
        """, parameters="n: Node")
    assert ways == [FAILED, FAILED] and says(outcome, "level")


# ------------------------------------------------------------------------ choices


def test_maybe_is_false_or_true(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 3)", """
        if maybe("the disk fails"):
            s.n += 1
        if maybe("the memory fails"):
            s.n += 2
        """)
    assert ways == [{}, {"n": "2"}, {"n": "1"}, {"n": "3"}]


@pytest.mark.parametrize(
    ("failures", "expected"),
    [("[]", [{}]), ('["the disk fails"]', [{}, {"n": "1"}]), ('["the memory fails"]', [{}, {"n": "2"}])],
)
def test_a_scope_says_what_may_fail(tmp_path, failures, expected):
    scope = f'Scope("tiny", sizes={{Level: 3, Node: 2, Cpu: 1}}, failures={failures})'
    ways, _ = once(tmp_path, "n: Range(0, 3)", """
        if maybe("the disk fails"):
            s.n += 1
        if maybe("the memory fails"):
            s.n += 2
        """, scope=scope)
    assert ways == expected


def test_choose_is_one_transition_for_each(tmp_path):
    ways, _ = once(tmp_path, "at: Level\nother: Level", """
        s.at = choose(Level, where=lambda k: k != Level(1))
        s.other = choose(Level, where=lambda k: k > s.at)
        """)
    assert ways == [{"other": "l1"}, {"other": "l2"}, FAILED]


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        ("Colour", ["RED", "BLUE"]),
        ("range(1, 4)", ["1", "3"]),
        ("s.some", ["l0", "l2"]),
        ("range(s.n + 1, 4)", ["1", "3"]),
    ],
)
def test_choose_from_other_domains(tmp_path, domain, values):
    kind = {"C": "Colour", "r": "Range(0, 3)", "s": "Level"}[domain[0]]
    middle = {"C": "Colour.GREEN", "r": "2", "s": "Level(1)"}[domain[0]]
    ways, outcome = once(tmp_path, f"x: {kind}\nsome: Set[Level]\nn: Range(0, 3)", f"""
        s.some = {{Level(0), Level(1), Level(2)}}
        s.x = choose({domain}, where=lambda v: v != {middle})
        """)
    first = outcome.shown(outcome.system.initial[0])["x"]
    assert [way.get("x", first) for way in ways] == values


def test_choose_from_nothing_is_a_model_error(tmp_path):
    ways, outcome = once(tmp_path, "at: Level", "s.at = choose(Level, where=lambda k: k < s.at)")
    assert ways == [FAILED] and says(outcome, "choose")


@pytest.mark.parametrize(("at", "expected"), [(0, [{"at": "l1"}, {"at": "l2"}]), (2, [{"at": "l2", "none": "True"}])])
def test_choose_or_none_from_nothing_is_None(tmp_path, at, expected):
    ways, _ = once(tmp_path, "at: Level\nnone: bool", f"""
        s.at = Level({at})
        found = choose_or_none(Level, where=lambda k: k > s.at)
        if found is None:
            s.none = True
            return
        s.at = found
        """)
    assert ways == expected


def test_choose_or_block_waits(tmp_path):
    ways, outcome = once(tmp_path, "at: Level\nn: Range(0, 3)", """
        s.n = 1
        s.at = choose(Level, where=lambda k: k < s.at, or_block=True)
        """)
    assert ways == [] and outcome.errors == [] and len(outcome.states) == 1


def test_an_error_in_where_is_a_model_error(tmp_path):
    ways, outcome = once(tmp_path, "cell: Array[Level, Cell]\nat: Level", """
        s.at = choose(Level, where=lambda k: s.cell[s.cell[k].next].flag)
        """)
    assert ways == [FAILED] and says(outcome, "None")


def test_choices_in_a_loop_and_in_a_helper(tmp_path):
    ways, _ = once(tmp_path, "hit: Array[Level, bool]", """
        for k in Level:
            if int(k) < 2:
                s.hit[k] = coin()
        """, helpers="""
        def coin():
            return choose(bool)
        """)
    assert ways == [{}, {"hit[1]": "True"}, {"hit[0]": "True"}, {"hit[0]": "True", "hit[1]": "True"}]


def test_require_takes_back_the_whole_step(tmp_path):
    ways, _ = once(tmp_path, "at: Level\nn: Range(0, 3)", """
        s.n = 3
        s.at = choose(Level)
        require(s.at == Level(1))
        """)
    assert ways == [{"n": "3", "at": "l1"}]


def test_an_error_before_a_false_require_is_still_an_error(tmp_path):
    ways, outcome = once(tmp_path, "n: Range(0, 3)", """
        s.n = s.n - 1
        require(s.n > 0)
        """)
    assert ways == [FAILED] and says(outcome, "Range(0, 3)")


# ------------------------------------------------------------- assertions, control


def test_expect_goes_on_and_assert_stops(tmp_path):
    ways, outcome = once(tmp_path, "n: Range(0, 3)", """
        expect(s.n == 1, "n is one")
        expect(s.n == 0, "n is zero")
        s.n = k
        assert s.n != 2, "n is not two"
        s.n += 1
        """, parameters="k: Range(1, 2)")
    assert ways == [{"n": "2"}, FAILED]
    assert outcome.broken == {"n is one", "n is not two"} and outcome.errors == []
    assert outcome.system.assertions == ("n is one", "n is zero", "n is not two")


def test_loops_over_ranges_with_break_and_continue(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 99)\nk: Range(0, 9)", """
        for i in range(2, 9):
            if i % 2 == 0:
                continue
            if i > 6:
                break
            s.n += i
            s.k = i
        """)
    assert ways == [{"n": "8", "k": "5"}]


def test_the_bounds_of_a_range_are_read_once(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 9)", """
        s.n = 2
        for i in range(s.n):
            s.n += 1
        """)
    assert ways == [{"n": "4"}]


def test_a_loop_over_nothing_does_nothing(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 9)\nk: Range(0, 9)", """
        for i in range(3, s.n + 1):
            s.k = i
        for i in range(s.k):
            s.k = 5
        """)
    assert ways == [{}]


def test_break_leaves_the_inner_loop_only(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 99)", """
        for i in range(3):
            for j in range(3):
                if j > i:
                    break
                s.n += 1
            s.n += 10
        """)
    assert ways == [{"n": "36"}]


def test_helpers_return_early_from_loops(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nat: Level | None\nother: Level | None", """
        s.cell[Level(1)].flag = True
        s.at = first_flag(s)
        s.cell[Level(1)].flag = False
        s.other = first_flag(s)
        """, helpers="""
        def first_flag(s: Top):
            for k in Level:
                if s.cell[k].flag:
                    return k
            return None
        """)
    assert ways == [{"at": "l1"}]


def test_a_rule_that_returns_early_has_happened(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 3)", """
        s.n = k
        if k == 2:
            return
        s.n += 1
        """, parameters="k: Range(1, 2)")
    assert ways == [{"n": "2"}, {"n": "2"}]


def test_helpers_take_places_and_values(tmp_path):
    ways, _ = once(tmp_path, "cell: Array[Level, Cell]\nn: Range(0, 20)", """
        s.n = fill(s.cell[Level(1)], 2) + fill(s.cell[Level(2)], value=1)
        """, helpers="""
        def fill(cell: Cell, value):
            value += 1
            cell.n = value
            return double(value)

        def double(n):
            return n * 2
        """)
    assert ways == [{"cell[1].n": "3", "cell[2].n": "2", "n": "10"}]


def test_a_helper_has_its_own_names(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 9)\nk: Range(0, 9)", """
        x = 1
        s.n = other(x + 1)
        s.k = x
        """, helpers="""
        def other(y):
            x = y + 1
            return x
        """)
    assert ways == [{"n": "3", "k": "1"}]


def test_helpers_have_defaults_and_named_arguments(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 999)", "s.n = f() * 100 + f(2) * 10 + f(k=3)", helpers="""
        def f(k=1):
            return k
        """)
    assert ways == [{"n": "123"}]


def test_a_factory_of_helpers_keeps_its_constants(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 9)", "add_three(s)\nadd_four(s)", helpers="""
        def adder(k):
            def add(s: Top):
                s.n += k
            return add

        add_three = adder(3)
        add_four = adder(4)
        """)
    assert ways == [{"n": "7"}]


def test_large_numbers_on_the_way_are_exact(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 1000000)\nk: Range(0, 9)", """
        s.n = 1000000
        s.k = (s.n * s.n * s.n * s.n * 3 + 1) % 7
        """)
    assert ways == [{"n": "1000000", "k": str((10**24 * 3 + 1) % 7)}]


def test_constants_of_the_module_are_numbers(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 9)", "s.n = MOST + len(Level)", helpers="MOST = 4")
    assert ways == [{"n": "7"}]


# ------------------------------------------------------------------------ designs


def test_a_branch_that_is_switched_off_is_not_even_read(tmp_path):
    ways, outcome = once(tmp_path, "n: Range(0, 9)\nat: Level", """
        if design.off:
            s.no_such_field = s.at + None
        elif not design.on:
            s.at = 7
        else:
            s.n += 1
        if design.on or s.nonsense:
            s.n += 1
        if design.off and s.nonsense:
            s.n = 9
        s.n = s.n + 1 if design.on else s.nonsense
        if design.number == 2 and design.colour == Colour.GREEN:
            s.n += design.number
        """)
    assert ways == [{"n": "5"}]
    assert all("design" not in site.text for site in outcome.system.rules[0].sites)


def test_switches_are_values_too(tmp_path):
    ways, _ = once(tmp_path, "n: Range(0, 9)\ncolour: Colour\na: bool", """
        s.n = design.number * 2
        s.colour = design.colour
        s.a = design.on
        """)
    assert ways == [{"n": "4", "colour": "GREEN", "a": "True"}]


# ----------------------------------------------------------------------- contents


def test_fresh_is_what_nothing_holds(tmp_path):
    ways, outcome = once(tmp_path, "a: Content\nb: Content\nc: Content | None\nx: bool\ny: bool\nz: bool", """
        s.a = fresh(Content)
        s.b = fresh(Content)
        s.x = s.a != s.b and s.a != Content.ZERO and s.b != Content.ZERO
        s.c = s.a
        s.a = fresh(Content)
        s.y = s.c != s.a and s.b != s.a and s.c != s.b
        s.b = Content.ZERO
        s.z = s.c is not None and s.b == Content.ZERO
        """)
    assert outcome.shown(outcome.system.initial[0])["a"] == "ZERO"
    assert ways == [{"a": "d0", "c": "d1", "x": "True", "y": "True", "z": "True"}]
