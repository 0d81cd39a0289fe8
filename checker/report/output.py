# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the result goes: standard output, coloured on a terminal, and never lost."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass

STYLES = {"good": "green", "bad": "bold red", "unsure": "yellow", "title": "bold", "quiet": "dim"}


@dataclass(frozen=True)
class Line:
    """A line of text; ``mark`` is a key of STYLES or empty, ``until`` how much of it is marked."""

    text: str
    mark: str = ""
    until: int | None = None


class OutputError(Exception):
    """Standard output does not take the result; ``worth_keeping`` is False if nobody listens any more."""

    def __init__(self, reason: str, *, worth_keeping: bool):
        super().__init__(f"the result cannot be written to standard output: {reason}")
        self.worth_keeping = worth_keeping


class Output:
    """Writes to standard output, and remembers it for the case that this fails."""

    def __init__(self) -> None:
        self.written: list[str] = []
        stream = sys.stdout
        self.colour = stream is not None and stream.isatty() and "NO_COLOR" not in os.environ

    def lines(self, lines: Iterable[Line | str]) -> None:
        """Prints the lines, and sees to it that they have arrived."""
        made = [line if isinstance(line, Line) else Line(line) for line in lines]
        self.written += [line.text for line in made]
        if self.colour:
            self._attempt(lambda: self._coloured(made))
        else:
            self._attempt(lambda: self._plain("".join(line.text + "\n" for line in made)))

    def _plain(self, text: str) -> None:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "it is closed")
        sys.stdout.write(text)
        sys.stdout.flush()

    def _coloured(self, lines: list[Line]) -> None:
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False, soft_wrap=True)
        for line in lines:
            text = Text(line.text)
            if line.mark:
                text.stylize(STYLES[line.mark], 0, line.until)
            console.print(text)

    def _attempt(self, write: object) -> None:
        assert callable(write)
        try:
            write()
        except (OSError, ValueError) as error:
            code = error.errno if isinstance(error, OSError) else errno.EBADF
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            _silence()
            raise OutputError(reason, worth_keeping=code != errno.EPIPE) from None


def _silence() -> None:
    """Keeps Python from trying once more, and complaining, when it ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        sys.stdout = None
