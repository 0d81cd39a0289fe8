# SPDX-License-Identifier: GPL-2.0-or-later
"""What was asked for: the model, its specs, and what the command line changes about them."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.language.errors import LanguageError, UsageError
from checker.language.ir import Pos
from checker.language.spec import Comparison, Design, Scope, Spec
from checker.words import unknown

YES = {"on": True, "true": True, "yes": True, "1": True}
NO = {"off": False, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Asked:
    """The specs of one model, and the changes to make to each of them.

    ``file`` is the user's model file, or None for the model that is installed.  ``proving``:
    lemmas are needed, whatever is changed.
    """

    file: str | None
    specs: dict[str, Spec]
    switches: tuple[str, ...] = ()
    design: str | None = None
    scope: tuple[str, ...] = ()
    proving: bool = False

    @property
    def model(self) -> str:
        """What the model is called in drawings."""
        return Path(self.file).stem if self.file else installed_name()

    @property
    def changed(self) -> bool:
        """Whether the specs are asked in another way than they are written."""
        return bool(self.switches or self.design or self.scope)

    @property
    def borrowed(self) -> bool:
        """Whether a file asks about a model that is written elsewhere: what never happens there is no news of it."""
        return self.file is not None and not any(
            spec.model.state.__module__.startswith("model_file_") for spec in self.specs.values())

    def with_lemmas(self, spec: Spec) -> bool:
        """Whether a spec promises its lemmas, too: they speak of the design and the scope that it is written for."""
        return self.proving or (self.design_of(spec) == spec.design and self.scope_of(spec) is spec.scope)

    def options(self) -> tuple[str, ...]:
        """The words that a replay command needs for the same question."""
        words = [self.file] if self.file else []
        words += ["--design", self.design] if self.design else []
        for switch in self.switches:
            words += ["--set", switch]
        for part in self.scope:
            words += ["--scope", part]
        return tuple(words)

    def spec(self, name: str) -> Spec:
        if name not in self.specs:
            raise UsageError(unknown("spec", name, self.specs))
        return self.specs[name]

    def narrowed(self) -> Asked:
        """Without the specs that the changes are not about: there may be several models, each with designs and
        sorts of its own.  All of them where none fits: whoever asks is then told what does not.
        """
        fitting = {name: spec for name, spec in self.specs.items() if self.fits(spec)}
        return dataclasses.replace(self, specs=fitting or self.specs)

    def fits(self, spec: Spec) -> bool:
        """Whether a spec has the switches and the sorts that are changed, whatever they are changed to."""
        known = designs(self.specs.values()) if self.design is not None else {}
        if self.design in known and type(known[self.design]) is not type(spec.design):
            return False
        if not {switch.partition("=")[0] for switch in self.switches} <= switches(spec.design).keys():
            return False
        sizes = {sort.__name__ for sort in spec.scope.sizes}
        if not {sort for sort, equals, _ in (part.partition("=") for part in self.scope) if equals} <= sizes:
            return False
        named = [other.scope for other in self.specs.values() if other.scope.name in self.scope]
        return all(spec.scope.sizes.keys() <= scope.sizes.keys() for scope in named)

    def design_of(self, spec: Spec) -> Design | None:
        """The design of a spec, with the changes of the command line."""
        design = spec.design
        if self.design is not None:
            known = designs(self.specs.values())
            if self.design not in known:
                raise UsageError(unknown("design", self.design, known))
            design = known[self.design]
        for switch in self.switches:
            design = flip(design, switch, spec.name)
        return design

    def scope_of(self, spec: Spec) -> Scope:
        """The scope of a spec, with the changes of the command line."""
        scope = spec.scope
        for part in self.scope:
            sort, equals, size = part.partition("=")
            if equals:
                scope = resize(scope, sort, size)
            else:
                known = {s.scope.name: s.scope for s in self.specs.values()}
                if part not in known:
                    raise UsageError(unknown("scope", part, known))
                scope = known[part]
        return scope


def ask(words: Sequence[str], *, switches: Sequence[str] = (), design: str | None = None,
        scope: Sequence[str] = ()) -> tuple[Asked, list[str]]:
    """The model that the words of a command line are about, and those of them that name no file."""
    from checker.language.load import load_specs

    files = [word for word in words if is_file(word)]
    if len(files) > 1:
        raise UsageError(f"one model at a time: {' and '.join(files)} are {len(files)}")
    file = files[0] if files else None
    if file is not None:
        readable(file)
    try:
        specs = load_specs(file)
    except (LanguageError, UsageError, ImportError):
        raise
    except SyntaxError as error:
        raise LanguageError(Pos(error.filename or "?", error.lineno or 1), f"this is no Python: {error.msg}") from None
    except (Exception, SystemExit) as error:
        raise LanguageError(culprit(error), f"{type(error).__name__}: {error}") from error
    return Asked(file, specs, tuple(switches), design, tuple(scope)), [word for word in words if word not in files]


def culprit(error: BaseException) -> Pos | None:
    """The last place of a traceback that is not the checker's own."""
    places = [Pos(frame.filename, frame.lineno or 1) for frame in traceback.extract_tb(error.__traceback__)
              if not frame.filename.startswith((os.path.dirname(__file__), "<frozen"))]
    return places[-1] if places else None


def is_file(word: str) -> bool:
    """Whether a word of the command line names a model file; a spec's name has neither dot nor slash."""
    return word.endswith(".py") or "/" in word


def readable(file: str) -> None:
    """Raises UsageError, with the reason, for a file that cannot be read."""
    try:
        Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"the model file {file} cannot be read: {error.strerror}") from None


def installed_name() -> str:
    """The name under which the installed model is registered."""
    from importlib.metadata import entry_points

    return min((point.name for point in entry_points(group="checker.model")), default="model")


