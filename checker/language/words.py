# SPDX-License-Identifier: GPL-2.0-or-later
"""Words: machine words that are one of several kinds, described as bit fields.

``from checker.language.words import *`` gives an author every word of it; the manual
is docs/words.md.  This is the Python reading; checker.symbolic.bits is the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checker.language.claims import Claim, WordSpec, claim, device, room, told_apart
from checker.language.spec import broken
from checker.language.unsigned import U8, U16, U32, U64, DomainError, Unsigned, unsigned
from checker.language.verbs import require

__all__ = [
    "U8",
    "U16",
    "U32",
    "U64",
    "Claim",
    "DomainError",
    "Field",
    "Format",
    "FormatError",
    "Kind",
    "Unsigned",
    "WordSpec",
    "broken",
    "claim",
    "count",
    "device",
    "hint",
    "pointer",
    "require",
    "room",
    "shifted",
    "told_apart",
]


class FormatError(ValueError):
    """The description of a word makes no sense."""


@dataclass(frozen=True)
class Field:
    """A value of ``width`` bits that is or-ed into the word, shifted left by ``at``.

    A value is a multiple of ``align`` (a power of two), so that its low bits are free
    for others.  What sticks out at the top of the word is lost, as it is in C.  It is read back
    from the bits where it was put, but from no bit of the tag and none at or above ``top``.  ``role`` is
    "hint" (set and cleared on its own), "count" (raised and lowered by one), or empty.
    """

    name: str
    width: int
    at: int = 0
    align: int = 1
    top: int | None = None
    role: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise FormatError(f"{self.name!r} cannot be the name of a field: write it like a variable")
        if self.width < 1 or self.at < 0:
            raise FormatError(
                f"field {self.name}: it has {self.width} bits from bit {self.at}; "
                "the width is at least 1 and the place at least 0"
            )
        if self.align < 1 or self.align & (self.align - 1) or self.align >= 1 << self.width:
            raise FormatError(f"field {self.name}: align={self.align} is no power of two below 2^{self.width}")
        if self.role not in ("", "hint", "count"):
            raise FormatError(f"field {self.name}: the role is 'hint' or 'count', not {self.role!r}")

    @property
    def free(self) -> int:
        """How many low bits of the value the alignment leaves to others."""
        return self.align.bit_length() - 1


def shifted(fields: Iterable[Field], by: int, top: int | None = None) -> list[Field]:
    """The fields of a whole value that is shifted left by so many bits, and read below bit ``top``."""
    return [replace(one, at=one.at + by, top=one.top if top is None else top) for one in fields]


def pointer(name: str, align: int, width: int = 64) -> Field:
    """An address, stored as it is; its alignment leaves its low bits to the tag."""
    return Field(name, width, align=align)


def hint(name: str, at: int) -> Field:
    """A bit that is set and cleared without a look at the rest of the word."""
    return Field(name, 1, at, role="hint")


def count(name: str, width: int, at: int) -> Field:
    """A number that is raised and lowered by one, in place."""
    return Field(name, width, at, role="count")


@dataclass(frozen=True, init=False)
class Kind:
    """One of the things that a word can be.

    It is recognised by the ``tag``, its lowest bits as a text of 0s and 1s (empty: any
    word is one), or by all of the ``word``.  A negative ``word`` is meant as in C.
    """

    name: str
    fields: tuple[Field, ...]
    tag: str | None
    word: int | None
    width: int

    def __init__(self, name: str, *fields: Field, tag: str | None = None, word: int | None = None, width: int = 64):
        for key, value in (("name", name), ("fields", tuple(fields)), ("tag", tag), ("word", word), ("width", width)):
            object.__setattr__(self, key, value)
        if (tag is None) == (word is None):
            raise FormatError(f"kind {name}: name either its tag, such as tag='100', or the whole word=...")
        if tag is not None and set(tag) - {"0", "1"}:
            raise FormatError(f"kind {name}: tag={tag!r} is no text of 0s and 1s")
        if word is not None and fields:
            raise FormatError(f"kind {name}: a kind that is one whole word has no fields")
        names = [one.name for one in self.fields]
        if len(set(names)) < len(names):
            raise FormatError(f"kind {name}: two fields have the same name")

    @property
    def mask(self) -> int:
        """The bits by which it is recognised."""
        return (1 << self.width) - 1 if self.tag is None else (1 << len(self.tag)) - 1

    @property
    def value(self) -> int:
        """What those bits are."""
        return (self.word or 0) & self.mask if self.tag is None else int("0" + self.tag, 2)

    def field(self, name: str) -> Field:
        for one in self.fields:
            if one.name == name:
                return one
        raise FormatError(f"kind {self.name} has no field {name!r}; it has {', '.join(f.name for f in self.fields)}")

    def span(self, one: Field) -> tuple[int, int]:
        """The bits that a field is read from: the lowest, and the first behind them."""
        end = min(one.at + one.width, self.width, *([] if one.top is None else [one.top]))
        return min(max(one.at + one.free, len(self.tag or "")), end), end

    def encode(self, **values: int) -> Unsigned:
        """The word; fields that are not named are 0.  DomainError if a value is not one of its field's."""
        word = self.value
        for name in values:
            self.field(name)
        for one in self.fields:
            number = int(values.get(one.name, 0))
            if number < 0 or number >> one.width:
                raise DomainError(f"{one.name} = {number:#x} has more than {one.width} bits")
            if number % one.align:
                raise DomainError(f"{one.name} = {number:#x} is no multiple of {one.align}")
            word |= number << one.at
        return unsigned(self.width)(word)

    def recognises(self, word: int) -> bool:
        """Whether a reader takes the word for one of this kind."""
        return int(word) & self.mask == self.value

    def get(self, word: int, name: str) -> Unsigned:
        """One field of a word, as a reader sees it who takes it for one of this kind."""
        one = self.field(name)
        low, end = self.span(one)
        return unsigned(self.width)((int(word) & ((1 << end) - (1 << low))) >> one.at)

    def decode(self, word: int) -> dict[str, int]:
        """All fields of a word, as a reader sees them who takes it for one of this kind."""
        return {one.name: int(self.get(word, one.name)) for one in self.fields}


