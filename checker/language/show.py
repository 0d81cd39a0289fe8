# SPDX-License-Identifier: GPL-2.0-or-later
"""The IR as text that a person can read: ``vswap list --ir OPERATION``."""

from __future__ import annotations

from collections.abc import Iterator

from checker.language import ir
from checker.language import types as t


def show(procedure: ir.Procedure) -> str:
    """A procedure, one statement a line, with source lines and the frame of each yield."""
    return "\n".join(Printer(procedure).lines())


def expression(expr: ir.Expr) -> str:
    """An expression in the syntax that an author would use, checks made visible."""
    match expr:
        case ir.Const(type=type_, value=value):
            return type_.show(value - type_.low)
        case ir.Local(name=name):
            return name
        case ir.Read(field=field, indices=indices, old=old):
            return ("old." if old else "") + place(field, indices)
        case ir.Not(operand=x):
            return f"not {expression(x)}"
        case ir.And(left=a, right=b):
            return f"({expression(a)} and {expression(b)})"
        case ir.Or(left=a, right=b):
            return f"({expression(a)} or {expression(b)})"
        case ir.IfExp(condition=c, then=a, orelse=b):
            return f"({expression(a)} if {expression(c)} else {expression(b)})"
        case ir.Compare(op=op, left=a, right=b):
            return f"{expression(a)} {op} {expression(b)}"
        case ir.Arith(op=op, left=a, right=b):
            return (
                f"{op}({expression(a)}, {expression(b)})"
                if op in ("min", "max")
                else f"({expression(a)} {op} {expression(b)})"
            )
        case ir.Cast(operand=x, type=type_):
            return f"checked[{type_}]({expression(x)})"
        case ir.Recode(operand=x, type=type_):
            return f"as[{type_}]({expression(x)})"
        case ir.Place(operand=x):
            return f"place({expression(x)})"
        case ir.Shift(operand=a, by=b):
            return f"({expression(a)} + {expression(b)})"
        case ir.Quantifier(kind=kind, binders=binders, body=body, default=default):
            tail = "" if default is None else f", default={expression(default)}"
            return f"{kind}({expression(body)} {' '.join(map(binder, binders))}{tail})"
        case ir.UnionMake(type=t.UnionT(cases=cases), case=case, payload=payload):
            return f"{cases[case][0]}({', '.join(map(expression, payload))})"
        case ir.UnionTag(operand=x):
            return f"{expression(x)}.tag"
        case ir.UnionGet(operand=x, case=case, index=index):
            union = x.type
            assert isinstance(union, t.UnionT)
            return f"{expression(x)}.{union.cases[case][1][index][0]}"
        case ir.SetMake(items=items):
            return "{" + ", ".join(map(expression, items)) + "}"
        case ir.SetHas(item=a, operand=b):
            return f"{expression(a)} in {expression(b)}"
        case ir.SetOp(op=op, left=a, right=b):
            return f"({expression(a)} {op} {expression(b)})"
        case ir.SetLen(operand=x):
            return f"len({expression(x)})"
        case ir.Fresh(type=type_):
            return f"fresh({type_})"
        case ir.Do(body=body, result=result):
            inner = "; ".join(line.strip() for statement in body for line in Printer(None).statement(statement, 0))
            return f"[{inner} -> {expression(result)}]"
        case ir.At(places=places):
            return " or ".join(at_place(p) for p in places) or "False"
    raise AssertionError(expr)


def binder(one: ir.Binder) -> str:
    condition = "" if one.condition is None else f" if {expression(one.condition)}"
    return f"for {one.variable.name} in {domain(one.domain)}{condition}"


def domain(one: ir.Domain) -> str:
    if isinstance(one.type, t.IntT):
        return f"range({expression(one.lo)}, {expression(one.hi)})"
    return str(one.type)


