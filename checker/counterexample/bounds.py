# SPDX-License-Identifier: GPL-2.0-or-later
"""Which bound of a scope would have hidden a break: the scope made smaller, one sort at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from checker.language.errors import LanguageError, UsageError
from checker.language.verbs import RUN_KINDS, kind_of

if TYPE_CHECKING:
    from checker.language.spec import Spec


@dataclass(frozen=True)
class Smaller:
    """The scope with one object of ``sort`` less: the break is still there, after ``steps``, or not (None)."""

    sort: str
    size: int
    steps: int | None


def smaller_scopes(spec: Spec, promise: str) -> list[Smaller]:
    """What becomes of a broken promise where each sort in turn has one object (or block) less.

    Sorts that cannot shrink (the last object, a start state that needs it) are left out.
    """
    from checker.explicit import explore
    from checker.language.build import build
    from checker.language.sorts import Actor

    alone = [one for one in spec.promises if one.__name__ == promise]  # the others are not asked again
    spec = replace(spec, promises=alone, lemmas=(), expected={})
    found: list[Smaller] = []
    for sort, size in spec.scope.sizes.items():
        step = spec.scope.blocks.get(sort, 1)
        least = 0 if issubclass(sort, Actor) else step
        if size <= least:
            continue
        scope = replace(spec.scope, sizes={**spec.scope.sizes, sort: size - step})
        try:
            searched = explore(build(spec, scope=scope), first=False)
        except (LanguageError, UsageError):
            continue
        finding = searched.findings.get(promise)
        found.append(Smaller(sort.__name__, size - step, finding.depth if finding is not None else None))
    return found


def sentence(spec: Spec, promise: str, steps: int) -> str:
    """The bounds that would have hidden the break, in words."""
    tried = smaller_scopes(spec, promise)
    hiding = [f"{one.size or 'no'} {one.sort}" for one in tried if one.steps is None]
    kept = [f"{one.size or 'no'} {one.sort}" for one in tried if one.steps is not None]
    text = f"A search to a depth of less than {steps} steps."
    if any(kind_of(one) in RUN_KINDS and one.__name__ == promise for one in spec.promises):
        text = "A search to any depth that does not visit every state: this is about runs without end."
    if hiding:
        text += f" A scope with {', or with '.join(hiding)} (everything else as it is)."
    if kept:
        text += f" It breaks as well with {' or '.join(kept)}."
    return text
