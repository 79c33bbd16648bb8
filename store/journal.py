"""The dispatch journal: what a worker is about to send, on its own disk, outside the database.

One line an attempt, synced after the claim's proven commit and before the first byte leaves. When a
database is replaced by an older one (a failover to a stale standby, a backup put back), the journals
are what still knows who was rung. Kept 7 days; neither number nor event key stands in it, only their keyed hashes.
"""

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.as_kept import as_kept
from store import private

KEPT_S = 7 * 24 * 3600
NEW_FILE_S = 24 * 3600
_PREFIX, _RUN_ID, _TRIAL = "journal-", "run-id", "room-for-a-line"
_BLANK = b" " * 65_535 + b"\n"  # longer than the lines of any claim: what it fits in has room for those
_MACHINE = Path("/etc/machine-id")
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class Entry:
    """One attempt. `store` is the database's own random id, `at` milliseconds since 1970,
    `number_hash` and `event_key` 64 hex characters under DIGEST_KEY (a key in clear in lines of before)."""

    store: str
    attempt: str
    lead: str
    source: str
    event_key: str
    account: str
    number_hash: str
    script: str
    round: int
    at: int
    claims: int = 0  # on SQLite: the count of claims that this one made


def number_hash(number: str, digest_key: str) -> str:
    """What stands for a number where the number itself must not."""
    return hmac.new(digest_key.encode(), number.encode(), hashlib.sha256).hexdigest()


