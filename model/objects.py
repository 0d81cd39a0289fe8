# SPDX-License-Identifier: GPL-2.0-or-later
"""The objects of virtual swap: what a state is made of.

Mirrors   the swap table and virtual_table words of struct swap_cluster_info(_dynamic),
          the reverse map words of a physical cluster, struct zswap_entry, struct folio
          as far as swap knows it; mm/swap_table.h, mm/vswap.h [v2p2] [v2p3]
Left out  cluster lists, their creation and freeing: one cluster of each kind lives
          for ever, so a slot can only be free or in use; ``phys_cluster`` stands for the clusters of all
          physical devices: a step takes the lock of one of them, which one makes no difference
          to what the step does.  The kernel packs count and zero flag into the swap table word; all
          change under the same lock, so three fields say the same.  So do the reverse map word and its
          cache-only bit: the bit is set and cleared by atomic bit operations.  The kernel keeps the
          exclusive marker of a page in memory with the page, that of a swap entry in the PTE: an
          exclusive page has one PTE (a promise), so here the PTE has both.
          A direct (case 2) entry is an entry of the same sort: see ``Swap.direct``.
          A large folio is an aligned run of pages, known by its first one, which has all of its state but
          the content.  A scope says by blocks how large it may be, which PTEs are neighbours in one page
          table, which virtual slots in one cluster, and which physical slots follow on one device.
"""

from __future__ import annotations

import enum

from checker.language import *
from model.design import design


class Pte(Index, prefix="pte"):
    """A page of user memory, by the page table entry that stands for it; a block is a page table."""


class Folio(Index, prefix="folio"):
    """A page of physical memory: a folio, or a page of the large one that begins before it in its block."""


class VswapSlot(Index, prefix="v"):
    """A slot of the virtual swap device: what a swapped-out PTE holds; a block is a cluster."""


class Device(Index, prefix="dev"):
    """A physical swap device."""


class PhysSlot(Index, prefix="p"):
    """A slot of a physical swap device; those of a block follow on the disk of one device."""


class ZswapEntry(Index, prefix="z"):
    """The memory of a struct zswap_entry, in use or free."""


class Memcg(Index, prefix="memcg"):
    """A memory control group."""


class Content(Data, prefix="data", constants=["JUNK", "ZERO"]):
    """What a page can hold; JUNK is memory or disk that was not written since it was freed."""


class Shrinker(Actor, prefix="Shrinker"):
    """A CPU in the shrinker of zswap."""


class Reclaim(Actor, prefix="Reclaim"):
    """A CPU that reclaims folios (kswapd)."""


class Task(Actor, prefix="Task"):
    """A CPU that runs the process: faults, unmaps."""


class Swapoff(Actor, prefix="Swapoff"):
    """A CPU in swapoff()."""


class Compactor(Actor, prefix="Compactor"):
    """A CPU that splits and moves folios (kcompactd, the shrinker of partly mapped ones)."""


class Worker(Actor, prefix="Worker"):
    """A CPU in the work queue that reclaims physical slots."""


class PteWord(Union):
    """A page table entry."""

    NONE = case()
    PRESENT = case(folio=Folio)  # or a page of it
    SWAP = case(slot=VswapSlot)


class TableWord(Union):
    """A word of the virtual cluster's swap table; SHADOW is swapped out and not cached."""

    NULL = case()
    PFN = case(folio=Folio)
    SHADOW = case()


class Backing(Union):
    """A word of the virtual_table: where the content is, apart from the swap cache."""

    NONE = case()
    SWAPFILE = case(slot=PhysSlot)
    ZSWAP = case(entry=ZswapEntry)
    FOLIO = case(folio=Folio)  # RFC v1 only: nowhere but in this folio
    ZERO = case()  # RFC v1 only: all zeros


class Bio(Union):
    """The disk request that a folio is part of; WRITE is also its writeback flag."""

    NONE = case()
    WRITE = case(to=PhysSlot)  # the first of as many slots as the folio has pages
    READ = case(source=PhysSlot)
    STARTED = case()  # the writeback flag alone: what is to be written to is not known yet


class SwapInfo(enum.Enum):
    """How far swapoff has got with a physical device."""

    WRITEOK = "WRITEOK"
    DRAINING = "DRAINING"  # swapoff has cleared SWP_WRITEOK
    DYING = "DYING"  # drained, and nobody gets a reference any more
    OFF = "OFF"  # swapoff is over, the tables are freed


