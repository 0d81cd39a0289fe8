# SPDX-License-Identifier: GPL-2.0-or-later
"""Promises about runs: known starvations, how they are shown, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli import COUNTER, MODELS, run, sentence
from junitparser import JUnitXml

from checker.explicit import Limits, explore
from checker.explicit.search import Search
from checker.language import LanguageError, build, load_specs

Capture = pytest.CaptureFixture[str]
STARVATION, PHILOSOPHERS, REQUESTS = (str(MODELS / f"{name}.py") for name in ("starvation", "philosophers", "requests"))

STARVED = """\
BUG: starvation: whoever_wants_the_lock_gets_it broken in locked_work

  T0                                  T1
  --                                  --
  locked_work()
    wants the lock
  === from here on, again and again: ===
                                      locked_work()
                                        wants the lock
                                        has the lock
                                          lock taken
                                        lock released
                                        return
  === and so on, for ever ===

  The promise: Whoever wants the lock gets it, if those move who can always
    move.
  What is owed does not come for t = T0.
  That is fair: T0 can move only now and then.

  1 step; no shorter way leads to a loop (3 steps here) in which it can
  stay.

  To see it again:
    vswap replay KEY MODEL
"""

SILENT = """\
  T0
  --
  read(Page0)
    asked for the page
      page[Page0] left to I/O
  === and nothing more has to happen ===

  The promise: Whoever asks for a page gets it.
  What is owed does not come for t = T0.
  T0 is in read: it stands behind "asked for the page".
  T0 waits for page[Page0], which I/O holds.

  1 step; no shorter way leads to where it can stay.
