# SPDX-License-Identifier: GPL-2.0-or-later
"""z3 on the intermediate representation.

``values`` are numbers of known intervals and ``codes`` the language's values in
them; ``expressions`` (with ``quantifiers``) and ``step`` evaluate a procedure over
an unknown state, ``relation`` makes one formula of a whole system, ``successors``
asks it about one state, ``bounded`` (with ``template`` and ``runs``) about all runs
of so many steps, ``proofs`` (with ``induction`` and ``frames``) about steps from any state
whatever.

``words`` (with ``bits`` and ``theorem``) decides claims about machine words; ``child``
runs solvers in processes that can be killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from checker.language import ir
from checker.language.errors import LanguageError, UsageError

if TYPE_CHECKING:
    from checker.language.claims import Claim
    from checker.symbolic.successors import OneStep
    from checker.symbolic.words import Answer


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


@contextmanager
def decider(claims: Sequence[Claim], memory: int | None = 2 << 30) -> Iterator[Callable[[int, float], Answer]]:
    """Answers (number of a claim, seconds it may take), from a child process.

    UsageError for a claim that cannot be read; ``memory``: bytes that the process may take.
    """
    from z3 import Z3Exception

    from checker.symbolic.child import Child, Undecided
    from checker.symbolic.words import Answer, decide

    def answer(question: tuple[int, float]) -> Answer | UsageError:
        number, seconds = question
        try:
            return decide(claims[number], seconds)
        except (LanguageError, UsageError) as error:
            return UsageError(str(error))
        except Z3Exception as error:
            if "memory" not in str(error):
                raise
            return Answer("undecided", reason="the solver has no memory left")

    def ask(number: int, seconds: float) -> Answer:
        try:
            found = child.ask((number, seconds), seconds)
        except Undecided as error:
            return Answer("undecided", reason=str(error))
        if isinstance(found, Answer):
            return found
        raise found

    with Child(answer, memory=memory) as child:
        yield ask
