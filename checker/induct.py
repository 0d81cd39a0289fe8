# SPDX-License-Identifier: GPL-2.0-or-later
"""``prove SPEC``: has promises proved by induction, and asks the exhaustive search about steps that fail."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from checker.asked import Asked, asked_by
from checker.language.errors import UsageError
from checker.report.output import Output
from checker.report.progress import Progress
from checker.report.verdict import Exit, worst
from checker.run import question
from checker.words import amount, unknown

if TYPE_CHECKING:
    from checker.counterexample.follow import Question
    from checker.counterexample.leap import Leap
    from checker.counterexample.trace import Trace
    from checker.language.spec import Spec
    from checker.reaching import Reached
    from checker.symbolic.proofs import Proof

SEARCH = 60.0
"""Seconds that the exhaustive search may look for a failed step's state, where nobody says otherwise."""


@dataclass
class Judged:
    """One promise: what the induction says, and what the search says where that fails.

    ``verdict`` is holds, broken or undecided.  ``leap`` is the failed step, ``reachable``
    whether the state that it starts from is (None: nobody knows), ``trace`` a run that
    really breaks the promise.
    """

    proof: Proof
    verdict: str
    expected: str
    claim: str
    surprise: str | None = None
    lemma: bool = False
    leap: Leap | None = None
    reachable: bool | None = None
    trace: Trace | None = None

    @property
    def promise(self) -> str:
        return self.proof.promise

    @property
    def exit(self) -> Exit:
        if self.surprise is not None:
            return Exit.SURPRISE
        return Exit.UNDECIDED if self.verdict == "undecided" else Exit.AS_EXPECTED


@dataclass
class Induced:
    """One spec; ``refused`` are the promises that no induction is about, and why."""

    question: Question
    why: str
    judged: list[Judged] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def exit(self) -> Exit:
        return worst(one.exit for one in self.judged) if self.judged else Exit.NOTHING


@dataclass(frozen=True)
class Bounds:
    """Seconds for each question to the solver and for the search, bytes of memory, stored states, the largest k."""

    seconds: float | None = None
    memory: int | None = None
    max_states: int | None = None
    steps: int | None = None


def induct(arguments: argparse.Namespace, output: Output) -> Exit:
    """The command."""
    from checker.report.induction import document, drawn, lines, summary
    from checker.symbolic.proofs import INTERRUPTED

    if arguments.steps == 0:
        raise UsageError("--steps 0: an induction looks at one step at least")
    asked, words = asked_by(arguments)
    asked = replace(asked, proving=True)
    names, promises = chosen(asked, words)
    bounds = Bounds(arguments.time, arguments.memory, arguments.max_states, arguments.steps)
    results = []
    for name in names:
        result = one(asked, asked.spec(name), promises, bounds)
        results.append(result)
        interrupted = any(judged.proof.reason == INTERRUPTED for judged in result.judged)
        if arguments.form == "text":
            output.lines(lines(result, few=bool(promises)))
            output.lines(drawn(result, every=bool(promises)))
        if interrupted:
            break
    code = worst(result.exit for result in results)
    output.lines([document(results, code)] if arguments.form == "json" else [summary(results, code)])
    return code


