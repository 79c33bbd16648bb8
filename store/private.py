"""What lies on the disk is for its owner alone, whatever the umask: folders 0700, files 0600."""

import contextlib
import os
import threading
from pathlib import Path

OTHERS = 0o077
BESIDE = ("", "-wal", "-shm", "-journal")  # what SQLite writes beside its file has the file's own mode
_making = threading.Lock()


def folder(path: Path) -> None:
    """Make the folder where there is none; those above it are as the system makes them. Raises OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def write(path: Path, text: str) -> None:
    """A new file. Raises OSError, FileExistsError too."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def sync_directory(path: Path) -> None:
    """A new file's name has to reach the disk as well as its lines."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def database(path: Path, *_of_the_connection: object) -> None:
    """Before SQLite opens its file: make it where there is none, and shut it where others may read it.

    An existing one is never opened here: closing it would drop the locks that SQLite holds in this process; for the
    same reason no thread may connect while another makes it. One of somebody else's stays as it is."""
    with _making:
        with contextlib.suppress(OSError):  # it is there, or SQLite says itself why it cannot be
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        for suffix in BESIDE:
            shut(path.with_name(path.name + suffix))


def shut(path: Path) -> None:
    """Take from everybody else whatever they may do with the file; nothing where it is not ours or not there."""
    with contextlib.suppress(OSError):
        mode = path.stat().st_mode
        if mode & OTHERS:
            path.chmod(mode & 0o700)
