# SPDX-License-Identifier: GPL-2.0-or-later
"""A rule or an operation as one LLVM function.

``void (ctx, state, actor, pc, origin, counts)`` writes one record for each transition
of the procedure: for all parameters when it starts (pc 0), or from a yield point on.
``origin`` is its number, at its place in a record; ``counts`` its counters: one per
step (the beginning, then each yield point), then one per site.  So the text depends
on nothing but the procedure and the layout, and is found again compiled.
One *run* is one transition.  Where a step chooses, runs are repeated from the
source state, each with the next combination of choices, like an odometer.
"""

from __future__ import annotations

from checker.explicit.code import Code, Value, signed
from checker.explicit.context import ERROR, MOST_CHOICES, RECORD_EXTRA, Ctx, load, member, pointer
from checker.explicit.layout import Layout
from checker.explicit.result import NO_LOCK_LEFT, NO_MODEL_ERROR
from checker.explicit.statements import Statements
from checker.language import ir
from checker.language.errors import UsageError
from checker.language.types import LockT, OptT, Type

NONE_LEFT = -(1 << 63)
"""In the script: no further value for this choice."""


class EdgePromises:
    """Numbers of the promises that transitions can break."""

    def __init__(self, system: ir.System) -> None:
        steps = [p.name for p in system.promises if p.kind == "step"]
        self.names = list(dict.fromkeys([NO_MODEL_ERROR, NO_LOCK_LEFT, *steps, *system.assertions]))
        if len(self.names) > 63:
            raise UsageError(f"{len(self.names)} assertions and step invariants in one spec: 61 fit, split it")

    def flag(self, name: str) -> int:
        return 1 << self.names.index(name)


class Errors(list[tuple[str, str]]):
    """The ways in which one function can end in an error: the promise, and what happened where."""

    def number(self, name: str, text: str) -> int:
        if (name, text) not in self:
            self.append((name, text))
        return self.index((name, text))


