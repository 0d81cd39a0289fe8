# SPDX-License-Identifier: GPL-2.0-or-later
"""The sorts that an author writes in annotations, and the values they have in Python.

These classes are the raw reading of values: strict, so that what the front end
refuses does not quietly work in plain Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from checker.language.context import block_of, is_bound, size_of
from checker.language.errors import ModelError


class SortMeta(type):
    """Makes a sort iterable and gives it a length, under the scope at hand."""

    kind: str
    prefix: str
    constants: tuple[str, ...]

    def __iter__(cls) -> Iterator[Any]:
        return (cls._object(k) for k in range(size_of(cls)))

    def __len__(cls) -> int:
        return size_of(cls)

    def __bool__(cls) -> bool:
        return True

    def _object(cls, code: int) -> Any:
        made: Any = object.__new__(cls)  # type: ignore[arg-type]
        made.code = code
        return made


class Sort(metaclass=SortMeta):
    """Base of all index sorts; an object is known by its sort and its number."""

    __slots__ = ("code",)
    code: int
    kind = "symmetric"
    prefix = ""
    constants: tuple[str, ...] = ()

    def __init__(self, number: int):
        if self.kind == "data":
            raise ModelError(f"contents have no numbers: write fresh({type(self).__name__})")
        if not 0 <= number < size_of(type(self)):
            raise ModelError(f"{number} is outside {type(self).__name__}, which has {size_of(type(self))}")
        self.code = number

    def _same_sort(self, other: object) -> bool:
        if other is not None and type(other) is not type(self):
            raise TypeError(f"comparing {type(self).__name__} with {type(other).__name__}")
        return other is not None

    def __eq__(self, other: object) -> bool:
        return self._same_sort(other) and self.code == other.code  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.code))

    def __bool__(self) -> bool:
        raise TypeError(f"a {type(self).__name__} is no condition: write 'is not None'")

    def _number(self) -> int:
        if self.kind != "ordered":
            raise TypeError(f"{type(self).__name__} is symmetric: its objects have no order and no number")
        return self.code

    def __int__(self) -> int:
        return self._number()

    @property
    def place(self) -> int:
        """The number of the object in its block."""
        if self.kind != "symmetric":
            raise TypeError(f"{type(self).__name__} has no blocks: objects of a symmetric Index have a place")
        return self.code % block_of(type(self))

    def __add__(self, places: int) -> Any:
        if type(places) is not int:
            raise TypeError(f"{type(self).__name__} + {places!r}: a number of places is wanted here")
        block = block_of(type(self))
        if not 0 <= self.place + places < block:
            raise ModelError(f"{self!r} + {places} leaves the block of {block} {type(self).__name__}")
        return type(self)(self.code + places)

    def __sub__(self, places: int) -> Any:
        if type(places) is not int:
            raise TypeError(f"{type(self).__name__} - {places!r}: a number of places is wanted here")
        return self + -places

    def _ordered(self, other: Any) -> tuple[int, int]:
        self._same_sort(other)
        return self._number(), other._number()

    def __lt__(self, other: Any) -> bool:
        a, b = self._ordered(other)
        return a < b

    def __le__(self, other: Any) -> bool:
        a, b = self._ordered(other)
        return a <= b

    def __gt__(self, other: Any) -> bool:
        a, b = self._ordered(other)
        return a > b

    def __ge__(self, other: Any) -> bool:
        a, b = self._ordered(other)
        return a >= b

    def __repr__(self) -> str:
        if self.code < len(self.constants):
            return self.constants[self.code]
        return f"{self.prefix}{self.code - len(self.constants)}"


class Index(Sort):
    """A sort of objects; how many there are is a matter of the scope.

    ``class Node(Index, ordered=True, prefix="n")``.
    """

    __slots__ = ()

    def __init_subclass__(cls, *, ordered: bool = False, prefix: str = "") -> None:
        cls.kind = "ordered" if ordered else "symmetric"
        cls.prefix = prefix or cls.__name__


class Actor(Sort):
    """A role: a sort of actors that run operations, alike but for their names."""

    __slots__ = ()
    kind = "actor"

    def __init_subclass__(cls, *, prefix: str = "") -> None:
        cls.prefix = prefix or cls.__name__


class Data(Sort):
    """A sort of contents: values that are only copied and compared, and recycled.

    ``class Content(Data, constants=["ZERO"])`` names values with a meaning.
    """

    __slots__ = ()
    kind = "data"
    prefix = "d"

    def __init_subclass__(cls, *, constants: Iterable[str] = (), prefix: str = "d") -> None:
        cls.constants = tuple(constants)
        cls.prefix = prefix
        for code, name in enumerate(cls.constants):
            setattr(cls, name, cls._object(code))


@dataclass(frozen=True)
class Size:
    """An amount that depends on the scope: ``size(Node) + 1``."""

    sort: type | None
    factor: int = 1
    offset: int = 0

    def __add__(self, n: int) -> Size:
        return type(self)(self.sort, self.factor, self.offset + n)

    def __sub__(self, n: int) -> Size:
        return self + -n

    def __mul__(self, n: int) -> Size:
        return type(self)(self.sort, self.factor * n, self.offset * n)

    __radd__ = __add__
    __rmul__ = __mul__

    def value(self) -> int:
        return (self.factor * size_of(self.sort) if self.sort else 0) + self.offset


def size(sort: type) -> Size:
    """The size of a sort, for the bounds of a Range in an annotation."""
    return Size(sort)


@dataclass(frozen=True)
class Block(Size):
    """How many objects of a sort make a block, in an annotation."""

    def value(self) -> int:
        return (self.factor * block_of(self.sort) if self.sort else 0) + self.offset


def block(sort: type) -> Any:
    """How many objects of a sort make a block: a number in a rule, an amount in an annotation."""
    return block_of(sort) if is_bound() else Block(sort)


@dataclass(frozen=True)
class Range:
    """Whole numbers from ``lo`` to ``hi``, both included."""

    lo: int | Size
    hi: int | Size


def bound_of(amount: int | Size) -> int:
    """The number that an end of a Range stands for in the current scope."""
    return amount.value() if isinstance(amount, Size) else amount


@dataclass(frozen=True)
class ArraySpec:
    """What ``Array[Node, X]`` stands for."""

    dim: Any
    of: Any


class Array:
    """``Array[Node, X]``: one X for each object of a sort."""

    def __class_getitem__(cls, item: Any) -> ArraySpec:
        if not isinstance(item, tuple) or len(item) != 2:
            raise TypeError("write Array[Sort, what each object has]")
        return ArraySpec(*item)


@dataclass(frozen=True)
class SetSpec:
    """What ``Set[Node]`` stands for."""

    of: Any


class Set:
    """``Set[Node]``: a set of objects of a sort."""

    def __class_getitem__(cls, item: Any) -> SetSpec:
        return SetSpec(item)


def place_in_sort(item: Any) -> int:
    """Where a value comes in the order of its sort or enum."""
    if isinstance(item, Sort):
        return item.code
    members: Any = type(item)
    return list(members).index(item)


class SetValue:
    """A set in the raw reading: a value, iterated in the order of the sort."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[Any] = ()):
        self.items = frozenset(items)

    def _other(self, other: Any) -> frozenset[Any]:
        items = other.items if isinstance(other, SetValue) else frozenset(other)
        if None in items:
            raise ModelError("None is no element of a set")
        return items

    def __or__(self, other: Any) -> SetValue:
        return SetValue(self.items | self._other(other))

    def __and__(self, other: Any) -> SetValue:
        return SetValue(self.items & self._other(other))

    def __sub__(self, other: Any) -> SetValue:
        return SetValue(self.items - self._other(other))

    __ror__ = __or__
    __rand__ = __and__

    def __rsub__(self, other: Any) -> SetValue:
        return SetValue(self._other(other) - self.items)

    def __contains__(self, item: Any) -> bool:
        if item is None:
            raise ModelError("None is no element of a set")
        return item in self.items

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        raise TypeError("a set is no condition: write len(...) > 0")

    def __iter__(self) -> Iterator[Any]:
        return iter(sorted(self.items, key=place_in_sort))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (SetValue, set, frozenset)) and self.items == self._other(other)

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return "{" + ", ".join(map(str, self)) + "}"


