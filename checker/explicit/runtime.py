# SPDX-License-Identifier: GPL-2.0-or-later
"""The search itself as LLVM functions: queue, hash table, blocks of successors.

It depends on nothing but the number of words of a state, so it is compiled once
for each and calls the model's code through pointers in the context.

The table has buckets of eight 64-bit slots, one cache line each, which are
compared by one instruction.  0 is an empty slot.  A state of one word is stored
itself, plus one; of a longer state the table has 32 bits of the hash above
index + 1, and the words are compared in full.  A full bucket overflows into the
next one.
"""

from __future__ import annotations

from checker.explicit.code import Code, Value, signed
from checker.explicit.context import ERROR, RECORD_EXTRA, Ctx, load, member, pointer

LANES = 8
BLOCK = 512
"""Records that are gathered before their buckets are visited."""
AHEAD = 16
"""How far ahead a bucket is fetched when the table is filled again."""
_MIX = tuple(signed(k) for k in (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD))
_LANES = f"<{LANES} x i64>"


class Runtime:
    """Writes the functions for states of ``words`` words."""

    def __init__(self, words: int) -> None:
        self.words = words
        self.record = words + RECORD_EXTRA

    def text(self) -> str:
        """All functions, and what they need declared."""
        parts = [
            "declare i64 @llvm.cttz.i64(i64, i1)",
            "declare i64 @llvm.umin.i64(i64, i64)",
            "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)",
            self._hash(), self._find(), self._insert(), self._digest(), self._store(),
            self._search(), self._rebuild(), self._add(), self._number(),
        ]
        return "\n".join(parts)

    # -- pieces that are inlined

    def _hash(self) -> str:
        code = Code("define internal i64 @hash(ptr %state) alwaysinline")
        h: Value = 0
        for k in range(self.words):
            word = code.get(code.at("%state", k))
            h = code.mul(code.binary("xor", h, word), _MIX[0])
            h = code.binary("xor", h, code.binary("lshr", h, 32))
        h = code.mul(h, _MIX[1])
        code.ret(f"i64 {code.binary('xor', h, code.binary('lshr', h, 29))}")
        return code.text()

    def _key(self, code: Code, state: str, h: Value) -> Value:
        """What a slot of the table holds of a state (its upper half, for more than one word)."""
        if self.words == 1:
            return code.add(code.get(state), 1)
        return code.binary("lshr", h, 32)

    def _bucket(self, code: Code, number: Value) -> str:
        return code.at(pointer(code, Ctx.TABLE), code.mul(number, LANES))

    def _lanes(self, code: Code, bucket: str) -> str:
        return code.let(f"load {_LANES}, ptr {bucket}, align 64")

    def _equal(self, code: Code, lanes: str, wanted: Value) -> str:
        """The set of lanes that hold a value."""
        one = code.let(f"insertelement {_LANES} poison, i64 {wanted}, i64 0")
        all_ = code.let(f"shufflevector {_LANES} {one}, {_LANES} poison, <{LANES} x i32> zeroinitializer")
        hits = code.let(f"icmp eq {_LANES} {lanes}, {all_}")
        return code.let(f"zext i{LANES} {code.let(f'bitcast <{LANES} x i1> {hits} to i{LANES}')} to i64")

    def _first(self, code: Code, mask: str) -> str:
        return code.let(f"call i64 @llvm.cttz.i64(i64 {mask}, i1 true)")

    def _probe(self, code: Code, found: str) -> tuple[str, str, str]:
        """Goes from bucket to bucket; jumps to ``found`` with the slot's address in the
        variable that is returned first, or goes on with the lanes of a bucket that has an
        empty slot and does not hold the state.  Then: address of the bucket, its empty lanes."""
        at, number, hits = code.slot("at", "ptr"), code.slot("number"), code.slot("hits")
        code.set(number, code.both("%h", load(code, Ctx.BUCKETS)))
        key = self._key(code, "%state", "%h")
        probe, absent = code.name("probe"), code.name("absent")
        code.block(probe)
        bucket = self._bucket(code, code.get(number))
        lanes = self._lanes(code, bucket)
        wanted = lanes
        if self.words > 1:
            wanted = code.let(f"lshr {_LANES} {lanes}, splat (i64 32)")
        code.set(hits, self._equal(code, wanted, key))
        with code.loop(lambda: code.compare("ne", code.get(hits), 0)):
            mask = code.get(hits)
            slot = code.at(bucket, self._first(code, mask))
            code.set(at, slot, "ptr")
            if self.words == 1:
                code.jump(found)
            else:
                entry = code.both(code.get(slot), 0xFFFFFFFF)
                same, other = code.name("same"), code.name("other")
                # an empty slot looks like hash 0: its index is 0 - 1
                code.branch(code.compare("ne", entry, 0), same, other)
                code.block(same)
                stored = self.state(code, code.sub(entry, 1))
                differs: Value = 0
                for k in range(self.words):
                    pair = (code.get(code.at(stored, k)), code.get(code.at("%state", k)))
                    differs = code.either(differs, code.binary("xor", *pair))
                code.branch(code.compare("eq", differs, 0), found, other)
                code.block(other)
                code.set(hits, code.both(mask, code.sub(mask, 1)))
        empty = self._equal(code, lanes, 0)
        full = code.name("full")
        code.branch(code.compare("ne", empty, 0), absent, full)
        code.block(full)
        code.set(number, code.both(code.add(code.get(number), 1), load(code, Ctx.BUCKETS)))
        code.jump(probe)
        code.block(absent)
        return at, bucket, empty

    def state(self, code: Code, index: Value) -> str:
        return code.at(pointer(code, Ctx.STATES), code.mul(index, self.words))

    def _find(self) -> str:
        """Index of a state, or -1.  States of one word need the numbers of ``_number``."""
        code = Code("define internal i64 @find(ptr %ctx, ptr %state, i64 %h) alwaysinline")
        at, _, _ = self._probe(code, "found")
        code.ret("i64 -1")
        code.block("found")
        slot = code.get(at, "ptr")
        if self.words == 1:
            index = code.get(self._twin(code, slot), "i32")
            code.ret(f"i64 {code.let(f'zext i32 {index} to i64')}")
        else:
            code.ret(f"i64 {code.sub(code.both(code.get(slot), 0xFFFFFFFF), 1)}")
        return code.text()

    def _twin(self, code: Code, slot: str) -> str:
        """The place in INDEX that belongs to a slot of the table."""
        table = code.let(f"ptrtoint ptr {pointer(code, Ctx.TABLE)} to i64")
        offset = code.sub(code.let(f"ptrtoint ptr {slot} to i64"), table)
        return code.at(pointer(code, Ctx.INDEX), code.binary("lshr", offset, 3), "i32")

    def _insert(self) -> str:
        """1 if the state was not there; the new slot gets the index ``%index``."""
        code = Code("define internal i64 @insert(ptr %ctx, ptr %state, i64 %h, i64 %index, i1 %may) alwaysinline")
        _, bucket, empty = self._probe(code, "found")
        with code.when("%may"):
            slot = code.at(bucket, self._first(code, empty))
            entry = self._key(code, "%state", "%h")
            if self.words > 1:
                entry = code.either(code.binary("shl", entry, 32), code.add("%index", 1))
            code.set(slot, entry)
        code.ret("i64 1")
        code.block("found")
        code.ret("i64 0")
        return code.text()

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
            bucket = self._bucket(code, code.both(h, load(code, Ctx.BUCKETS)))
            code.emit(f"call void @llvm.prefetch.p0(ptr {bucket}, i32 1, i32 3, i32 1)")
            mixed = code.mul(code.binary("xor", code.mul(code.get(source_hash), _MIX[2]), h), _MIX[3])
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
        code.bump(member(code, Ctx.EDGE_HASH), code.mul(code.add(code.get(record), 1), _MIX[0]))
        for k in range(self.words):
            code.set(code.at(record, k), code.get(code.at(source, k)))
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
        """Second half of a block: new states go to the end of the queue, then the promises look at them.

        Their origins are moved to the front of the block, where they lie in the states' order."""
        code = Code("define internal void @store(ptr %ctx)")
        record, new = code.slot("record", "ptr"), code.slot("new", "ptr")
        base, end = pointer(code, Ctx.OUT_BASE), pointer(code, Ctx.OUT)
        code.set(record, base, "ptr")
        code.set(new, base, "ptr")
        first, most = load(code, Ctx.COUNT), load(code, Ctx.MOST)
        with code.loop(lambda: code.let(f"icmp ult ptr {code.get(record, 'ptr')}, {end}")):
            r = code.get(record, "ptr")
            h = code.get(code.at(r, self.words + 2))
            next_ = load(code, Ctx.COUNT)
            may = code.compare("ult", next_, most)
            absent = code.let(f"call i64 @insert(ptr %ctx, ptr {r}, i64 {h}, i64 {next_}, i1 {may})")
            with code.when(code.bit(absent)):
                origin = code.get(code.at(r, self.words))
                self._append(code, r, h, next_, may)
                code.set(code.get(new, "ptr"), origin)
                code.set(new, code.at(code.get(new, "ptr"), 1), "ptr")
            code.set(record, code.at(r, self.record), "ptr")
        code.set(member(code, Ctx.OUT), base, "ptr")
        with code.counting(first, load(code, Ctx.COUNT)) as index:
            origin = code.get(code.at(base, code.sub(index, first)))
            self._check(code, self.state(code, index), self.state(code, code.binary("lshr", origin, 32)))
        code.ret()
        return code.text()

    def _check(self, code: Code, state: str, before: str) -> None:
        """Asks the promises about a new state that was reached from ``before``."""
        found = code.let(f"call i64 {pointer(code, Ctx.CHECK)}(ptr {state}, ptr {before}, "
                         f"i64 {load(code, Ctx.STATE_KNOWN)}, ptr {member(code, Ctx.WHY)})")
        code.bump(member(code, Ctx.STATE_FOUND), found, "or")

    def _append(self, code: Code, record: str, h: Value, index: Value, may: str) -> None:
        stored, dropped, out = code.name("stored"), code.name("dropped"), code.name("out")
        code.branch(may, stored, dropped)
        code.block(dropped)
        code.set(member(code, Ctx.CUT), 1)
        code.jump(out)
        code.block(stored)
        place = self.state(code, index)
        for k in range(self.words):
            code.set(code.at(place, k), code.get(code.at(record, k)))
        code.bump(member(code, Ctx.STATE_HASH), h)
        code.set(member(code, Ctx.COUNT), code.add(index, 1))
        code.block(out)

    # -- entry points

    def _search(self) -> str:
        """``i64 @search(ctx, stop, most)``: expands states up to index ``stop``, at most about
        ``most`` of them.  0: done or the share is used up; 1: the table must grow first."""
        code = Code("define i64 @search(ptr %ctx, i64 %stop, i64 %most)")
        begin = load(code, Ctx.NEXT)
        share = code.let(f"call i64 @llvm.umin.i64(i64 {code.add(begin, '%most')}, i64 %stop)")
        enough = code.slot("enough", "ptr")
        code.set(enough, code.at(pointer(code, Ctx.OUT_BASE), BLOCK * self.record), "ptr")
        expand, deadlock = pointer(code, Ctx.EXPAND), pointer(code, Ctx.DEADLOCK)
        code.block("again")
        with code.loop(lambda: code.let("and i1 " + ", ".join((
                code.compare("ult", load(code, Ctx.NEXT), share),
                code.let(f"icmp ult ptr {pointer(code, Ctx.OUT)}, {code.get(enough, 'ptr')}"))))):
            index = load(code, Ctx.NEXT)
            state = self.state(code, index)
            before = pointer(code, Ctx.OUT)
            code.set(member(code, Ctx.ORIGIN), code.binary("shl", index, 32))
            code.emit(f"call void {expand}(ptr %ctx, ptr {state})")
            with code.when(code.let(f"icmp eq ptr {before}, {pointer(code, Ctx.OUT)}")):
                code.bump(member(code, Ctx.STUCK), code.let(f"call i64 {deadlock}(ptr {state})"), "or")
            code.set(member(code, Ctx.NEXT), code.add(index, 1))
        bytes_ = code.sub(*(code.let(f"ptrtoint ptr {pointer(code, p)} to i64") for p in (Ctx.OUT, Ctx.OUT_BASE)))
        work, done = code.name("work"), code.name("done")
        code.branch(code.compare("ne", bytes_, 0), work, done)
        code.block(done)
        code.ret("i64 0")
        code.block(work)
        records = code.binary("udiv", bytes_, 8 * self.record)
        fits, wait = code.name("fits"), code.name("wait")
        code.branch(code.compare("ule", code.add(load(code, Ctx.COUNT), records), load(code, Ctx.ROOM)), fits, wait)
        code.block(wait)
        code.ret("i64 1")
        code.block(fits)
        code.emit("call void @digest(ptr %ctx)")
        code.emit("call void @store(ptr %ctx)")
        code.jump("again")
        return code.text()

    def _rebuild(self) -> str:
        """``void @rebuild(ctx)``: puts all states into an empty table."""
        code = Code("define void @rebuild(ptr %ctx)")
        count = load(code, Ctx.COUNT)
        with code.counting(0, count) as index:
            later = code.add(index, AHEAD)
            inside = code.compare("ult", later, count)
            soon = code.select(inside, later, index)
            h = code.let(f"call i64 @hash(ptr {self.state(code, soon)})")
            bucket = self._bucket(code, code.both(h, load(code, Ctx.BUCKETS)))
            code.emit(f"call void @llvm.prefetch.p0(ptr {bucket}, i32 1, i32 3, i32 1)")
            state = self.state(code, index)
            h = code.let(f"call i64 @hash(ptr {state})")
            code.let(f"call i64 @insert(ptr %ctx, ptr {state}, i64 {h}, i64 {index}, i1 true)")
        code.ret()
        return code.text()

    def _add(self) -> str:
        """``void @add(ctx, state)``: an initial state."""
        code = Code("define void @add(ptr %ctx, ptr %state)")
        h = code.let("call i64 @hash(ptr %state)")
        index = load(code, Ctx.COUNT)
        new = code.let(f"call i64 @insert(ptr %ctx, ptr %state, i64 {h}, i64 {index}, i1 true)")
        with code.when(code.bit(new)):
            self._append(code, "%state", h, index, "true")
            self._check(code, "%state", "null")
        code.ret()
        return code.text()

    def _number(self) -> str:
        """``void @number(ctx)``: fills INDEX, for states of one word."""
        code = Code("define void @number(ptr %ctx)")
        if self.words > 1:
            code.ret()
            return code.text()
        with code.counting(0, load(code, Ctx.COUNT)) as index:
            state = self.state(code, index)
            h = code.let(f"call i64 @hash(ptr {state})")
            slot = code.let(f"call ptr @slot(ptr %ctx, ptr {state}, i64 {h})")
            code.set(self._twin(code, slot), code.let(f"trunc i64 {index} to i32"), "i32")
        code.ret()
        where = Code("define internal ptr @slot(ptr %ctx, ptr %state, i64 %h) alwaysinline")
        at, _, _ = self._probe(where, "found")
        where.ret("ptr null")
        where.block("found")
        where.ret(f"ptr {where.get(at, 'ptr')}")
        return where.text() + code.text()
