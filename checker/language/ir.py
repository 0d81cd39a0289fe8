# SPDX-License-Identifier: GPL-2.0-or-later
"""The typed intermediate representation: what an engine sees of a model.

It is structured (no jumps but ``Break`` out of an enclosing ``Block``), helpers
are inlined, design switches are folded, sizes are constants.  Evaluation is
strictly left to right, as in Python, and ``And``, ``Or``, ``IfExp`` evaluate no
more than Python would.

How an engine runs it
---------------------
A *procedure* is a rule or an operation.  One *transition* of

- a rule: for each combination of its parameters, run ``body`` to its end;
- an operation on an idle actor (its pc is 0): for each combination of its
  parameters, run ``body`` until the first ``Yield`` or the end;
- a running actor: load the live locals of its yield point from the frame slots,
  go on right after that ``Yield``, until the next ``Yield`` or the end.

``Yield`` stores the live locals of the point into the frame slots, zeroes all
other slots, sets the pc.  The end of an operation zeroes pc and slots.  A
``Require`` that is false: this transition does not exist.  ``Choose`` makes one
transition for every value.  A failed check (``Assert``, ``Fail``, a checked
expression) makes a transition into an error and into no state; ``Expect`` only
records its broken promise.  A successor is normalised (see ``System.data``)
before it is compared with other states.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from checker.language.types import BOOL, IndexT, Type


@dataclass(frozen=True)
class Pos:
    """A place in a source file; lines count from one."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Field:
    """A scalar of the state, or an array of them (one dimension per index sort).

    ``offset`` is the place of its first element in the vector of codes that
    stands for a whole state; elements follow in row-major order.
    """

    number: int
    name: str
    dims: tuple[IndexT, ...]
    type: Type
    offset: int

    @property
    def count(self) -> int:
        n = 1
        for dim in self.dims:
            n *= dim.size
        return n


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, kw_only=True)
class Expr:
    type: Type
    pos: Pos


@dataclass(frozen=True, kw_only=True)
class Const(Expr):
    """``value`` is a code, or the number itself for an IntT."""

    value: int


@dataclass(frozen=True, kw_only=True)
class Local(Expr):
    """Reads a local variable (of the procedure, or bound by a quantifier)."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Read(Expr):
    """Reads one element of a field; ``old`` only in step invariants."""

    field: Field
    indices: tuple[Expr, ...]
    old: bool = False


@dataclass(frozen=True, kw_only=True)
class Not(Expr):
    operand: Expr


@dataclass(frozen=True, kw_only=True)
class And(Expr):
    left: Expr
    right: Expr


@dataclass(frozen=True, kw_only=True)
class Or(Expr):
    left: Expr
    right: Expr


@dataclass(frozen=True, kw_only=True)
class IfExp(Expr):
    condition: Expr
    then: Expr
    orelse: Expr


@dataclass(frozen=True, kw_only=True)
class Compare(Expr):
    """``op`` is one of == != < <= > >=; both sides are codes of one encoding."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, kw_only=True)
class Arith(Expr):
    """``op`` is one of + - * // % (Python's, floor) on numbers, or min, max.

    // and % by zero are model errors.
    """

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, kw_only=True)
class Cast(Expr):
    """Checked narrowing: the operand must have a value of ``type``.

    From OptT to its inner type, from a wider IntT, from a number to an ordered
    index (number = code).  Otherwise a model error with ``message``.
    """

    operand: Expr
    message: str


@dataclass(frozen=True, kw_only=True)
class Recode(Expr):
    """The operand's number or code, taken as a code (number) of ``type``, unchecked."""

    operand: Expr


@dataclass(frozen=True, kw_only=True)
class Place(Expr):
    """The number of an object in its block: 0 .. block - 1."""

    operand: Expr


@dataclass(frozen=True, kw_only=True)
class Shift(Expr):
    """The object so many places further in the same block; a model error outside of it."""

    operand: Expr
    by: Expr


@dataclass(frozen=True, kw_only=True)
class Domain:
    """Values ``lo .. hi - 1`` of a type (codes, or numbers for IntT), in order."""

    type: Type
    lo: Expr
    hi: Expr


@dataclass(frozen=True, kw_only=True)
class Binder:
    """One ``for variable in domain if condition`` of a comprehension."""

    variable: Local
    domain: Domain
    condition: Expr | None


@dataclass(frozen=True, kw_only=True)
class Quantifier(Expr):
    """``kind`` is all, any, sum, min or max over nested binders.

    all and any stop at the first decision.  min and max of nothing give
    ``default``, or a model error without one.
    """

    kind: str
    binders: tuple[Binder, ...]
    body: Expr
    default: Expr | None = None


