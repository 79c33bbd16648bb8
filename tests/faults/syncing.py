"""Trials that a commit is on the disk before its reply leaves: a kill cannot tell, the page cache survives it."""

from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.faults import preload
from tests.faults.database import POSTGRESQL, SQLITE, Cluster
from tests.faults.processes import wait_until
from tests.faults.trial import Result, Skip, Trial, needs_cluster, put_on
from tests.faults.world import World

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("T1b", "each reply after its commit's sync", databases=(SQLITE,), short={"leads": 30}, long={"leads": 500})
def synced_before_reply(kind: str, folder: Path, leads: int) -> Result:
    """The process that answers has synced since it read the request. One sender after the other: of several at once
    one sync is for all. The control, without syncs, must be seen."""
    library = preload.library("counted_syncs", folder / "library")
    problems: list[str] = []
    with _counted(kind, folder / "product", library, "app:create_app()") as (world, seen):
        world.senders.many(leads, threads=1)
        verdict, counted = world.verdict(), seen()
    if counted.count("1") != leads or "0" in counted:
        problems.append(f"{counted.count('0')} of {leads} replies left before a sync ({len(counted)} seen)")
    unsynced = "tests.faults.builds:web_that_does_not_sync()"
    with _counted(kind, folder / "control", library, unsynced) as (world, seen):
        world.senders.many(10)
        control = seen()
    if "0" not in control:
        problems.append("BLIND: the control without syncs was not noticed")
    note = f"{counted.count('1')} of {leads} synced first; control {control.count('0')} of 10 not"
    return Result(leads, verdict, problems + verdict.problems(waiting=True), note)


@contextmanager
def _counted(kind: str, folder: Path, library: str, application: str):
    """A world whose web counts its syncs, and what it counted: one sign a reply."""
    count = folder / "syncs"
    settings = {"LD_PRELOAD": library, "COUNTED_SYNCS": str(count)}
    with World(kind, folder) as world:
        world.web(entry="preloaded_web", settings=settings, application=application)
        yield world, lambda: count.read_text() if count.exists() else ""


# In the long form only: the server publishes its counts late on a busy machine.
@trial("T1b server", "PostgreSQL syncs each commit", databases=(POSTGRESQL,), only_long=True, long={"leads": 300})
def server_syncs(kind: str, folder: Path, leads: int) -> Result:
    """Also on a server whose default is synchronous_commit = off: one sync of its log at least for each reply."""
    needs_cluster()
    problems: list[str] = []
    off = Cluster(synchronous_commit="off", wal_writer_delay="10s")
    with off as cluster, World(kind, folder, url=cluster.database()) as world:
        world.web()
        before = _syncs(world.url)
        world.senders.many(leads, threads=1)
        wait_until(lambda: _syncs(world.url) - before >= leads, 20, 0.2)  # the server tells its counts late
        done = _syncs(world.url) - before
        verdict = world.verdict()
    if done < leads:
        problems.append(f"{done} syncs for {leads} replies")
    return Result(leads, verdict, problems + verdict.problems(waiting=True), f"{done} syncs for {leads} replies")


def _syncs(url: str) -> int:
    """How often the server has synced its log (PostgreSQL 14 to 17 count it here)."""
    with psycopg.connect(url) as connection:
        version = connection.info.server_version
        if not 140000 <= version < 180000:
            raise Skip("this PostgreSQL counts its syncs elsewhere")
        row = connection.execute("SELECT wal_sync FROM pg_stat_wal").fetchone()
    return int(row[0]) if row else 0
