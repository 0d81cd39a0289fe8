# SPDX-License-Identifier: GPL-2.0-or-later
"""What was measured, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from checker.cases import OURS
from checker.processors import cores
from checker.report.json import SCHEMA
from checker.report.output import Line
from checker.report.verdict import Exit
from checker.words import amount

if TYPE_CHECKING:
    from checker.bench import Measured
    from checker.contenders import Contender

MIB = 1 << 20


def cpu(one: Contender) -> float:
    """Median of the CPU seconds."""
    return median(run.cpu for run in one.runs)


def wall(one: Contender) -> float:
    """Median of the seconds on the wall."""
    return median(run.wall for run in one.runs)


def peak(one: Contender) -> float:
    """Median of the bytes at the peak."""
    return median(run.peak for run in one.runs)


def rate(one: Contender) -> int | None:
    """Median of the transitions per CPU second of the search alone."""
    return round(median(one.rates)) if one.rates else None


def _ratios(found: Measured) -> list[dict[str, Any]]:
    """How many times more the others need than each of ours; with more threads also than one thread."""
    if found.refused or not found.compared:
        return []
    run = [one for one in found.contenders if one.runs]
    mine = [one for one in run if one.tool == OURS]
    pairs = [(one, other) for one in mine for other in run if other.tool != OURS]
    single = {one.cold: one for one in mine if one.threads == 1 and not one.symmetry}
    pairs += [(one, single[one.cold]) for one in mine if one.threads > 1 and one.cold in single]
    return [{"case": found.case.name, "of": other.name, "to": one.name, "cpu": round(cpu(other) / cpu(one), 2),
             "wall": round(wall(other) / wall(one), 2), "peak": round(peak(other) / peak(one), 2)}
            for one, other in pairs]


def _row(found: Measured, one: Contender) -> dict[str, Any]:
    assert one.count is not None
    seconds = cpu(one)
    return {
        "case": found.case.name, "tool": one.tool, "threads": one.threads, "symmetry": one.symmetry,
        "cold": bool(one.cold), "cpu_s": round(seconds, 3), "wall_s": round(wall(one), 3),
        "peak_mib": round(peak(one) / MIB, 1), "states": one.count.states, "transitions": one.count.transitions,
        "steps": one.count.steps, "words": one.count.words, "bytes_per_state": one.count.table,
        "process_bytes_per_state": round(peak(one) / one.count.states, 1),
        "states_per_s": round(one.count.states / seconds) if seconds else None,
        "transitions_per_s": round(one.count.transitions / seconds) if seconds and one.count.transitions else None,
        "search_transitions_per_s": rate(one), "runs": len(one.runs), "load": round(median(found.loads), 2),
        "build_s": round(found.built[one.tool], 3) if one.tool in found.built else None,
    }


def document(code: Exit, results: Sequence[Measured], left_out: Sequence[str]) -> str:
    """The whole result for programs."""
    rows = [_row(found, one) for found in results for one in found.contenders if one.runs]
    made = {"schema": SCHEMA, "exit": int(code), "processors": cores(), "cases": rows,
            "ratios": [ratio for found in results for ratio in _ratios(found)],
            "errors": [found.refused for found in results if found.refused], "left_out": list(left_out)}
    return json.dumps(made, indent=1, ensure_ascii=False)


def lines(found: Measured) -> Iterator[Line]:
    """One case for people."""
    case = found.case
    yield Line(case.name, "title")
    if case.about:
        yield Line(f"  {case.about}")
    run = [one for one in found.contenders if one.runs]
    if run:
        yield Line("")
        yield from _table(found, run)
        yield Line("")
        yield Line(f"  medians of {amount(len(run[0].runs), 'run')} each, whole processes; load average "
                   f"{median(found.loads):.1f} on {amount(cores(), 'processor')}", "quiet")
        if found.built:
            yield Line("  building their programs is not counted: " + ", ".join(
                f"{tool} {seconds:.1f} s" for tool, seconds in found.built.items()), "quiet")
    if found.refused:
        yield Line(f"  {found.refused}: no ratio", "bad")
    if found.interrupted:
        yield Line("  interrupted: these are the runs so far", "unsure")
    ratios = _ratios(found)
    if ratios:
        width = max(len(ratio["of"]) + len(ratio["to"]) for ratio in ratios) + len(" takes, by ")
        yield Line("")
        yield Line(f"  {'':<{width}}     CPU    wall   memory", "quiet")
    for ratio in ratios:
        who = f"{ratio['of']} takes, by {ratio['to']}"
        yield Line(f"  {who:<{width}} {ratio['cpu']:>6.1f}x {ratio['wall']:>6.1f}x {ratio['peak']:>7.1f}x")
    yield Line("")


def _table(found: Measured, run: Sequence[Contender]) -> Iterator[Line]:
    width = max(len(one.name) for one in run)
    yield Line(f"  {'':<{width}}   CPU s  wall s      MiB       states   transitions  bytes/state", "quiet")
    for one in run:
        assert one.count is not None
        count = one.count
        transitions = "-" if count.transitions is None else f"{count.transitions:,}"
        table = "" if count.table is None else f" (table {count.table:.1f}, {amount(count.words or 0, 'word')}"
        table += f"; {(rate(one) or 0) / 1e6:.1f} M transitions/s)" if table else ""
        steps = "" if found.case.breaks is None else f"  a break of {amount(count.steps or 0, 'step')}"
        yield Line(f"  {one.name:<{width}} {cpu(one):>7.2f} {wall(one):>7.2f} {peak(one) / MIB:>8,.0f} "
                   f"{count.states:>12,} {transitions:>13} {peak(one) / count.states:>12,.0f}{table}{steps}")
