# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the result goes: standard output, coloured on a terminal, and never lost."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

STYLES = {"good": "green", "bad": "bold red", "unsure": "yellow", "title": "bold", "quiet": "dim"}


@dataclass(frozen=True)
class Line:
    """A line of text; ``mark`` is a key of STYLES or empty, ``until`` how much of it is marked."""

    text: str
    mark: str = ""
    until: int | None = None


class OutputError(Exception):
    """Nobody listens any more at the other end of standard output."""


class Output:
    """Writes to standard output; where that fails (``failed``), all of it goes to standard error."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.failed = False
        stream = sys.stdout
        self.colour = stream is not None and stream.isatty() and "NO_COLOR" not in os.environ

    def lines(self, lines: Iterable[Line | str]) -> None:
        """Prints the lines, and sees to it that they have arrived; OutputError if nobody reads them."""
        made = [line if isinstance(line, Line) else Line(line) for line in lines]
        self.written += [line.text for line in made]
        if self.failed:
            self._instead(line.text for line in made)
        elif self.colour:
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

    def _attempt(self, write: Callable[[], None]) -> None:
        try:
            write()
        except (OSError, ValueError) as error:
            code = error.errno if isinstance(error, OSError) else errno.EBADF
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            _silence()
            sentence = f"the result cannot be written to standard output: {reason}"
            if code == errno.EPIPE:
                raise OutputError(sentence) from None
            self.failed = True
            self._instead([f"vswap: error: {sentence}; here it is instead", *self.written])

    @staticmethod
    def _instead(texts: Iterable[str]) -> None:
        if sys.stderr is not None:
            sys.stderr.write("".join(text + "\n" for text in texts))
            sys.stderr.flush()


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
