# SPDX-License-Identifier: GPL-2.0-or-later
"""The four commands: check, explain, replay, list."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import sys
import textwrap
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from checker.asked import Asked, ask
from checker.language.errors import LanguageError, ModelError, UsageError
from checker.processors import WorkerDied
from checker.report.output import Line, Output, OutputError
from checker.report.verdict import Exit, SpecResult, worst
from checker.run import Bounds, Ran, interruptible, main_trace, missing, run, without_race
from checker.words import unknown

if TYPE_CHECKING:
    from checker.beside import Beside
    from checker.counterexample.trace import Trace
    from checker.language.build import Built

REPORT = "this is a bug of the checker: please report it, with the command, the model, and the lines above"


STEPS = 10
"""How many steps z3 looks at where nobody says how many."""

FEW = 3
"""So many specs are shown with a line for every promise; of more, only what does not simply hold."""


class Complaint(Exception):
    """A reason to stop, with its exit code."""

    def __init__(self, code: Exit, text: str):
        super().__init__(text)
        self.code = code


def perform(arguments: argparse.Namespace) -> int:
    """Runs one command; every failure becomes a sentence and an exit code."""
    output = Output()
    try:
        with interruptible():
            code = COMMANDS[arguments.command](arguments, output)
            return int(worst([code, Exit.MISSING]) if output.failed else code)
    except OutputError as error:
        say(f"vswap: error: {error}")
        return int(Exit.MISSING)
    except BaseException as error:
        code, text = _reason(error)
        return _fail(arguments, output, code, text)


def _reason(error: BaseException) -> tuple[Exit, str]:
    match error:
        case Complaint():
            return error.code, str(error)
        case LanguageError() | UsageError() | ModelError():
            return Exit.USAGE, str(error)
        case WorkerDied():
            return Exit.UNDECIDED, str(error)
        case KeyboardInterrupt():
            return Exit.UNDECIDED, "interrupted: nothing is decided"
        case ImportError():
            return Exit.MISSING, missing(error)
        case MemoryError():
            return Exit.UNDECIDED, "the machine has no memory left: nothing is decided"
        case Exception():
            say(traceback.format_exc())
            return Exit.INTERNAL, f"{type(error).__name__}: {error}; {REPORT}"
    raise error


def _fail(arguments: argparse.Namespace, output: Output, code: Exit, text: str) -> int:
    from checker.cli import complain

    return complain(text, int(code), arguments.form)


def say(text: str) -> None:
    """Something for standard error."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(text.rstrip("\n"), file=sys.stderr, flush=True)


def _bounds(arguments: argparse.Namespace, *, first: bool = False) -> Bounds:
    return Bounds(arguments.max_states, arguments.memory, arguments.time, first, threads=arguments.threads)


