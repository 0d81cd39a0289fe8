# SPDX-License-Identifier: GPL-2.0-or-later
"""The hand-written systems once more, in tuples and for loops, and a search to count them.

Nothing here knows the checker: these are the numbers that it is held against.
A state is a tuple; ``moves(state)`` gives the successor of every transition,
the same one as often as there are transitions to it.
"""

from collections.abc import Callable, Iterator
from itertools import product

Moves = Callable[[tuple], Iterator[tuple]]


def count(starts: list[tuple], moves: Moves) -> tuple[int, int, int]:
    """States, transitions and depth (in edges) of everything that can be reached."""
    seen = set(starts)
    layer, transitions, depth = sorted(seen, key=repr), 0, 0
    while layer:
        following = []
        for state in layer:
            for target in moves(state):
                transitions += 1
                if target not in seen:
                    seen.add(target)
                    following.append(target)
        depth += bool(following)
        layer = following
    return len(seen), transitions, depth


def first_stuck(starts: list[tuple], moves: Moves, running: Callable[[tuple], list[bool]]) -> int | None:
    """The least depth of a state from which some running actor can never get back to idle."""
    depth_of = dict.fromkeys(starts, 0)
    before: dict[tuple, list[tuple]] = {state: [] for state in starts}
    queue = list(starts)
    for state in queue:
        for target in moves(state):
            if target not in depth_of:
                depth_of[target] = depth_of[state] + 1
                before[target] = []
                queue.append(target)
            before[target].append(state)
    stuck = set()
    for actor in range(len(running(starts[0]))):
        fine = {state for state in depth_of if not running(state)[actor]}
        todo = list(fine)
        while todo:
            for state in before[todo.pop()]:
                if state not in fine:
                    fine.add(state)
                    todo.append(state)
        stuck |= depth_of.keys() - fine
    return min((depth_of[state] for state in stuck), default=None)


def put(items: tuple, k: int, item: object) -> tuple:
    return (*items[:k], item, *items[k + 1 :])


def two_phase(n: int) -> tuple[list[tuple], Moves]:
    """(managers, decision, heard, said): managers by letter, sets as bit masks."""

    def moves(state):
        rms, decision, heard, said = state
        for k, rm in enumerate(rms):
            if rm == "w":
                yield put(rms, k, "p"), decision, heard, said | 1 << k
                yield put(rms, k, "a"), decision, heard, said
            if decision == "" and said >> k & 1 and not heard >> k & 1:
                yield rms, decision, heard | 1 << k, said
            if decision == "c" and rm != "c":
                yield put(rms, k, "c"), decision, heard, said
            if decision == "a" and rm != "a":
                yield put(rms, k, "a"), decision, heard, said
        if decision == "":
            yield rms, "a", heard, said
            if heard == (1 << n) - 1:
                yield rms, "c", heard, said

    return [(("w",) * n, "", 0, 0)], moves


def lock_pair(opposite: bool) -> tuple[list[tuple], Moves]:
    """(owner of source, owner of target, file, (how far, which way) of each task)."""

    def moves(state):
        owners, file, tasks = state
        for me, (step, way) in enumerate(tasks):
            for goes in range(2) if step == 0 else [way]:
                order = (1, 0) if goes and opposite else (0, 1)
                if step == 2:
                    yield (None, None), file, put(tasks, me, (0, None))
                elif owners[order[step]] is None:
                    after = put(owners, order[step], me)
                    yield after, (1 - goes if step else file), put(tasks, me, (step + 1, goes))

    return [((None, None), 0, ((0, None),) * 2)], moves


def forgotten_unlock(n: int, forgets: bool) -> tuple[list[tuple], Moves]:
    """(locked, dirty, interrupts on, how far each writer is)."""

    def moves(state):
        locked, dirty, on, writers = state
        yield locked, dirty, not on, writers
        for k, step in enumerate(writers):
            if step == 0:
                yield locked, dirty, on, put(writers, k, 1)
            elif step == 1 and not locked:
                yield True, dirty, on, put(writers, k, 2)
            elif step == 2:
                yield locked, not dirty, on, put(writers, k, 3)
                yield forgets, dirty, on, put(writers, k, 0)
            elif step == 3:
                yield False, dirty, on, put(writers, k, 0)

    return [(False, False, False, (0,) * n)], moves


def token_ring(n: int, length: int) -> tuple[list[tuple], Moves]:
    """(holder, who is busy) of n nodes, of which the first ``length`` are passed the token."""

    def moves(state):
        token, busy = state
        yield token, put(busy, token, not busy[token])
        if not busy[token]:
            yield (token + 1) % length, busy

    return [(0, (False,) * n)], moves