class Case:
    """One case of a Union: a constructor, and what ``word.tag`` is compared with.

    A case without a payload is itself the value.
    """

    def __init__(self, fields: dict[str, Any]):
        self.fields = fields
        self.name = ""
        self.union: Any = None

    @property
    def tag(self) -> Case:
        if self.fields:
            raise TypeError(f"{self.name} has a payload: write {self.name}(...)")
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) > len(self.fields):
            raise TypeError(f"{self.name} takes {len(self.fields)} values")
        payload = dict(zip(self.fields, args, strict=False)) | kwargs
        if set(payload) != set(self.fields):
            raise TypeError(f"{self.name} needs {', '.join(self.fields) or 'no value'}")
        return UnionValue(self, tuple(payload[name] for name in self.fields)) if self.fields else self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ModelError(f"read .{name} of {self.name}, which has no such payload")

    def __repr__(self) -> str:
        return self.name


class UnionValue:
    """A case with its payload."""

    __slots__ = ("payload", "tag")

    def __init__(self, tag: Case, payload: tuple[Any, ...]):
        self.tag = tag
        self.payload = payload

    def __getattr__(self, name: str) -> Any:
        if name in self.tag.fields:
            return self.payload[list(self.tag.fields).index(name)]
        raise ModelError(f"read .{name} of {self!r}, which has no such payload")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (UnionValue, Case)):
            raise TypeError(f"comparing {self.tag.union.__name__} with {type(other).__name__}")
        return isinstance(other, UnionValue) and self.tag is other.tag and self.payload == other.payload

    def __hash__(self) -> int:
        return hash((self.tag.name, self.payload))

    def __repr__(self) -> str:
        return f"{self.tag.name}({', '.join(map(str, self.payload))})"


def case(**fields: Any) -> Any:
    """One case of a Union, with the fields of its payload."""
    return Case(fields)


class Union:
    """Base of tagged unions: words that are one thing at a time."""

    cases: tuple[Case, ...] = ()

    def __init_subclass__(cls) -> None:
        own = [(name, value) for name, value in vars(cls).items() if isinstance(value, Case)]
        for name, value in own:
            value.name, value.union = name, cls
        cls.cases = tuple(value for _, value in own)


class Lock:
    """Annotation: a lock that is held across steps; part of the state."""


class Spinlock:
    """Annotation: a lock that is held within one step; takes no room in the state."""
