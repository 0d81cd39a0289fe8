# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/costs.md says what a page costs: drift is shown by name; and the counting counts."""

from __future__ import annotations

from pathlib import Path

from page_costs import DESIGNS, WAYS, page, regions

PAGE = Path(__file__).parent.parent / "docs" / "costs.md"


def test_the_page_is_what_the_model_costs() -> None:
    assert PAGE.read_text() == page(PAGE.read_text())


def test_a_region_is_counted_each_time_it_is_entered() -> None:
    way = WAYS["free a page on the disk"]
    assert regions(DESIGNS["RFC v2"], way) == {"vswap_cluster.lock": 1, "phys_cluster.lock": 1}
    at_once, late = (regions(DESIGNS[name], WAYS["swap-out to zswap"])["vswap_cluster.lock"]
                     for name in ("RFC v2", "v2, owner recorded late"))
    assert late == at_once - 1  # the record shares the hold in which the folio leaves the swap cache
