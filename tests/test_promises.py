# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/promises.md: every promise of the gate is seen to break, every known bug has its place."""

from __future__ import annotations

from page_promises import BUGS, HOME, ONLY_HOLDS, PROMISES, breaks_in, page

from checker.language import build, load_specs
from checker.language.build import BUILT_IN
from checker.language.verbs import kind_of

SPECS = load_specs(None)


def asked() -> dict[str, str]:
    """Every promise that a default spec asks, and its kind; assertions, where the two kinds of entries meet."""
    found = dict.fromkeys(BUILT_IN, "built in") | dict.fromkeys(build(SPECS["rfc_v2_direct"]).assertions, "assertion")
    for spec in SPECS.values():
        if spec.default:
            found |= {promise.__name__: kind_of(promise) for promise in spec.promises}
    return found


ASKED = asked()


def test_the_page_is_what_the_specs_say() -> None:
    assert (HOME / "docs" / "promises.md").read_text() == page(), "run make docs"


def test_every_promise_of_the_gate_is_seen_to_break_or_must_be_reached() -> None:
    quiet = [name for name, kind in ASKED.items() if kind != "reachable" and not breaks_in(name)]
    assert sorted(quiet) == sorted(ONLY_HOLDS)


def test_every_numbered_promise_is_asked_and_broken_or_says_why_not() -> None:
    assert list(PROMISES) == list(range(1, 38))
    for number, row in PROMISES.items():
        assert row.names or row.note, number
        for name in row.names:
            assert name in ASKED and breaks_in(name), f"{number}: {name}"


def test_the_names_that_others_rely_on() -> None:
    assert {"no_physical_slot_without_rmap", "memcg_charged_exactly_once"} <= set(ASKED)


def test_every_bug_breaks_something_or_says_why_not() -> None:
    assert list(BUGS) == [f"O{number:02}" for number in range(1, 28)]
    for number, row in BUGS.items():
        assert row.names or row.note, number
        for name in row.names:
            assert SPECS[name].expected, f"{number}: {name}"
