# SPDX-License-Identifier: GPL-2.0-or-later
"""Two-phase commit: one transaction manager, several resource managers.

Mirrors   TwoPhase of the TLA+ examples, where messages are never lost and never removed
Left out  receiving the same message twice: it would change nothing
"""

from enum import Enum

from checker.language import *


class Manager(Index, prefix="rm"):
    """A resource manager: it does a part of the work."""


class Progress(Enum):
    """How far a resource manager is."""

    WORKING = "working"
    PREPARED = "prepared"
    COMMITTED = "committed"
    ABORTED = "aborted"


class Decision(Enum):
    """What the transaction manager can tell everybody."""

    COMMIT = "commit"
    ABORT = "abort"


class TwoPhase(State):
    progress: Array[Manager, Progress]
    decision: Decision | None
    heard_from: Set[Manager]
    prepared_sent: Set[Manager]
    decisions_sent: Set[Decision]


@rule
def prepare(s: TwoPhase, rm: Manager):
    """A resource manager is ready, and says so."""
    require(s.progress[rm] == Progress.WORKING)
    s.progress[rm] = Progress.PREPARED
    s.prepared_sent |= {rm}


@rule
def abort_alone(s: TwoPhase, rm: Manager):
    """A resource manager that has promised nothing yet gives up."""
    require(s.progress[rm] == Progress.WORKING)
    s.progress[rm] = Progress.ABORTED


@rule
def hear_prepared(s: TwoPhase, rm: Manager):
    """The transaction manager hears that a resource manager is ready."""
    require(s.decision is None and rm in s.prepared_sent and rm not in s.heard_from)
    s.heard_from |= {rm}


@rule
def decide_commit(s: TwoPhase):
    """Everybody is ready: the transaction manager commits."""
    require(s.decision is None and len(s.heard_from) == len(Manager))
    s.decision = Decision.COMMIT
    s.decisions_sent |= {Decision.COMMIT}


@rule
def decide_abort(s: TwoPhase):
    """The transaction manager may abort as long as it has not committed."""
    require(s.decision is None)
    s.decision = Decision.ABORT
    s.decisions_sent |= {Decision.ABORT}


@rule
def hear_commit(s: TwoPhase, rm: Manager):
    """A resource manager commits, because it was told so."""
    require(Decision.COMMIT in s.decisions_sent and s.progress[rm] != Progress.COMMITTED)
    s.progress[rm] = Progress.COMMITTED


@rule
def hear_abort(s: TwoPhase, rm: Manager):
    """A resource manager aborts, because it was told so."""
    require(Decision.ABORT in s.decisions_sent and s.progress[rm] != Progress.ABORTED)
    s.progress[rm] = Progress.ABORTED


@invariant
def nobody_commits_what_another_aborts(s: TwoPhase):
    """No two resource managers end differently."""
    return not (
        any(s.progress[rm] == Progress.COMMITTED for rm in Manager)
        and any(s.progress[rm] == Progress.ABORTED for rm in Manager)
    )


@step_invariant
def a_decision_stands(old: TwoPhase, new: TwoPhase):
    """What was decided is never taken back."""
    return old.decision is None or new.decision == old.decision


@reachable
def everybody_commits(s: TwoPhase):
    """The transaction can succeed."""
    return all(s.progress[rm] == Progress.COMMITTED for rm in Manager)


def everybody_has_ended(s: TwoPhase):
    """All know the outcome, so nothing is left to do."""
    return s.decision is not None and all(
        s.progress[rm] in (Progress.COMMITTED, Progress.ABORTED) for rm in Manager
    )


MODEL = Model(
    state=TwoPhase,
    rules=[prepare, abort_alone, hear_prepared, decide_commit, decide_abort, hear_commit, hear_abort],
)


def managers(name, count):
    """The question, asked about this many resource managers."""
    return Spec(
        why="A transaction that half of the disks know as done and half as undone is corruption.",
        model=MODEL,
        scope=Scope(name, sizes={Manager: count}),
        promises=[nobody_commits_what_another_aborts, a_decision_stands, everybody_commits],
        may_end=everybody_has_ended,
    )


three_managers = managers("three resource managers", 3)
five_managers = managers("five resource managers", 5)
seven_managers = managers("seven resource managers", 7)
