# SPDX-License-Identifier: GPL-2.0-or-later
"""A second verdict: z3 looks at some specs, too, that were searched exhaustively.

Specs say themselves how many steps (``Spec.by_z3``).  What z3 leaves open behind
these is no fault; that it did not get so far is, and that the two engines differ.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from checker.language.spec import Spec
from checker.report.progress import Progress
from checker.report.second import said
from checker.report.verdict import NO_STEPS_DECIDE, Exit, SpecResult, Verdict
from checker.run import INTERRUPTED, Bounds, Ran, follow_all, missing, take_bounded
from checker.words import amount

if TYPE_CHECKING:
    from checker.symbolic.bounded import Bounded

SECONDS = 900.0
"""How long z3 may take for one spec, where nobody says anything else: many times what it needs."""


def second(ran: Ran, spec: Spec, bounds: Bounds) -> SpecResult:
    """What z3 says of a spec that was searched, compared with what the exhaustive search says."""
    from checker.symbolic.bounded import bounded

    first = ran.result
    result = SpecResult(first.spec, why=first.why, engine="z3", scope_name=first.scope_name, scope=first.scope,
                        design=first.design, changed=first.changed, expected=first.expected, depth=-1, second=True)
    assert ran.system is not None and spec.by_z3 is not None
    if first.stopped == INTERRUPTED:
        result.stopped = INTERRUPTED
        return result
    progress = Progress(f"{spec.name} by z3")
    try:
        found = bounded(ran.system, spec.by_z3, seconds=bounds.seconds or SECONDS, memory=bounds.memory,
                        progress=progress.steps)
        _judge(result, ran, spec, found)
    except KeyboardInterrupt:
        result.stopped = INTERRUPTED
    except ImportError as error:
        result.error, result.error_exit = missing(error), Exit.MISSING
    except Exception as error:
        result.error, result.error_exit = f"{result.spec} by z3: {type(error).__name__}: {error}", Exit.INTERNAL
        result.traceback = traceback.format_exc()
    finally:
        progress.close()
    return result


def _judge(result: SpecResult, ran: Ran, spec: Spec, found: Bounded) -> None:
    assert ran.system is not None
    take_bounded(result, ran.system, spec.expected, found)
    known = {verdict.promise for verdict in ran.result.verdicts if verdict.kind not in ("static", "unknown")}
    result.verdicts = [verdict for verdict in result.verdicts if verdict.promise in known]
    compare(ran.result, result)
    follow_all(Ran(result, ran.question, ran.system), found.findings, traces=False)


def compare(first: SpecResult, other: SpecResult) -> None:
    """Marks as a surprise whatever z3 (``other``) says and the exhaustive search does not."""
    if first.complete and other.complete and other.states and first.states != other.states:
        other.error_exit = Exit.SURPRISE
        other.error = (f"the two engines differ: z3 finds {amount(other.states, 'state')}, "
                       f"the exhaustive search {amount(first.states, 'state')}")
    first_said = {verdict.promise: verdict for verdict in first.verdicts}
    for verdict in other.verdicts:
        verdict.surprise = verdict.surprise or difference(first_said[verdict.promise], verdict, first, other)


def difference(one: Verdict, other: Verdict, first: SpecResult, second: SpecResult) -> str | None:
    """How z3's verdict differs from the exhaustive search's; None if both may be right."""
    if one.steps == other.steps or no_steps_decide(other):
        return None
    if other.steps is None and (one.steps or 0) > second.depth:
        return None  # z3 has not come so far
    if one.steps is None and not first.complete and first.depth < (other.steps or 0):
        return None  # nor has the exhaustive search
    return f"the two engines differ: {said(one)} in the exhaustive search"


def no_steps_decide(verdict: Verdict) -> bool:
    """Whether z3 was not asked, because no number of steps decides it."""
    return verdict.steps is None and verdict.claim == NO_STEPS_DECIDE
