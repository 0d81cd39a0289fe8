# SPDX-License-Identifier: GPL-2.0-or-later
"""Finding specs: those of the installed model, or those of a file."""

from __future__ import annotations

import importlib.util
import linecache
import os
import sys
from types import ModuleType
from typing import Any

from checker.language.build import rename
from checker.language.errors import LanguageError, UsageError
from checker.language.ir import Pos
from checker.language.spec import Spec

ENTRY_POINTS = "checker.model"


def load_specs(path: str | None) -> dict[str, Spec]:
    """Specs by name, in the order in which they are written.

    ``path`` is a Python file; None means the package that an entry point of the
    group "checker.model" names.
    """
    if path is None:
        return specs_of(installed())
    return specs_of(load_file(path))


def installed() -> Any:
    from importlib.metadata import entry_points

    found = sorted(entry_points(group=ENTRY_POINTS), key=lambda e: e.name)
    if not found:
        raise UsageError("no model is installed: name a file, vswap check my_model.py")
    return found[0].load()


def load_file(path: str) -> ModuleType:
    """The module in a file, loaded by its location; its folder does not go on sys.path."""
    name = "model_file_" + os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not os.path.exists(path):
        raise UsageError(f"{path}: no such Python file")
    module = importlib.util.module_from_spec(spec)
    module.__dict__["__given_path__"] = path
    sys.modules[name] = module
    linecache.checkcache(path)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise LanguageError(Pos(path, error.lineno or 1), f"this is no Python: {error.msg}") from None
    except (LanguageError, UsageError):
        raise
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except Exception as error:
        raise LanguageError(Pos(path, line_in(error, path)), f"{type(error).__name__}: {error}") from error
    return module


def line_in(error: BaseException, path: str) -> int:
    line, frame = 1, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == os.path.abspath(path) or frame.tb_frame.f_code.co_filename == path:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def specs_of(module: Any) -> dict[str, Spec]:
    """The Spec objects of a module, named after their variables."""
    found: dict[str, Spec] = {}
    for name, value in vars(module).items():
        if isinstance(value, Spec):
            found[value.name or name] = rename(value, name)
    return found
