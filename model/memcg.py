# SPDX-License-Identifier: GPL-2.0-or-later
"""Who pays for swap.

Mirrors   mem_cgroup_record_swap(), memcg1_swapout(), the charge in folio_realloc_swap(), the uncharge of a
          released backing; mm/memcontrol.c [v2p4]
Left out  reparenting.  What cgroup v1 counts: of
          memcg1_swapout() only the lock that it may take.  The charge of the
          folio's own memory: it fails or it does not, nothing here counts it.
          A virtual slot records its memcg's id and holds a reference to it; the physical
          slot behind it, and only that, is charged.  A direct entry is charged when it is
          taken (``model/alloc.py``).
"""

from __future__ import annotations

from checker.language import *
from model.design import design
from model.objects import Folio, Memcg, PhysSlot, Swap, VswapSlot, cached


def mem_cgroup_record_swap(s: Swap, f: Folio, v: VswapSlot):
    """Record the folio's memcg for its virtual slots; cannot fail."""
    m = s.folio[f].memcg
    with hold(s.vswap_cluster.lock):
        for i in range(s.folio[f].nr_pages):
            record_memcg_id(s, v + i, m)


def record_memcg_id(s: Swap, v: VswapSlot, m: Memcg | None):
    """The lock of the slot's cluster held: note whose the entry is, with a reference to the id."""
    if m is None:
        return  # the folio was swapped in for an entry whose memcg was lost
    s.memcg_table[v] = m
    s.memcg[m].id_refs = min(s.memcg[m].id_refs + 1, len(VswapSlot) + 1)  # saturates


def swap_memcg(s: Swap, v: VswapSlot) -> Memcg | None:
    """Whose the entry is: the recorded memcg; where that is noted late, the folio's while it is cached."""
    m = s.memcg_table[v]
    if design.records_memcg_late and m is None and cached(s, v):
        return s.folio[s.table[v].folio].memcg
    return m


def try_charge_swap(s: Swap, m: Memcg | None, nr: int) -> bool:
    """Charge so many pages of swap; False at the limit."""
    if m is None:
        return True  # nothing is recorded: nobody pays
    if s.memcg[m].swap + nr > len(PhysSlot) + 1 or maybe("memcg swap.max reached"):
        return False
    s.memcg[m].swap += nr
    return True


def uncharge_swap(s: Swap, m: Memcg | None, nr: int):
    """Give charges back; a page counter warns and stays at zero."""
    if m is None:
        return  # nothing is recorded: nobody gets it
    s.memcg[m].swap = max(s.memcg[m].swap - nr, 0)


def memcg1_swapout(s: Swap, v: VswapSlot):
    """V held: cgroup v1 notes the owner of an entry whose page leaves memory."""
    if not design.swapout_uses_held_lock:
        with hold(s.vswap_cluster.lock):  # looks the entry up again, as the standalone series did [O01]
            pass


def clear_memcg_id(s: Swap, v: VswapSlot):
    """V held: forget the recorded id and put its reference."""
    m = s.memcg_table[v]
    if m is not None:
        s.memcg_table[v] = None
        if design.free_puts_memcg_id:
            s.memcg[m].id_refs = max(s.memcg[m].id_refs - 1, 0)
