# SPDX-License-Identifier: GPL-2.0-or-later
"""z3 on the intermediate representation.

``values`` are numbers of known intervals and ``codes`` the language's values in
them; ``expressions`` (with ``quantifiers``) and ``step`` evaluate a procedure over
an unknown state, ``relation`` makes one formula of a whole system, ``successors``
asks it about one state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checker.language import ir

if TYPE_CHECKING:
    from checker.symbolic.successors import OneStep


def one_step(system: ir.System) -> OneStep:
    """The system's successor relation, to be asked about many states."""
    from checker.symbolic.successors import OneStep

    return OneStep(system)


def successors(system: ir.System, vector: Sequence[int]) -> set[tuple[int, ...]]:
    """The normalised codes of every state that one step leads to."""
    return one_step(system).successors(vector)


def can_err(system: ir.System, vector: Sequence[int]) -> bool:
    """Whether some step from this state is a model error or a false assertion."""
    return one_step(system).can_err(vector)


def condition(system: ir.System, promise: ir.Promise, vector: Sequence[int]) -> bool | None:
    """A promise's condition in this state; None if evaluating it is a model error."""
    return one_step(system).condition(promise, vector)
