# SPDX-License-Identifier: GPL-2.0-or-later
"""Graphs: read back by networkx (GraphML), pydot (DOT) and an XML parser (SVG), counted by the raw reading."""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import networkx
import pydot
import pytest
from cli import BRANCHES, COUNTER, HOME, Done, run, sentence

from checker.asked import ask
from checker.counterexample.graph import MOST
from checker.counterexample.key import model_hash
from checker.counterexample.quotient import quotient
from checker.explicit import explore
from checker.explicit.transitions import Transitions
from checker.language.raw import Configuration, Raw
from checker.run import question

Capture = pytest.CaptureFixture[str]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(capsys: Capture, path: Path, *words: str) -> Done:
    done = run(capsys, "graph", *words, "-o", str(path))
    assert done.code == 0, done.err
    return done


def read_dot(path: Path) -> tuple[dict[str, dict[str, str]], list[tuple[str, str]]]:
    """Attributes of the nodes, and the edges."""
    with warnings.catch_warnings():  # it uses old names of its parser
        warnings.simplefilter("ignore", DeprecationWarning)
        (graph,) = pydot.graph_from_dot_data(path.read_text())
    nodes = {pydot_name(node.get_name()): node.get_attributes() for node in graph.get_nodes()
             if node.get_name() not in ("node", "edge")}
    return nodes, [(pydot_name(e.get_source()), pydot_name(e.get_destination())) for e in graph.get_edges()]


def pydot_name(text: str) -> str:
    return text.strip('"').replace('\\"', '"').replace("\\\\", "\\")


# ------------------------------------------------------------------- the race


def race(graph: networkx.DiGraph) -> list[str]:
    """The nodes of the spine, from the start to the break."""
    (start,) = (node for node, degree in graph.in_degree() if degree == 0)
    spine = [start]
    while following := [b for _, b, kind in graph.out_edges(spine[-1], data="kind") if kind == "path"]:
        (after,) = following
        spine.append(after)
    return spine


