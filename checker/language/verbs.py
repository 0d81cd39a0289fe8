# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of the language, as Python runs them in the raw reading.

The front end recognises these functions by identity and never calls them.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, overload

from checker.language import types as t
from checker.language.context import current_binding, current_run
from checker.language.errors import Disabled, LanguageError, ModelError
from checker.language.records import Place
from checker.language.sorts import Range, SortMeta, bound_of

F = TypeVar("F", bound=Callable[..., Any])


def require(condition: bool) -> None:
    """The whole step happens only where this is true."""
    if not condition:
        raise Disabled


def expect(condition: bool, text: str) -> None:
    """A promise with this name; where it is broken the step goes on."""
    if not condition:
        current_run().broken.append(text)
        frame = sys._getframe(1)
        current_run().fails(text, frame, frame.f_lineno)


def candidates(domain: Any) -> tuple[Any, ...]:
    if isinstance(domain, Range):
        return tuple(range(bound_of(domain.lo), bound_of(domain.hi) + 1))
    if domain is bool:
        return (False, True)
    if isinstance(domain, (SortMeta, enum.EnumMeta)):
        return tuple(domain)
    return tuple(domain)


def _choose(domain: Any, where: Callable[[Any], bool] | None) -> tuple[str, tuple[Any, ...]]:
    name = getattr(domain, "__name__", "value")
    return name, tuple(x for x in candidates(domain) if where is None or where(x))


def choose(domain: Any, where: Callable[[Any], bool] | None = None, or_block: bool = False) -> Any:
    """Any value of the domain for which ``where`` holds: one transition for each."""
    name, found = _choose(domain, where)
    if not found:
        if or_block:
            raise Disabled
        raise ModelError(f"choose from nothing: no {name} qualifies")
    return current_run().choose(name, found)


def choose_or_none(domain: Any, where: Callable[[Any], bool] | None = None) -> Any:
    """Like choose, and None where nothing qualifies."""
    name, found = _choose(domain, where)
    return current_run().choose(name, found) if found else None


def maybe(text: str) -> bool:
    """False or True; true only where the scope lets this failure happen."""
    if not current_binding().may_fail(text):
        return False
    return bool(current_run().choose(text, (False, True)))


def fresh(sort: Any) -> Any:
    """A content that nothing in the state holds any more."""
    return current_run().fresh(sort)


@contextmanager
def hold(lock: Any) -> Iterator[None]:
    """A lock region; taking a lock that is held already breaks no_lock_taken_twice."""
    run = current_run()
    if not isinstance(lock, Place):
        raise TypeError("hold(...) takes a Spinlock field")
    if any(lock == other for other in run.held):
        raise AssertionError("no_lock_taken_twice")
    run.held.append(lock)
    run.regions.append(lock.name)
    try:
        yield
    finally:
        run.held.pop()


def _lock(lock: Any) -> Place:
    if not isinstance(lock, Place) or not isinstance(lock.type, t.LockT):
        raise TypeError("a Lock field is wanted here")
    return lock


def acquire(lock: Any) -> None:
    """Waits until the lock is free, and takes it."""
    if _lock(lock).code != 0:
        raise Disabled(lock)
    _lock(lock).code = current_run().holder


def trylock(lock: Any) -> bool:
    """Takes the lock if it is free; whether it was."""
    if _lock(lock).code != 0:
        return False
    _lock(lock).code = current_run().holder
    return True


def release(lock: Any) -> None:
    """Gives the lock back; a model error for anyone but its holder."""
    if _lock(lock).code != current_run().holder:
        raise ModelError(f"{lock.name} is released by one who does not hold it")
    lock.code = 0


def hand_over(lock: Any) -> None:
    """Leaves the lock to the environment: a rule releases it."""
    if _lock(lock).code != current_run().holder:
        raise ModelError(f"{lock.name} is handed over by one who does not hold it")
    assert isinstance(lock.type, t.LockT)
    lock.code = lock.type.environment


def locked(lock: Any) -> bool:
    """Whether anybody holds the lock."""
    return _lock(lock).code != 0


