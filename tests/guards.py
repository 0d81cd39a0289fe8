# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/guards.md: which of a what-if's guards suffice, one line for each subset of them.

``python -P tests/guards.py docs/guards.md`` writes the table again, from what the specs expect;
that the specs are right is the business of test_model.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

from checker.language import load_specs
from specs.rfc_v1 import GUARDS

NAME = "The table below is written by `python -P tests/guards.py docs/guards.md`."


def table() -> str:
    """The lines of the table, in Markdown."""
    specs = load_specs(None)
    of_o03 = {name: spec for name, spec in specs.items() if name.startswith("o03_")}
    lines = [f"| spec | {' | '.join(GUARDS)} | suffice | what breaks |", "|" + "---|" * (len(GUARDS) + 3)]
    for name, spec in of_o03.items():
        on = ["x" if getattr(spec.design, switch) else "" for switch in GUARDS.values()]
        breaks = ", ".join(f"`{promise}`" for promise in spec.expected)
        lines.append(f"| `{name}` | {' | '.join(on)} | {'no' if breaks else 'yes'} | {breaks} |")
    return "\n".join(lines) + "\n"


def page(old: str) -> str:
    """The page with its table written again."""
    return old[:old.index(NAME)] + NAME + "\n\n" + table()


if __name__ == "__main__":
    written = Path(sys.argv[1])
    written.write_text(page(written.read_text()))
