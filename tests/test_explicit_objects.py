# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled objects are kept: found again, never trusted, never in the way."""

import ctypes
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from checker.explicit import native, objects
from checker.explicit.native import FAST, TOGETHER, Modules, Native
from checker.explicit.objects import Objects, key_of
from checker.explicit.program import Program
from checker.language import build, ir, load_specs

ROOT = Path(__file__).parent.parent
SYSTEM = ROOT / "tests" / "systems" / "reference_swap.py"
KEY = key_of("anything")
FIVE = "define i64 @number() { ret i64 5 }"


def files(folder):
    return sorted(p for p in folder.rglob("*") if p.is_file())


def kept(folder, data=b"some code"):
    Objects(folder).put(KEY, data)
    return files(folder)[0]


def number(folder):
    """What the function says, by a process that has only the folder."""
    return Native(Modules(alone=(FIVE,)), objects=Objects(folder)).function("number", ctypes.c_int64)()


@pytest.fixture
def compilations(monkeypatch):
    """The texts that were really compiled, with the speed."""
    made = []

    def watched(text, speed):
        made.append((text, speed))
        return compiled(text, speed)

    compiled = native.compiled
    monkeypatch.setattr(native, "compiled", watched)
    return made


def test_what_was_put_is_found_by_another_process(tmp_path):
    Objects(tmp_path).put(KEY, b"some code")
    assert Objects(tmp_path).get(KEY) == b"some code"
    assert Objects(tmp_path).get(key_of("anything else")) is None
    assert Objects(None).get(KEY) is None


def test_keys_tell_parts_apart():
    assert len({key_of("ab", "c"), key_of("a", "bc"), key_of("abc"), key_of("abc", "")}) == 4


@pytest.mark.parametrize("damage", [
    lambda content: content[:-1], lambda content: content + b"x", lambda content: b"", lambda content: content[:20],
    lambda content: content[:-1] + bytes([content[-1] ^ 1]), lambda content: bytes([content[0] ^ 1]) + content[1:],
    lambda content: content[:20] + bytes([content[20] ^ 1]) + content[21:], lambda content: content[:-4] + b"code" * 4,
])
def test_a_damaged_file_is_not_there(tmp_path, damage):
    path = kept(tmp_path)
    content = path.read_bytes()
    assert damage(content) != content
    path.write_bytes(damage(content))
    assert Objects(tmp_path).get(KEY) is None
    Objects(tmp_path).put(KEY, b"some code")
    assert Objects(tmp_path).get(KEY) == b"some code"


def test_the_file_of_another_object_is_not_there(tmp_path):
    path = kept(tmp_path)
    other = key_of("anything else")
    path.rename(objects_path(tmp_path, other))
    assert Objects(tmp_path).get(other) is None


def objects_path(folder, key):
    path = Objects(folder)._path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_a_file_that_others_could_have_written_is_not_there(tmp_path):
    path = kept(tmp_path)
    path.chmod(0o620)
    assert Objects(tmp_path).get(KEY) is None
    path.chmod(0o600)
    assert Objects(tmp_path).get(KEY) == b"some code"


@pytest.mark.parametrize("obstacle", ["link", "folder", "pipe"])
def test_what_is_no_file_is_not_there(tmp_path, obstacle):
    path = kept(tmp_path / "cache")
    path.rename(tmp_path / "elsewhere")
    if obstacle == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif obstacle == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert Objects(tmp_path / "cache").get(KEY) is None
    Objects(tmp_path / "cache").put(KEY, b"some code")
    found = Objects(tmp_path / "cache").get(KEY)
    assert found == (None if obstacle == "folder" else b"some code")
    assert [p.name for p in files(tmp_path) if p.name.startswith("new-")] == []


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    kept_here = Objects(tmp_path / "file" / "cache")
    kept_here.put(KEY, b"some code")
    assert kept_here.get(KEY) == b"some code"
    assert Objects(tmp_path / "file" / "cache").get(KEY) is None


def test_a_damaged_object_is_compiled_again(tmp_path, compilations):
    assert number(tmp_path) == 5 and len(compilations) == 1
    assert number(tmp_path) == 5 and len(compilations) == 1
    before = {path: path.read_bytes() for path in files(tmp_path)}
    assert len(before) == 2  # the object, and where the function is
    for expected, (path, content) in enumerate(before.items(), 2):
        path.write_bytes(content[:-10] + bytes(10))
        assert number(tmp_path) == 5 and len(compilations) == expected
        assert path.read_bytes() == content


def test_another_compiler_finds_nothing(tmp_path, compilations, monkeypatch):
    number(tmp_path)
    monkeypatch.setattr(native, "_compiler", lambda: "another one")
    number(tmp_path)
    assert len(compilations) == 2


def test_code_compiled_for_speed_is_preferred(tmp_path, compilations):
    kept_here = Objects(tmp_path)
    assert Native(Modules(alone=(FIVE,)), speed=0, objects=kept_here).slow == len(FIVE)
    assert Native(Modules(alone=(FIVE,)), objects=kept_here).slow == 0
    assert Native(Modules(alone=(FIVE,)), speed=0, objects=kept_here).slow == 0
    assert [speed for _, speed in compilations] == [0, 2]


def test_the_folder_does_not_grow_without_bound(tmp_path):
    bound = 64 * 8 * 4096
    for k in range(2000):
        Objects(tmp_path, on_disk=bound).put(key_of(str(k)), b"x" * 100)
    assert len(files(tmp_path)) * 4096 <= bound
    assert Objects(tmp_path).get(key_of("1999")) is not None


