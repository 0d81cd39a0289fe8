# SPDX-License-Identifier: GPL-2.0-or-later
"""What must come at last: faults, swapoff, and that nothing stays behind for good.

A lock of the model goes to whoever moves next.  The kernel's folio lock is handed over to
the one who has waited too long (page_lock_unfairness in mm/filemap.c), the PTL is a queue:
that is strong fairness.  What is promised under weak fairness does not even need that.
"""

from __future__ import annotations

from checker.language import *
from model.design import PHASE_IV, RFC_V2, SwapDesign
from model.objects import Folio, PhysSlot, Pte, PteWord, Shrinker, Swap, Swapoff, TableWord, Task, VswapSlot, ZswapEntry
from model.swap_in import do_swap_page
from model.swapoff import swapoff
from model.vswap import VSWAP
from specs.direct import the_device_has_entries
from specs.scopes import scope
from specs.unuse import one_entry


@progress(fair="strong")
def a_fault_ends(s: Swap, cpu: Task):
    """A fault that has begun comes to its end."""
    return leads_to(at(do_swap_page, actor=cpu), not at(do_swap_page, actor=cpu))


@progress(fair="weak")
def a_fault_ends_without_queues(s: Swap, cpu: Task):
    """A fault comes to its end even if no lock knows who has waited longest."""
    return leads_to(at(do_swap_page, actor=cpu), not at(do_swap_page, actor=cpu))


@progress(fair="weak")
def a_folio_lock_is_dropped(s: Swap, f: Folio):
    """A folio lock that is held is dropped."""
    return leads_to(locked(s.folio[f].lock), not locked(s.folio[f].lock))


@progress(fair="strong")
def swapoff_ends(s: Swap, cpu: Swapoff):
    """swapoff comes to its end."""
    return leads_to(at(swapoff, actor=cpu), not at(swapoff, actor=cpu))


@can_always_reach
def everything_can_be_given_back(s: Swap):
    """Whatever has happened, all folios, slots and entries can become free again."""
    return (
        all(s.pte[p] == PteWord.NONE for p in Pte)
        and all(s.folio[f].refcount == 0 for f in Folio)
        and all(s.table[v] == TableWord.NULL for v in VswapSlot)
        and all(s.rmap[p] is None for p in PhysSlot)
        and all(not s.zswap[e].live for e in ZswapEntry)
    )


RUNS = [a_fault_ends, a_folio_lock_is_dropped, everything_can_be_given_back, every_operation_finishes("strong")]
"""What must hold of whole runs."""

REFUSALS = [
    "zswap refuses the page", "swap is nearly full", "memcg swap.max reached", "memcg charge of the folio fails",
    "memcg forbids zswap writeback",
]
no_io_fails = scope("one page, a CPU of each role, what is asked for may be refused", {}, failures=REFUSALS)
write_may_fail = scope("one page, a CPU of each role, a write may fail", {}, failures=["write error"])
write_may_fail_when_full = scope("one page, a CPU of each role, a write may fail, swap may be nearly full", {},
                                 failures=["write error", "swap is nearly full"])
two_threads = scope("one page, two threads, no shrinker, swap may be nearly full", {Task: 2, Shrinker: 0},
                    failures=["swap is nearly full"])
busy_swapoff = scope("one page, swapoff, no shrinker, only zswap refuses", {Swapoff: 1, Shrinker: 0},
                     failures=["zswap refuses the page"])

rfc_v2_runs = Spec(
    why="""RFC v2: whoever begins comes to an end, and nothing stays behind

    In every run in which locks are queues, every operation that has begun ends; and from everywhere
    all can be given back, as long as no I/O fails.""",
    model=VSWAP,
    design=RFC_V2,
    scope=no_io_fails,
    promises=RUNS,
)

rfc_v2_locks_without_queues = Spec(
    why="""A fault needs a folio lock that is handed on

    Where a lock goes to whoever moves next, a fault that waits for the folio may wait for ever: reclaim
    takes the lock by trylock, finds the page mapped or busy, drops it and comes again. That the
    kernel's folio_lock() ends this is a matter of the lock, not of swap.""",
    model=VSWAP,
    design=RFC_V2,
    scope=no_io_fails,
    promises=[a_fault_ends_without_queues],
    expected={"a_fault_ends_without_queues": broken(steps=12)},
    default=False,
)

