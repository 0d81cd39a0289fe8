# SPDX-License-Identifier: GPL-2.0-or-later
"""Races as check and explain draw them."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from checker.report.output import Line, Output
from checker.run import Ran, main_trace

if TYPE_CHECKING:
    from checker.counterexample.trace import Trace


def traces_of(ran: Ran) -> list[Trace]:
    """The races that were followed."""
    return [verdict.trace for verdict in ran.result.verdicts if verdict.trace is not None]


def witnesses_of(ran: Ran) -> list[Trace]:
    """The ways to the least and the most of what is measured."""
    return [trace for one in ran.result.measures for trace in one.witnesses]


def draw_one(ran: Ran, traces: Sequence[Trace], arguments: argparse.Namespace, output: Output) -> None:
    """The chosen race; the others by name."""
    if not traces:
        return
    chosen = main_trace(ran)
    assert chosen is not None
    draw(chosen, arguments, output)
    others = [trace.promise for trace in traces if trace is not chosen]
    if others:
        lines = textwrap.wrap(f"Broken, too: {'; '.join(others)}. To see one: vswap explain {ran.result.spec} PROMISE",
                              75, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
        output.lines([*lines, ""])


def draw(trace: Trace, arguments: argparse.Namespace, output: Output) -> None:
    """One race; explain tells it in sentences, too."""
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


def _width(arguments: argparse.Namespace) -> int:
    return max(75, shutil.get_terminal_size((150, 50)).columns) if arguments.wide else 75
