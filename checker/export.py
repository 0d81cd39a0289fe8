# SPDX-License-Identifier: GPL-2.0-or-later
"""The command export: a spec in the notation of another checker."""

from __future__ import annotations

import argparse
import textwrap

from checker.asked import Asked, asked_by
from checker.complaints import write
from checker.language.errors import UsageError
from checker.report.output import Output
from checker.report.verdict import Exit
from checker.words import unknown


def export(arguments: argparse.Namespace, output: Output) -> Exit:
    """Writes one spec for Murphi; AS_EXPECTED where all of it could be said."""
    asked, names = asked_by(arguments)
    if not names and len(asked.specs) == 1:
        names = list(asked.specs)
    if len(names) != 1:
        raise UsageError(f"export writes one spec: name one of {', '.join(asked.specs)}" if len(asked.specs) < 9
                         else "export writes one spec: name it")
    if names[0] not in asked.specs:
        raise UsageError(unknown("spec", names[0], asked.specs))
    text = _murphi(asked, names[0])
    if arguments.output is not None:
        write(arguments.output, text)
    if arguments.form == "json":
        from checker.report.json import document

        about = {"spec": names[0], "to": arguments.to, "file": arguments.output}
        output.lines([document(Exit.AS_EXPECTED, export=about | ({} if arguments.output else {"text": text}))])
    else:
        output.lines([f"{names[0]} is in {arguments.output}"] if arguments.output else text.splitlines())
    return Exit.AS_EXPECTED


def _murphi(asked: Asked, name: str) -> str:
    from checker.language import build
    from checker.report.murphi import export as murphi

    spec = asked.spec(name)
    design, scope = asked.design_of(spec), asked.scope_of(spec)
    system = build(spec, design=design, scope=scope, lemmas=False)
    sizes = ", ".join(f"{sort} {size}" for sort, size in scope.describe().items())
    about = [f"{asked.model}: {name}", "", *textwrap.wrap(" ".join(spec.why.split()), 90), "",
             *textwrap.wrap(f"scope {scope.name}: {sizes}", 90)]
    if asked.changed:
        about.append(f"asked with: {' '.join(asked.options())}")
    about += ["",
              "Deadlock and the end of operations are not asked here: run rumur with --deadlock-detection off.",
              "A cover named '... breaks' must be hit: the spec expects that promise to break."]
    return murphi(system, "\n".join(about), frozenset(spec.expected))