def installed_home() -> Path:
    """The folder that the package of the installed model lies in."""
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    for point in sorted(entry_points(group="checker.model"), key=lambda point: point.name):
        found = find_spec(point.module.partition(".")[0])
        if found is not None and found.origin is not None:
            return Path(found.origin).parent.parent
    raise UsageError("no model is installed, so that there are no cases beside it: name a file with --cases")


def modules(specs: Iterable[Spec]) -> Iterator[Any]:
    """The modules that specs and their models are written in, and their neighbours in the same packages."""
    tops = set()
    for spec in specs:
        parts = [spec.model.state, *spec.promises, *spec.lemmas, *spec.measures, *spec.model.rules]
        tops |= {part.__module__.partition(".")[0] for part in parts}
    for name in sorted(sys.modules):
        if name.partition(".")[0] in tops and sys.modules[name] is not None:
            yield sys.modules[name]


def designs(specs: Iterable[Spec]) -> dict[str, Design]:
    """Every design that has a name: a variable that holds it, or the spec that is about it."""
    all_specs = list(specs)
    found = {spec.name: spec.design for spec in all_specs if spec.design is not None}
    for module in modules(all_specs):
        found.update((name, value) for name, value in vars(module).items() if isinstance(value, Design))
        for value in vars(module).values():
            if isinstance(value, Comparison):
                found.update(value.designs)
    return found


def comparison(asked: Asked, like: Design | None = None) -> Comparison:
    """What the model says that its designs are compared by; a model that says nothing is compared by
    every default spec and every design that has a name of its own.

    With a design, what is said of designs of its kind: there may be several models.
    """
    found = [value for module in modules(asked.specs.values()) for value in vars(module).values()
             if isinstance(value, Comparison)
             and (like is None or any(type(one) is type(like) for one in value.designs.values()))]
    if found:
        return found[0]
    specs: list[Spec] = []
    for spec in asked.specs.values():
        of_its_kind = spec.design is not None and (like is None or type(spec.design) is type(like))
        if spec.default and of_its_kind and not any(same_question(spec, known) for known in specs):
            specs.append(spec)
    own = {name: value for module in modules(specs) for name, value in vars(module).items()
           if isinstance(value, Design) and (like is None or type(value) is type(like))}
    usual = {name: design for name, design in own.items() if not unusual(design)}
    return Comparison(specs=specs, designs=own or designs(specs), flipped=list(usual)[:1])


def same_question(one: Spec, other: Spec) -> bool:
    """Whether two specs differ only in the design that they ask about, and in what is expected of it."""
    bare = [dataclasses.replace(spec, name="", why="", design=None, expected={}) for spec in (one, other)]
    return bare[0] == bare[1]


def flip(design: Design | None, switch: str, spec: str) -> Design:
    """The design with one switch set; ``switch`` is NAME=VALUE."""
    name, equals, text = switch.partition("=")
    if not equals:
        raise UsageError(f"--set takes SWITCH=VALUE, for example --set {name or 'switch'}=off")
    if design is None:
        raise UsageError(f"spec {spec} has no design, so that there is no switch {name!r}")
    values = {field.name: getattr(design, field.name) for field in dataclasses.fields(design)}
    if name not in values:
        raise UsageError(unknown("switch", name, values))
    return dataclasses.replace(design, **{name: parse(name, text, values[name])})


def parse(name: str, text: str, like: object) -> object:
    """A switch's value, of the type of the one it has."""
    if isinstance(like, bool):
        known = YES | NO
        if text.lower() not in known:
            raise UsageError(f"{text!r} is no value for the switch {name}: it is on or off")
        return known[text.lower()]
    if isinstance(like, enum.Enum):
        members = type(like).__members__
        if text not in members:
            raise UsageError(f"{text!r} is no value for the switch {name}: it is one of {', '.join(members)}")
        return members[text]
    if isinstance(like, int):
        try:
            return int(text)
        except ValueError:
            raise UsageError(f"{text!r} is no value for the switch {name}: it is a whole number") from None
    if isinstance(like, str):
        return text
    raise UsageError(f"the switch {name} holds a {type(like).__name__}, which cannot be set from the command line")


def resize(scope: Scope, sort: str, text: str) -> Scope:
    """The scope with another number of objects of one sort."""
    sorts = {known.__name__: known for known in scope.sizes}
    if sort not in sorts:
        raise UsageError(unknown(f"sort in scope {scope.name!r} with the name", sort, sorts))
    try:
        size = int(text)
    except ValueError:
        raise UsageError(f"--scope {sort}={text}: the number of objects is a whole number") from None
    sizes = {**scope.sizes, sorts[sort]: size}
    return dataclasses.replace(scope, name=f"{scope.name}, {sort} {size}", sizes=sizes)


def switches(design: Design | None) -> dict[str, str]:
    """The switches of a design as the command line writes them."""
    if design is None:
        return {}
    return {field.name: shown(getattr(design, field.name)) for field in dataclasses.fields(design)}


def shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return value.name if isinstance(value, enum.Enum) else str(value)


def unusual(design: Design | None) -> dict[str, str]:
    """The switches that differ from what the design's class says."""
    if design is None:
        return {}
    usual = {field.name: shown(field.default) for field in dataclasses.fields(design)
             if field.default is not dataclasses.MISSING}
    return {name: value for name, value in switches(design).items() if usual.get(name) != value}


def asked_by(arguments: argparse.Namespace) -> tuple[Asked, list[str]]:
    """What the words of a command line name, changed as its options say."""
    return ask(arguments.words, switches=arguments.switches, design=arguments.design, scope=arguments.scope)
