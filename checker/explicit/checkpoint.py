# SPDX-License-Identifier: GPL-2.0-or-later
"""A search under way in a file, so that another process can go on with it.

The file has what the search has found, not how it found it: states in their
order, where each layer begins, counts.  The table is made again.  It is written
beside its place and renamed into it, so that there is a whole one at any time;
what is not whole, or about something else, is refused.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from checker.language.errors import UsageError

_MAGIC = b"vswap checkpoint"
_FORMAT = 1
"""Changes with what the header means, and with the order in which anything is numbered."""
_PIECE = 1 << 24
_DIGEST = 32
AGAIN = "remove it to start again"


class Checkpoint:
    """The file ``path``, for the search that is told from all others by ``question``."""

    def __init__(self, path: Path, question: bytes) -> None:
        self.path = path
        self.question = question.hex()
        self.failed: str | None = None
        """Why the last attempt to write it failed, if it did."""

    def save(self, header: dict[str, Any], parts: Sequence[tuple[int, int]]) -> None:
        """Writes what was found; ``parts`` are pieces of memory, as address and size.

        Where that fails (``failed`` says why) the last one remains."""
        about = json.dumps({"question": self.question, "sizes": [size for _, size in parts], **header}).encode()
        self.failed = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(prefix=f"{self.path.name}.new-", dir=self.path.parent)
            try:
                with open(number, "wb") as file:
                    _write(file, about, parts)
                os.replace(name, self.path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(name)
                raise
        except OSError as error:
            self.failed = error.strerror or str(error)

    def drop(self) -> None:
        """Removes the file: the search is over."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    @contextmanager
    def load(self) -> Iterator[Saved | None]:
        """What was saved, or None if there is no file.  UsageError for a file that is of no use."""
        try:
            file = open(self.path, "rb")  # noqa: SIM115
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise UsageError(f"the checkpoint {self.path} cannot be read: {error.strerror}") from None
        with file:
            try:
                yield Saved(self, file)
            except OSError as error:
                raise UsageError(f"the checkpoint {self.path} cannot be read: {error.strerror}") from None


class Saved:
    """What a file has: its ``header``, and parts that are read into memory one after the other."""

    def __init__(self, checkpoint: Checkpoint, file: BinaryIO) -> None:
        self._path, self._file = checkpoint.path, file
        first = file.readline(64)
        if not first.startswith(_MAGIC):
            raise UsageError(f"{self._path} is no checkpoint")
        if first != _first():
            raise UsageError(f"the checkpoint {self._path} is of another version of the checker; {AGAIN}")
        size = int.from_bytes(self._exactly(8), "little")
        if size > os.fstat(file.fileno()).st_size:
            raise self.damaged()
        text = self._exactly(size)
        if self._exactly(_DIGEST) != hashlib.blake2b(text, digest_size=_DIGEST).digest():
            raise self.damaged()
        self.header: dict[str, Any] = json.loads(text)
        if self.header["question"] != checkpoint.question:
            raise UsageError(f"the checkpoint {self._path} is about another model, design, scope or promises; "
                             "name another folder, or " + AGAIN)
        self._sizes = list(self.header["sizes"])
        rest = sum(self._sizes) + _DIGEST * len(self._sizes)
        if os.fstat(file.fileno()).st_size != file.tell() + rest:
            raise self.damaged()

    def damaged(self) -> UsageError:
        """The complaint about a file that is not as it was written."""
        return UsageError(f"the checkpoint {self._path} is damaged; {AGAIN}")

    def _exactly(self, size: int) -> bytes:
        found = self._file.read(size)
        if len(found) != size:
            raise self.damaged()
        return found

    def read(self, address: int) -> None:
        """Reads the next part into memory, which is large enough."""
        size, digest = self._sizes.pop(0), hashlib.blake2b(digest_size=_DIGEST)
        for piece in _pieces(address, size):
            if self._file.readinto(piece) != len(piece):  # type: ignore[attr-defined]
                raise self.damaged()
            digest.update(piece)
        if self._exactly(_DIGEST) != digest.digest():
            raise self.damaged()


def _first() -> bytes:
    return _MAGIC + b" %d\n" % _FORMAT


def _pieces(address: int, size: int) -> Iterator[memoryview]:
    for at in range(0, size, _PIECE):
        yield memoryview((ctypes.c_char * min(_PIECE, size - at)).from_address(address + at)).cast("B")


def _write(file: BinaryIO, about: bytes, parts: Sequence[tuple[int, int]]) -> None:
    file.write(_first() + len(about).to_bytes(8, "little") + about)
    file.write(hashlib.blake2b(about, digest_size=_DIGEST).digest())
    for address, size in parts:
        digest = hashlib.blake2b(digest_size=_DIGEST)
        for piece in _pieces(address, size):
            file.write(piece)
            digest.update(piece)
        file.write(digest.digest())
    file.flush()
    os.fsync(file.fileno())
