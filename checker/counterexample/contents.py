# SPDX-License-Identifier: GPL-2.0-or-later
"""Names for contents along one run.

The names of a data sort are recycled: one that nothing holds any more comes back
for another content.  In a trace that would look like the old content, so that here
each content keeps a name of its own, in order of appearance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.language import ir
from checker.language.types import IndexT, OptT, Type


def data_sort(type_: Type) -> IndexT | None:
    """The data sort of a field's type, if it is one."""
    inner = type_.of if isinstance(type_, OptT) else type_
    return inner if isinstance(inner, IndexT) and inner.kind == "data" else None


@dataclass(frozen=True)
class Contents:
    """``names`` has a number for each content that the state holds, ``used`` how many there have been, by sort."""

    names: dict[tuple[str, int], int]
    used: dict[str, int]

    @staticmethod
    def of(system: ir.System, cells: Sequence[int]) -> Contents:
        """Those of an initial state."""
        return Contents({}, {}).after(system, cells)

    def after(self, system: ir.System, cells: Sequence[int]) -> Contents:
        """Those of the next state: contents that were not in this one are new."""
        names: dict[tuple[str, int], int] = {}
        used = dict(self.used)
        for field in system.fields:
            sort = data_sort(field.type)
            if sort is None:
                continue
            for code in cells[field.offset:field.offset + field.count]:
                if not len(sort.constants) <= code < sort.size or (sort.name, code) in names:
                    continue
                if (sort.name, code) in self.names:
                    names[sort.name, code] = self.names[sort.name, code]
                else:
                    names[sort.name, code] = used.get(sort.name, 0)
                    used[sort.name] = used.get(sort.name, 0) + 1
        return Contents(names, used)

    def show(self, type_: Type, code: int) -> str:
        """The value of a field in this state, as a person reads it."""
        sort = data_sort(type_)
        number = self.names.get((sort.name, code)) if sort is not None else None
        return type_.show(code) if sort is None or number is None else sort.show(number + len(sort.constants))
