# SPDX-License-Identifier: GPL-2.0-or-later
"""The design as posted: RFC v2, single pages, one physical device."""

from __future__ import annotations

from checker.language import Spec
from model.design import SwapDesign
from model.vswap import VSWAP
from specs.promises import PROMISES, REACHED
from specs.scopes import one_page

rfc_v2 = Spec(
    why="""The virtual swap RFC v2 keeps its promises while a process faults and unmaps, reclaim
    writes its pages out, and zswap moves compressed pages to the disk behind its back.""",
    model=VSWAP,
    design=SwapDesign(),
    scope=one_page,
    promises=[*PROMISES, *REACHED],
)
