# SPDX-License-Identifier: GPL-2.0-or-later
"""What a page costs in metadata under each design, in bytes, from the sizes that the kernel declares.

Counted are the words and ids of the slots that a page uses: its share of the cluster's tables, as if
every slot of the cluster were in use. Left out: the clusters themselves, struct zswap_entry and what it
points to, and the inner nodes of zswap's xarray, which have a word for each page at the least.
"""

from __future__ import annotations

from dataclasses import replace

from checker.language import *
from model.alloc import has_memcg_table
from model.backing import Effective, backing
from model.design import PHASE_IV, RFC_V1, RFC_V2, MemcgTable, SwapDesign, design
from model.objects import Backing, PhysSlot, Swap, TableWord, VswapSlot
from model.vswap import VSWAP
from specs.claims import zeros_refused
from specs.direct import one_slot_of_each, the_device_has_entries

WORD = 8  # of a swap table, of a virtual_table, of an xarray
ID = 2  # of a memcg_table, an unsigned short


def of_a_physical_slot(s: Swap, p: PhysSlot) -> int:
    """The bytes of metadata of a physical slot."""
    return WORD + (ID if has_memcg_table(s, s.phys_device[p]) else 0)


def metadata(s: Swap, v: VswapSlot) -> int:
    """The bytes of metadata of an entry that is in use."""
    p = s.direct[v]
    if p is not None:
        return of_a_physical_slot(s, p) + (WORD if s.virtual_table[v].tag == Backing.ZSWAP else 0)
    if design.one_table:  # an entry of zswap has room for the folio
        second = s.virtual_table[v].tag == Backing.ZSWAP
    else:
        second = not design.frees_virtual_table or any(s.virtual_table[w] != Backing.NONE for w in VswapSlot)
    return WORD + ID + (WORD if second else 0) + sum(of_a_physical_slot(s, q) for q in PhysSlot if s.rmap[q] == v)


@measure
def bytes_of_a_page_in_zswap(s: Swap):
    """Metadata of a page that is in zswap only."""
    return max((metadata(s, v) for v in VswapSlot
                if s.table[v] == TableWord.SHADOW and backing(s, v).tag == Effective.ZSWAP), default=0)


@measure
def bytes_of_a_page_of_zeros(s: Swap):
    """Metadata of a page of zeros that is not cached."""
    return max((metadata(s, v) for v in VswapSlot
                if s.table[v] == TableWord.SHADOW and backing(s, v).tag == Effective.ZERO), default=0)


@measure
def bytes_of_a_page_on_the_disk(s: Swap):
    """Metadata of a page that is on the disk only."""
    return max((metadata(s, v) for v in VswapSlot
                if s.table[v] == TableWord.SHADOW and backing(s, v).tag == Effective.PHYS), default=0)


@measure
def bytes_of_a_cached_page_on_the_disk(s: Swap):
    """Metadata of a page that is cached and has a physical slot."""
    return max((metadata(s, v) for v in VswapSlot
                if s.table[v].tag == TableWord.PFN and backing(s, v).tag == Effective.PHYS), default=0)


@measure
def bytes_of_a_direct_entry_on_the_disk(s: Swap):
    """Metadata of a page that is on the disk only, by a PTE that names the slot itself."""
    return max((metadata(s, v) for v in VswapSlot
                if s.table[v] == TableWord.SHADOW and s.direct[v] is not None
                and backing(s, v).tag == Effective.PHYS), default=0)


@measure
def disk_slots_of_pages_elsewhere(s: Swap):
    """Slots of the device held by pages that are in zswap, or all zeros, and not cached."""
    return sum(
        1 for v in VswapSlot for p in PhysSlot
        if (s.direct[v] == p or s.rmap[p] == v) and s.table[v] == TableWord.SHADOW
        and backing(s, v).tag in (Effective.ZSWAP, Effective.ZERO)
    )


COSTS = [
    bytes_of_a_page_in_zswap, bytes_of_a_page_of_zeros, bytes_of_a_page_on_the_disk,
    bytes_of_a_cached_page_on_the_disk, bytes_of_a_direct_entry_on_the_disk, disk_slots_of_pages_elsewhere,
]


def costs(design: SwapDesign, *, direct: bool = False, scope: Scope = zeros_refused) -> Spec:
    """What a page costs under a design."""
    return Spec(
        why="""What a page costs: bytes of metadata, wherever it is.""",
        model=VSWAP,
        design=design,
        scope=scope,
        start=[the_device_has_entries] if direct else [],
        measures=COSTS,
        default=False,
    )


costs_phase_iv = costs(PHASE_IV, direct=True)
costs_rfc_v1 = costs(RFC_V1)
costs_rfc_v2 = costs(RFC_V2)
costs_rfc_v2_at_once = costs(replace(RFC_V2, memcg_table=MemcgTable.AT_ONCE))
costs_rfc_v1_direct = costs(RFC_V1, direct=True, scope=one_slot_of_each)
costs_rfc_v2_direct = costs(RFC_V2, direct=True, scope=one_slot_of_each)
costs_rfc_v2_at_once_direct = costs(replace(RFC_V2, memcg_table=MemcgTable.AT_ONCE), direct=True,
                                    scope=one_slot_of_each)
costs_freed_virtual_table_direct = costs(replace(RFC_V2, frees_virtual_table=True), direct=True,
                                         scope=one_slot_of_each)
costs_freed_virtual_table = costs(replace(RFC_V2, frees_virtual_table=True))
costs_one_table = costs(replace(RFC_V2, one_table=True))
