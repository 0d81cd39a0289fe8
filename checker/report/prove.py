# SPDX-License-Identifier: GPL-2.0-or-later
"""What was proved of words, as a person and as a program reads it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from checker.language.claims import Shown
from checker.prove import Proved, WordResult
from checker.report import json
from checker.report.output import Line
from checker.report.text import WIDTH, subject
from checker.report.verdict import Exit
from checker.words import amount, seconds


def lines(result: WordResult, *, short: bool = False) -> Iterator[Line]:
    """One format; ``short`` only counts the claims that hold and that were meant to."""
    yield Line(result.name, "title")
    for text in textwrap.wrap(" ".join(subject(result.why).split()), WIDTH - 2, break_on_hyphens=False):
        yield Line("  " + text)
    yield Line("")
    told = [one for one in result.proved if not short or one.verdict != "holds" or one.surprise]
    for one in told:
        yield from _row(one)
    if len(told) < len(result.proved):
        rest = amount(len(result.proved) - len(told), "claim")
        yield Line(f"    holds      {'the other' if told else 'all'} {rest}", "good", 14)
    yield Line("")


def _row(one: Proved) -> Iterator[Line]:
    word, note, mark = one.verdict, one.covers, "good"
    if word == "broken":
        word, note = "refuted", "" if one.surprise else "as expected"
    elif word == "vacuous":
        word, note, mark = "VACUOUS", "it says something about no value at all", "bad"
    elif word == "undecided":
        note, mark = one.reason, "unsure"
    if one.surprise:
        word, mark, note = word.upper(), "bad", f"{note}; {one.surprise}" if note else one.surprise
    yield Line(f"    {word:<10} {one.claim}{': ' + note if note else ''}", mark, 14)
    yield from shown_lines(one, 17)


def shown_lines(one: Proved, indent: int) -> Iterator[Line]:
    """The words of a counterexample, with their fields."""
    width = max((len(shown.what) for shown in one.shown), default=0)
    for shown in one.shown:
        number = f"  {hexadecimal(shown.word, shown.width)}" if shown.word is not None else ""
        fields = "  ".join(f"{name} = {value:#x}" for name, value in shown.fields.items())
        yield Line(f"{'':{indent}}{shown.what:<{width}}{number}{'  ' + fields if fields else ''}")


def hexadecimal(word: int, width: int) -> str:
    """All digits of the word."""
    return f"{word:#0{2 + -(-width // 4)}x}"


def summary(results: Sequence[WordResult], code: Exit) -> Line:
    """The last line: what the exit code says, in words."""
    proved = [one for result in results for one in result.proved]
    surprises = sum(one.surprise is not None for one in proved)
    text = {
        Exit.AS_EXPECTED: "every verdict is as expected",
        Exit.SURPRISE: f"{amount(surprises, 'verdict')} {'is' if surprises == 1 else 'are'} not as expected",
        Exit.UNDECIDED: "not everything is decided",
        Exit.NOTHING: "there is nothing to prove",
        Exit.VACUOUS: "some claim is about nothing",
    }[code]
    took = seconds(sum(result.seconds for result in results))
    mark = {Exit.AS_EXPECTED: "good", Exit.UNDECIDED: "unsure"}.get(code, "bad")
    return Line(f"{amount(len(results), 'format')}, {amount(len(proved), 'claim')}, {took}: {text} (exit {int(code)})",
                mark)


def document(results: Sequence[WordResult], code: Exit) -> str:
    """The same as one JSON document."""
    return json.document(code, verdicts=[_verdict(result, one) for result in results for one in result.proved],
                         specs=[{"name": result.name, "why": result.why, "seconds": round(result.seconds, 3)}
                                for result in results])


def _verdict(result: WordResult, one: Proved) -> dict[str, Any]:
    return {
        "spec": result.name, "promise": one.claim, "doc": one.doc, "verdict": one.verdict, "expected": one.expected,
        "kind": "word", "engine": "words", "claim": one.covers, "surprise": one.surprise,
        "reason": one.reason or None, "complete": one.verdict not in ("undecided", "error"),
        "seconds": round(one.seconds, 3), "trace": None, "words": [shown_json(shown) for shown in one.shown],
    }


def shown_json(shown: Shown) -> dict[str, Any]:
    """A word, its bits and its fields."""
    return {"what": shown.what, "word": None if shown.word is None else hexadecimal(shown.word, shown.width),
            "fields": {name: hex(value) for name, value in shown.fields.items()}}
