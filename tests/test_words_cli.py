# SPDX-License-Identifier: GPL-2.0-or-later
"""``vswap prove --words``: the kernel's formats, a user's own, and every way to end."""

from __future__ import annotations

import multiprocessing
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli import COMMAND, HOME, run, sentence, shell

from checker.language.claims import WordSpec
from checker.prove import RefereeError, judge
from checker.symbolic.words import Answer
from specs import words as specs

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def proved() -> Any:
    done = shell("prove", "--words", "--json")
    assert done.code == 0, done.err
    return done.json


def claim(document: Any, spec: str, name: str) -> Any:
    return next(v for v in document["verdicts"] if (v["spec"], v["promise"]) == (spec, name))


def refuted(document: Any, spec: str) -> set[str]:
    return {v["promise"] for v in document["verdicts"] if v["spec"] == spec and v["verdict"] == "broken"}


def test_every_claim_about_the_kernels_words_is_as_expected(proved: Any) -> None:
    assert len(proved["verdicts"]) >= 45
    assert all(v["surprise"] is None and v["engine"] == "words" and v["complete"] for v in proved["verdicts"])
    assert {v["verdict"] for v in proved["verdicts"]} == {"holds", "broken"}
    for verdict in proved["verdicts"]:
        assert bool(verdict["words"]) == (verdict["verdict"] == "broken")


def test_the_reverse_map_of_rfc_v1_drops_and_aliases_bits(proved: Any) -> None:
    """O02: a device of type 4 makes every slot look reclaimable, and leads elsewhere."""
    written, read = claim(proved, "rfc_v1_rmap", "POINTER_comes_back")["words"]
    assert written == {"what": "written as POINTER", "word": "0x8000000000000004",
                       "fields": {"offset": "0x0", "type": "0x4", "C": "0x0"}}
    assert read == {"what": "read as POINTER", "word": "0x8000000000000004",
                    "fields": {"offset": "0x0", "type": "0x0", "C": "0x1"}}
    assert claim(proved, "rfc_v1_rmap", "POINTER_C_is_apart")["verdict"] == "broken"
    assert claim(proved, "rfc_v1_rmap", "POINTER_type_has_2_bits")["verdict"] == "holds"
    assert refuted(proved, "rfc_v2_rmap") == {"no_reader_takes_a_pointer_for_unused"}


def test_the_page_shows_the_word_that_the_command_prints(capsys: Capture) -> None:
    page = (HOME / "docs" / "words.md").read_text().partition("## Known defects")[2]
    shown = page.partition("```\n")[2].partition("```")[0]
    assert "0x8000000000000004" in shown
    assert shown in run(capsys, "prove", "--words", "rfc_v1_rmap").out


def test_the_type_of_a_physical_slot_is_truncated_until_it_is_packed(proved: Any) -> None:
    for spec in ("rfc_v1_virtual_table", "rfc_v2_virtual_table"):
        written, read = claim(proved, spec, "SWAPFILE_comes_back")["words"]
        assert (written["fields"]["type"], read["fields"]["type"]) == ("0x8", "0x0")
    assert refuted(proved, "latest_virtual_table") == {"SWAPFILE_offset_has_57_bits"}


@pytest.mark.parametrize(("marker", "good"), [(3, False), (4, False), (5, True), (6, True), (7, True), (8, False)])
def test_only_markers_of_5_to_7_bits_work(proved: Any, marker: int, good: bool) -> None:
    assert (not refuted(proved, f"shared_marker_{marker}")) == good


def test_what_is_left_beside_other_fields(proved: Any) -> None:
    assert not refuted(proved, "shared_with_count_5") and refuted(proved, "shared_with_count_5_too_wide")
    assert refuted(proved, "shared_with_count_7")
    assert claim(proved, "merged_word", "PFN_AND_PHYS_offset_reaches_64_MiB")["verdict"] == "holds"
    assert claim(proved, "merged_word", "PFN_AND_PHYS_offset_has_15_bits")["verdict"] == "broken"
    assert claim(proved, "latest_virtual_table", "SWAPFILE_offset_has_56_bits")["verdict"] == "holds"


def test_the_clamp_is_needed(proved: Any) -> None:
    wrap = claim(proved, "device_v1", "no_end_wraps_without_the_alignment")
    assert wrap["words"][0]["fields"] == {"offset": "0xfffffe00"}
    assert refuted(proved, "device_v1") == {"no_end_wraps_without_the_alignment"}


def test_text_shows_the_word_in_hex_and_by_field(capsys: Capture) -> None:
    done = run(capsys, "prove", "--words", "rfc_v1_rmap")
    assert done.code == 0 and not done.err
    assert "refuted    POINTER_comes_back: as expected" in done.out
    assert "read as POINTER     0x8000000000000004  offset = 0x0  type = 0x0  C = 0x1" in done.out
    assert "holds      POINTER_keeps_offset: every one of 2^128 values of" in done.out
    assert done.out.rstrip().endswith("every verdict is as expected (exit 0)")


# ----------------------------------------------------------------- a user's own file


def own(tmp_path: Path, text: str) -> str:
    path = tmp_path / "my_words.py"
    path.write_text("from checker.language.words import *\n" + text, encoding="utf-8")
    return str(path)


