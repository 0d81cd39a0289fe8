# SPDX-License-Identifier: GPL-2.0-or-later
"""Replays what a key or a trace file claims, and prints it step by step."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from checker.asked import ask, is_file
from checker.counterexample.follow import replay
from checker.counterexample.key import Key, model_hash
from checker.counterexample.trace import SCHEMA, Step, Trace
from checker.language.errors import UsageError
from checker.words import amount


def replayed(arguments: argparse.Namespace) -> Trace:
    """The trace that the command line names, walked again by the raw reading.

    UsageError if it is of another model, or no trace at all.
    """
    from checker.run import question

    words, switches, design, scope = list(arguments.words), arguments.switches, arguments.design, arguments.scope
    claims = [word for word in words if word.endswith(".json") or not is_file(word)]
    if len(claims) != 1:
        raise UsageError("replay takes one key or one trace file, and the model file if there is one")
    text = claims[0]
    words.remove(text)
    if text.endswith(".json"):
        text, options = from_file(text)
        words += [word for word in options if is_file(word)] if not words else []
        switches = [*_after("--set", options), *switches]
        scope = [*_after("--scope", options), *scope]
        design = design or next(iter(_after("--design", options)), None)
    key = Key.parse(text)
    asked, _ = ask(words, switches=switches, design=design, scope=scope)
    about = question(asked, asked.spec(key.spec))
    if model_hash(about.system) != key.hash and not asked.with_lemmas(asked.spec(key.spec)):
        proved = question(replace(asked, proving=True), asked.spec(key.spec))
        about = proved if model_hash(proved.system) == key.hash else about
    return replay(about, key)


def from_file(path: str) -> tuple[str, list[str]]:
    """The key in a trace file, and the words that go with it."""
    try:
        found: Any = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the trace file {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"the trace file {path} is no JSON: {error}") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA or not isinstance(found.get("key"), str):
        raise UsageError(f"the trace file {path} holds no trace of this checker (schema {SCHEMA}, with a key)")
    options = found.get("options", [])
    if not isinstance(options, list) or not all(isinstance(word, str) for word in options):
        raise UsageError(f"the trace file {path}: its options are no list of words")
    return found["key"], list(options)


def _after(flag: str, words: Sequence[str]) -> list[str]:
    return [value for name, value in pairwise(words) if name == flag]


def steps(trace: Trace, *, full: bool = False) -> Iterator[str]:
    """The trace as a numbered list: who, what, where in the source, what was chosen and changed."""
    yield f"{trace.spec}: {trace.promise}, {amount(len(trace.steps), 'step')}"
    yield ""
    states = trace.states()
    start = next(states)
    if full:
        yield from (f"        {path} = {value}" for path, value in start.items())
    for number, step in enumerate(trace.steps, 1):
        if number - 1 == trace.loop:
            yield "      from here on, again and again:"
        yield f"{number:4}  {step.actor or '*'}  {_does(step)}"
        if step.pos:
            yield f"        {step.pos}"
        yield from (f"        choice: {text}: {value}" for text, value in step.choices)
        yield from (f"        {change.path}: {change.old} -> {change.new}" for change in step.changes)
        yield from (f"        BUG: {text}" for text in step.broken)
        if step.error:
            yield f"        BUG: {step.error}"
        state = next(states)
        if full:
            yield from (f"        {path} = {value}" for path, value in state.items())
    yield ""
    if trace.clause is not None:
        bindings = ", ".join(f"{name} = {value}" for name, value in trace.clause.bindings)
        yield f"      {trace.promise} is false" + (f" for {bindings}" if bindings else "") + ":"
        yield from (f"        {path} = {value}" for path, value in trace.clause.reads)
        if trace.clause.error:
            yield f"        {trace.clause.error}"


def _does(step: Step) -> str:
    what = step.call if step.starts or step.actor is None else step.procedure
    if step.label is not None:
        what += f": {step.label}"
    return what + (": return" if step.ends and not step.starts else "")
