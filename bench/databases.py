"""The databases that are measured: a SQLite file on the project's disk, a schema `bench_...` of a PostgreSQL server.

The server is BENCH_DATABASE_URL, else TEST_DATABASE_URL, else user postgres on 127.0.0.1:5432. One that does
not sync its commits would make every figure a lie, and is not measured."""

import atexit
import os
import secrets
from pathlib import Path

import psycopg

from bench.measure import Skip
from store import migrate
from store.engine import Store

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
KINDS = (SQLITE, POSTGRESQL)


def server() -> str:
    """The address of the PostgreSQL server, without a schema. Raises Skip."""
    named = os.environ.get("BENCH_DATABASE_URL") or os.environ.get("TEST_DATABASE_URL")
    url = named or "postgresql://postgres@127.0.0.1:5432/postgres"
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            for setting in ("fsync", "synchronous_commit"):
                value = connection.execute(f"SHOW {setting}").fetchone()
                if value is None or value[0] == "off":
                    raise Skip(f"the PostgreSQL server runs with {setting} = off: its commits are not durable")
    except psycopg.Error as why:
        text = f"no PostgreSQL server ({type(why).__name__}): apt install postgresql, or set BENCH_DATABASE_URL"
        raise Skip(text) from why
    return url


def fresh(kind: str, folder: Path) -> str:
    """The address of a new, migrated database; a schema is dropped when the bench ends. Raises Skip."""
    if kind == SQLITE:
        address = f"sqlite:///{folder / 'leads.db'}"
    else:
        url, name = server(), f"bench_{secrets.token_hex(6)}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA "{name}"')
        atexit.register(_drop, url, name)
        address = f"{url}?options=-csearch_path%3D{name}"
    store = Store(address)
    migrate.upgrade(store)
    store.dispose()
    return address


def _drop(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
