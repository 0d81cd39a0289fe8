# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept until a source file changes; and what vswap list prints, which is."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli import HOME, shell

from checker.explicit import objects
from checker.remembered import remembered


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where objects are kept; each look is that of a new process."""
    monkeypatch.setattr(objects, "shared", lambda: objects.Objects(tmp_path / "kept"))
    return tmp_path


def test_it_is_worked_out_again_when_a_source_changes(folder: Path) -> None:
    path, calls = folder / "source.py", []
    module = SimpleNamespace(__file__=str(path))

    def work() -> list[int]:
        calls.append(1)
        return [len(calls)]

    path.write_text("a = 1\n", encoding="utf-8")
    assert [remembered("it", [module], work) for _ in range(3)] == [[1], [1], [1]]
    assert remembered("something else", [module], work) == [2]
    path.write_text("a = 2\n", encoding="utf-8")
    assert remembered("it", [module], work) == remembered("it", [module], work) == [3]
    path.write_text("a = 1\n", encoding="utf-8")
    assert remembered("it", [module], work) == [1]


def test_what_is_damaged_is_worked_out_again(folder: Path) -> None:
    module = SimpleNamespace(__file__=str(HOME / "README.md"))
    assert remembered("it", [module], lambda: 1) == 1
    [kept] = [path for path in (folder / "kept").rglob("*") if path.is_file()]
    kept.write_bytes(kept.read_bytes()[:-1])
    assert remembered("it", [module], lambda: 2) == 2


def test_a_module_without_source_is_never_the_same(folder: Path) -> None:
    made = cache(lambda: 0)
    gone = SimpleNamespace(__file__=str(folder / "gone.py"))
    for module in (SimpleNamespace(__file__=None), SimpleNamespace(), gone):
        assert [remembered("it", [module], lambda k=k: made() + k) for k in range(2)] == [0, 1]


def test_a_list_is_the_same_from_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first, second = shell("list", "--json"), shell("list", "--json")
    assert list(tmp_path.rglob("*")), "it was kept"
    monkeypatch.setenv("VSWAP_CACHE", "off")
    assert first.code == 0 and first.out == second.out == shell("list", "--json").out
