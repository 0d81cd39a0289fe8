# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of virtual swap, each described once as bit fields.

Mirrors   swp_entry_t in include/linux/swapops.h; the word helpers of mm/swap_table.h;
          the virtual_table helpers of mm/vswap.h: RFC v1, RFC v2, and the later tree
Left out  architecture-specific swap PTEs: they narrow an entry further, each in its own way

Addresses are taken to be multiples of 8, as those of kmalloc() and of struct folio are.
"""

from __future__ import annotations

from checker.language.words import *

PAGE_SIZE = 4096
SWAPFILE_CLUSTER = 512
UINT_MAX = 0xFFFF_FFFF
MAX_RAM = 1 << 52
"""The most memory that 64 bits of PFN encoding provide for: MAX_POSSIBLE_PHYSMEM_BITS."""

PFN_BITS = 52 - 12

# swp_entry_t [swapops]: five type bits below bit 63, which an xarray value needs for itself.
SWP_ENTRY = [Field("offset", 58), Field("type", 5, at=58)]
SWP_ENTRY_32 = [Field("offset", 26), Field("type", 5, at=26)]

ENTRY = Format(Kind("ENTRY", *SWP_ENTRY, tag=""))


# ------------------------------------------------------------ the virtual_table word

VIRTUAL_TABLE_V1 = Format(  # [v1p2]
    Kind("NONE", tag="000"),
    Kind("SWAPFILE", *shifted(SWP_ENTRY, 3), tag="001"),
    Kind("ZERO", tag="010"),
    Kind("ZSWAP", pointer("entry", align=8), tag="011"),
    Kind("FOLIO", pointer("folio", align=8), tag="100"),
)

VIRTUAL_TABLE_V2 = Format(  # [v2p2]
    Kind("NONE", tag="000"),
    Kind("SWAPFILE", *shifted(SWP_ENTRY, 3), tag="001"),
    Kind("ZSWAP", pointer("entry", align=8), tag="010"),
)


def packed(word: int, offset: int) -> Kind:
    """A physical slot: its type in the highest bits, an offset of so many bits right above the tag [latest]."""
    return Kind("SWAPFILE", Field("offset", offset, at=3, top=word - 5), Field("type", 5, at=word - 5),
                tag="010", width=word)


VIRTUAL_TABLE_LATEST = Format(  # [latest]
    Kind("NONE", tag="000"),
    Kind("ZSWAP", pointer("entry", align=8), tag="001"),
    packed(word=64, offset=56),
)

VIRTUAL_TABLE_32 = Format(  # the same, where a long has 32 bits
    Kind("NONE", tag="000"),
    Kind("ZSWAP", pointer("entry", align=8, width=32), tag="001"),
    packed(word=32, offset=24),
    width=32,
)


# --------------------------------------------------------------- the swap-table word

def swap_table(rmap: Kind) -> Format:
    """Phase IV [P4p12]: count and zero flag at the top of what can be counted; ``rmap`` is the Pointer."""
    flags = [hint("zero", at=59), count("count", 4, at=60)]
    return Format(
        Kind("NULL", word=0),
        Kind("PFN", Field("pfn", PFN_BITS, at=2), *flags, tag="10"),
        Kind("SHADOW", Field("shadow", 58, at=1), *flags, tag="1"),
        rmap,
        Kind("BAD", word=-1 << 3),
        tables={
            "a_virtual_cluster": ["NULL", "PFN", "SHADOW", "BAD"],
            "a_physical_cluster": ["NULL", "PFN", "SHADOW", "POINTER", "BAD"],
        },
    )


# A slot that backs a virtual one points back to it.  C: nothing but the swap cache needs the virtual slot.
SWAP_TABLE_V1 = swap_table(Kind("POINTER", *shifted(SWP_ENTRY, 3, top=63), hint("C", at=63), tag="100"))  # [v1p2]
SWAP_TABLE_V2 = swap_table(Kind("POINTER", Field("offset", 58, at=3), hint("C", at=63), tag="100"))  # [v2p3]


def swap_table_32(physmem: int, *, zero: bool) -> Format:
    """The same where a long has 32 bits, and physical addresses ``physmem``: two bits are left for a count."""
    flags = [hint("zero", at=29)] if zero else []
    return Format(
        Kind("NULL", word=0),
        Kind("PFN", Field("pfn", physmem - 12, at=2), *flags, count("count", 2, at=30), tag="10"),
        Kind("SHADOW", Field("shadow", 28 if zero else 29, at=1), *flags, count("count", 2, at=30), tag="1"),
        Kind("POINTER", Field("offset", 26, at=3), hint("C", at=31), tag="100"),
        Kind("BAD", word=-1 << 3),
        width=32,
    )


# ------------------------------------------------- proposed: one format for both tables

def shared(marker: int, count_bits: int = 0) -> Format:
    """The format proposed on the list [seed]: PHYS is 52 offset and 5 type bits behind a 1 and zeros."""
    counted = [count("count", count_bits, at=64 - count_bits)] if count_bits else []
    return Format(
        Kind("NULL", word=0),
        Kind("SHADOW", Field("shadow", 56, at=3), hint("zero", at=59), count("count", 4, at=60), tag="001"),
        Kind("PFN", Field("pfn", PFN_BITS, at=3), hint("zero", at=59), count("count", 4, at=60), tag="010"),
        Kind("ZSWAP", pointer("entry", align=8), tag="100"),
        Kind("POINTER", Field("offset", 58, at=3), hint("C", at=63), tag="100"),
        Kind("PHYS", Field("offset", 52, at=marker), Field("type", 5, at=marker + 52), *counted,
             tag="1" + "0" * (marker - 1)),
        Kind("BAD", word=-1 << 3),
        tables={  # the device's flag says which of the two a word is from
            "a_virtual_cluster": ["NULL", "SHADOW", "PFN", "ZSWAP", "PHYS", "BAD"],
            "a_physical_cluster": ["NULL", "SHADOW", "PFN", "POINTER", "PHYS", "BAD"],
        },
    )


def merged(flags: int) -> Format:
    """One word for a folio and its physical slot; the shortest marker, ``flags`` bits of count and zero flag."""
    return Format(Kind(
        "PFN_AND_PHYS",
        Field("pfn", PFN_BITS, at=5), Field("type", 5, at=45), Field("offset", 52, at=50, top=64 - flags),
        *([hint("zero", at=59), count("count", 4, at=60)] if flags else []),
        tag="10000",
    ))
