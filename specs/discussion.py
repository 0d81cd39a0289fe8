# SPDX-License-Identifier: GPL-2.0-or-later
"""The alternatives of the discussion, each flipped alone on RFC v2; docs/designs.md says where each comes from."""

from __future__ import annotations

from checker.language import *
from model.alloc import memcg_vswap_enabled, vm_vswap_enabled
from model.design import Charge, MemcgTable, SwapDesign, design
from model.fork import copy_nonpresent_pte
from model.free import zap_nonpresent_ptes
from model.objects import Backing, Bio, Device, Folio, Memcg, PhysSlot, Shrinker, Swap, TableWord, VswapSlot, Worker
from model.swap_in import do_swap_page
from model.vswap import VSWAP
from specs.content import folio_is_idle
from specs.direct import FAULTS, device_too, direct, one_slot_of_each
from specs.hint import HINT_PROMISES, a_hint_means_no_pte, a_worker_frees_what_it_came_for
from specs.promises import PROMISES
from specs.scopes import owners, scope, zeros_no_shrinker
from specs.what_if import what_if


@invariant
def swap_max_bounds_what_is_swapped_out(s: Swap):
    """Every entry of a memcg that a PTE refers to is charged to its swap.current."""
    return all(
        sum(1 for v in VswapSlot if s.memcg_table[v] == m and s.count[v] > 0) <= s.memcg[m].swap for m in Memcg
    )


@invariant
def an_entry_has_its_owner_on_record(s: Swap):
    """The memcg of an entry that a PTE refers to is recorded with it."""
    return all(s.memcg_table[v] is not None for v in VswapSlot if s.count[v] > 0)


@invariant
def an_uncached_entry_has_its_owner_on_record(s: Swap):
    """The memcg of an entry that only PTEs refer to is recorded with it: no folio knows it any more."""
    return all(s.memcg_table[v] is not None for v in VswapSlot if s.table[v] == TableWord.SHADOW)


@invariant
def a_page_in_flight_stays_as_it_is(s: Swap):
    """On a device with STABLE_WRITES, nobody stores to a page while it is written."""
    return all(not s.swap_info[d].stable_writes for d in Device) or all(
        s.folio[f].content == s.folio[f].submitted for f in Folio if s.folio[f].bio.tag == Bio.WRITE
    )


@invariant
def slot_reclaim_finds_what_it_could_free(s: Swap):
    """A physical slot that only the swap cache keeps, on whose page nobody works, is one that slot reclaim follows."""
    return not design.rmap_has_hint or all(
        s.rmap_cache_only[p] or not folio_is_idle(s, f)
        for v in VswapSlot for f in Folio for p in PhysSlot
        if s.table[v] == TableWord.PFN(f) and s.count[v] == 0 and s.virtual_table[v] == Backing.SWAPFILE(p)
    )


@reachable
def the_memcgs_differ(s: Swap):
    """One memcg has a page in a virtual slot, another one of its pages' entries is a slot of the device."""
    return any(s.memcg_table[v] == m and s.memcg[m].vswap_off != s.memcg[n].vswap_off and s.count[v] > 0
               and (s.direct[v] is None) != s.memcg[m].vswap_off
               for v in VswapSlot for m in Memcg for n in Memcg)


def the_device_wants_stable_pages(s: Swap):
    """The device has the flag STABLE_WRITES."""
    for d in Device:
        s.swap_info[d].stable_writes = True