"""


@pytest.mark.parametrize(("file", "spec", "code"), [
    (STARVATION, "plain_lock", 0), (STARVATION, "ticket_lock", 0), (STARVATION, "peterson", 0),
    (STARVATION, "nothing_owed", 6), (PHILOSOPHERS, "in_order", 0), (PHILOSOPHERS, "round_the_table", 0),
    (REQUESTS, "device_answers", 0), (REQUESTS, "device_may_be_silent", 0), (REQUESTS, "by_turns", 0),
    (REQUESTS, "counting", 0),
])
def test_who_starves_is_known(capsys: Capture, file: str, spec: str, code: int) -> None:
    done = run(capsys, "check", spec, file)
    assert done.code == code, done.out
    if spec == "plain_lock":
        assert re.search("whoever_wants_the_lock_gets_it +a loop of 3 steps, after 1 step, as expected", done.out)
    if spec == "device_may_be_silent":
        assert re.search("every_page_comes +nothing more has to happen after 1 step, as expected", done.out)


def drawn(capsys: Capture, spec: str, file: str, promise: str) -> str:
    done = run(capsys, "explain", spec, file, promise)
    assert done.code == 0, done.err
    return re.sub(r"vswap replay .*", "vswap replay KEY MODEL", done.out)


def test_a_lasso_is_drawn_with_its_loop_marked(capsys: Capture) -> None:
    out = drawn(capsys, "plain_lock", STARVATION, "whoever_wants_the_lock_gets_it")
    assert out.startswith(STARVED)
    told = out[len(STARVED):]
    assert "From here on, again and again:" in told
    assert "This can go on for ever" in told


def test_a_run_in_which_nothing_more_has_to_happen(capsys: Capture) -> None:
    out = drawn(capsys, "device_may_be_silent", REQUESTS, "every_page_comes")
    assert SILENT in out
    assert "Nothing more has to happen" in out


def test_what_can_never_be_reached(capsys: Capture) -> None:
    out = drawn(capsys, "counting", REQUESTS, "it_can_begin_again")
    assert "No way leads there, as\n    done = 1" in out
    assert "2 steps; no shorter trace exists." in out


def test_a_deadlock_says_who_waits_for_whom(capsys: Capture) -> None:
    out = drawn(capsys, "round_the_table", PHILOSOPHERS, "no_deadlock")
    assert "P0 waits for fork[Seat1], which P1 holds." in out
    assert "P2 waits for fork[Seat0], which P0 holds." in out
    (found,) = [v for v in run(capsys, "check", "round_the_table", PHILOSOPHERS, "--json", "--first").json["verdicts"]
                if v["promise"] == "no_deadlock"]
    assert found["verdict"] == "broken"


def test_a_condition_that_nobody_will_make_true_is_quoted(capsys: Capture, tmp_path: Path) -> None:
    model = tmp_path / "gate.py"
    model.write_text('''
from checker.language import *

class Cpu(Actor, prefix="cpu"):
    """A CPU."""

class S(State):
    open: bool

def wait_for_gate(s: S):
    require(
        s.open
    )

@operation
def enter(s: S, cpu: Cpu):
    """Goes through the gate."""
    yield "stands before the gate"
    wait_for_gate(s)

spec = Spec(why="Nobody opens.", model=Model(state=S, operations={Cpu: [enter]}),
            scope=Scope("one", sizes={Cpu: 1}), promises=[])
''')
    done = run(capsys, "check", str(model), "--json")
    (found,) = [v for v in done.json["verdicts"] if v["promise"] == "no_deadlock"]
    assert "cpu0 waits until s.open." in found["trace"]["race"]
    (wait,) = found["trace"]["waits"]
    assert wait["actor"] == "cpu0" and wait["lock"] is None and wait["until"] == "s.open"
    assert wait["pos"].endswith("gate.py:11")


# ------------------------------------------------------- all views of one trace


def key_of(out: str) -> list[str]:
    return out.replace("\\\n", "").partition("vswap replay ")[2].splitlines()[0].split()


def test_a_lasso_is_replayed(capsys: Capture) -> None:
    key = key_of(run(capsys, "explain", "plain_lock", STARVATION).out)
    assert key[0].endswith("-3")
    done = run(capsys, "replay", *key)
    assert done.code == 0
    assert "from here on, again and again:" in done.out
    without = run(capsys, "replay", key[0][:-2], *key[1:])
    assert without.code == 1, without.out
    shorter = run(capsys, "replay", key[0][:-1] + "2", *key[1:])
    assert shorter.code == 1, shorter.out
    longer = run(capsys, "replay", key[0][:-1] + "9", *key[1:])
    assert longer.code == 2 and "shorter than its loop" in sentence(longer)


def test_a_key_does_not_depend_on_the_fairness_of_other_questions(capsys: Capture, tmp_path: Path) -> None:
    """A rule may become fair without spoiling the keys of specs that do not ask about runs."""
    source = Path(COUNTER).read_text()
    model = tmp_path / "counter.py"
    model.write_text(source)
    before = key_of(run(capsys, "explain", "lost_update", str(model)).out)[0]
    model.write_text(source.replace("@rule\n", "@rule(fair=True)\n"))
    assert key_of(run(capsys, "explain", "lost_update", str(model)).out)[0] == before


def test_a_lasso_in_a_trace_file_and_as_json(capsys: Capture, tmp_path: Path) -> None:
    found = run(capsys, "check", "plain_lock", STARVATION, "--json").json
    (lasso,) = [v for v in found["verdicts"] if v["verdict"] == "broken"]
    assert lasso["kind"] == "progress" and lasso["steps"] == 4
    assert lasso["claim"] == "a loop of 3 steps, after 1 step"
    full = run(capsys, "explain", "plain_lock", STARVATION, "--json").json
    (shown,) = [v["trace"] for v in full["verdicts"] if v["trace"]]
    assert shown["loop"] == 3 and shown["key"].endswith("-3")


def test_a_surprising_lasso_is_in_junit(capsys: Capture, tmp_path: Path) -> None:
    model = tmp_path / "starvation.py"
    model.write_text(Path(STARVATION).read_text().replace('{"whoever_wants_the_lock_gets_it": broken(steps=4)}', "{}"))
    done = run(capsys, "check", "plain_lock", str(model), "--format", "junit")
    assert done.code == 1
    (suite,) = JUnitXml.fromstring(done.out.encode())
    (failed,) = [case for case in suite if case.result]
    assert failed.name == "whoever_wants_the_lock_gets_it"
    assert "=== and so on, for ever ===" in failed.result[0].text


def test_a_lasso_as_a_mermaid_diagram(capsys: Capture) -> None:
    out = run(capsys, "explain", "plain_lock", STARVATION, "--as", "mermaid").out.splitlines()
    assert out.index("    loop for ever") < out.index("    end")


@pytest.mark.parametrize(("file", "spec", "promise"), [
    (STARVATION, "plain_lock", "whoever_wants_the_lock_gets_it"),
    (REQUESTS, "device_may_be_silent", "every_page_comes"), (REQUESTS, "counting", "it_can_begin_again"),
])
def test_a_lasso_as_a_program(capsys: Capture, tmp_path: Path, file: str, spec: str, promise: str) -> None:
    script = tmp_path / "lasso.py"
    script.write_text(run(capsys, "explain", spec, file, promise, "--as", "python").out)
    done = subprocess.run([sys.executable, "-P", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "is broken here" in done.stdout


def test_a_lasso_as_a_graph(capsys: Capture, tmp_path: Path) -> None:
    drawing = tmp_path / "lasso.svg"
    assert run(capsys, "graph", "plain_lock", STARVATION, "-o", str(drawing)).code == 0
    assert "whoever_wants_the_lock_gets_it" in drawing.read_text()


# ---------------------------------------------------------------- what limits it


def test_a_search_that_is_not_complete_decides_nothing_about_runs() -> None:
    found = explore(build(load_specs(STARVATION)["ticket_lock"]), limits=Limits(max_states=5))
    assert {"whoever_draws_a_number_is_served", "every_operation_finishes"} <= found.undecided
    assert not found.findings


@pytest.mark.parametrize("looks", range(6))
def test_a_search_that_is_told_to_stop_says_nothing_that_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch, looks: int,
) -> None:
    """However early an interrupt comes: a break that is shown is the shortest, and what is not known is undecided."""
    whole = explore(build(load_specs(STARVATION)["plain_lock"]))
    left = iter([False] * looks)

    def stop(search: Search) -> bool:
        if next(left, True):
            search.stopped = "interrupted"
        return search.stopped is not None

    monkeypatch.setattr(Search, "_stop", stop)
    found = explore(build(load_specs(STARVATION)["plain_lock"]))
    runs = {"whoever_wants_the_lock_gets_it", "whoever_wants_the_lock_gets_it_at_last", "every_operation_finishes"}
    assert found.stopped == "interrupted" and runs & found.undecided and not found.idle
    for name in runs - found.undecided:
        assert found.findings.get(name) == whole.findings.get(name)


def test_where_the_graph_finds_no_room_runs_are_undecided() -> None:
    system = build(load_specs(None)["rfc_v2_runs"])
    found = [explore(system, limits=Limits(memory=quarters << 18, threads=1)) for quarters in range(4, 40, 2)]
    short = [one for one in found if one.complete and "no room to look for loops" in (one.stopped or "")]
    assert short and short[-1].states == found[-1].states
    assert short[-1].undecided == {promise.name for promise in system.run_promises}
    assert found[-1].stopped is None and not found[-1].undecided


def test_a_renaming_search_asks_about_runs_without_renaming() -> None:
    system = build(load_specs(STARVATION)["plain_lock"])
    plain, renaming = explore(system), explore(system, symmetry=True)
    assert plain.findings == renaming.findings and plain.states == renaming.states


def test_bounded_search_says_that_it_cannot_decide(capsys: Capture) -> None:
    done = run(capsys, "check", "ticket_lock", STARVATION, "--engine", "z3", "--depth", "3", "--json")
    (found,) = [v for v in done.json["verdicts"] if v["promise"] == "whoever_draws_a_number_is_served"]
    assert found["verdict"] == "undecided" and "no number of steps decides this" in found["claim"]
    assert json.loads(done.out)["exit"] == 3


REFUSED = {
    "no fairness": ("@progress\ndef p(s: S):\n    return leads_to(s.on, s.on)", r":12: .*fair=\"weak\""),
    "another fairness": ('@progress(fair="very")\ndef p(s: S):\n    return leads_to(s.on, s.on)',
                         r":12: .*fair=\"weak\""),
    "a plain condition": ('@progress(fair="weak")\ndef p(s: S):\n    return s.on', r":14: .*leads_to\(p, q\)"),
    "two returns": ('@progress(fair="weak")\ndef p(s: S):\n    if s.on:\n        return leads_to(s.on, s.on)\n'
                    "    return leads_to(s.on, not s.on)", r":16: .*one return"),
    "one condition": ('@progress(fair="weak")\ndef p(s: S):\n    return leads_to(s.on)', ":14: .*two conditions"),
    "leads_to elsewhere": ("@invariant\ndef p(s: S):\n    return leads_to(s.on, s.on)", ":14: .*@progress"),
    "no bool": ('@progress(fair="weak")\ndef p(s: S):\n    return leads_to(s.n, s.on)', ":14: .*bool"),
    "idle of a number": ('@progress(fair="weak")\ndef p(s: S):\n    return leads_to(idle(s.n), s.on)', ":14: .*actor"),
    "a parameter without a sort": ('@progress(fair="weak")\ndef p(s: S, x):\n    return leads_to(s.on, s.on)',
                                   ":13: .*sort"),
    "a yield": ('@progress(fair="weak")\ndef p(s: S):\n    yield "x"\n    return leads_to(s.on, s.on)', "yield"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_promise_about_runs_can_say_is_refused(tmp_path: Path, name: str) -> None:
    text, wanted = REFUSED[name]
    model = tmp_path / "refused.py"
    model.write_text('from checker.language import *\n\nclass S(State):\n    on: bool\n    n: Range(0, 2)\n\n@rule\n'
                     f"def flip(s: S):\n    s.on = not s.on\n\n\n{text}\n\n"
                     'spec = Spec(why="?", model=Model(state=S, rules=[flip]), scope=Scope("s", sizes={}), '
                     "promises=[p])\n")
    with pytest.raises(LanguageError) as refusal:
        build(load_specs(model)["spec"])
    assert re.search(wanted, str(refusal.value)), refusal.value
    assert "\n" not in str(refusal.value)


def test_idle_is_for_promises_only(tmp_path: Path) -> None:
    model = tmp_path / "refused.py"
    model.write_text('from checker.language import *\n\nclass Cpu(Actor):\n    """A CPU."""\n\n'
                     "class S(State):\n    on: bool\n\n@rule\ndef flip(s: S, c: Cpu):\n    require(idle(c))\n\n"
                     'spec = Spec(why="?", model=Model(state=S, rules=[flip]), scope=Scope("s", sizes={Cpu: 1}))\n')
    with pytest.raises(LanguageError, match=r":11: .*promises"):
        build(load_specs(model)["spec"])


def test_a_promise_that_cannot_be_asked_is_a_model_error(capsys: Capture, tmp_path: Path) -> None:
    model = tmp_path / "unasked.py"
    model.write_text('''
from checker.language import *

class Node(Index, ordered=True):
    """A node."""

class S(State):
    next: Node | None
    on: Array[Node, bool]

@rule
def lose(s: S, n: Node):
    """Forgets who is next."""
    s.next = None if s.next is not None else n

@progress(fair="weak")
def the_next_one_is_on(s: S):
    """Reads through None."""
    return leads_to(s.on[s.next], s.on[s.next])

spec = Spec(why="?", model=Model(state=S, rules=[lose]), scope=Scope("s", sizes={Node: 2}),
            promises=[the_next_one_is_on])
''')
    done = run(capsys, "check", str(model), "--json")
    (found,) = [v for v in done.json["verdicts"] if v["promise"] == "no_model_error"]
    assert found["verdict"] == "broken" and found["steps"] == 0
    assert "the_next_one_is_on" in found["trace"]["race"]


def test_a_lasso_may_pass_through_where_nothing_can_be_asked(capsys: Capture, tmp_path: Path) -> None:
    model = tmp_path / "passing.py"
    model.write_text('''
from checker.language import *

class Node(Index, ordered=True):
    """A node."""

class S(State):
    next: Node | None
    on: Array[Node, bool]

@rule(fair=True)
def choose_one(s: S):
    """Somebody is next."""
    require(s.next is None)
    s.next = choose(Node)

@progress(fair="weak")
def the_next_one_is_on(s: S):
    """Reads through None at first."""
    return leads_to(not s.on[s.next], s.on[s.next])

spec = Spec(why="?", model=Model(state=S, rules=[choose_one]), scope=Scope("s", sizes={Node: 2}),
            promises=[the_next_one_is_on])
''')
    verdicts = run(capsys, "check", str(model), "--json").json["verdicts"]
    found = {v["promise"]: v for v in verdicts}
    assert found["no_model_error"]["steps"] == 0
    assert found["the_next_one_is_on"]["claim"] == "nothing more has to happen after 1 step"
    assert "=== and nothing more has to happen ===" in found["the_next_one_is_on"]["trace"]["race"]
