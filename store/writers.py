"""SQLite's writers queue on a lock of this process and on a file beside the database, each in its turn.

SQLite itself lets them poll: with sixteen of them the unlucky ones waited half a second. The queue is
for fairness only; the database's own lock is what keeps writers apart, also from those that do not queue.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path


class Writers:
    """The queue before one SQLite file; its lock file is `<file>-writers` and stays empty."""

    def __init__(self, database: Path) -> None:
        self._file = f"{database}-writers"
        self._own = threading.Lock()

    @contextlib.contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Held while this thread writes. Raises TimeoutError when another thread of this process has had, or
        waited for, its turn that long.

        Between processes the kernel queues, and knows no time-out: where a writer is frozen, one thread
        of each other process waits with it and the rest are told after `seconds`."""
        if not self._own.acquire(timeout=seconds):
            raise TimeoutError("other writers are before this one")
        try:
            with self._before_other_processes():
                yield
        finally:
            self._own.release()

    @contextlib.contextmanager
    def _before_other_processes(self) -> Iterator[None]:
        try:
            handle = os.open(self._file, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:  # a full disk, or too many open files: the database says so itself where it must
            yield
            return
        try:
            with contextlib.suppress(OSError):  # a file system without locks: unfair, as SQLite alone is
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)  # never the database's own file: closing that would drop SQLite's locks
