# SPDX-License-Identifier: GPL-2.0-or-later
"""Small things that sentences need: amounts, durations, what somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN = 8
"""How many names a sentence lists."""


def amount(n: int, one: str, many: str | None = None) -> str:
    """``amount(1234, "state")`` is "1,234 states"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence about a name that does not exist, with those that it may have been meant to be."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"there is no {what} {name!r}; did you mean {' or '.join(near)}?"
    if not names:
        return f"there is no {what} {name!r}, there are none at all"
    rest = f" and {len(names) - SHOWN} more ('vswap list' has them all)" if len(names) > SHOWN else ""
    return f"there is no {what} {name!r}; there {'is' if len(names) == 1 else 'are'} {', '.join(names[:SHOWN])}{rest}"


def seconds(value: float) -> str:
    """A duration, short."""
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.0f} min"
