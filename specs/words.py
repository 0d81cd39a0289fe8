# SPDX-License-Identifier: GPL-2.0-or-later
"""What is claimed of the words of virtual swap, for all their values: ``vswap prove --words``."""

from __future__ import annotations

from checker.language.words import *
from model.words import (
    ENTRY,
    MAX_RAM,
    PAGE_SIZE,
    SWAP_TABLE_V1,
    SWAP_TABLE_V2,
    SWAPFILE_CLUSTER,
    UINT_MAX,
    VIRTUAL_TABLE_32,
    VIRTUAL_TABLE_LATEST,
    VIRTUAL_TABLE_V1,
    VIRTUAL_TABLE_V2,
    merged,
    packed,
    shared,
    swap_table_32,
)

MIB, TIB, PIB = 1 << 20, 1 << 40, 1 << 50
RAM_TIMES_8 = "8_times_the_largest_RAM"


# ------------------------------------------------------------------------ entries

@claim
def the_top_bit_of_an_entry_is_free(offset: U64, type: U8):
    """An entry can be stored in an xarray, which shifts it left by one."""
    require(offset < 2**58 and type < 2**5)
    entry = ENTRY["ENTRY"].encode(offset=offset, type=type)
    return (entry << 1) >> 1 == entry


swp_entry = WordSpec(
    why="""swp_entry_t: type above offset, below the bit that xarrays need

    An entry is its own only kind; what a PTE can hold of it is another question. [swapops]""",
    format=ENTRY,
    claims=[the_top_bit_of_an_entry_is_free],
)


# ------------------------------------------------------------------- virtual_table

rfc_v1_virtual_table = WordSpec(
    why="""virtual_table, RFC v1: the type of a physical slot is shifted off the word

    SWAPFILE is the whole entry shifted left by three. With more than eight swap
    areas a slot is read from, or freed on, the wrong device. [v1p2]""",
    format=VIRTUAL_TABLE_V1,
    claims=[
        room(VIRTUAL_TABLE_V1["SWAPFILE"], "type", 3),
        room(VIRTUAL_TABLE_V1["SWAPFILE"], "type", 4),
    ],
    expected={
        "SWAPFILE_comes_back": broken(),
        "SWAPFILE_keeps_type": broken(),
        "SWAPFILE_type_has_4_bits": broken(),
    },
)

rfc_v2_virtual_table = WordSpec(
    why="""virtual_table, RFC v2: fewer kinds, the same shift

    ZERO and FOLIO are gone, they are read off the swap table. SWAPFILE still loses
    the type's two highest bits. [v2p2]""",
    format=VIRTUAL_TABLE_V2,
    claims=[
        room(VIRTUAL_TABLE_V2["SWAPFILE"], "type", 3),
        room(VIRTUAL_TABLE_V2["SWAPFILE"], "type", 4),
    ],
    expected={
        "SWAPFILE_comes_back": broken(),
        "SWAPFILE_keeps_type": broken(),
        "SWAPFILE_type_has_4_bits": broken(),
    },
)


@claim
def packing_loses_nothing_that_a_warning_does_not_name(offset: U64, type: U8):
    """Where an entry's offset is too long for the word, it is the offset that suffers, and the warning comes."""
    require(offset < 2**58 and type < 2**5)
    slot = packed(64, 58)
    word = slot.encode(offset=offset, type=type)
    return offset >> 56 != 0 or (slot.get(word, "type") == type and slot.get(word, "offset") == offset)


latest_virtual_table = WordSpec(
    why="""virtual_table, later tree: the type is packed into the highest bits

    56 bits are left to the offset of a physical slot; a longer one sets off a
    warning, and would be read as another type. [latest]""",
    format=VIRTUAL_TABLE_LATEST,
    claims=[
        packing_loses_nothing_that_a_warning_does_not_name,
        room(packed(64, 58), "offset", 56),
        room(packed(64, 58), "offset", 57),
        device(packed(64, 58), "offset", 8 * MAX_RAM, called=RAM_TIMES_8),
    ],
    expected={"SWAPFILE_offset_has_57_bits": broken()},
)


# ---------------------------------------------------------------------- swap table

