# SPDX-License-Identifier: GPL-2.0-or-later
"""What each command runs, and what becomes of its failures."""

from __future__ import annotations

import argparse
import dataclasses
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

from checker.asked import asked_by
from checker.complaints import REPORT, Complaint, say, write
from checker.language.errors import LanguageError, ModelError, UsageError
from checker.processors import WorkerDied
from checker.report.output import Output, OutputError
from checker.report.verdict import Exit, worst
from checker.run import interruptible, missing


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

    if getattr(arguments, "report", None) is not None:  # whoever reads the file learns of it, too
        from checker.report.render import failure

        with suppress(UsageError, Complaint):
            write(arguments.output, failure(arguments.report, code, text) + "\n")
    return complain(text, int(code), arguments.form)


def listing(arguments: argparse.Namespace, output: Output) -> Exit:
    """What a model has: its specs, or those that are named."""
    from checker.report.listing import contents, ir_text, text

    asked, names = asked_by(arguments)
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
    "check": _in("checker.checking", "check"), "explain": _in("checker.explaining", "explain"),
    "replay": _in("checker.explaining", "replay"), "list": listing,
    "graph": _in("checker.drawing", "graph"), "prove": _in("checker.prove", "prove"),
    "compare": _in("checker.compare", "compare"), "matrix": _in("checker.matrix", "matrix"),
    "repair": _in("checker.repair", "repair"), "new": _in("checker.starting", "new"),
    "export": _in("checker.export", "export"), "bench": _in("checker.bench", "bench"),
}
