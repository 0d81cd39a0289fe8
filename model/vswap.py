# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtual swap RFC, v2 and where it differs v1: folios of one or more pages on physical devices.

Who does what
    Shrinker   zswap_writeback_entry     a compressed page goes to the disk
    Reclaim    shrink_folio_list         a folio is unmapped, written out, dropped (kswapd)
    Task       do_swap_page, zap_*       the process faults (and reads ahead), unmaps; it may also have to
               shrink_folio_list         reclaim by itself (a scope says whether)
               copy_*, do_wp_page        it forks, and writes to a page that it shares
               user_store_zeros          it fills a page with zeros
    Worker     swap_reclaim_work         physical slots are taken back when the device is full
    Compactor  deferred_split_scan       a large folio is split,
               migrate_folio             a folio is moved
    Swapoff    swapoff                   a device is drained and taken down
    nobody     first touch and stores of the process, ends of disk requests

Where one step ends and the next begins: each hold of a cluster lock is one step; so is each
look at a word without a lock.  Taking a lock that is kept (folio lock, PTL) joins the step
after it, giving one back the step before it; so does a reference that is put when the work
is done, and whatever nobody else can reach yet or any more.
"""

from __future__ import annotations

from checker.language import Model
from model.alloc import memcg_vswap_enabled, vm_vswap_enabled
from model.fork import copy_nonpresent_pte, copy_present_ptes
from model.free import zap_nonpresent_ptes, zap_present_ptes
from model.memory import do_anonymous_page, user_store, user_store_zeros
from model.objects import Compactor, Reclaim, Shrinker, Swap, Swapoff, Task, Worker
from model.page_io import end_swap_bio_read, end_swap_bio_write
from model.slot_reclaim import swap_reclaim_work
from model.split import deferred_split_scan, migrate_folio
from model.swap_in import do_swap_page
from model.swap_out import shrink_folio_list
from model.swapoff import swapoff
from model.write_fault import do_wp_page
from model.zswap import zswap_writeback_entry

VSWAP = Model(
    state=Swap,
    rules=[do_anonymous_page, user_store, end_swap_bio_write, end_swap_bio_read],
    operations={
        Shrinker: [zswap_writeback_entry],
        Reclaim: [shrink_folio_list],
        Task: [
            do_swap_page, zap_present_ptes, zap_nonpresent_ptes, shrink_folio_list,
            copy_present_ptes, copy_nonpresent_pte, do_wp_page,
            user_store_zeros, vm_vswap_enabled, memcg_vswap_enabled,
        ],
        Worker: [swap_reclaim_work],
        Compactor: [deferred_split_scan, migrate_folio],
        Swapoff: [swapoff],
    },
)
