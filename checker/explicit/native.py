# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiles LLVM text for this machine, in this process."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm

PASSES = ("always_inliner", "sroa", "simplify_cfg", "instruction_combine", "jump_threading", "new_gvn",
          "dead_store_elimination", "aggressive_dce", "simplify_cfg", "instruction_combine")
"""A tenth of the time of LLVM's own -O2, and the search is as fast: the code has no calls
worth inlining and no loops worth unrolling."""


class Native:
    """The functions of some modules of LLVM text, ready to be called.

    ``speed`` 0 compiles fast and runs slowly: for code that runs a few times.
    """

    def __init__(self, texts: list[str], speed: int = 2) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=speed)
        modules = [self._optimised(text, machine, speed) for text in texts]
        self._engine = llvm.create_mcjit_compiler(modules[0], machine)
        for module in modules[1:]:
            self._engine.add_module(module)
        self._engine.finalize_object()

    @staticmethod
    def _optimised(text: str, machine: Any, speed: int) -> Any:
        module = llvm.parse_assembly(text)
        if not speed:
            return module
        builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
        passes = llvm.create_new_module_pass_manager()
        for name in PASSES:
            getattr(passes, f"add_{name}_pass")()
        passes.run(module, builder)
        return module

    def address(self, name: str) -> int:
        """Where a function is; 0 if there is none."""
        return int(self._engine.get_function_address(name))

    def function(self, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        """A function as Python calls it; the interpreter's lock is free meanwhile."""
        return ctypes.CFUNCTYPE(result, *arguments)(self.address(name))
