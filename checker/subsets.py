# SPDX-License-Identifier: GPL-2.0-or-later
"""The smallest sets of changes that do what is wanted, each of them tried."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Generic, TypeVar

from checker.words import amount

E = TypeVar("E", bound=Hashable)
G = TypeVar("G", bound=Hashable)


@dataclass
class Smallest(Generic[E, G]):
    """For each goal the sets of elements that reach it and of which no part does, smallest first.

    ``tried`` sets were tried: all of up to ``size`` elements that could tell
    anything.  ``undecided`` are those that nobody knows of what they do.
    """

    sets: dict[G, list[frozenset[E]]]
    tried: int = 0
    size: int = 0
    whole: bool = False
    undecided: list[frozenset[E]] = field(default_factory=list)

    def bound(self, what: str) -> str:
        """What was not searched, honestly; empty where everything was."""
        if self.whole:
            return ""
        sets = f"{amount(self.tried, 'set')} of {what} tried"
        return f"{sets}, all of up to {self.size} among them; not searched further"


def smallest(elements: Sequence[E], goals: Iterable[G], ask: Callable[[Sequence[frozenset[E]]],
             Iterator[frozenset[G] | None]], most: int, together: int = 8) -> Smallest[E, G]:
    """Tries sets by size; one that contains a set found before for every goal tells nothing new.

    ``ask`` says of each set which goals it reaches (None: undecided).  At most
    ``most`` sets are tried, some of them ``together``.
    """
    found: Smallest[E, G] = Smallest({goal: [] for goal in goals})
    for size in range(1, len(elements) + 1):
        waiting = [frozenset(one) for one in combinations(elements, size)]
        while waiting:
            waiting = [one for one in waiting if open_goals(found, one)]
            batch = waiting[:min(together, most - found.tried)]
            if waiting and not batch:
                return found
            waiting = waiting[len(batch):]
            found.tried += len(batch)
            for one, reached in zip(batch, ask(batch), strict=True):
                if reached is None:
                    found.undecided.append(one)
                for goal in open_goals(found, one):
                    if reached is not None and goal in reached:
                        found.sets[goal].append(one)
        found.size = size
    found.whole = True
    return found


def open_goals(found: Smallest[E, G], one: frozenset[E]) -> list[G]:
    """The goals that no part of this set is known to reach."""
    return [goal for goal, sets in found.sets.items() if not any(known <= one for known in sets)]
