# SPDX-License-Identifier: GPL-2.0-or-later
"""The set of known states as LLVM functions: a hash table that threads share.

The table has buckets of eight 64-bit slots, one cache line each, which are
compared by one instruction.  0 is an empty slot.  A state of one word is stored
itself, plus one, while the search lasts.  Of a longer state, and of every state
when the search is over, the table has 32 bits of the hash above index + 1, and
the words are compared in full.  A full bucket overflows into the next one.

A slot is taken by a compare-and-exchange and never changes again.  So of two
threads that bring the same state one takes the slot, and the other looks again
and finds it; nobody waits for anybody.
"""

from __future__ import annotations

from checker.explicit.code import Code, Value, signed
from checker.explicit.context import Ctx, load, pointer

LANES = 8
AHEAD = 16
"""How far ahead a bucket is fetched when the table is filled again."""
MIX = tuple(signed(k) for k in (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD))
_LANES = f"<{LANES} x i64>"


class Table:
    """Writes the functions for states of ``words`` words."""

    def __init__(self, words: int) -> None:
        self.words = words

    def text(self) -> str:
        """All functions."""
        parts = [self._hash(), self._find(), self._insert("insert", self.words > 1), self._fill("refill", "insert")]
        if self.words == 1:
            parts += [self._insert("keep", True), self._fill("number", "keep")]
        return "\n".join([*parts, self._move()])

    # -- pieces

    def state(self, code: Code, index: Value) -> str:
        """The address of a stored state."""
        return code.at(pointer(code, Ctx.STATES), code.mul(index, self.words))

    def copy(self, code: Code, source: str, target: str) -> None:
        """A state, word by word."""
        for k in range(self.words):
            code.set(code.at(target, k), code.get(code.at(source, k)))

    def first(self, code: Code, mask: str) -> str:
        """The lowest bit of a set that is not empty."""
        return code.let(f"call i64 @llvm.cttz.i64(i64 {mask}, i1 true)")

    def fetch(self, code: Code, h: Value) -> None:
        """The bucket of a hash will be asked for soon."""
        bucket = self._bucket(code, code.both(h, load(code, Ctx.BUCKETS)))
        code.emit(f"call void @llvm.prefetch.p0(ptr {bucket}, i32 1, i32 3, i32 1)")

    def _hash(self) -> str:
        code = Code("define internal i64 @hash(ptr %state) alwaysinline")
        h: Value = 0
        for k in range(self.words):
            word = code.get(code.at("%state", k))
            h = code.mul(code.binary("xor", h, word), MIX[0])
            h = code.binary("xor", h, code.binary("lshr", h, 32))
        h = code.mul(h, MIX[1])
        code.ret(f"i64 {code.binary('xor', h, code.binary('lshr', h, 29))}")
        return code.text()

    def _bucket(self, code: Code, number: Value) -> str:
        return code.at(pointer(code, Ctx.TABLE), code.mul(number, LANES))

    def _equal(self, code: Code, lanes: str, wanted: Value) -> str:
        """The set of lanes that hold a value."""
        one = code.let(f"insertelement {_LANES} poison, i64 {wanted}, i64 0")
        all_ = code.let(f"shufflevector {_LANES} {one}, {_LANES} poison, <{LANES} x i32> zeroinitializer")
        hits = code.let(f"icmp eq {_LANES} {lanes}, {all_}")
        return code.let(f"zext i{LANES} {code.let(f'bitcast <{LANES} x i1> {hits} to i{LANES}')} to i64")

    def _key(self, code: Code, indexed: bool) -> Value:
        """What a slot holds of ``%state`` (its upper half, with an index)."""
        return code.binary("lshr", "%h", 32) if indexed else code.add(code.get("%state"), 1)

    def _probe(self, code: Code, found: str, indexed: bool) -> tuple[str, str, str, str]:
        """Goes from bucket to bucket; jumps to ``found`` with the slot's address in the variable that
        is returned first, or goes on at a bucket that has an empty slot and does not hold the state.
        Then: address of the bucket, its empty lanes, the label where it is looked at again."""
        at, number, hits = code.slot("at", "ptr"), code.slot("number"), code.slot("hits")
        code.set(number, code.both("%h", load(code, Ctx.BUCKETS)))
        key = self._key(code, indexed)
        probe, absent = code.name("probe"), code.name("absent")
        code.again(probe)
        bucket = self._bucket(code, code.get(number))
        lanes = code.let(f"load {_LANES}, ptr {bucket}, align 64")
        code.set(hits, self._equal(code, code.let(f"lshr {_LANES} {lanes}, splat (i64 32)") if indexed else lanes, key))
        with code.loop(lambda: code.compare("ne", code.get(hits), 0)):
            mask = code.get(hits)
            slot = code.at(bucket, self.first(code, mask))
            code.set(at, slot, "ptr")
            if indexed:
                self._compare(code, slot, found)
                code.set(hits, code.both(mask, code.sub(mask, 1)))
            else:
                code.jump(found)
        empty = self._equal(code, lanes, 0)
        full = code.name("full")
        code.branch(code.compare("ne", empty, 0), absent, full)
        code.block(full)
        code.set(number, code.both(code.add(code.get(number), 1), load(code, Ctx.BUCKETS)))
        code.jump(probe)
        code.block(absent)
        return at, bucket, empty, probe

    def _compare(self, code: Code, slot: str, found: str) -> None:
        """Jumps to ``found`` if the state of a slot is the one that is looked for."""
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

    # -- functions

    def _find(self) -> str:
        """Index of a state, or -1; the table has the indices."""
        code = Code("define internal i64 @find(ptr %ctx, ptr %state, i64 %h) alwaysinline")
        at, *_ = self._probe(code, "found", True)
        code.ret("i64 -1")
        code.block("found")
        code.ret(f"i64 {code.sub(code.both(code.get(code.get(at, 'ptr')), 0xFFFFFFFF), 1)}")
        return code.text()

    def _insert(self, name: str, indexed: bool) -> str:
        """1 if the state was not there; then, if it ``%may``, it is, with the index ``%index``.

        Where the table has indices, others may compare the state as soon as its slot is
        taken: with ``%copy`` it is put into its place before that."""
        code = Code(f"define internal i64 @{name}(ptr %ctx, ptr %state, i64 %h, i64 %index, i1 %may, i1 %copy) "
                    "alwaysinline")
        _, bucket, empty, probe = self._probe(code, "found", indexed)
        take, absent = code.name("take"), code.name("absent")
        code.branch("%may", take, absent)
        code.block(take)
        entry = self._key(code, indexed)
        if indexed:
            with code.when("%copy"):
                self.copy(code, "%state", self.state(code, "%index"))
            entry = code.either(code.binary("shl", entry, 32), code.add("%index", 1))
        slot = code.at(bucket, self.first(code, empty))
        pair = code.let(f"cmpxchg ptr {slot}, i64 0, i64 {entry} acq_rel monotonic")
        code.branch(code.let(f"extractvalue {{ i64, i1 }} {pair}, 1"), absent, probe)
        code.block(absent)
        code.ret("i64 1")
        code.block("found")
        code.ret("i64 0")
        return code.text()

    def _fill(self, name: str, insert: str) -> str:
        """``void @NAME(ctx, from, to)``: puts stored states, which are all different, into the table."""
        code = Code(f"define void @{name}(ptr %ctx, i64 %from, i64 %to)")
        with code.counting("%from", "%to") as index:
            later = code.add(index, AHEAD)
            soon = code.select(code.compare("ult", later, "%to"), later, index)
            self.fetch(code, code.let(f"call i64 @hash(ptr {self.state(code, soon)})"))
            state = self.state(code, index)
            h = code.let(f"call i64 @hash(ptr {state})")
            code.let(f"call i64 @{insert}(ptr %ctx, ptr {state}, i64 {h}, i64 {index}, i1 true, i1 false)")
        code.ret()
        return code.text()

    def _move(self) -> str:
        """``void @move(ctx, from, to)``: gives a stored state another index."""
        code = Code("define void @move(ptr %ctx, i64 %from, i64 %to)")
        place = self.state(code, "%to")
        self.copy(code, self.state(code, "%from"), place)
        if self.words > 1:
            h = code.let(f"call i64 @hash(ptr {place})")
            code.let(f"call i64 @reindex(ptr %ctx, ptr {place}, i64 {h}, i64 %to)")
        code.ret()
        if self.words == 1:
            return code.text()
        other = Code("define internal i64 @reindex(ptr %ctx, ptr %state, i64 %h, i64 %index)")
        at, *_ = self._probe(other, "found", True)
        other.ret("i64 0")
        other.block("found")
        key = other.binary("shl", self._key(other, True), 32)
        other.set(other.get(at, "ptr"), other.either(key, other.add("%index", 1)))
        other.ret("i64 1")
        return other.text() + code.text()