def test_the_example_of_the_manual_does_what_the_manual_says(tmp_path: Path, capsys: Capture) -> None:
    manual = (HOME / "docs" / "words.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", manual, re.DOTALL)
    shown = re.search(r"```\n(    REFUTED.*?)```", manual, re.DOTALL)
    assert example and shown
    done = run(capsys, "prove", "--words", own(tmp_path, example[1]))
    assert done.code == 0 and "REFUTED" not in done.out, done.out
    done = run(capsys, "prove", "--words", own(tmp_path, example[1].replace('"owner", 12', '"owner", 14')))
    assert done.code == 1 and shown[1] in done.out, done.out


KIND = "K = Format(Kind('K', Field('a', 4), tag=''), width=8)\n"


@pytest.mark.parametrize(("code", "text"), [
    (0, KIND + "s = WordSpec(why='', format=K)"),
    (1, KIND + "s = WordSpec(why='', format=K, expected={'K_comes_back': broken()})"),
    (1, KIND + "s = WordSpec(why='', format=K, expected={'K_goes_away': broken()})"),
    (1, "s = WordSpec(why='', format=Format(Kind('K', Field('a', 4, at=6), tag=''), width=8))"),
    (6, "@claim\ndef never(n: U8):\n    require(n > n)\n    return True\ns = WordSpec(why='', claims=[never])"),
    (5, KIND),
    (5, "s = WordSpec(why='')"),
])
def test_the_exit_code_says_how_it_went(tmp_path: Path, capsys: Capture, code: int, text: str) -> None:
    words = own(tmp_path, text)
    assert run(capsys, "prove", "--words", words).code == code
    done = run(capsys, "prove", "--words", words, "--json")
    assert done.code == code == done.json["exit"]


HARD = """
def mixed(n: U64) -> U64:
    n = n * n ^ n >> 17
    n = n * n + (n >> 29) + 0x9e3779b97f4a7c15
    n = n * n ^ n >> 23
    return n * n + (n >> 31)

@claim
def no_two_numbers_are_mixed_alike(a: U64, b: U64):
    require(a < b)
    return mixed(a) != mixed(b)

@claim
def easy(a: U8):
    return a ^ a == 0

s = WordSpec(why='', claims=[no_two_numbers_are_mixed_alike, easy])
"""


def test_what_takes_too_long_is_killed_and_undecided(tmp_path: Path, capsys: Capture) -> None:
    """The next claim gets a process of its own."""
    done = run(capsys, "prove", "--words", own(tmp_path, HARD), "--time", "3", "--json")
    hard, easy = done.json["verdicts"]
    assert (done.code, hard["verdict"], easy["verdict"]) == (3, "undecided", "holds")
    assert hard["reason"] == "no answer within 3 s" and not hard["complete"]
    assert not multiprocessing.active_children()


def test_an_interrupt_leaves_the_rest_undecided(tmp_path: Path) -> None:
    child = subprocess.Popen([COMMAND, "prove", "--words", own(tmp_path, EASY + HARD)], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    while "easy_format" not in child.stdout.readline():
        assert child.poll() is None
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 3 and out.count("undecided  ") == 2 and out.count("interrupted") == 2, out + err


EASY = """
@claim
def trivial():
    return True

easy_format = WordSpec(why='', claims=[trivial])
"""


@pytest.mark.parametrize(("text", "said"), [
    ("K = Kind('K')", r"my_words.py:2: FormatError: kind K: name either its tag"),
    ("@claim\ndef f(n: U8):\n    return n / 2 == 0\ns = WordSpec(why='', claims=[f])", r"my_words.py:4: .*calculate"),
    ("@claim\ndef f(n):\n    return n == 0\ns = WordSpec(why='', claims=[f])", r"my_words.py:[23]: n: say how wide"),
    ("s = WordSpec(why='', claims=[len])", "is no claim; is @claim missing"),
    ("nonsense(", "this is no Python"),
])
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(tmp_path: Path, capsys: Capture, text: str,
                                                             said: str) -> None:
    done = run(capsys, "prove", "--words", own(tmp_path, text))
    assert done.code == 2 and re.search(said, sentence(done)), done.err


@pytest.mark.parametrize(("words", "said"), [
    (["--words", "rfc_v3_rmap"], "there is no word format 'rfc_v3_rmap'; did you mean"),
    (["--words", "nowhere.py"], "cannot be read"),
    (["--words", "a.py", "b.py"], "one file at a time"),
    ([], "say what to prove"),
])
def test_a_question_that_cannot_be_asked(capsys: Capture, words: list[str], said: str) -> None:
    done = run(capsys, "prove", *words)
    assert done.code == 2 and said in sentence(done)


def test_a_refutation_that_python_does_not_confirm_is_no_verdict() -> None:
    """Were one of the two readings wrong, the command would end with an internal error."""
    spec: WordSpec = specs.rfc_v2_rmap
    holds = next(one for one in spec.all_claims() if one.name == "POINTER_comes_back")
    with pytest.raises(RefereeError):
        judge(spec, holds, Answer("broken", {"offset": 1, "C": 0}), 0.0)
