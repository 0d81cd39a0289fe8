# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/costs.md: what a page costs under each design, in bytes and in cluster locks taken.

``python -P tests/page_costs.py docs/costs.md`` writes the tables again: the bytes are the specs' measures,
the locks are counted on the shortest way of one page along a path, by the raw reading.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from checker.explicit import explore
from checker.language import Scope, Spec, build, load_specs, reachable
from checker.language.raw import Raw
from model.backing import Effective, backing
from model.design import PHASE_IV, RFC_V1, RFC_V2, Charge, SwapDesign
from model.free import zap_nonpresent_ptes
from model.memory import user_store_zeros
from model.objects import (
    Bio,
    Folio,
    PhysSlot,
    Pte,
    PteWord,
    Reclaim,
    Shrinker,
    Swap,
    TableWord,
    Task,
    VswapSlot,
)
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from model.vswap import VSWAP
from model.zswap import zswap_writeback_entry
from specs.counts import nobody_runs
from specs.direct import the_device_has_entries
from specs.reached import a_page_is_only_in_zswap, a_page_of_zeros_is_stored_nowhere
from specs.scopes import ONE_OF_EACH, one_page_in_zswap
from specs.starts import a_virtual_page_is_on_the_disk

NAME = "The tables below are written by `python -P tests/page_costs.py docs/costs.md`."


@reachable
def a_page_is_only_on_a_disk(s: Swap):
    """The page is on the disk and not cached, whichever entry it has."""
    return any(s.table[v] == TableWord.SHADOW and backing(s, v).tag == Effective.PHYS for v in VswapSlot)


@reachable
def a_page_is_back(s: Swap):
    """The page is mapped, and nobody runs."""
    return nobody_runs() and any(s.pte[p].tag == PteWord.PRESENT for p in Pte)


@reachable
def a_page_is_gone(s: Swap):
    """The page was unmapped, and nobody runs."""
    return nobody_runs() and all(s.pte[p] == PteWord.NONE for p in Pte)


@reachable
def a_page_has_moved(s: Swap):
    """The page is on the disk, and nobody runs."""
    return nobody_runs() and any(s.disk[p] == s.must_see[q] for p in PhysSlot for q in Pte) and all(
        s.folio[f].bio == Bio.NONE for f in Folio
    )


Way = tuple[Callable[..., Any] | None, dict[type, list[Any]], tuple[str, ...], Callable[..., Any]]
WAYS: dict[str, Way] = {
    "swap-out to zswap": (None, {Reclaim: [shrink_folio_list]}, (), a_page_is_only_in_zswap),
    "swap-out of zeros": (
        None, {Reclaim: [shrink_folio_list], Task: [user_store_zeros]}, (), a_page_of_zeros_is_stored_nowhere,
    ),
    "swap-out to the disk": (
        None, {Reclaim: [shrink_folio_list]}, ("zswap refuses the page",), a_page_is_only_on_a_disk,
    ),
    "zswap to the disk": (one_page_in_zswap, {Shrinker: [zswap_writeback_entry]}, (), a_page_has_moved),
    "swap-in from zswap": (one_page_in_zswap, {Task: [do_swap_page]}, (), a_page_is_back),
    "swap-in from the disk": (a_virtual_page_is_on_the_disk, {Task: [do_swap_page]}, (), a_page_is_back),
    "free a page in zswap": (one_page_in_zswap, {Task: [zap_nonpresent_ptes]}, (), a_page_is_gone),
    "free a page on the disk": (a_virtual_page_is_on_the_disk, {Task: [zap_nonpresent_ptes]}, (), a_page_is_gone),
}
"""Where a page starts, who moves it, what must fail for that, and where it ends."""

DESIGNS = {
    "phase IV": PHASE_IV,
    "RFC v1": RFC_V1,
    "RFC v2": RFC_V2,
    "v2, folio at the physical slot": replace(RFC_V2, folio_at_virtual_slot=False),
    "v2, one table": replace(RFC_V2, one_table=True),
    "v2, owner recorded late": replace(RFC_V2, records_memcg_late=True),
    "v2, all charged at once": replace(RFC_V2, charge=Charge.ENTRY),
}
PRICED = {
    "phase IV": "costs_phase_iv",
    "RFC v1": "costs_rfc_v1",
    "RFC v2": "costs_rfc_v2",
    "v2, memcg_table not deferred": "costs_rfc_v2_at_once",
    "v2, virtual_table freed": "costs_freed_virtual_table",
    "v2, one table": "costs_one_table",
}


