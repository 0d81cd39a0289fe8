# SPDX-License-Identifier: GPL-2.0-or-later
"""JUnit XML: a test suite for each spec, a test case for each promise.

The format has no word for an expected failure; as pytest does, one is ``skipped``
with the type xfail, and one that no longer fails is a ``failure`` with the type
xpass.  What is undecided or could not be asked is an ``error``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from checker.report.points import Point, Suite

ELEMENT = {"xfail": "skipped", "xpass": "failure", "fail": "failure", "vacuous": "failure", "undecided": "error",
           "error": "error"}
FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(suites: Sequence[Suite], model: str) -> str:
    """The document."""
    top = ElementTree.Element("testsuites", _counts([p for suite in suites for p in suite.points]),
                              name="vswap", time=f"{sum(suite.seconds for suite in suites):.3f}")
    for suite in suites:
        _suite(ElementTree.SubElement(top, "testsuite"), suite, model)
    ElementTree.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(top, encoding="unicode")


def _counts(points: Sequence[Point]) -> dict[str, str]:
    kinds = [ELEMENT.get(point.status) for point in points]
    return {"tests": str(len(points)), "failures": str(kinds.count("failure")), "errors": str(kinds.count("error")),
            "skipped": str(kinds.count("skipped"))}


def _suite(made: ElementTree.Element, suite: Suite, model: str) -> None:
    made.attrib |= {"name": _clean(suite.name), **_counts(suite.points), "time": f"{suite.seconds:.3f}"}
    if suite.facts:
        properties = ElementTree.SubElement(made, "properties")
        for name, value in suite.facts:
            ElementTree.SubElement(properties, "property", name=_clean(name), value=_clean(value))
    for point in suite.points:
        case = ElementTree.SubElement(made, "testcase", name=_clean(point.name),
                                      classname=_clean(f"{model}.{suite.name}"))
        if point.status in ELEMENT:
            found = ElementTree.SubElement(case, ELEMENT[point.status], type=point.status,
                                           message=_clean(point.message))
            found.text = _clean(point.details)
    if suite.about or suite.covers:
        ElementTree.SubElement(made, "system-out").text = _clean(f"{suite.about}\n{suite.covers}".strip())


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return FORBIDDEN.sub("?", text)
