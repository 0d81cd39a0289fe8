# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said on standard error, and reasons to stop."""

from __future__ import annotations

import sys
from contextlib import suppress

from checker.language.errors import UsageError
from checker.report.verdict import Exit, SpecResult

REPORT = "this is a bug of the checker: please report it, with the command, the model, and the lines above"


class Complaint(Exception):
    """A reason to stop, with its exit code."""

    def __init__(self, code: Exit, text: str):
        super().__init__(text)
        self.code = code


def say(text: str) -> None:
    """Something for standard error."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(text.rstrip("\n"), file=sys.stderr, flush=True)


def write(path: str, text: str, *, new: bool = False) -> None:
    """The text as a file, FileExistsError where it must be ``new`` and is not.

    A path that leads nowhere is a mistake of who typed it, a disk that takes nothing is not.
    """
    try:
        with open(path, "x" if new else "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    except OSError as error:
        raise Complaint(Exit.MISSING, f"{path} cannot be written: {error.strerror}") from None


def trouble(result: SpecResult) -> None:
    """What could not be asked is said on standard error, too."""
    if result.traceback:
        say(result.traceback)
        say(f"vswap: error: {result.error}; {REPORT}")
    elif result.error:
        say(f"vswap: error: {result.error}")
