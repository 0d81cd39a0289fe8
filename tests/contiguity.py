# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/contiguity.md: what each way to ask the contiguity rule keeps, one line for each.

``python -P tests/contiguity.py docs/contiguity.md`` writes the table again, from what the specs
expect; that the specs are right is the business of test_model.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

from checker.language import Spec, load_specs

NAME = "The table below is written by `python -P tests/contiguity.py docs/contiguity.md`."

ROWS: list[tuple[str, list[str]]] = [
    ("RFC v2: before there is a folio, and where it is inserted",
     ["rfc_v2_large_folios_written_back", "rfc_v2_large_folios_and_swapoff"]),
    ("... the first time only", ["thp_is_checked_first_only"]),
    ("... the second time only", ["thp_is_checked_inserting_only", "thp_is_checked_inserting_only_races"]),
    ("... pages may be in zswap", ["thp_ignores_zswap"]),
    ("... pages may be backed differently", ["thp_ignores_mixture"]),
    ("... zero flags may differ", ["add_does_not_compare_zero_flags"]),
    ("... both may", ["read_looks_at_every_zero_flag"]),
    ("... both may, and the read looks at one flag [O16]", ["o16_read_looks_at_first_zero_flag"]),
    ("... pages need not follow on the disk", ["thp_ignores_places"]),
    ("RFC v1: under the PTL, and behind the insertion", ["rfc_v1_large_folios"]),
    ("... the first time only", ["rfc_v1_checks_first_only"]),
    ("... the second time only", ["rfc_v1_checks_last_only"]),
    ("... the folio that is not read leaves the swap cache", ["rfc_v1_takes_the_folio_out"]),
    ("midA: no large folio comes from virtual slots", ["thp_is_refused"]),
    ("nobody asks", ["thp_is_not_checked"]),
]
"""Who asks when, or what is left out; and the specs that know what comes of it.  The dots refer to the row
above that has none."""


def table() -> str:
    """The lines of the table, in Markdown."""
    specs = load_specs(None)
    lines = ["| who asks, and when | sound | wrong bytes | SIGBUS without a failure | specs |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(row(name, [specs[one] for one in asked]) for name, asked in ROWS)]) + "\n"


def row(name: str, asked: list[Spec]) -> str:
    broken = {promise for spec in asked for promise in spec.expected}
    cells = [name, "no" if broken else "yes"]
    cells += ["x" if one in broken else "" for one in ("swapin_returns_what_was_written",
                                                       "no_cached_page_is_unreadable")]
    return f"| {' | '.join([*cells, ', '.join(f'`{spec.name}`' for spec in asked)])} |"


def page(old: str) -> str:
    """The page with its table written again."""
    return old[:old.index(NAME)] + NAME + "\n\n" + table()


if __name__ == "__main__":
    written = Path(sys.argv[1])
    written.write_text(page(written.read_text()))
