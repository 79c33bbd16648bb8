"""Backups: the database, the journals and the owner's files of one moment in one folder; and the proof that one can
be put back."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import keeping
from core.alarm import Stamp
from core.alarms import BACKUP, DRILL
from flow.gateway import Gateway
from store import backup, epoch, figures, private, queries, stamps
from store.backup import BackupFailed
from store.engine import Store, StoreUnavailable
from store.journal import Entry
from store.personal import shown
from store.tables import leads

PREFIX, MANIFEST = "leads-", "manifest.json"
FORM = "%Y%m%dT%H%M%SZ"
BATCH = 500
SCRATCH = "leads-check-"


@dataclass(frozen=True)
class Manifest:
    """What stands beside a copy: when it was made, the database's file, how many leads there were at least, and the
    digest of each file of the backup by its path in it."""

    made_at: int
    file: str
    leads: int
    sha256: dict[str, str]


@dataclass(frozen=True)
class Forgotten:
    """A call that the copy does not know: of which lead of which source (`no`: None where the lead is not in it
    either), begun when; `number` is masked, empty where there is none."""

    source: str
    at: int
    no: int | None = None
    number: str = ""


@dataclass(frozen=True)
class Checked:
    """What a copy holds. `at_risk`: who was rung after it was made and would be rung again by it."""

    folder: Path
    made_at: int
    rows: dict[str, int]
    at_risk: tuple[Forgotten, ...]


def make(gateway: Gateway, into: Path, beside: dict[str, Path]) -> Path:
    """A new backup in the folder `into`, whole or not at all; the old ones that may go are gone afterwards. `beside`:
    files and folders that go along, by the names they get. Raises BackupFailed; either way it is stamped, or the log
    says that the database could not be told."""
    with _stamped(gateway, BACKUP):
        try:
            into.mkdir(mode=0o700, parents=True, exist_ok=True)
            _tidy(into, f".{PREFIX}")
            with gateway.store.read() as tx:
                now = gateway.store.now_ms(tx)
            draft = Path(tempfile.mkdtemp(prefix=f".{_name(now)}-", dir=into))
            try:
                _fill(gateway, draft, now, beside)
                made = _put(draft, into, now)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            private.sync_directory(into)
            found = made_of(into)
            for old in keeping.to_delete(found) - {at for at, path in found.items() if path == made}:
                _delete(found[old])
            return made
        except shutil.Error as why:  # of the files that go along, each with its reason
            path, _, said = why.args[0][0]
            raise BackupFailed(f"{path} cannot be copied: {said}") from why
        except OSError as why:
            raise BackupFailed(f"{why.filename or into} cannot be read or written: {why.strerror}") from why


def _name(at: int) -> str:
    return PREFIX + datetime.fromtimestamp(at / 1000, UTC).strftime(FORM)


def _put(draft: Path, into: Path, now: int) -> Path:
    """The draft in its place. Where another backup has this second's name already, it gets the next that is free."""
    while True:
        try:
            return draft.rename(into / _name(now))
        except OSError as why:
            if why.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        now += 1000


def _delete(old: Path) -> None:
    """Out of its name first: that is free at once, and what is half deleted is no backup. Whoever made another
    meanwhile deletes it, too."""
    gone = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=old.parent))
    with contextlib.suppress(FileNotFoundError):
        old.rename(gone)
    shutil.rmtree(gone)


