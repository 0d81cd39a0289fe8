# SPDX-License-Identifier: GPL-2.0-or-later
"""The native search against plain Python, on the hand-written systems."""

import subprocess
import sys
import time
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from checker.explicit import explore, native
from checker.explicit.code import DECLARATIONS
from checker.explicit.native import Later, Modules
from checker.explicit.objects import Objects, key_of
from checker.explicit.passes import Passes
from checker.explicit.program import Program
from checker.explicit.search import Search
from checker.language import build, load_specs
from checker.language.raw import Raw

SYSTEMS = Path(__file__).parent / "systems"
SMALL = [
    "lock_pair:opposite_order", "forgotten_unlock:forgets", "peterson:wrong_order", "stale_copy:incoherent",
    "mailbox:two_clients", "bounded_buffer:unreserved", "readers_writers:three_tasks",
    "two_phase_commit:three_managers", "token_ring:round_trip",
]


def system_of(name):
    file, variable = name.split(":")
    return build(load_specs(SYSTEMS / f"{file}.py")[variable])


def graph(system):
    """Vectors by layer, and (source, actor, procedure, target, broken) of every transition, by running Python."""
    raw = Raw(system)
    layers, seen, edges = [raw.initial()], {c.vector for c in raw.initial()}, []
    while layers[-1]:
        following = []
        for here in layers[-1]:
            for t in raw.successors(here):
                edges.append((here.vector, t.actor, t.procedure, t.target and t.target.vector, t.broken))
                if t.target is not None and t.target.vector not in seen:
                    seen.add(t.target.vector)
                    following.append(t.target)
        layers.append(following)
    return [{c.vector for c in layer} for layer in layers], edges


def fewest_switches(system, edges, finding):
    """Over all shortest ways to what was found: states that look the same are all ends."""
    best = {(vector, None): 0 for vector in system.initial}
    for step in range(finding.depth):
        following = {}
        last_step = step == finding.depth - 1
        for source, actor, _, target, broken in edges:
            if last_step and finding.error is not None and finding.promise not in broken:
                continue
            for (vector, last), switches in best.items():
                if vector == source and (target is not None or last_step):
                    more = switches + (actor is not None and last is not None and actor != last)
                    key = (target, last if actor is None else actor)
                    following[key] = min(more, following.get(key, more))
        best = following
    end = None if finding.error is not None else finding.path[-1]
    return min(n for (vector, _), n in best.items() if vector == end)


def switches(finding):
    actors = [actor for _, actor in finding.moves if actor is not None]
    return sum(a != b for a, b in pairwise(actors))


@pytest.mark.parametrize("name", SMALL)
def test_paths_are_shortest_and_switch_least(name):
    system = system_of(name)
    layers, edges = graph(system)
    found = explore(system)
    for finding in found.findings.values():
        assert len(finding.moves) == finding.depth
        for depth, vector in enumerate(finding.path):
            assert vector in layers[depth]  # no state of the path can be reached sooner
        for k, (procedure, actor) in enumerate(finding.moves):
            target = finding.path[k + 1] if k + 1 < len(finding.path) else None
            assert any(e[:4] == (finding.path[k], actor, procedure, target) for e in edges)
        assert switches(finding) == fewest_switches(system, edges, finding)


@pytest.mark.parametrize("name", SMALL)
def test_every_procedure_runs_as_often_as_in_python(name):
    system = system_of(name)
    _, edges = graph(system)
    counts = Counter(procedure for _, _, procedure, target, _ in edges if target is not None)
    found = explore(system)
    assert {p: n for p, n in found.coverage.procedures.items() if n} == counts
    assert found.transitions == len(edges)


@pytest.mark.parametrize("name", [*SMALL, "reference_swap:mid", "reference_swap_roles:small"])
def test_the_text_is_valid_for_llvm(name):
    program = Program(system_of(name))
    for text in (*program.modules.units, *program.modules.alone, Passes(program.layout.words).text()):
        llvm.parse_assembly(DECLARATIONS + text).verify()


