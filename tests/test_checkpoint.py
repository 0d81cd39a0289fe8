# SPDX-License-Identifier: GPL-2.0-or-later
"""A search that ends early is taken up again, and nobody can tell from what it finds."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from test_explicit import below, counter
from test_explicit_systems import system_of
from test_threads import grid, small_shares  # noqa: F401

from checker.explicit import LimitError, Limits, explore, search
from checker.explicit.checkpoint import Checkpoint
from checker.language import ir
from checker.language.errors import UsageError

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "tests" / "systems" / "reference_swap.py"
SYSTEMS = [
    "reference_swap:small", "reference_swap:stale_commit", "reference_swap_roles:stale_commit",
    "readers_writers:three_tasks", "stale_copy:incoherent", "bounded_buffer:unreserved", "forgotten_unlock:forgets",
]


def told(found):
    """All that a search says, but for the time that it took."""
    costs = ("seconds", "phases", "memory", "hurried")
    return {name: value for name, value in vars(found).items() if name not in costs}


def in_pieces(made, path, limits, **more):
    """Goes on until it is complete; how often that was."""
    for number, limit in enumerate(limits):
        found = explore(made, limits=limit, checkpoint=path, **more)
        if found.complete and found.stopped is None:
            assert not path.exists(), "nothing is left to go on with"
            return number, told(found)
        assert path.exists() and len(os.listdir(path.parent)) == 1
    raise AssertionError("it did not come to an end")


@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize("name", SYSTEMS)
def test_a_search_in_pieces_finds_the_same(name, symmetry, tmp_path, monkeypatch, small_shares):  # noqa: F811
    monkeypatch.setattr(search, "_FIRST_SHARE", 70)
    made = system_of(name)
    limits = [*(Limits(seconds=0.0, threads=1 + k % 3) for k in range(10)), Limits()]
    whole = told(explore(made, symmetry=symmetry))
    number, pieces = in_pieces(made, tmp_path / "kept" / "it.checkpoint", limits, symmetry=symmetry)
    assert number > 2 and pieces == whole


def test_it_really_stops_and_goes_on(tmp_path):
    """To the last state, and beyond: then only who can finish is open."""
    made = grid(8, 4, 9, 20)
    whole = told(explore(made))
    number, pieces = in_pieces(made, tmp_path / "it", [Limits(seconds=0.0, threads=1 + k % 2) for k in range(40)])
    assert number == whole["depth"] + 1 and pieces == whole


@pytest.mark.parametrize("made", [grid(32, 4, 30), grid(3, 12, 9, 20)])
def test_more_memory_takes_it_further(made, tmp_path):
    """A search without room has transitions in hand."""
    limits = [Limits(memory=memory << 20, threads=1 + memory % 2) for memory in (3, 7, 10, 25, 200)]
    number, pieces = in_pieces(made, tmp_path / "it", limits)
    assert number > 1 and pieces == told(explore(made))


def test_less_memory_than_what_is_kept_is_refused(tmp_path):
    made = grid(32, 4)
    assert not explore(made, limits=Limits(memory=20 << 20), checkpoint=tmp_path / "it").complete
    with pytest.raises(LimitError, match=r"the checkpoint has [\d,]+ states, which need [\d.]+ MiB of memory"):
        explore(made, limits=Limits(memory=1 << 20), checkpoint=tmp_path / "it")
    assert explore(made, checkpoint=tmp_path / "it").complete


def test_what_left_states_out_is_not_kept(tmp_path):
    """They would be missing for ever."""
    assert not explore(grid(32, 4), limits=Limits(max_states=1000), checkpoint=tmp_path / "it").complete
    assert not explore(counter(9, below(3), may_end=ir.TRUE), first=True, checkpoint=tmp_path / "it").complete
    assert os.listdir(tmp_path) == []


# -- files that are of no use


@pytest.fixture
def kept(tmp_path):
    """A system, and a checkpoint of it."""
    made, path = grid(32, 4), tmp_path / "it"
    assert not explore(made, limits=Limits(memory=1 << 20), checkpoint=path).complete
    return made, path


def refused(made, path):
    before = path.read_bytes()
    with pytest.raises(UsageError) as complaint:
        explore(made, checkpoint=path)
    assert path.read_bytes() == before, "it is for the user to remove it"
    assert str(path) in str(complaint.value) and "\n" not in str(complaint.value)
    return str(complaint.value)


def test_any_damage_is_noticed(kept):
    made, path = kept
    content = path.read_bytes()
    places = [*range(0, 600, 17), *range(600, len(content), len(content) // 40), len(content) - 1]
    for place in places:
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1:])
        assert any(words in refused(made, path) for words in ("damaged", "no checkpoint", "another version"))
    for size in (0, 5, 30, 200, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:size])
        assert any(words in refused(made, path) for words in ("damaged", "no checkpoint"))
    path.write_bytes(content + b"x")
    assert "damaged" in refused(made, path)
    path.write_bytes(content)
    assert explore(made, checkpoint=path).states == 32**4


def test_another_question_is_refused(kept):
    _, path = kept
    for other in (grid(31, 4), grid(32, 4, 20), grid(32, 3), counter(200)):
        assert "about another model, design, scope or promises" in refused(other, path)


def test_another_version_is_refused(kept):
    made, path = kept
    path.write_bytes(path.read_bytes().replace(b"checkpoint 1\n", b"checkpoint 9\n", 1))
    assert "another version" in refused(made, path)


def test_a_folder_is_no_checkpoint(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        explore(grid(3, 3), checkpoint=tmp_path)


def test_a_full_disk_leaves_the_last_one(kept):
    """Here: files may not become large."""
    made, path = kept
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10_000, limits[1]))
    try:
        found = explore(made, limits=Limits(memory=9 << 20), checkpoint=path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not found.complete
    assert f"the checkpoint {path} could not be written: File too large" in found.stopped
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]
    assert explore(made, checkpoint=path).states == 32**4


def test_time_passes_and_it_is_kept(tmp_path, monkeypatch):
    """So that a loss of power costs no more than that."""
    saved = []
    save = Checkpoint.save
    monkeypatch.setattr(search, "_INTERVAL", 0.0)
    monkeypatch.setattr(Checkpoint, "save", lambda *given: saved.append(1) or save(*given))
    assert explore(grid(32, 4), checkpoint=tmp_path / "it").complete
    assert len(saved) > 5 and os.listdir(tmp_path) == []


# -- the command


def check(*words, after="pass"):
    """The command, on 13 million states; then, in the same process, ``after``."""
    program = f"import sys; from checker.cli import main; code = main(); {after}; sys.exit(code)"
    return subprocess.Popen([sys.executable, "-P", "-c", program, "check", str(REFERENCE), "four_entries", *words],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "PYTHONPATH": str(ROOT)})


def ends(process):
    out, err = process.communicate(timeout=600)
    assert "Traceback" not in err
    document = json.loads(out)
    return process.returncode, document["specs"][0], {v["verdict"] for v in document["verdicts"]}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_keeps_the_search(number, tmp_path):
    process = check("--json", "--checkpoint", str(tmp_path), "--threads", "1")
    assert process.stderr.readline().startswith("four_entries: ")  # it is under way
    process.send_signal(number)
    code, spec, verdicts = ends(process)
    assert (code, spec["stopped"], verdicts) == (3, "interrupted", {"undecided"})
    assert 0 < spec["states"] < 12_840_267 and os.listdir(tmp_path) == ["four_entries.checkpoint"]
    code, spec, verdicts = ends(check("--json", "--checkpoint", str(tmp_path)))
    assert (code, spec["states"], spec["transitions"], spec["depth"]) == (0, 12_840_267, 175_736_472, 26)
    assert verdicts == {"holds"} and os.listdir(tmp_path) == []


def test_the_command_takes_no_more_memory_than_it_may(tmp_path):
    """All of the process: 10 % more are a defect.

    Not by getrusage(): what that calls the peak includes the process that the command was forked from."""
    process = check("--memory", "260M", after="print(open('/proc/self/status').read())")
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 3 and "the memory limit of" in out
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", out)[1])
    assert 150 << 20 < peak << 10 < (260 << 20) * 1.1


def test_a_foreign_checkpoint_is_a_usage_error(tmp_path):
    path = tmp_path / "four_entries.checkpoint"
    path.write_bytes(b"something else")
    process = check("--json", "--checkpoint", str(tmp_path))
    out, err = process.communicate(timeout=60)
    document = json.loads(out)
    assert process.returncode == 2 == document["exit"]
    assert f"{path} is no checkpoint" in out + err


def test_a_folder_that_cannot_be_is_a_usage_error(tmp_path):
    (tmp_path / "file").write_text("")
    process = check("--checkpoint", str(tmp_path / "file" / "folder"))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2 and "no such folder can be made: Not a directory" in err
