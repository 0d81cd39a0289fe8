# SPDX-License-Identifier: GPL-2.0-or-later
"""The command graph: a race, or the state machine of one object, as a file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from checker.asked import Asked, asked_by
from checker.complaints import Complaint, write
from checker.language.errors import UsageError
from checker.report.output import Output
from checker.report.verdict import Exit
from checker.run import bounds_of, main_trace, question, run, without_race
from checker.words import amount, unknown


def graph(arguments: argparse.Namespace, output: Output) -> Exit:
    """Writes the file and says what is in it; AS_EXPECTED where everything was drawn."""
    from checker.report.graphs import suffix_of

    asked, words = asked_by(arguments)
    suffix = suffix_of(arguments.output)
    names = [word for word in words if word in asked.specs] or (list(asked.specs) if len(asked.specs) == 1 else [])
    promises = [word for word in words if word not in asked.specs]
    if len(names) != 1:
        raise UsageError(unknown("spec", promises[0], asked.specs) if promises and not names
                         else "graph draws one spec: name it")
    if arguments.quotient is not None:
        if promises:
            raise UsageError(f"--quotient draws no promise: {promises[0]}")
        code, text, said = _machine(asked, names[0], arguments, suffix)
    else:
        code, text, said = _race(asked, names[0], promises, arguments, suffix)
    if text:
        write(arguments.output, text)
    if arguments.form == "json":
        from checker.report.json import document

        output.lines([document(code, graph={"file": arguments.output if text else None, "about": said})])
    else:
        output.lines([said])
    return code


def _machine(asked: Asked, name: str, arguments: argparse.Namespace, suffix: str) -> tuple[Exit, str, str]:
    from checker.counterexample.key import model_hash
    from checker.counterexample.quotient import quotient
    from checker.explicit import Limits
    from checker.report.graphs import text_of
    from checker.report.svg import machine_svg

    fields = [field.strip() for field in arguments.quotient.split(",") if field.strip()]
    if not fields:
        raise UsageError("--quotient takes names of fields, with commas between them")
    asking = question(asked, asked.spec(name))
    machine = quotient(asking.system, fields,
                       Limits(max_states=arguments.max_states, memory=arguments.memory, seconds=arguments.time))
    about = f"{name}@{model_hash(asking.system)}: {amount(machine.transitions, 'transition')} " \
            f"between {amount(machine.states, 'state')} of scope {asking.scope['name']!r}"
    about += f"; not all of them: {machine.stopped}" if machine.stopped else ""
    said = f"{amount(machine.graph.number_of_nodes(), 'value')} of {', '.join(fields)}, " \
           f"{amount(machine.graph.number_of_edges(), 'arrow')}; {about}"
    code = Exit.UNDECIDED if machine.stopped else Exit.AS_EXPECTED
    return code, text_of(machine.graph, suffix, lambda: machine_svg(machine.graph, about)), said


def _race(asked: Asked, name: str, promises: Sequence[str], arguments: argparse.Namespace,
          suffix: str) -> tuple[Exit, str, str]:
    from checker.counterexample.graph import graph as drawn
    from checker.report.graphs import text_of
    from checker.report.svg import race_svg

    bounds = bounds_of(arguments)
    (ran,) = run(asked, [name], bounds, traces=promises or True, named=promises)
    result = ran.result
    if result.error is not None:
        raise Complaint(result.error_exit, f"{result.error}\n{result.traceback or ''}".strip())
    trace = main_trace(ran)
    if trace is None or ran.question is None:
        code = Exit.NOTHING if result.complete else Exit.UNDECIDED
        return code, "", without_race(result, promises) or (
            f"{name}: {' and '.join(promises) or 'no promise'} {'does not break' if promises else 'breaks'}: "
            "there is nothing to draw")
    made = drawn(ran.question, trace)
    said = f"{amount(made.number_of_nodes(), 'node')}: {trace.promise} in {amount(len(trace.steps), 'step')}, " \
           "and what would have kept it"
    return Exit.AS_EXPECTED, text_of(made, suffix, lambda: race_svg(made)), said