@claim
def a_count_of_15_says_look_elsewhere(count: U8, shadow: U64):
    """The highest count is kept apart from every count that the word itself holds."""
    require(count < 15 and shadow < 2**58)
    kind = SWAP_TABLE_V2["SHADOW"]
    return kind.encode(count=count, shadow=shadow) < kind.encode(count=15)


@claim
def a_free_slot_and_a_slot_without_shadow_differ(zero: U8):
    """A slot that is swapped out without workingset information is not taken for a free one."""
    require(zero < 2)
    return not SWAP_TABLE_V2["NULL"].recognises(SWAP_TABLE_V2["SHADOW"].encode(shadow=0, zero=zero, count=0))


phase_iv_swap_table = WordSpec(
    why="""swap table, phase IV: count and zero flag at the top, mark at the bottom

    PFN and Shadow are counted; NULL, Pointer and Bad are not. [P4p12]""",
    format=SWAP_TABLE_V2,
    about=["NULL", "PFN", "SHADOW", "BAD"],
    claims=[a_count_of_15_says_look_elsewhere, a_free_slot_and_a_slot_without_shadow_differ],
)

rfc_v1_rmap = WordSpec(
    why="""reverse map, RFC v1: a type bit lands on the cache-only hint

    The Pointer is the whole virtual entry shifted left by three, and its highest
    bit says that only the swap cache needs the slot. If the virtual device has
    type 4, every slot reads as reclaimable, and leads to a wrong entry. [v1p2] [O02]""",
    format=SWAP_TABLE_V1,
    about=["POINTER"],
    claims=[
        room(SWAP_TABLE_V1["POINTER"], "type", 2),
        room(SWAP_TABLE_V1["POINTER"], "type", 3),
    ],
    expected={
        "POINTER_comes_back": broken(),
        "POINTER_keeps_type": broken(),
        "POINTER_keeps_C": broken(),
        "POINTER_C_is_apart": broken(),
        "POINTER_type_has_3_bits": broken(),
    },
)


@claim
def no_reader_takes_a_pointer_for_unused(offset: U64, C: U8):
    """Whoever reads the count of a Pointer, which has none, sees at least that the slot is used."""
    require(offset < 2**58 and C < 2)
    return SWAP_TABLE_V2["PFN"].get(SWAP_TABLE_V2["POINTER"].encode(offset=offset, C=C), "count") > 0


rfc_v2_rmap = WordSpec(
    why="""reverse map, RFC v2: the offset alone

    There is one virtual device, so that its type says itself. The bits that hold
    the count of other words say nothing here: they may well be 0. [v2p3]""",
    format=SWAP_TABLE_V2,
    about=["POINTER"],
    claims=[
        device(SWAP_TABLE_V2["POINTER"], "offset", UINT_MAX * SWAPFILE_CLUSTER * PAGE_SIZE, called="the_wide_maximum"),
        no_reader_takes_a_pointer_for_unused,
    ],
    expected={"no_reader_takes_a_pointer_for_unused": broken()},
)


# ----------------------------------------------------------------- proposed formats

def proposed(marker: int, why: str, *refuted: str) -> WordSpec:
    """The format proposed for both tables, with a marker of so many bits, and what is refuted of it."""
    words = shared(marker)
    return WordSpec(
        why=why, format=words, about=["PHYS"],
        claims=[device(words["PHYS"], "offset", 8 * MAX_RAM, called=RAM_TIMES_8)],
        expected=dict.fromkeys(refuted, broken()),
    )


TWO_READINGS = [f"no_word_is_read_as_two_kinds_on_a_{device}_cluster" for device in ("virtual", "physical")]
SAME_WORD = [f"no_two_kinds_write_the_same_word_on_a_{device}_cluster" for device in ("virtual", "physical")]

shared_marker_3 = proposed(3, """shared format, marker 100: taken

    It is the mark of zswap entries, and of Pointers. [seed]""", *TWO_READINGS, *SAME_WORD)

shared_marker_4 = proposed(4, """shared format, marker 1000: reads a bad slot as a physical one

    Never written twice, but a reader that looks at the marker alone takes the Bad
    word for PHYS. [seed]""", *TWO_READINGS)

