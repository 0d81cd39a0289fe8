# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiles LLVM text for this machine, or finds it compiled."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import llvmlite
import llvmlite.binding as llvm

from checker.explicit.code import DECLARATIONS
from checker.explicit.objects import Objects, key_of, shared

PASSES = ("always_inliner", "sroa", "simplify_cfg", "instruction_combine", "jump_threading",
          "dead_store_elimination", "aggressive_dce", "simplify_cfg", "instruction_combine")
"""A tenth of the time of LLVM's own -O2, and the search is as fast: the code has no calls
worth inlining and no loops worth unrolling.  Not new_gvn, which gains nothing and ends the
process where a step is very large."""
FAST = 2
TOGETHER = 1 << 15
"""Characters of units that are compiled as one module: LLVM takes up to three milliseconds for a module, whatever
is in it.  A thread that compiles beside a search stops only between two modules."""


@cache
def _host() -> tuple[str, str, str]:
    """Triple, name and features of this machine's processor."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@cache
def _compiler() -> str:
    """Everything but text and speed that an object depends on."""
    return repr((llvmlite.__version__, llvm.llvm_version_info, *_host(), PASSES))


def _target_machine(speed: int) -> Any:
    triple, cpu, features = _host()
    return llvm.Target.from_triple(triple).create_target_machine(cpu=cpu, features=features, opt=speed)


def compiled(text: str, speed: int) -> bytes:
    """A module of LLVM text as an object file."""
    machine = _target_machine(speed)
    module = llvm.parse_assembly(text)
    if speed:
        builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
        passes = llvm.create_new_module_pass_manager()
        for name in PASSES:
            getattr(passes, f"add_{name}_pass")()
        passes.run(module, builder)
    return bytes(machine.emit_object(module))


def made(texts: Sequence[str], speed: int, objects: Objects) -> bytes:
    """Compiles modules as one object, which is kept for each of them."""
    data = compiled(DECLARATIONS + "\n".join(texts), speed)
    name = key_of("object", *texts, str(speed), _compiler())
    objects.put(name, data)
    for text in texts:
        objects.put(key_of(text, str(speed), _compiler()), name)
    return data


@dataclass(frozen=True)
class Modules:
    """LLVM text: ``units`` are functions named after the hash of their text, which may be compiled together
    and stand in several objects; each of ``alone`` is compiled for itself, and each of ``hot`` for speed at once.
    """

    units: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    hot: tuple[str, ...] = ()


class Kept(NamedTuple):
    """A module that was compiled before: the object that has it, and how fast that is at least."""

    text: str
    data: bytes
    speed: int


def sorted_out(modules: Modules, speed: int, objects: Objects) -> tuple[list[Kept], list[list[str]]]:
    """Which units and modules are kept, and parts of the others that are compiled together."""
    kept: list[Kept] = []
    missing: list[list[str]] = [[]]
    for text in dict.fromkeys((*modules.units, *modules.alone)):
        for known in dict.fromkeys((FAST, speed)):
            name = objects.get(key_of(text, str(known), _compiler()))
            data = None if name is None else objects.get(name)
            if data is not None:
                kept.append(Kept(text, data, known))
                break
        else:
            if text in modules.alone or sum(map(len, missing[-1])) + len(text) > TOGETHER:
                missing.append([])
            missing[-1].append(text)
    return kept, [part for part in missing if part]


class Later:
    """Compiles for speed in a thread of its own, while others run what was compiled fast.

    ``left`` are the characters that it has not come to.
    """

    def __init__(self, modules: Modules) -> None:
        self._objects = shared()
        _, self._parts = sorted_out(modules, FAST, self._objects)
        self._wanted = True
        self.left = sum(len(text) for part in self._parts for text in part)
        self._thread = threading.Thread(target=self._work, name="compiler")
        self._thread.start()

    def _work(self) -> None:
        for part in self._parts:
            if self._wanted:
                made(part, FAST, self._objects)
                self.left -= sum(map(len, part))

    @property
    def done(self) -> bool:
        """Whether ``Native`` will find everything compiled."""
        return not self._thread.is_alive()

    def end(self) -> None:
        """Waits until it has stopped, after the part at hand."""
        self._wanted = False
        self._thread.join()


class Native:
    """The functions of some LLVM text, ready to be called.

    ``speed`` 0 compiles fast and runs slowly: for code that runs a few times; what
    was compiled for speed before is taken all the same.  ``slow`` are the characters
    of text that were not; ``again`` says that all of it had been compiled before.
    ``objects`` is where compiled modules are looked for and kept.
    """

    def __init__(self, modules: Modules, speed: int = FAST, objects: Objects | None = None) -> None:
        objects = shared() if objects is None else objects
        self.slow, self.again = 0, True
        fast: dict[bytes, None] = {}
        others: dict[bytes, None] = {}
        for some, wanted in ((replace(modules, hot=()), speed), (Modules(alone=modules.hot), FAST)):
            kept, missing = sorted_out(some, wanted, objects)
            kept += (Kept("".join(part), made(part, wanted, objects), wanted) for part in missing)
            self.again &= not missing
            self.slow += sum(len(one.text) for one in kept if one.speed != FAST)
            for one in kept:
                (fast if one.speed == FAST else others)[one.data] = None
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine(speed))
        for data in (*fast, *others):  # of a unit that is in several, the first counts
            self._engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(data))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function is; 0 if there is none."""
        return int(self._engine.get_function_address(name))

    def function(self, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        """A function as Python calls it; the interpreter's lock is free meanwhile."""
        found: Any = ctypes.CFUNCTYPE(result, *arguments)(self.address(name))
        found.code = self  # which lives as long as anybody can call it
        return found  # type: ignore[no-any-return]
