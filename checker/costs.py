# SPDX-License-Identifier: GPL-2.0-or-later
"""How many locks one run of an operation takes: the least and the most on any path from its call to its return.

Counted are lock regions entered (``with hold(...)``) and locks taken by ``acquire``
and ``trylock``, by the name of the lock's field, whichever element it is.  Paths
are those of the source under the design at hand, without branches and steps that
no run of the search has taken; a path may still join branches that no single run
takes together, so that the truth lies between the two numbers.  The most is None
where a loop has no bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from checker.explicit.result import Coverage
from checker.language import ir
from checker.language.types import LockT
from checker.language.walk import children, expressions

Count = tuple[int, int | None]
Counts = dict[str, Count]
"""By lock; one that is missing is (0, 0)."""
_NONE: Count = (0, 0)


@dataclass
class _Ways:
    """How control leaves some statements: behind them (None: never), or by a Break."""

    behind: Counts | None
    breaks: dict[str, Counts] = field(default_factory=dict)


def locks(system: ir.System, coverage: Coverage) -> dict[str, Counts]:
    """For each operation that some actor has run; an operation of several roles may do more in one of them."""
    found: dict[str, Counts] = {}
    for role in system.roles:
        for one in role.operations:
            if not coverage.procedures.get(one.name):
                continue
            walk = _Walk(one, role.type.name, coverage)
            behind = walk.body(one.body).behind
            if behind is not None:
                known = found.get(one.name)
                found[one.name] = behind if known is None else _either(known, behind)
    return found


class _Walk:
    def __init__(self, procedure: ir.Procedure, role: str, coverage: Coverage) -> None:
        def ran(counts: Mapping[tuple[str, str | None, int], int], number: int) -> bool:
            return bool(counts.get((procedure.name, role, number)))

        self.taken: Callable[[int], bool] = lambda site: ran(coverage.sites, site)
        self.passed: Callable[[int], bool] = lambda point: ran(coverage.steps, point)  # type: ignore[arg-type]

    def body(self, statements: Iterable[ir.Stmt]) -> _Ways:
        ways = _Ways({})
        for statement in statements:
            if ways.behind is None:
                break
            here = self.statement(statement)
            for label, counts in here.breaks.items():
                _join(ways.breaks, label, _sum(ways.behind, counts))
            ways.behind = None if here.behind is None else _sum(ways.behind, here.behind)
        return ways

    def statement(self, s: ir.Stmt) -> _Ways:
        own: Counts = {}
        for expr in expressions(s):
            own = _sum(own, self.inside(expr))
        match s:
            case ir.Break(label=label):
                return _Ways(None, {label: {}})
            case ir.Fail():
                return _Ways(None)
            case ir.Yield(point=point):
                return _Ways({} if self.passed(point) else None)
            case ir.Store(field=place, value=value) if isinstance(place.type, LockT) and not isinstance(
                    value, ir.Const):
                return _Ways(_sum(own, _one(place)))
            case ir.If():
                return _before(own, self.branch(s))
            case ir.Hold(field=place, body=inner):
                return _before(_sum(own, _one(place)), self.body(inner))
            case ir.Block(label=label, body=inner):
                ways = self.body(inner)
                left = ways.breaks.pop(label, None)
                if left is not None:
                    ways.behind = left if ways.behind is None else _either(ways.behind, left)
                return ways
            case ir.For(domain=domain, body=inner):
                return _before(own, _turns(self.body(inner), _turns_of(domain)))
            case ir.Loop(body=inner):
                ways = _turns(self.body(inner), (0, None))
                return _Ways(None, ways.breaks)
        return _Ways(own)

    def branch(self, s: ir.If) -> _Ways:
        """The branches that some run has taken; all of those that nobody counts."""
        parts = [self.body(part) for k, part in enumerate((s.then, s.orelse))
                 if s.sites is None or self.taken(s.sites[k])]
        ways = _Ways(None)
        for part in parts:
            for label, counts in part.breaks.items():
                _join(ways.breaks, label, counts)
            if part.behind is not None:
                ways.behind = part.behind if ways.behind is None else _either(ways.behind, part.behind)
        return ways

    def inside(self, expr: ir.Expr) -> Counts:
        """What the helpers in an expression do; a right operand may not be evaluated."""
        if isinstance(expr, ir.Do):
            return _sum(self.body(expr.body).behind or {}, self.inside(expr.result))
        parts = [self.inside(part) for part in children(expr)]
        total: Counts = {}
        for k, part in enumerate(parts):
            surely = not isinstance(expr, (ir.And, ir.Or, ir.IfExp, ir.Quantifier)) or k == 0
            total = _sum(total, part if surely else _either({}, part))
        return total


def _turns_of(domain: ir.Domain) -> Count:
    if isinstance(domain.lo, ir.Const) and isinstance(domain.hi, ir.Const):
        turns = max(0, domain.hi.value - domain.lo.value)
        return turns, turns
    return 0, None


def _turns(turn: _Ways, number: Count) -> _Ways:
    """So many turns of a loop; a Break leaves it after any number of whole ones."""
    low, high = number
    whole = {name: (0 if least is None else least * low, _times(most, high))
             for name, (least, most) in (turn.behind or {}).items()}
    last = None if high is None else max(0, high - 1)
    before = {name: (0, _times(most, last)) for name, (_, most) in (turn.behind or {}).items()}
    return _Ways(whole, {label: _sum(before, counts) for label, counts in turn.breaks.items()})


def _times(most: int | None, turns: int | None) -> int | None:
    if most == 0 or turns == 0:
        return 0
    return None if most is None or turns is None else most * turns


def _one(place: ir.Field) -> Counts:
    return {place.name.replace("[]", ""): (1, 1)}


def _before(first: Counts, ways: _Ways) -> _Ways:
    return _Ways(None if ways.behind is None else _sum(first, ways.behind),
                 {label: _sum(first, counts) for label, counts in ways.breaks.items()})


def _sum(a: Counts, b: Counts) -> Counts:
    def plus(x: Count, y: Count) -> Count:
        return x[0] + y[0], None if x[1] is None or y[1] is None else x[1] + y[1]

    return {name: plus(a.get(name, _NONE), b.get(name, _NONE)) for name in {**a, **b}}


def _either(a: Counts, b: Counts) -> Counts:
    def both(x: Count, y: Count) -> Count:
        return min(x[0], y[0]), None if x[1] is None or y[1] is None else max(x[1], y[1])

    return {name: both(a.get(name, _NONE), b.get(name, _NONE)) for name in {**a, **b}}


def _join(breaks: dict[str, Counts], label: str, counts: Counts) -> None:
    breaks[label] = counts if label not in breaks else _either(breaks[label], counts)


def differing(one: Mapping[str, Counts], other: Mapping[str, Counts]) -> list[tuple[str, str, Count, Count]]:
    """Operation and lock, and both numbers, where they differ; an operation that one never runs takes none."""
    names = dict.fromkeys((operation, lock) for side in (one, other) for operation, counts in side.items()
                          for lock in counts)
    rows = [(operation, lock, one.get(operation, {}).get(lock, _NONE), other.get(operation, {}).get(lock, _NONE))
            for operation, lock in names]
    return [row for row in rows if row[2] != row[3]]


def shown(count: Count) -> str:
    """The least and the most, as a table has them."""
    least, most = count
    return f"{least}+" if most is None else str(least) if least == most else f"{least} to {most}"
