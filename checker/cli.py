# SPDX-License-Identifier: GPL-2.0-or-later
"""The command: what it is asked, and the exit code.  The work is in checker.commands.

Nothing heavy is imported here, so that help and complaints are instant.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

EXITS = """\
exit codes:
  0  every verdict is what its spec expects, and the search was complete
  1  a promise broke that should hold, or one held that was expected to break
  2  usage error, or a model that cannot be read
  3  undecided: a limit, a time-out, Ctrl-C
  4  a needed part is missing, or the result could not be written
  5  nothing was checked
  6  vacuous: something that must happen was never reached
  70 internal error: please report it
"""

FORMATS = ("text", "json", "junit", "ktap")
"""What a check can be printed as."""

ENGINES = ("explicit", "z3")
"""What a check can be done by."""

VIEWS = ("commit-message", "mermaid", "python")
"""What a race can be printed as."""

MOST_SETS = 200
"""How many sets of switches are tried where nobody says how many."""

DESCRIPTION = "Searches every interleaving of a model for the shortest way to break a promise."


class UsageProblem(Exception):
    """The command line makes no sense; the text says why."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageProblem(f"{message}; see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    top = _Parser(prog="vswap", description=DESCRIPTION, epilog=EXITS,
                  formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    _check(commands.add_parser("check", help="the gate: every default spec, or the named ones", epilog=EXITS,
                               formatter_class=argparse.RawDescriptionHelpFormatter))
    _prove(commands.add_parser("prove", help="z3: promises by induction; the bits of words (--words)", epilog=EXITS,
                               formatter_class=argparse.RawDescriptionHelpFormatter))
    _explain(commands.add_parser("explain", help="the race of a spec, in columns"))
    _graph(commands.add_parser("graph", help="a race, or the state machine of one object, as SVG, DOT or GraphML"))
    _compare(commands.add_parser("compare", help="two designs: which promises, measures, states and steps differ"))
    _matrix(commands.add_parser("matrix", help="every design, and every switch flipped alone, against every promise"))
    _repair(commands.add_parser("repair", help="which guards, and which steps merged, keep a spec from breaking"))
    _new(commands.add_parser("new", help="a what-if spec to start from, in a file of its own"))
    _export(commands.add_parser("export", help="a spec in the notation of another checker"))
    _bench(commands.add_parser("bench", help="speed against other checkers, side by side"))
    _replay(commands.add_parser("replay", help="step through a trace; 0 only if it still shows what it claims"))
    _list(commands.add_parser("list", help="operations, promises, designs, scopes, specs"))
    return top


def _question(p: argparse.ArgumentParser) -> None:
    p.add_argument("--set", action="append", default=[], metavar="SWITCH=VALUE", dest="switches",
                   help="ask about the design with this switch set (on, off, a name, a number); may be repeated")
    p.add_argument("--design", metavar="NAME", help="ask about this design instead of the spec's own")
    _scope(p)


def _scope(p: argparse.ArgumentParser) -> None:
    p.add_argument("--scope", action="append", default=[], metavar="NAME|SORT=N",
                   help="ask in this scope, or with N objects of a sort; may be repeated")
    p.add_argument("--json", action="store_const", const="json", dest="form", default="text",
                   help="print one JSON document")


def _limits(p: argparse.ArgumentParser) -> None:
    p.add_argument("--max-states", type=_count, metavar="N", help="stop after N states, undecided")
    p.add_argument("--memory", type=_bytes, metavar="SIZE", help="use no more memory than this (512M, 2G)")
    p.add_argument("--time", type=_seconds, metavar="TIME", help="search each spec no longer than this (90, 10m, 1h)")
    p.add_argument("--threads", type=_threads, metavar="N",
                   help="search with up to N threads, which find the same as one (default: one for each processor)")


def _symmetry(p: argparse.ArgumentParser) -> None:
    p.add_argument("--symmetry", action="store_true",
                   help="visit one of the states that differ only in the names of objects and actors; see "
                        "docs/language.md")


def _drawing(p: argparse.ArgumentParser) -> None:
    p.add_argument("--wide", action="store_true", help="draw races as wide as the terminal, not in 75 columns")
    p.add_argument("--full", action="store_true", help="show the whole state before and after the race, too")


def _check(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="*", metavar="SPEC|FILE.py",
                   help="specs to check (default: every default spec); a file holds another model and its specs")
    _question(p)
    _limits(p)
    p.add_argument("--format", choices=FORMATS, dest="form",
                   help="print for people (text), programs (json), or CI (junit, ktap); see docs/ci.md")
    p.add_argument("-o", "--output", metavar="FILE", help="write what --format asks for to a file, and print the text")
    p.add_argument("--first", action="store_true", help="stop at the first promise that breaks")
    _symmetry(p)
    p.add_argument("--checkpoint", metavar="DIR",
                   help="keep searches that end early (a limit, Ctrl-C, SIGTERM) in this folder, and go on with those "
                        "that are there")
    p.add_argument("--engine", choices=ENGINES, default=ENGINES[0],
                   help="visit every state (explicit), or let z3 look at all runs of so many steps")
    p.add_argument("--jobs", type=_jobs, metavar="N",
                   help="search N specs at a time (default: of many specs, one on each core)")
    p.add_argument("--depth", type=_steps, metavar="K", help="with --engine z3: how many steps (default 10)")
    _drawing(p)


def _prove(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="*", metavar="SPEC|FILE.py|PROMISE|FORMAT",
                   help="the specs whose promises to prove by induction, and the promises if not all; with --words "
                        "the formats (default: all of them). A file holds a model or formats of your own")
    p.add_argument("--words", action="store_true", dest="about_words",
                   help="prove claims about the bits of words; see docs/words.md")
    _question(p)
    p.add_argument("--steps", type=_steps, metavar="K",
                   help="look at up to K steps from states that keep a promise (default 2)")
    p.add_argument("--time", type=_seconds, metavar="TIME",
                   help="decide each question (with --words each claim) within this time, or not at all")
    p.add_argument("--max-states", type=_count, metavar="N",
                   help="visit no more than N states to see whether a step that fails can happen")
    p.add_argument("--memory", type=_bytes, metavar="SIZE", help="use no more memory than this (512M, 2G)")


def _explain(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="+", metavar="SPEC|FILE.py|PROMISE",
                   help="the spec, the file if it is not of the installed model, and promises if not all that break")
    _question(p)
    _limits(p)
    _symmetry(p)
    _drawing(p)
    p.add_argument("--as", choices=VIEWS, dest="view",
                   help="print nothing but a text for a commit message, a Mermaid sequence diagram, "
                        "or a Python program that runs the model's own functions to the break")


def _graph(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="+", metavar="SPEC|FILE.py|PROMISE",
                   help="the spec, the file if it is not of the installed model, and the promise if not the first "
                        "that the spec expects to break")
    p.add_argument("-o", "--output", required=True, metavar="FILE", help="what to write: .svg, .dot or .graphml")
    p.add_argument("--quotient", metavar="FIELDS",
                   help="draw which values of these fields of one object follow each other, and by which operation, "
                        "over all reachable states (for example: table,count)")
    _question(p)
    _limits(p)


def _compare(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="+", metavar="DESIGN|FILE.py",
                   help="two designs, each a name or NAME,SWITCH=VALUE,..., and the file of another model")
    p.add_argument("--quotient", metavar="FIELDS",
                   help="tell states apart by these fields of one object (default: what the model's Comparison names)")
    p.add_argument("--only", action="store_true",
                   help="also find the smallest sets of switches that carry the difference, trying each")
    _most(p)
    _several(p)


def _most(p: argparse.ArgumentParser) -> None:
    p.add_argument("--most", type=_count, metavar="N", default=MOST_SETS,
                   help=f"try no more than N sets (default {MOST_SETS})")


def _matrix(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="*", metavar="DESIGN|FILE.py",
                   help="designs, each a name or NAME,SWITCH=VALUE,... (default: those of the model's Comparison)")
    p.add_argument("--no-flips", action="store_true", help="only the designs themselves, no switch flipped alone")
    p.add_argument("--every", action="store_true",
                   help="ask each switch every question, and not only until it changes something")
    p.add_argument("-o", "--output", metavar="FILE.svg", help="draw it, too")
    _several(p)


def _repair(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="+", metavar="SPEC|FILE.py|PROMISE",
                   help="the spec, the file if it is not of the installed model, and the promises to mend if not all "
                        "that break")
    p.add_argument("--guard", action="append", default=[], metavar="SWITCH", dest="guards",
                   help="try this switch only (default: each that is not set as usual); may be repeated")
    p.add_argument("--all", action="store_true", dest="every",
                   help="list every set of guards that suffices, not only the smallest")
    p.add_argument("--merge", type=_steps, metavar="N", default=1,
                   help="merge steps at up to N places at once; 0 merges none (default 1)")
    _question(p)
    _processes(p)
    _most(p)
    _limits(p)


def _new(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="+", metavar="NAME", help="what to call the spec; NAME.py is written")
    p.add_argument("--like", metavar="SPEC", help="ask what this spec asks (default: the first that breaks nothing)")
    p.add_argument("--set", action="append", default=[], metavar="SWITCH=VALUE", dest="switches",
                   help="with this switch set (on, off, a name, a number); may be repeated")
    p.add_argument("--json", action="store_const", const="json", dest="form", default="text",
                   help="print one JSON document")


def _processes(p: argparse.ArgumentParser) -> None:
    p.add_argument("--jobs", type=_jobs, metavar="N", default=None, help="processes at once (default: the cores)")


def _several(p: argparse.ArgumentParser) -> None:
    p.add_argument("--spec", action="append", default=[], metavar="SPEC",
                   help="ask this spec's question (default: those of the model's Comparison); may be repeated")
    _scope(p)
    _processes(p)
    _limits(p)


def _export(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="+", metavar="SPEC|FILE.py", help="the spec, the file if it is not of the "
                   "installed model")
    p.add_argument("--to", choices=["murphi"], required=True, help="murphi: for rumur; see docs/murphi.md")
    p.add_argument("-o", "--output", metavar="FILE", help="write it there (default: standard output)")
    _question(p)


def _bench(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="*", metavar="CASE", help="cases to measure (default: those that do not take long)")
    p.add_argument("--cases", metavar="FILE.toml|FOLDER",
                   help="where the cases are (default: benchmarks/cases.toml beside the installed model)")
    p.add_argument("--tool", action="append", default=[], metavar="NAME", dest="tools",
                   help="compare with this checker only, or with none (vswap); may be repeated")
    p.add_argument("--pairs", type=_rounds, metavar="N", default=5, help="run everybody N times (default 5)")
    p.add_argument("--threads", type=_threads, action="append", metavar="N",
                   help="run our search with N threads, too; may be repeated")
    p.add_argument("--cache", choices=["both", "cold", "warm"], default="both",
                   help="run our search with an empty object cache (cold), a filled one (warm), or each in turn")
    p.add_argument("--json", action="store_const", const="json", dest="form", default="text",
                   help="print one JSON document")


def _replay(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="+", metavar="KEY|TRACE.json|FILE.py",
                   help="a replay key or a trace file, and the model file if it is not of the installed model")
    _question(p)
    _drawing(p)


def _list(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="*", metavar="SPEC|FILE.py", help="only what these specs are about; another model")
    p.add_argument("--ir", metavar="OPERATION", help="print what an operation or a rule is compiled from")
    _question(p)


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of states")
    return number


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes")
    return int(text)


def _rounds(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of runs")
    return int(text)


def _steps(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of steps")
    return int(text)


def _threads(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of threads: it is a whole number, up to 256")
    return int(text)


def _scaled(text: str, units: dict[str, int], what: str) -> float:
    number, unit = (text[:-1], text[-1]) if text[-1:].isalpha() else (text, "")
    try:
        value = float(number) * units[unit.upper()]
    except (ValueError, KeyError):
        value = 0.0
    if not 0 < value < 1e18:
        raise argparse.ArgumentTypeError(f"{text!r} is no {what}")
    return value


def _bytes(text: str) -> int:
    return int(_scaled(text, {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}, "amount of memory"))


def _seconds(text: str) -> float:
    return _scaled(text, {"": 1, "S": 1, "M": 60, "H": 3600}, "duration")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        gc.set_threshold(1_000_000, 100, 100)  # what reading a model makes lives to the end: there is little garbage
    try:
        guard()
        arguments, rest = parser().parse_known_args(words)
        flags = [word for word in rest if word.startswith("-")]
        if flags:
            raise UsageProblem(f"there is no option {flags[0]}; see vswap {arguments.command} --help")
        arguments.words += rest  # the words behind an option
    except UsageProblem as problem:
        return complain(str(problem), 2, form(words))
    from checker.commands import perform

    return perform(arguments)


def form(words: Sequence[str]) -> str:
    """What a command line that makes no sense wants its complaint printed as."""
    found = "text"
    for word, following in zip(words, (*words[1:], ""), strict=False):
        flag, _, value = word.partition("=")
        if word == "--json":
            found = "json"
        elif flag == "--format" and (value or following) in FORMATS:
            found = value or following
    return found


def complain(text: str, code: int, form: str) -> int:
    """One sentence on standard error, and the document that was asked for."""
    if sys.stderr is not None:
        print(f"vswap: error: {text}", file=sys.stderr)
    if form != "text":
        from checker.report.output import Output, OutputError
        from checker.report.render import failure
        from checker.report.verdict import Exit, worst

        output = Output()
        try:
            output.lines([failure(form, Exit(code), text)])
        except OutputError as error:
            print(f"vswap: error: {error}", file=sys.stderr)
            return int(worst([Exit(code), Exit.MISSING]))
        if output.failed:
            return int(worst([Exit(code), Exit.MISSING]))
    return code


def guard() -> None:
    """Refuses to start where Python would not run what was written, or not what is ours."""
    if sys.flags.optimize:
        raise UsageProblem("python -O leaves out the assert statements, which are promises: run without -O")
    here = os.path.realpath(os.getcwd())
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    # The current folder may hold a model.py of its own; user files are loaded by location.
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != here or here == home]
    from importlib.machinery import PathFinder

    for name in ("model", "specs"):
        found = PathFinder.find_spec(name)
        if found is not None and found.origin is not None and os.path.dirname(os.path.dirname(
                os.path.realpath(found.origin))) != home and os.path.isdir(os.path.join(home, name)):
            raise UsageProblem(f"the name {name} leads Python to {found.origin}, which is not the checker's own; "
                               "is PYTHONPATH set?")


if __name__ == "__main__":
    sys.exit(main())
