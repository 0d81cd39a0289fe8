# SPDX-License-Identifier: GPL-2.0-or-later
"""A full disk, a closed pipe, Ctrl-C, a folder full of traps: one sentence each, and nothing lost."""

from __future__ import annotations

import json
import os
import pty
import pwd
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from cli import BRANCHES, COMMAND, COUNTER, Done, sentence, shell

import checker.run
from checker.cli import main


def redirected(text: str) -> Done:
    """The command with its output redirected by a shell."""
    script = f'"$0" "$@" {text}'
    done = subprocess.run(["bash", "-c", script, COMMAND, "check", BRANCHES, "lamp"], capture_output=True, text=True,
                          check=False, timeout=120)
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(("where", "why"), [(">/dev/full", "No space left on device"), (">&-", "it is closed")])
def test_a_result_that_cannot_be_written_is_not_lost(where: str, why: str) -> None:
    done = redirected(where)
    assert done.code == 4
    first, *rest = done.err.splitlines()
    assert first == f"vswap: error: the result cannot be written to standard output: {why}; here it is instead"
    assert "    holds      never_broken" in rest and rest[-1].endswith("every verdict is as expected (exit 0)")


def test_nobody_reads_any_more() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([COMMAND, "check", BRANCHES, "lamp"], stdout=write, stderr=subprocess.PIPE, text=True,
                          check=False, timeout=120)
    os.close(write)
    assert done.returncode == 4
    assert done.stderr == "vswap: error: the result cannot be written to standard output: Broken pipe\n"


def test_json_to_a_full_disk(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([COMMAND, "check", str(tmp_path / "none.py"), "--json"], stdout=full, text=True,
                              stderr=subprocess.PIPE, check=False, timeout=120)
    assert done.returncode == 2, "a usage error comes before a full disk"
    assert json.loads(done.stderr.partition("here it is instead\n")[2])["exit"] == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_is_known(number: signal.Signals) -> None:
    child = subprocess.Popen([COMMAND, "check", COUNTER, "locked_add", "big", "lost_update", "--json"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    line = child.stderr.readline()  # the first progress report: "big" is under way
    assert line.startswith("big: ") and "states/s, depth" in line
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 3, err
    done = Done(child.returncode, out, err)
    assert set(done.verdicts("locked_add").values()) == {"holds"}
    assert set(done.verdicts("big").values()) <= {"undecided", "broken"}
    stopped = {spec["name"]: spec["stopped"] for spec in done.json["specs"]}
    assert stopped == {"locked_add": None, "big": "interrupted", "lost_update": "interrupted before it was asked"}
    assert done.json["specs"][1]["states"] > 1000


def test_a_short_run_reports_no_progress() -> None:
    assert shell("check", BRANCHES, "lamp").err == ""


def test_help_loads_nothing_heavy() -> None:
    asks = ("import sys; from checker.cli import main\n"
            "try: main(['--help'])\n"
            "except SystemExit: pass\n"
            "print(sorted({'llvmlite', 'networkx', 'rich', 'z3', 'specs', 'model'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-P", "-c", asks], capture_output=True, text=True, check=True)
    assert "exit codes:" in done.stdout and done.stdout.endswith("[]\n")


@pytest.mark.parametrize("plain", [False, True])
def test_colour_on_a_terminal_alone(plain: bool) -> None:
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    env |= {"TERM": "xterm", **({"NO_COLOR": "1"} if plain else {})}
    child = subprocess.Popen([COMMAND, "check", BRANCHES, "lamp"], stdout=theirs, stderr=subprocess.DEVNULL, env=env)
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # the end of a terminal is an error
        while part := os.read(ours, 4096):
            seen += part
    os.close(ours)
    assert child.wait(60) == 0
    assert (b"\x1b[32m" in seen) is not plain and b"never_broken" in seen
    assert (b"\x1b[" in seen) is not plain


TRAP = "raise SystemExit('the wrong module was imported')\n"


def test_a_folder_with_modules_of_the_same_names(tmp_path: Path) -> None:
    for name in ("model", "specs", "checker", "json", "z3"):
        (tmp_path / f"{name}.py").write_text(TRAP)
    done = shell("list", cwd=tmp_path)
    assert done.code == 0 and "zswap_writeback_entry" in done.out, done.err
    done = shell("check", BRANCHES, "lamp", cwd=tmp_path)
    assert done.code == 0, done.err


def test_a_user_file_called_model(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(Path(BRANCHES).read_text())
    done = shell("check", "model.py", "lamp", cwd=tmp_path)
    assert done.code == 0 and "never_broken" in done.out, done.err


def test_a_model_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "specs.py").write_text(TRAP)
    done = shell("list", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.code == 2
    assert sentence(done) == (f"the name specs leads Python to {tmp_path}/specs.py, which is not the checker's own; "
                              "is PYTHONPATH set?")


def test_python_without_asserts_is_refused() -> None:
    done = subprocess.run([sys.executable, "-O", "-m", "checker", "list"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("vswap: error: python -O leaves out the assert statements")


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("")
    path.chmod(0)
    command = [COMMAND, "check", str(path)]
    if os.getuid() == 0:  # root reads everything: ask as somebody else, who must be able to get there
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        command = [sys.executable, "-c", AS_NOBODY.format(uid=pwd.getpwnam("nobody").pw_uid), *command[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last == f"vswap: error: the model file {path} cannot be read: Permission denied"


# The first run imports everything: the installation may lie where others cannot read.
AS_NOBODY = """
import os, sys
from checker.cli import main
assert main(sys.argv[1:]) == 5
os.setuid({uid})
sys.exit(main(sys.argv[1:]))
"""


def test_a_library_that_is_missing() -> None:
    script = "import sys; sys.modules['llvmlite'] = None; from checker.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", script, "check", BRANCHES, "lamp"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 4
    assert sentence(Done(4, done.stdout, done.stderr)).startswith("a needed part is missing: llvmlite")


def test_an_internal_error_says_how_to_report_it(
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(*_: object) -> None:
        raise RuntimeError("the engine has burst")

    monkeypatch.setattr(checker.run, "question", burst)
    assert main(["check", BRANCHES, "lamp"]) == 70
    out, err = capsys.readouterr()
    assert "Traceback" in err and "RuntimeError: the engine has burst" in err
    assert err.rstrip().endswith("please report it, with the command, the model, and the lines above")
    assert out.rstrip().endswith("(exit 70)")
    assert main(["check", BRANCHES, "lamp", "--json"]) == 70
    assert json.loads(capsys.readouterr().out)["exit"] == 70
