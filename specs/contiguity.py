# SPDX-License-Identifier: GPL-2.0-or-later
"""The contiguity rule: who asks when whether the slots of a large folio can be read as one, and what if nobody did.

Nothing is in zswap, nothing is mixed, and what is on the disk is there one after the other on one
device [seed]. What backs a slot that is not cached may change at any moment.
docs/contiguity.md has the verdicts in one table.
"""

from __future__ import annotations

from dataclasses import replace

from checker.language import Scope, Spec, broken
from model.design import RFC_V1, RFC_V2, SwapDesign
from specs import large_scopes as scopes
from specs.content import no_cached_page_is_unreadable
from specs.large import (
    LARGE_PROMISES,
    a_large_folio_is_only_on_the_disk,
    a_run_is_backed_by_both,
    a_run_is_scattered_on_the_disk,
)
from specs.large_scopes import STILL

UNREADABLE = "no_cached_page_is_unreadable"
MIXED = "a_cached_large_folio_is_backed_as_one"
WRONG = ["swapin_returns_what_was_written", "clean_means_backed", "nothing freed is used", MIXED]


def of_a_fault_after_writeback(why: str, design: SwapDesign, breaks: list[str], default: bool = False) -> Spec:
    """Pages of a large folio are written back one by one, behind the back of nobody: faults come before or after."""
    return Spec(
        why=why, model=STILL, design=design, scope=scopes.written_back, default=default,
        start=[scopes.both_on_disk, scopes.both_in_zswap],
        promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, a_run_is_backed_by_both,
                  a_run_is_scattered_on_the_disk],
        expected={promise: broken() for promise in breaks},
    )


def of_a_fault_in_a_race(why: str, design: SwapDesign, breaks: list[str],
                         scope: Scope = scopes.two_reclaiming_threads, default: bool = False) -> Spec:
    """What backs a page changes while a fault that has seen the old backing stands still."""
    return Spec(
        why=why, model=STILL, design=design, scope=scope, default=default,
        start=[scopes.both_on_disk],
        promises=[*LARGE_PROMISES, no_cached_page_is_unreadable, a_large_folio_is_only_on_the_disk],
        expected={promise: broken() for promise in breaks},
    )


thp_is_not_checked = of_a_fault_after_writeback(
    """swap: a large folio must not be read from slots that are not backed as one

    Its pages may be in zswap, or on the disk at places that do not follow: a read of several pages
    takes what is behind the first slot, whosever it is.""",
    replace(RFC_V2, add_checks_backing=False, add_rechecks_backing=False), [*WRONG, UNREADABLE], default=True,
)

thp_is_refused = of_a_fault_after_writeback(
    """No large folio is ever made for virtual slots, the simplification of a later tree [midA]: nothing can go
    wrong.""",
    replace(RFC_V2, add_refuses_large=True), [],
)

thp_is_checked_inserting_only = of_a_fault_after_writeback(
    """The check that counts is the one in the section that inserts the folio: the first one only saves an
    allocation.""",
    replace(RFC_V2, add_checks_backing=False), [],
)

thp_ignores_places = of_a_fault_after_writeback(
    """That all pages are on the disk is not enough: they must follow there.""",
    replace(RFC_V2, thp_wants_consecutive=False), WRONG,
)

thp_ignores_mixture = of_a_fault_after_writeback(
    """That all slots have one kind of backing need not be asked, as long as the two other questions and the
    zero flags are: what is not in zswap, not zero and not free is on the disk.""",
    replace(RFC_V2, thp_refuses_mixed=False), [],
)

thp_is_checked_inserting_only_races = of_a_fault_in_a_race(
    """As thp_is_checked_inserting_only, while the pages move to another backend.""",
    replace(RFC_V2, add_checks_backing=False), [], scopes.two_reclaiming_threads_and_zswap,
)

thp_is_checked_first_only = of_a_fault_in_a_race(
    """swap: the backing must be checked where the folio is inserted

    Between a check that lets the lock go and the insertion another thread may swap the pages in, take
    them out of the swap cache, and swap them out again: to the same slots, but to zswap.""",
    replace(RFC_V2, add_rechecks_backing=False), [*WRONG, UNREADABLE],
)

thp_ignores_zswap = of_a_fault_in_a_race(
    """Pages that are all in zswap are backed as one, too; but a large folio cannot be read from there. The
    fault asks only if a page is on the disk, so it takes a race to get there.""",
    replace(RFC_V2, thp_refuses_zswap=False), [UNREADABLE], scopes.two_reclaiming_threads_and_zswap,
)

rfc_v1_large_folios = of_a_fault_in_a_race(
    """swap: RFC v1 leaves a folio in the swap cache that nobody has read

    The fault looks at the backing under the PTL, and again once the folio is in the swap cache. If it
    has changed in between, the folio is unlocked and put, and stays where it is, not uptodate: the next
    fault finds it there and ends in SIGBUS, though nothing has failed.""",
    RFC_V1, [UNREADABLE], scopes.two_reclaiming_threads_and_zswap, default=True,
)

rfc_v1_takes_the_folio_out = of_a_fault_in_a_race(
    """RFC v1's double check is sound if the folio that will not be read leaves the swap cache.""",
    replace(RFC_V1, swapin_leaves_folio_cached=False), [], scopes.two_reclaiming_threads_and_zswap,
)

rfc_v1_checks_first_only = of_a_fault_in_a_race(
    """The check under the PTL alone is too early.""",
    replace(RFC_V1, swapin_checks_backing=False), [*WRONG, UNREADABLE],
)

rfc_v1_checks_last_only = of_a_fault_in_a_race(
    """The check behind the insertion alone finds what the first would have kept out, so that folios
    that nobody reads stay in the swap cache without any race.""",
    replace(RFC_V1, batch_checks_backing=False), [UNREADABLE], scopes.two_reclaiming_threads_and_zswap,
)