class Word(enum.Enum):
    """What a word of a physical cluster's swap table is; PFN and SHADOW have a count, NULL has none to speak of."""

    NULL = "NULL"
    PFN = "PFN"  # a direct entry's cached folio
    SHADOW = "SHADOW"  # a direct entry that is swapped out and not cached
    POINTER = "POINTER"  # the reverse map: the slot backs a virtual one
    BAD = "BAD"  # a bad block, or the header


class FolioState(Record):
    """struct folio; one without references is free, or a page of the folio before it."""

    lock: Lock
    refcount: Range(0, block(Folio) * 4 + 3)
    swap: VswapSlot | None  # folio->swap, the entry of the first page; not None is the swapcache flag
    anon: bool  # it was mapped: the page of a process
    dirty: bool
    uptodate: bool
    bio: Bio
    memcg: Memcg | None
    content: Content
    submitted: Content  # the bytes at the moment when the write was submitted
    nr_pages: Range(1, block(Folio))  # folio_nr_pages(): 1 of a page that is not the first of its folio


class CompressedPage(Record):
    """struct zswap_entry; a freed one keeps what it held, as freed memory does."""

    live: bool
    on_lru: bool
    swpentry: VswapSlot
    content: Content


class SwapDevice(Record):
    """struct swap_info_struct of a physical device; what is not said by ``flags`` and ``users`` never changes."""

    flags: SwapInfo
    users: Range(0, 3)  # percpu_ref: who looks direct entries up (see get_swap_device())
    prio: Range(0, size(Device) - 1)  # the higher, the sooner it is used
    stable_writes: bool  # SWP_STABLE_WRITES: wants no stores to a page that it writes
    synchronous_io: bool  # SWP_SYNCHRONOUS_IO: so fast that only the page itself is read, and not kept there


class ClusterInfo(Record):
    """struct swap_cluster_info."""

    lock: Spinlock


class MemcgSwap(Record):
    """What a memcg counts: charged physical slots, and references to its private id."""

    swap: Range(0, size(PhysSlot) + 1)
    id_refs: Range(0, size(VswapSlot) + 1)
    vswap_off: bool  # its pages get direct entries, by a switch of its own or of the whole system


class Swap(State):
    """Everything; the arrays are named after the kernel's."""

    pte: Array[Pte, PteWord]
    pte_dirty: Array[Pte, bool]
    must_see: Array[Pte, Content]  # ghost: what the owner of the page last wrote
    ptl: Array[Pte, Lock]  # page table lock, of the table's first PTE: kept across steps by faults and zaps

    folio: Array[Folio, FolioState]

    vswap_cluster: ClusterInfo
    table: Array[VswapSlot, TableWord]
    count: Array[VswapSlot, Range(0, size(Pte) + 1)]
    virtual_table: Array[VswapSlot, Backing]
    memcg_table: Array[VswapSlot, Memcg | None]

    swap_info: Array[Device, SwapDevice]
    phys_device: Array[PhysSlot, Device]  # never changes: a scope says which slot is where
    bad: Array[PhysSlot, bool]  # never changes: the device cannot use the slot
    phys_cluster: ClusterInfo
    rmap: Array[PhysSlot, VswapSlot | None]
    rmap_cache_only: Array[PhysSlot, bool]  # SWP_RMAP_CACHE_ONLY, a bit of the same word
    disk: Array[PhysSlot, Content]

    zswap: Array[ZswapEntry, CompressedPage]
    zswap_lru_lock: Spinlock

    memcg: Array[Memcg, MemcgSwap]

    pte_write: Array[Pte, bool]  # a present PTE lets the process store
    pte_exclusive: Array[Pte, bool]  # pte_swp_exclusive(), PageAnonExclusive(): nobody else has the page

    zero: Array[VswapSlot, bool]  # the zero flag of the swap table word: the page is all zeros, nothing stores it

    swap_lock: Spinlock  # the list of devices, and who may drain one

    direct: Array[VswapSlot, PhysSlot | None]
    """Which slot of a physical device the entry names; None: the entry is a slot of the virtual device.

    It never changes: a scope says which entries there are.  For a direct entry ``table``, ``count``,
    ``zero`` and ``memcg_table`` are what the physical cluster says of that slot, and ``virtual_table``
    is its place in the xarray of zswap.  Its lock is the physical cluster's; that the model names
    the other one makes no difference to what one hold does.
    """
    memcg_table_ready: Array[Device, bool]  # its cluster has its memcg_table, where that is allocated late