class ProcedureCode(Statements):
    """Lowers one procedure.  ``errors`` are the ways it can fail, by number."""

    def __init__(self, head: str, procedure: ir.Procedure, role: int | None,
                 system: ir.System, layout: Layout, promises: EdgePromises) -> None:
        code = Code(head)
        super().__init__(code, system, layout, code.slot("words", f"[{layout.words} x i64]"))
        self.procedure = procedure
        self.role = None if role is None else system.roles[role]
        self.first_actor = sum(r.type.size for r in system.roles[:role])
        self.promises = promises
        self.errors = Errors()
        self.resumes: dict[int, str] = {}
        self.chooses = False
        self.flags = code.slot("flags")
        self.error = code.slot("error")
        self.step = code.slot("step")
        self.depth = code.slot("depth")
        self.known = code.slot("known")
        self.who: Value = "%actor" if self.role is None or self.role.type.size > 1 else 0
        self.holes: dict[int, Value] = {}
        self.ends: dict[str, str] = {}
        """Where runs end that break a promise, by its name."""
        self.sites = [code.slot("sites") for _ in range(0, len(procedure.sites), 64)]

    def text(self) -> str:
        """The function."""
        code, procedure = self.code, self.procedure
        source = [code.get(code.at("%state", k)) for k in range(self.layout.words)]
        self.holes = self._holes()
        code.set(self.known, 0)
        slots = [(self.local(name), procedure.locals[name]) for name in procedure.params]
        for slot, type_ in slots:
            code.set(slot, type_.low)
        parameters = [code.slot("p") for _ in slots]
        for parameter, (_, type_) in zip(parameters, slots, strict=True):
            code.set(parameter, type_.low)
        code.again("run")
        before_run = code.place()
        code.ended = True
        code.block("begin")
        self.statements(procedure.body)
        if not code.ended:
            code.jump("finish")
        self._finish()
        self._emit()
        self._fail()
        self._next(parameters, [type_ for _, type_ in slots])
        with code.inserting(before_run):  # only now all locals and yields are known
            self._begin_run(source, parameters)
        return code.text()

    def _begin_run(self, words: list[str], parameters: list[str]) -> None:
        """The beginning of each run: everything as in the source state."""
        code = self.code
        for k, word in enumerate(words):
            code.set(code.at(self.words, k), word)
        for variable in (self.flags, self.depth, self.step, *self.sites):
            code.set(variable, 0)
        # Other locals need no value: what may be read before it is assigned has been refused.
        for name, parameter in zip(self.procedure.params, parameters, strict=True):
            code.set(self.locals[name], code.get(parameter))
        if self.procedure.actor in self.locals:
            code.set(self.locals[self.procedure.actor], self.who)
        cases = " ".join(f"i64 {pc}, label %{label}" for pc, label in self.resumes.items())
        code.emit(f"switch i64 %pc, label %begin [{cases}]")

    # -- statements

    def statement(self, s: ir.Stmt) -> None:
        code = self.code
        match s:
            case ir.Store():
                value = self.to_code(self.value(s.value), s.field.type)
                self.write_code(s.field, self.index(s.field, tuple(self.value(i) for i in s.indices)), value)
            case ir.Require():
                good = code.name("good")
                self.test(s.condition, good, "next")
                code.block(good)
            case ir.Expect():
                good, bad = code.name("good"), code.name("bad")
                self.test(s.condition, good, bad)
                code.block(bad)
                code.bump(self.flags, self.promises.flag(self.system.assertions[s.promise]), "or")
                code.block(good)
            case ir.Choose():
                self._choose(s)
            case ir.Hold():
                self.statements(s.body)
            case ir.Yield():
                self._yield(s)
            case _:
                super().statement(s)

    def passed(self, site: int) -> None:
        self.code.bump(self.sites[site // 64], signed(1 << site % 64), "or")

    def broken(self, s: ir.Assert) -> None:
        text = self.system.assertions[s.promise]
        self._error(text, s.pos, f"assertion failed: {text}")

    def _choose(self, s: ir.Choose) -> None:
        """Takes the first value from where the script says, and notes the one after it."""
        code, domain = self.code, s.domain
        self.chooses = True
        low, high = self.value(domain.lo), self.value(domain.hi)
        depth = code.get(self.depth)
        self.require(code.compare("ult", depth, MOST_CHOICES), s.pos, f"more than {MOST_CHOICES} choices in one step")
        code.set(self.depth, code.add(depth, 1))
        taken = code.at(pointer(code, Ctx.SCRIPT), depth)
        following = code.at(taken, MOST_CHOICES)
        code.set(following, NONE_LEFT)  # where this choice fails or waits there is no other one to try
        planned = code.compare("ult", depth, code.get(self.known))
        start = code.select(planned, code.get(taken), low)
        pick, after = code.slot("pick"), code.slot("after")
        code.set(pick, NONE_LEFT)
        code.set(after, NONE_LEFT)
        if s.where is None:
            with code.when(code.compare("slt", start, high)):
                code.set(pick, start)
                beyond = code.add(start, 1)
                code.set(after, code.select(code.compare("slt", beyond, high), beyond, NONE_LEFT))
        else:
            self._candidates(s, low, high, start, pick, after)
        picked = code.get(pick)
        empty, some, out = code.name("empty"), code.name("some"), code.name("out")
        code.branch(code.compare("eq", picked, NONE_LEFT), empty, some)
        code.block(some)
        code.set(taken, picked)
        code.set(following, code.get(after))
        result = self.to_code(picked, domain.type) if s.empty == "none" else picked
        code.set(self.local(s.name), result)
        code.jump(out)
        code.block(empty)
        if s.empty == "block":
            code.jump("next")
        elif s.empty == "error":
            self.failure(s.pos, f"nothing to choose from: {s.text}" if s.text else "nothing to choose from")
        else:
            code.set(taken, low)
            code.set(following, NONE_LEFT)
            code.set(self.local(s.name), OptT(domain.type).none)
        code.block(out)

    def _candidates(self, s: ir.Choose, low: Value, high: Value, start: Value, pick: str, after: str) -> None:
        """Looks at every candidate, as Python does: a failing condition is an error whichever is taken."""
        code = self.code
        assert s.where is not None
        candidate = self.local(s.candidate)
        with code.counting(low, high) as value:
            goes_on, good = code.name("next"), code.name("good")
            code.set(candidate, value)
            self.test(s.where, good, goes_on)
            code.block(good)
            had = code.get(pick)
            missing = code.compare("eq", had, NONE_LEFT)
            due = code.compare("sge", value, start)
            code.set(pick, code.select(code.let(f"and i1 {missing}, {due}"), value, had))
            then = code.get(after)
            second = code.let(f"and i1 {code.compare('ne', had, NONE_LEFT)}, {code.compare('eq', then, NONE_LEFT)}")
            code.set(after, code.select(second, value, then))
            code.block(goes_on)

    # -- the ends of a run

    def _error(self, promise: str, pos: ir.Pos, message: str) -> None:
        number = self.errors.number(promise, f"{pos}: {message}")
        self.code.set(self.error, number)
        if promise not in self.ends:
            self.ends[promise] = self.code.name("fail")
        self.code.jump(self.ends[promise])

    def failure(self, pos: ir.Pos, message: str) -> None:
        self._error(NO_MODEL_ERROR, pos, message)

    def _frame(self, point: ir.YieldPoint | None) -> None:
        """Sets pc and slots of the actor, as they are behind a yield or at the end."""
        assert self.role is not None
        code = self.code
        values: dict[ir.Field, Value] = {}
        if point is not None:
            for name, slot in point.live:
                field = self.role.slots[slot]
                values[field] = self.to_code(self.held(name, self.procedure.locals[name]), field.type)
            values[self.role.pc] = point.pc
        for word, hole in self.holes.items():
            place = code.at(self.words, word)
            whole = code.both(code.get(place), hole)
            for field, value in values.items():
                if self.layout[field].word == word and self._small(field):
                    whole = code.either(whole, code.binary("shl", value, self.spot(self.layout[field], self.who)[1]))
            code.set(place, whole)
        for field in (self.role.pc, *self.role.slots):
            if not self._small(field):
                self.write_code(field, self.who, values.get(field, 0))

    def _small(self, field: ir.Field) -> bool:
        """Whether a field of the frame is in one word, for all actors of the role."""
        return self.layout[field].words == 1

    def _holes(self) -> dict[int, Value]:
        """By word: all its bits but those of the actor's pc and slots."""
        code, bits = self.code, dict[int, Value]()
        for field in () if self.role is None else (self.role.pc, *self.role.slots):
            place = self.layout[field]
            if self._small(field) and place.bits:
                own = code.binary("shl", signed(place.mask), self.spot(place, self.who)[1])
                bits[place.word] = code.either(bits.get(place.word, 0), own)
        return {word: code.binary("xor", own, -1) for word, own in bits.items()}

    def _yield(self, s: ir.Yield) -> None:
        assert self.role is not None
        code, point = self.code, self.procedure.yields[s.point]
        self._frame(point)
        code.jump("emit")
        label = code.name("resume")
        code.block(label)
        self.resumes[point.pc] = label
        code.set(self.step, s.point + 1)
        for name, slot in point.live:
            field = self.role.slots[slot]
            code.set(self.local(name), self.from_code(self.read_code(field, self.who), field.type))

    def _finish(self) -> None:
        code = self.code
        code.block("finish")
        if self.role is not None:
            self._frame(None)
            mine = code.add(self.who, self.first_actor + 1)
            for field in self.system.fields:
                if isinstance(field.type, LockT):
                    self._left_behind(field, mine)
        code.jump("emit")

    def _left_behind(self, field: ir.Field, mine: Value) -> None:
        code = self.code
        with code.counting(0, field.count) as k, code.when(code.compare("eq", self.read_code(field, k), mine)):
            code.bump(self.flags, self.promises.flag(NO_LOCK_LEFT), "or")

    def _record(self, words: list[Value], flags: Value) -> None:
        code = self.code
        record = pointer(code, Ctx.OUT)
        for k, word in enumerate(words):
            code.set(code.at(record, k), word)
        who = 0 if self.role is None else code.add(self.who, self.first_actor + 1)
        origin = code.either(code.add(load(code, Ctx.ORIGIN), "%origin"), who)
        code.set(code.at(record, self.layout.words), origin)
        code.set(code.at(record, self.layout.words + 1), flags)
        following = code.at(record, self.layout.words + RECORD_EXTRA)
        fits = code.let(f"icmp ult ptr {following}, {pointer(code, Ctx.OUT_END)}")
        code.set(member(code, Ctx.OUT), code.let(f"select i1 {fits}, ptr {following}, ptr {record}"), "ptr")
        with code.when(code.let(f"xor i1 {fits}, true")):
            code.set(member(code, Ctx.FULL), 1)

    def _emit(self) -> None:
        code = self.code
        code.block("emit")
        self._record([code.get(code.at(self.words, k)) for k in range(self.layout.words)], code.get(self.flags))
        code.bump(code.at("%counts", code.get(self.step)))
        steps = 1 + len(self.procedure.yields)
        for k, mask in enumerate(self.sites):
            self._count(code.at("%counts", steps + 64 * k), mask)
        code.jump("next")

    def _count(self, counts: str, mask: str) -> None:
        """Counts the branches of a mask."""
        code = self.code
        with code.loop(lambda: code.compare("ne", code.get(mask), 0)):
            left = code.get(mask)
            site = code.let(f"call i64 @llvm.cttz.i64(i64 {left}, i1 true)")
            code.bump(code.at(counts, site))
            code.set(mask, code.both(left, code.sub(left, 1)))

    def _fail(self) -> None:
        code = self.code
        for promise, label in self.ends.items():
            code.block(label)
            code.bump(self.flags, self.promises.flag(promise), "or")
            code.jump("fail")
        code.block("fail")
        error = code.either(code.get(self.error), "%origin")
        words: list[Value] = [error, *[0] * (self.layout.words - 1)]
        self._record(words, code.either(code.get(self.flags), ERROR))
        code.jump("next")

    # -- from one run to the next

    def _next(self, parameters: list[str], types: list[Type]) -> None:
        code = self.code
        code.block("next")
        if self.chooses:
            self._odometer()
        if self.resumes:
            starting, done = code.name("starting"), code.name("done")
            code.branch(code.compare("eq", "%pc", 0), starting, done)
            code.block(done)
            code.ret()
            code.block(starting)
        for parameter, type_ in zip(reversed(parameters), reversed(types), strict=True):
            again, over = code.name("again"), code.name("over")
            following = code.add(code.get(parameter), 1)
            code.branch(code.compare("slt", following, type_.low + type_.card), again, over)
            code.block(again)
            code.set(parameter, following)
            code.jump("run")
            code.block(over)
            code.set(parameter, type_.low)
        code.ret()

    def _odometer(self) -> None:
        """Moves on the last choice that has another value, and runs again."""
        code = self.code
        script = pointer(code, Ctx.SCRIPT)
        code.set(self.known, code.get(self.depth))
        with code.loop(lambda: code.compare("ne", code.get(self.known), 0)):
            last = code.sub(code.get(self.known), 1)
            taken = code.at(script, last)
            following = code.get(code.at(taken, MOST_CHOICES))
            again, exhausted = code.name("again"), code.name("exhausted")
            code.branch(code.compare("ne", following, NONE_LEFT), again, exhausted)
            code.block(again)
            code.set(taken, following)
            code.jump("run")
            code.block(exhausted)
            code.set(self.known, last)
