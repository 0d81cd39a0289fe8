# SPDX-License-Identifier: GPL-2.0-or-later
"""The modelling language; docs/language.md is its manual.

``from checker.language import *`` gives an author every word of it.
"""

from checker.language.build import Built, build
from checker.language.errors import LanguageError, UsageError
from checker.language.load import load_specs
from checker.language.records import Record, State
from checker.language.sorts import (
    Actor,
    Array,
    Data,
    Index,
    Lock,
    Range,
    Set,
    Spinlock,
    Union,
    case,
    size,
)
from checker.language.spec import Design, Model, Scope, Spec, bound, broken
from checker.language.verbs import (
    acquire,
    at,
    choose,
    choose_or_none,
    expect,
    fresh,
    hand_over,
    hold,
    holds,
    invariant,
    locked,
    maybe,
    operation,
    reachable,
    release,
    require,
    rule,
    step_invariant,
    trylock,
)

AUTHOR = [
    "Actor", "Array", "Data", "Design", "Index", "Lock", "Model", "Range", "Record", "Scope", "Set", "Spec", "Spinlock",
    "State", "Union", "acquire", "at", "bound", "broken", "case", "choose", "choose_or_none", "expect", "fresh",
    "hand_over", "hold", "holds", "invariant", "locked", "maybe", "operation", "reachable", "release", "require", "rule",
    "size", "step_invariant", "trylock",
]

__all__ = [
    *AUTHOR,
    "dataclass",
]

from dataclasses import dataclass  # noqa: E402  (an author's designs are dataclasses)
