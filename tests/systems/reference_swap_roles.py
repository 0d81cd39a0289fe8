# SPDX-License-Identifier: GPL-2.0-or-later
"""The reference model again, in the words of the language.

Where ``reference_swap`` keeps program counters and undefined fields by hand,
here a CPU is an actor, writeback is an operation, and the place of the content
is a tagged word.  States and transitions are the same, one for one.
"""

from dataclasses import dataclass

from checker.language import *


class Entry(Index, prefix="v"):
    """A virtual swap entry."""


class Slot(Index, prefix="s"):
    """A slot on the disk."""


class Place(Index, prefix="z"):
    """A place in the compressed pool; only their number matters."""


class Cpu(Actor):
    """Writes back one entry at a time."""


class Backing(Union):
    """Where the content of an entry is."""

    NONE = case()
    PHYS = case(slot=Slot)
    ZERO = case()
    ZSWAP = case()
    FOLIO = case()


class SwapEntry(Record):
    backing: Backing
    count: Range(0, 2)
    cache: bool
    dirty: bool
    writebacks: Range(0, size(Cpu))


class Swap(State):
    entry: Array[Entry, SwapEntry]
    rmap: Array[Slot, Entry | None]


@dataclass(frozen=True)
class ReferenceDesign(Design):
    """What can be broken."""

    commit_looks_again: bool = True


design = bound(ReferenceDesign)


def free_backend(s: Swap, v: Entry):
    """The slot of an entry, if it has one, is free again."""
    backing = s.entry[v].backing
    if backing.tag == Backing.PHYS:
        s.rmap[backing.slot] = None


def free_entry(s: Swap, v: Entry):
    """Nobody needs the content any more."""
    free_backend(s, v)
    entry = s.entry[v]
    entry.backing = Backing.NONE
    entry.cache = False
    entry.dirty = False


def waits_for_store(s: Swap, v: Entry):
    """Whether a dirty folio in the cache is the only copy."""
    entry = s.entry[v]
    return entry.backing == Backing.FOLIO and entry.cache and entry.dirty


def backed(s: Swap, v: Entry):
    """Whether the content is somewhere other than in a folio."""
    return s.entry[v].backing.tag in (Backing.PHYS, Backing.ZERO, Backing.ZSWAP)


def store(s: Swap, v: Entry, backing: Backing):
    """The folio is clean, because its content is there now."""
    s.entry[v].backing = backing
    s.entry[v].dirty = False


@rule
def alloc(s: Swap, v: Entry):
    """A page gets a swap entry."""
    entry = s.entry[v]
    require(entry.backing == Backing.NONE and entry.count == 0 and not entry.cache)
    entry.backing = Backing.FOLIO
    entry.count = 1
    entry.cache = True
    entry.dirty = True


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
    require(waits_for_store(s, v) and sum(1 for e in Entry if s.entry[e].backing == Backing.ZSWAP) < len(Place))
    store(s, v, Backing.ZSWAP)


@rule
def store_zero(s: Swap, v: Entry):
    """The folio turns out to be full of zeroes."""
    require(waits_for_store(s, v))
    store(s, v, Backing.ZERO)


@rule
def store_phys(s: Swap, v: Entry, p: Slot):
    """The folio is written to a free slot."""
    require(waits_for_store(s, v) and s.rmap[p] is None)
    store(s, v, Backing.PHYS(p))
    s.rmap[p] = v


@rule
def drop_cache(s: Swap, v: Entry):
    """A clean folio leaves the cache."""
    entry = s.entry[v]
    require(entry.cache and not entry.dirty and entry.count > 0)
    entry.cache = False


@rule
def drop_cache_last(s: Swap, v: Entry):
    """A folio leaves the cache when neither page table nor writeback wants it."""
    entry = s.entry[v]
    require(entry.cache and entry.count == 0 and entry.writebacks == 0)
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
    entry.backing = Backing.FOLIO
    entry.dirty = True


@operation
def writeback(s: Swap, cpu: Cpu, v: Entry):
    """Move one compressed entry to a slot."""
    entry = s.entry[v]
    require(entry.backing == Backing.ZSWAP and not entry.cache)
    entry.cache = True
    entry.dirty = False
    entry.writebacks += 1
    yield "picked"

    if maybe("writeback gives up"):
        entry.writebacks -= 1
        return
    slot = choose(Slot, where=lambda p: s.rmap[p] is None, or_block=True)
    s.rmap[slot] = v
    yield "allocated"

    if not design.commit_looks_again or entry.backing == Backing.ZSWAP:
        entry.backing = Backing.PHYS(slot)
    else:
        s.rmap[slot] = None
    entry.writebacks -= 1


@invariant
def a_used_slot_backs_its_entry(s: Swap):
    """A slot with a reverse mapping backs that entry, or is about to."""
    return all(
        at(writeback, "allocated", slot=p)
        or s.entry[s.rmap[p]].backing == Backing.PHYS(p)
        for p in Slot
        if s.rmap[p] is not None
    )


@invariant
def an_entry_owns_its_slot(s: Swap):
    """The slot of an entry points back to it."""
    return all(
        s.rmap[s.entry[v].backing.slot] == v for v in Entry if s.entry[v].backing.tag == Backing.PHYS
    )


MODEL = Model(
    state=Swap,
    rules=[
        alloc, fork, unmap_free, store_zswap, store_zero, store_phys, drop_cache, drop_cache_last,
        swapin, redirty,
    ],
    operations={Cpu: [writeback]},
)


def scope(entries, slots, cpus, places):
    """Named by its four numbers."""
    sizes = {Entry: entries, Slot: slots, Cpu: cpus, Place: places}
    return Scope(f"{entries} entries, {slots} slots, {cpus} cpus, {places} places", sizes=sizes)


PROMISES = [a_used_slot_backs_its_entry, an_entry_owns_its_slot]

small = Spec(
    why="An operation of an actor must cost no more states than a program counter kept by hand.",
    model=MODEL,
    scope=scope(2, 2, 2, 2),
    design=ReferenceDesign(),
    promises=PROMISES,
)

three_entries = Spec(
    why="The same, with one entry more.",
    model=MODEL,
    scope=scope(3, 2, 2, 2),
    design=ReferenceDesign(),
    promises=PROMISES,
)

stale_commit = Spec(
    why="Writeback that does not look at the entry again installs a slot over newer content.",
    model=MODEL,
    scope=scope(2, 2, 2, 2),
    design=ReferenceDesign(commit_looks_again=False),
    promises=PROMISES,
    expected={"a_used_slot_backs_its_entry": broken(steps=8)},
)
