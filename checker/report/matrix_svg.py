# SPDX-License-Identifier: GPL-2.0-or-later
"""Designs and flipped switches against promises, as a picture: a row for each, a column for each promise."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from checker.matrix import Matrix, broken_somewhere
from checker.report.matrix import HOLDS, UNKNOWN, cell
from checker.report.svg import CHARACTER, STYLE

if TYPE_CHECKING:
    from checker.columns import Column

ROW, CELL, LEFT, TOP = 20, 40, 12, 40
SLANT = 0.72
"""How much of its length a slanted text takes upwards and to the right."""
NOTE = "a number: steps of the shortest trace to a break; an empty box: holds in every state of its scope; " \
       f"{UNKNOWN}: undecided; no box: not asked"
COLOURS = """
.broken { fill: var(--break); } .holds { fill: none; stroke: var(--quiet); stroke-width: .5; }
.unknown { fill: none; stroke: var(--break); stroke-width: 2; stroke-dasharray: 3 3; }
.number { text-anchor: middle; } .broken + .number { fill: #000000; stroke: none; }
"""


def drawing(found: Matrix) -> str:
    """The text of an SVG file; a cell has the shortest break of all questions, and a tooltip says of which."""
    columns = [*found.columns, *(one.column for one in found.flips)]
    promises = list(dict.fromkeys(p for spec in found.specs for p in broken_somewhere(columns, spec)))
    names = [column.variant.name for column in columns]
    left = LEFT + CHARACTER * max(map(len, names)) + 12
    head = TOP + SLANT * CHARACTER * max(map(len, promises), default=0)
    width = left + CELL * len(promises) + SLANT * CHARACTER * max(map(len, promises), default=0) + LEFT
    width = max(width, LEFT + CHARACTER * len(NOTE) + LEFT)
    height = head + ROW * len(columns) + 50
    svg = ElementTree.Element("svg", xmlns="http://www.w3.org/2000/svg", width=f"{width:.0f}", height=f"{height:.0f}",
                              viewBox=f"0 0 {width:.0f} {height:.0f}")
    ElementTree.SubElement(svg, "title").text = "designs and promises"
    ElementTree.SubElement(svg, "style").text = STYLE + COLOURS
    for k, promise in enumerate(promises):
        x = left + CELL * k + CELL / 2
        label = _text(svg, promise, x, head - 8)
        label.set("transform", f"rotate(-45 {x:.0f} {head - 8:.0f})")
    for row, column in enumerate(columns):
        y = head + ROW * row
        _text(svg, names[row], LEFT, y + 14, "title" if row < len(found.columns) else "")
        for k, promise in enumerate(promises):
            _cell(svg, column, promise, left + CELL * k, y, whole=len(column.answers) == len(found.specs))
    _text(svg, NOTE, LEFT, head + ROW * len(columns) + 24, "quiet")
    return ElementTree.tostring(svg, encoding="unicode") + "\n"


def _text(parent: ElementTree.Element, text: str, x: float, y: float, mark: str = "") -> ElementTree.Element:
    made = ElementTree.SubElement(parent, "text", x=f"{x:.0f}", y=f"{y:.0f}")
    if mark:
        made.set("class", mark)
    made.text = text
    return made


def _cell(svg: ElementTree.Element, column: Column, promise: str, x: float, y: float, *, whole: bool) -> None:
    found = [(answer.result, cell(answer.result, promise)) for answer in column.answers.values()]
    broken = [(result, text) for result, text in found if text not in (HOLDS, UNKNOWN, "-")]
    if not broken and not whole:
        return  # it may break by a question that was not asked
    result, text = min(broken or [one for one in found if one[1] == UNKNOWN] or found,
                       key=lambda one: (not one[1].isdigit(), int(one[1]) if one[1].isdigit() else 0))
    kind = "broken" if broken else "unknown" if text == UNKNOWN else "holds"
    group = ElementTree.SubElement(svg, "g")
    ElementTree.SubElement(group, "title").text = f"{column.variant.name}: {promise} in {result.spec}, " \
        f"scope {result.scope_name}: {text if broken else kind}"
    ElementTree.SubElement(group, "rect", {"class": kind}, x=f"{x:.0f}", y=f"{y:.0f}", width=str(CELL - 2),
                           height=str(ROW - 2))
    if text not in (HOLDS, "-"):
        _text(group, text, x + CELL / 2 - 1, y + 14, "number")
