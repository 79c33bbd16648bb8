"""What lies on the disk is for its owner alone, whatever the umask."""

import os
import stat

import pytest
from sqlalchemy import text

from store.engine import Store
from store.journal import Entry, Journal

ENTRY = Entry("store", "attempt", "lead", "shop", "1", "main", "hash", "s", 0, 1)


@pytest.fixture(autouse=True)
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def written(path):
    store = Store(f"sqlite:///{path}")
    with store.write() as tx:
        tx.execute(text("CREATE TABLE IF NOT EXISTS t (phone TEXT)"))
    found = modes(path.parent)
    store.dispose()
    return found


def test_the_database_and_all_beside_it(tmp_path):
    found = written(tmp_path / "var/leads.db")
    assert {"leads.db", "leads.db-wal", "leads.db-shm", "leads.db-writers"} <= found.keys()
    assert set(found.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_a_database_that_others_could_read_is_shut(tmp_path):
    path = tmp_path / "leads.db"
    path.touch(0o666)
    path.chmod(0o664)
    assert written(path)["leads.db"] == 0o600


def test_the_journal(tmp_path):
    journal = Journal(tmp_path / "run")
    journal.run_id()
    journal.write(ENTRY)
    with journal.claiming():
        journal.raise_highest("store", 3)
    found = modes(tmp_path)
    assert found.pop("run") == 0o700
    assert len(found) >= 4
    assert set(found.values()) == {0o600}


def test_a_connection_made_while_another_one_writes_drops_no_lock(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/leads.db")
    with store.write() as tx:
        tx.execute(text("CREATE TABLE t (n INTEGER)"))
        with store.read() as beside:  # a connection of its own
            assert beside.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 't'")).scalar_one() == 0
        other = Store(f"sqlite:///{tmp_path}/leads.db", busy_s=0.1)
        with other.engine.connect() as third, pytest.raises(Exception, match="locked"):
            third.execute(text("BEGIN IMMEDIATE"))
        other.dispose()
    store.dispose()
