# SPDX-License-Identifier: GPL-2.0-or-later
"""Look-ups: from a swap entry to its cluster, by whoever has the entry and by whoever only read it.

Mirrors   __swap_offset_to_cluster(), swap_cluster_lock(), swap_cache_get_folio(), vswap_to_phys(), do_swap_page(),
          copy_nonpresent_pte(), swap_retry_table_alloc(); mm/swap.h, mm/swap_state.c, mm/vswap.h,
          mm/swapfile.c, mm/memory.c [v2p1] [v2p2] [mainline]
Left out  what is done with the words that are read.  do_swap_page stands for all who hold
          an entry that they do not own: readahead, the shrinker of zswap, swap-in of shmem.
          The walk of the xarray: its nodes are freed by RCU as well, so xa_load is one read.
"""

from __future__ import annotations

from checker.language import *
from model.cluster_design import CachedPointer, design
from model.cluster_objects import (
    CiOff,
    Cluster,
    ClusterIndex,
    Clusters,
    Cpu,
    Flag,
    Memory,
    Page,
    rcu_read_lock,
    rcu_read_unlock,
)


def __swap_offset_to_cluster(s: Clusters, cpu: Cpu, x: ClusterIndex) -> Cluster | None:
    """The cluster that the xarray has under an index; what keeps it there is up to the caller."""
    if design.cached_pointer != CachedPointer.NONE:
        c = s.last_found[cpu]
        if c is not None:
            expect(s.ci[c].memory != Memory.FREE, "nothing freed is used")
            if s.ci[c].index == x and s.ci[c].flags != Flag.DEAD:
                return c
            s.last_found[cpu] = None
    return s.cluster_info_pool[x]


def swap_cluster_lock(s: Clusters, cpu: Cpu, x: ClusterIndex):
    """Find a cluster; the step behind it takes its lock and asks swap_cluster_is_alive()."""
    rcu_read_lock(s, cpu)
    c = __swap_offset_to_cluster(s, cpu, x)
    if c is None:
        rcu_read_unlock(s, cpu)
        return None
    yield "looked up"
    return c


def swap_cluster_is_alive(s: Clusters, cpu: Cpu, c: Cluster) -> bool:
    """The rest of swap_cluster_lock(), with the lock held; False: the cluster died meanwhile, there is none."""
    expect(s.ci[c].memory != Memory.FREE, "nothing freed is used")
    alive = s.ci[c].flags != Flag.DEAD or not design.lookup_tests_dead
    if design.cached_pointer != CachedPointer.NONE:
        s.last_found[cpu] = c if alive else None
    rcu_read_unlock(s, cpu)
    return alive


def read_virtual_table(s: Clusters, c: Cluster):
    """A word of the virtual_table, whichever."""
    v = s.ci[c].virtual_table
    expect(v is not None, "nothing freed is used")
    if v is not None:
        expect(s.vtable[v].memory != Memory.FREE, "nothing freed is used")


def swap_table_get(s: Clusters, cpu: Cpu, c: Cluster, off: CiOff):
    """A word of a cluster's swap table, read without its lock."""
    expect(s.ci[c].memory != Memory.FREE, "nothing freed is used")
    t = s.ci[c].table
    if t is None:
        return
    yield "found its table"
    expect(s.table[t].memory != Memory.FREE, "nothing freed is used")


def swap_cache_get_folio(s: Clusters, cpu: Cpu, x: ClusterIndex, off: CiOff):
    """Look into the swap cache, for an entry that may be anybody's by now."""
    rcu_read_lock(s, cpu)
    c = __swap_offset_to_cluster(s, cpu, x)
    if c is not None:
        yield "found the cluster"
        yield from swap_table_get(s, cpu, c, off)
    rcu_read_unlock(s, cpu)


def vswap_to_phys(s: Clusters, cpu: Cpu, x: ClusterIndex):
    """Ask what backs an entry, which may be anybody's by now."""
    if not design.backing_read_locks:
        rcu_read_lock(s, cpu)
        c = __swap_offset_to_cluster(s, cpu, x)
        if c is not None:
            yield "found the cluster"
            expect(s.ci[c].memory != Memory.FREE, "nothing freed is used")
            v = s.ci[c].virtual_table
            if v is not None:
                yield "found its virtual_table"
                expect(s.vtable[v].memory != Memory.FREE, "nothing freed is used")
        rcu_read_unlock(s, cpu)
        return
    c = yield from swap_cluster_lock(s, cpu, x)
    if c is None:
        return
    with hold(s.ci[c].lock):
        if swap_cluster_is_alive(s, cpu, c):
            read_virtual_table(s, c)


@operation
def do_swap_page(s: Clusters, cpu: Cpu, g: Page):
    """Fault on an entry that was read without any lock."""
    x = s.page[g].index
    off = s.page[g].off
    require(x is not None)
    yield "read the PTE"
    yield from swap_cache_get_folio(s, cpu, x, off)
    yield "not in the swap cache"
    yield from vswap_to_phys(s, cpu, x)


@operation
def copy_nonpresent_pte(s: Clusters, cpu: Cpu, g: Page):
    """Copy an entry to a child process; its count may need more room than the table has."""
    require(s.page[g].index is not None)
    require(not s.mmap_writer and s.mmap_readers == 0)
    s.mmap_writer = True
    acquire(s.page[g].lock)
    x = s.page[g].index
    yield "the PTL is held"

    c = yield from swap_cluster_lock(s, cpu, x)
    with hold(s.ci[c].lock):
        swap_cluster_is_alive(s, cpu, c)
        overflows = maybe("the swap count overflows") and not s.ci[c].extended
    release(s.page[g].lock)
    if overflows:
        yield "the PTL is dropped"
        yield from swap_retry_table_alloc(s, cpu, x)
    s.mmap_writer = False


def swap_retry_table_alloc(s: Clusters, cpu: Cpu, x: ClusterIndex):
    """Give an entry's cluster a table for counts that overflow; there was time to wait for memory."""
    if design.retry_locks_cluster:
        c = yield from swap_cluster_lock(s, cpu, x)
        if c is None:
            return
        with hold(s.ci[c].lock):
            if swap_cluster_is_alive(s, cpu, c):
                s.ci[c].extended = True
        return
    # "Entry is in use (being faulted in), so its cluster is alive" [v2p1]
    c = s.cluster_info_pool[x]
    yield "found the cluster"
    expect(c is not None, "nothing freed is used")
    if c is not None:
        with hold(s.ci[c].lock):
            expect(s.ci[c].memory != Memory.FREE, "nothing freed is used")
            if s.ci[c].table is not None:  # cluster_table_is_alloced
                s.ci[c].extended = True
