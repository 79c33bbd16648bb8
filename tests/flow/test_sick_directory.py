"""A run directory that cannot be read for a while, or that is another one: nothing is done on a database that may not
be ours, and nobody is rung twice."""

import contextlib
import errno
import os
import shutil

import pytest
from sqlalchemy import update

from cli.worker import Worker
from flow import heartbeat, recover
from flow.watch import Watch
from store import epoch, workers
from store.epoch import OtherDatabase
from store.journal import Journal
from store.tables import epoch as epoch_row
from tests.flow.test_recover import PEOPLE, keep, path, rung, sqlite, went_back, work

__all__ = ["path", "sqlite"]


class Sick(Journal):
    """One that cannot be read while it is `sick`."""

    sick = False

    def served(self, store_id):
        if self.sick:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return super().served(store_id)


def begun(gateway):
    worker = Worker(gateway.parts)
    recover.recover(gateway.parts, worker.id)
    worker.tend()
    return worker


@pytest.mark.parametrize("sick", [False, True])
def test_a_directory_that_cannot_be_read_hides_nobody_who_is_missed(sqlite, path, tmp_path, sick):
    """A worker whose directory is lost rang a lead; whoever looks at the copy before it is known for one says nothing
    of itself in it."""
    gateway = sqlite
    journal = gateway.parts.journal = Sick(gateway.parts.journal.directory)
    worker = begun(gateway)
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        workers.check_in(tx, "gone", "gone-run", now, now)
    gateway.take(PEOPLE[0])
    theirs = gateway.take(PEOPLE[1])
    keep(gateway, path, tmp_path / "copy.db")
    gateway.clock.forward(600)
    gateway.work()
    (file,) = journal.directory.glob("journal-*")
    file.write_text("".join(f"{line}\n" for line in file.read_text().splitlines() if theirs not in line))
    with gateway.store.read() as tx:
        journal.last = next(journal.entries(epoch.read(gateway.store, journal, tx).store))
    gateway.store.dispose()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes((tmp_path / "copy.db").read_bytes())  # as cp does: the inode stays
    journal.sick = sick
    with contextlib.suppress(OSError, OtherDatabase):
        worker.tend()
    journal.sick = False
    before = len(rung(gateway))
    with pytest.raises(OtherDatabase):
        worker.tend()
    assert recover.recover(gateway.parts, worker.id) == 0
    gateway.work()
    assert len(rung(gateway)) == before == 2


@pytest.mark.parametrize("how", ["removed after", "moved before", "removed before"])
def test_a_worker_whose_directory_is_another_one_brings_no_database_back(sqlite, path, tmp_path, how):
    gateway = sqlite
    worker = begun(gateway)
    run = gateway.parts.journal.directory
    for person in PEOPLE[:3]:
        gateway.take(person)
    worker.tend()
    keep(gateway, path, tmp_path / "copy.db")
    if how == "moved before":
        run.rename(tmp_path / "run.old")
    elif how == "removed before":
        shutil.rmtree(run)
    gateway.work()
    if how == "removed after":
        shutil.rmtree(run)
    assert len(rung(gateway)) == 3
    went_back(gateway, path, tmp_path / "copy.db")
    with pytest.raises(OSError, match="start the worker anew"):
        work(gateway, worker.id)
    assert len(rung(gateway)) == 3
    assert "start the worker anew" in gateway.parts.journal.problem


def test_a_recovery_that_cannot_write_is_no_worker_that_can_ring(gateway, monkeypatch):
    worker, watch = begun(gateway), Watch(gateway.parts)
    with gateway.store.write() as tx:
        tx.execute(update(epoch_row).values(identity="another"))

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(gateway.parts.journal, "serve", full)
    for _ in range(8):
        gateway.clock.forward(15)
        with contextlib.suppress(OtherDatabase):
            worker.tend()
        with contextlib.suppress(OSError):
            recover.recover(gateway.parts, worker.id)
        watch.turn()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        assert list(workers.unwritable_journals(tx, now - 30_000, now).values()) == [os.strerror(errno.ENOSPC)]
    assert heartbeat.trouble(gateway.parts, "", "") == "no worker that can ring is seen"


def test_tries_take_no_room(gateway):
    """Where something that a try does not touch fails again each second."""
    journal = gateway.parts.journal
    worker = begun(gateway)
    for _ in range(30):
        journal.note(OSError(errno.EIO, os.strerror(errno.EIO)))
        gateway.clock.forward(1)
        worker.tend()
        assert journal.problem == ""
    assert sum(file.stat().st_size for file in journal.directory.glob("journal-*")) == 0
    assert not list(journal.directory.glob("room-*"))
