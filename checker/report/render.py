# SPDX-License-Identifier: GPL-2.0-or-later
"""A check as one document in a format for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checker.report.json import document
from checker.report.verdict import Exit, SpecResult

if TYPE_CHECKING:
    from checker.report.points import Suite


def checked(form: str, model: str, code: Exit, results: Sequence[SpecResult], never: Sequence[str] | None) -> str:
    """The document of a check.  ``form`` is json, junit or ktap."""
    if form == "json":
        return document(code, results, never=never, errors=[r.error for r in results if r.error])
    from checker.report.points import suites

    return _points(form, model, suites(results, never))


def failure(form: str, code: Exit, text: str) -> str:
    """The document where there is no result, but a reason."""
    from checker.report.points import trouble

    return document(code, errors=[text]) if form == "json" else _points(form, "vswap", trouble(text))


def _points(form: str, model: str, made: Sequence[Suite]) -> str:
    if form == "junit":
        from checker.report.junit import junit

        return junit(made, model)
    from checker.report.ktap import ktap

    return ktap(made)