def regions(design: SwapDesign, way: Way) -> Counter[str]:
    """The lock regions on the shortest way, by lock."""
    start, operations, failures, end = way
    first = [the_device_has_entries] if not design.virtual_swap else []
    sizes = {**ONE_OF_EACH, **{role: int(role in operations) for role in (Shrinker, Reclaim, Task)}}
    system = build(Spec(
        why="one page on its way", model=VSWAP, design=design, start=[set_up(*first, start)],
        scope=Scope("one page", sizes=sizes, operations=operations, failures=failures), promises=[end],
    ))
    path = explore(system).findings[end.__name__].path
    raw = Raw(system)
    here = next(c for c in raw.initial() if c.vector == path[0])
    entered: Counter[str] = Counter()
    for vector in path[1:]:
        step = next(t for t in raw.successors(here) if t.target is not None and t.target.vector == vector)
        entered.update(step.regions)
        assert step.target is not None
        here = step.target
    return entered


def set_up(*parts: Callable[..., Any] | None) -> Callable[..., Any]:
    """One start function that does what several do."""
    def start(s: Swap) -> None:
        for part in parts:
            if part is not None:
                part(s)

    start.__doc__ = "One page."
    return start


def taken(design: SwapDesign, way: Way) -> str:
    """Virtual and physical cluster locks, as a cell of the table."""
    entered = regions(design, way)
    virtual, physical = entered["vswap_cluster.lock"], entered["phys_cluster.lock"]
    if not design.virtual_swap:
        virtual, physical = 0, virtual + physical  # a direct entry's lock, whatever the model calls it
    return f"{virtual} + {physical}"


def locks() -> list[str]:
    """The table of locks, in Markdown."""
    lines = ["| path | " + " | ".join(DESIGNS) + " |", "|---|" + "---:|" * len(DESIGNS)]
    for name, way in WAYS.items():
        lines.append(f"| {name} | " + " | ".join(taken(design, way) for design in DESIGNS.values()) + " |")
    return lines


DIRECT = "bytes_of_a_direct_entry_on_the_disk"
KINDS = {
    "all in zswap": "bytes_of_a_page_in_zswap",
    "all zeros": "bytes_of_a_page_of_zeros",
    "all on the disk": "bytes_of_a_page_on_the_disk",
    "all on the disk, direct entries": DIRECT,
}
V6 = 24
"""Bytes of a descriptor of the standalone series, which every slot has [JW3]."""


def priced() -> dict[str, dict[str, int]]:
    """The most that each measure reaches, by the name of the design; direct entries have specs of their own."""
    specs = load_specs(None)
    found = {name: {said: extent.most for said, extent in explore(build(specs[spec])).measures.items()}
             for name, spec in PRICED.items()}
    for name, spec in PRICED.items():
        if f"{spec}_direct" in specs:
            found[name][DIRECT] = explore(build(specs[f"{spec}_direct"])).measures[DIRECT].most
    return found


def bytes_(found: dict[str, dict[str, int]]) -> list[str]:
    """The table of bytes, in Markdown."""
    lines = ["| measure | " + " | ".join(PRICED) + " |", "|---|" + "---:|" * len(PRICED)]
    for said in found["RFC v2"]:
        lines.append(f"| `{said}` | " + " | ".join(str(found[name][said]) for name in PRICED) + " |")
    return lines


def gibibyte(found: dict[str, dict[str, int]]) -> list[str]:
    """The table of the discussion: MiB of metadata for 1 GiB of pages of 4 KiB that are swapped out."""
    def cell(name: str, said: str) -> str:
        return f"{found[name][said] * (2 ** 30 // 4096) / 2 ** 20:.1f}"

    names = list(PRICED)
    lines = [f"| 1 GiB | {' | '.join(names)} | standalone v6 |", "|---|" + "---:|" * (len(names) + 1)]
    for kind, said in KINDS.items():
        whole = f"{V6 * (2 ** 30 // 4096) / 2 ** 20:.1f}"
        v6 = {"all on the disk": f"{whole} + slots", "all on the disk, direct entries": "-"}.get(kind, whole)
        lines.append(f"| {kind} | " + " | ".join(cell(name, said) for name in names) + f" | {v6} |")
    return lines


def page(old: str) -> str:
    """The page with its tables written again."""
    found = priced()
    return old[:old.index(NAME)] + "\n".join(
        [NAME, "", *bytes_(found), "", *gibibyte(found), "", *locks(), ""])


if __name__ == "__main__":
    written = Path(sys.argv[1])
    written.write_text(page(written.read_text()))