def chosen(asked: Asked, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The specs and the promises that words name."""
    names = [word for word in words if word in asked.specs]
    promises = [word for word in words if word not in asked.specs]
    if not names and promises and len(asked.specs) != 1:
        raise UsageError(unknown("spec", promises[0], asked.specs))
    if not names and len(asked.specs) == 1:
        names = list(asked.specs)
    if not names:
        raise UsageError(f"say which spec to prove: {asked.file or asked.model} has {', '.join(asked.specs) or 'none'}")
    return list(dict.fromkeys(names)), list(dict.fromkeys(promises))


def one(asked: Asked, spec: Spec, promises: Sequence[str], bounds: Bounds) -> Induced:
    """Proves the promises of one spec, or those that are named."""
    from checker.asked import unusual
    from checker.claims import claims
    from checker.symbolic.proofs import DEEPEST, REFUSED, SECONDS, prove

    began = time.monotonic()
    about = question(asked, spec)
    known = {claim.name: claim for claim in claims(about.system)}
    for name in promises:
        if name not in known:
            raise UsageError(unknown("promise", name, known))
        why = REFUSED.get(known[name].kind) or REFUSED.get(name)
        if why is not None:
            raise UsageError(f"no induction is about {name}: {why}; ask vswap check {spec.name}")
    progress = Progress(spec.name)
    try:
        proofs = prove(about.system, promises, deepest=bounds.steps or DEEPEST, seconds=bounds.seconds or SECONDS,
                       memory=bounds.memory, progress=progress.doing)
        wanted = [proofs[name] for name in promises or proofs]
        found = search(about, wanted, bounds, progress)
    finally:
        progress.close()
    result = Induced(about, spec.why, changed=unusual(asked.design_of(spec)))
    for proof in wanted:
        if proof.outcome == "refused":
            result.refused[proof.promise] = proof.reason
        else:
            result.judged.append(judge(about, spec, proof, found))
    result.seconds = time.monotonic() - began
    return result


def search(about: Question, proofs: Sequence[Proof], bounds: Bounds, progress: Progress) -> Reached | None:
    """Asks whether the failed steps start in reachable states, and whether their promises really break."""
    from checker.explicit.result import Limits
    from checker.reaching import reached
    from checker.symbolic.proofs import INTERRUPTED

    failing = [proof for proof in proofs if proof.outcome in ("fails", "broken")]
    if not failing or any(proof.reason == INTERRUPTED for proof in proofs):
        return None
    return reached(about.system, {proof.promise: proof.failed.first for proof in failing if proof.failed is not None},
                   [proof.promise for proof in failing],
                   Limits(max_states=bounds.max_states, memory=bounds.memory, seconds=bounds.seconds or SEARCH),
                   progress)


def judge(about: Question, spec: Spec, proof: Proof, found: Reached | None) -> Judged:
    """One verdict, against what the spec expects."""
    from checker.counterexample.follow import follow
    from checker.counterexample.leap import leap

    expected = "broken" if proof.promise in spec.expected else "holds"
    made = Judged(proof, "undecided", expected, "", lemma=proof.promise in about.system.lemmas)
    finding = found.findings.get(proof.promise) if found is not None else None
    if proof.failed is not None:
        made.leap = leap(about, proof.promise, proof.failed)
        made.reachable = found.states.get(proof.promise) if found is not None else None
    if proof.outcome == "inductive":
        made.verdict, made.claim = "holds", inductive(about, proof)
        made.surprise = "expected to break" if expected == "broken" else None
    elif finding is not None:
        made.verdict = "broken"
        made.claim = f"breaks in {amount(finding.depth, 'step')}" if finding.depth else "breaks in an initial state"
        made.surprise = "expected to hold" if expected == "holds" else None
        made.trace = follow(about, finding)
    else:
        made.claim = "; ".join(undecided(proof, found))
    return made


def inductive(about: Question, proof: Proof) -> str:
    """The words in which the proof may be quoted."""
    given = f", given lemmas {', '.join(proof.lemmas)}" if proof.lemmas else ""
    return f"inductive for scope {about.scope['name']!r}, k = {proof.k}{given}"


def undecided(proof: Proof, found: Reached | None) -> Iterator[str]:
    """Why nothing is known."""
    if proof.outcome == "broken":
        yield f"z3 breaks it {proof.k} steps from the start"
    elif proof.outcome == "fails":
        yield f"not inductive for k {'up to' if proof.tried > proof.k else '='} {max(proof.tried, proof.k)}"
    else:
        yield proof.reason or "not asked"
        return
    if found is None or not found.complete:
        yield found.stopped if found is not None and found.stopped else "the search was not complete"
    else:
        yield f"it breaks in none of the {found.visited:,} reachable states: a lemma is missing"
