# SPDX-License-Identifier: GPL-2.0-or-later
"""Zero-filled pages: the flag that stands for a page that nothing stores."""

from __future__ import annotations

from checker.language import Spec
from model.design import SwapDesign
from model.vswap import VSWAP
from specs.promises import PROMISES
from specs.reached import (
    a_page_of_zeros_is_shared,
    a_page_of_zeros_is_stored_nowhere,
    a_page_on_the_disk_becomes_zeros,
)
from specs.scopes import (
    one_page_of_zeros,
    two_owners_of_zeros,
    two_readers_of_zeros,
    zeros,
    zeros_no_shrinker,
    zeros_two_slots,
)
from specs.what_if import what_if

rfc_v2_zeros = Spec(
    why="""As rfc_v2, with a process that fills pages with zeros.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=zeros,
    promises=[*PROMISES, a_page_of_zeros_is_stored_nowhere, a_page_on_the_disk_becomes_zeros],
    by_z3=11,
)

rfc_v2_two_owners_of_zeros = Spec(
    why="""As rfc_v2_two_owners, with pages of zeros: the slot of a shared one keeps its flag.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=two_owners_of_zeros,
    promises=[*PROMISES, a_page_of_zeros_is_stored_nowhere, a_page_of_zeros_is_shared],
    by_z3=8,
)

rfc_v2_zeros_two_slots = Spec(
    why="""As rfc_v2_zeros, with a second virtual slot.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=zeros_two_slots,
    promises=[*PROMISES, a_page_of_zeros_is_stored_nowhere, a_page_on_the_disk_becomes_zeros],
    default=False,
)

zeros_keep_backing = what_if(
    """A page on the disk that is all zeros now must release its physical slot when the flag is set.""",
    SwapDesign(zero_releases_backing=False),
    breaks=[
        "zeros_are_stored_nowhere",
        "no_rmap_without_physical_slot",
        "no_physical_slot_behind_a_compressed_page",
    ],
    scope=zeros_no_shrinker,
)

zero_flag_is_never_cleared = what_if(
    """The zero flag comes before every other backing, so it must not outlive the zeros. Two guards see
    to that: a fault takes a page out of the swap cache whose slot is not on the disk, and swap_writeout
    clears the flag of a page that is not all zeros. With neither, the owner reads zeros.""",
    SwapDesign(writeout_clears_zero=False, fault_frees_unwritten=False),
    breaks=[
        "swapin_returns_what_was_written",
        "clean_means_backed",
        "zeros_are_stored_nowhere",
        "no_rmap_without_physical_slot",
        "no_physical_slot_behind_a_compressed_page",
        "a_dirty_folio_has_no_compressed_copy",
    ],
    scope=zeros_no_shrinker,
)

writeout_keeps_zero_flag = what_if(
    """While faults free what is not on the disk, no page that is written out has the flag yet.""",
    SwapDesign(writeout_clears_zero=False),
    breaks=[],
    scope=two_owners_of_zeros,
    default=False,
)

read_clears_zero_flag = what_if(
    """A page that was read as zeros is clean, so its slot must keep the flag: the other owner's PTE
    keeps the slot, and reclaim would drop the page unwritten.""",
    SwapDesign(read_keeps_zero=False),
    breaks=["the_only_copy_is_dirty", "clean_means_backed", "no_slot_without_content"],
    scope=two_readers_of_zeros,
    start=(one_page_of_zeros,),
)

freed_slot_keeps_zero_flag = what_if(
    """A freed slot must lose the zero flag.""",
    SwapDesign(release_clears_zero=False),
    breaks=["a_free_slot_owns_nothing"],
    scope=zeros_no_shrinker,
    default=False,
)
