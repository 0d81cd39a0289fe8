# SPDX-License-Identifier: GPL-2.0-or-later
"""The edges of the states that a search found, and walks over them, as LLVM functions.

A promise about runs asks about loops, so that here, unlike in ``passes``, edges are
stored: 5 bytes each.  What is *fair* has a number below 63: the next step of an actor
in mid-operation, or one way of happening of a rule.  The functions share a row of
words, the members of ``Graph``; arrays have an entry for each state unless said otherwise.
"""

from __future__ import annotations

from enum import IntEnum, auto

from checker.explicit.code import Code, Value
from checker.explicit.context import RECORD_EXTRA, Ctx, pointer

UNFAIR = 255
"""The label of an edge that nothing has to take."""
MOVES = 63
"""The bit of ENABLED that says that a state has any transition at all."""
BEGINS, ENDS, WRONG = 1, 2, 4
"""What a promise says of a state: bits of its class."""
_CHUNK = 64
_WEAK, _STRONG = 1, 2


class Graph(IntEnum):
    RESOLVE = 0  # void (ctx, from, to, 0): the records of some states, with the indices of their successors
    IDLE = auto()  # i64 (state): the set of idle actors
    RULES = auto()  # u8 per procedure: the number of a rule that is fair, or UNFAIR
    EDGES = auto()  # how many edges are stored
    FIRST = auto()  # u32: the number of the first edge that leaves a state
    END = auto()  # u32: behind the last one; 0 if there is none
    TO = auto()  # u32 per edge: where it leads
    LABEL = auto()  # u8 per edge: what is fair about it, or UNFAIR
    ENABLED = auto()  # u64: what fair things can happen, and whether anything can
    CLASS = auto()  # u8: what the promise at hand says
    COLOUR = auto()  # u32: 0, or which set of states it is in
    COLOURS = auto()  # how many colours were given away
    NUMBER = auto()  # u32: order of discovery within a colour, from 1; 0 is not discovered
    LOW = auto()  # u32: the lowest number that is known to be reached
    CURSOR = auto()  # u32: the next edge to look at
    CALLS = auto()  # u32: the states on the way at hand
    STACK = auto()  # u32: the states whose component is not known yet
    MEMBERS = auto()


def text(words: int) -> str:
    """All functions, for states of so many words."""
    return "\n".join([_edges(words), _classify(words), _flood(), _judge(), _components(), _first(), _before(),
                      _spread()])


class _Walk(Code):
    """A function whose parameter ``%g`` is the row of words."""

    def array(self, member: Graph) -> str:
        return self.get(self.at("%g", int(member)), "ptr")

    def entry(self, array: str, index: Value, bits: int = 32) -> str:
        """An unsigned number in an array."""
        found = self.get(self.at(array, index, f"i{bits}"), f"i{bits}")
        return found if bits == 64 else self.let(f"zext i{bits} {found} to i64")

    def put(self, array: str, index: Value, value: Value, bits: int = 32) -> None:
        narrow = value if isinstance(value, int) or bits == 64 else self.let(f"trunc i64 {value} to i{bits}")
        self.set(self.at(array, index, f"i{bits}"), narrow, f"i{bits}")


