# SPDX-License-Identifier: GPL-2.0-or-later
"""zswap: compressed copies, and moving them to disk.

Mirrors   zswap_store(), zswap_store_page(), zswap_load(), zswap_writeback_entry(), shrink_memcg_cb();
          mm/zswap.c [v2p2] [v2p3]
Left out  compression, pools and their limits: storing a page may fail, and shrink_worker() may come for
          an entry, that is all of them that a slot sees.  Rotation on the LRU: any entry on it may be picked.
          A virtual entry's index is its virtual_table word; there is no tree.  The xarray of
          direct entries is read and written in one step each, as a word is.
"""

from __future__ import annotations

from checker.language import *
from model.cluster import (
    __vswap_release_backing,
    folio_realloc_swap,
    folio_release_non_phys_swap_backing,
    folio_release_vswap_backing,
    virtual_table_alloc,
    zswap_entry_free,
)
from model.design import design
from model.device import device_to_pin, get_swap_device, is_writeok, put_swap_device
from model.memory import folio_put
from model.objects import (
    Backing,
    Folio,
    PhysSlot,
    Pte,
    Shrinker,
    Swap,
    VswapSlot,
    ZswapEntry,
    in_use,
    is_resolved,
)
from model.page_io import __swap_writepage_phys
from model.swap_cache import swap_cache_alloc_folio, swap_cache_del_folio


def vswap_zswap_load(s: Swap, v: VswapSlot) -> ZswapEntry | None:
    """The compressed copy that backs a slot."""
    if not is_resolved(s, v):
        return None
    with hold(s.vswap_cluster.lock):
        word = s.virtual_table[v]
    return word.entry if word.tag == Backing.ZSWAP else None


def vswap_zswap_store(s: Swap, v: VswapSlot, e: ZswapEntry) -> bool:
    """Make a compressed copy what backs a slot, and release the old backing; False: there is no memory for that."""
    with hold(s.vswap_cluster.lock):
        if design.frees_virtual_table and s.direct[v] is None and not virtual_table_alloc(s):
            return False
        if design.store_releases_backing:
            __vswap_release_backing(s, v)
        s.virtual_table[v] = Backing.ZSWAP(e)
    return True


def zswap_store(s: Swap, f: Folio):
    """Compress a locked folio page by page; False if some page is not stored: then none is.

    What backs the slots of a folio whose first page is refused stays as it was, but for a direct
    entry's old copy.
    """
    for i in range(block(Folio)):
        if i < s.folio[f].nr_pages:
            stored = yield from zswap_store_page(s, f, i)
            if not stored:
                if i > 0 and design.store_rolls_back:
                    yield "a page is refused, others are stored"
                    folio_release_non_phys_swap_backing(s, f)  # [v2p3]
                    yield "no page is stored"
                return False
    return True


def zswap_store_page(s: Swap, f: Folio, i: int):
    """Compress one page of a locked folio."""
    folio = s.folio[f]
    if maybe("zswap refuses the page"):
        yield from zswap_erase_older(s, f)
        return False
    e = choose_or_none(ZswapEntry, where=lambda e: not s.zswap[e].live)
    if e is None:
        yield from zswap_erase_older(s, f)
        return False
    entry = s.zswap[e]
    entry.live = True
    entry.swpentry = folio.swap + i
    entry.content = s.folio[f + i].content
    yield "compressed"
    stored = vswap_zswap_store(s, folio.swap + i, e)
    if design.frees_virtual_table and not stored:
        entry.live = False
        yield "the entry has no place"
        return False
    yield "the slot is in zswap"
    expect(s.zswap[e].live, "nothing freed is used")
    with hold(s.zswap_lru_lock):
        entry.on_lru = True
    yield "the entry is on the LRU"
    return True


def zswap_erase_older(s: Swap, f: Folio):
    """A direct entry's compressed copy is older than the page that was not stored: it goes [mainline]."""
    v = s.folio[f].swap
    if s.direct[v] is not None:
        folio_release_vswap_backing(s, v, f)
        yield "no older copy is left"


