# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering of helper functions: they are inlined."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from checker.language import ir, verbs
from checker.language import types as t
from checker.language.choices import Choices
from checker.language.frames import Frame
from checker.language.places import (
    Binding,
    Leaf,
    LocalB,
    NewRecordB,
    NoneT,
    PlaceB,
    StaticB,
)
from checker.language.sorts import Case
from checker.language.source import Source, source_of


class Helpers(Choices):
    """Calls of functions written in the language."""

    def helper(self, function: Any, node: ast.Call) -> Binding:
        source = source_of(function)
        if source.yields:
            self.fail(
                node, f'{function.__name__} contains yields: call it with "yield from" (without it Python runs nothing)'
            )
        if verbs.kind_of(function) in ("rule", "operation"):
            self.fail(
                node,
                f"{function.__name__} is a {verbs.kind_of(function)}: move what is shared into a helper and call that",
            )
        with self.capture() as body:
            self.inline(source, node)
            frame = self.inlined
        if frame.result is None:
            result: ir.Expr = self.const(NoneT(), 0, node)
        else:
            result = self.local(frame.result, node)
        simple = single_value(body, frame)
        if simple is not None:
            return simple
        return ir.Do(type=result.type, pos=self.pos(node), body=tuple(body), result=result)

    def inline(self, source: Source, node: ast.Call) -> None:
        """Emits the body of a helper, its parameters bound; leaves its frame in ``inlined``."""
        caller = self.frame
        if any(f.source.function is source.function for f in caller.stack()):
            self.fail(
                node, f"{source.function.__name__} calls itself: recursion is not part of the language, write a loop"
            )
        arguments = self.match(source, node)
        frame = self.new_frame(source, node.lineno)
        for name, binding in arguments.items():
            self.bind_parameter(frame, name, binding, node)
        self.frame = frame
        try:
            self.function_body(frame)
        finally:
            self.frame = caller
        self.inlined = frame

    def function_body(self, frame: Frame) -> None:
        raise NotImplementedError

    def match(self, source: Source, node: ast.Call) -> dict[str, Binding]:
        """The arguments of a call by parameter name, evaluated left to right."""
        spec = source.tree.args
        name = source.tree.name
        if spec.vararg or spec.kwarg:
            self.fail(node, f"{name} takes '*' arguments, which are not part of the language: name each parameter")
        parameters = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
        if len(node.args) > len(parameters):
            self.fail(node, f"{name} takes {len(parameters)} arguments, {len(node.args)} are given")
        found: dict[str, Binding] = {}
        for parameter, argument in zip(parameters, node.args, strict=False):
            found[parameter] = self.expression(argument)
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg not in parameters or keyword.arg in found:
                self.fail(node, f"{name} has no argument {keyword.arg}, or it is given twice")
            found[keyword.arg] = self.expression(keyword.value)
        for parameter in parameters:
            if parameter not in found:
                default = source.defaults[parameter].default
                if default is inspect.Parameter.empty:
                    self.fail(node, f"{name} needs an argument {parameter}")
                if isinstance(default, (list, dict, set)):
                    self.fail(
                        node, f"{name}: the default of {parameter} is mutable; use None, a number or an enum member"
                    )
                found[parameter] = self.static(default, node)
        return found

    def bind_parameter(self, frame: Frame, name: str, binding: Binding, node: ast.AST) -> None:
        assigned = name in frame.source.assigned
        caller = self.frame
        if isinstance(binding, StaticB) and isinstance(binding.value, Case):
            binding = self.make_case(binding.value, (), node) if not binding.value.fields else binding
        if isinstance(binding, PlaceB) and isinstance(binding.node, Leaf) and not is_lock(binding):
            binding = self.as_value(binding, node)
        if isinstance(binding, NewRecordB):
            self.as_value(binding, node)
        if isinstance(binding, PlaceB):
            self.frame = frame
            try:
                frame.names[name] = self.bind_place(name, binding, node)
            finally:
                self.frame = caller
            return
        if isinstance(binding, ir.Expr):
            if not assigned and isinstance(binding, (ir.Local, ir.Const)):
                frame.names[name] = LocalB(binding.name) if isinstance(binding, ir.Local) else binding
                return
            local = f"{frame.prefix}{name}"
            self.origin[local] = (frame.depth, name, None)
            self.assign(local, binding, node)
            frame.names[name] = LocalB(local)
            return
        frame.names[name] = binding

    inlined: Frame


def is_lock(place: PlaceB) -> bool:
    from checker.language.shapes import SpinT

    return isinstance(place.node.field.type, (t.LockT, SpinT))  # type: ignore[union-attr]


def single_value(body: list[ir.Stmt], frame: Frame) -> ir.Expr | None:
    """The value of a helper that is nothing but ``return value``."""
    if len(body) == 1 and isinstance(body[0], ir.Block):
        body = list(body[0].body)
    match body:
        case [ir.SetLocal(name=name, value=value), *rest] if name == frame.result:
            if all(isinstance(s, ir.Break) for s in rest):
                return value
    return None
