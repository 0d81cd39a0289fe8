# SPDX-License-Identifier: GPL-2.0-or-later
"""What is claimed about words, for all their values, and what is expected of each claim.

A claim can be checked here for given values, by plain Python; checker.symbolic decides it for all of them.
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

from checker.language.errors import Disabled, LanguageError, UsageError
from checker.language.source import source_of
from checker.language.spec import Broken
from checker.language.unsigned import DomainError, Unsigned

if TYPE_CHECKING:
    from checker.language.words import Format, Kind

Values = Mapping[str, int]


@dataclass(frozen=True)
class Shown:
    """One word of a counterexample: what happens to it, its bits, its fields by name."""

    what: str
    word: int | None
    fields: Mapping[str, int]
    width: int = 64


@dataclass(frozen=True)
class Claim:
    """A sentence about all values of its variables."""

    name: str
    doc: str

    @abstractmethod
    def variables(self) -> dict[str, int]:
        """The variables, each with its width in bits."""

    @abstractmethod
    def check(self, values: Values) -> bool | None:
        """Whether it is true of these values; None if it says nothing about them."""

    @abstractmethod
    def shown(self, values: Values) -> list[Shown]:
        """These values as words."""

    def covers(self) -> str:
        """What it is decided for, in words."""
        widths = self.variables()
        total = sum(widths.values()) - self.fixed()
        return f"every one of 2^{total} {'words' if list(widths) == ['word'] else 'values of ' + ', '.join(widths)}"

    def fixed(self) -> int:
        """How many bits of the variables are always 0."""
        return 0


@dataclass(frozen=True)
class Exclusive(Claim):
    """No word is recognised as two of these kinds."""

    kinds: tuple[Kind, ...]

    def variables(self) -> dict[str, int]:
        return {"word": self.kinds[0].width}

    def check(self, values: Values) -> bool:
        return sum(kind.recognises(values["word"]) for kind in self.kinds) <= 1

    def shown(self, values: Values) -> list[Shown]:
        return [_read(kind, values["word"]) for kind in self.kinds if kind.recognises(values["word"])]


@dataclass(frozen=True)
class Disjoint(Claim):
    """No two of these kinds are ever written as the same word."""

    kinds: tuple[Kind, ...]

    def variables(self) -> dict[str, int]:
        return {f"{kind.name}.{one.name}": one.width for kind in self.kinds for one in kind.fields}

    def check(self, values: Values) -> bool | None:
        written = [_written(kind, self.of(kind, values)) for kind in self.kinds]
        if any(word is None for word in written):
            return None
        return len(set(written)) == len(written)

    def of(self, kind: Kind, values: Values) -> dict[str, int]:
        return {one.name: values[f"{kind.name}.{one.name}"] for one in kind.fields}

    def shown(self, values: Values) -> list[Shown]:
        for a, b in combinations(self.kinds, 2):
            if _written(a, self.of(a, values)) == _written(b, self.of(b, values)):
                return [_write(a, self.of(a, values)), _write(b, self.of(b, values))]
        return [_write(kind, self.of(kind, values)) for kind in self.kinds]

    def covers(self) -> str:
        return "all values of " + ", ".join(kind.name for kind in self.kinds)


@dataclass(frozen=True)
class OfKind(Claim):
    """A claim about every word that one kind is written as; subclasses say which."""

    kind: Kind

    def variables(self) -> dict[str, int]:
        return {one.name: one.width for one in self.kind.fields}

    def check(self, values: Values) -> bool | None:
        word = _written(self.kind, values)
        return None if word is None else self.true_of(values, word)

    def true_of(self, values: Values, word: int) -> bool:
        raise NotImplementedError

    def shown(self, values: Values) -> list[Shown]:
        written = _write(self.kind, values)
        assert written.word is not None
        return [written, _read(self.kind, written.word)]

    def covers(self) -> str:
        return super().covers() if self.kind.fields else "the one word that it is"

    def fixed(self) -> int:
        return sum(one.free for one in self.kind.fields)


@dataclass(frozen=True)
class Recognised(OfKind):
    """It is recognised as what it was written as."""

    def true_of(self, values: Values, word: int) -> bool:
        return self.kind.recognises(word)


@dataclass(frozen=True)
class ComesBack(OfKind):
    """Every field is read as it was written; ``limits`` are the bits to which single fields are held."""

    limits: Mapping[str, int] = field(default_factory=dict)

    def check(self, values: Values) -> bool | None:
        if any(values[name] >> bits for name, bits in self.limits.items()):
            return None
        return super().check(values)

    def true_of(self, values: Values, word: int) -> bool:
        return self.kind.decode(word) == dict(values)

    def covers(self) -> str:
        within = " and ".join(f"{name} below 2^{bits}" for name, bits in self.limits.items())
        return super().covers() + (f" with {within}" if within else "")

    def fixed(self) -> int:
        return super().fixed() + sum(self.kind.field(name).width - bits for name, bits in self.limits.items())


@dataclass(frozen=True)
class Kept(OfKind):
    """Two values that differ in this field are never written as the same word."""

    lost: str

    def variables(self) -> dict[str, int]:
        mine = super().variables()
        return mine | {name + "'": width for name, width in mine.items()}

    def check(self, values: Values) -> bool | None:
        one = {name: values[name] for name in super().variables()}
        two = {name: values[name + "'"] for name in one}
        first, second = _written(self.kind, one), _written(self.kind, two)
        if first is None or second is None or one[self.lost] == two[self.lost]:
            return None
        return first != second

    def fixed(self) -> int:
        return 2 * super().fixed()

    def shown(self, values: Values) -> list[Shown]:
        names = super().variables()
        return [
            _write(self.kind, {name: values[name] for name in names}),
            _write(self.kind, {name: values[name + "'"] for name in names}),
        ]


@dataclass(frozen=True)
class Apart(OfKind):
    """A hint is read as it was written, and setting or clearing it changes nothing else."""

    hint: str

    def true_of(self, values: Values, word: int) -> bool:
        before, after = self.kind.decode(word), self.kind.decode(self.flipped(word))
        return (
            before[self.hint] == values[self.hint]
            and self.kind.recognises(self.flipped(word))
            and after == before | {self.hint: 1 - before[self.hint]}
        )

    def flipped(self, word: int) -> int:
        return word ^ 1 << self.kind.field(self.hint).at

    def shown(self, values: Values) -> list[Shown]:
        written, read = super().shown(values)
        if read.fields[self.hint] != values[self.hint]:
            return [written, read]
        assert written.word is not None
        return [written, read, _read(self.kind, self.flipped(written.word), f", {self.hint} flipped")]


@dataclass(frozen=True)
class Counts(OfKind):
    """A count below its highest value can be raised by adding to the word, and nothing else changes."""

    counter: str

    def check(self, values: Values) -> bool | None:
        if values[self.counter] == (1 << self.kind.field(self.counter).width) - 1:
            return None
        return super().check(values)

    def true_of(self, values: Values, word: int) -> bool:
        raised = dict(values) | {self.counter: values[self.counter] + 1}
        return self.kind.recognises(self.more(word)) and self.kind.decode(self.more(word)) == raised

    def more(self, word: int) -> int:
        return (word + (1 << self.kind.field(self.counter).at)) & ((1 << self.kind.width) - 1)

    def shown(self, values: Values) -> list[Shown]:
        written, _ = super().shown(values)
        assert written.word is not None
        return [written, _read(self.kind, self.more(written.word), f", {self.counter} raised")]


@dataclass(frozen=True)
class Theorem(Claim):
    """A claim written as a Python function of unsigned numbers; ``require`` in it says of which values."""

    function: Callable[..., Any]

    def variables(self) -> dict[str, int]:
        return {name: cls.bits for name, cls in self.parameters().items()}

    def parameters(self) -> dict[str, type[Unsigned]]:
        return _parameters(self.function)

    def check(self, values: Values) -> bool | None:
        try:
            return bool(self.function(**{name: cls(values[name]) for name, cls in self.parameters().items()}))
        except Disabled:
            return None
        except DomainError:
            return False

    def shown(self, values: Values) -> list[Shown]:
        return [Shown("where", None, dict(values))]

    def covers(self) -> str:
        if not self.variables():
            return "one calculation"
        return super().covers() + (
            ", where what it requires is true" if "require" in self.function.__code__.co_names else ""
        )


@lru_cache(maxsize=1024)
def _parameters(function: Callable[..., Any]) -> dict[str, type[Unsigned]]:
    """The parameters of a claim, each with its type; LanguageError for one that is no unsigned number."""
    found = {}
    source = source_of(function)
    try:
        annotations = inspect.get_annotations(function, eval_str=True)
    except Exception as error:
        raise LanguageError(source.pos(source.tree), f"{type(error).__name__}: {error}") from None
    for name in inspect.signature(function).parameters:
        if name not in annotations:
            raise LanguageError(source.pos(source.tree), f"{name}: say how wide it is, {name}: U64")
        hint = annotations[name]
        if not (isinstance(hint, type) and issubclass(hint, Unsigned)):
            raise LanguageError(source.pos(source.tree), f"{name}: a claim is about U8, U16, U32 or U64")
        found[name] = hint
    return found


def claim(function: Callable[..., Any]) -> Theorem:
    """Makes a claim of a function whose parameters are U8, U16, U32 or U64 and whose result is true or false."""
    doc = inspect.getdoc(function) or ""
    return Theorem(function.__name__, doc.partition("\n")[0], function)


def room(kind: Kind, name: str, bits: int) -> ComesBack:
    """The claim that so many bits are left to a field."""
    if not 0 < bits <= kind.field(name).width:
        raise UsageError(f"kind {kind.name}: {name} has {kind.field(name).width} bits, no room for {bits} to ask about")
    return ComesBack(
        f"{kind.name}_{name}_has_{bits}_bits", f"{name} below 2^{bits} is read as it was written", kind, {name: bits}
    )


def device(kind: Kind, name: str, size: int, *, called: str, page: int = 4096) -> ComesBack:
    """The claim that every page of a device of ``size`` bytes can be named in this field."""
    bits = max(1, (-(-size // page) - 1).bit_length())
    if bits > kind.field(name).width:
        raise UsageError(
            f"kind {kind.name}: {name} has {kind.field(name).width} bits, which name no device of {size:,} bytes"
        )
    return ComesBack(
        f"{kind.name}_{name}_reaches_{called}", f"{name} below 2^{bits} is read as it was written", kind, {name: bits}
    )


def told_apart(name: str, *kinds: Kind) -> Exclusive:
    """The claim that no word is taken for two of these kinds, wherever they stand."""
    if len({kind.width for kind in kinds}) > 1:
        raise UsageError(f"{name}: words of different widths are not mistaken for each other")
    return Exclusive(name, f"no word is read as two of {', '.join(kind.name for kind in kinds)}", kinds)


def claims_of(format: Format, about: Iterable[str] | None = None) -> Iterator[Claim]:
    """What every format claims: kinds that can be told apart, fields that come back.

    ``about``: the kinds to ask about one by one; None asks about all.
    """
    for table, kinds in format.sets().items():
        on = f"_on_{table}" if table else ""
        yield Exclusive(f"no_word_is_read_as_two_kinds{on}", "decoding is exclusive", kinds)
        yield Disjoint(f"no_two_kinds_write_the_same_word{on}", "the kinds are disjoint", kinds)
    for name in [kind.name for kind in format.kinds] if about is None else about:
        kind = format[name]
        yield Recognised(f"{name}_is_read_as_{name}", "the payload leaves the tag alone", kind)
        if kind.fields:
            yield ComesBack(f"{name}_comes_back", "every field is read as it was written", kind)
        for one in kind.fields:
            yield Kept(f"{name}_keeps_{one.name}", f"no bit of {one.name} is lost", kind, one.name)
            if one.role == "hint":
                yield Apart(f"{name}_{one.name}_is_apart", f"{one.name} and the rest do not touch", kind, one.name)
            if one.role == "count":
                yield Counts(
                    f"{name}_{one.name}_counts",
                    f"{one.name} goes from 0 to {(1 << one.width) - 1} in place",
                    kind,
                    one.name,
                )


@dataclass(frozen=True)
class WordSpec:
    """One question: which claims hold of this format?

    ``claims`` come on top of what every format claims; ``about`` names the kinds to ask
    about one by one (default: all).  ``name`` is filled in from the variable that holds it.
    """

    why: str
    format: Format | None = None
    claims: Iterable[Claim] = ()
    about: Iterable[str] | None = None
    expected: Mapping[str, Broken] = field(default_factory=dict)
    name: str = ""

    def all_claims(self) -> list[Claim]:
        """Every claim, in the order of the report; UsageError if two have the same name."""
        found = [*(claims_of(self.format, self.about) if self.format is not None else ()), *self.claims]
        for one in found:
            if not isinstance(one, Claim):
                raise UsageError(f"{self.name}: {one!r} is no claim; is @claim missing?")
        names = [one.name for one in found]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"{self.name}: two claims have the name {name}")
        return found


def _written(kind: Kind, values: Values) -> int | None:
    """The word, or None if some value is not one of its field's."""
    try:
        return int(kind.encode(**values))
    except DomainError:
        return None


def _write(kind: Kind, values: Values) -> Shown:
    return Shown(f"written as {kind.name}", _written(kind, values), dict(values), kind.width)


def _read(kind: Kind, word: int, how: str = "") -> Shown:
    what = "read as" if kind.recognises(word) else "not read as"
    return Shown(f"{what} {kind.name}{how}", word, kind.decode(word), kind.width)
