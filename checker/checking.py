# SPDX-License-Identifier: GPL-2.0-or-later
"""The command check."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from checker.answers import Answer, answers
from checker.asked import asked_by
from checker.complaints import Complaint, trouble, write
from checker.language.errors import UsageError
from checker.processors import cores
from checker.races import draw_one, traces_of
from checker.report.output import Output
from checker.report.verdict import Exit, worst
from checker.run import Bounds, Ran, bounds_of

STEPS = 10
"""How many steps z3 looks at where nobody says how many."""

FEW = 3
"""So many specs are shown with a line for every promise; of more, only what does not simply hold."""

MANY = 8
"""So many specs are searched in several processes; fewer one after the other, each with all threads and memory."""


def check(arguments: argparse.Namespace, output: Output) -> Exit:
    """Every spec that is named, or the gate: all default ones, with z3 beside."""
    from checker.report.second import second_lines
    from checker.report.text import never_lines, others_lines, spec_lines, summary

    report = _report(arguments)
    asked, names = asked_by(arguments)
    defaults = [name for name, spec in asked.specs.items() if spec.default]
    fitting = asked.narrowed().specs
    wanted = names or [name for name in defaults if name in fitting] or defaults
    if not wanted:
        what = f"{asked.file or asked.model} defines no spec" if not asked.specs else "no spec is a default one"
        raise Complaint(Exit.NOTHING, f"{what}: nothing was checked")
    for name in wanted:
        asked.design_of(asked.spec(name))
        asked.scope_of(asked.spec(name))
    short = len(wanted) > FEW
    bounds = _bounds(arguments)
    gate = not names and not asked.changed and not asked.borrowed
    by_z3 = gate and bounds.steps is None and not bounds.first
    answered: list[Answer] = []
    for answer in answers(asked, list(dict.fromkeys(wanted)), bounds, _jobs(arguments, len(wanted)), by_z3=by_z3):
        answered.append(answer)
        trouble(answer.result)
        if arguments.form == "text":
            output.lines(spec_lines(answer.result, short=short))
            draw_one(Ran(answer.result), traces_of(Ran(answer.result)), arguments, output)
    seconds = [answer.second for answer in answered if answer.second is not None]
    for result in seconds:
        trouble(result)
    results = [answer.result for answer in answered]
    never = _never(answered) if gate else None
    code = worst([result.exit for result in [*results, *seconds]] + ([Exit.VACUOUS] if never else []))
    if arguments.form == "text":
        others = 0 if names else len(defaults) - len(wanted)
        output.lines([*never_lines(never or ()), *second_lines(results, seconds), *others_lines(others),
                      summary([*results, *seconds], code)])
    if report is not None:
        from checker.report.render import checked

        document = checked(report, asked.model, code, [*results, *seconds], never)
        if arguments.output is None:
            output.lines([document])
        else:
            write(arguments.output, document + "\n")
    return code


def _bounds(arguments: argparse.Namespace) -> Bounds:
    bounds = dataclasses.replace(bounds_of(arguments, first=arguments.first), checkpoint=arguments.checkpoint,
                                 symmetry=arguments.symmetry)
    if arguments.engine != "z3":
        _make_folder(arguments.checkpoint)
        if arguments.depth is not None:
            raise UsageError("--depth is for --engine z3: the exhaustive search goes as deep as there are states")
        return bounds
    if arguments.max_states is not None:
        raise UsageError("--max-states is not for --engine z3, which counts no states")
    if arguments.checkpoint is not None:
        raise UsageError("--checkpoint is not for --engine z3, whose searches cannot be taken up again")
    if arguments.threads is not None:
        raise UsageError("--threads is not for --engine z3, which uses one")
    if arguments.symmetry:
        raise UsageError("--symmetry is not for --engine z3, which visits no states")
    return dataclasses.replace(bounds, steps=STEPS if arguments.depth is None else arguments.depth)


def _make_folder(path: str | None) -> None:
    """Where checkpoints go: better known now than when there is something to keep."""
    if path is None:
        return
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--checkpoint {path}: no such folder can be made: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise UsageError(f"--checkpoint {path}: nothing can be written there")


def _jobs(arguments: argparse.Namespace, specs: int) -> int:
    """How many specs are searched at a time: many small ones, unless somebody says what each may take."""
    if arguments.jobs is not None:
        return int(min(arguments.jobs, specs))
    told = arguments.threads or arguments.memory or arguments.checkpoint
    return 1 if told or specs < MANY else min(cores(), specs)


def _report(arguments: argparse.Namespace) -> str | None:
    """The format of the report, None for the text alone; with ``--output`` it goes to a file, beside the text."""
    form: str = arguments.form
    if arguments.output is None:
        return form if form != "text" else None
    if form == "text":
        raise UsageError("--output is for json, junit or ktap: name it with --format; the text is printed")
    if not os.access(Path(arguments.output).parent, os.W_OK | os.X_OK) or Path(arguments.output).is_dir():
        raise UsageError(f"{arguments.output} cannot be written: there is no such folder, or it may not be used")
    arguments.form, arguments.report = "text", form
    return form


def _never(answered: Sequence[Answer]) -> list[str] | None:
    """Over the union of the default specs; None where one of them was not completely searched."""
    from checker.coverage import never

    passed = [answer.passed for answer in answered if answer.passed is not None]
    return never(passed) if len(passed) == len(answered) else None