def _edges(words: int) -> str:
    """``void @edges(ctx, g, from, to)``: stores the edges that leave some states."""
    code = _Walk("define void @edges(ptr %ctx, ptr %g, i64 %from, i64 %to)")
    low, record = code.slot("low"), code.slot("record", "ptr")
    size = words + RECORD_EXTRA
    resolve, idle = code.array(Graph.RESOLVE), code.array(Graph.IDLE)
    first, end, to, label, enabled, rules = (code.array(m) for m in (
        Graph.FIRST, Graph.END, Graph.TO, Graph.LABEL, Graph.ENABLED, Graph.RULES))
    count, base, states = code.at("%g", int(Graph.EDGES)), pointer(code, Ctx.OUT_BASE), pointer(code, Ctx.STATES)
    code.set(low, "%from")
    with code.loop(lambda: code.compare("ult", code.get(low), "%to")):
        bottom = code.get(low)
        beyond = code.add(bottom, _CHUNK)
        top = code.select(code.compare("ult", beyond, "%to"), beyond, "%to")
        code.emit(f"call void {resolve}(ptr %ctx, i64 {bottom}, i64 {top}, i64 0)")
        code.set(record, base, "ptr")
        out = pointer(code, Ctx.OUT)
        with code.loop(lambda: code.let(f"icmp ult ptr {code.get(record, 'ptr')}, {out}")):
            r = code.get(record, "ptr")
            origin = code.get(code.at(r, words))
            source = code.binary("lshr", origin, 32)
            actor, procedure = code.both(origin, 0xFFFF), code.both(code.binary("lshr", origin, 16), 0xFFFF)
            resting = code.let(f"call i64 {idle}(ptr {code.at(states, code.mul(source, words))})")
            starts = code.bit(code.binary("lshr", code.binary("shl", resting, 1), actor))
            mine = code.select(starts, UNFAIR, code.sub(actor, 1))
            fair = code.select(code.compare("eq", actor, 0), code.entry(rules, procedure, 8), mine)
            able = code.select(code.compare("eq", fair, UNFAIR), 0, code.binary("shl", 1, code.both(fair, 63)))
            anything = code.either(able, -(1 << MOVES))
            code.put(enabled, source, code.either(code.entry(enabled, source, 64), anything), 64)
            with code.when(code.compare("sge", code.get(code.at(r, words + 1)), 0)):
                number = code.get(count)
                code.put(to, number, code.get(code.at(r, words + 2)))
                code.put(label, number, fair, 8)
                with code.when(code.compare("eq", code.entry(end, source), 0)):
                    code.put(first, source, number)
                code.set(count, code.add(number, 1))
                code.put(end, source, code.add(number, 1))
            code.set(record, code.at(r, size), "ptr")
        code.set(low, top)
    code.ret()
    return code.text()


def _classify(words: int) -> str:
    """``i64 @classify(g, states, ask, given, from, to)``: the class of some states; all their bits."""
    code = _Walk("define i64 @classify(ptr %g, ptr %states, ptr %ask, ptr %given, i64 %from, i64 %to)")
    classes, seen, why = code.array(Graph.CLASS), code.slot("seen"), code.slot("why")
    code.set(seen, 0)
    with code.counting("%from", "%to") as index:
        state = code.at("%states", code.mul(index, words))
        found = code.let(f"call i64 %ask(ptr {state}, ptr %given, ptr {why})")
        code.put(classes, index, found, 8)
        code.bump(seen, found, "or")
    code.ret(f"i64 {code.get(seen)}")
    return code.text()


def _flood() -> str:
    """``i64 @flood(g, list, from, to, low, high)``: adds to the list the states low .. high - 1 where
    something is owed, and the successors of list[from .. to - 1] where it has not come; gives its new end."""
    code = _Walk("define i64 @flood(ptr %g, ptr %list, i64 %from, i64 %to, i64 %low, i64 %high)")
    first, end, to, classes, colour = (code.array(m) for m in (
        Graph.FIRST, Graph.END, Graph.TO, Graph.CLASS, Graph.COLOUR))
    last = code.slot("last")
    code.set(last, "%to")

    def add(state: Value) -> None:
        with code.when(code.compare("eq", code.entry(colour, state), 0)):
            code.put(colour, state, 1)
            code.put("%list", code.get(last), state)
            code.bump(last)

    with code.counting("%low", "%high") as state, code.when(
            code.compare("eq", code.entry(classes, state, 8), BEGINS)):
        add(state)
    with code.counting("%from", "%to") as place:
        source = code.entry("%list", place)
        with code.counting(code.entry(first, source), code.entry(end, source)) as edge:
            target = code.entry(to, edge)
            with code.when(code.compare("eq", code.both(code.entry(classes, target, 8), ENDS | WRONG), 0)):
                add(target)
    code.ret(f"i64 {code.get(last)}")
    return code.text()


