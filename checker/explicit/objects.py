# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled objects, kept for the next search and for the next process.

Each object is a file of its own in the user's cache folder, named after the hash
of everything that it was made from.  Files are renamed into place, so any number
of processes may share the folder.  Nothing here is needed: whatever cannot be
read, or is not exactly what was written, is as good as not there.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from functools import cache
from pathlib import Path

SWITCH = "VSWAP_CACHE"
"""The environment variable that keeps the folder out of it: off."""
_MAGIC = b"vswap object 2\n\0"
_DIGEST = 32
_HEAD = len(_MAGIC) + 2 * _DIGEST + 8
_FOLDERS = 64
_BLOCK = 4096
"""What a file takes on the disk is a multiple of this."""
MOST_ON_DISK = 256 << 20
"""Bytes that the folder may take."""
MOST_IN_MEMORY = 64 << 20
_STALE = 3600
"""Seconds after which a file that is used is marked as used again."""


def key_of(*parts: str) -> bytes:
    """The name of what is made from these."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


def folder() -> Path | None:
    """Where objects are kept between processes, if anywhere."""
    if os.environ.get(SWITCH, "").lower() == "off":
        return None
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):  # others are to be ignored, says the convention
        return Path(base) / "vswap"
    try:
        return Path.home() / ".cache" / "vswap"
    except RuntimeError:
        return None


class Objects:
    """Objects by key; ``folder`` None keeps them in this process only.  Threads may share it."""

    def __init__(self, folder: Path | None, on_disk: int = MOST_ON_DISK, in_memory: int = MOST_IN_MEMORY) -> None:
        self._folder = folder
        self._share = on_disk // _FOLDERS
        self._in_memory = in_memory
        self._known: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0
        self._trimmed: set[Path] = set()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> bytes | None:
        """The object with this key, exactly as it was put, or None."""
        with self._lock:
            data = self._known.get(key)
            if data is not None:
                self._known.move_to_end(key)
                return data
        data = self._read(key)
        if data is not None:
            self._remember(key, data)
        return data

    def put(self, key: bytes, data: bytes) -> None:
        """Keeps an object, as long as there is room."""
        self._remember(key, data)
        if self._folder is None or len(data) + _HEAD > self._share:
            return
        path = self._path(key)
        with suppress(OSError):
            for each in (self._folder, path.parent):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(path, b"".join((_MAGIC, key, len(data).to_bytes(8, "little"),
                                        hashlib.sha256(data).digest(), data)))
            if path.parent not in self._trimmed:
                self._trimmed.add(path.parent)
                self._trim(path.parent)

    def _remember(self, key: bytes, data: bytes) -> None:
        with self._lock:
            self._size += len(data) - len(self._known.pop(key, b""))
            self._known[key] = data
            while self._size > self._in_memory:
                self._size -= len(self._known.popitem(last=False)[1])

    # -- files

    def _path(self, key: bytes) -> Path:
        assert self._folder is not None
        return self._folder / f"{key[0] % _FOLDERS:02x}" / key.hex()

    def _read(self, key: bytes) -> bytes | None:
        """What a file holds, if it is ours and whole."""
        if self._folder is None:
            return None
        path = self._path(key)
        try:
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
                about = os.fstat(file.fileno())
                if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022:
                    return None
                if about.st_size > self._share:
                    return None
                content = file.read()
        except OSError:
            return None
        data = content[_HEAD:]
        head = _MAGIC + key + len(data).to_bytes(8, "little") + hashlib.sha256(data).digest()
        if content[:_HEAD] != head:
            return None
        if time.time() - about.st_mtime > _STALE:
            with suppress(OSError):
                os.utime(path)
        return data

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        """Writes a file that others see whole or not at all."""
        number, name = tempfile.mkstemp(prefix="new-", dir=path.parent)  # readable by its owner alone
        try:
            with open(number, "wb") as file:
                file.write(content)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise

    def _trim(self, folder: Path) -> None:
        """Drops what was used least recently, until the folder has room for more."""
        found = []
        with os.scandir(folder) as entries:
            for entry in entries:
                with suppress(OSError):  # another process may have dropped it
                    about = entry.stat(follow_symlinks=False)
                    found.append((about.st_mtime, -(-about.st_size // _BLOCK) * _BLOCK, entry.path))
        size = sum(each for _, each, _ in found)
        if size <= self._share:
            return
        for _, each, path in sorted(found):
            if size <= self._share // 2:
                return
            with suppress(OSError):
                os.unlink(path)
                size -= each


@cache
def _shared(folder: Path | None) -> Objects:
    return Objects(folder)


def shared() -> Objects:
    """What all searches of this process share."""
    return _shared(folder())