def peterson(flag_first: bool) -> tuple[list[tuple], Moves]:
    """(flags, turn, how far each process is): 1, 2 announced, 3, 4 in the loop, 5 inside."""

    def moves(state):
        flags, turn, steps = state

        def at(me, step, flags=flags, turn=turn):
            return flags, turn, put(steps, me, step)

        for me in range(2):
            other = 1 - me
            step = steps[me]
            if step in (0, 1):
                if (step == 0) == flag_first:
                    yield at(me, step + 1, flags=put(flags, me, True))
                else:
                    yield at(me, step + 1, turn=other)
            elif step in (2, 4):
                yield at(me, 3 if flags[other] else 5)
            elif step == 3:
                yield at(me, 5 if turn == me else 4)
            else:
                yield at(me, 0, flags=put(flags, me, False))

    return [((False, False), 0, (0, 0))], moves


def bounded_buffer(size: int, producers: int, reserves: bool) -> tuple[list[tuple], Moves]:
    """(full places, head, number, the place that each producer has chosen); one consumer.

    A producer that finds its place full has broken its assertion and leads nowhere.
    """

    def moves(state):
        full, head, number, making = state
        if full[head]:
            yield put(full, head, False), (head + 1) % size, number - 1, making
        for k, place in enumerate(making):
            if place is None and number < size:
                yield full, head, number + reserves, put(making, k, (head + number) % size)
            elif place is not None and not full[place]:
                yield put(full, place, True), head, number + (not reserves), put(making, k, None)

    return [((False,) * size, 0, 0, (None,) * producers)], moves


def readers_writers(n: int) -> tuple[list[tuple], Moves]:
    """What each task does: . nothing, r reads, w waits to write, W writes."""

    def moves(tasks):
        for k, task in enumerate(tasks):
            if task in "rW":
                yield put(tasks, k, ".")
            elif task == ".":
                yield put(tasks, k, "w")
                if "w" not in tasks and "W" not in tasks:
                    yield put(tasks, k, "r")
            elif "r" not in tasks and "W" not in tasks:
                yield put(tasks, k, "W")

    return [(".",) * n], moves


def stale_copy(n: int, invalidates: bool) -> tuple[list[tuple], Moves]:
    """(register, copies): 0 is ZERO, other numbers in order of appearance, None is no copy."""

    def renamed(state):
        names = {0: 0, None: None}
        for content in state:
            names.setdefault(content, len(names) - 1)
        return tuple(names[content] for content in state)

    def moves(state):
        register, *copies = state
        after = [None] * n if invalidates else copies
        yield renamed((99, *after))
        if register != 0:
            yield renamed((0, *after))
        for k, copy in enumerate(copies):
            if copy is None:
                yield renamed((register, *put(tuple(copies), k, register)))

    return [(0,) + (None,) * n], moves


def mailbox(n: int) -> tuple[list[tuple], Moves]:
    """(letter, last answers): a letter is (client, answer or None)."""

    def moves(state):
        letter, last = state
        if letter is None:
            for client in range(n):
                yield (client, None), last
        elif letter[1] is None:
            for answer in "yn":
                yield (letter[0], answer), last
        else:
            yield None, put(last, letter[0], letter[1])

    return [(None, (None,) * n)], moves


def aligned_runs(takers: int) -> tuple[list[tuple], Moves]:
    """(owner of each of two pairs of slots: nobody, a single, the pair; how far each taker is, of which pair)."""

    def moves(state):
        slots, steps = state
        for v in range(4):
            if slots[v] != "pair":
                yield put(slots, v, None if slots[v] else "single"), steps
        for me, (step, pair) in enumerate(steps):
            first = 2 * pair
            if step == 0:
                free = [p for p in range(2) if slots[2 * p] is None and slots[2 * p + 1] is None]
                for p in free:
                    yield put(put(slots, 2 * p, "pair"), 2 * p + 1, "pair"), put(steps, me, (1, p))
                if not free:
                    yield state
            elif step < 3:
                yield put(slots, first + step - 1, None), put(steps, me, (step + 1, pair))
            else:
                yield slots, put(steps, me, (0, 0))

    return [((None,) * 4, ((0, 0),) * takers)], moves


def partitions_with_zero(n: int) -> int:
    """In how many ways n copies and a register hold old and new contents, zeroes and nothing.

    An independent way to count what ``stale_copy`` reaches without invalidation:
    each cell is ZERO or some other content, a copy may also be nothing, and
    other contents are known only by who shares them.
    """
    shapes = set()
    for cells in product(range(-1, n + 2), repeat=n + 1):
        if cells[0] >= 0:
            names: dict[int, int] = {}
            shapes.add(tuple(c if c <= 0 else names.setdefault(c, len(names) + 1) for c in cells))
    return len(shapes)