def holds(actor: Any, lock: Any) -> bool:
    """Whether this actor holds the lock."""
    return _lock(lock).code == actor_number(actor) + 1


def place(thing: Any) -> int:
    """The number of an object in its block, from 0."""
    if thing is None:
        raise ModelError("None has no place")
    number: int = thing.place
    return number


def actor_number(actor: Any) -> int:
    """The place of an actor among all actors of the scope."""
    code: int = actor.code
    binding = current_binding()
    number = 0
    for role in binding.roles:
        if role is type(actor):
            return number + code
        number += binding.sizes[role]
    raise ModelError(f"{type(actor).__name__} is no role of this scope")


def at(function: Callable[..., Any], label: str | None = None, *, actor: Any = None, **values: Any) -> bool:
    """Whether some actor stands in this function, right behind this yield."""
    run = current_run()
    if run.at is None:
        raise ModelError("at(...) belongs into promises")
    return run.at(function, label, actor, values)


def idle(actor: Any) -> bool:
    """Whether this actor is in no operation."""
    run = current_run()
    if run.at is None:
        raise ModelError("idle(...) belongs into promises")
    return run.at(None, None, actor, {})


@dataclass(frozen=True)
class Leads:
    """What a @progress promise says of one state: whether something is owed there, and whether it is there."""

    begins: bool
    ends: bool

    def __bool__(self) -> NoReturn:
        raise TypeError("leads_to(...) is no condition: a @progress promise returns it")


def leads_to(begins: bool, ends: bool) -> Leads:
    """Wherever the first is true, the second is true then or later."""
    return Leads(bool(begins), bool(ends))


RUN_KINDS = ("progress", "can_always_reach")
"""Kinds of promises that no single state or step can break."""
FAIRNESS = ("weak", "strong", "none")


@dataclass(frozen=True)
class Mark:
    """What a decorator says of a function; ``fair`` is the fairness that a @progress promise counts on,
    or "weak" for a rule that others may count on."""

    kind: str
    fair: str = ""


def _decorator(kind: str, fair: str = "") -> Callable[[F], F]:
    def mark(function: F) -> F:
        function.__model_mark__ = Mark(kind, fair)  # type: ignore[attr-defined]
        return function

    mark.__name__ = kind
    return mark


@overload
def rule(function: F) -> F: ...
@overload
def rule(*, fair: bool) -> Callable[[F], F]: ...
def rule(function: F | None = None, *, fair: bool = False) -> F | Callable[[F], F]:
    """One atomic step of nobody in particular; ``fair``: it happens at last where it can."""
    mark = _decorator("rule", "weak" if fair else "")
    return mark if function is None else mark(function)


def progress(function: Any = None, *, fair: str = "") -> Callable[[F], F]:
    """A promise about whole runs: what is owed comes at last, in every run that is fair."""
    from checker.language.shapes import position

    def mark(function: F) -> F:
        if fair not in FAIRNESS:
            raise LanguageError(position(function), '@progress says what it counts on: fair="weak", "strong" or "none"')
        return _decorator("progress", fair)(function)

    return mark if function is None else mark(function)


operation = _decorator("operation")
"""A function that an actor runs, one step from yield to yield."""
invariant = _decorator("invariant")
"""A promise about every state."""
step_invariant = _decorator("step")
"""A promise about every transition: (old, new)."""
can_always_reach = _decorator("can_always_reach")
"""From every state some run leads to one where this is true."""
reachable = _decorator("reachable")
"""A state that must be reached by some run."""

measure = _decorator("measure")
"""A whole number to know the least and the most of, over all states."""

Steps = Generator[str, None, Any]
Functions = Iterable[Callable[..., Any]]


def kind_of(function: Any) -> str | None:
    """The decorator that a function wears."""
    found = getattr(function, "__model_mark__", None)
    return found.kind if isinstance(found, Mark) else None


def fairness_of(function: Any) -> str:
    """What its decorator says of fairness; empty if nothing."""
    found = getattr(function, "__model_mark__", None)
    return found.fair if isinstance(found, Mark) else ""
