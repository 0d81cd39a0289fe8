# SPDX-License-Identifier: GPL-2.0-or-later
"""Words in two readings, plain Python and z3: the same bits, the same verdicts."""

from __future__ import annotations

from itertools import product

import pytest
import z3
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from checker.language.claims import claims_of
from checker.language.errors import UsageError
from checker.language.words import *
from checker.prove import find
from checker.symbolic import bits
from checker.symbolic.words import Formula, decide, formula
from model import words as kernel

SHIPPED = find([])[0]


def evaluated(term: z3.ExprRef) -> int:
    """What z3 makes of a term without variables."""
    value = z3.simplify(term)
    return int(z3.is_true(value)) if z3.is_bool(value) else value.as_long()


@st.composite
def kinds(draw: st.DrawFn, width: int, name: str) -> Kind:
    if draw(st.integers(0, 4)) == 0:
        return Kind(name, word=draw(st.integers(-1 << (width - 1), (1 << width) - 1)))
    fields = []
    for number in range(draw(st.integers(0, 3))):
        size = draw(st.integers(1, width + 2))
        role = draw(st.sampled_from(["", "", "hint", "count"]))
        at = draw(st.integers(0, width + 1))
        if role == "hint":
            size = 1
        if role and at + size > width:
            role = ""
        fields.append(Field(
            f"f{number}", size, at=at, align=draw(st.sampled_from([1, 1, 2, 4])) if size > 2 and not role else 1,
            top=draw(st.none() | st.integers(0, width)), role=role))
    tag = draw(st.text("01", max_size=min(4, width)))
    return Kind(name, *fields, tag=tag)


@st.composite
def formats(draw: st.DrawFn, most: int) -> Format:
    width = draw(st.integers(1, most))
    return Format(*[draw(kinds(width, f"K{n}")) for n in range(draw(st.integers(1, 3)))], width=width)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_both_readings_write_and_read_the_same_bits(data: st.DataObject) -> None:
    """Any format, any values, any word: encode, recognises and get agree bit for bit."""
    words = data.draw(formats(70))
    word = data.draw(st.integers(0, (1 << words.width) - 1))
    symbol = z3.BitVecVal(word, words.width)
    for kind in words.kinds:
        values = {one.name: data.draw(st.integers(0, (1 << one.width) - 1)) for one in kind.fields}
        terms = {one.name: z3.BitVecVal(values[one.name], one.width) for one in kind.fields}
        inside = all(evaluated(condition) for condition in bits.domain(kind, terms))
        try:
            written = int(kind.encode(**values))
        except DomainError:
            assert not inside
        else:
            assert inside and written == evaluated(bits.encode(kind, terms))
        assert kind.recognises(word) == bool(evaluated(bits.recognises(kind, symbol)))
        for one in kind.fields:
            assert kind.decode(word)[one.name] == evaluated(bits.get(kind, symbol, one.name))


def true_of(asked: Formula, values: dict[str, int]) -> bool | None:
    """The z3 reading of a claim, for these values."""
    pairs = [(variable, z3.BitVecVal(values[name], variable.size())) for name, variable in asked.variables.items()]
    if not all(evaluated(z3.substitute(premise, *pairs)) for premise in asked.premises):
        return None
    return bool(evaluated(z3.substitute(asked.conclusion, *pairs)))


def numbers(width: int) -> st.SearchStrategy[int]:
    """Any number of so many bits; small and round ones more often."""
    return st.integers(0, (1 << width) - 1) | st.builds(
        lambda n, shift: (n << shift) & ((1 << width) - 1), st.integers(-2, 9), st.integers(0, width - 1))


@pytest.mark.parametrize("name", SHIPPED)
def test_both_readings_agree_on_every_claim(name: str) -> None:
    """Of the kernel's formats, for values of which many are near where something happens."""
    claims = [(claim, claim.variables(), formula(claim)) for claim in SHIPPED[name].all_claims()]
    widths = sorted({width for _, variables, _ in claims for width in variables.values()})

    @settings(max_examples=15, deadline=None, database=None)
    @given(st.fixed_dictionaries({width: st.lists(numbers(width), min_size=10, max_size=10) for width in widths}))
    def agree(drawn: dict[int, list[int]]) -> None:
        for claim, variables, asked in claims:
            values = {key: drawn[width][place % 10] for place, (key, width) in enumerate(variables.items())}
            assert claim.check(values) == true_of(asked, values)

    agree()


@settings(max_examples=60, deadline=None)
@given(formats(4))
def test_z3_decides_as_all_values_do(words: Format) -> None:
    """The verdict, and the smallest counterexample, of every claim about a small format."""
    for claim in claims_of(words):
        widths = claim.variables()
        if sum(widths.values()) > 9:
            continue
        everything = [dict(zip(widths, values, strict=True))
                      for values in product(*(range(1 << width) for width in widths.values()))]
        found = [claim.check(values) for values in everything]
        answer = decide(claim)
        if False in found:
            assert (answer.verdict, answer.values) == ("broken", everything[found.index(False)])
        else:
            assert answer.verdict == ("holds" if True in found else "vacuous")