@dataclass(frozen=True, init=False)
class Format:
    """A word of ``width`` bits, the kinds it can be, and which of them each table may hold.

    Without ``tables`` all kinds may stand side by side.
    """

    kinds: tuple[Kind, ...]
    width: int = 64
    tables: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __init__(self, *kinds: Kind, width: int = 64, tables: Mapping[str, Sequence[str]] | None = None):
        object.__setattr__(self, "width", width)
        object.__setattr__(
            self, "kinds", tuple(Kind(k.name, *k.fields, tag=k.tag, word=k.word, width=width) for k in kinds)
        )
        object.__setattr__(self, "tables", dict(tables or {}))
        names = [kind.name for kind in self.kinds]
        if width < 1 or not kinds or len(set(names)) < len(names):
            raise FormatError("a format has a width, and kinds with a name each")
        for kind in self.kinds:
            if kind.tag is not None and len(kind.tag) > width:
                raise FormatError(f"kind {kind.name}: the tag is longer than the word")
            for one in kind.fields:
                if one.role and one.at + one.width > width:
                    raise FormatError(f"kind {kind.name}: the {one.role} {one.name} is not in the word")
        for table, held in self.tables.items():
            if not str(table).isidentifier():
                raise FormatError(f"{table!r} cannot be the name of a table: write it like a variable")
            for name in held:
                self[name]

    def __getitem__(self, name: str) -> Kind:
        for kind in self.kinds:
            if kind.name == name:
                return kind
        raise FormatError(f"there is no kind {name!r}; there are {', '.join(kind.name for kind in self.kinds)}")

    def sets(self) -> dict[str, tuple[Kind, ...]]:
        """The kinds that may stand side by side, by table; the name is empty if there are no tables."""
        if not self.tables:
            return {"": self.kinds}
        return {table: tuple(self[name] for name in held) for table, held in self.tables.items()}

    def encode(self, kind: str, **values: int) -> int:
        """The word of this kind with these values."""
        return int(self[kind].encode(**values))

    def decode(self, word: int, table: str | None = None) -> list[tuple[str, dict[str, int]]]:
        """What readers take the word for: kinds and their fields; one, in a good format, or none."""
        kinds = self.kinds if table is None else self.sets()[table]
        return [(kind.name, kind.decode(word)) for kind in kinds if kind.recognises(word)]