class Journal:
    """Append-only files in one run directory. Safe to share between threads."""

    def __init__(self, directory: Path | Callable[[], Path]) -> None:
        """`directory` may be found out later, when it is first needed."""
        self._directory = directory
        self.last: Entry | None = None  # the newest line that this process wrote
        self._lock = threading.Lock()
        self._file: int | None = None
        self._path = Path()  # of that file
        self._opened_at = 0.0
        self._run = ""
        self.problem = ""  # why the last lines could not be written; empty: they could

    @property
    def directory(self) -> Path:
        if not isinstance(self._directory, Path):
            self._directory = self._directory()
        return self._directory

    def run_id(self) -> str:
        """The directory's own id: workers that share it can read each other's journals. Random, and with the machine
        and the directory's inode in it: a copied folder is another one, whose journals are read all the same. No path
        and no host name, which releases and containers change."""
        if self._run:
            return self._run
        private.folder(self.directory)
        name = self.directory / _RUN_ID
        draft = self.directory / f"{_RUN_ID}-{secrets.token_hex(4)}"
        if not name.exists():
            try:
                private.write(draft, secrets.token_hex(8))
                with contextlib.suppress(FileExistsError):
                    os.link(draft, name)  # the first of several starting at once wins
            finally:
                draft.unlink(missing_ok=True)
        self._run = self._found_run()
        return self._run

    def is_replaced(self) -> bool:
        """Whether the directory is another one than this process began with: what that knew is not here."""
        try:
            return bool(self._run) and self._found_run() != self._run
        except FileNotFoundError:
            return True

    def _found_run(self) -> str:
        return f"{(self.directory / _RUN_ID).read_text().strip()}-{_whereabouts(self.directory)}"

    def write(self, *entries: Entry) -> None:
        """Returns when the lines are on the disk. Raises OSError: then nothing may be sent."""
        lines = b"".join(_encode(vars(one)).encode() + b"\n" for one in entries)
        try:
            with self._lock:
                self._append(lines)
                self.last = entries[-1]
        except OSError as why:
            self.note(why)
            raise
        self.problem = ""

    def try_again(self) -> None:
        """Where the last lines could not be written, find out whether others could be: do all that a claim does here,
        with a file of its own, which goes again."""
        if not self.problem:
            return
        try:
            os.close(self._opened(f"{self.directory}/claims.lock"))
            with self._flock("claims.mark", fcntl.LOCK_EX) as mark:
                os.pwrite(mark, os.pread(mark, os.fstat(mark).st_size, 0), 0)
            trial = self._opened(name := f"{self.directory}/{_TRIAL}-{os.getpid()}")
            try:
                _write_synced(trial, _BLANK)
            finally:
                os.close(trial)
                os.unlink(name)
            private.sync_directory(self.directory)
        except OSError as why:
            self.note(why)
        else:
            self.problem = ""

    def note(self, why: OSError) -> None:
        """No line can be written: nobody may be rung."""
        self.problem = why.strerror or str(why)

    def _append(self, lines: bytes) -> None:
        """Synced. A file that was begun for lines that it does not take goes again: a full disk takes many of them."""
        before, file = self._path, self._current()
        try:
            _write_synced(file, lines)
        except OSError:
            os.close(file)  # the next line must not run into this half one: it begins a new file
            self._file = None
            if self._path != before:
                with contextlib.suppress(OSError):
                    self._path.unlink()
            raise

    def _current(self) -> int:
        """The open file. Once a day a new one takes its place; where none can be made, the old one serves on."""
        now = time.monotonic()
        if self._file is not None and not self._is_found(self._file):
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None
        if self._file is not None and now - self._opened_at <= NEW_FILE_S:
            return self._file
        old = self._file
        try:
            self._file = self._new_file()
        except OSError:
            if old is None:
                raise
            return old
        self._opened_at = now
        if old is not None:
            os.close(old)
        self._prune()
        return self._file

    def _is_found(self, file: int) -> bool:
        """Whether who reads the directory finds it: nobody removed or moved it, and its disk still knows it."""
        try:
            return os.path.samestat(os.fstat(file), os.stat(self._path))
        except OSError:
            return False

    def _new_file(self) -> int:
        private.folder(self.directory)
        name = self.directory / f"{_PREFIX}{time.time_ns()}-{os.getpid()}-{secrets.token_hex(3)}.jsonl"
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            private.sync_directory(self.directory)
        except OSError:
            os.close(file)
            name.unlink(missing_ok=True)
            raise
        self._path = name
        return file

    def _prune(self) -> None:
        """Delete files that ended a week before others, which themselves are not of today: to a clock that is wrong
        today every file is old."""
        ended = {}
        for path in self.directory.glob(f"{_PREFIX}*.jsonl"):
            with contextlib.suppress(OSError):
                ended[path] = path.stat().st_mtime
        today = time.time() - NEW_FILE_S
        newest = max((at for at in ended.values() if at <= today), default=0.0)
        for path, at in ended.items():
            if newest - at > KEPT_S:
                with contextlib.suppress(OSError):
                    path.unlink()

    def entries(self, store_id: str) -> Iterator[Entry]:
        """Every entry of this database in this directory, whichever worker wrote it. A half-written last
        line is passed over: its attempt never sent a byte."""
        for path in sorted(self.directory.glob(f"{_PREFIX}*.jsonl")):
            for line in path.read_bytes().split(b"\n"):
                try:
                    entry = as_kept(Entry, json.loads(line))
                except (ValueError, TypeError):
                    continue
                if entry.store == store_id:
                    yield entry

    @contextlib.contextmanager
    def claiming(self) -> Iterator[None]:
        """Held from the claim's beginning until its line is written: no recovery runs in between."""
        with self._flock("claims.lock", fcntl.LOCK_SH):
            yield

    @contextlib.contextmanager
    def recovering(self) -> Iterator[None]:
        """Held while the journals are compared with the database: no claim runs in between."""
        with self._flock("claims.lock", fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def _flock(self, name: str, kind: int) -> Iterator[int]:
        handle = self._opened(f"{self.directory}/{name}")
        try:
            fcntl.flock(handle, kind)
            yield handle
        finally:
            os.close(handle)

    def _opened(self, name: str) -> int:
        try:
            return os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # a new run directory, or one that somebody removed
            private.folder(self.directory)
            return os.open(name, os.O_RDWR | os.O_CREAT, 0o600)

    def served(self, store_id: str) -> str:
        """The identity of the database that this directory was last compared with; empty for none."""
        try:
            with open(f"{self.directory}/serves-{store_id}", "rb", buffering=0) as file:
                return file.read().decode()
        except FileNotFoundError:
            return ""

    def serve(self, store_id: str, identity: str) -> None:
        """From now on it is this one. Call it inside `recovering`."""
        private.folder(self.directory)
        draft = self.directory / f"serves-{secrets.token_hex(4)}"
        private.write(draft, identity)
        draft.replace(self.directory / f"serves-{store_id}")

    def highest(self, store_id: str) -> int:
        """The count of the newest claim that any worker of this directory made on this SQLite file; 0 for none."""
        with self._flock("claims.mark", fcntl.LOCK_SH) as mark:
            return _mark_of(mark, store_id)[1]

    def raise_highest(self, store_id: str, claims: int) -> None:
        """Remember a claim's count, never downwards. Call it inside `claiming`."""
        with self._flock("claims.mark", fcntl.LOCK_EX) as mark:
            place, known = _mark_of(mark, store_id)
            if known < claims:
                os.pwrite(mark, f"{store_id} {claims:020d}\n".encode(), place)


def _write_synced(file: int, lines: bytes) -> None:
    if os.write(file, lines) != len(lines):
        raise OSError("the dispatch journal took a part of the lines only")
    os.fdatasync(file) if hasattr(os, "fdatasync") else os.fsync(file)


def _mark_of(mark: int, store_id: str) -> tuple[int, int]:
    """Where this store's line of the marks' file begins (or would), and the count in it."""
    place = 0
    for line in os.pread(mark, os.fstat(mark).st_size, 0).splitlines(keepends=True):
        known, _, count = line.decode("ascii", "replace").partition(" ")
        if known == store_id and count.strip().isdigit():
            return place, int(count)
        place += len(line)
    return place, 0


def _whereabouts(directory: Path) -> str:
    """A digest of this machine's own id and the directory's inode."""
    machine = b""
    with contextlib.suppress(OSError):  # a container without one: the inode has to tell
        machine = _MACHINE.read_bytes().strip()
    return hashlib.sha256(b"%b %d" % (machine, directory.stat().st_ino)).hexdigest()[:16]
