# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/kernel.md: which kernel function is mirrored where, and which rules run it.

``python -P tests/page_kernel.py docs/kernel.md`` writes the page, from the *Mirrors* lines of
``model/`` and from who calls whom there; that every branch is taken is the business of the gate.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from checker.language import load_specs

HOME = Path(__file__).parent.parent

OPERATIONS = {
    "A folio gets swap slots": ("folio_alloc_swap", "vswap_alloc", "alloc_swap_scan_cluster", "mem_cgroup_record_swap"),
    "The PTEs become swap entries": ("try_to_unmap",),
    "Writing out: zeros, zswap, the disk": ("swap_writeout", "swap_zeromap_folio_set", "zswap_store"),
    "A physical slot, when it is needed": ("folio_realloc_swap", "mem_cgroup_try_charge_swap"),
    "The write and its end": ("__swap_writepage_phys", "end_swap_bio_write"),
    "Reclaim drops the folio": ("shrink_folio_list", "__remove_mapping"),
    "zswap writes back": ("zswap_writeback_entry", "shrink_memcg_cb"),
    "The fault": ("do_swap_page", "swap_cache_get_folio", "swap_entry_backend_has_flag"),
    "A folio is put into the swap cache": ("swap_cache_alloc_folio",),
    "Reading": ("swap_read_folio", "swap_read_folio_zeromap", "zswap_load", "swap_read_folio_phys",
                "end_swap_bio_read"),
    "Readahead": ("swapin_readahead", "swap_vma_readahead", "swap_cluster_readahead"),
    "Large folios": ("vswap_can_swapin_thp", "split_folio", "deferred_split_scan", "migrate_folio"),
    "Freeing": ("zap_nonpresent_ptes", "zap_present_ptes", "swap_put_entries_direct", "folio_free_swap",
                "__swap_cluster_free_entries", "__vswap_release_backing", "free_cluster"),
    "Write faults": ("do_wp_page", "wp_page_copy"),
    "Fork": ("copy_present_ptes", "copy_nonpresent_pte", "swap_dup_entry_direct", "swap_retry_table_alloc"),
    "Slot reclaim": ("swap_reclaim_work", "swap_reclaim_full_clusters", "try_to_reclaim_vswap_backing"),
    "swapoff": ("swapoff", "try_to_unuse", "find_next_to_unuse", "unuse_mm", "unuse_pte"),
    "Discard": ("swap_discard_work", "swap_do_scheduled_discard"),
    "Direct entries and devices": ("get_swap_device", "put_swap_device", "swap_alloc_fast", "swap_alloc_slow"),
    "Clusters": ("swap_cluster_lock", "isolate_lock_cluster", "relocate_cluster", "move_cluster",
                 "swap_cluster_populate", "partial_free_cluster", "call_rcu"),
}
"""What the kernel does with a swapped-out page, and the functions that do it."""

LEFT_OUT = {
    "Hibernation": "its slots are direct, with a count that never rises; it makes `folio_free_swap()` refuse",
    "shmem": "an entry of the page cache instead of one of a page table, with one owner",
    "memcgs that go offline": "a recorded id stays resolvable as long as a slot refers to it; whose ancestor pays is"
                              " not asked",
}

HEAD = """\
# What is mirrored

Written by `make docs`, from the *Mirrors* lines of the modules and from who calls whom; a test
compares it. Most functions have one of the same name; *within* says that a function is no more than a
part of a step, and which rules have steps of that module. What each module leaves out, and why, is
said in its first lines. Every branch and every step is taken in some default spec, or `vswap check`
ends with 6.

| what happens | kernel function | mirrored in | run by |
|---|---|---|---|
"""


@cache
def modules() -> dict[str, ModuleType]:
    """The modules of the model, by name."""
    names = sorted(path.stem for path in (HOME / "model").glob("*.py") if path.stem != "__init__")
    return {name: importlib.import_module(f"model.{name}") for name in names}


@cache
def mirrored() -> dict[str, list[str]]:
    """The modules that say of a kernel function that they mirror it."""
    found: dict[str, list[str]] = {}
    for name, module in modules().items():
        said = re.search(r"^Mirrors +(.*?)(?=^\S|\Z)", module.__doc__ or "", re.DOTALL | re.MULTILINE)
        for function in re.findall(r"(\w+)\(\)", said[1] if said else ""):
            found.setdefault(function, []).append(name)
    return found


def called(function: FunctionType) -> Iterator[FunctionType]:
    """The functions of the model that one names, nested calls apart."""
    for name in function.__code__.co_names:
        other = inspect.unwrap(function.__globals__[name]) if name in function.__globals__ else None
        if isinstance(other, FunctionType) and other.__module__.startswith("model."):
            yield other


def reached(start: FunctionType) -> set[FunctionType]:
    """All that is called from one function on, itself included."""
    found, todo = {start}, [start]
    while todo:
        new = set(called(todo.pop())) - found
        found |= new
        todo += new
    return found


@cache
def runs() -> dict[str, set[FunctionType]]:
    """The rules and operations of all models, and the functions that each runs."""
    models = {id(spec.model): spec.model for spec in load_specs(None).values() if spec.default}
    found: dict[str, set[FunctionType]] = {}
    for model in models.values():
        entries: list[Callable[..., Any]] = [*model.rules, *(f for each in model.operations.values() for f in each)]
        for entry in map(inspect.unwrap, entries):
            if isinstance(entry, FunctionType) and entry.__module__.startswith("model."):
                found.setdefault(entry.__name__, set()).update(reached(entry))
    return found


def who_runs(module: str, function: str | None = None) -> list[str]:
    """The rules that run any function of a module, or the one of that name."""
    return sorted(rule for rule, those in runs().items()
                  if any(f.__module__ == f"model.{module}" and function in (None, f.__name__) for f in those))


def rows() -> Iterator[tuple[str, str, str, list[str], bool]]:
    """What happens, the function, a module that mirrors it, the rules that run it, whether it has one of its name."""
    for title, functions in OPERATIONS.items():
        for function in functions:
            for module in mirrored().get(function, ()):
                own = who_runs(module, function)
                yield title, function, module, own or who_runs(module), bool(own)


def page() -> str:
    """The whole page."""
    lines, before = [], ""
    for title, function, module, rules, own in rows():
        lines.append(f"| {title if title != before else ''} | `{function}()` | [{module}](../model/{module}.py) | "
                     f"{'' if own else 'within '}{', '.join(f'`{rule}`' for rule in rules)} |")
        before = title
    out = [f"- {what}: {why}." for what, why in LEFT_OUT.items()]
    return HEAD + "\n".join(lines) + "\n\n## Left out\n\n" + "\n".join(out) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
