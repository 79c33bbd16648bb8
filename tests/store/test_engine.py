import pytest

from store import workers as parts
from store.engine import Store, StoreUnavailable


def test_sqlite_keeps_what_it_commits(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/a.db")
    with store.read() as tx:
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_reader_does_not_wait_for_a_writer(store):
    with store.write() as tx:
        parts.check_in(tx, "w", "run", 1, 1)
        with store.read() as other:
            assert parts.last_seen(other, 1) is None
    with store.read() as tx:
        assert parts.last_seen(tx, 1) == 1


def test_a_database_that_is_away_is_a_named_failure_without_its_address():
    store = Store("postgresql://postgres:geheim@127.0.0.1:9/none")
    with pytest.raises(StoreUnavailable) as told, store.write():
        pass
    assert "geheim" not in str(told.value)