def _judge() -> str:
    """``i64 @judge(g, from, to, mode, again, some)``: whether a run can stay in the component that is on
    STACK[from .. to - 1] for ever and be fair: then it gets a colour of its own, otherwise none.
    Under strong fairness a part of it still may: those states go to ``again[some ..]``.  Gives the new end of that."""
    code = _Walk("define internal i64 @judge(ptr %g, i64 %from, i64 %to, i64 %mode, ptr %again, i64 %some)")
    first, end, to, label, enabled, colour, stack, numbers = (code.array(m) for m in (
        Graph.FIRST, Graph.END, Graph.TO, Graph.LABEL, Graph.ENABLED, Graph.COLOUR, Graph.STACK, Graph.NUMBER))
    colours = code.at("%g", int(Graph.COLOURS))
    mine = code.add(code.get(colours), 1)
    code.set(colours, mine)
    always, ever, taken, inside = (code.slot(hint) for hint in ("always", "ever", "taken", "inside"))
    for variable, value in ((always, -1), (ever, 0), (taken, 0), (inside, 0)):
        code.set(variable, value)
    with code.counting("%from", "%to") as place:
        code.put(colour, code.entry(stack, place), mine)
    with code.counting("%from", "%to") as place:
        state = code.entry(stack, place)
        able = code.entry(enabled, state, 64)
        code.bump(always, able, "and")
        code.bump(ever, able, "or")
        with code.counting(code.entry(first, state), code.entry(end, state)) as edge, code.when(
                code.compare("eq", code.entry(colour, code.entry(to, edge)), mine)):
            code.bump(inside)
            fair = code.entry(label, edge, 8)
            bit = code.binary("shl", 1, code.both(fair, 63))
            code.bump(taken, code.select(code.compare("eq", fair, UNFAIR), 0, bit), "or")
    left = code.select(code.compare("eq", "%mode", _WEAK), code.get(always), 0)
    left = code.select(code.compare("eq", "%mode", _STRONG), code.get(ever), left)
    missed = code.both(code.both(left, (1 << MOVES) - 1), code.binary("xor", code.get(taken), -1))
    some = code.slot("some")
    code.set(some, "%some")
    loops = code.compare("ne", code.get(inside), 0)
    fair_one = code.let(f"and i1 {loops}, {code.compare('eq', missed, 0)}")
    with code.when(fair_one):
        code.ret("i64 %some")
    retry = code.slot("retry")
    code.set(retry, 0)
    with code.when(code.let(f"and i1 {loops}, {code.compare('eq', '%mode', _STRONG)}")):
        code.set(retry, code.add(mine, 1))
        code.set(colours, code.add(mine, 1))
    with code.counting("%from", "%to") as place:
        state = code.entry(stack, place)
        code.put(colour, state, 0)
        free = code.compare("eq", code.both(code.entry(enabled, state, 64), missed), 0)
        with code.when(code.let(f"and i1 {free}, {code.compare('ne', code.get(retry), 0)}")):
            code.put(colour, state, code.get(retry))
            code.put(numbers, state, 0)
            code.put("%again", code.get(some), state)
            code.bump(some)
    code.ret(f"i64 {code.get(some)}")
    return code.text()


def _components() -> str:
    """``i64 @components(g, list, count, mode, again)``: the strongly connected components (Tarjan) of the
    states in a list, each colour by itself; those where a fair run can stay keep a colour.
    ``mode`` 0: every loop is fair, 1: weak, 2: strong.  Gives how many states are to be asked again."""
    code = _Walk("define i64 @components(ptr %g, ptr %list, i64 %count, i64 %mode, ptr %again)")
    first, end, to, colour, numbers, low, cursor, calls, stack = (code.array(m) for m in (
        Graph.FIRST, Graph.END, Graph.TO, Graph.COLOUR, Graph.NUMBER, Graph.LOW, Graph.CURSOR, Graph.CALLS,
        Graph.STACK))
    depth, open_, discovered, some, mine = (code.slot(h) for h in ("depth", "open", "discovered", "some", "mine"))
    for variable in (depth, open_, discovered, some):
        code.set(variable, 0)

    def discover(state: Value) -> None:
        code.bump(discovered)
        number = code.get(discovered)
        for array, value in ((numbers, number), (low, number), (cursor, code.entry(first, state))):
            code.put(array, state, value)
        code.put(calls, code.get(depth), state)
        code.bump(depth)
        code.put(stack, code.get(open_), state)
        code.bump(open_)

    def lower(state: Value, number: Value) -> None:
        old = code.entry(low, state)
        code.put(low, state, code.select(code.compare("ult", number, old), number, old))

    before = code.get(code.at("%g", int(Graph.COLOURS)))
    with code.counting(0, "%count") as place:
        root = code.entry("%list", place)
        code.set(mine, code.entry(colour, root))
        begun, over = code.name("begun"), code.name("over")
        unseen = code.compare("eq", code.entry(numbers, root), 0)
        due = code.compare("ule", code.get(mine), before)  # what is to be asked again is asked the next time
        code.branch(code.let(f"and i1 {unseen}, {due}"), begun, over)
        code.block(begun)
        discover(root)
        with code.loop(lambda: code.compare("ne", code.get(depth), 0)):
            state = code.entry(calls, code.sub(code.get(depth), 1))
            edge = code.entry(cursor, state)
            forward, back, out = code.name("forward"), code.name("back"), code.name("out")
            code.branch(code.compare("ult", edge, code.entry(end, state)), forward, back)
            code.block(forward)
            code.put(cursor, state, code.add(edge, 1))
            target = code.entry(to, edge)
            with code.when(code.compare("eq", code.entry(colour, target), code.get(mine))):
                known, fresh, done = code.name("known"), code.name("fresh"), code.name("done")
                number = code.entry(numbers, target)
                code.branch(code.compare("eq", number, 0), fresh, known)
                code.block(known)
                lower(state, number)
                code.jump(done)
                code.block(fresh)
                discover(target)
                code.block(done)
            code.jump(out)
            code.block(back)
            code.bump(depth, -1)
            with code.when(code.compare("ne", code.get(depth), 0)):
                lower(code.entry(calls, code.sub(code.get(depth), 1)), code.entry(low, state))
            with code.when(code.compare("eq", code.entry(low, state), code.entry(numbers, state))):
                bottom = code.slot("bottom")
                code.set(bottom, code.sub(code.get(open_), 1))
                with code.loop(lambda: code.compare("ne", code.entry(stack, code.get(bottom)), state)):
                    code.bump(bottom, -1)
                code.set(some, code.let(
                    f"call i64 @judge(ptr %g, i64 {code.get(bottom)}, i64 {code.get(open_)}, i64 %mode, "
                    f"ptr %again, i64 {code.get(some)})"))
                code.set(open_, code.get(bottom))
            code.block(out)
        code.block(over)
    code.ret(f"i64 {code.get(some)}")
    return code.text()


