# SPDX-License-Identifier: GPL-2.0-or-later
"""The command new: a file with a what-if to start from."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import keyword
import textwrap
from pathlib import Path

from checker.asked import Asked, ask, flip
from checker.complaints import write
from checker.language.errors import UsageError
from checker.language.spec import Design, Spec
from checker.report.output import Output
from checker.report.verdict import Exit

PAGE = '''\
# SPDX-License-Identifier: GPL-2.0-or-later
"""{name}: what if?

{check}
"""

from dataclasses import replace

{imports}

{name} = replace(
    {package}.{like},  # scope, start and promises are those of this spec
    why="""What is asked here, in a line like the subject of a commit

    And why anyone should care.""",
    design=replace({package}.{like}.design{switches}),
{lemmas}    expected={{}},  # what is known to break: {{"promise": broken(steps=12)}}
    default=True,
    name="",
)
'''


def new(arguments: argparse.Namespace, output: Output) -> Exit:
    """Writes NAME.py; UsageError where that name cannot be used, or a file is there already."""
    (name, *more) = arguments.words
    if more:
        raise UsageError(f"new takes one name, not {1 + len(more)}: {' '.join(arguments.words)}")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(f"{name!r} is no name for a spec: letters, digits and _, as a Python variable")
    asked, _ = ask([])
    if name in asked.specs:
        raise UsageError(f"there is a spec {name} already: vswap explain {name}")
    like = asked.spec(arguments.like) if arguments.like else first(asked)
    if like.design is None:
        raise UsageError(f"spec {like.name} has no design whose switches could be set")
    file = Path(f"{name}.py")
    text = page(name, like, arguments.switches)
    try:
        write(str(file), text, new=True)
    except FileExistsError:
        raise UsageError(f"{file} is there already, and is left as it is: take another name") from None
    if arguments.form == "json":
        from checker.report.json import document

        output.lines([document(Exit.AS_EXPECTED, new={"file": str(file), "like": like.name})])
    else:
        output.lines([f"{file} asks what {like.name} asks{', with ' if arguments.switches else ''}"
                      f"{', '.join(arguments.switches)}. To check it: vswap check ./{file}"])
    return Exit.AS_EXPECTED


def first(asked: Asked) -> Spec:
    """The spec to start from: the first default one that is about a design as it is proposed."""
    for spec in asked.specs.values():
        if spec.default and spec.design is not None and not spec.expected:
            return spec
    raise UsageError("this model has no spec of a design that keeps its promises: name one with --like")


def page(name: str, like: Spec, settings: list[str]) -> str:
    """The text of the file."""
    from checker.language.load import installed

    package = installed().__name__
    design: Design | None = like.design
    for setting in settings:
        design = flip(design, setting, like.name)
    changed = [(one.name, getattr(design, one.name)) for one in dataclasses.fields(type(design))  # type: ignore[arg-type]
               if getattr(design, one.name) != getattr(like.design, one.name)]
    enums = {type(value) for _, value in changed if isinstance(value, enum.Enum)}
    imports = [f"import {package}", "from checker.language import broken"]
    imports += sorted(f"from {one.__module__} import {one.__name__}" for one in enums)
    switches = "".join(f", {switch}={value if isinstance(value, enum.Enum) else repr(value)}"
                       for switch, value in changed)
    check = textwrap.fill(f"Check it with vswap check ./{name}.py, see its race with vswap explain ./{name}.py. "
                          "Set switches of the design below; docs/design-change.md says how to add one.", 90)
    lemmas = "    lemmas=(),  # those of that spec speak of its design\n" if like.lemmas else ""
    return PAGE.format(name=name, package=package, like=like.name, check=check, imports="\n".join(imports),
                       switches=switches, lemmas=lemmas)
