# SPDX-License-Identifier: GPL-2.0-or-later
"""Explores a system: the loop around the native search, its limits, what it found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from checker.explicit.apart import apart, too_many
from checker.explicit.checkpoint import Checkpoint
from checker.explicit.context import Ctx
from checker.explicit.interrupt import INTERRUPTED, Interrupt
from checker.explicit.machine import Machine
from checker.explicit.measures import Extreme, Extremes, depth_of
from checker.explicit.memory import available, show
from checker.explicit.phases import Phases
from checker.explicit.program import Program
from checker.explicit.result import (
    CAN_FINISH,
    EXTREMES,
    NO_DEADLOCK,
    NO_LOCK_LEFT,
    NO_MODEL_ERROR,
    Exploration,
    Extent,
    Finding,
    LimitError,
    Limits,
)
from checker.explicit.runs import Runs
from checker.explicit.traces import Target, traces
from checker.language import ir
from checker.language.types import LockT
from checker.processors import cores

Progress = Callable[[int, int, int, int], None]
_SHORT, _LONG = 0.02, 0.1
"""Seconds that one call of the native search should take."""
_PATIENCE = 0.8e-6
"""Seconds of search per character of the model's text before compiling for speed pays:
about half of what that takes.  Most searches end earlier."""
_PATIENCE_AGAIN = 0.1e-6
"""The same for a model that was searched before: what is asked twice will be asked once more, and what is
compiled meanwhile is there then, even if this search ends first."""
_PATIENCE_LITTLE = 0.4e-6
"""The same for a small model, which is compiled while the search waits."""
_INTERVAL = 300.0
"""Seconds between two checkpoints."""
PROMISE_BROKE = "a promise broke"
_FIRST_SHARE, _LEAST_SHARE, _MOST_SHARE = 1 << 12, 1 << 6, 1 << 20
"""States that it may expand in one call."""


@dataclass
class Search:
    """A search under way.  ``layers`` has the index at which each depth begins."""

    system: ir.System
    limits: Limits
    first: bool
    progress: Progress | None
    interrupt: Interrupt
    symmetry: bool = False
    witnesses: bool = False
    kept: Path | None = None
    traced: Callable[[str, int], bool] | None = None
    finish: bool = True
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.phases = Phases()
        with self.phases("compile"):
            self.program = Program(self.system, self.symmetry)
            memory = available() if self.limits.memory is None else self.limits.memory
            self.machine = Machine(self.program, memory, self.limits.max_states, self._threads())
        self.memory = self.machine.memory
        self.layers = [0, self.machine[Ctx.COUNT]]
        self.stopped: str | None = None
        self.starved = False
        self.targets: dict[str, Target] = {}
        self.undecided: set[str] = set()
        self._share = _FIRST_SHARE
        self._told = self.started
        self._began = time.thread_time()
        self._saved = self.started
        self.checkpoint = None if self.kept is None else Checkpoint(self.kept, self.program.question())

    def _threads(self) -> int:
        """One where the order in which states are found shows: where some are left out, and where one
        that comes first is to be shown."""
        if self.limits.max_states is not None or self.witnesses:
            return 1
        return self.limits.threads or cores()

    def run(self) -> Exploration:
        """Everything: the search, who can finish, traces."""
        machine = self.machine
        try:
            if not self._resume():
                self._note(0)
            with self.phases("search"):
                self._search()
            self._keep()
            complete = self.stopped is None
            self._close_layer()
            result = Exploration(
                states=machine[Ctx.COUNT], transitions=machine[Ctx.TRANSITIONS], depth=len(self.layers) - 2,
                complete=complete, stopped=None, seconds=0.0, fingerprint=self._fingerprint(), findings={},
                coverage=self.program.coverage(machine.counts()), undecided=frozenset())
            roles = self.finish and bool(self.system.roles)
            asked = bool(self.system.run_promises)
            measures = self._measure()
            if self.targets or ((roles or asked) and complete):
                machine.number()
            with self.phases("finish"):
                if roles and not (complete and self._finish()):
                    self.undecided.add(CAN_FINISH)
            with self.phases("runs"):
                runs = self._runs(result) if asked and complete else None
            with self.phases("traces"):
                result.findings = self._findings()
            if runs is not None:
                result.findings |= runs.findings(result.findings)
                result.idle = frozenset(runs.idle)
                runs.close()
            result.measures = {name: self._extent(result, name, *both) for name, both in measures.items()}
            if not complete:
                self.undecided.update(self._promises())
            result.undecided = frozenset(self.undecided - set(result.findings))
            if self.interrupt.wanted and self.stopped is None:
                self.stopped = INTERRUPTED  # what comes behind this search
            elif self.checkpoint is not None and (self.stopped is None or not self._goes_on):
                self.checkpoint.drop()
            result.stopped, result.starved = self.stopped, self.starved
            result.seconds = time.monotonic() - self.started
            result.words, result.memory, result.phases = machine.words, machine.peak, self.phases.seconds
            result.hurried = machine.hurried
            return result
        finally:
            machine.close()

    def _findings(self) -> dict[str, Finding]:
        """A finding for each target, with a trace where somebody wants one; whatever stands for a loop
        or a measure has one in any case."""
        targets = list(self.targets.values())
        shown = [t for t in targets if self.traced is None or t.kind == "point" or self.traced(t.promise, t.depth)]
        if CAN_FINISH not in [target.promise for target in shown]:
            self.machine.release(Ctx.FINISH)
        found = traces(self.machine, self.layers, shown)
        return {t.promise: found.get(t.promise) or Finding(t.promise, t.depth, (), t.error) for t in targets}

    def _fingerprint(self) -> int:
        machine = self.machine
        return (machine[Ctx.STATE_HASH] * 3 + machine[Ctx.EDGE_HASH]) & (1 << 64) - 1

    def _promises(self) -> set[str]:
        """All promises that the system makes."""
        names = {NO_MODEL_ERROR, NO_DEADLOCK, *self.system.assertions, *(p.name for p in self.system.promises),
                 *(p.name for p in self.system.run_promises)}
        if self.system.roles:
            names.add(CAN_FINISH)
        if any(isinstance(f.type, LockT) for f in self.system.fields):
            names.add(NO_LOCK_LEFT)
        return names

    # -- layer after layer

    def _search(self) -> None:
        machine = self.machine
        while self.stopped is None and machine.behind(machine[Ctx.COUNT]):
            end = self.layers[-1]
            while self.stopped is None and machine.behind(end):
                self._advance(end)
            if self.stopped is None:
                self._close_layer()
                if self.first and self._broken() and machine[Ctx.NEXT] < machine[Ctx.COUNT]:
                    self.stopped = PROMISE_BROKE

    def _advance(self, end: int) -> None:
        """One call of the native search, then whatever limits say."""
        machine = self.machine
        patience = _PATIENCE_AGAIN if machine.again else _PATIENCE_LITTLE if machine.little else _PATIENCE
        if machine.slow and time.thread_time() - self._began > machine.slow * patience:
            machine.optimise()
        before = time.monotonic()
        if not machine.search(end, self._share) and not machine.grow():
            self.stopped, self.starved = f"the memory limit of {show(self.memory)} is reached", True
        now = time.monotonic()
        if now - before < _SHORT:
            self._share = min(_MOST_SHARE, self._share * 2)
        elif now - before > _LONG:
            self._share = max(_LEAST_SHARE, self._share // 2)
        self.stopped = machine.overrun() or self.stopped
        self._pause(now)
        if self.checkpoint is not None and now - self._saved > _INTERVAL and self.stopped is None:
            self._keep()
        if self.progress is not None and self.stopped is None and now - self._told > _LONG:
            self._told = now
            count = machine[Ctx.COUNT]
            self.progress(count, machine[Ctx.TRANSITIONS], len(self.layers) - 1, count - machine[Ctx.NEXT])

    def _pause(self, now: float) -> None:
        """Between two native calls: is it time to stop?"""
        if self.interrupt.wanted:
            self.stopped = INTERRUPTED
        elif self.limits.seconds is not None and now - self.started > self.limits.seconds:
            self.stopped = f"the time limit of {self.limits.seconds:g} s is reached"

    # -- checkpoints

    @property
    def _goes_on(self) -> bool:
        """Whether a search that stopped can be taken up again: not where something was left out."""
        return self.machine.overrun() is None and self.stopped != PROMISE_BROKE

    def _keep(self) -> None:
        """Saves where the search is, if somebody wants it."""
        if self.checkpoint is None or not self._goes_on:
            return
        header = {"layers": self.layers, "targets": [asdict(target) for target in self.targets.values()]}
        self.machine.save(self.checkpoint, header)
        self._saved = time.monotonic()
        if self.stopped is not None and self.checkpoint.failed is not None:
            self.stopped += f"; the checkpoint {self.checkpoint.path} could not be written: {self.checkpoint.failed}"

    def _resume(self) -> bool:
        """Goes on from a checkpoint, if there is one."""
        if self.checkpoint is None:
            return False
        with self.checkpoint.load() as saved:
            if saved is None:
                return False
            self.machine.restore(saved)
            self.layers = list(saved.header["layers"])
            self.targets = {one["promise"]: Target(**one) for one in saved.header["targets"]}
            return True

    def _close_layer(self) -> None:
        """Notes what the layer showed; states that it discovered are the next one."""
        source = len(self.layers) - 2
        self._note(source)
        count = self.machine[Ctx.COUNT]
        if count > self.layers[-1]:
            self.layers.append(count)

    def _note(self, source: int) -> None:
        """Promises found for the first time while the layer ``source`` was expanded.  Before
        anything is expanded, states found are initial ones."""
        machine = self.machine
        fresh = source + (1 if machine[Ctx.NEXT] else 0)
        for k, name in enumerate(self.program.states.names):
            if machine[Ctx.STATE_FOUND] >> k & 1:
                self._target(Target(name, "state", k, fresh, fresh))
        for k, name in enumerate(self.program.edges.names):
            if machine[Ctx.EDGE_FOUND] >> k & 1:
                self._target(Target(name, "edge", k, source, source + 1))
        if machine[Ctx.STUCK]:
            self._target(Target(NO_DEADLOCK, "deadlock", 0, source, source))

    def _target(self, target: Target) -> None:
        known = self.targets.get(target.promise)
        if known is None or target.depth < known.depth:
            self.targets[target.promise] = target

    def _broken(self) -> bool:
        reachable = {p.name for p in self.system.promises if p.kind == "reachable"}
        return any(name not in reachable for name in self.targets)

    # -- promises about runs

    def _runs(self, result: Exploration) -> Runs | None:
        """Looks for loops; what is not looked at for lack of time or memory is undecided."""
        names = [promise.name for promise in self.system.run_promises]
        try:
            runs = Runs(self.machine, self.layers, result.transitions, self._stop)
        except LimitError as error:
            self.stopped = str(error)
            self.undecided.update(names)
            return None
        for target in runs.judge(self.system.run_promises):
            self._target(target)
        self.undecided.update(runs.undecided)
        return runs

    def _stop(self) -> bool:
        self._pause(time.monotonic())
        return self.stopped is not None

    # -- measures

    def _measure(self) -> dict[str, tuple[Extreme, Extreme]]:
        """The extremes of each measure; where one cannot be computed, that is a model error instead."""
        machine, count, at = self.machine, self.machine[Ctx.COUNT], 0
        if not self.system.measures:
            return {}
        extremes = machine.extremes()
        while at < count:
            if self.interrupt.wanted:
                return {}
            end = min(count, at + _MOST_SHARE)
            at = extremes.look(at, end)
            if at < end:
                layer = depth_of(self.layers, at)
                at = min(self._failing(extremes, at, self.layers[layer + 1]), key=machine.words_of)
                extremes.look(at, at + 1)
                why = self.program.error(extremes.why.value)[1]
                self._target(Target(NO_MODEL_ERROR, "point", at, layer, layer, why))
                return {}
        found = {one.name: extremes.found(k) for k, one in enumerate(self.system.measures)}
        for name, both in found.items() if self.witnesses else ():
            for which, extreme in zip(EXTREMES, both, strict=True):
                layer = depth_of(self.layers, extreme.index)
                self._target(Target(f"{which} {name}", "point", extreme.index, layer, layer))
        return found

    @staticmethod
    def _failing(extremes: Extremes, at: int, end: int) -> Iterator[int]:
        """All states up to ``end`` in which a measure cannot be computed; ``at`` is the first."""
        while at < end:
            yield at
            at = extremes.look(at + 1, end)

    def _extent(self, result: Exploration, name: str, least: Extreme, most: Extreme) -> Extent:
        ways = [result.findings.pop(f"{which} {name}", None) for which in EXTREMES]
        return Extent(least=least.value, least_depth=depth_of(self.layers, least.index), least_at=ways[0],
                      most=most.value, most_depth=depth_of(self.layers, most.index), most_at=ways[1])

    # -- every operation can finish

    def _finish(self) -> bool:
        """Sweeps until nothing changes; False if a limit came first."""
        machine = self.machine
        count = machine[Ctx.COUNT]
        if machine.used + 4 * count > self.memory:
            self.stopped = f"the memory limit of {show(self.memory)} leaves no room to see which operations finish"
            return False
        machine.region(Ctx.FINISH, 4 * count, "operations that finish")
        machine.begin(0, count)
        while self._sweep(count):
            pass
        if self.stopped is not None:
            return False
        caught = machine.caught(0, count)
        if caught < count:
            depth = next(k for k in range(len(self.layers) - 1) if caught < self.layers[k + 1])
            self._target(Target(CAN_FINISH, "finish", 0, depth, depth))
        return True

    def _sweep(self, count: int) -> int:
        """One sweep from the last state to the first; how much changed."""
        changed, high = 0, count
        while high and self.stopped is None:
            low = max(0, high - self._share)
            changed += self.machine.sweep(low, high)
            high = low
            self._pause(time.monotonic())
        return changed


def explore(system: ir.System, *, limits: Limits | None = None, first: bool = False,
            progress: Progress | None = None, symmetry: bool = False, witnesses: bool = False,
            checkpoint: Path | None = None, traced: Callable[[str, int], bool] | None = None,
            finish: bool = True) -> Exploration:
    """Visits every reachable state, breadth first, and judges every promise.

    ``first`` stops behind the layer in which a promise broke.  ``progress`` is called
    now and then with states, transitions, depth and states still to expand.
    ``symmetry`` (not for promises about runs) visits one of the states that differ only in the names of symmetric
    objects and actors: the verdicts are the same, states and transitions are fewer,
    and traces are those of the system itself.  With ``witnesses`` the least and the most
    of every measure come with a shortest way there.
    Ctrl-C, and SIGTERM where somebody handles it, end the search early like a limit.
    ``checkpoint`` is a file that the search is kept in, now and then and when it ends early, and taken up
    from if it is there; when all is known it is removed.  LimitError: no room even to begin.
    UsageError: a checkpoint that is damaged or about something else.
    ``traced`` says of a promise and the depth at which it was found whether its way is wanted, for that takes
    time and memory; None is all of them.  A finding without has an empty path.
    Without ``finish`` nobody asks whether every operation can finish, which takes nearly as long as the search.
    """
    def search(system: ir.System, lemmas: bool) -> Exploration:
        with Interrupt() as interrupt:
            return Search(system, limits or Limits(), first, progress, interrupt, symmetry, witnesses and not lemmas,
                          None if lemmas else checkpoint, traced, finish).run()

    return apart(system, search) if too_many(system) else search(system, False)
