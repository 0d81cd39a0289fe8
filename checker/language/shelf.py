# SPDX-License-Identifier: GPL-2.0-or-later
"""Procedures and promises that were lowered before in this process.

Specs of one model differ in a switch or two, and in what they promise; most of their
procedures are the same.  What was lowered is taken again where everything is as it was:
what a ``Shelf`` is for, and whatever the lowering has ``Seen`` besides.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checker.language import ir
from checker.language.context import Binding
from checker.language.source import Function, source_of

if TYPE_CHECKING:
    from checker.language.frames import SystemContext
    from checker.language.places import Node

SHELVES = 128
"""So many are kept, those that were asked for last."""
VARIANTS = 64
"""So many versions of one function are kept on a shelf."""
_NOTHING = object()


@dataclass
class Seen:
    """What the lowering of a function has looked at, and what it has found there.

    ``failures`` by text: whether they may happen.  ``names`` are those that are free in a function,
    ``attributes`` those of Python objects.  ``assertions`` have their numbers, in the order in which they were met.
    """

    switches: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, bool] = field(default_factory=dict)
    names: dict[tuple[Function, str], Any] = field(default_factory=dict)
    attributes: list[tuple[Any, str, Any]] = field(default_factory=list)
    assertions: dict[str, int] = field(default_factory=dict)

    def holds(self, system: SystemContext) -> bool:
        """Whether a lowering for this system would find the same everywhere."""
        design = system.binding.design
        return (
            all(getattr(design, name, _NOTHING) == value for name, value in self.switches.items())
            and all(system.binding.may_fail(text) == value for text, value in self.failures.items())
            and system.numbers(self.assertions) == self.assertions
            and all(_same(system.names_of(source_of(function)).get(name, _NOTHING), value)
                    for (function, name), value in self.names.items())
            and all(_same(getattr(owner, name, _NOTHING), value) for owner, name, value in self.attributes)
        )


class Shelf:
    """What was lowered for one kind of design, the same fields of the state, and the same sizes.

    ``root`` is the tree of these ``fields``.
    """

    def __init__(self, root: Node, fields: tuple[ir.Field, ...]) -> None:
        self.root, self.fields = root, fields
        self._known: dict[Hashable, list[tuple[Seen, Any]]] = {}

    def take(self, key: Hashable, system: SystemContext) -> Any | None:
        """What was put there under this key when everything was as it is in this system."""
        for seen, thing in self._known.get(key, ()):
            if seen.holds(system):
                system.binding.switches.update(seen.switches)
                for text in seen.assertions:
                    system.promise(text)
                return thing
        return None

    def put(self, key: Hashable, seen: Seen, thing: Any) -> None:
        """Keeps what was lowered; who puts it there, and who takes it, must not change it."""
        known = self._known.setdefault(key, [])
        known.insert(0, (seen, thing))
        del known[VARIANTS:]


_shelves: OrderedDict[Hashable, Shelf] = OrderedDict()


def shelf_of(binding: Binding, state: type, root: Node, fields: tuple[ir.Field, ...]) -> Shelf:
    """The shelf for systems like this one."""
    key = (state, fields, type(binding.design), binding.roles, binding.merged,
           frozenset(binding.sizes.items()), frozenset(binding.blocks.items()))
    shelf = _shelves.pop(key, None) or Shelf(root, fields)
    _shelves[key] = shelf
    while len(_shelves) > SHELVES:
        _shelves.popitem(last=False)
    return shelf


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and bool(one == other))