disk_and_zswap = scope(
    "one page, no shrinker; zswap and the memcg may refuse", {Shrinker: 0},
    failures=["zswap refuses the page", "memcg swap.max reached", "memcg limit of virtual slots reached"],
)
short_of_memory = scope(
    "one page, a CPU of each role; zswap may refuse, decompression fail, memory be short", {},
    failures=["zswap refuses the page", "decompression fails", "no memory for the virtual_table"],
)
worker_only = scope(
    "one page, a worker, no shrinker; zswap may refuse a page, swap may be nearly full", {Shrinker: 0, Worker: 1},
    failures=["zswap refuses the page", "swap is nearly full"],
)
worker_and_two_slots = scope(
    "one page, two virtual slots, a worker, no shrinker; zswap may refuse a page",
    {VswapSlot: 2, Shrinker: 0, Worker: 1}, failures=["zswap refuses the page"],
)
table_is_late = device_too(
    "one page, one virtual slot, one slot of the device, no shrinker; memory may be short", {Shrinker: 0}, task=FAULTS,
    failures=["no memory for the memcg_table", "no memory for the memcg_table, though there was time"],
)
switched_and_short = device_too(
    "one page, one virtual slot, one slot of the device, no shrinker; memory may be short, virtual swap comes and goes",
    {Shrinker: 0}, task=[*FAULTS, vm_vswap_enabled, memcg_vswap_enabled],
    failures=table_is_late.failures or (),
)
two_memcgs = device_too(
    "one page of two memcgs, one virtual slot, one slot of the device, no shrinker, nothing fails",
    {Shrinker: 0, Memcg: 2}, task=[do_swap_page, zap_nonpresent_ptes, memcg_vswap_enabled],
)
two_owners_nearly_full = owners(
    "a page with two owners that is never written to, no shrinker; zswap may refuse a page, swap may be nearly full",
    {Shrinker: 0}, failures=["zswap refuses the page", "swap is nearly full"],
    task=[*FAULTS, copy_nonpresent_pte],
)

# ---------------------------------------------------------------- which pages get a virtual slot

virtual_swap_is_mandatory = direct(
    """With no way around virtual swap, a page that finds no virtual slot stays in memory, and the device's slots
    only ever back virtual ones [Y0603a]. Every promise of virtual entries holds of all entries.""",
    SwapDesign(falls_back_to_direct=False), one_slot_of_each, [],
)

each_memcg_chooses = direct(
    """Each memcg has its own switch for virtual swap: a page keeps the kind of entry that it got.""",
    SwapDesign(chosen_per_memcg=True), two_memcgs, [], reached=[the_memcgs_differ],
)

# ---------------------------------------------------------------- what a slot's words say

zero_is_a_tag = what_if(
    """A tag for zeros in the virtual_table excludes every other backing by itself. With neither of the two
    guards that zero_flag_is_never_cleared leaves out, a flag loses the page, and a tag does not [seed].""",
    SwapDesign(zero_in_word=False, writeout_clears_zero=False, fault_frees_unwritten=False),
    breaks=["a_dirty_folio_has_no_compressed_copy"],
    scope=zeros_no_shrinker,
)

reverse_map_without_hint = what_if(
    """Without room for the cache-only hint, slot reclaim follows every reverse map: it finds slots that no hint
    stood for, and looks up many that it cannot free [seed].""",
    SwapDesign(rmap_has_hint=False),
    breaks=[],
    scope=worker_only,
    promises=[*PROMISES, a_hint_means_no_pte, a_worker_frees_what_it_came_for, slot_reclaim_finds_what_it_could_free],
    default=False,
)

reverse_map_with_hint = what_if(
    """The hint of RFC v2 is not set on a slot that a page got after its count had fallen to zero: slot reclaim
    does not find it.""",
    SwapDesign(),
    breaks=["slot_reclaim_finds_what_it_could_free"],
    scope=worker_only,
    promises=[*PROMISES, *HINT_PROMISES, slot_reclaim_finds_what_it_could_free],
    by_z3=16,
)

folio_is_at_the_physical_slot = what_if(
    """While a page is cached and on the disk, the physical slot's word has the folio, and folio->swap is the reverse
    map [seed]. A look-up reads two words with nothing between; whoever it finds is asked again under the folio
    lock, so that nothing breaks. Each time a folio gets there or leaves, the physical lock is taken inside the
    virtual one; slot reclaim needs neither the hint nor a look-up.""",
    SwapDesign(folio_at_virtual_slot=False),
    breaks=[],
    scope=worker_and_two_slots,
    default=False,
)

