# SPDX-License-Identifier: GPL-2.0-or-later
"""What was proved by induction, as a person and as a program reads it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from checker.induct import Induced, Judged
from checker.report import json
from checker.report.output import Line
from checker.report.text import WIDTH, subject
from checker.report.verdict import Exit
from checker.words import amount, seconds

PLACES = 6
"""So many steps that may break a promise are named."""


def lines(result: Induced, *, few: bool = False) -> Iterator[Line]:
    """One spec; ``few`` promises are asked, so that their lemmas are named."""
    yield Line(result.question.spec, "title")
    yield from _paragraph(subject(result.why))
    scope = result.question.scope
    sizes = ", ".join(f"{sort} {size}" for sort, size in scope["sizes"].items())
    yield from _paragraph(f"scope {scope['name']}" + (f": {sizes}" if sizes else ""))
    if result.changed:
        yield from _paragraph("design: " + ", ".join(f"{name} {value}" for name, value in result.changed.items()))
    yield Line("")
    width = min(60, max((len(one.promise) for one in result.judged), default=0))
    for lemmas in (False, True):
        rows = [one for one in result.judged if one.lemma == lemmas]
        if rows and lemmas:
            yield Line("    the lemmas:")
        for one in rows:
            yield _row(one, width)
            if few and one.verdict == "holds" and one.proof.lemmas:
                yield from _paragraph(f"given {', '.join(one.proof.lemmas)}", " " * 15)
    yield Line("")
    yield from _covers(result)
    yield Line("")


def _row(one: Judged, width: int) -> Line:
    proof, name = one.proof, f"{one.promise:<{width}}"
    if one.verdict == "holds":
        given = f", given {amount(len(proof.lemmas), 'lemma')}" if proof.lemmas else ""
        word, note, mark = "inductive", f"k = {proof.k}{given}", "good"
    elif one.verdict == "broken":
        word, mark = "broken", "good"
        note = one.claim.removeprefix("breaks ") + ("" if one.surprise else ", as expected")
    elif proof.failed is not None:
        word, mark = "undecided", "unsure"
        note = f"not inductive: {amount(max(1, len(proof.places)), 'step')} may break it"
    else:
        word, note, mark = "undecided", one.claim, "unsure"
    if one.surprise:
        word, mark, note = word.upper(), "bad", f"{note}; {one.surprise}"
    return Line(f"    {word:<10} {name}  {note}".rstrip(), mark, 14)


def _covers(result: Induced) -> Iterator[Line]:
    """What an inductive promise is true of, and what was left out."""
    if any(one.verdict == "holds" for one in result.judged):
        yield from _paragraph(
            f"inductive: the initial states of scope {result.question.scope['name']!r} keep it, and so does every step "
            "from every state (for k = 2 every two steps), reachable or not, in which it and its lemmas hold. So it "
            "holds in every state that is reachable in the scope.")
    if result.refused:
        yield from _paragraph(f"Not for an induction: {', '.join(result.refused)}. Ask vswap check.")


def drawn(result: Induced, *, every: bool = False) -> Iterator[Line]:
    """The first step that fails, or ``every``: what it looks like, and whether it can happen."""
    failing = sorted((one for one in result.judged if one.leap is not None or one.trace is not None),
                     key=lambda one: (one.verdict != "broken", one.lemma, one.proof.round or PLACES))
    for one in failing if every else failing[:1]:
        yield from _draw(one)
    others = [one.promise for one in failing[1:]]
    if others and not every:
        yield from _paragraph(f"Not proved, too: {'; '.join(others)}. To see one: vswap prove "
                              f"{' '.join([result.question.spec, *result.question.options])} PROMISE")
        yield Line("")


def _draw(one: Judged) -> Iterator[Line]:
    from checker.counterexample.leap import drawing
    from checker.counterexample.race import race

    if one.leap is not None:
        for text in drawing(one.leap).splitlines():
            yield Line(text, "unsure" if text.startswith("NOT INDUCTIVE") else "")
        yield Line("")
        for text in _wrapped(places(one), reachable(one)):
            yield Line(text)
        yield Line("")
    if one.trace is not None:
        for text in race(one.trace).splitlines():
            yield Line(text, "bad" if text.startswith("BUG: ") else "")
        yield Line("")


def places(one: Judged) -> str:
    """Which steps may break it."""
    found = [f'{procedure} behind "{label}"' if label else procedure for procedure, label in one.proof.places]
    if len(found) < 2:
        return ""
    more = f", and {len(found) - PLACES} more" if len(found) > PLACES else ""
    return f"These steps may break it: {', '.join(found[:PLACES])}{more}."


def reachable(one: Judged) -> str:
    """What the exhaustive search says of the state that the failed step starts from."""
    if one.reachable:
        return "The explicit search reaches this state: the step is real."
    if one.reachable is None:
        return f"Whether this state is reachable is not known: {one.claim.rpartition('; ')[2]}."
    if one.verdict == "broken":
        return "The explicit search does not reach this state; but the promise breaks on another way:"
    return "The explicit search does not reach this state, and the promise breaks in no state that it reaches: a " \
           "lemma is missing, true of every reachable state and false of this one."


def _wrapped(*texts: str) -> list[str]:
    return [line for text in texts if text for line in textwrap.wrap(
        text, 75, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)]


def _paragraph(text: str, indent: str = "  ") -> Iterator[Line]:
    for line in textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent=indent, subsequent_indent=indent,
                              break_on_hyphens=False):
        yield Line(line)


def summary(results: Sequence[Induced], code: Exit) -> Line:
    """The last line: what the exit code says, in words."""
    judged = [one for result in results for one in result.judged]
    surprises = sum(one.surprise is not None for one in judged)
    open_ = sum(one.verdict == "undecided" for one in judged)
    text = {
        Exit.AS_EXPECTED: "every verdict is as expected",
        Exit.SURPRISE: f"{amount(surprises, 'verdict')} {'is' if surprises == 1 else 'are'} not as expected",
        Exit.UNDECIDED: f"{amount(open_, 'promise')} {'is' if open_ == 1 else 'are'} not decided",
        Exit.NOTHING: "there is nothing to prove",
    }[code]
    took = seconds(sum(result.seconds for result in results))
    mark = {Exit.AS_EXPECTED: "good", Exit.UNDECIDED: "unsure"}.get(code, "bad")
    return Line(f"{amount(len(results), 'spec')}, {amount(len(judged), 'promise')}, {took}: {text} (exit {int(code)})",
                mark)


def document(results: Sequence[Induced], code: Exit) -> str:
    """The same as one JSON document."""
    return json.document(
        code, verdicts=[_verdict(result, one) for result in results for one in result.judged],
        specs=[{"name": result.question.spec, "why": result.why, "scope_name": result.question.scope["name"],
                "scope": result.question.scope, "design": result.question.design, "refused": result.refused,
                "seconds": round(result.seconds, 3)} for result in results])


def _verdict(result: Induced, one: Judged) -> dict[str, Any]:
    from checker.counterexample.leap import drawing

    proof = one.proof
    failed = None if one.leap is None else {
        "steps": len(one.leap.steps), "reachable": one.reachable, "race": drawing(one.leap),
        "places": [{"procedure": procedure, "behind": label or None} for procedure, label in proof.places]}
    return {
        "spec": result.question.spec, "promise": one.promise, "doc": proof.doc, "verdict": one.verdict,
        "expected": one.expected, "kind": proof.kind, "engine": "z3", "claim": one.claim, "surprise": one.surprise,
        "scope": result.question.scope, "lemma": one.lemma, "k": proof.k, "lemmas": list(proof.lemmas),
        "reason": proof.reason or None, "complete": one.verdict != "undecided", "seconds": round(proof.seconds, 3),
        "failed": failed, "trace": json.trace_json(one.trace),
    }
