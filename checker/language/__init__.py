# SPDX-License-Identifier: GPL-2.0-or-later
"""The modelling language; docs/language.md is its manual.

``from checker.language import *`` gives an author every word of it.
"""

from dataclasses import dataclass

from checker.language.build import Built, build
from checker.language.errors import LanguageError, UsageError
from checker.language.load import load_specs
from checker.language.ready import every_operation_finishes
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
from checker.language.spec import Comparison, Design, Model, Scope, Spec, bound, broken
from checker.language.verbs import (
    acquire,
    at,
    can_always_reach,
    choose,
    choose_or_none,
    expect,
    fresh,
    hand_over,
    hold,
    holds,
    idle,
    invariant,
    leads_to,
    locked,
    maybe,
    measure,
    operation,
    progress,
    reachable,
    release,
    require,
    rule,
    step_invariant,
    trylock,
)

__all__ = [
    "Actor",
    "Array",
    "Built",
    "Comparison",
    "Data",
    "Design",
    "Index",
    "LanguageError",
    "Lock",
    "Model",
    "Range",
    "Record",
    "Scope",
    "Set",
    "Spec",
    "Spinlock",
    "State",
    "Union",
    "UsageError",
    "acquire",
    "at",
    "bound",
    "broken",
    "build",
    "can_always_reach",
    "case",
    "choose",
    "choose_or_none",
    "dataclass",
    "every_operation_finishes",
    "expect",
    "fresh",
    "hand_over",
    "hold",
    "holds",
    "idle",
    "invariant",
    "leads_to",
    "load_specs",
    "locked",
    "maybe",
    "measure",
    "operation",
    "progress",
    "reachable",
    "release",
    "require",
    "rule",
    "size",
    "step_invariant",
    "trylock",
]
