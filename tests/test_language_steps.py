# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens from one yield to the next: operations, locks, places in the code, promises.

Every example runs in plain Python, in native code and in z3, as in ``test_language_semantics``.
Counts are small enough to be counted by hand; the comment beside each says how.
"""

import pytest
from readings import read_model

FINISH = "every_operation_can_finish"


def numbers(outcome):
    return len(outcome.states), outcome.transitions, outcome.depth


def changes(outcome):
    """What each transition shows in the author's fields, in order of discovery."""
    frames = {field.name for role in outcome.system.roles for field in (role.pc, *role.slots)}

    def plain(change):
        return {name: value for name, value in change.items() if name.partition("[")[0] not in frames}

    return [plain(outcome.changed(a, b)) if b is not None else "failed" for a, b in outcome.edges]


# ------------------------------------------------------------------------- steps


def test_a_step_goes_from_yield_to_yield(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 3)", """
        @operation
        def op(s: Top, cpu: Cpu):
            s.n = 1
            yield "one"
            s.n = 2
            s.n = 3
            yield "three"
            s.n = 0
        """, operations="op")
    assert numbers(outcome) == (3, 3, 2)
    assert changes(outcome) == [{"n": "1"}, {"n": "3"}, {"n": "0"}]
    assert outcome.native.findings == {}


def test_an_operation_without_yields_is_one_step(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 3)", """
        @operation
        def op(s: Top, cpu: Cpu, k: Range(0, 1)):
            s.n = k
        """, operations="op", sizes={"Cpu": 2})
    # Two states; in each of them two actors may run it with two parameters.
    assert numbers(outcome) == (2, 8, 1)


def test_only_an_idle_actor_starts_and_every_actor_may(tmp_path):
    outcome = read_model(tmp_path, "idle: bool", """
        @operation
        def one(s: Top, cpu: Cpu):
            yield "in one"

        @operation
        def two(s: Top, cpu: Cpu):
            yield "in two"
        """, operations="one, two", sizes={"Cpu": 2})
    # Each actor is idle, in one or in two: 9 states, and 2 ways on when idle, 1 when not.
    assert numbers(outcome) == (9, 24, 2)


def test_a_scope_narrows_what_a_role_may_run(tmp_path):
    scope = 'Scope("tiny", sizes={Level: 3, Node: 2, Cpu: 2}, operations={Cpu: [two]})'
    outcome = read_model(tmp_path, "idle: bool", """
        @operation
        def one(s: Top, cpu: Cpu):
            yield "in one"

        @operation
        def two(s: Top, cpu: Cpu):
            yield "in two"
        """, operations="one, two", scope=scope)
    assert numbers(outcome) == (4, 8, 2)
    assert [op.name for op in outcome.system.roles[0].operations] == ["two"]


def test_an_actor_is_an_index_of_its_own(tmp_path):
    outcome = read_model(tmp_path, "inside: Array[Cpu, bool]", """
        @operation
        def op(s: Top, cpu: Cpu):
            s.inside[cpu] = True
            yield "inside"
            s.inside[cpu] = False

        @invariant
        def flags_tell_the_truth(s: Top):
            return all(s.inside[c] == at(op, "inside", actor=c) for c in Cpu)
        """, operations="op", sizes={"Cpu": 2}, promises="[flags_tell_the_truth]")
    assert numbers(outcome) == (4, 8, 2)
    assert outcome.native.findings == {}


def test_locals_live_across_a_yield_and_dead_ones_are_forgotten(tmp_path):
    outcome = read_model(tmp_path, "at: Level", """
        @operation
        def op(s: Top, cpu: Cpu, k: Level, dead: Level):
            x = k
            y = dead
            s.at = y
            yield "chosen"
            s.at = x
            yield "moved"
            s.at = Level(0)
        """, operations="op")
    # idle: at l0; chosen: 3 for at, times 3 for x; moved: 3 for at, which x is, and nothing else lives.
    assert numbers(outcome) == (1 + 9 + 3, 9 + 9 + 3, 2)


def test_a_record_name_lives_across_a_yield_as_its_index(tmp_path):
    outcome = read_model(tmp_path, "cell: Array[Level, Cell]\nat: Level", """
        @operation
        def op(s: Top, cpu: Cpu):
            here = s.cell[s.at]
            s.at = Level(2)
            yield "looked up"
            here.n = 3
            yield "written"
            here.n = 0
            s.at = Level(0)
        """, operations="op")
    assert changes(outcome) == [{"at": "l2"}, {"cell[0].n": "3"}, {"at": "l0", "cell[0].n": "0"}]


def test_a_wait_is_a_require_behind_a_yield(tmp_path):
    outcome = read_model(tmp_path, "open: bool\nn: Range(0, 3)", """
        @operation
        def op(s: Top, cpu: Cpu):
            yield "at the door"
            s.n = 2
            require(s.open)
            s.n = 0

        @rule
        def opens(s: Top):
            require(not s.open)
            s.open = True
        """, rules="opens", operations="op")
    # idle or waiting, open or not; the step does not happen, nor its write, before it is open.
    assert numbers(outcome) == (4, 5, 2)
    assert outcome.native.findings == {}


def test_a_wait_for_ever_is_noticed(tmp_path):
    outcome = read_model(tmp_path, "open: bool\nclock: bool", """
        @operation
        def op(s: Top, cpu: Cpu):
            yield "at the door"
            require(s.open)

        @rule
        def tick(s: Top):
            s.clock = not s.clock
        """, rules="tick", operations="op")
    assert {name: finding.depth for name, finding in outcome.native.findings.items()} == {FINISH: 1}


def test_loops_may_yield(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 50)", """
        @operation
        def op(s: Top, cpu: Cpu):
            for k in Level:
                s.n += int(k) * 10
                if k == Level(1):
                    continue
                yield "added"
                s.n += 1
            s.n = 0
        """, operations="op")
    # l0 adds nothing and yields; then 1, l1 adds 10 without a yield, l2 adds 20 and yields.
    assert changes(outcome) == [{}, {"n": "31"}, {"n": "0"}]


def test_break_and_return_leave_loops_that_yield(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 9)\nstop: bool", """
        @operation
        def op(s: Top, cpu: Cpu):
            for i in range(1, 4):
                s.n = i
                yield "turn"
                if i == 2:
                    break
                if s.stop:
                    s.n = 0
                    return
            s.n = 7
            yield "behind the loop"
            s.n = 0

        @rule
        def stops(s: Top):
            require(not s.stop)
            s.stop = True
        """, rules="stops", operations="op")
    # idle, turn 1, turn 2, behind the loop; each with and without stop.
    # Without: 4 steps of the actor and 4 of the rule. With: start, return, break, end.
    assert numbers(outcome) == (8, 12, 4)


def test_nested_loops_that_yield(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 9)", """
        @operation
        def op(s: Top, cpu: Cpu):
            for i in range(3):
                for j in range(3):
                    if j >= i:
                        break
                    s.n = i * 3 + j
                    yield "turn"
            s.n = 0
        """, operations="op")
    assert [change.get("n") for change in changes(outcome)] == ["3", "6", "7", "0"]


def test_while_yields_in_every_turn(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 9)", """
        @operation
        def op(s: Top, cpu: Cpu):
            again = False
            while s.n < 5:
                s.n += 2
                if again:
                    yield "second try"
                    again = False
                    continue
                yield "another try"
                again = True
            s.n = 0
        """, operations="op")
    assert [change.get("n") for change in changes(outcome)] == ["2", "4", "6", "0"]
    points = [outcome.shown(after) for _, after in outcome.edges]
    assert len({tuple(point.items()) for point in points}) == 4


def test_while_True_is_left_by_break(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 9)\nbusy: bool", """
        @operation
        def op(s: Top, cpu: Cpu):
            while True:
                if not s.busy:
                    break
                yield "busy"
            s.n = 1 - s.n

        @rule
        def toggles(s: Top):
            s.busy = not s.busy
        """, rules="toggles", operations="op")
    # idle: n, busy: 4 states. Waiting: starts only when busy, stays while the rule toggles: 4 states.
    assert numbers(outcome) == (8, 16, 4)


# ------------------------------------------------------------------------ helpers


def test_a_helper_with_steps_returns_a_value(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 9)", """
        def twice(s: Top, k):
            s.n = k
            yield "once"
            if s.n == 1:
                return 5
            s.n += k
            yield "twice"
            return s.n + 1

        @operation
        def op(s: Top, cpu: Cpu, k: Range(1, 2)):
            x = yield from twice(s, k)
            s.n = x
            yield "back"
            s.n = 0
        """, operations="op")
    # k = 1: 1, then 5; k = 2: 2, 4, then 5: both wait behind "back" with n = 5.
    assert numbers(outcome) == (1 + 2 + 1 + 1, 2 + 2 + 1 + 1, 2)
    assert [change["n"] for change in changes(outcome)] == ["1", "2", "5", "4", "0", "5"]


def test_one_helper_called_twice_stands_at_two_places(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 9)", """
        def pause(s: Top, cpu: Cpu):
            yield "paused"

        @operation
        def op(s: Top, cpu: Cpu):
            yield from pause(s, cpu)
            s.n = 1
            yield from pause(s, cpu)
            s.n = 0

        @invariant
        def always_paused_or_idle(s: Top):
            return at(op) == at(pause, "paused") and at(pause) == at(pause, "paused")

        @reachable
        def paused_with_one(s: Top):
            return at(pause, "paused") and s.n == 1
        """, operations="op", promises="[always_paused_or_idle, paused_with_one]")
    assert numbers(outcome) == (3, 3, 2)
    assert {name: finding.depth for name, finding in outcome.native.findings.items()} == {"paused_with_one": 2}
    points = outcome.system.roles[0].operations[0].yields
    assert [(point.label, point.stack) for point in points] == [("paused", ("op", "pause"))] * 2


def test_a_record_parameter_lives_in_a_nested_helper(tmp_path):
    outcome = read_model(tmp_path, "cell: Array[Level, Cell]\nat: Level", """
        def inner(s: Top, cell: Cell, n):
            cell.n = n
            yield "set"
            cell.n += 1

        def outer(s: Top, cell: Cell):
            yield from inner(s, cell, 1)
            yield "between"
            yield from inner(s, s.cell[cell.next], cell.n)

        @operation
        def op(s: Top, cpu: Cpu):
            s.cell[Level(0)].next = s.at
            yield from outer(s, s.cell[s.at])
            s.cell[Level(0)] = Cell()
        """, operations="op")
    assert changes(outcome)[0] == {"cell[0].n": "1", "cell[0].next": "l0"}
    assert [change.get("cell[0].n") for change in changes(outcome)] == ["1", "2", None, "0"]


def test_a_loop_in_a_helper_is_left_by_return_with_a_value(tmp_path):
    outcome = read_model(tmp_path, "full: Array[Level, bool]\nat: Level | None", """
        def find(s: Top):
            for k in Level:
                if not s.full[k]:
                    return k
                yield "looked"
            return None

        @operation
        def op(s: Top, cpu: Cpu):
            found = yield from find(s)
            if found is None:
                for k in Level:
                    s.full[k] = False
                return
            s.full[found] = True
        """, operations="op")
    # idle with 0..3 full; looked, with l0 full: 1 .. 3 places, and so on: 4 + (3 + 2 + 1).
    assert numbers(outcome) == (10, 10, 9)
    assert outcome.native.findings == {}


def test_a_result_that_comes_later_is_stored_where_the_place_is_then(tmp_path):
    """As in Python: the right side runs first, with all its steps."""
    outcome = read_model(tmp_path, "at: Level\nhit: Array[Level, bool]", """
        def moves(s: Top):
            s.at = Level(1)
            yield "moved"
            return True

        def asks(s: Top):
            return (yield from moves(s))

        @operation
        def op(s: Top, cpu: Cpu):
            s.hit[s.at] = yield from asks(s)
            yield "hit"
            s.at = Level(0)
            s.hit[Level(1)] = False
        """, operations="op")
    assert changes(outcome) == [{"at": "l1"}, {"hit[1]": "True"}, {"at": "l0", "hit[1]": "False"}]


def test_a_record_name_is_bound_again_in_every_turn(tmp_path):
    outcome = read_model(tmp_path, "cell: Array[Level, Cell]", """
        @operation
        def op(s: Top, cpu: Cpu):
            here = s.cell[Level(2)]
            for k in Level:
                here.n = int(k) + 1
                here = s.cell[k]
                yield "turn"
                here.flag = not here.flag
            here.n = 0
        """, operations="op")
    first_round = [
        {"cell[2].n": "1"},
        {"cell[0].flag": "True", "cell[0].n": "2"},
        {"cell[1].flag": "True", "cell[1].n": "3"},
        {"cell[2].flag": "True", "cell[2].n": "0"},
    ]
    assert changes(outcome)[:4] == first_round


def test_sets_unions_and_optionals_live_across_a_yield(tmp_path):
    outcome = read_model(tmp_path, "some: Set[Level]\nword: Word\nmaybe_at: Level | None", """
        @operation
        def op(s: Top, cpu: Cpu):
            some = s.some
            word = s.word
            maybe_at = s.maybe_at
            s.some |= {Level(1)}
            s.word = Word.AT(Level(2))
            s.maybe_at = Level(0)
            yield "changed"
            s.some = some
            s.word = word
            s.maybe_at = maybe_at
        """, operations="op")
    there, back = changes(outcome)
    assert there == {"some": "{l1}", "word": "AT(l2)", "maybe_at": "l0"}
    assert back == {"some": "{}", "word": "EMPTY", "maybe_at": "None"}


# -------------------------------------------------------------------------- locks


def test_acquire_waits_until_the_lock_is_free(tmp_path):
    outcome = read_model(tmp_path, "lock: Lock\nn: Range(0, 3)", """
        @operation
        def op(s: Top, cpu: Cpu):
            acquire(s.lock)
            s.n += 1
            yield "inside"
            s.n -= 1
            release(s.lock)

        @invariant
        def one_inside(s: Top):
            return s.n <= 1 and locked(s.lock) == (s.n == 1) and all(holds(c, s.lock) == at(op, actor=c) for c in Cpu)
        """, operations="op", sizes={"Cpu": 3}, promises="[one_inside]")
    assert numbers(outcome) == (4, 6, 1)
    assert outcome.native.findings == {}


def test_locks_in_an_array_are_taken_one_by_one(tmp_path):
    outcome = read_model(tmp_path, "lock: Array[Node, Lock]", """
        @operation
        def op(s: Top, cpu: Cpu, n: Node):
            acquire(s.lock[n])
            yield "inside"
            release(s.lock[n])
        """, operations="op", sizes={"Cpu": 2})
    # Nobody, one of two in one of two, both in different ones.
    assert numbers(outcome) == (1 + 4 + 2, 4 + 4 * 2 + 2 * 2, 2)


def test_a_lock_may_have_a_name_and_be_passed_on(tmp_path):
    outcome = read_model(tmp_path, "lock: Array[Node, Lock]", """
        def take(s: Top, lock: Lock):
            acquire(lock)
            yield "inside"
            release(lock)

        @operation
        def op(s: Top, cpu: Cpu, n: Node):
            lock = s.lock[n]
            yield from take(s, lock)
            yield from take(s, lock)
        """, operations="op", sizes={"Cpu": 2})
    # Nobody; one of two, for the first or second time, in one of two; both, in different ones.
    assert numbers(outcome) == (1 + 2 * 2 * 2 + 2 * 2 * 2, 4 + 8 * 2 + 8 * 2, 4)


def test_releasing_a_lock_that_one_does_not_hold_is_a_model_error(tmp_path):
    outcome = read_model(tmp_path, "lock: Lock", """
        @operation
        def takes(s: Top, cpu: Cpu):
            acquire(s.lock)
            yield "inside"
            release(s.lock)

        @operation
        def steals(s: Top, cpu: Cpu):
            release(s.lock)
        """, operations="takes, steals", sizes={"Cpu": 2})
    assert numbers(outcome) == (3, 2 * 2 + 2 * 2, 1)
    assert all("small_model.py:" in error and "lock" in error for error in outcome.errors)
    assert sum(1 for change in changes(outcome) if change == "failed") == 4


def test_trylock_tells_whether_it_was_free(tmp_path):
    outcome = read_model(tmp_path, "lock: Lock\nmissed: bool", """
        @operation
        def op(s: Top, cpu: Cpu):
            if not trylock(s.lock):
                s.missed = True
                return
            yield "inside"
            release(s.lock)
        """, operations="op", sizes={"Cpu": 2})
    # missed or not, times free, held by one, held by the other.
    assert numbers(outcome) == (6, 2 * (2 + 2 + 2), 3)


def test_a_lock_is_handed_over_to_the_environment(tmp_path):
    outcome = read_model(tmp_path, "lock: Lock", """
        @operation
        def submits(s: Top, cpu: Cpu):
            acquire(s.lock)
            yield "locked"
            hand_over(s.lock)

        @rule
        def completes(s: Top):
            require(locked(s.lock) and not any(holds(c, s.lock) for c in Cpu))
            release(s.lock)
        """, rules="completes", operations="submits", sizes={"Cpu": 2})
    # free, held by one of two, held by nobody in particular.
    assert numbers(outcome) == (4, 2 + 2 + 1, 2)
    assert outcome.native.findings == {}


def test_a_rule_may_not_release_the_lock_of_an_actor(tmp_path):
    outcome = read_model(tmp_path, "lock: Lock", """
        @operation
        def op(s: Top, cpu: Cpu):
            acquire(s.lock)
            yield "locked"
            release(s.lock)

        @rule
        def completes(s: Top):
            require(locked(s.lock))
            release(s.lock)
        """, rules="completes", operations="op")
    assert numbers(outcome) == (2, 3, 1) and changes(outcome).count("failed") == 1


def test_a_lock_that_is_left_behind_breaks_a_promise(tmp_path):
    outcome = read_model(tmp_path, "lock: Lock", """
        @operation
        def op(s: Top, cpu: Cpu):
            yield "before"
            acquire(s.lock)
        """, operations="op", sizes={"Cpu": 2})
    depths = {name: finding.depth for name, finding in outcome.native.findings.items()}
    assert depths == {"no_lock_left_behind": 2, FINISH: 3, "no_deadlock": 4}


def test_an_actor_that_waits_for_its_own_lock_never_finishes(tmp_path):
    outcome = read_model(tmp_path, "lock: Lock", """
        @operation
        def op(s: Top, cpu: Cpu):
            acquire(s.lock)
            yield "locked once"
            acquire(s.lock)
            release(s.lock)
        """, operations="op")
    depths = {name: finding.depth for name, finding in outcome.native.findings.items()}
    assert depths == {"no_deadlock": 1, FINISH: 1}


def test_a_lock_region_is_free(tmp_path):
    outcome = read_model(tmp_path, "lock: Spinlock\ninner: Array[Level, Spinlock]\nn: Range(0, 3)", """
        @operation
        def op(s: Top, cpu: Cpu, k: Level):
            with hold(s.lock):
                s.n = 1
                with hold(s.inner[k]):
                    s.n += 1
            yield "out"
            with hold(s.inner[k]):
                s.n = 0
        """, operations="op")
    assert numbers(outcome) == (4, 6, 1)
    assert changes(outcome) == [{"n": "2"}] * 3 + [{"n": "0"}] * 3


def test_a_region_is_left_by_return_and_by_break(tmp_path):
    outcome = read_model(tmp_path, "lock: Spinlock\nn: Range(0, 9)", """
        def look(s: Top, k):
            with hold(s.lock):
                if k == 1:
                    return 5
            return 6

        @operation
        def op(s: Top, cpu: Cpu, k: Range(1, 2)):
            s.n = look(s, k)
            yield "looked"
            for i in range(3):
                with hold(s.lock):
                    s.n = i
                    break
            yield "left"
            s.n = 0
        """, operations="op")
    assert [change.get("n") for change in changes(outcome)] == ["5", "6", "0", "0", None]


@pytest.mark.parametrize("taken_again", ["s.inner[k]", "s.inner[Level(0)]"])
def test_taking_a_lock_twice_is_noticed(tmp_path, taken_again):
    outcome = read_model(tmp_path, "inner: Array[Level, Spinlock]\nn: Range(0, 3)", f"""
        @operation
        def op(s: Top, cpu: Cpu, k: Level):
            with hold(s.inner[k]):
                with hold({taken_again}):
                    s.n = 1
            yield "done"
            s.n = 0
        """, operations="op")
    failed = sum(1 for change in changes(outcome) if change == "failed")
    assert failed == (3 if taken_again == "s.inner[k]" else 1)


# ----------------------------------------------------------------- promises, places


def test_a_value_that_at_asks_for_is_evaluated_even_if_nobody_can_be_there(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 3)", """
        def helper(s: Top, cpu: Cpu, k: Level):
            yield "never called"

        @operation
        def op(s: Top, cpu: Cpu):
            s.n = 1
            yield "first"
            s.n = 3

        @invariant
        def nobody(s: Top):
            return s.n < 3 or not at(helper, k=Level(s.n))
        """, operations="op", promises="[nobody]")
    finding = outcome.native.findings["no_model_error"]
    assert finding.depth == 2 and "the numbers of Level" in finding.error


def test_at_asks_about_labels_locals_and_actors(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 3)", """
        @operation
        def op(s: Top, cpu: Cpu, k: Level):
            yield "first"
            s.n = int(k)
            yield "second"
            s.n = 0
            require(k != Level(0) or s.n == 0)

        @invariant
        def n_is_known(s: Top):
            return all(s.n == int(k) or not at(op, "second", k=k) for k in Level)

        @reachable
        def both_stand_with_the_last(s: Top):
            return all(at(op, k=Level(2), actor=c) for c in Cpu)

        @reachable
        def someone_second_someone_first(s: Top):
            return at(op, "first", k=Level(1)) and at(op, "second", k=Level(2))
        """, operations="op", sizes={"Cpu": 2},
        promises="[n_is_known, both_stand_with_the_last, someone_second_someone_first]")
    depths = {name: finding.depth for name, finding in outcome.native.findings.items()}
    assert depths == {"n_is_known": 4, "both_stand_with_the_last": 2, "someone_second_someone_first": 3}


def test_a_local_that_only_a_promise_asks_for_is_kept(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 3)", """
        @operation
        def op(s: Top, cpu: Cpu, k: Level):
            s.n = int(k)
            yield "set"
            s.n = 0

        @invariant
        def n_is_known(s: Top):
            return all(s.n == int(k) for k in Level if at(op, "set", k=k))

        @reachable
        def with_the_last(s: Top):
            return at(op, "set", k=Level(2))
        """, operations="op", promises="[n_is_known, with_the_last]")
    assert numbers(outcome) == (4, 6, 1)
    assert {name: finding.depth for name, finding in outcome.native.findings.items()} == {"with_the_last": 1}


def test_choices_of_a_step_that_waits_are_taken_back(tmp_path):
    outcome = read_model(tmp_path, "at: Level\nn: Range(0, 3)", """
        @operation
        def op(s: Top, cpu: Cpu):
            yield "before"
            s.at = choose(Level)
            if maybe("it fails"):
                require(s.at == Level(2))
                s.n = 1
            yield "chosen"
            s.at = Level(0)
            s.n = 0
        """, operations="op")
    # idle, before, chosen with three levels, chosen with the last and a failure.
    assert numbers(outcome) == (6, 1 + 4 + 4, 2)


def test_step_invariants_see_both_sides_of_every_transition(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 3)", """
        @rule
        def up(s: Top):
            s.n = min(s.n + 1, 3)

        @rule
        def down(s: Top):
            require(s.n == 3)
            s.n = 1

        @step_invariant
        def no_jump(old: Top, new: Top):
            return abs(new.n - old.n) <= 1

        @step_invariant
        def never_back_to_zero(old: Top, new: Top):
            return old.n == 0 or new.n > 0
        """, rules="up, down", promises="[no_jump, never_back_to_zero]")
    assert numbers(outcome) == (4, 5, 3)
    assert {name: finding.depth for name, finding in outcome.native.findings.items()} == {"no_jump": 4}


def test_promises_are_asked_in_the_first_states_too(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 3)", """
        @rule
        def up(s: Top):
            s.n = (s.n + 1) % 4

        def starts_at_two(s: Top):
            s.n = 2

        def starts_as_it_is(s: Top):
            pass

        @invariant
        def not_two(s: Top):
            return s.n != 2

        @reachable
        def is_two(s: Top):
            return s.n == 2

        @reachable
        def is_three(s: Top):
            return s.n == 3
        """, rules="up", promises="[not_two, is_two, is_three]", start="[starts_as_it_is, starts_at_two]")
    assert len(outcome.system.initial) == 2
    assert numbers(outcome) == (4, 4, 1)
    depths = {name: finding.depth for name, finding in outcome.native.findings.items()}
    assert depths == {"not_two": 0, "is_two": 0, "is_three": 1}


def test_contents_keep_their_identity_through_a_step(tmp_path):
    outcome = read_model(tmp_path, "a: Content\nb: Content", """
        @rule
        def write_a(s: Top):
            s.a = fresh(Content)

        @rule
        def write_b(s: Top):
            s.b = fresh(Content)

        @rule
        def clear_a(s: Top):
            s.a = Content.ZERO

        @rule
        def copy(s: Top):
            s.b = s.a

        @step_invariant
        def only_one_is_written(old: Top, new: Top):
            return old.a == new.a or old.b == new.b

        @step_invariant
        def a_is_never_copied_from_b(old: Top, new: Top):
            return new.a == old.a or new.a == Content.ZERO or new.a != old.b

        @step_invariant
        def b_is_never_written(old: Top, new: Top):
            return new.b in (old.b, old.a)
        """, rules="write_a, write_b, clear_a, copy",
        promises="[only_one_is_written, a_is_never_copied_from_b, b_is_never_written]")
    # (ZERO, ZERO), (d, ZERO), (ZERO, d), (d, d), (d, e): every rule can happen in each.
    assert numbers(outcome) == (5, 20, 2)
    assert {name: finding.depth for name, finding in outcome.native.findings.items()} == {"b_is_never_written": 1}


def test_a_promise_that_cannot_be_asked_is_a_model_error(tmp_path):
    outcome = read_model(tmp_path, "cell: Array[Level, Cell]\nat: Level | None\nn: Range(0, 3)", """
        @rule
        def up(s: Top):
            require(s.n < 3)
            s.n += 1

        @invariant
        def careless(s: Top):
            return s.n < 2 or s.cell[s.at].n == 0

        @step_invariant
        def careless_too(old: Top, new: Top):
            return new.n < 3 or not new.cell[old.at].flag

        def at_the_top(s: Top):
            return s.n == 3
        """, rules="up", promises="[careless, careless_too]", may_end="at_the_top")
    assert numbers(outcome) == (4, 3, 3)
    assert {name: finding.depth for name, finding in outcome.native.findings.items()} == {"no_model_error": 2}


def test_rules_that_come_to_an_end_must_be_allowed_to(tmp_path):
    fields, rules = "n: Range(0, 3)", """
        @rule
        def up(s: Top):
            require(s.n < 3)
            s.n += 1

        def at_the_top(s: Top):
            return s.n == 3

        def further_down(s: Top):
            return s.n < 3
        """
    def breaks(**more):
        findings = read_model(tmp_path, fields, rules, rules="up", **more).native.findings
        return {name: finding.depth for name, finding in findings.items()}

    assert breaks() == {"no_deadlock": 3}
    assert breaks(may_end="at_the_top") == {}
    assert breaks(may_end="further_down") == {"no_deadlock": 3}


def test_idle_actors_are_no_deadlock(tmp_path):
    outcome = read_model(tmp_path, "used: bool", """
        @operation
        def op(s: Top, cpu: Cpu):
            require(not s.used)
            s.used = True
            yield "used"
        """, operations="op", sizes={"Cpu": 2})
    assert numbers(outcome) == (4, 4, 2)
    assert outcome.native.findings == {}


def test_an_assertion_ends_only_that_way_of_its_actor(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 3)", """
        @operation
        def op(s: Top, cpu: Cpu, k: Range(0, 1)):
            yield "started"
            assert k == 0 or s.n == 0, "nobody else was here"
            s.n = k
            yield "wrote"
            s.n = 0
        """, operations="op", sizes={"Cpu": 2})
    assert outcome.broken == {"nobody else was here"}
    assert outcome.native.findings["nobody else was here"].depth == 4
    assert outcome.native.findings["nobody else was here"].error


def test_a_way_that_ends_in_a_false_assertion_is_told_once(tmp_path):
    """The assertion breaks; that the actor has no other way on is no second finding."""
    outcome = read_model(tmp_path, "n: Range(0, 3)", """
        @operation
        def op(s: Top, cpu: Cpu):
            yield "started"
            assert s.n == 1, "n is one"
        """, operations="op")
    assert numbers(outcome) == (2, 2, 1)
    assert {name: finding.depth for name, finding in outcome.native.findings.items()} == {"n is one": 2}


def test_contents_are_named_anew_so_writing_never_ends(tmp_path):
    outcome = read_model(tmp_path, "now: Content\nold: Content | None\nolder: Content | None", """
        @rule
        def writes(s: Top):
            s.older = s.old
            s.old = s.now
            s.now = fresh(Content)

        @invariant
        def all_differ(s: Top):
            return s.now != s.old and s.now != s.older and (s.old is None or s.old != s.older)
        """, rules="writes", promises="[all_differ]")
    # ZERO; then d0 and ZERO; then d0, d1, ZERO; then three others for ever.
    assert numbers(outcome) == (4, 4, 3)
    assert outcome.native.findings == {}


def test_two_roles_run_their_own_operations(tmp_path):
    outcome = read_model(tmp_path, "n: Range(0, 3)", """
        class Disk(Actor):
            pass

        @operation
        def op(s: Top, cpu: Cpu):
            yield "asked"

        @operation
        def spin(s: Top, disk: Disk):
            yield "turning"
            yield "turned"
        """, operations="op], Disk: [spin", scope='Scope("tiny", sizes={Level: 3, Node: 2, Cpu: 1, Disk: 1})')
    assert numbers(outcome) == (6, 12, 3)
    assert [role.type.name for role in outcome.system.roles] == ["Cpu", "Disk"]
