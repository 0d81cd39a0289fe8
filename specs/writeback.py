# SPDX-License-Identifier: GPL-2.0-or-later
"""What if zswap writeback did less than it does?"""

from __future__ import annotations

from model.design import SwapDesign
from specs.scopes import one_page_in_zswap
from specs.what_if import what_if

writeback_forgets_unlock = what_if(
    """The error exit of zswap writeback must unlock the folio.

    Nothing but the waiting itself shows it: the process can go on with its other pages, the
    deadlock test is content, and only whoever faults on this page waits for ever.""",
    SwapDesign(writeback_unlocks_on_error=False),
    breaks={},
    start=(one_page_in_zswap,),
)

writeback_forgets_put = what_if(
    """The error exit of zswap writeback must put its folio reference, or the page is lost.""",
    SwapDesign(writeback_puts_on_error=False),
    breaks={},
    start=(one_page_in_zswap,),
)

writeback_reserves_first = what_if(
    """zswap writeback must not take a physical slot before the folio is in the swap cache: only
    the lock of a cached folio keeps the slot's backing from changing.""",
    SwapDesign(writeback_caches_first=False),
    breaks={},
    start=(one_page_in_zswap,),
)

writeback_keeps_the_unwritten_slot = what_if(
    """When decompression fails, the compressed copy must back the slot again: the physical slot
    was never written.""",
    SwapDesign(writeback_restores_entry=False),
    breaks={},
    start=(one_page_in_zswap,),
)

writeback_pins_by_count = what_if(
    """zswap writeback must not use the swap count as a pin: the count belongs to the PTEs.""",
    SwapDesign(writeback_leaves_count=False),
    breaks={},
    start=(one_page_in_zswap,),
)

writeback_releases_the_old_word = what_if(
    """folio_realloc_swap overwrites the old word and does not release it: for zswap writeback that
    would free the compressed copy under its hands.""",
    SwapDesign(publish_keeps_entry=False),
    breaks={},
    start=(one_page_in_zswap,),
)
