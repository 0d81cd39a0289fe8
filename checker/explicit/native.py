# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiles LLVM text for this machine, in this process."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm


class Native:
    """The functions of some modules of LLVM text, ready to be called."""

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
        if speed:
            options = llvm.create_pipeline_tuning_options(speed_level=speed)
            options.loop_vectorization = False
            options.slp_vectorization = False
            options.loop_unrolling = False
            builder = llvm.create_pass_builder(machine, options)
            builder.getModulePassManager().run(module, builder)
        return module

    def address(self, name: str) -> int:
        """Where a function is; 0 if there is none."""
        return int(self._engine.get_function_address(name))

    def function(self, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        """A function as Python calls it; the interpreter's lock is free meanwhile."""
        return ctypes.CFUNCTYPE(result, *arguments)(self.address(name))
