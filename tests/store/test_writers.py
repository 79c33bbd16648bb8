"""SQLite's writers queue fairly, in this process and between processes."""

import fcntl
import os
import threading

import pytest

from store.engine import Store, StoreUnavailable
from store.writers import Writers
from tests import databases


def test_one_writer_at_a_time_holds_its_turn(tmp_path):
    writers, inside, most = Writers(tmp_path / "leads.db"), [], []

    def write():
        for _ in range(20):
            with writers.turn(30):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(most) == 160
    assert max(most) == 1


def test_a_writer_waits_for_another_process_and_then_has_its_turn(tmp_path):
    writers, done = Writers(tmp_path / "leads.db"), threading.Event()
    other = os.open(tmp_path / "leads.db-writers", os.O_RDONLY | os.O_CREAT)  # a lock of its own, as a process has
    fcntl.flock(other, fcntl.LOCK_EX)

    def write():
        with writers.turn(30):
            done.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert not done.wait(0.2)
    os.close(other)
    assert done.wait(30)
    thread.join(30)


def test_who_waits_too_long_is_told_that_nothing_was_stored(tmp_path):
    store = Store(databases.new_file(tmp_path), busy_s=0.05)
    told = []

    def write():
        try:
            with store.write():
                told.append("wrote")
        except StoreUnavailable as why:
            told.append(str(why))

    with store.write():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(30)
    store.dispose()
    assert told == ["other writers are before this one"]


def test_a_block_that_fails_gives_its_turn_back(tmp_path):
    writers = Writers(tmp_path / "leads.db")
    with pytest.raises(ZeroDivisionError), writers.turn(1):
        raise ZeroDivisionError
    with writers.turn(1):
        pass


def test_where_the_lock_file_cannot_be_made_writers_go_on_without_it(tmp_path):
    writers = Writers(tmp_path / "missing" / "leads.db")
    with writers.turn(1):
        pass
    assert not (tmp_path / "missing").exists()


def test_more_transactions_than_connections_are_told_as_unavailable(tmp_path):
    store = Store(databases.new_file(tmp_path), pool=1, busy_s=0.05)
    with store.read(), pytest.raises(StoreUnavailable), store.read():
        pass
    store.dispose()
