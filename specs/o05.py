# SPDX-License-Identifier: GPL-2.0-or-later
"""What if zswap writeback trusts the entry it picked?"""

from __future__ import annotations

from checker.language import Spec, broken
from model.design import SwapDesign
from model.vswap import VSWAP
from specs.promises import PROMISES
from specs.scopes import one_page_in_zswap, two_cpus

o05_writeback_without_recheck = Spec(
    why="""zswap: writeback must compare the entry again once the folio is cached

    The shrinker picks a compressed page from the LRU and drops the LRU lock. From then on
    nothing pins it: its owner may unmap the page, which frees entry and slot, and the slot may
    be given to another page. The slot looks fine (swapped out, not cached), so the shrinker
    puts its folio there and writes the old page over the new one. Mainline had this race for ten
    years (CVE-2023-53178); on a virtual slot the comparison is with the virtual_table word.""",
    model=VSWAP,
    design=SwapDesign(writeback_rechecks_entry=False),
    scope=two_cpus,
    start=[one_page_in_zswap],
    promises=PROMISES,
    expected={
        "swapin_returns_what_was_written": broken(steps=30),
        "nothing freed is used": broken(steps=25),
        "a_zswap_entry_has_one_place": broken(steps=24),
        "nothing is freed twice": broken(steps=27),
    },
    by_z3=30,
)
