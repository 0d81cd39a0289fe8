# SPDX-License-Identifier: GPL-2.0-or-later
"""The rooms keep their doors: who may import whom, and which words stay outside of the checker."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
ROOMS = ("checker", "model", "specs")

HEAVY = {
    "llvmlite": ("checker/explicit",),
    "z3": ("checker/symbolic",),
    "networkx": ("checker/counterexample", "checker/report"),
    "rich": ("checker/counterexample", "checker/report"),
}

KERNEL_WORDS = re.compile(
    r"swap|folio|memcg|writeback|shrinker|kswapd|virtual_table|\brmap\b|\bpte\b", re.IGNORECASE)


def sources(room: str) -> list[Path]:
    found = sorted((HOME / room).rglob("*.py"))
    assert found, f"{room} is empty"
    return found


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at the top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its room"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def place(path: Path) -> str:
    return path.relative_to(HOME).as_posix()


@pytest.mark.parametrize("path", sources("checker"), ids=place)
def test_the_checker_knows_no_model(path: Path) -> None:
    for name in imports(path):
        assert not inside(name, "model") and not inside(name, "specs"), f"{place(path)} imports {name}"


@pytest.mark.parametrize("path", sources("model"), ids=place)
def test_a_model_knows_the_language_alone(path: Path) -> None:
    for name in imports(path):
        assert not inside(name, "specs"), f"{place(path)} imports {name}"
        if inside(name, "checker") and name != "checker":
            assert inside(name, "checker.language"), f"{place(path)} imports {name}"


@pytest.mark.parametrize("path", sources("specs"), ids=place)
def test_a_spec_knows_model_and_language_alone(path: Path) -> None:
    for name in imports(path):
        if inside(name, "checker") and name != "checker":
            assert inside(name, "checker.language"), f"{place(path)} imports {name}"


@pytest.mark.parametrize("path", [path for room in ROOMS for path in sources(room)], ids=place)
def test_each_heavy_library_has_its_room(path: Path) -> None:
    for name in imports(path):
        for library, rooms in HEAVY.items():
            if inside(name, library):
                assert place(path).startswith(rooms), f"{place(path)} imports {name}"


@pytest.mark.parametrize("path", sources("checker"), ids=place)
def test_the_checker_never_says_swap(path: Path) -> None:
    text = re.sub("vswap", "", path.read_text(encoding="utf-8"), flags=re.IGNORECASE)  # the command's own name
    for number, line in enumerate(text.splitlines(), 1):
        found = KERNEL_WORDS.search(line)
        assert not found, f"{place(path)}:{number} says {found[0]!r}: {line.strip()}"


@pytest.mark.parametrize("path", [path for room in (*ROOMS, "tests") for path in sources(room)], ids=place)
def test_every_source_names_its_licence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first == "# SPDX-License-Identifier: GPL-2.0-or-later", f"{place(path)} begins with {first!r}"


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from checker.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"loaded = sorted(set({list(HEAVY)!r}) & set(sys.modules))\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)\n")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=HOME, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage: vswap" in done.stdout


def test_no_file_names_this_machine() -> None:
    """No absolute path of the machine, and no address of a package registry, in any file of the project."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, cwd=HOME, check=True)
    bad = re.compile(re.escape(str(HOME)) + r"/|index-url|https?://[^ ]*(pypi|simple/)")
    for name in filter(None, listed.stdout.split("\0")):
        path = HOME / name
        if path.suffix in {".png", ".svg"} or not path.is_file() or name == "tests/test_rooms.py":
            continue
        found = bad.search(path.read_text(encoding="utf-8"))
        assert not found, f"{name} contains {found[0]!r}"