def cached(s: Swap, v: VswapSlot) -> bool:
    """Whether a folio is in the swap cache for this slot."""
    return s.table[v].tag == TableWord.PFN


def page_folio(s: Swap, page: Folio) -> Folio:
    """The folio that a page belongs to."""
    if block(Folio) > 1:
        for k in range(block(Folio)):
            if k < place(page) and k + s.folio[page - place(page) + k].nr_pages > place(page):
                return page - place(page) + k
    return page


def page_table(pte: Pte) -> Pte:
    """The page table of a PTE, by its first one."""
    return pte - place(pte)


def maps(s: Swap, p: Pte, f: Folio) -> bool:
    """Whether a PTE maps the folio, or a page of it."""
    return s.pte[p].tag == PteWord.PRESENT and page_folio(s, s.pte[p].folio) == f


def is_kept_at_slot() -> bool:
    """Whether a folio that is cached and on the disk is in the physical slot's word."""
    return design.one_table or not design.folio_at_virtual_slot


def folio_at_slot(s: Swap, p: PhysSlot) -> Folio | None:
    """The folio that the word of a physical slot names, in the design that keeps it there; None: there is none.

    What ``rmap`` has is then what folio->swap says.
    """
    v = choose_or_none(VswapSlot, where=lambda v: s.virtual_table[v] == Backing.SWAPFILE(p) and cached(s, v))
    return None if v is None else s.table[v].folio


def folio_at_entry(s: Swap, e: ZswapEntry) -> Folio | None:
    """The folio that a zswap entry names, in the design with one table; None: there is none."""
    v = choose_or_none(VswapSlot, where=lambda v: s.virtual_table[v] == Backing.ZSWAP(e) and cached(s, v))
    return None if v is None else s.table[v].folio


def folio_mapped(s: Swap, f: Folio) -> bool:
    """Whether some PTE maps the folio."""
    return any(maps(s, p, f) for p in Pte)


def folio_matches_swap_entry(s: Swap, f: Folio, v: VswapSlot) -> bool:
    """Whether the folio says that it is cached for the slot."""
    first = s.folio[f].swap
    return first is not None and any(first + i == v for i in range(s.folio[f].nr_pages))


def first_entry(s: Swap, f: Folio, v: VswapSlot) -> VswapSlot:
    """The slot of the folio's first page, if v is that of one of its pages: runs are aligned."""
    return v - place(v) % s.folio[f].nr_pages


def page_of(s: Swap, f: Folio, v: VswapSlot) -> Folio:
    """The page of a folio that is cached for the slot."""
    return f + place(v) % s.folio[f].nr_pages


def next_slot(p: PhysSlot, i: int) -> PhysSlot | None:
    """The i-th slot behind one; None behind the end of the device."""
    return p + i if place(p) + i < block(PhysSlot) else None


def folio_test_writeback(s: Swap, f: Folio) -> bool:
    """Whether a write of the folio is in flight."""
    return s.folio[f].bio.tag in (Bio.WRITE, Bio.STARTED)


def taken_directly(s: Swap, p: PhysSlot) -> bool:
    """Whether a direct entry that is in use names the physical slot."""
    return any(s.direct[v] == p and s.table[v] != TableWord.NULL for v in VswapSlot)


def in_use(s: Swap, p: PhysSlot) -> bool:
    """Whether the physical slot backs a virtual slot, or is somebody's direct entry, or of no use."""
    return s.rmap[p] is not None or taken_directly(s, p) or s.bad[p]


def swap_table_word(s: Swap, p: PhysSlot) -> Word:
    """What the physical cluster's word of its slot is."""
    if s.bad[p]:
        return Word.BAD
    if s.rmap[p] is not None:
        return Word.POINTER
    if any(s.direct[v] == p and cached(s, v) for v in VswapSlot):
        return Word.PFN
    return Word.SHADOW if taken_directly(s, p) else Word.NULL


def on_device(s: Swap, v: VswapSlot) -> bool:
    """Whether a slot of a physical device is behind the entry, or is the entry."""
    return s.direct[v] is not None or s.virtual_table[v].tag == Backing.SWAPFILE


def is_resolved(s: Swap, v: VswapSlot) -> bool:
    """Whether a look-up takes the entry for what it is."""
    return design.lookups_ask_the_entry or s.direct[v] is not None or all(not s.memcg[m].vswap_off for m in Memcg)


def is_zero(s: Swap, v: VswapSlot) -> bool:
    """Whether the slot is marked to be all zeros."""
    return s.zero[v] or s.virtual_table[v] == Backing.ZERO
