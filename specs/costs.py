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
from specs.direct import the_device_has_entries

WORD = 8  # of a swap table, of a virtual_table, of an xarray
ID = 2  # of a memcg_table, an unsigned short


def metadata(s: Swap, v: VswapSlot) -> int:
    """The bytes of metadata of an entry that is in use."""
    of_a_physical_slot = WORD + (ID if has_memcg_table(s) else 0)
    if s.direct[v] is not None:
        return of_a_physical_slot + (WORD if s.virtual_table[v].tag == Backing.ZSWAP else 0)
    noted = not design.frees_virtual_table or any(s.virtual_table[w] != Backing.NONE for w in VswapSlot)
    return WORD + ID + (WORD if noted else 0) + sum(of_a_physical_slot for p in PhysSlot if s.rmap[p] == v)


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
def disk_slots_of_pages_elsewhere(s: Swap):
    """Slots of the device held by pages that are in zswap, or all zeros, and not cached."""
    return sum(
        1 for v in VswapSlot for p in PhysSlot
        if (s.direct[v] == p or s.rmap[p] == v) and s.table[v] == TableWord.SHADOW
        and backing(s, v).tag in (Effective.ZSWAP, Effective.ZERO)
    )


COSTS = [
    bytes_of_a_page_in_zswap, bytes_of_a_page_of_zeros, bytes_of_a_page_on_the_disk,
    bytes_of_a_cached_page_on_the_disk, disk_slots_of_pages_elsewhere,
]


def costs(design: SwapDesign, *, direct: bool = False) -> Spec:
    """What a page costs under a design."""
    return Spec(
        why="""What a page costs: bytes of metadata, wherever it is.""",
        model=VSWAP,
        design=design,
        scope=zeros_refused,
        start=[the_device_has_entries] if direct else [],
        measures=COSTS,
        default=False,
    )


costs_phase_iv = costs(PHASE_IV, direct=True)
costs_rfc_v1 = costs(RFC_V1)
costs_rfc_v2 = costs(RFC_V2)
costs_rfc_v2_at_once = costs(replace(RFC_V2, memcg_table=MemcgTable.AT_ONCE))
costs_freed_virtual_table = costs(replace(RFC_V2, frees_virtual_table=True))
