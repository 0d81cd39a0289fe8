# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/guards.md says which guards suffice: every subset has its spec, and the page is up to date."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from guards import GUARDS, page

from checker.language import load_specs

PAGE = Path(__file__).parent.parent / "docs" / "guards.md"


def test_every_subset_of_the_guards_has_a_spec() -> None:
    asked = [
        tuple(getattr(spec.design, switch) for switch in GUARDS.values())
        for name, spec in load_specs(None).items() if name.startswith("o03_")
    ]
    assert sorted(asked) == sorted(product([False, True], repeat=len(GUARDS)))


def test_the_page_says_what_the_specs_expect() -> None:
    assert PAGE.read_text() == page(PAGE.read_text())
