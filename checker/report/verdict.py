# SPDX-License-Identifier: GPL-2.0-or-later
"""What a search says about a spec, promise by promise, and the exit code that follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from checker.claims import Claim, claims, first_line
from checker.language import ir
from checker.language.lockorder import cycle, edges
from checker.words import amount, unknown

if TYPE_CHECKING:
    from checker.counterexample.trace import Trace
    from checker.explicit.result import Exploration, Finding
    from checker.language.spec import Broken
    from checker.symbolic.bounded import Bounded


class Exit(IntEnum):
    """The exit codes of the command."""

    AS_EXPECTED = 0
    SURPRISE = 1
    USAGE = 2
    UNDECIDED = 3
    MISSING = 4
    NOTHING = 5
    VACUOUS = 6
    INTERNAL = 70


NO_STEPS_DECIDE = "no number of steps decides this"
"""The claim about what a bounded search is not asked."""

WORST_FIRST = (Exit.INTERNAL, Exit.USAGE, Exit.MISSING, Exit.SURPRISE, Exit.VACUOUS, Exit.UNDECIDED, Exit.NOTHING)


def worst(codes: Iterable[Exit]) -> Exit:
    """The one exit code for several reasons."""
    found = set(codes)
    return next((code for code in WORST_FIRST if code in found), Exit.AS_EXPECTED)


@dataclass
class Verdict:
    """What is known about one promise of one spec.

    ``verdict`` is holds, broken, undecided or vacuous.  ``steps`` is the length of
    the shortest trace to a break, or to what must be reached.  ``surprise`` says
    how it differs from what the spec expects, or is None.
    """

    promise: str
    kind: str
    verdict: str
    expected: str
    claim: str
    doc: str = ""
    steps: int | None = None
    surprise: str | None = None
    trace: Trace | None = None

    @property
    def exit(self) -> Exit:
        if self.surprise is not None:
            return Exit.SURPRISE
        if self.verdict == "vacuous" and self.expected == "holds":
            return Exit.VACUOUS
        return Exit.UNDECIDED if self.verdict == "undecided" else Exit.AS_EXPECTED


@dataclass
class Measured:
    """The least and the most of a measure over the states visited, and the shortest ways there in steps.

    ``witnesses`` are the traces to the two, where they were followed.
    """

    measure: str
    doc: str
    least: int
    most: int
    least_steps: int
    most_steps: int
    witnesses: tuple[Trace, ...] = ()


@dataclass
class SpecResult:
    """One spec, as it was asked, and what came out.

    ``complete`` is True where every state of the scope was visited; else
    ``stopped`` says why not.  ``never`` are the operations of the scope that
    nobody ever ran.  ``error`` is set where the spec could not be asked at all.
    ``engine`` is explicit, or z3: that looks at runs of up to ``depth`` steps (-1:
    not even at the initial states), and counts states only where these are all.
    ``second`` is the result of z3 beside the exhaustive search's of the same spec; what
    lies behind its bound is that one's to say.
    One state was visited of those that differ in the names of objects of the sorts in ``renamed`` only.
    ``words`` of 64 bits a state takes; ``memory`` in bytes, ``phases`` in CPU seconds and ``hurried`` are
    what the search needed, and ``starved`` whether it stopped for want of memory, as in ``Exploration``.
    """

    spec: str
    why: str = ""
    engine: str = "explicit"
    scope_name: str = ""
    scope: dict[str, Any] = field(default_factory=dict)
    design: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    expected: list[str] = field(default_factory=list)
    states: int = 0
    transitions: int = 0
    depth: int = 0
    complete: bool = False
    stopped: str | None = None
    seconds: float = 0.0
    fingerprint: int = 0
    renamed: list[str] = field(default_factory=list)
    words: int = 0
    memory: int = 0
    phases: dict[str, float] = field(default_factory=dict)
    hurried: int = 0
    starved: bool = False
    verdicts: list[Verdict] = field(default_factory=list)
    measures: list[Measured] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    error: str | None = None
    error_exit: Exit = Exit.USAGE
    traceback: str | None = None
    second: bool = False

    @property
    def exit(self) -> Exit:
        codes = [verdict.exit for verdict in self.verdicts if not self.meant(verdict)]
        if self.error is not None:
            codes.append(self.error_exit)
        if self.never:
            codes.append(Exit.VACUOUS)
        if self.stopped is not None and not self.complete:
            codes.append(Exit.UNDECIDED)
        return worst(codes)

    def meant(self, verdict: Verdict) -> bool:
        """Whether a verdict is open because nobody asked for more."""
        return self.second and verdict.verdict == "undecided" and not verdict.surprise and self.stopped is None


def up_to_names(states: int, renamed: Sequence[str]) -> str:
    """So many states; with symmetry, what each of them stands for."""
    text = amount(states, "state")
    return f"{text}, up to the names of {', '.join(renamed)}," if renamed else text


def judge(system: ir.System, expected: Mapping[str, Broken], scope_name: str, found: Exploration,
          renamed: Sequence[str] = ()) -> list[Verdict]:
    """A verdict for every claim of the system, and for every expectation about none of them."""
    seen = up_to_names(found.states, renamed)
    everywhere = f"every one of {seen} of scope {scope_name!r}"
    so_far = f"nothing found in {seen} to depth {found.depth}; {found.stopped or 'the search was not complete'}"

    def decide(claim: Claim) -> tuple[str, str]:
        if claim.name in found.findings:
            return _shown(claim, found.findings[claim.name])
        if claim.name in found.undecided or not found.complete:
            return "undecided", so_far
        if claim.kind == "reachable":
            return "vacuous", f"reached in none: {everywhere} was visited"
        if claim.name in found.idle:
            return "vacuous", f"nothing is ever owed: {everywhere} was visited"
        return "holds", everywhere

    return _verdicts(system, expected, {name: finding.depth for name, finding in found.findings.items()}, decide)


def measured(system: ir.System, found: Exploration) -> list[Measured]:
    """What the search says of each measure, in the order of the spec."""
    return [Measured(one.name, first_line(one.doc), extent.least, extent.most, extent.least_depth, extent.most_depth)
            for one in system.measures if (extent := found.measures.get(one.name)) is not None]


def judge_bounded(system: ir.System, expected: Mapping[str, Broken], scope_name: str, found: Bounded) -> list[Verdict]:
    """The same for a bounded search; where no run is longer than its bound, that a promise holds, too."""
    steps = amount(found.depth, "step")
    names = " but for the names of objects" if found.renamed else ""
    everywhere = f"every one of {amount(found.states, 'state')} of scope {scope_name!r}{names}, as z3 finds them"

    def decide(claim: Claim) -> tuple[str, str]:
        if claim.name in found.findings:
            return _shown(claim)
        if found.depth < 0:
            return "undecided", f"nothing known: {found.stopped}"
        if claim.name not in found.decided:
            return "undecided", NO_STEPS_DECIDE
        if found.everything and claim.kind == "reachable":
            return "vacuous", f"reached in none: {everywhere} was visited"
        if found.everything:
            return "holds", everywhere
        return "undecided", f"not reached within {steps}" if claim.kind == "reachable" else \
            f"no violation within {steps}"

    return _verdicts(system, expected, {name: finding.depth for name, finding in found.findings.items()}, decide)


def _shown(claim: Claim, finding: Finding | None = None) -> tuple[str, str]:
    if claim.kind == "progress" and finding is not None:
        if finding.loop is None:
            return "broken", f"nothing more has to happen after {amount(finding.depth, 'step')}"
        loop = amount(finding.depth - finding.loop, "step")
        return "broken", f"a loop of {loop}, after {amount(finding.loop, 'step')}"
    return ("holds", "some state of the scope") if claim.kind == "reachable" else ("broken", "a shortest trace")


def _verdicts(system: ir.System, expected: Mapping[str, Broken], depths: Mapping[str, int],
              decide: Callable[[Claim], tuple[str, str]]) -> list[Verdict]:
    verdicts = []
    for claim in claims(system):
        if claim.kind == "static":
            verdicts.append(_lock_order(system, claim, expected.get(claim.name)))
            continue
        verdict, text = decide(claim)
        wanted, steps = expected.get(claim.name), depths.get(claim.name)
        verdicts.append(Verdict(
            promise=claim.name, kind=claim.kind, verdict=verdict, expected="broken" if wanted else "holds",
            claim=text, doc=claim.doc, steps=steps,
            surprise=None if verdict == "undecided" else _surprise(verdict, wanted, steps)))
    known = [verdict.promise for verdict in verdicts]
    for name in expected:
        if name not in known:
            verdicts.append(Verdict(promise=name, kind="unknown", verdict="holds", expected="broken", claim="nothing",
                                    surprise="expected to break; " + unknown("promise or assertion", name, known)))
    return verdicts


def _lock_order(system: ir.System, claim: Claim, wanted: Broken | None) -> Verdict:
    ring = cycle(edges(system))
    text = "every path of every rule and operation" if not ring else " but ".join(str(edge) for edge in ring)
    verdict = "broken" if ring else "holds"
    return Verdict(promise=claim.name, kind=claim.kind, verdict=verdict, expected="broken" if wanted else "holds",
                   claim=text, doc=claim.doc, surprise=_surprise(verdict, wanted, None))


def _surprise(verdict: str, wanted: Broken | None, steps: int | None) -> str | None:
    if wanted is None:
        return "expected to hold" if verdict == "broken" else None
    if verdict == "holds":
        return "expected to break"
    if verdict == "broken" and wanted.steps is not None and wanted.steps != steps:
        return f"expected to break in {wanted.steps} steps"
    return None
