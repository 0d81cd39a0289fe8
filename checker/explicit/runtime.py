# SPDX-License-Identifier: GPL-2.0-or-later
"""The search itself as LLVM functions: queue and blocks of successors.

It depends on nothing but the number of words of a state, so it is compiled once
for each and calls the model's code through pointers in the context.  Any number
of threads may search, each with a context of its own: they take batches of states
from the queue, and stretches of indices for the states that they find.
"""

from __future__ import annotations

from checker.explicit.code import Code, Value
from checker.explicit.context import ERROR, RECORD_EXTRA, Ctx, load, member, pointer, shared
from checker.explicit.table import MIX, Table

BLOCK = 512
"""Records that are gathered before their buckets are visited."""
BATCH = 32
"""States that a thread takes from the queue at once."""
STRETCH = 256
"""Indices that a thread takes at once."""


class Runtime(Table):
    """Writes the functions for states of ``words`` words."""

    def __init__(self, words: int) -> None:
        super().__init__(words)
        self.record = words + RECORD_EXTRA

    def text(self) -> str:
        """All functions."""
        own = [self._digest(), self._append(), self._store(), self._take(), self._search(), self._add()]
        return "\n".join([super().text(), *own])

    # -- a block of records

    def _digest(self) -> str:
        """First half of a block: flags, promises of steps, normal form, hash.

        A record that leads to no state becomes its source state, which is known."""
        code = Code("define internal void @digest(ptr %ctx)")
        record, last, source_hash = code.slot("record", "ptr"), code.slot("last"), code.slot("source")
        end = pointer(code, Ctx.OUT)
        step, normalise = pointer(code, Ctx.STEP), pointer(code, Ctx.NORMALISE)
        code.set(record, pointer(code, Ctx.OUT_BASE), "ptr")
        code.set(last, -1)
        code.set(source_hash, 0)
        with code.loop(lambda: code.let(f"icmp ult ptr {code.get(record, 'ptr')}, {end}")):
            r = code.get(record, "ptr")
            origin = code.binary("lshr", code.get(code.at(r, self.words)), 32)
            source = self.state(code, origin)
            with code.when(code.compare("ne", origin, code.get(last))):
                code.set(last, origin)
                code.set(source_hash, code.let(f"call i64 @hash(ptr {source})"))
            self._judge(code, r, source, step)
            with code.when(code.let(f"icmp ne ptr {normalise}, null")):
                turn, turns = code.let(f"call i64 {normalise}(ptr {r}, ptr {source})"), pointer(code, Ctx.TURNS)
                with code.when(code.let(f"icmp ne ptr {turns}, null")):
                    code.set(code.at(turns, self._record_number(code, r)), turn)
            h = code.let(f"call i64 @hash(ptr {r})")
            code.set(code.at(r, self.words + 2), h)
            self.fetch(code, h)
            mixed = code.mul(code.binary("xor", code.mul(code.get(source_hash), MIX[2]), h), MIX[3])
            code.bump(member(code, Ctx.EDGE_HASH), code.binary("xor", mixed, code.binary("lshr", mixed, 31)))
            code.bump(member(code, Ctx.TRANSITIONS))
            code.set(record, code.at(r, self.record), "ptr")
        code.ret()
        return code.text()

    def _record_number(self, code: Code, record: str) -> Value:
        bytes_ = code.sub(*(code.let(f"ptrtoint ptr {p} to i64") for p in (record, pointer(code, Ctx.OUT_BASE))))
        return code.binary("udiv", bytes_, 8 * self.record)

    def _judge(self, code: Code, record: str, source: str, step: str) -> None:
        """Notes the edge promises that a record breaks."""
        flags = code.get(code.at(record, self.words + 1))
        odd, plain, out = code.name("odd"), code.name("plain"), code.name("out")
        code.branch(code.compare("slt", flags, 0), odd, plain)
        code.block(odd)
        code.bump(member(code, Ctx.EDGE_HASH), code.mul(code.add(code.get(record), 1), MIX[0]))
        self.copy(code, source, record)
        code.bump(member(code, Ctx.EDGE_FOUND), code.both(flags, ~ERROR), "or")
        code.jump(out)
        code.block(plain)
        code.bump(member(code, Ctx.EDGE_FOUND), flags, "or")
        with code.when(code.let(f"icmp ne ptr {step}, null")):
            broken = code.let(f"call i64 {step}(ptr {source}, ptr {record}, i64 {load(code, Ctx.EDGE_KNOWN)}, "
                              f"ptr {member(code, Ctx.WHY)})")
            code.bump(code.at(record, self.words + 1), broken, "or")
            code.bump(member(code, Ctx.EDGE_FOUND), broken, "or")
        code.block(out)

    def _store(self) -> str:
        """Second half of a block: new states get their places, then the promises look at them.

        Their indices and origins are moved to the front of the block."""
        code = Code("define internal i64 @store(ptr %ctx)")
        record, new, old = code.slot("record", "ptr"), code.slot("new", "ptr"), code.slot("old", "ptr")
        base, end = pointer(code, Ctx.OUT_BASE), pointer(code, Ctx.OUT)
        for place in (record, new, old):
            code.set(place, base, "ptr")
        most = load(code, Ctx.MOST)
        with code.loop(lambda: code.let(f"icmp ult ptr {code.get(record, 'ptr')}, {end}")):
            r = code.get(record, "ptr")
            with code.when(code.compare("eq", load(code, Ctx.SLOT), load(code, Ctx.SLOT_END))):
                self._stretch(code)
            h, index = code.get(code.at(r, self.words + 2)), load(code, Ctx.SLOT)
            may = code.compare("ult", index, most)
            absent = code.let(f"call i64 @insert(ptr %ctx, ptr {r}, i64 {h}, i64 {index}, i1 {may}, i1 true)")
            with code.when(code.bit(absent)):
                stored, dropped, out = code.name("stored"), code.name("dropped"), code.name("out")
                code.branch(may, stored, dropped)
                code.block(dropped)
                code.set(member(code, Ctx.CUT), 1)
                code.jump(out)
                code.block(stored)
                origin, after = code.get(code.at(r, self.words)), code.get(new, "ptr")
                code.emit(f"call void @append(ptr %ctx, ptr {r}, i64 {h}, i64 {index})")
                code.set(member(code, Ctx.SLOT), code.add(index, 1))
                code.set(after, index)
                code.set(code.at(after, 1), origin)
                code.set(new, code.at(after, 2), "ptr")
                code.block(out)
            code.set(record, code.at(r, self.record), "ptr")
        code.set(member(code, Ctx.OUT), base, "ptr")
        with code.loop(lambda: code.let(f"icmp ult ptr {code.get(old, 'ptr')}, {code.get(new, 'ptr')}")):
            this = code.get(old, "ptr")
            index, origin = code.get(this), code.get(code.at(this, 1))
            self._check(code, self.state(code, index), self.state(code, code.binary("lshr", origin, 32)))
            code.set(old, code.at(this, 2), "ptr")
        bytes_ = code.sub(*(code.let(f"ptrtoint ptr {p} to i64") for p in (code.get(new, "ptr"), base)))
        code.ret(f"i64 {code.binary('lshr', bytes_, 4)}")
        return code.text()

    def _stretch(self, code: Code) -> None:
        """Takes more indices for new states."""
        start = code.let(f"atomicrmw add ptr {shared(code, Ctx.COUNT)}, i64 {STRETCH} monotonic")
        code.set(member(code, Ctx.SLOT), start)
        code.set(member(code, Ctx.SLOT_END), code.add(start, STRETCH))

    def _check(self, code: Code, state: str, before: str) -> None:
        """Asks the promises about a new state that was reached from ``before``."""
        found = code.let(f"call i64 {pointer(code, Ctx.CHECK)}(ptr {state}, ptr {before}, "
                         f"i64 {load(code, Ctx.STATE_KNOWN)}, ptr {member(code, Ctx.WHY)})")
        code.bump(member(code, Ctx.STATE_FOUND), found, "or")

    def _append(self) -> str:
        """The state is stored: it has its place, and is part of the fingerprint."""
        code = Code("define internal void @append(ptr %ctx, ptr %state, i64 %h, i64 %index) alwaysinline")
        if self.words == 1:  # others are there before their slot is taken
            self.copy(code, "%state", self.state(code, "%index"))
        code.bump(member(code, Ctx.STATE_HASH), "%h")
        code.ret()
        return code.text()

    # -- entry points

    def _take(self) -> str:
        """Takes some states from the queue, up to index ``%stop``; 0 if there are none left."""
        code = Code("define internal i64 @take(ptr %ctx, i64 %stop)")
        next_ = shared(code, Ctx.NEXT)
        # what is taken beyond the end is given back: in between, others only see that nothing is left
        start = code.let(f"atomicrmw add ptr {next_}, i64 {BATCH} monotonic")
        end = code.add(start, BATCH)
        beyond = code.let(f"call i64 @llvm.usub.sat.i64(i64 {end}, i64 %stop)")
        beyond = code.let(f"call i64 @llvm.umin.i64(i64 {beyond}, i64 {BATCH})")
        with code.when(code.compare("ne", beyond, 0)):
            code.let(f"atomicrmw sub ptr {next_}, i64 {beyond} monotonic")
        code.set(member(code, Ctx.BATCH), start)
        code.set(member(code, Ctx.BATCH_END), code.sub(end, beyond))
        code.ret(f"i64 {code.widen(code.compare('ne', beyond, BATCH))}")
        return code.text()

    def _search(self) -> str:
        """``i64 @search(ctx, stop)``: expands states up to index ``stop``, together with other threads.
        0: done; 1: the table must grow first."""
        code = Code("define i64 @search(ptr %ctx, i64 %stop)")
        enough = code.slot("enough", "ptr")
        code.set(enough, code.at(pointer(code, Ctx.OUT_BASE), BLOCK * self.record), "ptr")
        expand, deadlock = pointer(code, Ctx.EXPAND), pointer(code, Ctx.DEADLOCK)
        more, taken, gathered = code.name("more"), code.name("taken"), code.name("gathered")
        code.again("again")
        with code.loop(lambda: code.let(f"icmp ult ptr {pointer(code, Ctx.OUT)}, {code.get(enough, 'ptr')}")):
            empty = code.compare("eq", load(code, Ctx.BATCH), load(code, Ctx.BATCH_END))
            code.branch(empty, more, taken)
            code.block(more)
            some = code.let("call i64 @take(ptr %ctx, i64 %stop)")
            code.branch(code.bit(some), taken, gathered)
            code.block(taken)
            index = load(code, Ctx.BATCH)
            state, before = self.state(code, index), pointer(code, Ctx.OUT)
            code.set(member(code, Ctx.ORIGIN), code.binary("shl", index, 32))
            code.emit(f"call void {expand}(ptr %ctx, ptr {state})")
            with code.when(code.let(f"icmp eq ptr {before}, {pointer(code, Ctx.OUT)}")):
                code.bump(member(code, Ctx.STUCK), code.let(f"call i64 {deadlock}(ptr {state})"), "or")
            code.set(member(code, Ctx.BATCH), code.add(index, 1))
        code.block(gathered)
        bytes_ = code.sub(*(code.let(f"ptrtoint ptr {pointer(code, p)} to i64") for p in (Ctx.OUT, Ctx.OUT_BASE)))
        work, done = code.name("work"), code.name("done")
        code.branch(code.compare("ne", bytes_, 0), work, done)
        code.block(done)
        code.ret("i64 0")
        code.block(work)
        records = code.binary("udiv", bytes_, 8 * self.record)
        fits, wait = code.name("fits"), code.name("wait")
        claimed = shared(code, Ctx.CLAIMED)
        before = code.let(f"atomicrmw add ptr {claimed}, i64 {records} monotonic")
        code.branch(code.compare("ule", code.add(before, records), load(code, Ctx.ROOM)), fits, wait)
        code.block(wait)
        code.let(f"atomicrmw sub ptr {claimed}, i64 {records} monotonic")
        code.ret("i64 1")
        code.block(fits)
        code.emit("call void @digest(ptr %ctx)")
        new = code.let("call i64 @store(ptr %ctx)")
        code.let(f"atomicrmw sub ptr {claimed}, i64 {code.sub(records, new)} monotonic")
        code.jump("again")
        return code.text()

    def _add(self) -> str:
        """``void @add(ctx, state)``: an initial state."""
        code = Code("define void @add(ptr %ctx, ptr %state)")
        h = code.let("call i64 @hash(ptr %state)")
        index = load(code, Ctx.COUNT)
        new = code.let(f"call i64 @insert(ptr %ctx, ptr %state, i64 {h}, i64 {index}, i1 true, i1 true)")
        with code.when(code.bit(new)):
            code.emit(f"call void @append(ptr %ctx, ptr %state, i64 {h}, i64 {index})")
            code.set(member(code, Ctx.COUNT), code.add(index, 1))
            self._check(code, "%state", "null")
        code.ret()
        return code.text()
