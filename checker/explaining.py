# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands explain and replay."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from checker.asked import Asked, asked_by
from checker.complaints import say, trouble
from checker.language.errors import UsageError
from checker.races import draw, draw_one, traces_of, witnesses_of
from checker.report.output import Line, Output
from checker.report.verdict import Exit, SpecResult, worst
from checker.run import Ran, bounds_of, main_trace, run, without_race
from checker.words import unknown

if TYPE_CHECKING:
    from checker.counterexample.trace import Trace
    from checker.language.build import Built


def explain(arguments: argparse.Namespace, output: Output) -> Exit:
    """The races of specs or promises; of a measure the ways to its extremes."""
    asked, words = asked_by(arguments)
    names, promises = _to_explain(asked, words, one=arguments.view is not None)
    results = []
    drawn = 0
    bounds = dataclasses.replace(bounds_of(arguments), symmetry=arguments.symmetry)
    for ran in run(asked, names, bounds, traces=promises or True, named=promises):
        results.append(ran.result)
        trouble(ran.result)
        if ran.system is not None and arguments.view is not None:
            _no_measure(promises, ran.system)
        traces = traces_of(ran)
        drawn += len(traces) + len(witnesses_of(ran))
        if arguments.form == "json":
            continue
        if arguments.view is not None:
            chosen = main_trace(ran)
            output.lines(_view(arguments.view, chosen, asked, ran).splitlines() if chosen else [])
            continue
        for trace in [*traces, *witnesses_of(ran)] if promises else ():
            draw(trace, arguments, output)
        if not promises:
            draw_one(ran, traces, arguments, output)
    code = worst(result.exit for result in results)
    if arguments.form == "json":
        from checker.report.json import document

        output.lines([document(code, results, errors=[r.error for r in results if r.error])])
        return code
    said = _why_nothing(results, promises, code, drawn)
    if arguments.view is None:
        output.lines(said)
    elif said:
        say("\n".join(said))  # standard output is for what was asked for
    return code


def _to_explain(asked: Asked, words: Sequence[str], *, one: bool) -> tuple[list[str], list[str]]:
    """Specs and promises; UsageError if they are none, or with ``one`` several."""
    names = [word for word in words if word in asked.specs]
    promises = [word for word in words if word not in asked.specs]
    if not names:
        if promises:
            raise UsageError(unknown("spec", promises[0], asked.specs))
        names = [name for name, spec in asked.narrowed().specs.items() if spec.expected or len(asked.specs) == 1]
        if not names:
            raise UsageError(f"{asked.file} has several specs: name one of {', '.join(asked.specs) or 'none'}")
    if one and len(names) > 1:
        raise UsageError(f"--as is about one race: name one spec, not {', '.join(names)}")
    if one and len(promises) > 1:
        raise UsageError(f"--as is about one race: name one promise, not {', '.join(promises)}")
    return names, promises


def _view(view: str, trace: Trace, asked: Asked, ran: Ran) -> str:
    """One race, and nothing else."""
    if view == "mermaid":
        from checker.counterexample.mermaid import mermaid

        return mermaid(trace)
    if view == "python":
        from checker.counterexample.script import script

        return script(trace)
    from checker.counterexample.message import commit_message

    known = trace.promise in ran.result.expected and not asked.changed
    changed = [f"{name}={value}" for name, value in ran.result.changed.items()]
    return commit_message(trace, ran.result.why if known else "", "" if known else ", ".join(changed))


def _why_nothing(results: Sequence[SpecResult], promises: Sequence[str], code: Exit, drawn: int) -> list[str]:
    if not drawn and code in (Exit.AS_EXPECTED, Exit.SURPRISE, Exit.VACUOUS):
        from checker.report.text import covers

        return [without_race(r, promises) or f"{r.spec}: {_nothing(promises)}; {covers(r)}" for r in results]
    if code == Exit.UNDECIDED:
        return [f"{r.spec}: undecided: {r.stopped}" for r in results if r.exit == Exit.UNDECIDED]
    return []


def _nothing(promises: Sequence[str]) -> str:
    return f"{' and '.join(promises) or 'no promise'} {'do' if len(promises) > 1 else 'does'} not break" if promises \
        else "no promise breaks, there is nothing to explain"


def _no_measure(promises: Sequence[str], system: Built) -> None:
    for measure in system.measures:
        if measure.name in promises:
            raise UsageError(f"--as is about a race, and {measure.name} is a measure: leave --as out")


def replay(arguments: argparse.Namespace, output: Output) -> Exit:
    """AS_EXPECTED if the trace shows what its key says."""
    from checker.counterexample.replaying import replayed, steps
    from checker.counterexample.trace import Witness

    trace = replayed(arguments)
    code = Exit.AS_EXPECTED if trace.shows else Exit.SURPRISE
    if arguments.form == "json":
        from checker.report.json import document

        output.lines([document(code, replayed={"shows": trace.shows, "promise": trace.promise, "spec": trace.spec,
                                               "trace": trace.to_json()})])
        return code
    output.lines(steps(trace, full=arguments.full))
    if trace.shows and isinstance(trace, Witness):
        output.lines([Line(f"{trace.promise} is {trace.value:,} here: {trace.kind} of all, as the key says.", "good")])
    elif trace.shows:
        output.lines([Line(f"{trace.promise} is broken here, as the key says.", "good")])
    else:
        output.lines([Line(f"{trace.promise} is kept here: the trace does not show what it claims.", "bad")])
    return code
