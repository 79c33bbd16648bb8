"""Statements on the driver's own cursor fail by the same names as all others, and are heard by the same ears."""

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError

from store import rows
from store.engine import StoreUnavailable

COLUMNS = ("name", "ask_at")


def test_more_rows_than_one_statement_takes_are_all_inserted(store):
    with store.write() as tx:
        given = [(f"s{n:03}", n) for n in range(2 * rows.MOST + 3)]
        returned = rows.insert(tx, "sources", COLUMNS, given, "RETURNING name")
        assert [name for (name,) in returned] == [name for name, _ in given]
        found = rows.by_pairs(tx, "event_keys", "lead", ("source", "key"), [("s", str(n)) for n in range(200)])
        assert found == []


def test_what_a_driver_refuses_has_the_name_that_others_give_it(store):
    with pytest.raises(IntegrityError) as refused, store.write() as tx:
        rows.insert(tx, "sources", COLUMNS, [("twice", 1), ("twice", 2)])
    assert "twice" not in str(refused.value.params)


def test_a_connection_that_is_lost_in_a_statement_is_the_stores_failure_and_is_given_up(store):
    if store.is_sqlite:
        pytest.skip("a file has no connection to lose")
    with pytest.raises(StoreUnavailable), store.write() as tx:
        rows.run(tx, "SELECT pg_terminate_backend(pg_backend_pid())")
    with store.write() as tx:
        assert rows.run(tx, "SELECT 1") == [(1,)]


def test_a_fault_that_a_listener_brings_is_the_stores_failure(store):
    def fail(*_):
        raise OperationalError("injected", None, Exception("database is locked"))

    with pytest.raises(StoreUnavailable), store.write() as tx:
        event.listen(store.engine, "before_cursor_execute", fail)
        try:
            rows.run(tx, "SELECT 1")
        finally:
            event.remove(store.engine, "before_cursor_execute", fail)
