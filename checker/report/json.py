# SPDX-License-Identifier: GPL-2.0-or-later
"""One versioned JSON document, on every path."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from checker.report.verdict import Exit, Measured, SpecResult, Verdict

if TYPE_CHECKING:
    from checker.counterexample.trace import Trace

SCHEMA = 1


def document(exit_code: Exit, results: Sequence[SpecResult] = (), *, errors: Sequence[str] = (),
             never: Sequence[str] | None = None, **more: Any) -> str:
    """The document; ``never`` are the parts of the model that no default spec ever ran."""
    made: dict[str, Any] = {"schema": SCHEMA, "exit": int(exit_code)}
    made["verdicts"] = [_verdict(result, verdict) for result in results for verdict in result.verdicts]
    made["measures"] = [_measure(result, one) for result in results for one in result.measures]
    made["specs"] = [_spec(result) for result in results]
    if never is not None:
        made["never"] = list(never)
    if errors:
        made["errors"] = list(errors)
    made.update(more)
    return json.dumps(made, indent=1, ensure_ascii=False)


def _verdict(result: SpecResult, verdict: Verdict) -> dict[str, Any]:
    return {
        "spec": result.spec, "promise": verdict.promise, "verdict": verdict.verdict, "expected": verdict.expected,
        "kind": verdict.kind, "engine": "static" if verdict.kind == "static" else result.engine,
        "claim": verdict.claim, "surprise": verdict.surprise,
        "steps": verdict.steps, "scope": result.scope, "states": result.states, "transitions": result.transitions,
        "depth": result.depth, "complete": result.complete, "seconds": round(result.seconds, 3),
        "trace": trace_json(verdict.trace),
    }


def _measure(result: SpecResult, one: Measured) -> dict[str, Any]:
    least, most = one.witnesses or (None, None)
    return {
        "spec": result.spec, "measure": one.measure, "doc": one.doc, "scope": result.scope, "complete": result.complete,
        "least": one.least, "least_steps": one.least_steps, "least_trace": trace_json(least),
        "most": one.most, "most_steps": one.most_steps, "most_trace": trace_json(most),
    }


def trace_json(trace: Trace | None) -> dict[str, Any] | None:
    """What a document says of a trace."""
    from checker.counterexample.race import race

    if trace is None:
        return None
    loop = len(trace.steps) - trace.loop if trace.loop is not None else None
    return {"steps": len(trace.steps), "loop": loop, "switches": trace.switches, "key": trace.key, "race": race(trace),
            "waits": [asdict(wait) for wait in trace.waits]}


def _spec(result: SpecResult) -> dict[str, Any]:
    return {
        "name": result.spec, "why": result.why, "scope_name": result.scope_name, "scope": result.scope,
        "design": result.design, "states": result.states, "transitions": result.transitions, "depth": result.depth,
        "symmetry": result.renamed, "engine": result.engine, "complete": result.complete, "stopped": result.stopped,
        "seconds": round(result.seconds, 3),
        "fingerprint": f"{result.fingerprint & (1 << 64) - 1:016x}", "never": result.never, "error": result.error,
        **_speed(result),
    }


def _speed(result: SpecResult) -> dict[str, Any]:
    """What the search took: CPU seconds of all threads, rates per second of visiting states, memory."""
    seconds = result.phases.get("search", 0.0)
    per_second = {"states_per_s": result.states, "transitions_per_s": result.transitions}
    return {
        "words": result.words, "bytes_per_state": round(result.memory / result.states, 1) if result.states else None,
        **{name: round(number / seconds) if seconds else None for name, number in per_second.items()},
        "hurried": result.hurried,
        "cpu_s": {name: round(value, 4) for name, value in result.phases.items()},
    }
