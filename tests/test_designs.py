# SPDX-License-Identifier: GPL-2.0-or-later
"""The switches of the discussion: each has an effect on RFC v1 and v2, and docs/designs.md knows them all."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checker.asked import ask, comparison
from checker.columns import Variant, questions, resolve
from checker.explicit import Exploration, explore
from checker.language import Scope, Spec, build, load_specs
from model import cluster_design
from model import design as designs
from model.alloc import memcg_vswap_enabled, vm_vswap_enabled
from model.cluster_design import ClusterDesign
from model.design import LATEST, RFC_V1, RFC_V2, SwapDesign
from model.fork import copy_nonpresent_pte
from model.objects import Pte, Shrinker, Task, VswapSlot, Worker
from model.vswap import VSWAP
from specs.direct import FAULTS, the_device_has_entries
from specs.discussion import the_device_wants_stable_pages
from specs.scopes import ONE_OF_EACH, ZEROS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "designs.md").read_text()
TAG = re.compile(r"\[([A-Za-z][A-Za-z0-9]+)\]")
FAILURES = [
    "zswap refuses the page", "swap is nearly full", "memcg limit of virtual slots reached",
    "no memory for the virtual_table", "no memory for the memcg_table",
    "no memory for the memcg_table, though there was time",
]

Start = Callable[..., Any]
ASKED: dict[str, tuple[dict[str, object], dict[type, int], list[Any], Start | None]] = {
    "falls_back_to_direct": ({}, {VswapSlot: 2}, FAULTS, the_device_has_entries),
    "switched_at_run_time": ({}, {VswapSlot: 2}, [*FAULTS, vm_vswap_enabled], the_device_has_entries),
    "chosen_per_memcg": ({}, {VswapSlot: 2}, [*FAULTS, memcg_vswap_enabled], the_device_has_entries),
    "lookups_ask_the_entry": (
        {"switched_at_run_time": True}, {VswapSlot: 2}, [*FAULTS, vm_vswap_enabled], the_device_has_entries,
    ),
    "virtual_swap": ({}, {VswapSlot: 2}, FAULTS, the_device_has_entries),
    "physical_backing": ({}, {}, FAULTS, None),
    "zero_in_word": ({}, {}, ZEROS, None),
    "folio_at_virtual_slot": ({}, {Worker: 1}, FAULTS, None),
    "one_table": ({}, {Worker: 1}, FAULTS, None),
    "removal_writes_rmap": ({"folio_at_virtual_slot": False}, {}, FAULTS, None),
    "rmap_has_hint": ({}, {Worker: 1}, FAULTS, None),
    "frees_virtual_table": ({}, {}, FAULTS, None),
    "charge": ({}, {}, FAULTS, None),
    "memcg_table": ({}, {VswapSlot: 2}, FAULTS, the_device_has_entries),
    "alloc_tests_table_in_scan": (
        {"memcg_table": designs.MemcgTable.AT_SLOT_WRITE}, {VswapSlot: 2}, FAULTS, the_device_has_entries,
    ),
    "records_memcg_late": ({}, {}, FAULTS, None),
    "realloc_in_submit_write": ({}, {}, FAULTS, None),
    "submit_write_holds_folio_lock": ({"realloc_in_submit_write": True}, {}, FAULTS, None),
    "fault_asks_backing_for_stable_writes": ({}, {}, FAULTS, the_device_wants_stable_pages),
    "fault_keeps_written": ({}, {}, FAULTS, None),
    "zap_full_asks_backing": ({}, {Pte: 2}, [*FAULTS, copy_nonpresent_pte], None),
    "drops_folio_tag": ({}, {}, FAULTS, None),
    "fault_frees_unwritten": ({}, {}, FAULTS, None),
}
"""For each switch: what it needs to be switched on, and the scope and start in which it matters."""


def explored(design: SwapDesign, switch: str) -> Exploration:
    on, sizes, task, start = ASKED[switch]
    found = explore(build(Spec(
        why="what a switch changes", model=VSWAP, design=dataclasses.replace(design, **on),  # type: ignore[arg-type]
        scope=Scope("small", sizes={**ONE_OF_EACH, Shrinker: 0, **sizes}, operations={Task: task}, failures=FAILURES),
        start=[start] if start else [],
    )))
    assert found.complete
    return found


def others(value: object) -> list[object]:
    """The values of a switch but for this one."""
    return [other for other in (type(value) if isinstance(value, enum.Enum) else (False, True)) if other != value]


@pytest.mark.parametrize("base", [RFC_V1, RFC_V2], ids=["rfc_v1", "rfc_v2"])
@pytest.mark.parametrize("switch", ASKED)
def test_flipping_a_switch_alone_changes_what_can_happen(switch: str, base: SwapDesign) -> None:
    usual = explored(base, switch)
    on = ASKED[switch][0]
    for value in others(getattr(dataclasses.replace(base, **on), switch)):  # type: ignore[arg-type]
        flipped = explored(dataclasses.replace(base, **{switch: value}), switch)  # type: ignore[arg-type]
        assert flipped.fingerprint != usual.fingerprint, value


def test_a_tag_for_zeros_says_what_the_flag_says() -> None:
    flag, tag = (explored(dataclasses.replace(RFC_V2, zero_in_word=value), "zero_in_word") for value in (True, False))
    assert (flag.states, flag.transitions, flag.depth) == (tag.states, tag.transitions, tag.depth)


def test_the_page_names_every_switch_of_the_discussion() -> None:
    names = [field.name for field in dataclasses.fields(SwapDesign)]
    discussed = names[names.index("virtual_swap"):names.index("zap_full_asks_backing") + 1]
    assert [name for name in discussed if f"`{name}`" not in PAGE] == []


def test_the_page_names_every_design() -> None:
    named = {name for name, value in vars(designs).items() if isinstance(value, SwapDesign)}
    assert {name for name in named if f"| `{name}` |" not in PAGE} == set()
    assert LATEST == RFC_V2  # as the page says


def test_the_page_names_every_design_of_clusters() -> None:
    named = [name for name, value in vars(cluster_design).items() if isinstance(value, ClusterDesign)]
    assert [name for name in named if f"| `{name}` |" not in PAGE] == []


def test_the_page_says_what_each_note_costs() -> None:
    for cache, slow in (("SHARED", (8, 8)), ("PRIVATE", (2, 5)), ("PER_DEVICE", (2, 3))):
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{cache}`")]
        assert [int(n) for n in re.findall(r"(\d+) of 8", row)] == list(slow)  # as tests/test_clusters.py counts


def test_the_page_names_nothing_that_does_not_exist() -> None:
    specs = load_specs(None)
    known = {*specs, *(field.name for field in dataclasses.fields(SwapDesign)), "the_device_has_entries"}
    known |= {*(field.name for field in dataclasses.fields(ClusterDesign)), "clusters_v2", "clusters_mended"}
    known |= {promise.__name__ for spec in specs.values() for promise in spec.promises}
    words = re.findall(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`", PAGE)
    assert [word for word in words if word not in known] == []


def tags_of_switches() -> dict[str, set[str]]:
    """The sources of each switch: those beside it, those of its sort of value, else those of its section."""
    found: dict[str, set[str]] = {}
    section: set[str] = set()
    text = (ROOT / "model" / "design.py").read_text().partition("class SwapDesign")[2].partition("\n\n\n")[0]
    for block in text.split("\n\n"):
        section = set()
        for line in block.splitlines():
            if line.startswith("    # "):
                section = set(TAG.findall(line))
            elif switch := re.match(r"    (\w+): (\w+) = ", line):
                of_value = getattr(designs, switch[2], SwapDesign).__doc__ if switch[2] != "bool" else None
                found[switch[1]] = set(TAG.findall(line)) or set(TAG.findall(of_value or "")) or section
    return found


def test_every_switch_has_a_source() -> None:
    found = tags_of_switches()
    assert list(found) == [field.name for field in dataclasses.fields(SwapDesign)]
    assert [name for name, tags in found.items() if not tags] == []
    table = re.findall(r"^\| ([\w, ]+) \|", (ROOT / "docs" / "sources.md").read_text(), re.MULTILINE)
    known = {tag for row in table for tag in row.split(", ")}
    assert {tag for tags in found.values() for tag in tags} - known == set()


def test_no_module_hides_a_spec_of_another() -> None:
    """The package takes the names of all its modules; a function of the same name would take a spec away."""
    known = load_specs(None)
    for file in sorted((ROOT / "specs").glob("*.py")):
        module = importlib.import_module(f"specs.{file.stem}")
        hidden = {name for name, value in vars(module).items() if isinstance(value, Spec) and name not in known}
        assert not hidden, f"{file.name}: {hidden}"


def test_every_question_of_the_comparison_can_be_asked() -> None:
    asked, _ = ask([])
    declared = comparison(asked, None)
    for word in declared.designs:
        design = resolve(asked, Variant.parse(word))
        assert len(questions(asked, declared, [], design)) == len(declared.specs) > 15
