# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes one LLVM function as text.

All values are 64-bit; a constant is a Python int and is folded on the way.
Variables are stack slots, which LLVM turns into registers.
"""

from __future__ import annotations

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


class Code:
    """The body of a function under construction."""

    def __init__(self, head: str) -> None:
        self._head = head
        self._entry: list[str] = []
        self._lines: list[str] = []
        self._count = 0
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
        self._lines.append("  " + line)

    def let(self, instruction: str) -> str:
        name = "%" + self.name("t")
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
        return self.let(f"{op} i64 {left}, {right}")

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
        return self.let(f"icmp {op} i64 {left}, {right}")

    def widen(self, bit: str) -> Value:
        """The i1 as 0 or 1."""
        if bit in ("true", "false"):
            return int(bit == "true")
        return self.let(f"zext i1 {bit} to i64")

    def bit(self, value: Value) -> str:
        """The lowest bit as an i1."""
        if isinstance(value, int):
            return "true" if value & 1 else "false"
        return self.let(f"trunc i64 {value} to i1")

    def select(self, bit: str, left: Value, right: Value) -> str:
        return self.let(f"select i1 {bit}, i64 {left}, i64 {right}")

    # -- memory

    def slot(self, hint: str, type_: str = "i64") -> str:
        """A variable of the function."""
        name = "%" + self.name(hint)
        self._entry.append(f"  {name} = alloca {type_}")
        return name

    def get(self, pointer: str, type_: str = "i64") -> str:
        return self.let(f"load {type_}, ptr {pointer}")

    def set(self, pointer: str, value: Value, type_: str = "i64") -> None:
        self.emit(f"store {type_} {value}, ptr {pointer}")

    def at(self, base: str, index: Value, type_: str = "i64") -> str:
        """The address of an element."""
        if index == 0:
            return base
        return self.let(f"getelementptr {type_}, ptr {base}, i64 {index}")

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
        self.ended = False
        yield
        self._lines.extend(rest)
        self.ended = ended

    def block(self, label: str) -> None:
        if not self.ended:
            self.emit(f"br label %{label}")
        self._lines.append(label + ":")
        self.ended = False

    def jump(self, label: str) -> None:
        if not self.ended:
            self.emit(f"br label %{label}")
            self.ended = True

    def branch(self, bit: str, then: str, orelse: str) -> None:
        if bit in ("true", "false"):
            self.jump(then if bit == "true" else orelse)
            return
        self.emit(f"br i1 {bit}, label %{then}, label %{orelse}")
        self.ended = True

    def ret(self, value: str = "void") -> None:
        self.emit(f"ret {value}")
        self.ended = True

    @contextmanager
    def loop(self, condition: Callable[[], str]) -> Iterator[str]:
        """Runs what is inside while the condition holds; gives the label behind it."""
        head, inside, out = self.name("head"), self.name("inside"), self.name("out")
        self.block(head)
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