removal_forgets_reverse_map = what_if(
    """The word must name the entry again in the moment in which the folio leaves it: else nobody knows
    whose the slot is [seed].""",
    SwapDesign(folio_at_virtual_slot=False, removal_writes_rmap=False),
    breaks=[
        "no_physical_slot_without_rmap",
        "memcg_charged_exactly_once",
        "nothing freed is used",
        "nothing is freed twice",
    ],
    scope=worker_only,
    default=False,
)

one_table_for_both = what_if(
    """One word for both tables [seed] [N0601c]: it has a folio, or what backs the slot. A folio that is cached and
    backed is then found there: in the physical slot's word, as in ``folio_is_at_the_physical_slot``, or in struct
    zswap_entry. A look-up without a lock reads such an entry, whose memory must not be freed before.""",
    SwapDesign(one_table=True),
    breaks=[],
    scope=worker_and_two_slots,
    default=False,
)

one_table_frees_entries_at_once = what_if(
    """zswap frees its entries at once. With one table a look-up that has read one in the word looks for the folio in
    it, whatever has freed it since: it holds no lock.""",
    SwapDesign(one_table=True, entries_outlive_lookups=False),
    breaks=["nothing freed is used"],
    scope=worker_only,
    default=False,
)

virtual_table_comes_and_goes = what_if(
    """A virtual_table that is freed while it says nothing can be missing when a page is stored: zswap_store() and
    folio_realloc_swap() get one more way to fail, and both give back what they took [v2c]. Putting a compressed
    copy back, when it could not be written out, needs no memory: the table is there, for it names the slot.""",
    SwapDesign(frees_virtual_table=True),
    breaks=[],
    scope=short_of_memory,
    default=False,
)

virtual_table_is_missed_too_late = what_if(
    """Where the virtual_table may be missing, folio_realloc_swap() must undo the reverse map and the charge.""",
    SwapDesign(frees_virtual_table=True, realloc_unwinds=False),
    breaks=[
        "no_rmap_without_physical_slot",
        "no_physical_slot_behind_a_compressed_page",
        "memcg_charged_exactly_once",
    ],
    scope=short_of_memory,
    default=False,
)

# ---------------------------------------------------------------- who pays, and where that is noted

swap_max_of_rfc_v2 = what_if(
    """Only physical slots are charged, so that swap.max no longer bounds how much a memcg swaps out [K0602c].""",
    SwapDesign(),
    breaks=["swap_max_bounds_what_is_swapped_out"],
    scope=disk_and_zswap,
    promises=[*PROMISES, swap_max_bounds_what_is_swapped_out],
    by_z3=6,
)

everything_is_charged = what_if(
    """Every swapped-out page is charged once, when it gets its entry: swap.max bounds all of them, and
    swap.current is no longer the number of physical slots [K0602c].""",
    SwapDesign(charge=Charge.ENTRY),
    breaks=["memcg_charged_exactly_once"],
    scope=disk_and_zswap,
    promises=[*PROMISES, swap_max_bounds_what_is_swapped_out],
)

virtual_slots_have_a_limit = what_if(
    """Virtual slots in a counter of their own: its limit may keep a page in memory. swap.max is what it was.""",
    SwapDesign(charge=Charge.BACKING_AND_ENTRY),
    breaks=[],
    scope=disk_and_zswap,
    default=False,
)

ON_RECORD = [an_entry_has_its_owner_on_record, an_uncached_entry_has_its_owner_on_record]

owner_is_recorded_at_once = what_if(
    """The memcg of a slot is recorded before the first PTE refers to it.""",
    SwapDesign(),
    breaks=[],
    scope=disk_and_zswap,
    promises=[*PROMISES, *ON_RECORD],
)

owner_is_recorded_late = what_if(
    """While a folio is cached, it knows its memcg; recording it when the folio leaves the swap cache is in time:
    nothing but the promise that says otherwise breaks [K0602a].""",
    SwapDesign(records_memcg_late=True),
    breaks=["an_entry_has_its_owner_on_record"],
    scope=disk_and_zswap,
    promises=[*PROMISES, *ON_RECORD],
    by_z3=6,
)

