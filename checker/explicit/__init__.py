# SPDX-License-Identifier: GPL-2.0-or-later
"""Exhaustive, breadth-first search by native code: exact, with shortest traces.

Where to start reading: ``search`` drives; ``program`` turns a system into native
text (``layout``, ``expressions``, ``statements``, ``procedures``, ``conditions``);
``table`` and ``runtime`` are the native search, ``passes`` what runs after it, ``crew``
the threads; ``machine`` and ``traces`` use them from Python; ``native`` compiles,
``objects`` keeps what was compiled.  Promises about runs: ``runs`` judges them on the
edges, which ``graph`` stores.  ``apart`` asks more lemmas than fit.  Symmetry: ``group``
says which sorts may be renamed, ``canonical`` finds the one state that stands for all
its renamings (``keys``, ``renaming``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.explicit.result import (
    CAN_FINISH,
    NO_DEADLOCK,
    NO_LOCK_LEFT,
    NO_MODEL_ERROR,
    Coverage,
    Exploration,
    Finding,
    LimitError,
    Limits,
)

if TYPE_CHECKING:
    from checker.explicit.search import explore as explore

__all__ = ["CAN_FINISH", "NO_DEADLOCK", "NO_LOCK_LEFT", "NO_MODEL_ERROR", "Coverage", "Exploration", "Finding",
           "LimitError", "Limits", "explore"]


def __getattr__(name: str) -> Any:
    """The engine is loaded when it is first used: it brings the compiler with it."""
    if name == "explore":
        from checker.explicit.search import explore
        return explore
    raise AttributeError(name)
