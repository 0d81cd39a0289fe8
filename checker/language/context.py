# SPDX-License-Identifier: GPL-2.0-or-later
"""What a rule is run under: sizes of sorts, design, and who decides its choices.

Nothing here is global: a binding is entered for the duration of a build or of a
step, in the current context only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from checker.language.errors import ModelError

Watch = Callable[[str, FrameType, int], Any]


@dataclass
class Binding:
    """Sizes of the sorts of a scope, the design, and the failures that may happen.

    ``failures`` None means that every ``maybe`` may come true.  ``merged`` are
    yields, by function and label, that end no step: what is before and behind
    them happens as one, as if a lock were held across.  ``switches`` are those of the
    design that somebody has looked at: no other one can matter.  ``blocks`` are the
    sizes of the blocks of sorts that have blocks of more than one object.
    """

    sizes: dict[type, int]
    design: object | None = None
    failures: frozenset[str] | None = None
    roles: tuple[type, ...] = ()
    merged: frozenset[tuple[str, str]] = frozenset()
    switches: set[str] = field(default_factory=set)
    blocks: Mapping[type, int] = field(default_factory=dict)

    def may_fail(self, text: str) -> bool:
        """Whether a ``maybe`` of this text may come true."""
        return self.failures is None or text in self.failures


@dataclass
class Run:
    """One attempt at one step: the choices to take, and what came of it.

    ``script`` gives the first choices by position; further ones take their first
    candidate. ``taken`` records (text, candidates, position) of every choice, ``regions``
    the lock of every lock region that was entered.
    ``watch`` is given the text and the place of a condition that is false, right
    when it is; what it makes of them is kept in ``watched``.
    """

    script: Sequence[int]
    holder: int
    fresh: Callable[[type], Any]
    at: Callable[..., bool] | None = None
    taken: list[tuple[str, tuple[Any, ...], int]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    held: list[Any] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)
    watch: Watch | None = None
    watched: dict[str, Any] = field(default_factory=dict)

    def fails(self, text: str, frame: FrameType, line: int) -> None:
        """A condition with this text is false, at this line of the frame's code."""
        if self.watch is not None:
            self.watched[text] = self.watch(text, frame, line)

    def choose(self, text: str, candidates: tuple[Any, ...]) -> Any:
        k = len(self.taken)
        position = self.script[k] if k < len(self.script) else 0
        self.taken.append((text, candidates, position))
        return candidates[position]


_binding: ContextVar[Binding] = ContextVar("binding")
_run: ContextVar[Run] = ContextVar("run")


@contextmanager
def binding(value: Binding) -> Iterator[Binding]:
    token = _binding.set(value)
    try:
        yield value
    finally:
        _binding.reset(token)


@contextmanager
def running(value: Run) -> Iterator[Run]:
    token = _run.set(value)
    try:
        yield value
    finally:
        _run.reset(token)


def current_binding() -> Binding:
    try:
        return _binding.get()
    except LookupError:
        raise ModelError("sizes and designs are known only inside a rule, a promise or a start function") from None


def is_bound() -> bool:
    """Whether sizes and designs are known."""
    return _binding.get(None) is not None


def current_run() -> Run:
    try:
        return _run.get()
    except LookupError:
        raise ModelError("this can only be called inside a rule or an operation") from None


def size_of(sort: type) -> int:
    """How many objects of a sort the current scope has."""
    sizes: Mapping[type, int] = current_binding().sizes
    try:
        return sizes[sort]
    except KeyError:
        raise ModelError(f"the scope gives no size for {sort.__name__}") from None


def block_of(sort: type) -> int:
    """How many objects of a sort make a block in the current scope."""
    return current_binding().blocks.get(sort, 1)
