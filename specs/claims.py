# SPDX-License-Identifier: GPL-2.0-or-later
"""What the discussion claims about the words of a slot, asked of each design [seed] [N0601c] [K0602c]."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from checker.language import *
from model.backing import Effective, backing
from model.design import PHASE_IV, RFC_V1, RFC_V2, SwapDesign
from model.objects import (
    Backing,
    Folio,
    Shrinker,
    Swap,
    TableWord,
    Task,
    VswapSlot,
    Worker,
    cached,
    folio_mapped,
    is_zero,
)
from model.swap_in import do_swap_page
from model.vswap import VSWAP
from specs.content import folio_is_idle
from specs.direct import the_device_has_entries
from specs.ownership import zeros_are_stored_nowhere
from specs.scopes import ONE_OF_EACH, ZEROS


@invariant
def NONE_is_said_by_the_count(s: Swap):
    """A virtual slot's word says NONE only while no PTE refers to it."""
    return all(
        s.count[v] == 0 for v in VswapSlot
        if s.direct[v] is None and s.virtual_table[v] == Backing.NONE and not is_zero(s, v)
    )


@invariant
def NONE_is_said_by_the_count_and_the_swap_cache(s: Swap):
    """A slot's content is nowhere exactly while no PTE refers to it and it is not cached."""
    return all((backing(s, v) == Effective.NONE) == (s.count[v] == 0 and not cached(s, v)) for v in VswapSlot)


@invariant
def FOLIO_is_said_by_the_swap_cache(s: Swap):
    """A word FOLIO names the folio that the swap cache has for the slot."""
    return all(s.table[v] == TableWord.PFN(f) for v in VswapSlot for f in Folio
               if s.virtual_table[v] == Backing.FOLIO(f))


@invariant
def one_word_will_do_for_a_page_at_work(s: Swap):
    """No slot is cached and on the disk or in zswap at once."""
    return not any(cached(s, v) and backing(s, v).tag in (Effective.PHYS, Effective.ZSWAP) for v in VswapSlot)


@invariant
def one_word_will_do_for_a_mapped_page(s: Swap):
    """No clean page that is mapped, and that nobody works on, has a physical slot as well."""
    return not any(
        s.table[v] == TableWord.PFN(f) and folio_is_idle(s, f) and folio_mapped(s, f) and not s.folio[f].dirty
        and backing(s, v).tag == Effective.PHYS
        for v in VswapSlot for f in Folio
    )


@step_invariant
def what_a_fault_sees_without_the_lock_is_still_so(old: Swap, new: Swap):
    """Between a fault's look at the PTE and its folio lock, nobody changes what backs the slot."""
    return not any(
        (at(do_swap_page, "read the PTE", v=v) or at(do_swap_page, "have a folio", v=v))
        and backing(old, v) != backing(new, v)
        for v in VswapSlot
    )


@step_invariant
def what_a_fault_sees_under_the_lock_is_still_so(old: Swap, new: Swap):
    """Once a fault has locked the folio of the slot, nobody else changes what backs it."""
    return not any(
        at(do_swap_page, "locked the folio", v=v) and backing(old, v) != backing(new, v) for v in VswapSlot
    )


CLAIMS = [
    NONE_is_said_by_the_count,
    NONE_is_said_by_the_count_and_the_swap_cache,
    FOLIO_is_said_by_the_swap_cache,
    zeros_are_stored_nowhere,  # so that one bit beside the other words says what the tag ZERO says
    one_word_will_do_for_a_page_at_work,
    one_word_will_do_for_a_mapped_page,
    what_a_fault_sees_without_the_lock_is_still_so,
    what_a_fault_sees_under_the_lock_is_still_so,
]
TWO_WORDS = (
    "one_word_will_do_for_a_page_at_work", "one_word_will_do_for_a_mapped_page",
    "what_a_fault_sees_without_the_lock_is_still_so",
)
"""What no design keeps."""

zeros_refused = Scope(
    "one page that may be all zeros, a CPU of each role, zswap may refuse a page",
    sizes=ONE_OF_EACH, operations={Task: ZEROS}, failures=["zswap refuses the page"],
)
zeros_refused_worker = Scope(
    "one page that may be all zeros, a worker, no shrinker, zswap may refuse a page",
    sizes={**ONE_OF_EACH, Shrinker: 0, Worker: 1}, operations={Task: ZEROS}, failures=["zswap refuses the page"],
)


def claims(why: str, design: SwapDesign, breaks: Iterable[str], *, scope: Scope = zeros_refused,
           start: Iterable[Callable[..., Any]] = (), default: bool = False, by_z3: int | None = None) -> Spec:
    """The claims, asked of one design."""
    return Spec(why=why, model=VSWAP, design=design, scope=scope, start=list(start), promises=CLAIMS,
                expected={claim: broken() for claim in breaks}, default=default, by_z3=by_z3)


claims_rfc_v2 = claims(
    """RFC v2: the count alone does not say whether a slot has a backing, the count and the swap cache do. A page
    is cached and has a physical slot, both while it is written and, clean, after it was read again: one
    word per slot cannot say both. What a fault saw before it had the folio lock may be different by then.""",
    RFC_V2, ["NONE_is_said_by_the_count", *TWO_WORDS], default=True,
    by_z3=20,
)

claims_rfc_v1 = claims(
    """RFC v1: as RFC v2. While slots are not reclaimed, its words FOLIO and ZERO say nothing that swap cache and a flag
    would not say.""",
    RFC_V1, ["NONE_is_said_by_the_count", *TWO_WORDS],
)

claims_rfc_v1_slot_reclaim = claims(
    """RFC v1 with slot reclaim: the word FOLIO outlives the folio, which was clean and is dropped [O03]. It says
    something, and that is wrong.""",
    RFC_V1,
    ["NONE_is_said_by_the_count", "NONE_is_said_by_the_count_and_the_swap_cache", "FOLIO_is_said_by_the_swap_cache",
     *TWO_WORDS, "nothing freed is used"],
    scope=zeros_refused_worker,
)

claims_phase_iv = claims(
    """Phase IV: a slot is taken for as long as the entry lives. The zero flag does say something else than that
    there is no other backing: zswap may have an older copy.""",
    PHASE_IV, ["zeros_are_stored_nowhere", *TWO_WORDS], start=[the_device_has_entries],
)

claims_slot_is_taken_behind_unlock = claims(
    """folio_realloc_swap() behind the unlock: not even the folio lock keeps what a fault has seen.""",
    SwapDesign(realloc_in_submit_write=True, submit_write_holds_folio_lock=False),
    ["NONE_is_said_by_the_count", *TWO_WORDS, "what_a_fault_sees_under_the_lock_is_still_so"],
)