def zswap_load(s: Swap, f: Folio):
    """Decompress into a locked folio and unlock it; False: the slot is not in zswap."""
    folio = s.folio[f]
    v = folio.swap
    if folio.nr_pages > 1 and s.direct[v] is None:
        return False  # -ENOENT: a folio of several pages is never read from zswap [v2p2]
    e = vswap_zswap_load(s, v)
    if e is None:
        return False
    yield "the slot is in zswap"

    expect(s.zswap[e].live, "nothing freed is used")
    if maybe("decompression fails"):
        release(folio.lock)  # not uptodate: the fault ends in SIGBUS, the entry stays
        return True
    folio.content = s.zswap[e].content
    folio.uptodate = True
    if design.load_dirties_folio:
        folio.dirty = True  # the entry goes, the folio becomes the only copy
    if not design.load_releases_locked:
        release(folio.lock)
    yield "decompressed"

    if design.load_frees_what_is_there:
        folio_release_vswap_backing(s, v, f)
    else:
        with hold(s.vswap_cluster.lock):
            zswap_entry_free(s, e)
            s.virtual_table[v] = Backing.NONE
    if design.load_releases_locked:
        release(folio.lock)
    return True


@operation
def zswap_writeback_entry(s: Swap, cpu: Shrinker, e: ZswapEntry):
    """Move one compressed page to a physical slot."""
    require(s.zswap[e].on_lru)
    require(design.physical_backing)  # [midA] keeps the shrinker out until there is somewhere to write to
    if design.shrinker_gate and not any(is_writeok(s, p) and not in_use(s, p) for p in PhysSlot):
        # get_nr_swap_pages() = 0: the shrinker counts no objects; shrink_worker() asks nobody
        require(maybe("the pool is at its limit"))
    with hold(s.zswap_lru_lock):
        expect(s.zswap[e].live, "nothing freed is used")
        v = s.zswap[e].swpentry
    yield "isolated from the LRU"  # nothing pins the entry from here

    if not design.writeback_caches_first:
        p = yield from folio_realloc_swap(s, v, 1)
        yield "a physical slot is reserved"
    si = device_to_pin(s, v)
    if not get_swap_device(s, si):
        return  # -EEXIST: swapoff has drained the device
    f = yield from swap_cache_alloc_folio(s, v, 1)
    put_swap_device(s, si)
    if f is None:
        return
    folio = s.folio[f]
    yield "the folio is charged"

    if design.writeback_rechecks_entry:
        if vswap_zswap_load(s, v) != e:
            yield "another entry, or none"
            writeback_drop_folio(s, f)  # -ENOMEM: the slot was recycled
            return
        yield "still the same entry"

    if s.direct[v] is not None:
        yield from writeback_direct(s, f, v, e)
        return
    p = yield from folio_realloc_swap(s, v, 1)
    if p is None:
        yield "no physical slot to be had"
        writeback_drop_folio(s, f)  # -ENOMEM: the entry stays
        return
    if not design.writeback_leaves_count:
        s.count[v] = min(s.count[v] + 1, len(Pte) + 1)
    yield "backed by a physical slot"  # no longer ZSWAP: the entry is ours alone

    expect(s.zswap[e].live, "nothing freed is used")
    if maybe("decompression fails"):
        yield "not decompressed"
        if design.writeback_restores_entry:
            vswap_zswap_store(s, v, e)  # releases the physical slot
            yield "the entry backs the slot again"
        writeback_drop_folio(s, f)  # -EIO
        return
    folio.content = s.zswap[e].content
    if design.writeback_marks_uptodate:
        folio.uptodate = True
    yield "decompressed"

    __swap_writepage_phys(s, f, p)
    yield "unlocked, the write is submitted"
    zswap_entry_free(s, e)
    folio_put(s, f)


def writeback_direct(s: Swap, f: Folio, v: VswapSlot, e: ZswapEntry):
    """The rest of zswap_writeback_entry for a direct entry: it has its slot already."""
    expect(s.zswap[e].live, "nothing freed is used")
    if maybe("decompression fails"):
        writeback_drop_folio(s, f)  # -EIO, the entry stays
        return
    s.folio[f].content = s.zswap[e].content
    s.folio[f].uptodate = True
    with hold(s.vswap_cluster.lock):
        s.virtual_table[v] = Backing.NONE  # xa_erase: before the write [mainline]
    yield "out of the xarray"
    p = s.direct[v]
    __swap_writepage_phys(s, f, p)
    yield "unlocked, the write is under way"
    zswap_entry_free(s, e)
    folio_put(s, f)


def writeback_drop_folio(s: Swap, f: Folio):
    """The error exit of zswap_writeback_entry: the folio leaves the swap cache."""
    swap_cache_del_folio(s, f)
    if design.writeback_unlocks_on_error:
        release(s.folio[f].lock)
    if design.writeback_puts_on_error:
        folio_put(s, f)
