# SPDX-License-Identifier: GPL-2.0-or-later
"""What was worked out from source files, kept until one of them changes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def remembered(what: str, modules: Iterable[object], work: Callable[[], T]) -> T:
    """``work()``, or what it gave when ``what`` was asked for and all these modules were as they are now.

    It is kept as JSON, beside the compiled objects; a module that has no source is never the same again.
    """
    from checker.explicit.objects import key_of, shared

    parts = [what, sys.version]
    for module in modules:
        file = getattr(module, "__file__", None)
        try:
            parts += [str(file), Path(str(file)).read_text(encoding="utf-8")]
        except (OSError, UnicodeDecodeError):
            return work()
    objects, key = shared(), key_of(*parts)
    known = objects.get(key)
    if known is not None:
        found: T = json.loads(known)
        return found
    made = work()
    objects.put(key, json.dumps(made).encode())
    return made