shared_marker_5 = proposed(5, "shared format, marker 10000: the shortest that works [seed]")
shared_marker_6 = proposed(6, "shared format, marker 100000 [seed]")
shared_marker_7 = proposed(7, "shared format, marker 1000000: the longest that fits beside 57 bits [seed]")

shared_marker_8 = proposed(8, """shared format, marker 10000000: too long

    57 bits and eight are more than a word has: the highest type bit is lost. [seed]""",
    "PHYS_comes_back", "PHYS_keeps_type", f"PHYS_offset_reaches_{RAM_TIMES_8}")

UPPER, LOWER = shared(5)["ZSWAP"], shared(5)["POINTER"]

shared_by_device = WordSpec(
    why="""shared format: zswap entries and Pointers, told apart by the device alone

    Both are marked 100. On one table there is only one of them; who does not know
    which table a word is from cannot tell. [seed]""",
    claims=[told_apart("zswap_and_pointer_without_the_device", UPPER, LOWER)],
    expected={"zswap_and_pointer_without_the_device": broken()},
)


def counted(marker: int, bits: int, why: str, *refuted: str) -> WordSpec:
    """The proposed format with a swap count of so many bits in a PHYS word."""
    return WordSpec(why=why, format=shared(marker, bits), about=["PHYS"], expected=dict.fromkeys(refuted, broken()))


shared_with_count_7 = counted(7, 1, """shared format, a swap count beside the longest marker: no bit is left""",
                              "PHYS_comes_back", "PHYS_keeps_type", "PHYS_keeps_count", "PHYS_count_counts")
shared_with_count_5 = counted(5, 2, """shared format, a swap count beside the shortest marker: two bits are left""")
shared_with_count_5_too_wide = counted(
    5, 3, """shared format, a swap count of three bits: one too many""",
    "PHYS_comes_back", "PHYS_keeps_type", "PHYS_keeps_count", "PHYS_count_counts")

merged_word = WordSpec(
    why="""one word for a cached folio and its physical slot: 64 MiB per device

    40 bits of PFN, 5 of type and the shortest marker leave 14 for the offset. A
    word cannot hold both and be of use. [seed]""",
    format=merged(flags=0),
    claims=[
        room(merged(flags=0)["PFN_AND_PHYS"], "offset", 14),
        room(merged(flags=0)["PFN_AND_PHYS"], "offset", 15),
        device(merged(flags=0)["PFN_AND_PHYS"], "offset", 64 * MIB, called="64_MiB"),
        device(merged(flags=0)["PFN_AND_PHYS"], "offset", 128 * MIB, called="128_MiB"),
        device(merged(flags=0)["PFN_AND_PHYS"], "offset", 8 * MAX_RAM, called=RAM_TIMES_8),
    ],
    expected=dict.fromkeys([
        "PFN_AND_PHYS_comes_back", "PFN_AND_PHYS_keeps_offset", "PFN_AND_PHYS_offset_has_15_bits",
        "PFN_AND_PHYS_offset_reaches_128_MiB", f"PFN_AND_PHYS_offset_reaches_{RAM_TIMES_8}"], broken()),
)

merged_word_with_count = WordSpec(
    why="""one word for a cached folio, its physical slot, count and zero flag: 2 MiB per device

    The five bits of phase IV leave 9 for the offset. [seed] [P4p12]""",
    claims=[
        room(merged(flags=5)["PFN_AND_PHYS"], "offset", 9),
        room(merged(flags=5)["PFN_AND_PHYS"], "offset", 10),
    ],
    expected={"PFN_AND_PHYS_offset_has_10_bits": broken()},
)


# ------------------------------------------------------------------------- 32 bits

swap_table_on_32_bits = WordSpec(
    why="""swap table, 32 bits, 40-bit physical addresses: two bits of count

    The zero flag has moved to a bitmap. [P4p12]""",
    format=swap_table_32(physmem=40, zero=False),
)