@dataclass(frozen=True, kw_only=True)
class UnionMake(Expr):
    """A value of a tagged union; ``type`` is the UnionT."""

    case: int
    payload: tuple[Expr, ...]


@dataclass(frozen=True, kw_only=True)
class UnionTag(Expr):
    """The case number, as a value of ``UnionT.tag``."""

    operand: Expr


@dataclass(frozen=True, kw_only=True)
class UnionGet(Expr):
    """Field number ``index`` of the payload of ``case``; a model error in another case."""

    operand: Expr
    case: int
    index: int


@dataclass(frozen=True, kw_only=True)
class SetMake(Expr):
    items: tuple[Expr, ...]


@dataclass(frozen=True, kw_only=True)
class SetHas(Expr):
    """Whether ``item`` (a plain value of the set's sort) is in ``operand``."""

    item: Expr
    operand: Expr


@dataclass(frozen=True, kw_only=True)
class SetOp(Expr):
    """``op`` is | & or - on two sets of one type."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, kw_only=True)
class SetLen(Expr):
    operand: Expr


@dataclass(frozen=True, kw_only=True)
class Fresh(Expr):
    """The lowest code of a data sort, past its constants, that no field of that
    sort (plain or optional, in the current state) holds.  None left is a model error."""


@dataclass(frozen=True, kw_only=True)
class Do(Expr):
    """Runs statements (an inlined helper), then gives ``result``."""

    body: tuple[Stmt, ...]
    result: Expr


@dataclass(frozen=True, kw_only=True)
class At(Expr):
    """Whether some actor stands where ``at(...)`` asks.

    Each place is (role number, actor or None for any, pc or None for any step
    of the operations listed, ((slot, code or number wanted), ...)).
    """

    places: tuple[AtPlace, ...]


@dataclass(frozen=True, kw_only=True)
class AtPlace:
    role: int
    actor: Expr | None
    pc: int
    values: tuple[tuple[Field, Expr], ...]


# ----------------------------------------------------------------- statements


@dataclass(frozen=True, kw_only=True)
class Stmt:
    pos: Pos


@dataclass(frozen=True, kw_only=True)
class SetLocal(Stmt):
    name: str
    value: Expr


@dataclass(frozen=True, kw_only=True)
class Store(Stmt):
    """``value`` is evaluated before ``indices``; its type fits the field's."""

    field: Field
    indices: tuple[Expr, ...]
    value: Expr


@dataclass(frozen=True, kw_only=True)
class If(Stmt):
    """``sites`` are the numbers in Procedure.sites of the two branches, or None
    where the author wrote no ``if`` (then nothing is counted)."""

    condition: Expr
    then: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    sites: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Block(Stmt):
    """Runs the body; ``Break(label)`` inside it goes on behind the block."""

    label: str
    body: tuple[Stmt, ...]


@dataclass(frozen=True, kw_only=True)
class Break(Stmt):
    label: str


@dataclass(frozen=True, kw_only=True)
class For(Stmt):
    """The body for each value of the domain; bounds are evaluated once, before.

    The variable is a local like others.  When the body contains a Yield the
    bounds are constants, so that the variable alone says where the loop is.
    """

    variable: str
    domain: Domain
    body: tuple[Stmt, ...]


@dataclass(frozen=True, kw_only=True)
class Loop(Stmt):
    """The body for ever; left by Break.  Every turn passes a Yield or leaves."""

    body: tuple[Stmt, ...]


@dataclass(frozen=True, kw_only=True)
class Require(Stmt):
    condition: Expr


@dataclass(frozen=True, kw_only=True)
class Assert(Stmt):
    """``promise`` is a number in System.assertions; false ends the path in an error."""

    condition: Expr
    promise: int


@dataclass(frozen=True, kw_only=True)
class Expect(Stmt):
    """Like Assert, but the step goes on."""

    condition: Expr
    promise: int


@dataclass(frozen=True, kw_only=True)
class Fail(Stmt):
    """A model error."""

    message: str


@dataclass(frozen=True, kw_only=True)
class Choose(Stmt):
    """Sets local ``name`` to each value of the domain for which ``where`` holds.

    ``where`` reads the candidate from local ``candidate``, whose type is
    ``domain.type``.  With no candidate: a model error ("error"), the transition
    does not exist ("block"), or the local becomes None ("none"; the local then
    has type OptT of the domain's).
    """

    name: str
    candidate: str
    domain: Domain
    where: Expr | None
    empty: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Hold(Stmt):
    """A lock region.  Free for the search; ``field`` and ``indices`` name the lock."""

    field: Field
    indices: tuple[Expr, ...]
    body: tuple[Stmt, ...]


