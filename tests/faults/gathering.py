"""Deliveries that the web stores in one commit: they come while the database takes no writer, and wait together."""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.database import SQLITE, rows
from tests.faults.processes import wait_until
from tests.faults.world import World

MOST = 16  # fewer than a web process has threads for hooks
SEATED_S = 0.3  # from a request that was read to its place among those that wait
ESTABLISHED = "01"


@contextlib.contextmanager
def held(url: str) -> Iterator[None]:
    """Nobody else's delivery can be stored until the block ends."""
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20, isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            yield
            file.execute("ROLLBACK")
        return
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE event_keys IN EXCLUSIVE MODE")
        yield
        connection.rollback()


def in_a_group(
    world: World, items: Sequence[Any], do: Callable[[Any], Any], meanwhile: Callable[[], object] = lambda: None
) -> list[Any]:
    """What `do` answers for each item, when the deliveries of all of them waited for one commit of the newest web.

    One more delivery comes first: PostgreSQL has begun its transaction, alone, before it meets the lock.
    `meanwhile` is done while all wait."""
    assert len(items) < MOST
    first, port = world.senders.number(), world.senders.ports[-1]
    with ThreadPoolExecutor(MOST) as pool:
        with held(world.url):
            futures: list[Future] = [pool.submit(world.senders.post, first)]
            wait_for_seats(port, futures)
            futures += [pool.submit(do, item) for item in items]
            wait_for_seats(port, futures)
            meanwhile()
        return [future.result() for future in futures][1:]


def wait_for_seats(port: int, asked: Sequence[Future]) -> None:
    """Until the web has read each request that it has not answered, and had the time to sit down with them."""
    left = lambda: len(asked) - _read_whole(port) - sum(one.done() for one in asked)  # noqa: E731
    assert wait_until(lambda: left() <= 0, 20), f"{left()} of {len(asked)} were not read"
    time.sleep(SEATED_S)


def _read_whole(port: int) -> int:
    """The connections to this port on which nothing is left to be read (Linux)."""
    count = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        to_port, unread = int(fields[1].split(":")[1], 16), int(fields[4].split(":")[1], 16)
        count += to_port == port and fields[3] == ESTABLISHED and not unread
    return count


def commits(world: World, deliveries: Collection[str]) -> int:
    """How many transactions stored these deliveries (ids)."""
    which = "received_at" if world.kind == SQLITE else "xmin::text"
    wanted = set(deliveries)
    found = rows(world.url, f"SELECT id, {which} FROM deliveries")
    return len({stamp for one, stamp in found if one in wanted})
