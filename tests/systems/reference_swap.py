# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of swap entries, as one table of rules.

A small model without locks that other checkers have too, so that counts and
speed can be compared.  An entry may be written back from the compressed pool
to a slot of the disk in three steps of a CPU: pick, allocate, commit.
"""

from dataclasses import dataclass
from enum import Enum

from checker.language import *


class Entry(Index, prefix="v"):
    """A virtual swap entry."""


class Slot(Index, prefix="s"):
    """A slot on the disk."""


class Cpu(Index, prefix="cpu"):
    """Writes back one entry at a time."""


class Place(Index, prefix="z"):
    """A place in the compressed pool; only their number matters."""


class Tag(Enum):
    """Where the content of an entry is."""

    NONE = 0
    PHYS = 1
    ZERO = 2
    ZSWAP = 3
    FOLIO = 4


class Stage(Enum):
    """How far a CPU is with its writeback."""

    IDLE = 0
    PICKED = 1
    ALLOCATED = 2


class SwapEntry(Record):
    tag: Tag
    slot: Slot | None
    count: Range(0, 2)
    cache: bool
    dirty: bool


class Writeback(Record):
    stage: Stage
    pick: Entry | None
    slot: Slot | None


class Swap(State):
    entry: Array[Entry, SwapEntry]
    rmap: Array[Slot, Entry | None]
    cpu: Array[Cpu, Writeback]


@dataclass(frozen=True)
class ReferenceDesign(Design):
    """What can be broken."""

    commit_looks_again: bool = True


design = bound(ReferenceDesign)


def free_backend(s: Swap, v: Entry):
    """The slot of an entry, if it has one, is free again."""
    entry = s.entry[v]
    if entry.tag == Tag.PHYS:
        s.rmap[entry.slot] = None
    entry.slot = None


def free_entry(s: Swap, v: Entry):
    """The entry is as it was in the beginning."""
    free_backend(s, v)
    s.entry[v] = SwapEntry()


def waits_for_store(s: Swap, v: Entry):
    """Whether a dirty folio in the cache is the only copy."""
    entry = s.entry[v]
    return entry.tag == Tag.FOLIO and entry.cache and entry.dirty


def backed(s: Swap, v: Entry):
    """Whether the content is somewhere other than in a folio."""
    return s.entry[v].tag in (Tag.PHYS, Tag.ZERO, Tag.ZSWAP)


@rule
def alloc(s: Swap, v: Entry):
    """A page gets a swap entry."""
    entry = s.entry[v]
    require(entry.tag == Tag.NONE and entry.count == 0 and not entry.cache)
    s.entry[v] = SwapEntry(tag=Tag.FOLIO, count=1, cache=True, dirty=True)


@rule
def fork(s: Swap, v: Entry):
    """A child shares the entry."""
    require(s.entry[v].count == 1)
    s.entry[v].count += 1


@rule
def unmap_free(s: Swap, v: Entry):
    """One page table forgets the entry; the last one frees it."""
    entry = s.entry[v]
    require(entry.count > 0)
    entry.count -= 1
    if entry.count == 0 and not entry.cache:
        free_entry(s, v)


@rule
def store_zswap(s: Swap, v: Entry):
    """The folio is compressed into the pool."""
    require(waits_for_store(s, v) and sum(1 for e in Entry if s.entry[e].tag == Tag.ZSWAP) < len(Place))
    s.entry[v].tag = Tag.ZSWAP
    s.entry[v].dirty = False


@rule
def store_zero(s: Swap, v: Entry):
    """The folio turns out to be full of zeroes."""
    require(waits_for_store(s, v))
    s.entry[v].tag = Tag.ZERO
    s.entry[v].dirty = False


@rule
def store_phys(s: Swap, v: Entry, p: Slot):
    """The folio is written to a free slot."""
    require(waits_for_store(s, v) and s.rmap[p] is None)
    entry = s.entry[v]
    entry.tag = Tag.PHYS
    entry.slot = p
    entry.dirty = False
    s.rmap[p] = v


@rule
def drop_cache(s: Swap, v: Entry):
    """A clean folio leaves the cache."""
    entry = s.entry[v]
    require(entry.cache and not entry.dirty and entry.count > 0)
    entry.cache = False


@rule
def drop_cache_last(s: Swap, v: Entry):
    """A folio leaves the cache when no page table wants the entry any more."""
    require(s.entry[v].cache and s.entry[v].count == 0 and not any(s.cpu[c].pick == v for c in Cpu))
    free_entry(s, v)


@rule
def swapin(s: Swap, v: Entry):
    """The content is read into a folio."""
    require(not s.entry[v].cache and backed(s, v))
    s.entry[v].cache = True
    s.entry[v].dirty = False


@rule
def redirty(s: Swap, v: Entry):
    """The folio is written to: what was stored is stale."""
    entry = s.entry[v]
    require(entry.cache and not entry.dirty and backed(s, v))
    free_backend(s, v)
    entry.tag = Tag.FOLIO
    entry.dirty = True


@rule
def wb_pick(s: Swap, c: Cpu, v: Entry):
    """A CPU takes a compressed entry and puts a folio into the cache for it."""
    require(s.cpu[c].stage == Stage.IDLE and s.entry[v].tag == Tag.ZSWAP and not s.entry[v].cache)
    s.cpu[c] = Writeback(stage=Stage.PICKED, pick=v)
    s.entry[v].cache = True
    s.entry[v].dirty = False


@rule
def wb_alloc(s: Swap, c: Cpu, p: Slot):
    """It allocates a slot."""
    wb = s.cpu[c]
    require(wb.stage == Stage.PICKED and s.rmap[p] is None)
    wb.stage = Stage.ALLOCATED
    wb.slot = p
    s.rmap[p] = wb.pick


@rule
def wb_abort(s: Swap, c: Cpu):
    """It gives up; the folio stays in the cache."""
    require(s.cpu[c].stage == Stage.PICKED)
    s.cpu[c] = Writeback()


@rule
def wb_commit(s: Swap, c: Cpu):
    """It moves the entry to the slot, unless the entry has changed."""
    wb = s.cpu[c]
    require(wb.stage == Stage.ALLOCATED)
    entry = s.entry[wb.pick]
    if not design.commit_looks_again or entry.tag == Tag.ZSWAP:
        entry.tag = Tag.PHYS
        entry.slot = wb.slot
    else:
        s.rmap[wb.slot] = None
    s.cpu[c] = Writeback()


@invariant
def a_used_slot_backs_its_entry(s: Swap):
    """A slot with a reverse mapping backs that entry, or is about to."""
    return all(
        any(s.cpu[c].stage == Stage.ALLOCATED and s.cpu[c].slot == p for c in Cpu)
        or (s.entry[s.rmap[p]].tag == Tag.PHYS and s.entry[s.rmap[p]].slot == p)
        for p in Slot
        if s.rmap[p] is not None
    )


@invariant
def an_entry_owns_its_slot(s: Swap):
    """The slot of an entry points back to it."""
    return all(s.rmap[s.entry[v].slot] == v for v in Entry if s.entry[v].tag == Tag.PHYS)


MODEL = Model(
    state=Swap,
    rules=[
        alloc, fork, unmap_free, store_zswap, store_zero, store_phys, drop_cache, drop_cache_last,
        swapin, redirty, wb_pick, wb_alloc, wb_abort, wb_commit,
    ],
)


def scope(entries, slots, cpus, places):
    """Named by its four numbers."""
    sizes = {Entry: entries, Slot: slots, Cpu: cpus, Place: places}
    return Scope(f"{entries} entries, {slots} slots, {cpus} cpus, {places} places", sizes=sizes)


def reference(entries, slots, cpus, places):
    """The question, asked in this scope."""
    return Spec(
        why="The same work for every checker: a race between writeback and everybody else.",
        model=MODEL,
        scope=scope(entries, slots, cpus, places),
        design=ReferenceDesign(),
        promises=[a_used_slot_backs_its_entry, an_entry_owns_its_slot],
    )


small = reference(2, 2, 2, 2)
three_entries = reference(3, 2, 2, 2)
mid = reference(3, 3, 2, 2)
four_entries = reference(4, 2, 2, 2)

stale_commit = Spec(
    why="Writeback that does not look at the entry again installs a slot over newer content.",
    model=MODEL,
    scope=scope(2, 2, 2, 2),
    design=ReferenceDesign(commit_looks_again=False),
    promises=[a_used_slot_backs_its_entry, an_entry_owns_its_slot],
    expected={"a_used_slot_backs_its_entry": broken(steps=8)},
)