def test_the_graph_of_a_lost_update(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "race.graphml"
    done = drawn(capsys, path, COUNTER, "lost_update")
    graph = networkx.read_graphml(path)
    assert f"{len(graph)} nodes: no_update_is_lost in 6 steps" in done.out
    assert networkx.is_arborescence(graph), "everything hangs off the spine"
    spine = race(graph)
    kinds = [graph.nodes[node]["kind"] for node in spine]
    assert kinds == ["start", *["path"] * 5, "break"]
    steps = [(graph.edges[edge]["actor"], graph.edges[edge]["label"]) for edge in pairwise(spine)]
    assert steps == [
        ("CPU0", "add(s0): count read"), ("CPU1", "add(s0): count read"), ("CPU1", "update(): count written"),
        ("CPU1", "add(): return"), ("CPU0", "update(): count written"), ("CPU0", "add(): return")]
    beside = {node: kind for node, kind in graph.nodes(data="kind") if node not in spine}
    assert set(beside.values()) == {"avoids"}
    assert all(graph.out_degree(node) == 0 and graph.in_edges(node) for node in beside)
    # What avoids the break: above all, that CPU0 is not interrupted between its read and its write.
    assert "CPU0 add: count written" in [graph.nodes[node]["label"] for node in graph.successors(spine[1])]


def test_a_way_out_keeps_the_promise(tmp_path: Path, capsys: Capture) -> None:
    """Behind the read of the second CPU no step breaks anything yet; before the last one, not all do."""
    drawn(capsys, tmp_path / "race.graphml", COUNTER, "forgotten_unlock", "no_lock_left_behind")
    graph = networkx.read_graphml(tmp_path / "race.graphml")
    *_, before, _ = race(graph)
    labels = [graph.nodes[node]["label"] for node in graph.successors(before) if graph.nodes[node]["kind"] == "avoids"]
    assert "* blink()" in labels and "CPU0 add: return" not in labels


def test_dot_and_graphml_are_the_same_graph(capsys: Capture, tmp_path: Path) -> None:
    for words in ([COUNTER, "lost_update"], [COUNTER, "locked_add", "--quotient", "cell.lock,cell.count"],
                  ["o05_writeback_without_recheck"]):
        drawn(capsys, tmp_path / "g.dot", *words)
        drawn(capsys, tmp_path / "g.graphml", *words)
        nodes, edges = read_dot(tmp_path / "g.dot")
        graph = networkx.read_graphml(tmp_path / "g.graphml")
        assert sorted(nodes) == sorted(graph) and Counter(edges) == Counter((a, b) for a, b, *_ in graph.edges)
        for node, kind in graph.nodes(data="kind"):
            shape, colour = nodes[node]["shape"].strip('"'), nodes[node]["color"].strip('"')
            assert (kind == "break") == (shape == "octagon") == (colour == "#D55E00")


def read_svg(path: Path) -> ElementTree.Element:
    """The picture; it loads nothing, runs nothing, and knows light and dark."""
    text = path.read_text()
    assert "prefers-color-scheme: dark" in text and "--path: #0072B2; --break: #D55E00" in text
    top = ElementTree.fromstring(text)
    assert {element.tag for element in top.iter()} <= {
        SVG + name for name in ("svg", "title", "style", "defs", "marker", "path", "text", "circle", "rect", "polygon")}
    assert not any("href" in name or name.startswith("on") for element in top.iter() for name in element.attrib)
    width, height = (float(value) for value in top.attrib["viewBox"].split()[2:])
    places = [box(element) for element in top.findall(f"{SVG}text")]
    for left, above, right, below, said in places:
        assert 0 <= left and right <= width and 0 <= above and below <= height, said
    for k, (left, above, right, below, said) in enumerate(places):
        for to_left, to_above, to_right, to_below, other in places[:k]:
            apart = to_right <= left or right <= to_left or to_below <= above or below <= to_above
            assert apart, f"{other!r} is written over {said!r}"
    return top


def box(text: ElementTree.Element) -> tuple[float, float, float, float, str]:
    """Where a text is, in the 13 pixels high letters of the style, and what it says."""
    said = text.text or ""
    wide, x, y = 7.9 * len(said), float(text.attrib["x"]), float(text.attrib["y"])
    left = x - wide / 2 if text.attrib["text-anchor"] == "middle" else x
    return left, y - 11, left + wide, y + 3, said


def test_the_picture_of_a_race(capsys: Capture, tmp_path: Path) -> None:
    drawn(capsys, tmp_path / "g.svg", COUNTER, "lost_update")
    drawn(capsys, tmp_path / "g.graphml", COUNTER, "lost_update")
    top, graph = read_svg(tmp_path / "g.svg"), networkx.read_graphml(tmp_path / "g.graphml")
    marks = Counter(element.get("class") for element in top if element.tag != SVG + "text")
    kinds = Counter(kind for _, kind in graph.nodes(data="kind"))
    legend = {"path": 1, "break": 1, "avoids": 1, "folded": 1}
    assert {kind: marks[kind] - legend.get(kind, 0) for kind in kinds} == dict(kinds)
    shapes = {element.tag for element in top if element.get("class") == "break"}
    assert shapes == {SVG + "polygon"}, "never colour alone"
    said = "\n".join(element.text or "" for element in top.iter(SVG + "text"))
    for text in ("CPU0 add(s0): count read", "BUG: no_update_is_lost", "CPU0 add: count written"):
        assert text in said


LONG = """
from checker.language import *

class Cpu(Actor, prefix="CPU"):
    \"\"\"A processor.\"\"\"

class Steps(State):
    done: Range(0, 200)
    odd: Array[Cpu, bool]

@operation
def tick(s: Steps, cpu: Cpu):
    s.done += 1
    s.odd[cpu] = not s.odd[cpu]

@operation
def rest(s: Steps, cpu: Cpu):
    yield "resting"

@invariant
def few(s: Steps):
    return s.done < 190

TICKS = Model(state=Steps, operations={Cpu: [tick, rest]})
long = Spec(why="Long.", model=TICKS, scope=Scope("two", sizes={Cpu: 2}), promises=[few], expected={"few": broken()})
"""


def test_a_long_race_is_folded(capsys: Capture, tmp_path: Path) -> None:
    model, path = tmp_path / "long.py", tmp_path / "g.graphml"
    model.write_text(LONG)
    drawn(capsys, path, str(model))
    graph = networkx.read_graphml(path)
    assert len(graph) <= MOST
    spine = race(graph)
    assert [graph.nodes[node]["step"] for node in spine][:2] == [0, 130], "130 steps of one actor are one arrow"
    assert len(spine) == 62 and graph.nodes[spine[-1]]["step"] == 190
    assert graph.edges[spine[0], spine[1]]["label"].startswith("130 steps, to tick()")
    hanging = [graph.nodes[a]["step"] for a, _, kind in graph.edges(data="kind") if kind == "avoids"]
    assert 189 in hanging and len(set(hanging)) < 60, "there is room for ways out near the break only"


def test_the_graph_of_the_installed_model(capsys: Capture, tmp_path: Path) -> None:
    drawn(capsys, tmp_path / "g.graphml", "o05_writeback_without_recheck")
    graph = networkx.read_graphml(tmp_path / "g.graphml")
    written = json.loads((HOME / "counterexamples" / "001-writeback-without-recheck" / "trace.json").read_text())
    assert len(graph) <= MOST and len(race(graph)) == len(written["steps"]) + 1
    read_svg(drawn_svg(capsys, tmp_path, "o05_writeback_without_recheck"))


def drawn_svg(capsys: Capture, tmp_path: Path, *words: str) -> Path:
    drawn(capsys, tmp_path / "again.svg", *words)
    return tmp_path / "again.svg"


# ------------------------------------------------------------ state machines


@pytest.mark.parametrize("spec", ["locked_add", "lost_update", "forgotten_unlock"])
def test_every_reachable_transition_is_walked(spec: str) -> None:
    asked, _ = ask([COUNTER], scope=["Slot=2"])
    system = question(asked, asked.spec(spec)).system
    walk, found = Transitions(system), explore(system)
    transitions = Counter(procedure for _, _, procedure in walk)
    assert (len(walk.states), transitions.total()) == (found.states, found.transitions)
    assert transitions == Counter(found.coverage.procedures)


def test_the_machine_is_what_the_raw_reading_does() -> None:
    """The same counts from Python alone, for a field of each object."""
    asked, _ = ask([COUNTER], scope=["Slot=2"])
    system = question(asked, asked.spec("locked_add")).system
    (field,) = (f for f in system.fields if f.name == "cell[].lock")
    raw = Raw(system)
    (start,) = raw.initial()
    known: dict[tuple[int, ...], Configuration] = {start.vector: start}
    queue, edges, seen = [start], Counter[tuple[str, str, str]](), Counter[str]()
    for here in queue:
        words = ["held" if here.vector[field.offset + k] else "free" for k in range(2)]
        seen.update(words)
        for transition in raw.successors(here):
            assert transition.target is not None
            for k, word in enumerate(words):
                after = transition.target.vector[field.offset + k]
                if after != here.vector[field.offset + k]:
                    edges[word, "held" if after else "free", transition.procedure] += 1
            if transition.target.vector not in known:
                known[transition.target.vector] = transition.target
                queue.append(transition.target)
    machine = quotient(system, ["cell.lock"])
    assert dict(machine.graph.nodes(data="count")) == seen
    assert {(a, b, name): found["count"] for a, b, name, found in machine.graph.edges(keys=True, data=True)} == edges
    assert set(edges) == {("free", "held", "add"), ("held", "free", "add")}


def test_the_machine_of_one_entry(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "g.graphml"
    words = ("o05_writeback_without_recheck", "--quotient", "virtual_table")
    done = drawn(capsys, path, *words)
    graph = networkx.read_graphml(path)
    assert {graph.nodes[node]["label"] for node in graph} == {"NONE", "ZSWAP", "SWAPFILE"}
    assert graph.nodes["ZSWAP"]["kind"] == "start" and "3 values of virtual_table" in done.out
    moves = {(a, b, found["label"]) for a, b, found in graph.edges(data=True)}
    assert ("ZSWAP", "SWAPFILE", "zswap_writeback_entry") in moves
    assert ("NONE", "SWAPFILE", "shrink_folio_list") in moves
    assert not any(label == "zswap_writeback_entry" and a == "NONE" for a, _, label in moves)
    said = "\n".join(t.text or "" for t in read_svg(drawn_svg(capsys, tmp_path, *words)).iter(SVG + "text"))
    for _, _, found in graph.edges(data=True):
        assert f"{found['label']} ×{found['count']:,}" in said


def test_the_pictures_of_the_readme_are_of_this_model() -> None:
    """What 'make docs' would draw is known by the model's hash, without the search."""
    recipe = (HOME / "Makefile").read_text()
    scope = re.search(r"^EVERYBODY := '(.*)'$", recipe, re.MULTILINE)
    drawings = re.findall(r"vswap graph (\w+) --scope \$\(EVERYBODY\) --quotient (\w+) -o (\S+)$", recipe,
                          re.MULTILINE)
    assert scope and [spec for spec, *_ in drawings] == ["rfc_v1", "rfc_v2"]
    asked, _ = ask([], scope=[scope[1]])
    for spec, field, path in drawings:
        said = [text.text or "" for text in read_svg(HOME / path).iter(SVG + "text")]
        assert said[0] == field and f"]({path})" in (HOME / "README.md").read_text()
        assert said[1].startswith(f"{spec}@{model_hash(question(asked, asked.spec(spec)).system)}: "), \
            "the model has changed: run make docs"


def test_a_machine_of_several_fields(capsys: Capture, tmp_path: Path) -> None:
    drawn(capsys, tmp_path / "g.graphml", COUNTER, "locked_add", "--quotient", "cell.lock, done,cell.content")
    graph = networkx.read_graphml(tmp_path / "g.graphml")
    assert "cell.lock free, done 0, cell.content set" in graph
    read_svg(drawn_svg(capsys, tmp_path, COUNTER, "locked_add", "--quotient", "lamp"))


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(("words", "said"), [
    ([COUNTER, "lost_update", "-o", "g.html"], "a graph is written as .svg, .dot, .graphml"),
    ([COUNTER, "lost_update"], "the following arguments are required: -o/--output"),
    ([COUNTER, "-o", "g.svg"], "graph draws one spec: name it"),
    ([COUNTER, "lost_updates", "-o", "g.svg"], "did you mean lost_update?"),
    ([COUNTER, "lost_update", "no_update_is", "-o", "g.svg"], "did you mean no_update_is_lost?"),
    ([COUNTER, "lost_update", "-o", "g.svg", "--quotient", "cell.look"], "did you mean cell.lock"),
    ([COUNTER, "lost_update", "-o", "g.svg", "--quotient", ","], "names of fields"),
    ([COUNTER, "lost_update", "no_deadlock", "-o", "g.svg", "--quotient", "done"], "--quotient draws no promise"),
    (["rfc_v2", "-o", "g.svg", "--quotient", "pte,virtual_table"], "one machine is about one object"),
    ([COUNTER, "lost_update", "-o", "no/such/folder/g.svg"], "cannot be written: No such file"),
    ([COUNTER, "lost_update", "--scope", "Slot=0", "-o", "g.svg"], "Slot has 0 objects"),
])
def test_what_cannot_be_drawn_is_one_sentence(
        capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(capsys, "graph", *words)
    assert done.code == 2 and said in sentence(done)
    assert not list(tmp_path.iterdir())


def test_nothing_to_draw(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "g.svg"
    done = run(capsys, "graph", COUNTER, "locked_add", "-o", str(path))
    assert done.code == 5 and "no promise breaks: there is nothing to draw" in done.out
    done = run(capsys, "graph", COUNTER, "lost_update", "no_deadlock", "-o", str(path), "--json")
    assert done.code == 5 and done.json["graph"]["file"] is None
    done = run(capsys, "graph", COUNTER, "locked_add", "-o", str(path), "--max-states", "5")
    assert done.code == 3 and not path.exists()


def test_a_machine_of_not_everything_says_so(capsys: Capture, tmp_path: Path) -> None:
    for limit in (["--max-states", "40"], ["--time", "0.000001"], ["--memory", "1M"]):
        path = tmp_path / "g.svg"
        done = run(capsys, "graph", COUNTER, "locked_add", "-o", str(path), "--quotient", "done", *limit)
        assert done.code == 3 and "not all of them: the " in done.out and "not all of them" in path.read_text()


def test_a_break_at_the_start(capsys: Capture, tmp_path: Path) -> None:
    model = tmp_path / "broken.py"
    text = Path(BRANCHES).read_text() + "\n@invariant\ndef lit(s: Lamp):\n    return s.on\n"
    model.write_text(text + 'dark = Spec(why="It is dark.", model=WATCHED, scope=one, promises=[lit])\n')
    drawn(capsys, tmp_path / "g.graphml", str(model), "dark")
    assert dict(networkx.read_graphml(tmp_path / "g.graphml").nodes(data="kind")) == {"0": "break"}
    read_svg(drawn_svg(capsys, tmp_path, str(model), "dark"))