@pytest.mark.parametrize("words", [1, 2, 3, 7])
def test_the_search_is_valid_for_llvm_at_any_width(words):
    llvm.parse_assembly(DECLARATIONS + Passes(words).text()).verify()


LITTLE_ROOM = """
import resource, sys
sys.path[:0] = [{root!r}]
resource.setrlimit(resource.RLIMIT_AS, ({size}, {size}))
from checker.explicit import LimitError, explore
from checker.language import build, load_specs
system = build(load_specs({path!r})["small"])
try:
    print(explore(system).states)
except LimitError as error:
    print("LimitError:", error)
"""


@pytest.mark.parametrize("mebibytes", [600, 4000])
def test_limited_address_space_is_enough_for_a_small_search(mebibytes):
    """``ulimit -v`` counts what is only reserved, too."""
    path = str(SYSTEMS / "reference_swap.py")
    program = LITTLE_ROOM.format(root=str(SYSTEMS.parent.parent), size=mebibytes << 20, path=path)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "14366"


def test_code_compiled_for_speed_finds_the_same(monkeypatch):
    """Normally only long searches go over to it."""
    name = "reference_swap_roles:stale_commit"
    quick = explore(system_of(name))
    monkeypatch.setattr("checker.explicit.search._PATIENCE", -1.0)
    monkeypatch.setattr("checker.explicit.machine._LITTLE", 0)
    monkeypatch.setattr(native, "shared", cache(lambda: Objects(None)))
    calls = []
    advance = Search._advance

    def watched(search, end):
        advance(search, end)
        calls.append(search.machine.slow)
        search.machine._later._thread.join()

    monkeypatch.setattr(Search, "_advance", watched)
    fast = explore(system_of(name))
    assert calls[0] > 0 and len(calls) > 2 and not any(calls[1:]), "it goes over in the middle of the search"
    assert (quick.fingerprint, quick.findings, quick.coverage) == (fast.fingerprint, fast.findings, fast.coverage)


def test_what_is_searched_again_is_compiled_for_speed(monkeypatch):
    """Its search need not be long: the one after it finds what was compiled meanwhile."""
    name = "reference_swap_roles:stale_commit"
    monkeypatch.setattr("checker.explicit.search._PATIENCE", 1e9)
    monkeypatch.setattr("checker.explicit.machine._LITTLE", 0)
    monkeypatch.setattr("checker.explicit.search._PATIENCE_AGAIN", -1.0)
    monkeypatch.setattr(native, "shared", cache(lambda: Objects(None)))
    first = explore(system_of(name))
    assert first.hurried > 0 and first.phases["search"] > 0
    advance = Search._advance

    def watched(search, end):
        advance(search, end)
        search.machine._later._thread.join()

    monkeypatch.setattr(Search, "_advance", watched)
    second = explore(system_of(name))
    assert second.hurried == 0 and (first.fingerprint, first.findings) == (second.fingerprint, second.findings)


def test_a_small_model_is_compiled_while_its_search_waits(monkeypatch):
    """Beside the search it would take longer than the search that is left."""
    name = "reference_swap:stale_commit"
    monkeypatch.setattr(native, "shared", cache(lambda: Objects(None)))
    monkeypatch.setattr("checker.explicit.search._PATIENCE_LITTLE", 1e9)
    quick = explore(system_of(name))
    monkeypatch.setattr(native, "shared", cache(lambda: Objects(None)))
    monkeypatch.setattr("checker.explicit.search._PATIENCE_LITTLE", -1.0)
    monkeypatch.setattr("checker.explicit.machine.Later", None)
    fast = explore(system_of(name))
    assert quick.hurried > 0 and fast.hurried == 0
    assert (quick.fingerprint, quick.findings, quick.coverage) == (fast.fingerprint, fast.findings, fast.coverage)


def test_nobody_waits_for_what_is_not_needed_any_more():
    texts = [f"define i64 @number() {{ ret i64 {k} }} ; {time.time()}" for k in range(2000)]
    later = Later(Modules(alone=tuple(texts)))
    later.end()
    assert later.done and native.shared().get(key_of(texts[-1], str(native.FAST), native._compiler())) is None
    assert 0 < later.left < sum(map(len, texts))
