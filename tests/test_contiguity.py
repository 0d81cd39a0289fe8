# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/contiguity.md says what each variant of the contiguity rule keeps; its table is up to date and complete."""

from __future__ import annotations

from pathlib import Path

from contiguity import ROWS, page

from checker.language import load_specs
from specs import contiguity

PAGE = Path(__file__).parent.parent / "docs" / "contiguity.md"


def test_the_page_says_what_the_specs_expect() -> None:
    assert PAGE.read_text() == page(PAGE.read_text())


def test_every_variant_is_in_the_table() -> None:
    named = {spec for _, asked in ROWS for spec in asked}
    variants = {name for name, spec in load_specs(None).items() if vars(contiguity).get(name) is not None
                and spec.name == name}
    assert len(variants) > 10
    assert variants <= named | {"rfc_v2_large_folios"}
