# SPDX-License-Identifier: GPL-2.0-or-later
"""The z3 reading of a claim that is written as a Python function of unsigned numbers."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import z3

from checker.language.claims import Theorem
from checker.language.errors import LanguageError
from checker.language.source import Source, names_of, source_of
from checker.language.unsigned import Unsigned
from checker.language.verbs import require
from checker.language.words import FormatError, Kind
from checker.symbolic import bits

DEEP = 30
"""How many helpers may call each other."""

ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
    ast.BitAnd: lambda a, b: a & b, ast.BitOr: lambda a, b: a | b, ast.BitXor: lambda a, b: a ^ b,
    ast.LShift: lambda a, b: a << b, ast.RShift: z3.LShR, ast.FloorDiv: z3.UDiv, ast.Mod: z3.URem,
}
PARTIAL = (ast.LShift, ast.RShift, ast.FloorDiv, ast.Mod)
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b,
    ast.Lt: z3.ULT, ast.LtE: z3.ULE, ast.Gt: z3.UGT, ast.GtE: z3.UGE,
}


def read(claim: Theorem) -> tuple[dict[str, z3.BitVecRef], list[z3.BoolRef], z3.BoolRef]:
    """Variables, premises, conclusion; LanguageError for what cannot be read."""
    variables = {name: z3.BitVec(name, width) for name, width in claim.variables().items()}
    reader = _Reader()
    result = reader.call(source_of(claim.function), dict(variables), [], 0)
    return variables, reader.premises, z3.And(*reader.defined, _truth(result))


def _symbolic(value: Any) -> bool:
    return isinstance(value, z3.ExprRef)


def _truth(value: Any) -> z3.BoolRef:
    if isinstance(value, z3.BitVecRef):
        return value != 0
    return value if _symbolic(value) else z3.BoolVal(bool(value))


class _Reader:
    """Evaluates functions; whatever depends on no variable is left to Python.

    ``premises`` are the conditions that were required; ``defined`` those under which
    nothing is asked for that does not exist, such as the field of a value too large for it.
    """

    def __init__(self) -> None:
        self.premises: list[z3.BoolRef] = []
        self.defined: list[z3.BoolRef] = []

    def call(self, source: Source, env: dict[str, Any], path: list[z3.BoolRef], depth: int) -> Any:
        if depth > DEEP:
            raise LanguageError(source.pos(source.tree), "helpers call each other too deep: recursion cannot be read")
        return _Body(self, source, depth).run(source.tree.body, env, path)


class _Body:
    """One function, evaluated under the conditions ``path`` of the branches that lead to it."""

    def __init__(self, reader: _Reader, source: Source, depth: int) -> None:
        self.reader, self.source, self.depth = reader, source, depth
        self.names = names_of(source)

    def refuse(self, node: ast.AST, text: str) -> NoReturn:
        raise LanguageError(self.source.pos(node), text)

    def run(self, body: list[ast.stmt], env: dict[str, Any], path: list[z3.BoolRef]) -> Any:
        for number, node in enumerate(body):
            match node:
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    pass
                case ast.Expr(value=ast.Call(func=ast.Name() as func, args=[condition])) if (
                        self.known(func, env) is require):
                    needed = _truth(self.value(condition, env, path))
                    self.reader.premises.append(z3.Implies(z3.And(path), needed))
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    env = {**env, name: self.value(value, env, path)}
                case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                    left = self.value(ast.Name(id=name, ctx=ast.Load(), lineno=target.lineno, col_offset=0), env, path)
                    env = {**env, name: self.binary(node, op, left, self.value(value, env, path), path)}
                case ast.Return(value=ast.expr() as value):
                    return self.value(value, env, path)
                case ast.If(test=test, body=then, orelse=other):
                    rest = body[number + 1:]
                    truth = self.value(test, env, path)
                    if not _symbolic(truth):
                        return self.run([*(then if truth else other), *rest], env, path)
                    yes = _truth(truth)
                    return self.join(node, yes, self.run([*then, *rest], env, [*path, yes]),
                                     self.run([*other, *rest], env, [*path, z3.Not(yes)]))
                case _:
                    self.refuse(node, "a claim is made of require(...), assignments to names, if and return")
        self.refuse(self.source.tree, f"{self.source.tree.name} can end without a return")

    def join(self, node: ast.AST, condition: z3.BoolRef, then: Any, other: Any) -> Any:
        if isinstance(then, z3.BitVecRef) or isinstance(other, z3.BitVecRef):
            then, other, _ = self.pair(node, then, other)
            if then.size() != other.size():
                self.refuse(node, "the two branches give numbers of different widths")
            return z3.If(condition, then, other)
        if not _symbolic(then) and not _symbolic(other) and type(then) is type(other) and then == other:
            return then
        if all(isinstance(one, (bool, z3.BoolRef)) for one in (then, other)):
            return z3.If(condition, _truth(then), _truth(other))
        return self.refuse(node, f"the two branches give {then!r} and {other!r}: write both as U64(...), or both as "
                                 "true or false")

    def known(self, node: ast.expr, env: Mapping[str, Any]) -> Any:
        """What Python says, of an expression that depends on no variable."""
        code = compile(ast.Expression(node), self.source.file, "eval")
        return eval(code, {**self.names, **env})

    def plain(self, node: ast.expr, left: Any, right: Any) -> Any:
        return self.known(ast.fix_missing_locations(node), {"a": left, "b": right})

    def concrete(self, node: ast.expr, env: Mapping[str, Any]) -> bool:
        return not any(isinstance(n, ast.Name) and _symbolic(env.get(n.id)) for n in ast.walk(node))

    def value(self, node: ast.expr, env: Mapping[str, Any], path: list[z3.BoolRef]) -> Any:
        if self.concrete(node, env):
            try:
                return self.known(node, env)
            except Exception as error:
                self.refuse(node, f"{type(error).__name__}: {error}")
        match node:
            case ast.Name(id=name):
                return env[name]
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(node, op, self.value(left, env, path), self.value(right, env, path), path)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return z3.Not(_truth(self.value(operand, env, path)))
            case ast.UnaryOp(op=ast.Invert() | ast.USub() as op, operand=operand):
                number = self.number(operand, self.value(operand, env, path))
                return ~number if isinstance(op, ast.Invert) else -number
            case ast.BoolOp(op=op, values=values):
                return self.both(isinstance(op, ast.And), values, env, path)
            case ast.Compare(left=left, ops=ops, comparators=rights):
                terms = [self.value(one, env, path) for one in (left, *rights)]
                return z3.And([self.compare(node, op, a, b)
                               for op, a, b in zip(ops, terms[:-1], terms[1:], strict=True)])
            case ast.IfExp(test=test, body=then, orelse=other):
                truth = self.value(test, env, path)
                if not _symbolic(truth):
                    return self.value(then if truth else other, env, path)
                yes = _truth(truth)
                return self.join(node, yes, self.value(then, env, [*path, yes]),
                                 self.value(other, env, [*path, z3.Not(yes)]))
            case ast.Call():
                return self.call(node, env, path)
        return self.refuse(node, f"{ast.unparse(node)}: a claim knows arithmetic, comparisons, and/or/not, conditions, "
                                 "helpers, and encode, get and recognises of a kind")

    def both(self, conjunction: bool, values: list[ast.expr], env: Mapping[str, Any], path: list[z3.BoolRef]) -> Any:
        """``and`` and ``or`` evaluate no more than Python would."""
        found: list[z3.BoolRef] = []
        for one in values:
            before = found if conjunction else [z3.Not(earlier) for earlier in found]
            found.append(_truth(self.value(one, env, [*path, *before])))
        return z3.And(found) if conjunction else z3.Or(found)

    def number(self, node: ast.AST, value: Any) -> z3.BitVecRef:
        if isinstance(value, z3.BitVecRef):
            return value
        return self.refuse(node, "a number of known width is needed here: write U64(...)")

    def pair(self, node: ast.AST, left: Any, right: Any) -> tuple[z3.BitVecRef, z3.BitVecRef, int]:
        """Both numbers, wide enough for both, and how wide the result of arithmetic is."""
        sizes, widths = [], []
        for one in (left, right):
            if isinstance(one, (z3.BitVecRef, Unsigned)):
                sizes.append(one.size() if isinstance(one, z3.BitVecRef) else one.bits)
            elif not isinstance(one, int):
                self.refuse(node, f"{one!r} is no number")
            else:
                widths.append(one.bit_length())
        wide = max(*sizes, *widths, 1)
        return _extend(left, wide), _extend(right, wide), max(sizes)

    def binary(self, node: ast.AST, op: ast.operator, left: Any, right: Any, path: list[z3.BoolRef]) -> Any:
        if isinstance(left, z3.BoolRef) or isinstance(right, z3.BoolRef):
            self.refuse(node, "true and false are joined by and, or, not")
        if type(op) not in ARITHMETIC:
            self.refuse(node, "claims calculate with + - * // % & | ^ << >>")
        if not _symbolic(left) and not _symbolic(right):
            return self.plain(ast.BinOp(ast.Name("a", ast.Load()), op, ast.Name("b", ast.Load())), left, right)
        if isinstance(op, PARTIAL) and any(not _symbolic(one) and one < 0 for one in (left, right)):
            self.refuse(node, "this is not defined for a negative number")
        a, b, size = self.pair(node, left, right)
        if isinstance(op, (ast.FloorDiv, ast.Mod)):
            self.must(b != 0, path)
        return z3.Extract(size - 1, 0, ARITHMETIC[type(op)](a, b))

    def must(self, condition: z3.BoolRef, path: list[z3.BoolRef]) -> None:
        self.reader.defined.append(z3.Implies(z3.And(path), condition))

    def compare(self, node: ast.AST, op: ast.cmpop, left: Any, right: Any) -> z3.BoolRef:
        if isinstance(left, z3.BoolRef) or isinstance(right, z3.BoolRef):
            if isinstance(op, (ast.Eq, ast.NotEq)) and all(isinstance(x, (bool, z3.BoolRef)) for x in (left, right)):
                return COMPARISONS[type(op)](_truth(left), _truth(right))
            self.refuse(node, "true and false are compared by == and != with one another")
        if type(op) not in COMPARISONS:
            self.refuse(node, "claims compare by == != < <= > >=")
        if not _symbolic(left) and not _symbolic(right):
            return _truth(self.plain(ast.Compare(ast.Name("a", ast.Load()), [op], [ast.Name("b", ast.Load())]),
                                     left, right))
        for one, flipped in ((left, False), (right, True)):
            if not _symbolic(one) and one < 0:  # below every unsigned number
                order = 1 if flipped else -1
                return z3.BoolVal({ast.Eq: False, ast.NotEq: True, ast.Lt: order < 0, ast.LtE: order < 0,
                                   ast.Gt: order > 0, ast.GtE: order > 0}[type(op)])
        a, b, _ = self.pair(node, left, right)
        found: z3.BoolRef = COMPARISONS[type(op)](a, b)
        return found

    def call(self, node: ast.Call, env: Mapping[str, Any], path: list[z3.BoolRef]) -> Any:
        if not self.concrete(node.func, env):
            self.refuse(node, "an unknown number has no methods")
        function = self.known(node.func, env)
        if function in (all, any) and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            return self.each(function is all, node.args[0], env, path)
        arguments = [self.value(one, env, path) for one in node.args]
        named = {one.arg: self.value(one.value, env, path) for one in node.keywords if one.arg is not None}
        if len(named) < len(node.keywords) or any(isinstance(one, ast.Starred) for one in node.args):
            self.refuse(node, "name every argument: * and ** cannot be read")
        if isinstance(function, type) and issubclass(function, Unsigned) and len(arguments) == 1:
            return _resize(self.number(node, arguments[0]), function.bits)
        kind = getattr(function, "__self__", None)
        if isinstance(kind, Kind):
            try:
                return self.of_kind(node, kind, function.__name__, arguments, named, path)
            except FormatError as error:
                self.refuse(node, str(error))
        if not inspect.isfunction(function) or function is require:
            self.refuse(node, f"{ast.unparse(node.func)} cannot be called with an unknown number: call a helper of "
                              "your own, U64(...), or encode, get and recognises of a kind")
        try:
            bound = inspect.signature(function).bind(*arguments, **named)
        except TypeError as error:
            self.refuse(node, f"{function.__name__}: {error}")
        bound.apply_defaults()
        return self.reader.call(source_of(function), dict(bound.arguments), path, self.depth + 1)

    def each(self, conjunction: bool, node: ast.GeneratorExp, env: Mapping[str, Any], path: list[z3.BoolRef]) -> Any:
        """``all`` and ``any`` over what Python can list."""
        match node.generators:
            case [ast.comprehension(target=ast.Name(id=name), iter=over, ifs=[])] if self.concrete(over, env):
                found = [_truth(self.value(node.elt, {**env, name: one}, path)) for one in self.known(over, env)]
                return z3.And(found) if conjunction else z3.Or(found)
        return self.refuse(node, "all and any go over one thing that does not depend on an unknown number")

    def of_kind(self, node: ast.Call, kind: Kind, what: str, arguments: list[Any], named: Mapping[str, Any],
                path: list[z3.BoolRef]) -> Any:
        if what == "encode" and not arguments:
            values = {one.name: self.operand(node, named.get(one.name, 0), one.width, path) for one in kind.fields}
            for name in named:
                kind.field(name)
            for condition in bits.domain(kind, values):
                self.must(condition, path)
            return bits.encode(kind, values)
        word = _extend(self.number(node, arguments[0]), kind.width) if arguments else None
        if word is not None and word.size() > kind.width:
            self.refuse(node, f"{kind.name} is a word of {kind.width} bits")
        if what == "recognises" and len(arguments) == 1 and not named:
            return bits.recognises(kind, word)
        if what == "get" and len(arguments) == 2 and isinstance(arguments[1], str):
            return _resize(bits.get(kind, word, arguments[1]), kind.width)
        return self.refuse(node, "of a kind a claim asks encode(field=...), get(word, 'field') and recognises(word)")

    def operand(self, node: ast.AST, value: Any, width: int, path: list[z3.BoolRef]) -> z3.BitVecRef:
        """A value for a field; that it fits must be true."""
        if not _symbolic(value):
            self.must(z3.BoolVal(0 <= int(value) < 1 << width), path)
            return z3.BitVecVal(int(value), width)
        number = self.number(node, value)
        if number.size() > width:
            self.must(z3.Extract(number.size() - 1, width, number) == 0, path)
        return _resize(number, width)


def _extend(value: Any, size: int) -> z3.BitVecRef:
    if not _symbolic(value):
        return z3.BitVecVal(int(value), size)
    return z3.ZeroExt(size - value.size(), value) if value.size() < size else value


def _resize(value: z3.BitVecRef, size: int) -> z3.BitVecRef:
    return z3.Extract(size - 1, 0, value) if value.size() > size else _extend(value, size)
