# SPDX-License-Identifier: GPL-2.0-or-later
"""Graphs as SVG: one file, no script, light and dark; what colour says, shape and words say, too."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from networkx import DiGraph, MultiDiGraph

# Okabe and Ito's colours, which the colour-blind can tell apart.
STYLE = """
svg { --ink: #1a1a1a; --paper: #ffffff; --quiet: #595959; --path: #0072B2; --break: #D55E00;
  background: var(--paper); font: 13px monospace; }
@media (prefers-color-scheme: dark) {
  svg { --ink: #f0f0f0; --paper: #16181c; --quiet: #a8a8a8; --path: #56B4E9; } }
text { fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.quiet { fill: var(--quiet); } .title { font-weight: bold; }
.edge { fill: none; stroke: var(--path); stroke-width: 2.5; } .tip { fill: var(--path); }
.aside { fill: none; stroke: var(--quiet); stroke-width: 1.5; stroke-dasharray: 5 4; }
.start, .path { fill: var(--paper); stroke: var(--path); stroke-width: 2.5; } .path { fill: var(--path); }
.break { fill: var(--break); stroke: var(--ink); stroke-width: 1.5; }
.avoids, .folded { fill: var(--paper); stroke: var(--quiet); stroke-width: 1.5; }
"""
LEFT, SPINE, ASIDE, WIDTH = 20, 430, 500, 1060
"""Where texts of the spine begin, where the spine is, where ways out are, how wide a page is."""
LINE, ROW = 18, 26
"""Heights of a line of text and of the shortest row."""
CHARACTER = 7.9
"""Width of a character."""


def race_svg(graph: DiGraph) -> str:
    """A graph of ``counterexample.graph``: time runs downwards, ways out leave to the right."""
    spine = [node for node, kind in graph.nodes(data="kind") if kind in ("start", "path", "break")]
    page = _Page(graph.graph["title"])
    page.legend()
    y = page.bottom
    for k, node in enumerate(spine):
        kind = graph.nodes[node]["kind"]
        titled = kind in ("start", "break")
        rows = [(row, "title") for row in _wrapped(graph.nodes[node]["label"], 50)] if titled else []
        following = next((graph.edges[node, n] for n in spine[k + 1:k + 2]), None)
        if following is not None:
            rows = rows or [("", "")]
            rows += [(row, "") for row in _wrapped(f"{following['actor'] or '*'} {following['label']}", 50)]
        for number, (text, mark) in enumerate(rows):
            if text:
                page.text(text, LEFT, y + 4 + LINE * number, mark)
        lines = 0
        for other in graph.successors(node):
            if graph.nodes[other]["kind"] not in ("avoids", "folded"):
                continue
            at = y + LINE * lines
            page.line("aside", SPINE + 8, y, ASIDE - 6, at)
            page.mark(graph.nodes[other]["kind"], ASIDE, at)
            for text in _wrapped(graph.nodes[other]["label"], 66):
                page.text(text, ASIDE + 12, y + 4 + LINE * lines, "quiet")
                lines += 1
        height = LINE * max(len(rows), lines, 1) + ROW - LINE
        if following is not None:
            page.line("edge", SPINE, y + 8, SPINE, y + height - 12, tip=True)
        page.mark(kind, SPINE, y)
        y += height
    return page.done(y + ROW)


def machine_svg(graph: MultiDiGraph, about: str) -> str:
    """A state machine of ``counterexample.quotient``: values on a ring, procedures on the arrows."""
    page = _Page(graph.graph["title"])
    for row in textwrap.wrap(about, 120, break_on_hyphens=False):
        page.text(row, LEFT, page.bottom, "quiet")
        page.bottom += LINE
    nodes = list(graph)
    pairs: dict[tuple[Any, Any], list[str]] = {}
    for old, new, found in graph.edges(data=True):
        pairs.setdefault((old, new), []).append(f"{found['label']} ×{found['count']:,}")
    sizes = {node: max(len(str(node)), len(_seen(found))) * CHARACTER + 24 for node, found in graph.nodes(data=True)}
    across, down = max(300.0, 62.0 * len(nodes)), max(150.0, 42.0 * len(nodes))
    page.width = max(WIDTH, int(2 * across + max(sizes.values(), default=0) + 80))
    wide, top = page.width / 2, page.bottom + 60 + down
    places = {node: (wide + across * math.sin(2 * math.pi * k / len(nodes)),
                     top - down * math.cos(2 * math.pi * k / len(nodes))) for k, node in enumerate(nodes)}
    badges = [page.arc(places[old], places[new], sizes[old], sizes[new], top) for old, new in pairs]
    for node, (x, y) in places.items():
        page.box(str(node), _seen(graph.nodes[node]), x, y, sizes[node])
    for number, (x, y) in enumerate(badges, 1):
        page.text(str(number), x, y + 4, "title", "middle")
    y = top + down + 90
    for number, ((old, new), texts) in enumerate(pairs.items(), 1):
        rows = textwrap.wrap(f"{number:3}  {old} → {new}: {', '.join(texts)}", int(page.width / CHARACTER) - 6,
                             subsequent_indent=" " * 7, break_on_hyphens=False)
        for row in rows:
            page.text(row, LEFT, y)
            y += LINE
    return page.done(y)


def _seen(found: dict[str, Any]) -> str:
    return f"{found['count']:,}" + (", at the start" if found["kind"] == "start" else "")


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)


class _Page:
    def __init__(self, title: str):
        self.top = ElementTree.Element("svg", xmlns="http://www.w3.org/2000/svg", role="img")
        ElementTree.SubElement(self.top, "title").text = title
        ElementTree.SubElement(self.top, "style").text = STYLE
        defs = ElementTree.SubElement(self.top, "defs")
        marker = ElementTree.SubElement(defs, "marker", id="tip", viewBox="0 0 10 10", refX="8", refY="5",
                                        markerWidth="5", markerHeight="5", orient="auto")
        ElementTree.SubElement(marker, "path", {"d": "M0,0 L10,5 L0,10 z", "class": "tip"})
        self.bottom, self.width = 60, WIDTH
        self.text(title, LEFT, 28, "title")

    def legend(self) -> None:
        x = LEFT + 8
        for kind, text in (("path", "the race"), ("break", "the break"), ("avoids", "a step that would have kept it"),
                           ("folded", "more of them")):
            self.mark(kind, x, 50)
            self.text(text, x + 16, 54, "quiet")
            x += int(44 + len(text) * CHARACTER)
        self.bottom = 90

    def text(self, text: str, x: float, y: float, kind: str = "", anchor: str = "start") -> None:
        made = ElementTree.SubElement(self.top, "text", {"x": f"{x:.0f}", "y": f"{y:.0f}", "text-anchor": anchor,
                                                         "xml:space": "preserve"})
        made.text = text
        if kind:
            made.set("class", kind)

    def line(self, kind: str, x: float, y: float, to_x: float, to_y: float, *, tip: bool = False) -> None:
        self._path(kind, f"M{x:.0f},{y:.0f} L{to_x:.0f},{to_y:.0f}", tip)

    def _path(self, kind: str, d: str, tip: bool) -> None:
        made = ElementTree.SubElement(self.top, "path", {"class": kind, "d": d})
        if tip:
            made.set("marker-end", "url(#tip)")

    def mark(self, kind: str, x: float, y: float) -> None:
        """Each kind has a shape of its own: discs, an octagon with an exclamation mark, rings, boxes."""
        if kind == "break":
            corners = [(x + 11 * math.cos(a), y + 11 * math.sin(a)) for a in (math.pi / 8 + k * math.pi / 4
                                                                             for k in range(8))]
            ElementTree.SubElement(self.top, "polygon", {"class": kind, "points": " ".join(
                f"{a:.1f},{b:.1f}" for a, b in corners)})
            self.text("!", x, y + 5, "title", "middle")
        elif kind == "folded":
            ElementTree.SubElement(self.top, "rect", {"class": kind, "x": f"{x - 6:.0f}", "y": f"{y - 5:.0f}",
                                                      "width": "12", "height": "10"})
        else:
            ElementTree.SubElement(self.top, "circle", {"class": kind, "cx": f"{x:.0f}", "cy": f"{y:.0f}",
                                                        "r": "5" if kind == "avoids" else "7"})

    def box(self, name: str, count: str, x: float, y: float, wide: float) -> None:
        ElementTree.SubElement(self.top, "rect", {
            "class": "start", "x": f"{x - wide / 2:.0f}", "y": f"{y - 22:.0f}", "width": f"{wide:.0f}",
            "height": "44", "rx": "10"})
        self.text(name, x, y - 2, "title", "middle")
        self.text(count, x, y + 15, "quiet", "middle")

    def arc(self, start: tuple[float, float], end: tuple[float, float], wide: float, to_wide: float,
            middle: float) -> tuple[float, float]:
        """An arrow that bends to its left, so that the way back has room; where its number goes."""
        (x, y), (to_x, to_y) = start, end
        if start == end:
            away = 1 if y >= middle else -1
            self._path("edge", f"M{x - 26:.0f},{y + 22 * away:.0f} c-30,{60 * away} 82,{60 * away} 52,0", True)
            return x, y + 66 * away
        length = math.hypot(to_x - x, to_y - y)
        aside = (-(to_y - y) / length, (to_x - x) / length)
        bend = 0.22 * length
        control = ((x + to_x) / 2 + aside[0] * bend, (y + to_y) / 2 + aside[1] * bend)
        starts, ends = _border(start, control, wide), _border(end, control, to_wide)
        self._path("edge", f"M{starts[0]:.0f},{starts[1]:.0f} Q{control[0]:.0f},{control[1]:.0f} "
                           f"{ends[0]:.0f},{ends[1]:.0f}", True)
        return (starts[0] + ends[0]) / 4 + control[0] / 2, (starts[1] + ends[1]) / 4 + control[1] / 2

    def done(self, height: float) -> str:
        self.top.set("viewBox", f"0 0 {self.width} {height:.0f}")
        self.top.set("width", str(self.width))
        self.top.set("height", f"{height:.0f}")
        ElementTree.indent(self.top)
        return ElementTree.tostring(self.top, encoding="unicode") + "\n"


def _border(box: tuple[float, float], towards: tuple[float, float], wide: float) -> tuple[float, float]:
    """Where a line leaves a box, and a little further."""
    dx, dy = towards[0] - box[0], towards[1] - box[1]
    scale = min((wide / 2 + 4) / abs(dx) if dx else math.inf, 26 / abs(dy) if dy else math.inf)
    return box[0] + dx * scale, box[1] + dy * scale
