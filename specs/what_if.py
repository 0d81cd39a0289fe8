# SPDX-License-Identifier: GPL-2.0-or-later
"""How a what-if is asked: one switch off, everything else as in RFC v2."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from checker.language import Scope, Spec, broken
from model.design import SwapDesign
from model.vswap import VSWAP
from specs.promises import PROMISES
from specs.scopes import one_page


def what_if(
    why: str,
    design: SwapDesign,
    breaks: Iterable[str],
    scope: Scope = one_page,
    start: tuple[Callable[..., Any], ...] = (),
    default: bool = True,
    by_z3: int | None = None,
    promises: Iterable[Callable[..., Any]] = tuple(PROMISES),
) -> Spec:
    """A spec that expects exactly these promises to break.

    What breaks only what another what-if breaks too is no part of the gate (``default``), but
    of the tests.
    """
    return Spec(
        why=why, model=VSWAP, design=design, scope=scope, start=start, promises=list(promises),
        expected={promise: broken() for promise in breaks}, default=default, by_z3=by_z3,
    )
