# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that a system claims: its promises, its assertions, and what is always promised."""

from __future__ import annotations

from dataclasses import dataclass

from checker.language import ir
from checker.language.lockorder import has_regions
from checker.language.types import LockT

ONE_ORDER = "locks_are_taken_in_one_order"

BUILT_IN = {
    "no_deadlock": "Whenever an actor is in mid-operation, something can move.",
    "every_operation_can_finish": "From every state, every running actor can get back to idle.",
    "no_model_error": "Nothing leaves its range, reads through None, or the like.",
    "no_lock_left_behind": "No actor ends an operation while it holds a lock.",
    ONE_ORDER: "Lock regions nest in one order everywhere.",
}


@dataclass(frozen=True)
class Claim:
    """``kind`` is invariant, step, reachable, progress, can_always_reach, assertion, built-in, or static
    (seen without a search).

    It is least or most where the claim is that a state has the least or the most of a measure.
    """

    name: str
    kind: str
    doc: str
    promise: ir.Promise | None = None
    runs: ir.RunPromise | None = None
    measure: ir.Measure | None = None


def claims(system: ir.System) -> list[Claim]:
    """In the order of the spec, those about runs last, then assertions, then what is always promised.

    The order is part of replay keys.
    """
    found = [Claim(p.name, p.kind, first_line(p.doc), p) for p in system.promises]
    found += [Claim(p.name, p.kind, first_line(p.doc), runs=p) for p in system.run_promises]
    found += [Claim(text, "assertion", "") for text in system.assertions]
    taken = {claim.name for claim in found}
    found += [Claim(name, "static" if name == ONE_ORDER else "built-in", doc) for name, doc in BUILT_IN.items()
              if name not in taken and applies(name, system)]
    return found


def witnesses(system: ir.System) -> list[Claim]:
    """For each measure that some state has the least of it, and some state the most.

    In replay keys they are counted behind the claims.
    """
    return [Claim(f"{which} {m.name}", which, first_line(m.doc), measure=m) for m in system.measures
            for which in ("least", "most")]


def applies(name: str, system: ir.System) -> bool:
    """Whether a system of this kind can break what is always promised."""
    if name == "no_lock_left_behind":
        return any(isinstance(f.type, LockT) for f in system.fields)
    if name == ONE_ORDER:
        return has_regions(system)
    return name != "every_operation_can_finish" or bool(system.roles)


def first_line(doc: str | None) -> str:
    """What a docstring says first."""
    return doc.strip().splitlines()[0].strip() if doc and doc.strip() else ""
