# SPDX-License-Identifier: GPL-2.0-or-later
"""Graphs as files: SVG to look at, DOT for Graphviz, GraphML for other tools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from checker.language.errors import UsageError

if TYPE_CHECKING:
    from networkx import DiGraph

SHAPES = {"start": "circle", "path": "circle", "break": "octagon", "avoids": "ellipse", "folded": "box"}
COLOURS = {"path": "#0072B2", "start": "#0072B2", "break": "#D55E00", "avoids": "#595959", "folded": "#595959"}
SUFFIXES = (".svg", ".dot", ".graphml")


def suffix_of(path: str) -> str:
    """UsageError for a file that is no graph."""
    found = next((suffix for suffix in SUFFIXES if path.endswith(suffix)), None)
    if found is None:
        raise UsageError(f"{path}: a graph is written as {', '.join(SUFFIXES)}")
    return found


def text_of(graph: DiGraph, suffix: str, svg: Callable[[], str]) -> str:
    """The file's text; ``svg`` draws it."""
    if suffix == ".svg":
        return svg()
    return "\n".join(_dot(graph)) + "\n" if suffix == ".dot" else graphml(graph)


def graphml(graph: DiGraph) -> str:
    from networkx import generate_graphml

    return "\n".join(generate_graphml(graph)) + "\n"


def _dot(graph: DiGraph) -> Iterator[str]:
    """networkx writes DOT through another library only; the part of the language that is needed is this small."""
    yield "digraph race {"
    yield f"  label={_quoted(graph.graph['title'])}; labelloc=t; node [fontname=monospace]; edge [fontname=monospace];"
    for node, found in graph.nodes(data=True):
        attributes = {"label": _label(found), "shape": SHAPES[found["kind"]], "color": COLOURS[found["kind"]]}
        if found["kind"] == "break":
            attributes["penwidth"] = "3"
        yield f"  {_quoted(node)} [{_listed(attributes)}];"
    for old, new, found in graph.edges(data=True):
        aside = found.get("kind", "path") in ("avoids", "folded")
        who = f"{found['actor'] or '*'} " if found.get("kind") == "path" else ""
        attributes = {"label": "" if aside else who + _label(found), "color": COLOURS["avoids" if aside else "path"],
                      "style": "dashed" if aside else "bold"}
        yield f"  {_quoted(old)} -> {_quoted(new)} [{_listed(attributes)}];"
    yield "}"


def _label(found: dict[str, Any]) -> str:
    return f"{found['label']} ×{found['count']:,}" if "count" in found else str(found["label"])


def _listed(attributes: dict[str, str]) -> str:
    return ", ".join(f"{name}={_quoted(value)}" for name, value in attributes.items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