def _check_bounds(arguments: argparse.Namespace) -> Bounds:
    bounds = dataclasses.replace(_bounds(arguments, first=arguments.first), checkpoint=arguments.checkpoint,
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


def _asked(arguments: argparse.Namespace) -> tuple[Asked, list[str]]:
    return ask(arguments.words, switches=arguments.switches, design=arguments.design, scope=arguments.scope)


def _width(arguments: argparse.Namespace) -> int:
    return max(75, shutil.get_terminal_size((150, 50)).columns) if arguments.wide else 75


# ----------------------------------------------------------------------- check


def check(arguments: argparse.Namespace, output: Output) -> Exit:
    from checker.report.second import second_lines
    from checker.report.text import never_lines, others_lines, spec_lines, summary

    asked, names = _asked(arguments)
    defaults = [name for name, spec in asked.specs.items() if spec.default]
    wanted = names or [name for name in defaults if name in asked.narrowed().specs] or defaults
    if not wanted:
        what = f"{asked.file or asked.model} defines no spec" if not asked.specs else "no spec is a default one"
        raise Complaint(Exit.NOTHING, f"{what}: nothing was checked")
    for name in wanted:
        asked.design_of(asked.spec(name))
        asked.scope_of(asked.spec(name))
    short = len(wanted) > FEW
    bounds = _check_bounds(arguments)
    report = _report(arguments)
    gate = not names and not asked.changed and not asked.borrowed
    rans: list[Ran] = []
    with _beside(asked, wanted if gate and bounds.steps is None and not bounds.first else [], bounds) as beside:
        for ran in run(asked, list(dict.fromkeys(wanted)), bounds):
            rans.append(ran)
            _trouble(ran.result)
            if arguments.form == "text":
                output.lines(spec_lines(ran.result, short=short))
                _draw_one(ran, _traces(ran), arguments, output)
        seconds = list(beside.results(rans)) if beside is not None else []
    for result in seconds:
        _trouble(result)
    results = [ran.result for ran in rans]
    never = _never(rans) if gate else None
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
            _write(arguments.output, document)
    return code


def _beside(asked: Asked, wanted: Sequence[str], bounds: Bounds) -> AbstractContextManager[Beside | None]:
    """z3 at work, where somebody asks for it: what that needs takes time to load."""
    if all(asked.spec(name).by_z3 is None for name in wanted):
        return nullcontext()
    from checker.beside import Beside

    return Beside(asked, wanted, bounds)


def _report(arguments: argparse.Namespace) -> str | None:
    """The format of the report, None for the text alone; with ``--output`` it goes to a file, beside the text."""
    form: str = arguments.form
    if arguments.output is None:
        return form if form != "text" else None
    if form == "text":
        raise UsageError("--output is for json, junit or ktap: name it with --format; the text is printed")
    if not os.access(Path(arguments.output).parent, os.W_OK | os.X_OK) or Path(arguments.output).is_dir():
        raise UsageError(f"{arguments.output} cannot be written: there is no such folder, or it may not be used")
    arguments.form = "text"
    return form


def _write(path: str, document: str) -> None:
    try:
        Path(path).write_text(document + "\n", encoding="utf-8")
    except OSError as error:
        raise Complaint(Exit.MISSING, f"the report cannot be written to {path}: {error.strerror}") from None


def _trouble(result: SpecResult) -> None:
    """What could not be asked is said on standard error, too."""
    if result.traceback:
        say(result.traceback)
        say(f"vswap: error: {result.error}; {REPORT}")
    elif result.error:
        say(f"vswap: error: {result.error}")


def _never(rans: Sequence[Ran]) -> list[str] | None:
    """Over the union of the default specs; None where one of them was not completely searched."""
    from checker.coverage import never

    pairs = [(ran.system, ran.coverage) for ran in rans
             if ran.system is not None and ran.coverage is not None and ran.result.complete]
    if len(pairs) < len(rans):
        return None
    return never(pairs)


def _traces(ran: Ran) -> list[Trace]:
    return [verdict.trace for verdict in ran.result.verdicts if verdict.trace is not None]


def _witnesses(ran: Ran) -> list[Trace]:
    return [trace for one in ran.result.measures for trace in one.witnesses]


def _draw_one(ran: Ran, traces: Sequence[Trace], arguments: argparse.Namespace, output: Output) -> None:
    """The chosen race; the others by name."""
    if not traces:
        return
    chosen = main_trace(ran)
    assert chosen is not None
    _draw(chosen, arguments, output)
    others = [trace.promise for trace in traces if trace is not chosen]
    if others:
        lines = textwrap.wrap(f"Broken, too: {'; '.join(others)}. To see one: vswap explain {ran.result.spec} PROMISE",
                              75, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
        output.lines([*lines, ""])


def _draw(trace: Trace, arguments: argparse.Namespace, output: Output) -> None:
    from checker.counterexample.race import race

    text = race(trace, _width(arguments))
    lines = [Line(line, "bad" if line.startswith("BUG: ") else "") for line in text.splitlines()]
    if arguments.full:
        lines = [*_state("At the start:", trace, 0), *lines, Line(""), *_state("At the end:", trace, -1)]
    output.lines([*lines, Line("")])
    if arguments.command == "explain":
        from checker.counterexample.retelling import retelling

        output.lines(retelling(trace, _width(arguments)).split("\n"))


def _state(title: str, trace: Trace, which: int) -> list[Line]:
    state = list(trace.states())[which]
    return [Line(f"  {title}"), *(Line(f"    {path} = {value}") for path, value in state.items()), Line("")]


# --------------------------------------------------------------------- explain


def explain(arguments: argparse.Namespace, output: Output) -> Exit:
    asked, words = _asked(arguments)
    names, promises = _to_explain(asked, words, one=arguments.view is not None)
    results = []
    drawn = 0
    bounds = dataclasses.replace(_bounds(arguments), symmetry=arguments.symmetry)
    for ran in run(asked, names, bounds, traces=promises or True, named=promises):
        results.append(ran.result)
        _trouble(ran.result)
        if ran.system is not None and arguments.view is not None:
            _no_measure(promises, ran.system)
        traces = _traces(ran)
        drawn += len(traces) + len(_witnesses(ran))
        if arguments.form == "json":
            continue
        if arguments.view is not None:
            chosen = main_trace(ran)
            output.lines(_view(arguments.view, chosen, asked, ran).splitlines() if chosen else [])
            continue
        for trace in [*traces, *_witnesses(ran)] if promises else ():
            _draw(trace, arguments, output)
        if not promises:
            _draw_one(ran, traces, arguments, output)
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


# ---------------------------------------------------------------------- replay


def replay(arguments: argparse.Namespace, output: Output) -> Exit:
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


# ------------------------------------------------------------------------ list


def listing(arguments: argparse.Namespace, output: Output) -> Exit:
    from checker.report.listing import contents, ir_text, text

    asked, names = _asked(arguments)
    if names:
        asked = dataclasses.replace(asked, specs={name: asked.spec(name) for name in names})
    else:
        asked = asked.narrowed()
    if arguments.ir is not None:
        shown = ir_text(asked, arguments.ir)
        if arguments.form == "json":
            from checker.report.json import document

            output.lines([document(Exit.AS_EXPECTED, operation=arguments.ir, ir=shown)])
        else:
            output.lines(shown.splitlines())
        return Exit.AS_EXPECTED
    found = contents(asked)
    if arguments.form == "json":
        import json

        output.lines([json.dumps({"schema": 1, "exit": 0, **found}, indent=1, ensure_ascii=False)])
    else:
        output.lines(text(found))
    return Exit.AS_EXPECTED


Command = Callable[[argparse.Namespace, Output], Exit]


def _in(module: str, name: str) -> Command:
    """A command of another module, which is imported when it is run."""
    def command(arguments: argparse.Namespace, output: Output) -> Exit:
        made: Command = getattr(import_module(module), name)
        return made(arguments, output)

    return command


COMMANDS: dict[str, Command] = {
    "check": check, "explain": explain, "replay": replay, "list": listing,
    "graph": _in("checker.drawing", "graph"), "prove": _in("checker.prove", "prove"),
    "compare": _in("checker.compare", "compare"), "matrix": _in("checker.matrix", "matrix"),
    "repair": _in("checker.repair", "repair"), "new": _in("checker.starting", "new"),
    "export": _in("checker.export", "export"), "bench": _in("checker.bench", "bench"),
}
