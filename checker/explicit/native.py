# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiles LLVM text for this machine, or finds it compiled."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from checker.explicit.objects import Objects, key_of, shared

PASSES = ("always_inliner", "sroa", "simplify_cfg", "instruction_combine", "jump_threading",
          "dead_store_elimination", "aggressive_dce", "simplify_cfg", "instruction_combine")
"""A tenth of the time of LLVM's own -O2, and the search is as fast: the code has no calls
worth inlining and no loops worth unrolling.  Not new_gvn, which gains nothing and ends the
process where a step is very large."""
FAST = 2


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


def obtained(text: str, speed: int, objects: Objects) -> tuple[bytes, int, bool]:
    """A module as an object file, how fast it is at least, and whether it was compiled before."""
    for known in dict.fromkeys((FAST, speed)):
        data = objects.get(key_of(text, str(known), _compiler()))
        if data is not None:
            return data, known, True
    data = compiled(text, speed)
    objects.put(key_of(text, str(speed), _compiler()), data)
    return data, speed, False


class Later:
    """Compiles modules for speed in a thread of its own, while others run what was compiled fast.

    ``left`` are the characters that it has not come to.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = list(dict.fromkeys(texts))
        self._objects = shared()
        self._wanted = True
        self.left = sum(map(len, self._texts))
        self._thread = threading.Thread(target=self._work, name="compiler")
        self._thread.start()

    def _work(self) -> None:
        for text in self._texts:
            if self._wanted:
                obtained(text, FAST, self._objects)
                self.left -= len(text)

    @property
    def done(self) -> bool:
        """Whether ``Native`` will find everything compiled."""
        return not self._thread.is_alive()

    def end(self) -> None:
        """Waits until it has stopped, after the module at hand."""
        self._wanted = False
        self._thread.join()


class Native:
    """The functions of some modules of LLVM text, ready to be called.

    ``speed`` 0 compiles fast and runs slowly: for code that runs a few times; what
    was compiled for speed before is taken all the same.  ``slow`` are the characters
    of text that were not; ``again`` says that all of it had been compiled before.
    ``hot`` are modules that are compiled for speed in any case.
    ``objects`` is where compiled modules are looked for and kept.
    """

    def __init__(self, texts: Iterable[str], speed: int = FAST, objects: Objects | None = None,
                 hot: Iterable[str] = ()) -> None:
        objects = shared() if objects is None else objects
        found, self.slow, self.again = [], 0, True
        for text, wanted in (*((text, speed) for text in dict.fromkeys(texts)), *((text, FAST) for text in hot)):
            data, known, before = obtained(text, wanted, objects)
            self.again &= before
            self.slow += 0 if known == FAST else len(text)
            found.append(data)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine(speed))
        for data in found:
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
