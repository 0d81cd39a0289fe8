# SPDX-License-Identifier: GPL-2.0-or-later
"""Promises, and what else is asked about whole states, as LLVM functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from checker.explicit.cells import Cells
from checker.explicit.code import Code, Value, signed
from checker.explicit.context import RESTLESS, Ctx, pointer
from checker.explicit.expressions import holders
from checker.explicit.graph import BEGINS, ENDS, WRONG
from checker.explicit.layout import Layout
from checker.explicit.procedures import Errors
from checker.explicit.result import NO_MODEL_ERROR
from checker.explicit.statements import Statements
from checker.language import ir
from checker.language.errors import UsageError
from checker.language.types import IndexT, OptT
from checker.language.walk import NODES, members


@dataclass(frozen=True)
class Call:
    """How a procedure is called: its symbol, its number, and where its counters begin."""

    symbol: str
    number: int
    first_count: int


@dataclass(frozen=True)
class Asked:
    """A promise as it is asked: its symbol and flag, and the base of its errors.

    ``settled`` are the flags that together say that asking again can show nothing new;
    ``reads`` has the bits of a state that the answer depends on, one number for each word.
    """

    symbol: str
    flag: int
    base: int
    settled: int
    reads: tuple[int, ...]


class StatePromises:
    """Numbers of the promises that single states break (or reach)."""

    def __init__(self, system: ir.System) -> None:
        self.names = [NO_MODEL_ERROR, *(p.name for p in system.promises if p.kind != "step")]
        if len(self.names) > 63:  # RESTLESS is one more bit
            raise UsageError(f"{len(self.names)} invariants and reachables in one spec: 62 fit, split it")

    def flag(self, name: str) -> int:
        return signed(1 << self.names.index(name))


class ConditionCode(Statements):
    """Lowers one condition: ``i64 (state, why)`` or ``i64 (old, state, why)`` gives
    ``yes``, ``no``, or ``wrong`` when it cannot be evaluated (then why is its error)."""

    def __init__(self, head: str, system: ir.System, layout: Layout) -> None:
        super().__init__(Code(head), system, layout, "%state", "%old")
        self.errors = Errors()

    def failure(self, pos: ir.Pos, message: str) -> None:
        self.code.set("%why", self.errors.number(NO_MODEL_ERROR, f"{pos}: {message}"))
        self.code.jump("wrong")

    def broken(self, s: ir.Assert) -> None:
        self.failure(s.pos, self.system.assertions[s.promise])

    def text(self, condition: ir.Expr, yes: Value, no: Value, wrong: Value) -> str:
        code = self.code
        self.test(condition, "yes", "no")
        for label, result in (("yes", yes), ("no", no), ("wrong", wrong)):
            code.ended = True
            code.block(label)
            code.ret(f"i64 {result}")
        return code.text()


def promise(head: str, system: ir.System, layout: Layout, one: ir.Promise) -> tuple[str, Errors]:
    """A function that gives 1 if a promise broke (or was reached), 2 if it cannot be evaluated."""
    body = ConditionCode(head, system, layout)
    yes, no = (1, 0) if one.kind == "reachable" else (0, 1)
    return body.text(one.condition, yes, no, 2), body.errors


def owed(head: str, system: ir.System, layout: Layout, part: ir.RunPart) -> tuple[str, Errors]:
    """A function that gives the class of a state: the bits BEGINS and ENDS, or WRONG where it cannot be asked."""
    body = ConditionCode(head, system, layout)
    code = body.code
    for k, name in enumerate(part.params):
        code.set(body.local(name), code.get(code.at("%given", k)))
    body.test(part.begins, "due", "free")
    for label, bits in (("due", BEGINS), ("free", 0)):
        here, open_ = code.name("here"), code.name("open")
        code.ended = True
        code.block(label)
        body.test(part.ends, here, open_)
        for name, more in ((here, ENDS), (open_, 0)):
            code.ended = True
            code.block(name)
            code.ret(f"i64 {bits | more}")
    code.block("wrong")
    code.ret(f"i64 {WRONG}")
    return code.text(), body.errors


def reads(condition: ir.Expr, system: ir.System) -> set[ir.Field]:
    """The fields that the value of a condition depends on."""
    found: set[ir.Field] = set()
    for part in _parts(condition):
        match part:
            case ir.Field():
                found.add(part)
            case ir.AtPlace():
                found.add(system.roles[part.role].pc)
            case ir.Fresh():
                found.update(holders(system, part.type))
    return found


def _parts(node: object) -> Iterator[object]:
    """Everything that a piece of a condition is made of; types are not."""
    todo = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, tuple):
            todo += part
        elif isinstance(part, ir.Field):
            yield part
        elif isinstance(part, NODES):
            yield part
            todo += [getattr(part, name) for name in members(part)]


def asking_states(asked: list[Asked], steps: list[Asked], wrong: int, words: int) -> str:
    """``i64 @check(state, before, known, why)``: asks state promises; gives the flags of those found.

    Where ``before`` is not null it is a state whose answers are known, and what reads the same in
    both is not asked again; nor is what ``known`` has found.  RESTLESS is found where a step promise
    would break, or cannot be asked, if nothing happened in this state.
    """
    code = Code("define i64 @check(ptr %state, ptr %before, i64 %known, ptr %why)")
    found, ignored = code.slot("found"), code.slot("ignored")
    code.set(found, 0)
    changed = _changed(code, words)
    first = code.widen(code.let("icmp eq ptr %before, null"))  # asks what reads nothing, too
    for one in asked:
        with _unless_known(code, one, one.settled, changed, first):
            _ask(code, one, "ptr %state, ptr %why", found, wrong)
    for one in steps:
        with _unless_known(code, one, RESTLESS, changed, first):
            answer = code.let(f"call i64 @{one.symbol}(ptr %state, ptr %state, ptr {ignored})")
            code.bump(found, code.select(code.compare("ne", answer, 0), RESTLESS, 0), "or")
    code.ret(f"i64 {code.get(found)}")
    return code.text()


def asking_steps(asked: list[Asked], wrong: int, words: int) -> str:
    """``i64 @step(old, state, known, why)``: asks step promises about a transition; gives the flags of those
    found.  If ``known`` says STEADY, what reads the same in both states is not asked."""
    code = Code("define i64 @step(ptr %before, ptr %state, i64 %known, ptr %why)")
    found = code.slot("found")
    code.set(found, 0)
    changed = _changed(code, words)
    always = code.binary("xor", code.binary("lshr", "%known", 63), 1)
    for one in asked:
        with _unless_known(code, one, one.settled, changed, always):
            _ask(code, one, "ptr %before, ptr %state, ptr %why", found, wrong)
    code.ret(f"i64 {code.get(found)}")
    return code.text()


@contextmanager
def _unless_known(code: Code, one: Asked, settled: int, changed: list[Value], always: Value) -> Iterator[None]:
    """Runs what is inside where asking a promise may show something new."""
    differs = always
    for change, mask in zip(changed, one.reads, strict=True):
        differs = code.either(differs, code.both(change, mask))
    touched, ask, out = code.name("touched"), code.name("ask"), code.name("out")
    code.branch(code.compare("ne", differs, 0), touched, out)
    code.block(touched)
    code.branch(code.compare("eq", code.both("%known", settled), settled), out, ask)
    code.block(ask)
    yield
    code.block(out)


def _ask(code: Code, one: Asked, arguments: str, found: str, wrong: int) -> None:
    answer = code.let(f"call i64 @{one.symbol}({arguments})")
    with code.when(code.compare("ne", answer, 0)):
        bad = code.compare("eq", answer, 2)
        code.bump(found, code.select(bad, wrong, one.flag), "or")
        with code.when(bad):
            code.bump("%why", one.base, "or")


def _changed(code: Code, words: int) -> list[Value]:
    """The bits in which a state differs from the one before; all of them, if there is none."""
    slots = [code.slot("changed") for _ in range(words)]
    for slot in slots:
        code.set(slot, -1)
    with code.when(code.let("icmp ne ptr %before, null")):
        for k, slot in enumerate(slots):
            code.set(slot, code.binary("xor", code.get(code.at("%state", k)), code.get(code.at("%before", k))))
    return [code.get(slot) for slot in slots]


def deadlock(system: ir.System, layout: Layout) -> list[str]:
    """``i64 @deadlock(state)``: 1 if the state must not be without a transition."""
    code = Code("define i64 @deadlock(ptr noalias %state)")
    reader = Cells(code, layout, "%state")
    running: Value = 0 if system.roles else 1
    for role in system.roles:
        for actor in range(role.type.size):
            running = code.either(running, reader.read_code(role.pc, actor))
    moving = code.compare("ne", running, 0)
    texts = []
    if system.may_end is not None:
        end = ConditionCode("define i64 @may_end(ptr noalias %state, ptr noalias %why)", system, layout)
        texts.append(end.text(system.may_end, 1, 0, 0))
        why = code.slot("why")
        ends = code.let(f"call i64 @may_end(ptr %state, ptr {why})")
        moving = code.let(f"and i1 {moving}, {code.compare('eq', ends, 0)}")
    code.ret(f"i64 {code.widen(moving)}")
    return [*texts, code.text()]


def idle(system: ir.System, layout: Layout) -> str:
    """``i64 @idle(state)``: bit k is set if actor k is not in an operation."""
    code = Code("define i64 @idle(ptr noalias %state)")
    reader = Cells(code, layout, "%state")
    mask: Value = 0
    number = 0
    for role in system.roles:
        for actor in range(role.type.size):
            rests = code.widen(code.compare("eq", reader.read_code(role.pc, actor), 0))
            mask = code.either(mask, code.binary("shl", rests, number))
            number += 1
    code.ret(f"i64 {mask}")
    return code.text()


def normalise(system: ir.System, layout: Layout) -> str | None:
    """``i64 @normalise(state, before)``: numbers the values of each data sort by first appearance; gives 0.

    ``before`` is null, or a state in normal form: what holds the same values as that has nothing to rename."""
    if not system.data:
        return None
    code = Code("define i64 @normalise(ptr noalias %state, ptr %before)")
    held = layout.mask({field for sort in system.data for field in holders(system, sort)})
    differs: Value = 0
    for change, mask in zip(_changed(code, layout.words), held, strict=True):
        differs = code.either(differs, code.both(change, mask))
    with code.when(code.compare("eq", differs, 0)):
        code.ret("i64 0")
    cells = Cells(code, layout, "%state")
    for sort in system.data:
        _rename(cells, system, sort)
    code.ret("i64 0")
    return code.text()


def _rename(cells: Cells, system: ir.System, sort: IndexT) -> None:
    code, constants = cells.code, len(sort.constants)
    names, unused = code.slot("names", f"[{sort.size + 1} x i64]"), code.slot("unused")
    for value in range(sort.size + 1):
        code.set(code.at(names, value), value if value < constants else -1)
    code.set(unused, constants)
    for field in holders(system, sort):
        if isinstance(field.type, OptT):
            code.set(code.at(names, sort.size), sort.size)
        with code.counting(0, field.count) as here:
            name = code.at(names, cells.read_code(field, here))
            with code.when(code.compare("eq", code.get(name), -1)):
                code.set(name, code.get(unused))
                code.bump(unused)
            cells.write_code(field, here, code.get(name))


def expand(system: ir.System, layout: Layout, rules: list[Call], roles: list[list[Call]]) -> str:
    """``void @expand(ctx, state)``: the records of all transitions, by calling all procedures."""
    code = Code("define void @expand(ptr %ctx, ptr %state)")
    reader = Cells(code, layout, "%state")
    counters = pointer(code, Ctx.COUNTS)

    def call(callee: Call, who: Value, pc: Value) -> None:
        counts = code.at(counters, callee.first_count)
        code.emit(f"call void @{callee.symbol}(ptr %ctx, ptr %state, i64 {who}, i64 {pc}, "
                  f"i64 {callee.number << 16}, ptr {counts})")

    for rule in rules:
        call(rule, 0, 0)
    for role, operations in zip(system.roles, roles, strict=True):
        with code.counting(0, role.type.size) as who:
            pc = reader.read_code(role.pc, who)
            out, idle_, running = code.name("out"), code.name("idle"), code.name("running")
            code.branch(code.compare("eq", pc, 0), idle_, running)
            code.block(idle_)
            for callee in operations:
                call(callee, who, 0)
            code.jump(out)
            code.block(running)
            for callee, operation in zip(operations, role.operations, strict=True):
                for_it, other = code.name("goes"), code.name("other")
                mine = " ".join(f"i64 {y.pc}, label %{for_it}" for y in operation.yields)
                code.emit(f"switch i64 {pc}, label %{other} [{mine}]")
                code.ended = True
                code.block(for_it)
                call(callee, who, pc)
                code.jump(out)
                code.block(other)
            code.block(out)
    code.ret()
    return code.text()
