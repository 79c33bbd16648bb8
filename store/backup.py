"""A copy of the whole database while it is written to, proven readable; and a copy opened to be looked at.

SQLite: VACUUM INTO, which reads one moment and keeps no writer waiting (a plain copy of the file would be torn).
PostgreSQL: pg_dump, and pg_restore into a database of its own; the tools are the server's, found on the PATH."""

import contextlib
import os
import secrets
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from core.numbers.hiding import hide_numbers
from store import migrate
from store.engine import Store, StoreUnavailable
from store.tables import meta

SQLITE, POSTGRESQL = "database.sqlite", "database.dump"
LEFT_S = 12 * 3600  # what nobody has touched for so long was left by a process that was killed
MOST_SAID = 200  # characters of what a tool says
_COPY = "leads_check_"  # before a moment (seconds since 1970) and chance
_SETTINGS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}


class BackupFailed(Exception):
    """The copy could not be made, or is not what it should be. Its text says why and what to do, without secrets."""


def copy(store: Store, folder: Path) -> Path:
    """The database's copy in this folder, synced and checked."""
    file = folder / (SQLITE if store.is_sqlite else POSTGRESQL)
    if store.path is not None:
        _vacuum(store.path, file)
    else:
        _dump(store, file)
    with file.open("rb") as written:
        os.fsync(written.fileno())
    return file


def counts(store: Store) -> dict[str, int]:
    """Table -> its rows."""
    with store.read() as tx:
        return {
            table.name: int(tx.execute(select(func.count()).select_from(table)).scalar_one())
            for table in meta.sorted_tables
        }


@contextlib.contextmanager
def opened(store: Store, file: Path, folder: Path) -> Iterator[Store]:
    """A copy opened beside the living database, at this code's migrations; gone when the block ends. `store` is the
    living one: a dump goes into a new database on the same server. Raises BackupFailed, also for what the block finds
    that it cannot read."""
    if file.name == POSTGRESQL and store.is_sqlite:
        raise BackupFailed("it is a dump of PostgreSQL: run this where DATABASE_URL names a server of PostgreSQL")
    if file.name == SQLITE:
        scratch = folder / "check.sqlite"
        shutil.copyfile(file, scratch)
        _check(scratch)
        url: URL | str = f"sqlite:///{scratch}"
        end: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    else:
        url = _restored(store, file)
        end = _dropped(store, str(url.database))
    with end:
        there = Store(url if isinstance(url, str) else url.render_as_string(hide_password=False), pool=2)
        try:
            migrate.upgrade(there)
            yield there
        except migrate.OtherTables as why:
            raise BackupFailed(str(why)) from why
        except (SQLAlchemyError, StoreUnavailable, ValueError, LookupError) as why:
            raise BackupFailed(f"what is in it cannot be read: {_shortly(str(why))}") from why
        finally:
            there.dispose()


def _vacuum(path: Path, file: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as source:
            source.execute("VACUUM INTO ?", (str(file),))
    except (sqlite3.Error, UnicodeDecodeError) as why:  # a damaged name in its own words
        raise BackupFailed(f"SQLite could not write the copy: {why}") from why
    _check(file)


def _check(file: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as there:
            (said,) = there.execute("PRAGMA integrity_check").fetchone()
    except (sqlite3.Error, UnicodeDecodeError) as why:  # a damaged name in its own words
        raise BackupFailed(f"the copy cannot be read: {why}") from why
    if said != "ok":
        raise BackupFailed(f"the copy is damaged: {said}")


def _dump(store: Store, file: Path) -> None:
    with store.read() as tx:
        schema = tx.execute(text("SELECT current_schema()")).scalar_one()
    _run(store.url, "pg_dump", "--format=custom", f"--schema={schema}", f"--file={file}")
    listed = _run(store.url, "pg_restore", "--list", str(file))
    if " leads " not in listed:
        raise BackupFailed("the dump has no table of leads in it")


def _restored(store: Store, file: Path) -> URL:
    now = int(time.time())
    _tidy(store, now)
    name = f"{_COPY}{now}_{secrets.token_hex(4)}"
    _sql(store, f'CREATE DATABASE "{name}" TEMPLATE template0')
    url = store.url.set(database=name)
    try:
        with store.read() as tx:
            schema = tx.execute(text("SELECT current_schema()")).scalar_one()
        if schema == "public":
            _sql(store, "DROP SCHEMA public", name)
        _run(url, "pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={name}", str(file))
    except BaseException:
        _sql(store, f'DROP DATABASE "{name}" WITH (FORCE)')
        raise
    return url


def _tidy(store: Store, now: int) -> None:
    """Drop the copies whose process was killed: by their names, for a server does not tell when one was made."""
    mine = "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = current_user AND datname LIKE :like"
    with store.read() as tx:
        names = tx.execute(text(mine), {"like": _COPY.replace("_", r"\_") + "%"}).scalars().all()
    for name in names:
        made_at = name.removeprefix(_COPY).partition("_")[0]
        if "_" in name.removeprefix(_COPY) and made_at.isdecimal() and now - int(made_at) > LEFT_S:
            _sql(store, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def _dropped(store: Store, name: str) -> Iterator[None]:
    try:
        yield
    finally:
        _sql(store, f'DROP DATABASE "{name}" WITH (FORCE)')


def _sql(store: Store, statement: str, database: str | None = None) -> None:
    """A statement that stands in no transaction."""
    _run(store.url, "psql", "--no-psqlrc", "--quiet", f"--dbname={database or store.url.database}", "-c", statement)


def _run(url: URL, tool: str, *words: str) -> str:
    """What the tool says. The address goes by the environment: a command line can be read by everybody."""
    given = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
        **{name: str(url.query[key]) for key, name in _SETTINGS.items() if key in url.query},
    }
    if "host" in url.query:  # the folder of a unix socket
        given["PGHOST"] = str(url.query["host"])
    environ = {**os.environ, **{name: value for name, value in given.items() if value}, "LC_ALL": "C"}
    try:
        done = subprocess.run([tool, *words], env=environ, capture_output=True, check=False)  # noqa: S603 - our own words, no shell
    except FileNotFoundError as why:
        raise BackupFailed(f"{tool} is not here: install PostgreSQL's client (postgresql-client)") from why
    if done.returncode:
        said = _shortly(done.stderr.decode(errors="replace")) or f"it ended with {done.returncode} and no word why"
        raise BackupFailed(f"{tool}: {said.removeprefix(f'{tool}: ')}")
    return done.stdout.decode(errors="replace")


def _shortly(said: str) -> str:
    """The first line of it, without numbers and what no terminal should get."""
    line = next((line for line in said.splitlines() if line.strip()), "")
    return hide_numbers("".join(sign if sign.isprintable() else "?" for sign in line[:MOST_SAID]))