def _fill(gateway: Gateway, draft: Path, now: int, beside: dict[str, Path]) -> None:
    with gateway.store.read() as tx:
        count = figures.leads_count(tx)  # before the copy: it has as many at least
    file = backup.copy(gateway.store, draft)
    os.chmod(file, 0o600)
    beside = {"journal": gateway.journal.directory, **beside}
    for name, path in beside.items():
        if path.is_dir():
            left = shutil.ignore_patterns("*.sock", "*.lock", "bell*")
            shutil.copytree(
                path, draft / name, ignore=left, ignore_dangling_symlinks=True
            )  # an editor's, on what it has open
        elif path.is_file():
            shutil.copyfile(path, draft / name)
            os.chmod(draft / name, 0o600)
    files = {str(path.relative_to(draft)): _digest(path) for path in sorted(draft.rglob("*")) if path.is_file()}
    manifest = Manifest(now, file.name, count, files)
    (draft / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")


def _tidy(into: Path, prefix: str) -> None:
    """Delete what our processes that were killed have left there: it holds people's data, and nobody else ever would.
    A pid says nothing about another machine's process on the same disk: left is what nobody has written to for long."""
    for path in into.glob(f"{prefix}*"):
        with contextlib.suppress(FileNotFoundError):  # it has just ended by itself
            seen = path.lstat()
            if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid():
                continue
            if time.time() - max(each.lstat().st_mtime for each in (path, *path.rglob("*"))) > backup.LEFT_S:
                shutil.rmtree(path)


def made_of(into: Path) -> dict[int, Path]:
    """The whole backups of a folder by the moment in which they were made."""
    found = {}
    for path in into.glob(f"{PREFIX}*"):
        with contextlib.suppress(ValueError):
            at = datetime.strptime(path.name.removeprefix(PREFIX), FORM).replace(tzinfo=UTC)
            found[int(at.timestamp() * 1000)] = path
    return found


def check(gateway: Gateway, folder: Path) -> Checked:
    """Open a copy of a backup, bring it to this code, count, and compare it with the journals. The living database is
    only stamped. Raises BackupFailed."""
    with _stamped(gateway, DRILL):
        manifest = _manifest(folder)
        try:
            _be_whole(folder, manifest)
            _tidy(Path(tempfile.gettempdir()), SCRATCH)
            with (
                tempfile.TemporaryDirectory(prefix=SCRATCH) as scratch,
                backup.opened(gateway.store, folder / manifest.file, Path(scratch)) as there,
            ):
                rows = backup.counts(there)
                if rows["leads"] < manifest.leads:
                    raise BackupFailed(f"{rows['leads']} leads are in it, {manifest.leads} were there when it was made")
                return Checked(folder, manifest.made_at, rows, tuple(_at_risk(gateway, there)))
        except OSError as why:
            raise BackupFailed(f"{why.filename or folder} cannot be read or copied: {why.strerror or why}") from why


def _manifest(folder: Path) -> Manifest:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        made_at, file, files = int(found["made_at"]), str(found["file"]), dict(found["sha256"])
        datetime.fromtimestamp(made_at / 1000, UTC)
        if file not in (backup.SQLITE, backup.POSTGRESQL) or file not in files:
            raise ValueError(file)
        return Manifest(made_at, file, int(found["leads"]), files)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as why:
        raise BackupFailed(f"{folder} is no backup of flask backup: it has no readable {MANIFEST}") from why


def _be_whole(folder: Path, manifest: Manifest) -> None:
    for name, digest in manifest.sha256.items():
        file = folder / name
        if not file.is_file():
            raise BackupFailed(f"{file} is missing: it was there when the backup was made")
        if _digest(file) != digest:
            raise BackupFailed(f"{file} is not the file that was written: it is damaged or was changed")


def _at_risk(gateway: Gateway, there: Store) -> Iterator[Forgotten]:
    """The calls that this machine's journals know and the copy does not."""
    entries = list(gateway.journal.entries(epoch.store_id(there)))
    with there.read() as tx:
        for n in range(0, len(entries), BATCH):
            for entry in epoch.forgotten(tx, entries[n : n + BATCH]):
                yield _who(entry, queries.story(tx, entry.lead))


def _who(entry: Entry, story: dict[str, Any] | None) -> Forgotten:
    if story is None:
        return Forgotten(entry.source, entry.at)
    lead = story["lead"]
    return Forgotten(entry.source, entry.at, lead.no, shown(leads, {"number": lead.number})["number"] or "")


@contextlib.contextmanager
def _stamped(gateway: Gateway, name: str) -> Iterator[None]:
    try:
        yield
    except BackupFailed as why:
        _stamp(gateway, name, well=False, said=str(why))
        raise
    _stamp(gateway, name, well=True)


def _stamp(gateway: Gateway, name: str, *, well: bool, said: str = "") -> None:
    """A database that is busy or away (a release may hold it) does not change what came of it."""
    try:
        with gateway.store.write() as tx:
            stamps.put(tx, name, Stamp(gateway.store.now_ms(tx), well, said))
    except StoreUnavailable as why:
        gateway.log.warning("not_noted", what=name, why=str(why))


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