def at_place(one: ir.AtPlace) -> str:
    who = "any" if one.actor is None else expression(one.actor)
    values = "".join(f", {field.name}={expression(value)}" for field, value in one.values)
    return f"at(role {one.role}, {who}, pc={one.pc}{values})"


def place(field: ir.Field, indices: tuple[ir.Expr, ...]) -> str:
    text = field.name
    for index in indices:
        text = text.replace("[]", f"[{expression(index)}]", 1)
    return text


class Printer:
    """Writes statements with indentation."""

    def __init__(self, procedure: ir.Procedure | None):
        self.procedure = procedure

    def lines(self) -> Iterator[str]:
        procedure = self.procedure
        assert procedure is not None
        names = [*([procedure.actor] if procedure.actor else []), *procedure.params]
        parameters = ", ".join(f"{n}: {procedure.locals[n]}" for n in names)
        yield f"{'operation' if procedure.actor else 'rule'} {procedure.name}({parameters})    # {procedure.pos}"
        for name, type_ in procedure.locals.items():
            if name not in names:
                yield f"  local {name}: {type_}"
        for statement in procedure.body:
            yield from self.statement(statement, 1)

    def body(self, body: tuple[ir.Stmt, ...], depth: int) -> Iterator[str]:
        if not body:
            yield "  " * depth + "pass"
        for statement in body:
            yield from self.statement(statement, depth)

    def statement(self, node: ir.Stmt, depth: int) -> Iterator[str]:
        pad = "  " * depth
        match node:
            case ir.SetLocal(name=name, value=value):
                yield f"{pad}{name} = {expression(value)}    # line {node.pos.line}"
            case ir.Store(field=field, indices=indices, value=value):
                yield f"{pad}{place(field, indices)} := {expression(value)}    # line {node.pos.line}"
            case ir.If(condition=condition, then=then, orelse=orelse):
                yield f"{pad}if {expression(condition)}:    # line {node.pos.line}"
                yield from self.body(then, depth + 1)
                if orelse:
                    yield f"{pad}else:"
                    yield from self.body(orelse, depth + 1)
            case ir.Block(label=label, body=body):
                yield f"{pad}block {label}:"
                yield from self.body(body, depth + 1)
            case ir.Break(label=label):
                yield f"{pad}leave {label}"
            case ir.For(variable=variable, domain=over, body=body):
                yield f"{pad}for {variable} in {domain(over)}:    # line {node.pos.line}"
                yield from self.body(body, depth + 1)
            case ir.Loop(body=body):
                yield f"{pad}loop:    # line {node.pos.line}"
                yield from self.body(body, depth + 1)
            case ir.Require(condition=condition):
                yield f"{pad}require {expression(condition)}    # line {node.pos.line}"
            case ir.Assert(condition=condition, promise=promise):
                yield f"{pad}assert #{promise} {expression(condition)}    # line {node.pos.line}"
            case ir.Expect(condition=condition, promise=promise):
                yield f"{pad}expect #{promise} {expression(condition)}    # line {node.pos.line}"
            case ir.Fail(message=message):
                yield f"{pad}fail {message!r}    # line {node.pos.line}"
            case ir.Choose(name=name, candidate=candidate, domain=over, where=where, empty=empty):
                condition_ = "" if where is None else f" where {expression(where)}"
                text = f"{name} = choose {candidate} in {domain(over)}{condition_}, if none: {empty}"
                yield f"{pad}{text}    # line {node.pos.line}"
            case ir.Hold(field=field, indices=indices, body=body):
                yield f"{pad}hold {place(field, indices)}:    # line {node.pos.line}"
                yield from self.body(body, depth + 1)
            case ir.Yield(point=point):
                yield f"{pad}yield {self.point(point)}    # line {node.pos.line}"

    def point(self, number: int) -> str:
        if self.procedure is None:
            return str(number)
        point = self.procedure.yields[number]
        kept = ", ".join(name for name, _ in point.live)
        return f'"{point.label}" (step {point.pc}; keeps {kept or "nothing"})'
