# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes one LLVM function as text.

All values are 64-bit; a constant is a Python int and is folded on the way.
Variables are stack slots, which LLVM turns into registers.  What a block has computed or loaded
is not written a second time: less text is compiled sooner, and what is compiled in a hurry runs as it is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Value = int | str
MASK = (1 << 64) - 1
DECLARATIONS = """\
declare i64 @llvm.cttz.i64(i64, i1)
declare i64 @llvm.ctpop.i64(i64)
declare i64 @llvm.umin.i64(i64, i64)
declare i64 @llvm.umax.i64(i64, i64)
declare i64 @llvm.usub.sat.i64(i64, i64)
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
"""
"""What any function may call: they stand above every module."""


def signed(value: int) -> int:
    """The number that 64 bits stand for."""
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


class Known:
    """What a block has computed: ``values`` by instruction; and what it knows to be stored in
    variables (``memory``) and elsewhere (``cells``), by pointer and type."""

    __slots__ = ("cells", "memory", "values")

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.memory: dict[tuple[str, str], str] = {}
        self.cells: dict[tuple[str, str], str] = {}

    def forget(self) -> None:
        """Somebody else has had the memory in hand."""
        self.memory.clear()
        self.cells.clear()


class Code:
    """The body of a function under construction."""

    def __init__(self, head: str) -> None:
        self._head = head
        self._entry: list[str] = []
        self._lines: list[str] = []
        self._count = 0
        self._known = Known()
        self._heir: tuple[str, Known] = "", self._known
        """A label that was branched to, and what was known there: enough, if nobody else comes to it."""
        self._uses: Counter[str] = Counter()
        self._behind: set[str] = set()
        self._alone: set[str] = set()
        """Variables that only ``get`` and ``set`` touch, and functions that are called with them."""
        self._spots: dict[str, tuple[str, int | None]] = {}
        """Pointers into arrays of the function: which array, and which element if that is known."""
        self.ended = False

    def text(self) -> str:
        """The whole function.  Its slots come first, in a block of their own."""
        entry = ["entry:", *self._entry, "  br label %body", "body:"]
        return "\n".join([self._head + " {", *entry, *self._lines, "}", ""])

    # -- plain instructions

    def name(self, hint: str) -> str:
        self._count += 1
        return f"{hint}{self._count}"

    def emit(self, line: str) -> None:
        """An instruction without a value; of a switch, the labels must not have been seen yet."""
        self._heed(line)
        self._lines.append("  " + line)

    def let(self, instruction: str) -> str:
        """The value of an instruction."""
        if not instruction.startswith(_IMPURE):
            return self._pure(instruction)
        self._heed(instruction)
        return self._let(instruction)

    def _heed(self, instruction: str) -> None:
        """Forgets what an instruction may have changed."""
        if instruction.startswith(_IMPURE) and not instruction.startswith(_HARMLESS):
            self._known.forget()

    def _pure(self, instruction: str) -> str:
        """The value of an instruction that gives the same whenever it is given the same."""
        name = self._known.values.get(instruction)
        if name is None:
            name = self._known.values[instruction] = self._let(instruction)
        return name

    def _let(self, instruction: str) -> str:
        self._count += 1
        name = f"%t{self._count}"
        self._lines.append(f"  {name} = {instruction}")
        return name

    def binary(self, op: str, left: Value, right: Value) -> Value:
        if isinstance(left, int) and isinstance(right, int):
            return _FOLD[op](left, right)
        if (right == 0 and op in ("add", "sub", "or", "xor", "shl", "lshr")) or (right == 1 and op in ("mul", "udiv")):
            return left
        if left == 0 and op in ("add", "or"):
            return right
        if (left == 0 and op in ("shl", "lshr", "mul", "and")) or (right == 0 and op in ("mul", "and")):
            return 0
        return self._pure(f"{op} i64 {left}, {right}")

    def add(self, left: Value, right: Value) -> Value:
        return self.binary("add", left, right)

    def sub(self, left: Value, right: Value) -> Value:
        return self.binary("sub", left, right)

    def mul(self, left: Value, right: Value) -> Value:
        return self.binary("mul", left, right)

    def both(self, left: Value, right: Value) -> Value:
        return self.binary("and", left, right)

    def either(self, left: Value, right: Value) -> Value:
        return self.binary("or", left, right)

    def compare(self, op: str, left: Value, right: Value) -> str:
        """An i1; ``op`` as in LLVM (eq, ne, slt, ult, ...)."""
        return self._pure(f"icmp {op} i64 {left}, {right}")

    def widen(self, bit: str) -> Value:
        """The i1 as 0 or 1."""
        if bit in ("true", "false"):
            return int(bit == "true")
        return self._pure(f"zext i1 {bit} to i64")

    def bit(self, value: Value) -> str:
        """The lowest bit as an i1."""
        if isinstance(value, int):
            return "true" if value & 1 else "false"
        return self._pure(f"trunc i64 {value} to i1")

    def select(self, bit: str, left: Value, right: Value) -> str:
        return self._pure(f"select i1 {bit}, i64 {left}, i64 {right}")

    # -- memory

    def slot(self, hint: str, type_: str = "i64") -> str:
        """A variable of the function."""
        name = "%" + self.name(hint)
        self._entry.append(f"  {name} = alloca {type_}")
        if type_.startswith("["):
            self._spots[name] = name, 0
        else:
            self._alone.add(name)
        return name

    def get(self, pointer: str, type_: str = "i64") -> str:
        known = self._known.memory if pointer in self._alone else self._known.cells
        found = known.get((pointer, type_))
        if found is None:
            found = known[pointer, type_] = self._let(f"load {type_}, ptr {pointer}")
        return found

    def set(self, pointer: str, value: Value, type_: str = "i64") -> None:
        self._lines.append(f"  store {type_} {value}, ptr {pointer}")
        if pointer in self._alone:
            self._known.memory[pointer, type_] = str(value)
            return
        cells = self._known.cells
        for other in [key for key in cells if self._meet(pointer, key[0])]:
            del cells[other]
        cells[pointer, type_] = str(value)

    def _meet(self, one: str, other: str) -> bool:
        """Whether two pointers, neither of them to a plain variable, may lead to the same place."""
        (base, offset), (base2, offset2) = self._spots.get(one, _ELSEWHERE), self._spots.get(other, _ELSEWHERE)
        return base == base2 and (offset is None or offset2 is None or offset == offset2)

    def at(self, base: str, index: Value, type_: str = "i64") -> str:
        """The address of an element."""
        if index == 0:
            return base
        pointer = self._pure(f"getelementptr {type_}, ptr {base}, i64 {index}")
        if base in self._spots:
            array, first = self._spots[base]
            if first is None or isinstance(index, str) or type_ != "i64":
                self._spots[pointer] = array, None
            else:
                self._spots[pointer] = array, first + index
        return pointer

    def bump(self, pointer: str, by: Value = 1, op: str = "add") -> None:
        self.set(pointer, self.binary(op, self.get(pointer), by))

    # -- control

    def place(self) -> int:
        """Where the next instruction will be."""
        return len(self._lines)

    @contextmanager
    def inserting(self, place: int) -> Iterator[None]:
        """What is written inside goes to an earlier place."""
        rest, ended = self._lines[place:], self.ended
        del self._lines[place:]
        self._known, self.ended = Known(), False
        yield
        self._lines.extend(rest)
        self._known, self.ended = Known(), ended

    def block(self, label: str) -> None:
        """Where those go on who have jumped to the label; nobody will jump to it from further down."""
        uses = self._uses[label]
        if self.ended and uses == 1 and self._lines[-1] == f"  br label %{label}":
            self._lines.pop()  # one block with the one before
        elif self.ended or uses:
            heir, known = self._heir
            alone = self.ended and uses == 1 and label == heir
            self.again(label)
            self._known = known if alone else self._known
        self.ended = False
        self._behind.add(label)

    def again(self, label: str) -> None:
        """A block that may be jumped to from further down, too."""
        self.jump(label)
        self._lines.append(label + ":")
        self._known, self.ended = Known(), False

    def jump(self, label: str) -> None:
        if not self.ended:
            self._use(label)
            self.emit(f"br label %{label}")
            self.ended = True

    def _use(self, label: str) -> None:
        assert label not in self._behind, f"{label} is jumped back to: it begins with again(...)"
        self._uses[label] += 1

    def branch(self, bit: str, then: str, orelse: str) -> None:
        if bit in ("true", "false"):
            self.jump(then if bit == "true" else orelse)
            return
        self.emit(f"br i1 {bit}, label %{then}, label %{orelse}")
        self._use(then)
        self._use(orelse)
        self._heir = then, self._known
        self.ended = True

    def ret(self, value: str = "void") -> None:
        self.emit(f"ret {value}")
        self.ended = True

    @contextmanager
    def loop(self, condition: Callable[[], str]) -> Iterator[str]:
        """Runs what is inside while the condition holds; gives the label behind it."""
        head, inside, out = self.name("head"), self.name("inside"), self.name("out")
        self.again(head)
        self.branch(condition(), inside, out)
        self.block(inside)
        yield out
        self.jump(head)
        self.block(out)

    @contextmanager
    def counting(self, low: Value, high: Value) -> Iterator[str]:
        """Runs what is inside for each number from low to high - 1; gives the number."""
        variable = self.slot("k")
        self.set(variable, low)
        with self.loop(lambda: self.compare("slt", self.get(variable), high)):
            yield self.get(variable)
            self.bump(variable)

    @contextmanager
    def when(self, bit: str) -> Iterator[None]:
        """Runs what is inside if the bit is set."""
        then, out = self.name("then"), self.name("out")
        self.branch(bit, then, out)
        self.block(then)
        yield
        self.jump(out)
        self.block(out)


_IMPURE = ("call ", "atomicrmw ", "cmpxchg ", "load ")
_HARMLESS = ("call i64 @llvm.", "call void @llvm.", "load ")
"""Instructions after which the memory is as before."""
_ELSEWHERE = "", None

NEVER = 0
"""What has no value is behind a check that fails, so that nothing ever sees this."""

_FOLD: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: signed(a + b),
    "sub": lambda a, b: signed(a - b),
    "mul": lambda a, b: signed(a * b),
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: signed(a << b) if 0 <= b < 64 else NEVER,
    "lshr": lambda a, b: (a & MASK) >> b if 0 <= b < 64 else NEVER,
    "udiv": lambda a, b: a // b if b else NEVER,
    "urem": lambda a, b: a % b if b else NEVER,
}
