# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong while a model is read or run."""

from __future__ import annotations

from checker.language.ir import Pos


class LanguageError(Exception):
    """The model cannot be read; the text says where, what, and what to write instead."""

    def __init__(self, pos: Pos | None, text: str):
        super().__init__(f"{pos}: {text}" if pos else text)
        self.pos = pos
        self.text = text


class UsageError(Exception):
    """A question that cannot be asked: an unknown name, a scope that names no such sort."""


class ModelError(Exception):
    """Raised inside a rule of the raw reading: an index is None, a value leaves its range."""


class Disabled(Exception):
    """Raised by ``require``: this step does not happen.  ``lock`` is the one that it waits for, if it does."""

    def __init__(self, lock: object = None):
        super().__init__()
        self.lock = lock
