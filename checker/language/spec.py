# SPDX-License-Identifier: GPL-2.0-or-later
"""Designs, models, scopes and specs: what is asked about which variant, how large."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from checker.language.context import current_binding
from checker.language.errors import ModelError, UsageError

if TYPE_CHECKING:
    from checker.language.claims import WordSpec

Function = Callable[..., Any]


@dataclass(frozen=True)
class Design:
    """Base of frozen dataclasses with one field, a *switch*, per open question."""


D = TypeVar("D", bound=Design)


class Bound:
    """The design at hand, as rules see it; switches are folded when rules are compiled."""

    def __init__(self, cls: type[Design]):
        self._cls = cls

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        design = current_binding().design
        current_binding().switches.add(name)
        if not isinstance(design, self._cls):
            raise ModelError(f"the spec names no {self._cls.__name__}")
        return getattr(design, name)


def bound(cls: type[D]) -> D:
    """A stand-in for whichever design of this class a spec is about."""
    return cast(D, Bound(cls))


@dataclass(frozen=True)
class Model:
    """Everything that can happen: the state, the rules, and what each role may run."""

    state: type
    rules: Iterable[Function] = ()
    operations: Mapping[type, Iterable[Function]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """How much of a model: objects per sort and role, operations per role, failures.

    ``operations`` and ``failures`` narrow what the model has; None leaves all of it.
    ``blocks`` says for symmetric sorts how many objects make a block: these have places in it.
    """

    name: str
    sizes: Mapping[type, int]
    operations: Mapping[type, Iterable[Function]] | None = None
    failures: Iterable[str] | None = None
    blocks: Mapping[type, int] = field(default_factory=dict)

    def describe(self) -> dict[str, int]:
        """Sort name to size."""
        return {sort.__name__: n for sort, n in self.sizes.items()}


@dataclass(frozen=True)
class Broken:
    """A break that is known; ``steps`` is the length of its shortest trace, if recorded."""

    steps: int | None = None


def broken(steps: int | None = None) -> Broken:
    """The expectation that a promise breaks."""
    return Broken(steps)


@dataclass(frozen=True)
class Spec:
    """One question: does this model, under this design, in this scope, keep these promises?

    ``measures`` are numbers to know the least and the most of; they decide nothing.
    ``lemmas`` are invariants that a proof by induction may rest on: the spec promises them, too.
    With ``by_z3`` a check of all default specs also has z3 look at this one, in runs of
    up to so many steps.
    ``name`` is filled in from the variable that holds the spec.
    """

    why: str
    model: Model
    scope: Scope
    promises: Iterable[Function] = ()
    design: Design | None = None
    start: Iterable[Function] = ()
    expected: Mapping[str, Broken] = field(default_factory=dict)
    may_end: Function | None = None
    default: bool = True
    measures: Iterable[Function] = ()
    lemmas: Iterable[Function] = ()
    by_z3: int | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.by_z3 is not None and self.by_z3 < 0:
            raise UsageError(f"Spec(by_z3={self.by_z3}) is no number of steps")
        for what in ("promises", "start", "measures", "lemmas"):
            if callable(getattr(self, what)):
                raise UsageError(f"Spec({what}=...) takes a list of functions")


@dataclass(frozen=True)
class Comparison:
    """What the designs of a model are compared by.

    Each of ``designs`` is asked the questions of ``specs``: their scopes, start
    states, promises and measures; the designs and expectations of those specs do
    not count.  A table also has a column for each switch of the designs named in
    ``flipped``, with that switch alone set another way.  A switch of ``company``
    matters only where others are set as is said there: it is flipped beside them, too.
    ``quotient`` are fields of one object, for states that only one design reaches.
    ``words`` are the formats of a design's machine words, by the name of the design
    and then by what such a word is called.
    """

    specs: Iterable[Spec]
    designs: Mapping[str, Design]
    flipped: Iterable[str] = ()
    company: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    quotient: Iterable[str] = ()
    words: Mapping[str, Mapping[str, WordSpec]] = field(default_factory=dict)
