"""Secrets by reference: `env:NAME` is the environment's NAME, else the line `NAME=value` of SECRETS_FILE."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

PREFIX = "env:"


class Secrets:
    """Read again whenever the file changes, so that a new source needs no restart."""

    def __init__(self, path: Path, environ: Mapping[str, str] | None = None) -> None:
        self.path = path
        self._environ = os.environ if environ is None else environ
        self._seen: tuple[int, int, int] | None = None
        self._values: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self, reference: str) -> str | None:
        """The present value of `env:NAME`; None when there is none."""
        name = reference.removeprefix(PREFIX)
        return self._environ.get(name) or self._file().get(name) or None

    def _file(self) -> dict[str, str]:
        try:
            found = self.path.stat()
        except OSError:
            return self._values  # vanished: what was known stays in force
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if seen != self._seen:
            with self._lock:
                values = dotenv_values(self.path, interpolate=False)
                self._values = {k: v for k, v in values.items() if v}
                self._seen = seen
        return self._values