@settings(deadline=None)
@given(st.data())
def test_the_kernels_formats_decode_what_they_encode(data: st.DataObject) -> None:
    """Of the formats that hold: one reading, the right one."""
    words = data.draw(st.sampled_from([
        kernel.VIRTUAL_TABLE_LATEST, kernel.VIRTUAL_TABLE_32, kernel.SWAP_TABLE_V2, *map(kernel.shared, (5, 6, 7))]))
    table = data.draw(st.sampled_from(list(words.sets())))
    kind = data.draw(st.sampled_from(words.sets()[table]))
    values = {one.name: data.draw(numbers(one.width)) & -one.align for one in kind.fields}
    word = words.encode(kind.name, **values)
    assert words.decode(word, table or None) == [(kind.name, values)]


def test_words_that_can_be_written_down_by_hand() -> None:
    table = kernel.SWAP_TABLE_V2
    assert table.encode("PFN", pfn=0x12345, zero=1, count=3) == 3 << 60 | 1 << 59 | 0x12345 << 2 | 0b10
    assert table.encode("SHADOW") == 1 and table.encode("NULL") == 0
    assert table.encode("BAD") == 0xFFFF_FFFF_FFFF_FFF8
    assert table.encode("POINTER", offset=5, C=1) == 1 << 63 | 5 << 3 | 0b100
    assert table.decode(0b10100) == [("POINTER", {"offset": 2, "C": 0})]
    assert kernel.VIRTUAL_TABLE_LATEST.encode("SWAPFILE", offset=7, type=31) == 31 << 59 | 7 << 3 | 0b010
    assert kernel.VIRTUAL_TABLE_V1.encode("ZSWAP", entry=0xFFFF_8881_0000_0040) == 0xFFFF_8881_0000_0043


def test_a_pointer_that_is_less_aligned_than_the_tag_is_long_is_refuted() -> None:
    careless = Format(Kind("ENTRY", pointer("entry", align=4), tag="001"), Kind("NONE", tag="000"))
    found = {claim.name: decide(claim) for claim in claims_of(careless)}
    assert found["ENTRY_is_read_as_ENTRY"].values == {"entry": 4}
    assert found["ENTRY_comes_back"].values == {"entry": 4}
    assert found["no_word_is_read_as_two_kinds"].verdict == "holds"


@pytest.mark.parametrize(("sentence", "make"), [
    ("cannot be the name of a field", lambda: Field("a b", 1)),
    ("the width is at least 1", lambda: Field("a", 0)),
    ("no power of two", lambda: Field("a", 8, align=3)),
    ("the role is", lambda: Field("a", 1, role="flag")),
    ("name either its tag", lambda: Kind("K")),
    ("no text of 0s and 1s", lambda: Kind("K", tag="0x1")),
    ("has no fields", lambda: Kind("K", Field("a", 1), word=0)),
    ("the same name", lambda: Kind("K", Field("a", 1), Field("a", 1), tag="")),
    ("has no field 'b'; it has a", lambda: Kind("K", Field("a", 1), tag="").get(0, "b")),
    ("a name each", lambda: Format(Kind("K", word=0), Kind("K", word=1))),
    ("the tag is longer", lambda: Format(Kind("K", tag="000"), width=2)),
    ("the hint h is not in the word", lambda: Format(Kind("K", hint("h", at=8), tag=""), width=8)),
    ("there is no kind 'L'", lambda: Format(Kind("K", word=0), tables={"t": ["L"]})),
    ("the name of a table", lambda: Format(Kind("K", word=0), tables={"a table": ["K"]})),
])
def test_a_description_without_sense_is_refused(sentence: str, make: object) -> None:
    with pytest.raises(FormatError, match=sentence):
        make()  # type: ignore[operator]


def test_a_claim_about_more_than_there_is_is_refused() -> None:
    kind = Format(Kind("K", Field("a", 4), tag=""), width=8)["K"]
    with pytest.raises(UsageError, match="no room for 5"):
        room(kind, "a", 5)
    with pytest.raises(UsageError, match="name no device"):
        device(kind, "a", 1 << 20, called="1_MiB")
    with pytest.raises(UsageError, match="two claims have the name"):
        WordSpec(why="", claims=[room(kind, "a", 2), room(kind, "a", 2)]).all_claims()


@given(st.integers(0, 255), st.integers(0, 255), st.sampled_from(["+", "-", "*", "&", "|", "^", "<<", ">>", "//", "%"]))
def test_unsigned_numbers_calculate_as_in_c(a: int, b: int, sign: str) -> None:
    assume(b or sign not in ("//", "%"))
    plain = eval(f"{a} {sign} {b}") & 0xFF
    for left, right in ((U8(a), U8(b)), (U8(a), b), (a, U8(b))):
        found = eval(f"left {sign} right", {"left": left, "right": right})
        assert found == plain and type(found) is U8
    assert type(U8(a) + U32(b)) is U32 and ~U8(a) == 255 - a and -U8(a) == -a & 255
