"""PostgreSQL keeps the plans of what it is asked, where surely the same process answers each time."""

import contextlib

import pytest
from sqlalchemy import bindparam, event, select, text
from sqlalchemy.exc import DataError

from store import rows, tables
from store.engine import Store, StoreUnavailable
from store.planned import SEEN
from store.rows import Ask
from tests import databases

OF_NAME = select(tables.sources.c.ask_at).where(tables.sources.c.name == bindparam("name"))
LIKE = select(tables.sources.c.name).where(tables.sources.c.name.contains(" o"))
ODD = ("it's", "back\\slash", "50% off", "$1")


@pytest.fixture
def store():
    if databases.postgresql_server() is None:
        pytest.skip("no PostgreSQL")
    opened = Store(databases.new_schema(), pool=1)
    with opened.write() as tx:
        rows.insert(tx, "sources", ("name", "ask_at"), [(name, n) for n, name in enumerate(ODD)])
    yield opened
    opened.dispose()


def ask(store):
    asks = [Ask(OF_NAME, {"name": name}) for name in ODD]
    asks += [Ask(LIKE), Ask("SELECT name FROM sources WHERE name {wanted}", wanted=["it's", "none"])]
    with store.write(along=asks) as tx:
        assert store.told(tx) == [[(0,)], [(1,)], [(2,)], [(3,)], [("50% off",)], [("it's",)]]


def kept(store):
    """The statements that the server process keeps."""
    with store.write() as tx:
        return [one for (one,) in tx.execute(text("SELECT statement FROM pg_prepared_statements")) if "sources" in one]


def test_what_is_asked_along_is_kept_and_answered_alike_whatever_its_values(store):
    for _ in range(3):
        ask(store)
    assert len(kept(store)) == 3


def test_what_is_asked_alone_costs_one_message_and_leaves_nothing_open(store):
    asks, sent, left = [Ask(OF_NAME, {"name": "it's"})], [], []
    for _ in range(3):
        store.ask(asks)

    def hear(connection, *_):
        sent.append(connection.connection.driver_connection.info.transaction_status.name)

    def end(connection):
        left.append(connection.connection.driver_connection.info.transaction_status.name)

    event.listen(store.engine, "before_cursor_execute", hear)
    event.listen(store.engine, "commit", end)
    now, told = store.ask(asks)
    with store.write() as tx:
        began = store.now_ms(tx)
    assert (told, 0 <= began - now < 60_000) == ([[(0,)]], True)
    assert (sent[:1], left[0], len(sent)) == (["IDLE"], "IDLE", 2)  # the second is the writer's


def test_a_question_that_fails_is_a_named_failure_and_the_next_one_is_answered(store):
    with pytest.raises(DataError):
        store.ask([Ask(text("SELECT 1 / 0"))])
    with pytest.raises(StoreUnavailable):
        store.ask([Ask(text("SELECT none_such FROM sources"))])
    assert store.ask([Ask(OF_NAME, {"name": "$1"})])[1] == [[(3,)]]


def test_a_statement_with_parameters_is_kept_once_it_has_come_a_few_times_also_between_reads(store):
    for _ in range(SEEN + 2):
        with store.write() as tx:
            assert rows.select(tx, OF_NAME, name="$1") == [(3,)]
        with store.read() as tx:
            assert rows.select(tx, LIKE) == [("50% off",)]
    assert len(kept(store)) == 2


def test_what_was_rolled_back_or_lost_is_planned_anew(store):
    for lose in ("SELECT 1 / 0", "DEALLOCATE ALL", "DROP TABLE IF EXISTS none_such"):
        for _ in range(SEEN + 2):
            ask(store)
            with store.write() as tx:
                assert rows.select(tx, OF_NAME, name="$1") == [(3,)]
        assert len(kept(store)) == 4
        fails = pytest.raises(DataError) if "1 / 0" in lose else contextlib.nullcontext()
        with fails, store.write() as tx:
            tx.exec_driver_sql(lose)
        ask(store)
        with store.write() as tx:
            assert rows.select(tx, OF_NAME, name="$1") == [(3,)]


def test_behind_a_transaction_pooler_nothing_is_kept(pooler):
    """Another process may run the next transaction, and may know somebody else's statement by that name."""
    store = Store(pooler, pool=2)
    for n in range(SEEN + 2):
        with store.write(along=[Ask(text("SELECT CAST(:n AS int)"), {"n": n})]) as tx:
            assert store.told(tx) == [[(n,)]]
            assert tx.exec_driver_sql("SELECT %s::int", (n,)).scalar_one() == n
    with store.write() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar_one() == 0
    store.dispose()