memcg_table_at_once = direct(
    """The memcg_table of a physical cluster comes with the cluster: nothing can fail, and most of it is never
    written to.""",
    SwapDesign(memcg_table=MemcgTable.AT_ONCE), table_is_late, [],
)

memcg_table_at_charge = direct(
    """The memcg_table is allocated where the slot is charged, behind the hold that took it: for a while there is a
    direct slot without a table, and a failure must give the slot back [seed]. The folio lock covers both.""",
    SwapDesign(memcg_table=MemcgTable.AT_CHARGE), table_is_late, ["a_direct_slot_has_a_memcg_table"],
)

memcg_table_at_either = direct(
    """The mix: tried in the hold, and again behind it. Fails less often than either, and has both windows [seed].""",
    SwapDesign(memcg_table=MemcgTable.AT_EITHER), table_is_late, ["a_direct_slot_has_a_memcg_table"],
    default=True,
)

memcg_table_tested_too_early = direct(
    """Whether the cluster has its memcg_table must be asked in the hold that takes the slot: reclaim drops the
    lock, the cluster may get empty meanwhile and be used again for a slot that needs no table [v2p6].""",
    SwapDesign(alloc_tests_table_in_scan=False), table_is_late,
    ["a_direct_slot_has_a_memcg_table", "an id is recorded in a table that is there",
     "memcg_charged_exactly_once"],
    default=True,
)

# ---------------------------------------------------------------- where the physical slot is taken

slot_is_taken_in_submit_write = what_if(
    """folio_realloc_swap() called by the swap_ops of virtual swap, behind the start of writeback: as long as the
    folio stays locked, nothing that anybody relies on changes [v2c].""",
    SwapDesign(realloc_in_submit_write=True),
    breaks=[],
    scope=disk_and_zswap,
    default=False,
)

slot_is_taken_behind_unlock = what_if(
    """... and behind the unlock, where a write is submitted today: the backing of an unlocked folio changes. The
    writeback flag protects the page as well, so that no content is lost; but every argument from the folio
    lock is gone, and AOP_WRITEPAGE_ACTIVATE cannot be returned.""",
    SwapDesign(realloc_in_submit_write=True, submit_write_holds_folio_lock=False),
    breaks=[
        "the_only_copy_is_dirty",
        "no_rmap_without_physical_slot",
        "a_physical_slot_is_taken_for_a_cached_locked_folio",
        "a_physical_slot_is_taken_to_write_a_page",
        "a_cached_slot_changes_backing_under_its_folio_lock",
    ],
    scope=disk_and_zswap,
    default=False,
)

# ---------------------------------------------------------------- "is it physically backed?"

rfc_v2_stable_writes = Spec(
    why="""The device wants no stores to a page that it writes: a fault maps the page read-only meanwhile. For a virtual
    entry it is the device behind the slot that says so.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=disk_and_zswap,
    start=[the_device_wants_stable_pages],
    promises=[*PROMISES, a_page_in_flight_stays_as_it_is],
)

stable_writes_are_asked_of_the_entry = what_if(
    """Correctness: the virtual device never has the flag STABLE_WRITES. Who asks it, and not the device behind
    the slot, lets the owner store to a page that is being written.""",
    SwapDesign(fault_asks_backing_for_stable_writes=False),
    breaks=["a_page_in_flight_stays_as_it_is"],
    scope=disk_and_zswap,
    start=(the_device_wants_stable_pages,),
    promises=[*PROMISES, a_page_in_flight_stays_as_it_is],
    by_z3=19,
)

faults_free_what_is_written = what_if(
    """Optimisation: a fault that frees every slot, on the disk or not, breaks nothing; the page has to be written
    again when it goes out unchanged.""",
    SwapDesign(fault_keeps_written=False),
    breaks=[],
    scope=disk_and_zswap,
    default=False,
)

zaps_ask_no_backing = what_if(
    """Optimisation: a nearly full device is no reason to free a page that is not on it, and freeing it breaks
    nothing.""",
    SwapDesign(zap_full_asks_backing=False),
    breaks=[],
    scope=two_owners_nearly_full,
    default=False,
)
