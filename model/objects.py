# SPDX-License-Identifier: GPL-2.0-or-later
"""The objects of virtual swap: what a state is made of.

Mirrors   the swap table and virtual_table words of struct swap_cluster_info(_dynamic),
          the reverse map words of a physical cluster, struct zswap_entry, struct folio
          as far as swap knows it; mm/swap_table.h, mm/vswap.h [v2p2] [v2p3]
Left out  large folios, several devices: later
          slices.  Cluster lists, their creation and freeing: one cluster of each kind lives
          for ever, so a slot can only be free or in use.  Bad physical slots: a device with
          one slot less.  The kernel packs count and zero flag into the swap table word; all
          change under the same lock, so three fields say the same.  So do the reverse map word and its
          cache-only bit: the bit is set and cleared by atomic bit operations.  The kernel keeps the
          exclusive marker of a page in memory with the page, that of a swap entry in the PTE: an
          exclusive page has one PTE (a promise), so here the PTE has both.
          A direct (case 2) entry is an entry of the same sort: see ``Swap.direct``.
"""

from __future__ import annotations

import enum

from checker.language import *
from model.design import design


class Pte(Index, prefix="pte"):
    """A page of user memory, by the page table entry that stands for it."""


class Folio(Index, prefix="folio"):
    """A page of physical memory."""


class VswapSlot(Index, prefix="v"):
    """A slot of the virtual swap device: what a swapped-out PTE holds."""


class PhysSlot(Index, prefix="p"):
    """A slot of the physical swap device."""


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


class Worker(Actor, prefix="Worker"):
    """A CPU in the work queue that reclaims physical slots."""


class PteWord(Union):
    """A page table entry."""

    NONE = case()
    PRESENT = case(folio=Folio)
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
    WRITE = case(to=PhysSlot)
    READ = case(source=PhysSlot)
    STARTED = case()  # the writeback flag alone: what is to be written to is not known yet


class SwapInfo(enum.Enum):
    """The flags of the physical device's swap_info_struct, as far as swapoff needs them."""

    WRITEOK = "WRITEOK"
    DRAINING = "DRAINING"  # swapoff has cleared SWP_WRITEOK
    OFF = "OFF"  # swapoff is over


class FolioState(Record):
    """struct folio; a folio without references is free."""

    lock: Lock
    refcount: Range(0, 7)
    swap: VswapSlot | None  # folio->swap; not None is the swapcache flag
    anon: bool  # it was mapped: the page of a process
    dirty: bool
    uptodate: bool
    bio: Bio
    memcg: Memcg | None
    content: Content
    submitted: Content  # the bytes at the moment when the write was submitted


class CompressedPage(Record):
    """struct zswap_entry; a freed one keeps what it held, as freed memory does."""

    live: bool
    on_lru: bool
    swpentry: VswapSlot
    content: Content


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
    ptl: Array[Pte, Lock]  # page table lock: kept across steps by faults and zaps

    folio: Array[Folio, FolioState]

    vswap_cluster: ClusterInfo
    table: Array[VswapSlot, TableWord]
    count: Array[VswapSlot, Range(0, size(Pte) + 1)]
    virtual_table: Array[VswapSlot, Backing]
    memcg_table: Array[VswapSlot, Memcg | None]

    swap_info: SwapInfo
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
    """Which slot of the physical device the entry names; None: the entry is a slot of the virtual device.

    It never changes: a scope says which entries there are.  For a direct entry ``table``, ``count``,
    ``zero`` and ``memcg_table`` are what the physical cluster says of that slot, and ``virtual_table``
    is its place in the xarray of zswap.  Its lock is the physical cluster's; that the model names
    the other one makes no difference to what one hold does.
    """
    memcg_table_ready: bool  # the physical cluster has its memcg_table, where that is allocated late
    stable_writes: bool  # SWP_STABLE_WRITES: the device wants no stores to a page that it writes; never changes


def cached(s: Swap, v: VswapSlot) -> bool:
    """Whether a folio is in the swap cache for this slot."""
    return s.table[v].tag == TableWord.PFN


def folio_mapped(s: Swap, f: Folio) -> bool:
    """Whether some PTE maps the folio."""
    return any(s.pte[p] == PteWord.PRESENT(f) for p in Pte)


def folio_test_writeback(s: Swap, f: Folio) -> bool:
    """Whether a write of the folio is in flight."""
    return s.folio[f].bio.tag in (Bio.WRITE, Bio.STARTED)


def taken_directly(s: Swap, p: PhysSlot) -> bool:
    """Whether a direct entry that is in use names the physical slot."""
    return any(s.direct[v] == p and s.table[v] != TableWord.NULL for v in VswapSlot)


def in_use(s: Swap, p: PhysSlot) -> bool:
    """Whether the physical slot backs a virtual slot, or is somebody's direct entry."""
    return s.rmap[p] is not None or taken_directly(s, p)


def on_device(s: Swap, v: VswapSlot) -> bool:
    """Whether a slot of the physical device is behind the entry, or is the entry."""
    return s.direct[v] is not None or s.virtual_table[v].tag == Backing.SWAPFILE


def is_resolved(s: Swap, v: VswapSlot) -> bool:
    """Whether a look-up takes the entry for what it is."""
    return design.lookups_ask_the_entry or s.direct[v] is not None or all(not s.memcg[m].vswap_off for m in Memcg)


def is_zero(s: Swap, v: VswapSlot) -> bool:
    """Whether the slot is marked to be all zeros."""
    return s.zero[v] or s.virtual_table[v] == Backing.ZERO