def test_the_oldest_goes_first(tmp_path):
    keys = [key for key in (key_of(str(k)) for k in range(2000)) if key[0] % 64 == 0][:9]
    for age, key in enumerate(keys):
        Objects(tmp_path).put(key, b"x" * 100)
        os.utime(objects_path(tmp_path, key), (1e9 - age, 1e9 - age))
    Objects(tmp_path).get(keys[8])  # used again
    Objects(tmp_path, on_disk=64 * 4 * 4096).put(keys[0], b"y" * 100)
    left = {key for key in keys if objects_path(tmp_path, key).exists()}
    assert left == {keys[0], keys[8]}


def test_what_is_too_large_is_not_kept_on_the_disk(tmp_path):
    Objects(tmp_path, on_disk=64 * 100).put(KEY, b"x" * 200)
    assert files(tmp_path) == []


def test_memory_is_bounded_too():
    kept_here = Objects(None, in_memory=100)
    for k in range(10):
        kept_here.put(key_of(str(k)), b"x" * 30)
    assert [kept_here.get(key_of(str(k))) is None for k in range(10)] == [True] * 7 + [False] * 3


def test_many_at_once_may_write_the_same(tmp_path):
    def work():
        for _ in range(50):
            Objects(tmp_path).put(KEY, b"some code" * 1000)
            seen.add(Objects(tmp_path).get(KEY))

    seen = set()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {b"some code" * 1000}
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("environment, wanted", [
    ({"XDG_CACHE_HOME": "/x"}, Path("/x/vswap")), ({"HOME": "/home/me"}, Path("/home/me/.cache/vswap")),
    ({"XDG_CACHE_HOME": "relative", "HOME": "/home/me"}, Path("/home/me/.cache/vswap")),
    ({"XDG_CACHE_HOME": "/x", "VSWAP_CACHE": "off"}, None), ({"XDG_CACHE_HOME": "/x", "VSWAP_CACHE": "OFF"}, None),
])
def test_where_the_folder_is(monkeypatch, environment, wanted):
    for name in ("XDG_CACHE_HOME", "VSWAP_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert objects.folder() == wanted


# -- what is compiled again after an edit


def edited(system, change):
    first, *rest = system.rules
    return replace(system, rules=(replace(first, body=change(first.body)), *rest))


def unit(name, value, padding=0):
    return f"define weak_odr i64 @{name}() {{ ret i64 {value} }} ;{' ' * padding}\n"


def test_units_are_compiled_together_and_kept_one_by_one(compilations):
    kept_here, a, b, c = Objects(None), unit("a", 1), unit("b", 2), unit("c", 3)
    Native(Modules((a, b)), speed=0, objects=kept_here)
    found = Native(Modules((c, b, a)), speed=0, objects=kept_here)
    assert [[text in made for text in (a, b, c)] for made, _ in compilations] == [[True, True, False],
                                                                               [False, False, True]]
    assert [found.function(name, ctypes.c_int64)() for name in "abc"] == [1, 2, 3]
    large = [unit(f"f{k}", k, TOGETHER // 3) for k in range(7)]
    compilations.clear()
    Native(Modules(tuple(large)), objects=kept_here)
    assert len(compilations) == 4


def test_a_unit_in_several_objects_is_the_fast_one(compilations):
    kept_here, a, b = Objects(None), unit("a", 1), unit("b", 2)
    Native(Modules((a, b)), speed=0, objects=kept_here)
    Native(Modules((a,)), objects=kept_here)
    found = Native(Modules((b, a)), speed=0, objects=kept_here)
    assert [speed for _, speed in compilations] == [0, FAST] and found.slow == len(b)
    assert [found.function(name, ctypes.c_int64)() for name in "ab"] == [1, 2]


def test_an_edit_of_one_rule_compiles_that_rule_only(compilations):
    system = build(load_specs(SYSTEM)["small"])
    kept_here = Objects(None)
    Native(Program(system).modules, speed=0, objects=kept_here)
    compilations.clear()
    Native(Program(system).modules, speed=0, objects=kept_here)
    assert compilations == []
    here = ir.Pos("elsewhere.py", 1)
    more = edited(system, lambda body: (*body, ir.Fail(pos=here, message="never")))
    Native(Program(more).modules, speed=0, objects=kept_here)
    assert ["@expand" in text for text, _ in compilations] == [False, True]  # the rule, and what calls all of them
    moved = replace(system, rules=system.rules[1:])
    compilations.clear()
    Native(Program(moved).modules, speed=0, objects=kept_here)
    assert ["@expand" in text and "@check" in text for text, _ in compilations] == [True]


COUNT = """
import sys
sys.path[:0] = [{root!r}]
from checker.explicit import explore, native, search
from checker.language import build, load_specs
search._PATIENCE = search._PATIENCE_AGAIN = search._PATIENCE_LITTLE = 1e9  # how long a search takes is no matter here
made, compiled = [], native.compiled
native.compiled = lambda text, speed: made.append(text) or compiled(text, speed)
found = explore(build(load_specs({path!r})["small"]))
print(len(made), found.states, found.fingerprint)
"""


def counted(**environment):
    program = COUNT.format(root=str(ROOT), path=str(SYSTEM))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                          env={**os.environ, **environment})
    made, *found = done.stdout.split()
    return int(made), found


def test_the_second_process_compiles_nothing_and_finds_the_same(tmp_path):
    cold, found = counted(XDG_CACHE_HOME=str(tmp_path))
    warm, again = counted(XDG_CACHE_HOME=str(tmp_path))
    assert cold == 5 and warm == 0 and found == again == ["14366", found[1]]
    off, found = counted(XDG_CACHE_HOME=str(tmp_path / "other"), VSWAP_CACHE="off")
    assert off == cold and found == again
    assert not (tmp_path / "other").exists()
    assert oct((tmp_path / "vswap").stat().st_mode & 0o777) == "0o700"
