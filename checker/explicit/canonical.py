# SPDX-License-Identifier: GPL-2.0-or-later
"""One state for all that differ in the names of objects only, as LLVM functions.

Objects are sorted by their keys.  Where keys are equal every order is tried and
the lexicographically smallest state is taken, so the choice is exact.  Objects
whose exchange changes nothing are not tried: most ties are of that kind.
Of a sort in blocks, whole blocks are sorted: what is called an object here is a
block then, and the places in it stay as they are.
"""

from __future__ import annotations

from checker.explicit.code import Code, Value
from checker.explicit.keys import Keys, block_key, salt
from checker.explicit.layout import Layout
from checker.explicit.renaming import Renaming, Slots
from checker.language import ir
from checker.language.types import IndexT

ROUNDS = 3
MOST_TRIED = 40320
"""Orders tried for one state.  Beyond, states that differ in names only may be kept apart."""
UNROLLED = 10
"""Sorts of up to so many objects are ranked without loops."""


class Canonical:
    """The functions of one system; ``normalise`` is the symbol that renames data, if any."""

    def __init__(self, system: ir.System, layout: Layout, group: tuple[IndexT, ...], normalises: bool) -> None:
        self.system = system
        self.layout = layout
        self.slots = Slots(system, group)
        self.normalises = normalises
        self.first: dict[IndexT, int] = {}
        self.places = 0
        for sort in group:
            self.first[sort] = self.places
            self.places += sort.blocks

    def text(self) -> str:
        """``i64 @canonical(state, before)``: renames the state in place; bits 4k .. 4k + 3 of the result are
        the new number of actor k."""
        given = (self.system, self.layout, self.slots)
        declared = "declare i64 @normalise(ptr, ptr)\n" if self.normalises else ""
        renaming = Renaming("define internal void @rename(ptr noalias %state, ptr noalias %names, ptr noalias %out)",
                            *given)
        keys = Keys("define internal void @keys(ptr noalias %state, ptr noalias %old, ptr noalias %new)", *given)
        return declared + "\n".join([renaming.text(), keys.text(), self._rank(), self._names(), self._form(),
                                     self._advance(), self._twins(), self._settle(), self._canonical()])

    # -- order

    def _key(self, code: Code, sort: IndexT, number: Value) -> Value:
        base = code.add(code.mul(number, sort.block), self.slots.base[sort])
        return block_key(code, [code.get(code.at("%keys", code.add(base, k))) for k in range(sort.block)])

    def _call(self, code: Code, sort: IndexT, number: Value, name: Value) -> None:
        """Gives a name to each object of a block."""
        base, named = code.add(code.mul(number, sort.block), self.slots.base[sort]), code.mul(name, sort.block)
        for k in range(sort.block):
            code.set(code.at("%names", code.add(base, k)), code.add(named, k))

    def _rank(self) -> str:
        """``i64 @rank(keys, order, names)``: sorts the objects of each sort; whether keys are equal."""
        code = Code("define internal i64 @rank(ptr noalias %keys, ptr noalias %order, ptr noalias %names)")
        tied: Value = 0
        for sort, first in self.first.items():
            if sort.blocks > UNROLLED:
                tied = code.either(tied, self._rank_slowly(code, sort, first))
                continue
            keys = [self._key(code, sort, k) for k in range(sort.blocks)]
            ranks: list[Value] = [0] * sort.blocks
            for j in range(sort.blocks):
                for i in range(j):
                    later = code.widen(code.compare("ult", keys[j], keys[i]))
                    ranks[i] = code.add(ranks[i], later)
                    ranks[j] = code.add(ranks[j], code.binary("xor", later, 1))
                    tied = code.either(tied, code.widen(code.compare("eq", keys[i], keys[j])))
            for k, rank in enumerate(ranks):
                self._call(code, sort, k, rank)
                code.set(code.at("%order", code.add(rank, first)), k)
        code.ret(f"i64 {tied}")
        return code.text()

    def _rank_slowly(self, code: Code, sort: IndexT, first: int) -> Value:
        tied = code.slot("tied")
        code.set(tied, 0)
        with code.counting(0, sort.blocks) as k:
            mine, rank = self._key(code, sort, k), code.slot("rank")
            code.set(rank, 0)
            with code.counting(0, sort.blocks) as other:
                theirs = self._key(code, sort, other)
                same, before = code.compare("eq", theirs, mine), code.compare("slt", other, k)
                less = code.let(f"or i1 {code.compare('ult', theirs, mine)}, {code.let(f'and i1 {same}, {before}')}")
                code.bump(rank, code.widen(less))
                code.bump(tied, code.widen(code.let(f"and i1 {same}, {before}")), "or")
            self._call(code, sort, k, code.get(rank))
            code.set(code.at("%order", code.add(code.get(rank), first)), k)
        return code.get(tied)

    def _names(self) -> str:
        """``void @names(order, names)``: an object is named after its place."""
        code = Code("define internal void @names(ptr noalias %order, ptr noalias %names)")
        for sort, first in self.first.items():
            for place in range(sort.blocks):
                self._call(code, sort, code.get(code.at("%order", first + place)), place)
        code.ret()
        return code.text()

    def _form(self) -> str:
        """``i64 @form(state, order, names, out, best)``: the state that an order gives: less than (-1), equal
        to (0) or greater than (1) the best one."""
        code = Code("define internal i64 @form(ptr %state, ptr %order, ptr %names, ptr %out, ptr %best)")
        code.emit("call void @names(ptr %order, ptr %names)")
        self._renamed(code, "%out")
        for k in range(self.layout.words):
            new, best = code.get(code.at("%out", k)), code.get(code.at("%best", k))
            with code.when(code.compare("ult", new, best)):
                code.ret("i64 -1")
            with code.when(code.compare("ugt", new, best)):
                code.ret("i64 1")
        code.ret("i64 0")
        return code.text()

    def _renamed(self, code: Code, out: str) -> None:
        code.emit(f"call void @rename(ptr %state, ptr %names, ptr {out})")
        if self.normalises:
            code.let(f"call i64 @normalise(ptr {out}, ptr null)")

    def _advance(self) -> str:
        """``i64 @advance(order, tied)``: the next order; 0 behind the last.  Place k is tied to k + 1
        where ``tied`` is set; the objects of such a run are permuted like a number counts up."""
        code = Code("define internal i64 @advance(ptr noalias %order, ptr noalias %tied)")
        last, low, pivot, other = code.slot("last"), code.slot("low"), code.slot("pivot"), code.slot("other")

        def at(place: Value) -> str:
            return code.at("%order", place)

        def exchange(left: Value, right: Value) -> None:
            one, two = code.get(at(left)), code.get(at(right))
            code.set(at(left), two)
            code.set(at(right), one)

        code.set(last, 0)
        with code.loop(lambda: code.compare("slt", code.get(last), self.places)):
            code.set(low, code.get(last))
            with code.loop(lambda: code.compare("ne", code.get(code.at("%tied", code.get(last))), 0)):
                code.bump(last)
            # the last place whose object is less than its right neighbour's
            code.set(pivot, code.sub(code.get(last), 1))
            found, falling, rising, next_ = (code.name(n) for n in ("found", "falling", "rising", "next"))
            code.again(falling)
            inside = code.name("inside")
            code.branch(code.compare("sge", code.get(pivot), code.get(low)), inside, rising)
            code.block(inside)
            here = code.get(pivot)
            less = code.compare("slt", code.get(at(here)), code.get(at(code.add(here, 1))))
            down = code.name("down")
            code.branch(less, found, down)
            code.block(down)
            code.bump(pivot, -1)
            code.jump(falling)
            code.block(found)
            code.set(other, code.get(last))
            with code.loop(lambda: code.compare("slt", code.get(at(code.get(other))), code.get(at(code.get(pivot))))):
                code.bump(other, -1)
            exchange(code.get(pivot), code.get(other))
            code.jump(rising)
            # what is behind it falls: from now on it rises
            code.block(rising)
            left, right = code.slot("left"), code.slot("right")
            code.set(left, code.add(code.get(pivot), 1))
            code.set(right, code.get(last))
            with code.loop(lambda: code.compare("slt", code.get(left), code.get(right))):
                exchange(code.get(left), code.get(right))
                code.bump(left)
                code.bump(right, -1)
            done = code.name("done")
            code.branch(code.compare("sge", code.get(pivot), code.get(low)), done, next_)
            code.block(done)
            code.ret("i64 1")
            code.block(next_)
            code.bump(last)
        code.ret("i64 0")
        return code.text()

    def _twins(self) -> str:
        """``void @twins(state, keys, order, names, tied, out, best)``: which places are tied, without the
        runs in which each two neighbours may be exchanged and nothing changes."""
        code = Code("define internal void @twins(ptr %state, ptr %keys, ptr %order, ptr %names, ptr %tied, ptr %out, "
                    "ptr %best)")
        twins = code.slot("twins")
        for sort, first in self.first.items():
            for k in range(first, first + sort.blocks):
                code.set(code.at("%tied", k), 0)
            start = code.slot("start")
            code.set(start, first)
            code.set(twins, 1)
            end = first + sort.blocks - 1
            with code.counting(first, end) as place:
                mine, next_ = code.at("%order", place), code.at("%order", code.add(place, 1))
                one, two = code.get(mine), code.get(next_)
                tie, apart, out = code.name("tie"), code.name("apart"), code.name("out")
                same = code.compare("eq", self._key(code, sort, one), self._key(code, sort, two))
                code.branch(same, tie, apart)
                code.block(apart)
                self._forget(code, start, place, twins)
                code.set(start, code.add(place, 1))
                code.jump(out)
                code.block(tie)
                code.set(code.at("%tied", place), 1)
                with code.when(code.compare("ne", code.get(twins), 0)):
                    code.set(mine, two)
                    code.set(next_, one)
                    differs = code.let("call i64 @form(ptr %state, ptr %order, ptr %names, ptr %out, ptr %best)")
                    code.set(mine, one)
                    code.set(next_, two)
                    code.set(twins, code.widen(code.compare("eq", differs, 0)))
                code.block(out)
            self._forget(code, start, end, twins)
        code.ret()
        return code.text()

    def _forget(self, code: Code, start: str, end: Value, twins: str) -> None:
        """A run of twins is not tied; the next run may be one."""
        with code.when(code.compare("ne", code.get(twins), 0)), code.counting(code.get(start), end) as place:
            code.set(code.at("%tied", place), 0)
        code.set(twins, 1)

    def _settle(self) -> str:
        """``void @settle(state, keys, order, names, best)``: the smallest state that equal keys leave open."""
        code = Code("define internal void @settle(ptr %state, ptr %keys, ptr %order, ptr %names, ptr %best)")
        tied, out = code.slot("tied", f"[{self.places + 1} x i64]"), code.slot("out", f"[{self.layout.words} x i64]")
        chosen, tries = code.slot("chosen", f"[{self.places} x i64]"), code.slot("tries")
        code.emit(f"call void @twins(ptr %state, ptr %keys, ptr %order, ptr %names, ptr {tied}, ptr {out}, ptr %best)")
        self._copy(code, "%order", chosen, self.places)
        code.set(tries, MOST_TRIED)

        def more() -> str:
            code.bump(tries, -1)
            moved = code.let(f"call i64 @advance(ptr %order, ptr {tied})")
            return code.let(f"and i1 {code.compare('ne', moved, 0)}, {code.compare('sgt', code.get(tries), 0)}")

        with code.loop(more):
            better = code.let(f"call i64 @form(ptr %state, ptr %order, ptr %names, ptr {out}, ptr %best)")
            with code.when(code.compare("slt", better, 0)):
                self._copy(code, out, "%best", self.layout.words)
                self._copy(code, "%order", chosen, self.places)
        code.emit(f"call void @names(ptr {chosen}, ptr %names)")
        code.ret()
        return code.text()

    @staticmethod
    def _copy(code: Code, source: str, target: str, count: int) -> None:
        for k in range(count):
            code.set(code.at(target, k), code.get(code.at(source, k)))

    # -- all together

    def _canonical(self) -> str:
        code, slots = Code("define i64 @canonical(ptr %state, ptr %before)"), self.slots
        one, two = (code.slot("keys", f"[{slots.count} x i64]") for _ in range(2))
        names, order = code.slot("names", f"[{slots.count} x i64]"), code.slot("order", f"[{self.places} x i64]")
        best = code.slot("best", f"[{self.layout.words} x i64]")
        for sort, base in slots.base.items():
            for k in range(sort.size + 1):
                kind = k if k < len(sort.constants) else -2 - k % sort.block  # objects are known by their place
                code.set(code.at(one, base + k), salt(base, kind, 5))
            code.set(code.at(names, slots.none(sort)), sort.size)
        ready, hard = code.name("ready"), code.name("hard")
        for round_ in range(ROUNDS):
            code.emit(f"call void @keys(ptr %state, ptr {one}, ptr {two})")
            one, two = two, one
            tied = code.let(f"call i64 @rank(ptr {one}, ptr {order}, ptr {names})")
            again = hard if round_ == ROUNDS - 1 else code.name("again")
            code.branch(code.compare("eq", tied, 0), ready, again)
            code.block(again)
        self._first(code, best, names)
        code.emit(f"call void @settle(ptr %state, ptr {one}, ptr {order}, ptr {names}, ptr {best})")
        out = code.name("out")
        code.jump(out)
        code.block(ready)
        self._first(code, best, names)
        code.block(out)
        self._copy(code, best, "%state", self.layout.words)
        code.ret(f"i64 {self._turn(code, names)}")
        return code.text()

    def _first(self, code: Code, best: str, names: str) -> None:
        code.emit(f"call void @rename(ptr %state, ptr {names}, ptr {best})")
        if self.normalises:
            code.let(f"call i64 @normalise(ptr {best}, ptr null)")

    def _turn(self, code: Code, names: str) -> Value:
        """Where each actor has gone."""
        turn: Value = 0
        number = 0
        for sort, first in self.slots.roles:
            for k in range(sort.size):
                new: Value = number
                if sort in self.slots.group:
                    new = code.add(code.get(code.at(names, self.slots.base[sort] + k)), first)
                if number < 16:
                    turn = code.either(turn, code.binary("shl", new, 4 * number))
                number += 1
        return turn