swap_table_on_32_bits_with_zero = WordSpec(
    why="""swap table, 32 bits: a zero flag does not fit beside 28 bits of PFN

    Which is why there is a bitmap. [P4p12]""",
    format=swap_table_32(physmem=40, zero=True), about=["PFN"],
    expected=dict.fromkeys(["PFN_comes_back", "PFN_keeps_pfn", "PFN_keeps_zero", "PFN_zero_is_apart",
                            "PFN_count_counts"], broken()),
)

virtual_table_on_32_bits = WordSpec(
    why="""virtual_table, 32 bits: 24 bits of offset, 64 GiB per device

    An entry has 26. [latest]""",
    format=VIRTUAL_TABLE_32,
    claims=[
        room(packed(32, 26), "offset", 24),
        room(packed(32, 26), "offset", 25),
        device(packed(32, 26), "offset", 64 << 30, called="64_GiB"),
    ],
    expected={"SWAPFILE_offset_has_25_bits": broken()},
)


# ------------------------------------------------------ how large the device may be

def align_down(n: int, to: int) -> int:
    """The kernel's ALIGN_DOWN, for a power of two."""
    return n & ~(to - 1)


MAX_V1 = align_down(UINT_MAX, SWAPFILE_CLUSTER)
MAX_V2 = UINT_MAX * SWAPFILE_CLUSTER


def end_of_cluster(offset: U32) -> U32:
    """The first offset behind the cluster of this one, calculated in an unsigned int."""
    return align_down(offset, SWAPFILE_CLUSTER) + SWAPFILE_CLUSTER


@claim
def the_device_has_16_TiB_less_one_cluster():
    """2 MiB less than 16 TiB."""
    return MAX_V1 * PAGE_SIZE == 16 * TIB - 2 * MIB


@claim
def the_end_of_a_cluster_does_not_wrap(offset: U32):
    """The end of every cluster is behind its offsets."""
    require(offset < MAX_V1)
    return end_of_cluster(offset) > offset


@claim
def every_cluster_is_whole(offset: U32):
    """No cluster sticks out of the device."""
    require(offset < MAX_V1)
    return offset < end_of_cluster(offset) <= MAX_V1


@claim
def no_end_wraps_without_the_alignment(offset: U32):
    """The same of a device of UINT_MAX pages."""
    require(offset < UINT_MAX)
    return end_of_cluster(offset) > offset


device_v1 = WordSpec(
    why="""size of the virtual device, RFC v1: UINT_MAX, cut down to whole clusters

    Offsets are unsigned int. Without the ALIGN_DOWN the last cluster ends at 0. [v1p1]""",
    claims=[the_device_has_16_TiB_less_one_cluster, the_end_of_a_cluster_does_not_wrap, every_cluster_is_whole,
            no_end_wraps_without_the_alignment],
    expected={"no_end_wraps_without_the_alignment": broken()},
)


@claim
def the_device_has_8_PiB_less_one_cluster():
    """2 MiB less than 8 PiB."""
    return MAX_V2 * PAGE_SIZE == 8 * PIB - 2 * MIB


@claim
def every_cluster_has_an_index_of_32_bits(offset: U64):
    """What xa_alloc() can hand out reaches every cluster."""
    require(offset < MAX_V2)
    return offset // SWAPFILE_CLUSTER <= UINT_MAX


@claim
def an_unsigned_int_holds_every_offset(offset: U64):
    """A variable that was not widened would do."""
    require(offset < MAX_V2)
    return U32(offset) == offset


@claim
def an_entry_holds_every_offset(offset: U64, type: U8):
    """The widened device fits the entry as it is."""
    require(offset < MAX_V2 and type < 2**5)
    return ENTRY["ENTRY"].get(ENTRY["ENTRY"].encode(offset=offset, type=type), "offset") == offset


device_v2 = WordSpec(
    why="""size of the virtual device, RFC v2: UINT_MAX clusters

    An unsigned long for offsets; the index of a cluster still has 32 bits. [v2p7]""",
    claims=[the_device_has_8_PiB_less_one_cluster, every_cluster_has_an_index_of_32_bits,
            an_unsigned_int_holds_every_offset, an_entry_holds_every_offset],
    expected={"an_unsigned_int_holds_every_offset": broken()},
)
