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
    anything, ``whole`` if that is all.  ``undecided`` are those that nobody knows of
    what they do.
    """

    sets: dict[G, list[frozenset[E]]]
    tried: int = 0
    size: int = 0
    whole: bool = False
    every: bool = False
    undecided: list[frozenset[E]] = field(default_factory=list)

    def bound(self, what: str) -> str:
        """What was not searched, honestly; empty where everything was."""
        if self.whole:
            return ""
        sets = f"{amount(self.tried, 'set')} of {what} tried"
        return f"{sets}, all of up to {self.size} among them; not searched further" if self.size else \
            f"{sets}; not searched further"

    @property
    def decided(self) -> bool:
        """Whether more trying would change the answer that there is no set, for some goal."""
        return (self.whole and not self.undecided) or all(self.sets.values())


def smallest(elements: Sequence[E], goals: Iterable[G], ask: Callable[[Sequence[frozenset[E]]],
             Iterator[frozenset[G] | None]], most: int, *, largest: int | None = None, every: bool = False,
             together: int = 8) -> Smallest[E, G]:
    """Tries sets by size; one that contains a set found before for every goal tells nothing new.

    ``ask`` says of each set which goals it reaches (None: undecided).  At most
    ``most`` sets are tried, of up to ``largest`` elements, some of them ``together``.
    With ``every`` the larger sets that do it, too, are tried and kept.
    """
    found: Smallest[E, G] = Smallest({goal: [] for goal in goals}, every=every)
    largest = len(elements) if largest is None else min(largest, len(elements))
    for size in range(1, largest + 1):
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
    found.whole = largest == len(elements) or not any(
        open_goals(found, frozenset(one)) for one in combinations(elements, largest + 1))
    return found


def open_goals(found: Smallest[E, G], one: frozenset[E]) -> list[G]:
    """The goals that no part of this set is known to reach; all of them where every set is wanted."""
    if found.every:
        return list(found.sets)
    return [goal for goal, sets in found.sets.items() if not any(known <= one for known in sets)]