rfc_v2_swapoff_may_never_end = Spec(
    why="""mm: swapoff may lose every race for one slot

    The process faults a page in while swapoff is on its way to it: swapoff cannot insert a folio of its
    own, and looks again. By then the page was written to and reclaimed, to the slot that it has kept all the
    time: no slot is taken while the device is drained, but a slot that a cached page has may be
    written to again. All this can go round for ever, with every CPU making progress but swapoff; it never gets
    the folio lock, since it never gets that far.""",
    model=VSWAP,
    design=RFC_V2,
    scope=busy_swapoff,
    promises=[swapoff_ends, a_fault_ends, a_folio_lock_is_dropped],
    expected={"swapoff_ends": broken(steps=44)},
)

rfc_v2_unuse_runs = Spec(
    why="""swapoff of direct entries keeps nobody from coming to an end, and nothing stays behind; that it ends itself
    is not said, for the order of its scans is left out.""",
    model=VSWAP,
    design=RFC_V2,
    scope=one_entry,
    start=[the_device_has_entries],
    promises=[a_fault_ends, a_folio_lock_is_dropped, everything_can_be_given_back],
    default=False,
)

rfc_v2_write_error_strands_a_folio = Spec(
    why="""mm: zswap writeback can leave a folio that nobody owns and nobody can free

    zswap writeback brings a page into the swap cache whose last PTE goes away before the write ends; the
    write fails, and the folio is dirty again. It was never mapped, so that pageout() leaves it
    alone; no PTE refers to it, so that no fault finds it; the count fell to 0 before there was a physical
    slot, so that the slot carries no hint. What is left is that reclaim frees the slot of such a folio
    once swap is nearly full, which it is not here.""",
    model=VSWAP,
    design=RFC_V2,
    scope=write_may_fail,
    promises=[everything_can_be_given_back],
    expected={"everything_can_be_given_back": broken(steps=30)},
)

rfc_v2_write_error_until_swap_is_full = Spec(
    why="""As rfc_v2_write_error_strands_a_folio, where swap may be nearly full: that is the way out, reclaim frees
    the slot of a folio that it activates.""",
    model=VSWAP,
    design=RFC_V2,
    scope=write_may_fail_when_full,
    promises=[everything_can_be_given_back],
    default=False,
)

rfc_v2_unmapping_strands_a_folio = Spec(
    why="""mm: a page that is unmapped while a fault reads it can leave a folio that nobody owns and nobody can free

    A fault has put a folio into the swap cache and holds its lock; another thread unmaps the page
    (MADV_DONTNEED, say), puts the last count, finds the folio locked and leaves it alone. The fault reads the
    folio from zswap, which makes it the only copy and dirty, finds the PTE gone and gives up. The folio was never
    mapped, so that pageout() leaves it alone; and that swap is nearly full is no reason to free a slot which
    no device is behind.""",
    model=VSWAP,
    design=RFC_V2,
    scope=two_threads,
    promises=[everything_can_be_given_back],
    expected={"everything_can_be_given_back": broken(steps=22)},
)

phase_iv_unmapping_strands_no_folio = Spec(
    why="""As rfc_v2_unmapping_strands_a_folio, before virtual swap: every entry is a slot of the device, and reclaim
    frees it when swap is nearly full.""",
    model=VSWAP,
    design=PHASE_IV,
    scope=two_threads,
    start=[the_device_has_entries],
    promises=[everything_can_be_given_back],
    default=False,
)

writeback_forgets_unlock_for_ever = Spec(
    why="""zswap writeback that returns with the folio lock held

    Whoever comes for the folio waits for ever: a fault by itself, and what the folio holds can never
    be given back.""",
    model=VSWAP,
    design=SwapDesign(writeback_unlocks_on_error=False),
    scope=no_io_fails,
    promises=RUNS,
    expected={
        "a_fault_ends": broken(), "a_folio_lock_is_dropped": broken(), "every_operation_finishes": broken(),
        "everything_can_be_given_back": broken(), "no_lock_left_behind": broken(),
        "every_operation_can_finish": broken(),
    },
)