@dataclass(frozen=True, kw_only=True)
class Yield(Stmt):
    """``point`` is a number in Procedure.yields."""

    point: int


# ------------------------------------------------------------------ procedures


@dataclass(frozen=True)
class Site:
    """One branch of an ``if`` that the author wrote."""

    pos: Pos
    text: str


@dataclass
class YieldPoint:
    """A place between two steps.

    ``label`` is what the step before has done, ``stack`` the functions from the
    operation down to the one that yields.  ``live`` pairs each live local with
    its frame slot (a number in Role.slots).  ``origin`` tells the raw reading
    where Python keeps that local: (depth in the stack, variable, component),
    the component being None for a plain value, or k for the k-th index of the
    place that a record variable is bound to.
    """

    label: str
    pos: Pos
    stack: tuple[str, ...]
    pc: int = 0
    live: tuple[tuple[str, int], ...] = ()
    origin: dict[str, tuple[int, str, int | None]] = field(default_factory=dict)


@dataclass
class Procedure:
    """A rule, or an operation as one role runs it.

    ``actor`` is the local that holds the actor (None for a rule), ``params`` the
    other parameters.  ``locals`` has the type of every local, parameters included.
    ``fair``: a rule that happens at last where it can, which progress may count on.
    """

    name: str
    doc: str
    pos: Pos
    actor: str | None
    params: tuple[str, ...]
    locals: dict[str, Type]
    body: tuple[Stmt, ...]
    yields: tuple[YieldPoint, ...]
    sites: tuple[Site, ...]
    guards: tuple[Pos, ...] = ()
    fair: bool = False


@dataclass
class Role:
    """A sort of actors, its frame fields (each of dimension ``type``), its operations."""

    type: IndexT
    pc: Field
    slots: tuple[Field, ...]
    operations: tuple[Procedure, ...]

    def unused(self, pc: int) -> tuple[Field, ...]:
        """The frame slots that an actor does not use who stands at this program counter: they are zero."""
        live = {slot for operation in self.operations for point in operation.yields if point.pc == pc
                for _, slot in point.live}
        return tuple(slot for k, slot in enumerate(self.slots) if k not in live)


@dataclass(frozen=True)
class Promise:
    """``kind`` is invariant, step (reads old and new) or reachable."""

    name: str
    kind: str
    condition: Expr
    doc: str
    pos: Pos


@dataclass(frozen=True)
class RunPart:
    """What a promise about runs says for each value of its parameters.

    ``locals`` has the type of every local, ``params`` included.
    """

    params: tuple[str, ...]
    locals: dict[str, Type]
    begins: Expr
    ends: Expr


@dataclass(frozen=True)
class RunPromise:
    """A promise about whole runs, for all of its parts.

    ``kind`` is progress (in every run that is ``fair``, a state where ``begins`` is true
    is followed by one where ``ends`` is; both may be the same), or can_always_reach (from
    every state where ``begins`` is true some run leads to ``ends``).
    """

    name: str
    kind: str
    fair: str
    parts: tuple[RunPart, ...]
    doc: str
    pos: Pos


@dataclass(frozen=True)
class Measure:
    """A whole number that every state has; ``value`` is of an IntT."""

    name: str
    value: Expr
    doc: str
    pos: Pos


@dataclass
class System:
    """Everything an engine needs: one model under one design in one scope.

    ``initial`` are vectors of codes (see Field.offset), normalised.  ``data``
    are the data sorts: in a normalised state the values of each sort, past its
    constants, are numbered by their first appearance in the vector, in plain
    and optional fields of that sort.  ``lemmas`` names those of the promises that are
    there for proofs by induction.
    """

    name: str
    fields: tuple[Field, ...]
    roles: tuple[Role, ...]
    rules: tuple[Procedure, ...]
    promises: tuple[Promise, ...]
    assertions: tuple[str, ...]
    may_end: Expr | None
    data: tuple[IndexT, ...]
    initial: tuple[tuple[int, ...], ...]
    run_promises: tuple[RunPromise, ...] = field(default=(), kw_only=True)
    measures: tuple[Measure, ...] = field(default=(), kw_only=True)
    lemmas: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def cells(self) -> int:
        """Length of the vector of codes."""
        return sum(f.count for f in self.fields)


TRUE = Const(type=BOOL, pos=Pos("", 0), value=1)
FALSE = Const(type=BOOL, pos=Pos("", 0), value=0)
