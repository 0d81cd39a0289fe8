# SPDX-License-Identifier: GPL-2.0-or-later
"""RFC v1 as posted, and O03: which guards slot reclaim needs when it keeps the virtual slot."""

from __future__ import annotations

from dataclasses import replace

from checker.language import Scope, Spec, broken
from model.design import RFC_V1
from model.free import zap_nonpresent_ptes
from model.objects import Shrinker, Task, VswapSlot, Worker
from model.swap_in import do_swap_page
from model.vswap import VSWAP
from specs.promises import PROMISES, REACHED
from specs.scopes import ONE_OF_EACH, scope, two_pages

two_slots_and_worker = Scope(
    "one page, two virtual slots, faults, zaps of swapped-out pages, reclaim, a worker; zswap may refuse a page",
    sizes={**ONE_OF_EACH, VswapSlot: 2, Shrinker: 0, Worker: 1},
    operations={Task: [do_swap_page, zap_nonpresent_ptes]},
    failures=["zswap refuses the page"],
)
one_slot_and_worker = scope(
    "one page, a worker, no shrinker, zswap may refuse a page",
    {Shrinker: 0, Worker: 1}, failures=["zswap refuses the page"],
)

rfc_v1_without_slot_reclaim = Spec(
    why="""RFC v1 keeps the promises of rfc_v2 while the device does not fill up: the FOLIO word says
    what in RFC v2 follows from the swap table.""",
    model=VSWAP,
    design=RFC_V1,
    scope=two_pages,
    promises=[*PROMISES, *REACHED],
    default=False,
)

rfc_v1 = Spec(
    why="""swap: RFC v1 takes the backing away from a page that is not dirty [O03]

    Slot reclaim finds a physical slot by its hint, locks the folio, and tags the virtual slot FOLIO.
    It looks neither at the count nor at a write in flight, and leaves the folio clean: the next
    reclaim drops the only copy.""",
    model=VSWAP,
    design=RFC_V1,
    scope=one_slot_and_worker,
    promises=PROMISES,
    expected={
        "no_slot_without_content": broken(steps=30),
        "the_only_copy_is_dirty": broken(steps=20),
        "nothing freed is used": broken(steps=21),
        "clean_means_backed": broken(steps=25),
    },
)

rfc_v1_two_slots = Spec(
    why="""swap: RFC v1 frees a physical slot that the disk still writes to

    As rfc_v1, with a second virtual slot. Slot reclaim takes the slot of a page whose write is in
    flight and gives it to another page. Both writes are under way now, and the late one wins.""",
    model=VSWAP,
    design=RFC_V1,
    scope=two_slots_and_worker,
    promises=PROMISES,
    expected={
        "swapin_returns_what_was_written": broken(steps=52),
        "the_only_copy_is_dirty": broken(steps=20),
        "nothing freed is used": broken(steps=21),
        "clean_means_backed": broken(steps=25),
        "no_slot_without_content": broken(steps=30),
    },
    default=False,
)

rfc_v1_ignores_writeback = Spec(
    why="""With all guards of O03 but without a look at writes in flight, a physical slot is freed that
    the disk is still writing to; it may have another owner when the write ends.""",
    model=VSWAP,
    design=replace(RFC_V1, dup_clears_hint=True, reclaim_tests_count=True, reclaim_dirties_folio=True),
    scope=two_slots_and_worker,
    promises=PROMISES,
    expected={
        "swapin_returns_what_was_written": broken(),
        "nothing freed is used": broken(),
        "clean_means_backed": broken(),
    },
    default=False,
)

GUARDS = {"hint": "dup_clears_hint", "count": "reclaim_tests_count", "dirty": "reclaim_dirties_folio"}
"""The three guards of O03: short name and switch."""


def o03(*guards: str, breaks: tuple[str, ...] = (), default: bool = False) -> Spec:
    """RFC v1 that leaves a write in flight alone, with these of the three guards."""
    on = {switch: name in guards for name, switch in GUARDS.items()}
    said = " and ".join(guards) or "none"
    return Spec(
        why=f"""Slot reclaim of RFC v1 that leaves a write in flight alone; guards: {said} [O03].""",
        model=VSWAP,
        design=replace(RFC_V1, reclaim_tests_writeback=True, **on),
        scope=one_slot_and_worker,
        promises=PROMISES,
        expected={promise: broken() for promise in breaks},
        default=default,
    )


LOST = ("no_slot_without_content", "the_only_copy_is_dirty", "clean_means_backed")

o03_slot_reclaim_unguarded = o03(breaks=LOST)
o03_slot_reclaim_with_hint = o03("hint", breaks=LOST)
o03_slot_reclaim_with_count = o03("count", breaks=LOST)
o03_slot_reclaim_with_dirty = o03("dirty", default=True)
o03_slot_reclaim_with_hint_count = o03("hint", "count", breaks=LOST, default=True)
o03_slot_reclaim_with_hint_dirty = o03("hint", "dirty")
o03_slot_reclaim_with_count_dirty = o03("count", "dirty")
o03_slot_reclaim_with_hint_count_dirty = o03("hint", "count", "dirty")
