"""Secrets by reference: `env:NAME` is the environment's NAME, else the line `NAME=value` of SECRETS_FILE."""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from dotenv import dotenv_values

PREFIX = "env:"
SETTLE_S = 0.5
OTHERS = 0o007


class Secrets:
    """Read again whenever the file changes, so that a new source needs no restart.

    A name that is new counts at once. One that was known keeps its value until the file has stayed the
    same for half a second: an editor that is just saving must not refuse a sender. `look`, called about
    twice a second, makes that half second pass where nobody asks."""

    def __init__(
        self, path: Path, environ: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = path
        self._clock = clock
        self._environ = os.environ if environ is None else environ
        self._seen: tuple[int, int, int] | None = None
        self._values: dict[str, str] = {}
        self._fresh: dict[str, str] | None = None  # read, and not yet settled
        self._fresh_since = 0.0
        self._lock = threading.Lock()

    def __call__(self, reference: str) -> str | None:
        """The present value of `env:NAME`; None when there is none."""
        name = reference.removeprefix(PREFIX)
        return self._environ.get(name) or self._file().get(name) or None

    def look(self) -> None:
        """See whether the file has changed."""
        self._file()

    def problem(self) -> str:
        """Why the file cannot be read; empty where it can, or where there is none."""
        try:
            self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except OSError as why:
            return f"{self.path} cannot be read: {why.strerror or 'an error'}"
        except UnicodeDecodeError:
            return f"{self.path} cannot be read: it is no UTF-8 text"
        return ""

    def _file(self) -> dict[str, str]:
        try:
            found = self.path.stat()
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen == self._seen and self._fresh is None:
                return self._values
            with self._lock:
                return self._read(seen)
        except (OSError, UnicodeDecodeError):
            return self._values  # vanished or unreadable: what was known stays in force

    def _read(self, seen: tuple[int, int, int]) -> dict[str, str]:
        now = self._clock()
        if seen != self._seen or self._fresh is None:
            self._fresh, self._fresh_since = values_of(self.path), now
        elif now - self._fresh_since >= SETTLE_S:
            again = values_of(self.path)
            if again == self._fresh:
                self._values, self._fresh = again, None
            else:
                self._fresh, self._fresh_since = again, now
        self._seen = seen
        return self._values if self._fresh is None else {**self._fresh, **self._values}


def values_of(path: Path) -> dict[str, str]:
    """The file's lines `NAME=value` that have a value. Raises OSError, UnicodeDecodeError."""
    return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value}


def readable_by_others(path: Path) -> bool:
    """Whether users who are neither its owner nor of its group may read the file."""
    try:
        return bool(path.stat().st_mode & OTHERS)
    except OSError:
        return False


def add(path: Path, name: str, value: str, environ: Mapping[str, str] | None = None) -> str:
    """Add a line under `name`, or under `name_2` and so on where that is known already; the name it got.

    The file is replaced whole, keeps its owner, and no user beside him and his group may read it; a new
    one has mode 0600. Raises OSError, UnicodeDecodeError."""
    known_outside = os.environ if environ is None else environ
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = path.resolve()  # a link stays a link
    lock = os.open(path.with_name(path.name + ".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = path.read_bytes() if path.exists() else b""
        known = {*known_outside, *(dotenv_values(path, interpolate=False) if before else ())}
        free = next(n for n in (name, *(f"{name}_{i}" for i in range(2, 10_000))) if n not in known)
        gap = b"" if not before or before.endswith(b"\n") else b"\n"
        _replace(path, before + gap + f"{free}={value}\n".encode())
        return free
    finally:
        os.close(lock)


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        if path.exists():
            before = path.stat()
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(handle, before.st_uid, before.st_gid)
            os.fchmod(handle, before.st_mode & 0o777 & ~OTHERS)
        file.write(content)
        file.flush()
        os.fsync(handle)
    draft.replace(path)
