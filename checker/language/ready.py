# SPDX-License-Identifier: GPL-2.0-or-later
"""Promises that can be made of any model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checker.language.records import State
from checker.language.sorts import Actor
from checker.language.verbs import Leads, idle, leads_to, progress


def every_operation_finishes(fair: str) -> Callable[..., Any]:
    """The promise that whoever begins an operation gets to its end, in every run that is fair."""

    @progress(fair=fair)
    def every_operation_finishes(s: State, actor: Actor) -> Leads:
        """Every operation that has begun comes to its end."""
        return leads_to(not idle(actor), idle(actor))

    return every_operation_finishes
