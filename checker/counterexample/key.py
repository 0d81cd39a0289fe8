# SPDX-License-Identifier: GPL-2.0-or-later
"""Replay keys: ``spec@hash:path``, where the hash is that of the compiled model.

The path is a row of base-36 numbers: which claim, which initial state, and for
each step the place of the transition among those that the raw reading offers.  Where a
run ends in a loop, ``-n`` behind it says that the last n steps are the loop.
Against a model with another hash a key means nothing, and is refused.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from checker.language import ir
from checker.language.errors import UsageError
from checker.language.types import Type
from checker.language.walk import members

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
MORE = len(DIGITS) - 1
"""The digit that says: this many, and the next digit adds to it."""

UNSEEN = {"pos", "doc", "file", "guards", "sites", "origin", "name_of_spec", "fair"}
"""Fields of the IR that change no transition: comments may move without spoiling a key."""


def _write(thing: Any, types: dict[Type, str], out: list[str]) -> None:
    """Appends what a piece of the IR says to ``out``."""
    if isinstance(thing, Type):
        if thing not in types:
            types[thing] = repr(thing)
        out.append(types[thing])
    elif isinstance(thing, ir.Field):
        out.append(f"<{thing.number}>")
    elif dataclasses.is_dataclass(thing):
        out.append(type(thing).__name__ + "(")
        for name in members(thing):
            if name not in UNSEEN:
                _write(getattr(thing, name), types, out)
        out.append(")")
    elif isinstance(thing, (tuple, list)):
        out.append("[")
        for part in thing:
            _write(part, types, out)
        out.append("]")
    elif isinstance(thing, dict):
        for name, part in thing.items():
            out.append(f"{name}:")
            _write(part, types, out)
    else:
        out.append(repr(thing) + ",")


def model_hash(system: ir.System, *, measures: bool = False) -> str:
    """Eight hex digits that change with anything that a run of the model could notice.

    With ``measures`` also with what is measured, which no run notices.
    """
    pieces: list[str] = []
    parts: tuple[Any, ...] = (
        [(f.number, f.name, f.dims, f.type, f.offset) for f in system.fields],
        [(role.type, role.pc, role.slots, role.operations) for role in system.roles],
        system.rules, system.promises, system.assertions, system.may_end, system.data, system.initial,
    )
    if system.run_promises:
        fair = [rule.fair for rule in system.rules], [promise.fair for promise in system.run_promises]
        parts = (*parts, system.run_promises, fair)
    _write((*parts, system.measures) if measures else parts, {}, pieces)
    return hashlib.sha256("".join(pieces).encode()).hexdigest()[:8]


def pack(numbers: Iterable[int]) -> str:
    """Small numbers as base-36 digits, most of them one digit long."""
    out = []
    for number in numbers:
        while number >= MORE:
            out.append(DIGITS[MORE])
            number -= MORE
        out.append(DIGITS[number])
    return "".join(out)


def unpack(text: str) -> tuple[int, ...]:
    """The inverse of ``pack``; ValueError for a text that ends in mid-number."""
    out = []
    number = 0
    for letter in text:
        digit = DIGITS.index(letter)
        number += digit
        if digit != MORE:
            out.append(number)
            number = 0
    if text.endswith(DIGITS[MORE]):
        raise ValueError("the last number is cut off")
    return tuple(out)


@dataclass(frozen=True)
class Key:
    """``claim`` counts through ``claims(system)`` and then ``witnesses(system)``, ``path`` has one number per step;
    the last ``loop`` of them go round for ever."""

    spec: str
    hash: str
    claim: int
    initial: int
    path: tuple[int, ...]
    loop: int = 0

    def __str__(self) -> str:
        loop = f"-{self.loop}" if self.loop else ""
        return f"{self.spec}@{self.hash}:{pack((self.claim, self.initial, *self.path))}{loop}"

    @staticmethod
    def parse(text: str) -> Key:
        """The key that a person typed; UsageError if it is none."""
        match = re.fullmatch(r"([^@\s]+)@([0-9a-f]{8}):([0-9a-z]+)(?:-([1-9][0-9]{0,8}))?", text)
        if not match:
            raise UsageError(f"{text!r} is no replay key; a key looks like spec@0123abcd:path")
        try:
            claim, initial, *path = unpack(match[3])
        except ValueError:
            raise UsageError(f"the path of replay key {text!r} is cut off") from None
        loop = int(match[4] or 0)
        if loop > len(path):
            raise UsageError(f"the path of replay key {text!r} is shorter than its loop")
        return Key(match[1], match[2], claim, initial, tuple(path), loop)
