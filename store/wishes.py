"""What persons said so that somebody is not rung, in the run directory, outside the database: a number put on the
do-not-call list, a pause, a cancelled lead, and each taken back.

A database that is put back has forgotten what was said since. Every wish has a number, and the database keeps the
number of the last one that it knows (`known`), in the commit that does what was wished: so what it lacks is told by
two numbers. What protects is written and synced before its commit, what lifts behind it. No number stands in the
file, only its keyed hash, and no why. Nothing of it is ever deleted: a backup may be old.
"""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from core.as_kept import as_kept
from store import private
from store.tables import wishes
from store.upsert import upsert

WAIT_S = 5.0  # for whoever is saying something just now
DO_NOT_CALL, PAUSE, CANCEL = "do_not_call", "pause", "cancel"


@dataclass(frozen=True)
class Wish:
    """`of`: the keyed hash of a number, an account, a lead's id; `script`: of a pause that is one script's. `on`: it
    protects; else it is taken back."""

    what: str
    of: str
    who: str
    on: bool = True
    script: str | None = None


class Wishes:
    """The files of one run directory, one for each database; whoever says something has the file to himself.

    What protects is there before its commit, so that a process which ends between them has said it; what lifts is there
    after it, so that one which ends between them has not."""

    def __init__(self, directory: Callable[[], Path]) -> None:
        self._directory = directory
        # By database: bytes of whole lines, the file's id, its last number.
        self._read: dict[str, tuple[int, str, int]] = {}

    @contextlib.contextmanager
    def said(self, store_id: str, of: Sequence[Wish]) -> Iterator[Callable[[Connection], None]]:
        """Say these inside the block, and do them there: what is yielded puts down in its transaction that the database
        knows of them. Where the block fails they are taken back. Raises OSError where they cannot be written."""
        with self._alone(store_id) as file:
            ident, last = self._begun(store_id, file)
            numbered = list(enumerate(of, last + 1))
            now = last + len(numbered)
            _write(file, [_line(n, asdict(one)) for n, one in numbered if one.on])
            try:
                yield lambda tx: _know_more(tx, ident, last, now)
            except Exception:
                with contextlib.suppress(OSError):  # then it stays said, which rings nobody
                    _write(file, [_line(n, {"undone": True}) for n, one in numbered if one.on])
                raise
            with contextlib.suppress(OSError):  # then it stays said, too
                _write(file, [_line(n, asdict(one)) for n, one in numbered if not one.on])

    def any(self) -> bool:
        """Whether anybody has said anything at all here, to whatever database."""
        return any(self._directory().glob("wishes-*"))

    def last(self, store_id: str) -> tuple[str, int]:
        """The id of the file and the number of the last wish in it; ("", 0) where nobody has said anything."""
        try:
            with open(self._path(store_id), "rb") as file:
                return self._newest(store_id, file.fileno())
        except FileNotFoundError:
            return "", 0

    @contextlib.contextmanager
    def all(self, store_id: str, wait_s: float) -> Iterator[tuple[str, int, list[tuple[int, Wish]]]]:
        """The file's id, its last number, its wishes in order, each with its own; nobody says anything meanwhile.
        Raises TimeoutError where somebody does for longer than that."""
        with self._alone(store_id, wait_s) as file:
            yield _parsed(os.pread(file, os.fstat(file).st_size, 0))

    def _path(self, store_id: str) -> Path:
        return self._directory() / f"wishes-{store_id}.jsonl"

    @contextlib.contextmanager
    def _alone(self, store_id: str, wait_s: float = WAIT_S) -> Iterator[int]:
        """Not for ever: a process that is frozen inside it stops neither the next wish nor any call."""
        private.folder(self._directory())
        file = os.open(self._path(store_id), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            until = time.monotonic() + wait_s
            while not _locked(file):
                if time.monotonic() >= until:
                    raise TimeoutError(errno.ETIMEDOUT, "somebody else has the file of wishes to himself")
                time.sleep(0.02)
            yield file
        finally:
            os.close(file)

    def _begun(self, store_id: str, file: int) -> tuple[str, int]:
        """The file's id, which its first line gives it, and its last number."""
        if not self._newest(store_id, file)[0]:
            _write(file, [json.dumps({"file": secrets.token_hex(8)})])
            private.sync_directory(self._directory())
        return self._newest(store_id, file)

    def _newest(self, store_id: str, file: int) -> tuple[str, int]:
        """The same; only what has come since is read."""
        size, (read, ident, last) = os.fstat(file).st_size, self._read.get(store_id, (0, "", 0))
        if size < read:  # another file
            read, ident, last = 0, "", 0
        if size > read:
            data = os.pread(file, size - read, read)
            whole = data[: data.rfind(b"\n") + 1]
            first, n, _ = _parsed(whole)
            read, ident, last = read + len(whole), ident or first, max(last, n)
        self._read[store_id] = (read, ident, last)
        return ident, last


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def known(tx: Connection, ident: str) -> int:
    """The number of the last wish of this file that the database knows."""
    return tx.execute(select(wishes.c.n).where(wishes.c.file == ident)).scalar_one_or_none() or 0


def know(tx: Connection, ident: str, n: int) -> None:
    """It knows of this file's wishes up to this number."""
    put = upsert(tx.dialect.name, wishes)
    put = put.on_conflict_do_update(index_elements=["file"], set_={"n": put.excluded.n}, where=wishes.c.n < n)
    tx.execute(put, {"file": ident, "n": n})


def _know_more(tx: Connection, ident: str, last: int, n: int) -> None:
    """The same where it knew of all before these, up to `last`; else what it has forgotten would never be said."""
    if known(tx, ident) == last:
        know(tx, ident, n)


def _line(n: int, said: dict[str, object]) -> str:
    return json.dumps({"n": n, **said}, ensure_ascii=False, separators=(",", ":"))


def _write(file: int, lines: Sequence[str]) -> None:
    """Each behind a line's end, so that it runs into no half one."""
    if not lines:
        return
    data = "".join(f"\n{line}" for line in lines).encode() + b"\n"
    if os.write(file, data) != len(data):
        raise OSError("the file of wishes took a part of the lines only")
    os.fsync(file)


def _parsed(data: bytes) -> tuple[str, int, list[tuple[int, Wish]]]:
    """The file's id, its last number, and the wishes that were not taken back. A half line is passed over."""
    ident, found = "", dict[int, Wish]()
    last = 0
    for text in data.split(b"\n"):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            line = json.loads(text)
            if "file" in line:
                ident = ident or line["file"]
                continue
            last = max(last, n := line.pop("n"))
            if line.get("undone"):
                found.pop(n, None)
            else:
                found[n] = as_kept(Wish, line)
    return ident, last, sorted(found.items())
