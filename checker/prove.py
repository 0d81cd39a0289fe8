# SPDX-License-Identifier: GPL-2.0-or-later
"""``prove``: by induction (``induct``); with ``--words`` finds word formats, has their claims decided, and compares."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checker.asked import is_file, readable
from checker.language.claims import Claim, Shown, WordSpec
from checker.language.errors import LanguageError, UsageError
from checker.language.load import installed, load_file
from checker.report.output import Output
from checker.report.verdict import Exit, worst
from checker.words import unknown

if TYPE_CHECKING:
    from checker.symbolic.words import Answer

SECONDS = 10.0
"""How long a claim may take if nobody says otherwise."""

FEW = 3
"""So many formats are shown with a line for every claim; of more, only what does not simply hold."""

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Proved:
    """What is known about one claim; ``shown`` are the words of a counterexample.

    ``verdict`` is holds, broken, vacuous or undecided; ``reason`` is why it is undecided, or a
    sentence on the question if it could not be asked.  ``surprise`` is how it differs from what is expected.
    """

    claim: str
    doc: str
    covers: str
    verdict: str
    expected: str
    surprise: str | None = None
    reason: str = ""
    shown: Sequence[Shown] = ()
    seconds: float = 0.0

    @property
    def exit(self) -> Exit:
        if self.verdict == "error":
            return Exit.USAGE
        if self.surprise is not None:
            return Exit.SURPRISE
        return {"undecided": Exit.UNDECIDED, "vacuous": Exit.VACUOUS}.get(self.verdict, Exit.AS_EXPECTED)


@dataclass
class WordResult:
    """The claims of one format."""

    name: str
    why: str
    proved: list[Proved] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def exit(self) -> Exit:
        return worst(one.exit for one in self.proved)


class RefereeError(Exception):
    """Python does not confirm what the solver found: one of the two readings is wrong."""


def prove(arguments: argparse.Namespace, output: Output) -> Exit:
    """The command."""
    from checker.report.prove import document, lines, summary

    if not arguments.about_words:
        if not arguments.words:
            raise UsageError("say what to prove: vswap prove SPEC is about a spec's promises, by induction; "
                             "vswap prove --words [FILE.py] is about the bits of machine words")
        from checker.induct import induct

        return induct(arguments, output)
    for option, given in (("--set", arguments.switches), ("--design", arguments.design), ("--scope", arguments.scope),
                          ("--steps", arguments.steps), ("--max-states", arguments.max_states),
                          ("--memory", arguments.memory)):
        if given:
            raise UsageError(f"{option} is not for --words: a word has neither design nor scope")
    known, names = find(arguments.words)
    for name in names:
        if name not in known:
            raise UsageError(unknown("word format", name, known))
    wanted = [known[name] for name in names] or list(known.values())
    results = []
    halt = Halt()
    for result in decided(wanted, arguments.time or SECONDS, halt):
        results.append(result)
        if arguments.form == "text":
            with halt.on_interrupt():
                output.lines(lines(result, short=len(wanted) > FEW))
    code = worst([result.exit for result in results] + ([] if any(r.proved for r in results) else [Exit.NOTHING]))
    output.lines([document(results, code)] if arguments.form == "json" else [summary(results, code)])
    return code


def find(words: Sequence[str]) -> tuple[dict[str, WordSpec], list[str]]:
    """The word specs of the file that is named, or of the installed model; and the words that name no file."""
    files = [word for word in words if is_file(word)]
    if len(files) > 1:
        raise UsageError(f"one file at a time: {' and '.join(files)}")
    if files:
        readable(files[0])
        module: Any = load_file(files[0])
    else:
        module = importlib.import_module(f"{installed().__name__}.words")
    found = {name: dataclasses.replace(value, name=name) for name, value in vars(module).items()
             if isinstance(value, WordSpec)}
    return found, [word for word in words if word not in files]


class Halt:
    """Whether somebody wants no more of it."""

    def __init__(self) -> None:
        self.now = False

    @contextmanager
    def on_interrupt(self) -> Iterator[None]:
        """Ctrl-C in here is taken note of."""
        try:
            yield
        except KeyboardInterrupt:
            self.now = True


def decided(specs: Iterable[WordSpec], seconds: float, halt: Halt) -> Iterator[WordResult]:
    """The claims of each spec, decided one by one, each for no longer than ``seconds``.

    An interrupt leaves the rest undecided.
    """
    from checker.symbolic import decider

    prepared = [(spec, spec.all_claims()) for spec in specs]
    everything = [claim for _, claims in prepared for claim in claims]
    number = 0
    with decider(everything) as ask:
        for spec, claims in prepared:
            result = WordResult(spec.name, spec.why)
            for claim in claims:
                began = time.monotonic()
                answer = None
                if not halt.now:
                    with halt.on_interrupt():
                        answer = ask(number, seconds)
                result.proved.append(judge(spec, claim, answer, time.monotonic() - began))
                number += 1
            result.seconds = sum(one.seconds for one in result.proved)
            result.proved += unknown_expectations(spec, claims)
            yield result


def judge(spec: WordSpec, claim: Claim, answer: Answer | None, seconds: float) -> Proved:
    """One verdict, against what the spec expects; a counterexample is run again by Python."""
    expected = "broken" if claim.name in spec.expected else "holds"
    made = Proved(claim.name, claim.doc, claim.covers(), "undecided", expected, seconds=seconds)
    if answer is None:
        return dataclasses.replace(made, reason=INTERRUPTED)
    shown: Sequence[Shown] = ()
    if answer.verdict == "broken":
        shown = confirmed(spec, claim, answer.values or {})
    surprise = None
    if answer.verdict == "broken" and expected == "holds":
        surprise = "expected to hold"
    elif answer.verdict == "holds" and expected == "broken":
        surprise = "expected to be refuted"
    return dataclasses.replace(made, verdict=answer.verdict, surprise=surprise, reason=answer.reason, shown=shown)


def confirmed(spec: WordSpec, claim: Claim, values: Mapping[str, int]) -> Sequence[Shown]:
    """The counterexample as words, if it is one for Python, too."""
    try:
        if claim.check(values) is not False:
            raise RefereeError(f"{spec.name}: {claim.name}: z3 refutes it by {dict(values)}, Python does not")
        return claim.shown(values)
    except (RefereeError, LanguageError, UsageError):
        raise
    except Exception as error:
        raise UsageError(f"{spec.name}: {claim.name}: {type(error).__name__}: {error}") from error


def unknown_expectations(spec: WordSpec, claims: Sequence[Claim]) -> Iterator[Proved]:
    """An expectation about no claim is a surprise, too."""
    names = [claim.name for claim in claims]
    for name in spec.expected:
        if name not in names:
            yield Proved(name, "", "nothing", "holds", "broken",
                         surprise="expected to be refuted; " + unknown("claim", name, names))