def _first() -> str:
    """``i64 @first(g, list, to, fair)``: the first place in a list whose state can stay for ever: in a component
    that has a colour of its own, or because nothing that is fair can happen; ``to`` if there is none."""
    code = _Walk("define i64 @first(ptr %g, ptr %list, i64 %to, i64 %fair)")
    colour, enabled = code.array(Graph.COLOUR), code.array(Graph.ENABLED)
    with code.counting(0, "%to") as place:
        state = code.entry("%list", place)
        stays = code.compare("ugt", code.entry(colour, state), 1)
        stuck = code.compare("eq", code.both(code.entry(enabled, state, 64), "%fair"), 0)
        with code.when(code.let(f"or i1 {stays}, {stuck}")):
            code.ret(f"i64 {place}")
    code.ret("i64 %to")
    return code.text()


def _before() -> str:
    """``i64 @before(g, list, from, to, target)``: the first place in a part of a list whose state has an
    edge to the target, or ``to``."""
    code = _Walk("define i64 @before(ptr %g, ptr %list, i64 %from, i64 %to, i64 %target)")
    first, end, to = (code.array(m) for m in (Graph.FIRST, Graph.END, Graph.TO))
    with code.counting("%from", "%to") as place:
        source = code.entry("%list", place)
        with code.counting(code.entry(first, source), code.entry(end, source)) as edge, code.when(
                code.compare("eq", code.entry(to, edge), "%target")):
            code.ret(f"i64 {place}")
    code.ret("i64 %to")
    return code.text()


def _spread() -> str:
    """``i64 @spread(g, count)``: one sweep over all states, last first: from where an edge leads to where
    something ends, it can be reached.  Gives how many states have learned that."""
    code = _Walk("define i64 @spread(ptr %g, i64 %count)")
    first, end, to, classes = (code.array(m) for m in (Graph.FIRST, Graph.END, Graph.TO, Graph.CLASS))
    changed = code.slot("changed")
    code.set(changed, 0)
    with code.counting(0, "%count") as place:
        state = code.sub(code.sub("%count", 1), place)
        before = code.entry(classes, state, 8)
        bits = code.slot("bits")
        code.set(bits, before)
        with code.counting(code.entry(first, state), code.entry(end, state)) as edge:
            code.bump(bits, code.both(code.entry(classes, code.entry(to, edge), 8), ENDS), "or")
        code.put(classes, state, code.get(bits), 8)
        code.bump(changed, code.widen(code.compare("ne", before, code.get(bits))))
    code.ret(f"i64 {code.get(changed)}")
    return code.text()
