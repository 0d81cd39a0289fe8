# SPDX-License-Identifier: GPL-2.0-or-later
"""k-induction: which promises carry themselves from step to step, together with the lemmas.

All invariants are assumed together, and what some step breaks is dropped until the
rest carries itself.  Every question to the solver has a limit, and a process that
is killed at it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from checker.claims import claims
from checker.language import ir
from checker.symbolic.child import Child, Undecided

if TYPE_CHECKING:
    from checker.symbolic.frames import Fact
    from checker.symbolic.induction import Answer, Failed, Induction

SECONDS = 60.0
"""How long a question to the solver may take, where nobody says anything else."""

READY = 600.0
"""How long the formulas may take to be written, on a busy machine."""

DEEPEST = 2
"""The largest k that is tried, where nobody says anything else."""

INTERRUPTED = "interrupted"

REFUSED = {
    "reachable": "an induction shows what never happens, not that something can",
    "progress": "an induction is about states and steps, not about whole runs",
    "can_always_reach": "an induction is about states and steps, not about whole runs",
    "static": "it is seen in the source, without a search",
    "every_operation_can_finish": "an induction is about states and steps, not about whole runs",
    "no_deadlock": "an induction shows what no step does, not that there is one",
}
"""Kinds of promises, and promises, that no induction is about: why."""


@dataclass
class Proof:
    """What an induction says about one promise.

    ``outcome`` is inductive, fails, broken (in an initial state, or in a run shorter
    than k), undecided, or refused.  ``lemmas`` are the other promises that the proof
    rests on, ``places`` the steps that may break the promise, ``round`` tells in which
    round it was dropped: later ones miss what earlier ones dropped.  ``tried`` is the
    largest k that was tried.
    """

    promise: str
    kind: str
    doc: str
    outcome: str = "undecided"
    k: int = 0
    lemmas: tuple[str, ...] = ()
    failed: Failed | None = None
    places: tuple[tuple[str, str], ...] = ()
    round: int = 0
    tried: int = 0
    reason: str = ""
    seconds: float = 0.0


@dataclass
class Prover:
    """One system, a child process that is asked about it, and what is known so far."""

    system: ir.System
    child: Child[tuple[str, tuple[Any, ...]], tuple[bool, Any]]
    seconds: float
    facts: list[Fact] = field(default_factory=list)
    """What the first process has found out about frames, for the next one."""
    progress: Callable[[str], None] | None = None
    proofs: dict[str, Proof] = field(default_factory=dict)
    moves: int = 0
    carried: list[str] = field(default_factory=list)
    """Invariants that are assumed: those that carry themselves, in the end."""

    def ask(self, what: str, *given: Any) -> Any:
        if self.progress is not None:
            self.progress(f"{what} {given[0]}")
        if self.child.pid is None:
            # Whoever answers has to write the formulas first, which is no question to a solver.
            _, (self.facts[:], self.moves) = self.child.ask(("ready", ()), max(READY, self.seconds))
        known, found = self.child.ask((what, given), self.seconds)
        if not known:
            raise Undecided(found)
        return found

    # ------------------------------------------------------------------- k = 1

    def begin(self) -> None:
        """Lists what is claimed; invariants that an initial state breaks are out."""
        for claim in claims(self.system):
            proof = self.proofs[claim.name] = Proof(claim.name, claim.kind, claim.doc)
            why = REFUSED.get(claim.kind) or REFUSED.get(claim.name)
            if why is not None:
                proof.outcome, proof.reason = "refused", why
        for name in self.open():
            if self.shorter(self.proofs[name], 1) and self.proofs[name].kind == "invariant":
                self.carried.append(name)

    def open(self) -> list[str]:
        return [name for name, proof in self.proofs.items() if proof.outcome == "undecided"]

    def shorter(self, proof: Proof, k: int) -> bool:
        """Whether no run of fewer than k steps from an initial state breaks the promise."""
        try:
            for steps in range(k):
                if self.ask("start", proof.promise, steps):
                    proof.outcome, proof.k, proof.reason = "broken", steps, ""
                    return False
        except Undecided as error:
            proof.reason = f"the runs of fewer than {k} steps: {error}"
            return False
        return True

    def together(self) -> None:
        """Drops invariants until those that are left carry themselves."""
        needs: dict[str, frozenset[str]] = {}
        number = 0
        while True:
            number += 1
            assumed = tuple(self.carried)
            dropped = []
            for name in assumed:
                if name in needs and needs[name] <= set(assumed):
                    continue
                used = self.decide(self.proofs[name], assumed, 1)
                if used is None:
                    self.proofs[name].round = number
                    dropped.append(name)
                else:
                    needs[name] = used
            if not dropped:
                break
            self.carried = [name for name in assumed if name not in dropped]
        for name in self.carried:
            self.inductive(self.proofs[name], 1, needs[name])

    def decide(self, proof: Proof, assumed: Sequence[str], k: int) -> frozenset[str] | None:
        """What the proof needs, if there is one; else what there is instead is noted."""
        began = time.monotonic()
        proof.tried = max(proof.tried, k)
        needs: frozenset[str] = frozenset()
        failed = None
        try:
            for move in range(self.moves):
                answer: Answer = self.ask("decide", proof.promise, assumed, k, move)
                needs, failed = needs | answer.needs, answer.failed
                if failed is not None:
                    break
        except Undecided as error:
            proof.outcome, proof.reason = "undecided", str(error)
            return None
        finally:
            proof.seconds += time.monotonic() - began
        if failed is None:
            return needs
        proof.outcome, proof.k, proof.failed, proof.reason = "fails", k, failed, ""
        proof.lemmas = tuple(assumed)
        return None

    def inductive(self, proof: Proof, k: int, needs: frozenset[str]) -> None:
        proof.outcome, proof.k, proof.failed, proof.reason = "inductive", k, None, ""
        proof.lemmas = tuple(name for name in self.carried if name in needs and name != proof.promise)

    # ------------------------------------------------------------- what is left

    def rest(self, wanted: Sequence[str], deepest: int) -> None:
        """What is no invariant, and what needs more than one step; an invariant that does is a lemma for others."""
        again = False
        while True:
            proved = [name for name in wanted if self.deeper(self.proofs[name], deepest, again)]
            lemmas = [name for name in proved if self.proofs[name].kind == "invariant"]
            if not lemmas:
                return
            self.carried += lemmas
            again = True

    def deeper(self, proof: Proof, deepest: int, again: bool) -> bool:
        """Tries k = 1, 2, ...; whether that is a proof.  ``again``: there are more lemmas than the last time."""
        first = proof.outcome == "undecided" and not proof.reason
        if not first and proof.outcome != "fails":
            return False
        for k in range(1 if first or again else 2, deepest + 1):
            if k > 1 and not self.shorter(proof, k):
                return False
            before = proof.failed, proof.lemmas, proof.k
            used = self.decide(proof, tuple(self.carried), k)
            if used is not None:
                self.inductive(proof, k, used)
                return True
            if before[0] is not None:
                # The shorter way to fail is easier to read; and a failed step is more than no answer.
                proof.outcome, proof.reason = "fails", ""
                proof.failed, proof.lemmas, proof.k = before
        return False

    def slim(self, proof: Proof) -> None:
        """Leaves out lemmas that the proof does not need."""
        used: set[str] = set()
        try:
            for move in range(self.moves):
                used |= self.ask("needs", proof.promise, proof.lemmas, proof.k, move)
        except Undecided:
            return  # it was proved with all of them
        self.inductive(proof, proof.k, frozenset(used))

    def picture(self, proof: Proof) -> None:
        """Where else it fails, and a failed step that is easy to read."""
        try:
            proof.places = tuple(self.ask("places", proof.promise, proof.lemmas, proof.k))
            proof.failed = self.ask("simpler", proof.promise, proof.lemmas, proof.k) or proof.failed
        except Undecided:
            pass  # the step that was found will do


def prove(system: ir.System, wanted: Sequence[str] = (), *, deepest: int = DEEPEST, seconds: float = SECONDS,
          memory: int | None = None, progress: Callable[[str], None] | None = None) -> dict[str, Proof]:
    """What inductions of up to ``deepest`` steps say of each promise, or of those that are wanted.

    Of those that are wanted it is also found out which lemmas they really need.
    ``seconds`` (per question) and ``memory`` (bytes) limit the solver.  Ctrl-C leaves
    what is not decided undecided.  ImportError: the solver is not installed.
    """
    if find_spec("z3") is None:
        raise ImportError("there is no z3", name="z3")
    kept: list[Induction] = []
    facts: list[Fact] = []

    def answer(question: tuple[str, tuple[Any, ...]]) -> tuple[bool, Any]:
        """One question; runs in the child."""
        import z3  # type: ignore[import-untyped,unused-ignore]

        from checker.symbolic.induction import Induction, Unsure

        if not kept:
            kept.append(Induction(system, facts or None))
        what, given = question
        try:
            return True, getattr(kept[0], what)(*given)
        except Unsure as error:
            return False, str(error)
        except z3.Z3Exception as error:
            if "memory" not in str(error):
                raise
            return False, "the solver has no memory left"

    with Child(answer, memory=memory) as child:
        prover = Prover(system, child, seconds, facts, progress)
        try:
            prover.begin()
            prover.together()
            names = list(wanted) or list(prover.proofs)
            prover.rest(names, deepest)
            for name in names:
                if prover.proofs[name].outcome == "fails":
                    prover.picture(prover.proofs[name])
                elif wanted and prover.proofs[name].outcome == "inductive":
                    prover.slim(prover.proofs[name])
        except KeyboardInterrupt:
            for name in prover.open():
                prover.proofs[name].reason = prover.proofs[name].reason or INTERRUPTED
    return prover.proofs
