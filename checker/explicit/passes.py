# SPDX-License-Identifier: GPL-2.0-or-later
"""Passes over the states after the search, as LLVM functions.

``sweep`` finds out who can get back to idle; ``mark`` and ``back`` follow the
shortest ways from what was found back to the initial states.  All of them
expand the states again instead of having stored the edges.
"""

from __future__ import annotations

from collections.abc import Callable

from checker.explicit.code import Code, Value
from checker.explicit.context import ERROR, Ctx, load, member, pointer
from checker.explicit.runtime import Runtime

CHUNK = 64
"""States that are expanded together, so that their successors are looked up together."""
BEST = 255
"""A cost is kept as BEST - switches, so that fresh memory means that there is no way."""


class Passes(Runtime):
    """Writes the functions of the search and of the passes."""

    def text(self) -> str:
        finish = [self._begin(), self._turned(), self._sweep(), self._caught()]
        ways = [self._seat(), self._reach(), self._stand(), self._mark(), self._back()]
        return "\n".join([super().text(), self._resolve(), *finish, *ways])

    def _resolve(self) -> str:
        """``void @resolve(ctx, from, to, some)``: the records of some states, with the indices of their
        successors (-1: not stored).  With ``some``, states that everybody can leave are left out."""
        code = Code("define void @resolve(ptr %ctx, i64 %from, i64 %to, i64 %some)")
        base, expand, deadlock = (pointer(code, p) for p in (Ctx.OUT_BASE, Ctx.EXPAND, Ctx.DEADLOCK))
        code.set(member(code, Ctx.OUT), base, "ptr")
        record = code.slot("record", "ptr")
        with code.counting("%from", "%to") as index:
            skip = code.name("skip")
            wanted, needed = code.name("wanted"), code.name("needed")
            code.branch(code.compare("eq", "%some", 0), wanted, needed)
            code.block(needed)
            code.branch(code.compare("eq", self._finish(code, index), self._everybody(code)), skip, wanted)
            code.block(wanted)
            before, state = pointer(code, Ctx.OUT), self.state(code, index)
            code.set(member(code, Ctx.ORIGIN), code.binary("shl", index, 32))
            code.emit(f"call void {expand}(ptr %ctx, ptr {state})")
            targets = load(code, Ctx.DEADLOCK_TARGET)
            still = code.let(f"icmp eq ptr {before}, {pointer(code, Ctx.OUT)}")
            with code.when(code.let(f"and i1 {still}, {code.compare('ne', targets, 0)}")):
                stuck = code.let(f"call i64 {deadlock}(ptr {state})")
                code.emit(f"call void @reach(ptr %ctx, i64 {index}, i64 {code.mul(stuck, targets)}, i64 0, "
                          "ptr null, ptr null)")
            code.block(skip)
        code.emit("call void @digest(ptr %ctx)")
        code.set(record, base, "ptr")
        end = pointer(code, Ctx.OUT)
        with code.loop(lambda: code.let(f"icmp ult ptr {code.get(record, 'ptr')}, {end}")):
            r = code.get(record, "ptr")
            place = code.at(r, self.words + 2)
            code.set(place, code.let(f"call i64 @find(ptr %ctx, ptr {r}, i64 {code.get(place)})"))
            code.set(record, code.at(r, self.record), "ptr")
        code.ret()
        return code.text()

    def _finish_place(self, code: Code, index: Value) -> str:
        return code.at(pointer(code, Ctx.FINISH), index, "i32")

    def _finish(self, code: Code, index: Value) -> str:
        narrow = code.get(self._finish_place(code, index), "i32")
        return code.let(f"zext i32 {narrow} to i64")

    def _everybody(self, code: Code) -> Value:
        return code.sub(code.binary("shl", 1, load(code, Ctx.ACTORS)), 1)

    def _idle(self, code: Code, index: Value) -> str:
        return code.let(f"call i64 {pointer(code, Ctx.IDLE)}(ptr {self.state(code, index)})")

    # -- who can get back to idle

    def _begin(self) -> str:
        """``void @begin(ctx, from, to)``: who is idle gets back to idle."""
        code = Code("define void @begin(ptr %ctx, i64 %from, i64 %to)")

        def one(index: str) -> None:
            idle = code.let(f"trunc i64 {self._idle(code, index)} to i32")
            code.set(self._finish_place(code, index), idle, "i32")

        self._each(code, one)
        code.ret()
        return code.text()

    def _each(self, code: Code, body: Callable[[str], None]) -> None:
        with code.counting("%from", "%to") as index:
            body(index)

    def _sweep(self) -> str:
        """``i64 @sweep(ctx, from, to)``: one sweep from high indices to low; how many entries changed."""
        code = Code("define i64 @sweep(ptr %ctx, i64 %from, i64 %to)")
        high, changed, record = code.slot("high"), code.slot("changed"), code.slot("record", "ptr")
        code.set(high, "%to")
        code.set(changed, 0)
        base = pointer(code, Ctx.OUT_BASE)
        with code.loop(lambda: code.compare("ugt", code.get(high), "%from")):
            top = code.get(high)
            low = code.let(f"call i64 @llvm.usub.sat.i64(i64 {top}, i64 {CHUNK})")
            low = code.let(f"call i64 @llvm.umax.i64(i64 {low}, i64 %from)")
            code.emit(f"call void @resolve(ptr %ctx, i64 {low}, i64 {top}, i64 1)")
            code.set(record, pointer(code, Ctx.OUT), "ptr")
            with code.loop(lambda: code.let(f"icmp ugt ptr {code.get(record, 'ptr')}, {base}")):
                r = code.at(code.get(record, "ptr"), -self.record)
                code.set(record, r, "ptr")
                with code.when(code.compare("sge", code.get(code.at(r, self.words + 2)), 0)):
                    self._follow(code, r, changed)
            code.set(high, low)
        code.ret(f"i64 {code.get(changed)}")
        return code.text()

    def _follow(self, code: Code, r: str, changed: str) -> None:
        """Who can finish behind a transition can finish before it.  An actor that runs into an
        error stops there: that has a promise of its own, it is not waiting."""
        origin = code.get(code.at(r, self.words))
        source = code.binary("lshr", origin, 32)
        old = self._finish(code, source)
        behind = self._finish(code, code.get(code.at(r, self.words + 2)))
        behind = code.let(f"call i64 @turned(ptr %ctx, i64 {behind}, ptr {self._turn(code, r)})")
        stopped = code.binary("lshr", code.binary("shl", 1, code.both(origin, 0xFFFF)), 1)
        error = code.compare("slt", code.get(code.at(r, self.words + 1)), 0)
        new = code.either(old, code.select(error, stopped, behind))
        code.set(self._finish_place(code, source), code.let(f"trunc i64 {new} to i32"), "i32")
        code.bump(changed, code.widen(code.compare("ne", old, new)))

    def _turn(self, code: Code, record: str) -> str:
        """Where the turn of a record is, or null."""
        turns = pointer(code, Ctx.TURNS)
        place = code.at(turns, self._record_number(code, record))
        return code.let(f"select i1 {code.let(f'icmp eq ptr {turns}, null')}, ptr null, ptr {place}")

    def _turned(self) -> str:
        """``i64 @turned(ctx, actors, turn)``: a set of actors, by their numbers before they were renamed."""
        code = Code("define internal i64 @turned(ptr %ctx, i64 %actors, ptr %turn)")
        with code.when(code.let("icmp eq ptr %turn, null")):
            code.ret("i64 %actors")
        turn, before = code.get("%turn"), code.slot("before")
        code.set(before, 0)
        with code.counting(0, load(code, Ctx.ACTORS)) as actor:
            new = code.both(code.binary("lshr", turn, code.mul(actor, 4)), 15)
            bit = code.both(code.binary("lshr", "%actors", new), 1)
            code.bump(before, code.binary("shl", bit, actor), "or")
        code.ret(f"i64 {code.get(before)}")
        return code.text()

    def _caught(self) -> str:
        """``i64 @caught(ctx, from, to)``: the first state with an actor that never gets back, or ``to``."""
        code = Code("define i64 @caught(ptr %ctx, i64 %from, i64 %to)")

        def one(index: str) -> None:
            with code.when(code.compare("ne", self._finish(code, index), self._everybody(code))):
                code.ret(f"i64 {index}")

        self._each(code, one)
        code.ret("i64 %to")
        return code.text()

    # -- the shortest ways back

    def _reach(self) -> str:
        """``void @reach(ctx, state, findings, actor, target, turn)``: from this state, a step of ``actor``
        leads to the findings: at once (target null), or on a way whose costs are at ``target``,
        where actors have turned."""
        code = Code("define internal void @reach(ptr %ctx, i64 %state, i64 %findings, i64 %actor, ptr %target, "
                    "ptr %turn)")
        rest = code.slot("rest")
        code.set(rest, "%findings")
        marks = code.at(pointer(code, Ctx.MARKS), "%state")
        code.bump(marks, "%findings", "or")
        row = self._costs(code, "%state")
        each = code.add(load(code, Ctx.ACTORS), 1)
        at_once = code.let("icmp eq ptr %target, null")
        nobody = code.compare("eq", "%actor", 0)
        with code.loop(lambda: code.compare("ne", code.get(rest), 0)):
            left = code.get(rest)
            place = code.mul(self.first(code, left), each)
            with code.counting(0, each) as before:
                after = code.select(nobody, before, "%actor")
                ahead = code.slot("ahead")
                code.set(ahead, BEST)
                with code.when(code.let(f"xor i1 {at_once}, true")):
                    there = code.let(f"call i64 @seat(i64 {after}, ptr %turn)")
                    byte = code.get(code.at("%target", code.add(place, there), "i8"), "i8")
                    code.set(ahead, code.let(f"zext i8 {byte} to i64"))
                other = code.let(f"and i1 {code.compare('ne', before, 0)}, {code.compare('ne', before, after)}")
                cost = code.let(f"call i64 @llvm.usub.sat.i64(i64 {code.get(ahead)}, i64 {code.widen(other)})")
                cost = code.let(f"call i64 @llvm.umax.i64(i64 {cost}, i64 1)")
                mine = code.at(row, code.add(place, before), "i8")
                known = code.let(f"zext i8 {code.get(mine, 'i8')} to i64")
                best = code.let(f"call i64 @llvm.umax.i64(i64 {cost}, i64 {known})")
                code.set(mine, code.let(f"trunc i64 {best} to i8"), "i8")
            code.set(rest, code.both(left, code.sub(left, 1)))
        code.ret()
        return code.text()

    def _stand(self) -> str:
        """``void @stand(ctx, index, findings)``: marks one state as the end of some findings."""
        code = Code("define void @stand(ptr %ctx, i64 %index, i64 %findings)")
        code.emit("call void @reach(ptr %ctx, i64 %index, i64 %findings, i64 0, ptr null, ptr null)")
        code.ret()
        return code.text()

    def _seat(self) -> str:
        """``i64 @seat(actor, turn)``: the new number of an actor; both count from 1, 0 is nobody."""
        code = Code("define internal i64 @seat(i64 %actor, ptr %turn) alwaysinline")
        plain, nobody = code.let("icmp eq ptr %turn, null"), code.compare("eq", "%actor", 0)
        with code.when(code.let(f"or i1 {plain}, {nobody}")):
            code.ret("i64 %actor")
        bits = code.binary("lshr", code.get("%turn"), code.mul(code.sub("%actor", 1), 4))
        code.ret(f"i64 {code.add(code.both(bits, 15), 1)}")
        return code.text()

    def _costs(self, code: Code, index: Value) -> str:
        return code.at(pointer(code, Ctx.COSTS), code.mul(index, load(code, Ctx.STRIDE)), "i8")

    def _translate(self, code: Code, flags: Value, table: str) -> str:
        """The findings that a set of promises gives, by a table of 64 words."""
        rest, findings = code.slot("rest"), code.slot("findings")
        code.set(rest, flags)
        code.set(findings, 0)
        with code.loop(lambda: code.compare("ne", code.get(rest), 0)):
            left = code.get(rest)
            code.bump(findings, code.get(code.at(table, self.first(code, left))), "or")
            code.set(rest, code.both(left, code.sub(left, 1)))
        return code.get(findings)

    def _mark(self) -> str:
        """``void @mark(ctx, from, to)``: marks the states that are findings themselves."""
        code = Code("define void @mark(ptr %ctx, i64 %from, i64 %to)")

        def one(index: str) -> None:
            state = self.state(code, index)
            flags = code.let(f"call i64 {pointer(code, Ctx.CHECK)}(ptr {state}, ptr null, i64 0, "
                            f"ptr {member(code, Ctx.WHY)})")
            findings = code.slot("all")
            code.set(findings, self._translate(code, flags, pointer(code, Ctx.STATE_TARGETS)))
            endless = load(code, Ctx.FINISH_TARGET)
            with code.when(code.compare("ne", endless, 0)):
                caught = code.widen(code.compare("ne", self._finish(code, index), self._everybody(code)))
                code.bump(findings, code.mul(caught, endless), "or")
            with code.when(code.compare("ne", code.get(findings), 0)):
                code.emit(f"call void @reach(ptr %ctx, i64 {index}, i64 {code.get(findings)}, i64 0, "
                          "ptr null, ptr null)")

        self._each(code, one)
        code.ret()
        return code.text()

    def _back(self) -> str:
        """``void @back(ctx, from, to, end)``: for states of one layer, which ends at ``end``: the ways
        over one more edge to what is marked in the next layer, and edges that are findings."""
        code = Code("define void @back(ptr %ctx, i64 %from, i64 %to, i64 %end)")
        low, record = code.slot("low"), code.slot("record", "ptr")
        code.set(low, "%from")
        base = pointer(code, Ctx.OUT_BASE)
        with code.loop(lambda: code.compare("ult", code.get(low), "%to")):
            bottom = code.get(low)
            top = code.let(f"call i64 @llvm.umin.i64(i64 {code.add(bottom, CHUNK)}, i64 %to)")
            code.emit(f"call void @resolve(ptr %ctx, i64 {bottom}, i64 {top}, i64 0)")
            code.set(record, base, "ptr")
            out_end = pointer(code, Ctx.OUT)
            with code.loop(lambda: code.let(f"icmp ult ptr {code.get(record, 'ptr')}, {out_end}")):
                self._edge(code, code.get(record, "ptr"))
                code.set(record, code.at(code.get(record, "ptr"), self.record), "ptr")
            code.set(low, top)
        code.ret()
        return code.text()

    def _edge(self, code: Code, r: str) -> None:
        origin = code.get(code.at(r, self.words))
        source, actor = code.binary("lshr", origin, 32), code.both(origin, 0xFFFF)
        flags = code.both(code.get(code.at(r, self.words + 1)), ~ERROR)
        with code.when(code.compare("ne", flags, 0)):
            here = self._translate(code, flags, pointer(code, Ctx.EDGE_TARGETS))
            with code.when(code.compare("ne", here, 0)):
                code.emit(f"call void @reach(ptr %ctx, i64 {source}, i64 {here}, i64 {actor}, "
                          "ptr null, ptr null)")
        target = code.get(code.at(r, self.words + 2))
        with code.when(code.compare("sge", target, "%end")):
            marked = code.both(code.get(code.at(pointer(code, Ctx.MARKS), target)), load(code, Ctx.LIVE))
            with code.when(code.compare("ne", marked, 0)):
                costs = self._costs(code, target)
                code.emit(f"call void @reach(ptr %ctx, i64 {source}, i64 {marked}, i64 {actor}, "
                          f"ptr {costs}, ptr {self._turn(code, r)})")
