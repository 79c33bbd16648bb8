"""PostgreSQL that is silent, read-only or out of connections: said within 10 s, and well again without a restart."""

import threading
import time
from urllib.parse import urlsplit

import psycopg
import pytest

import app
from config.settings import read
from store import opening, workers
from store.engine import Store, StoreUnavailable
from store.patient import CONNECT
from tests import databases
from tests.application import SETTINGS
from tests.faults.silence import SilentProxy

TOLD_S = 60.0  # 8 s and what a busy machine takes; without a bound it would be for ever


@pytest.fixture
def url(monkeypatch):
    """The connections are those of the product, of which none outlives its store."""
    monkeypatch.setattr(opening, "_planned", databases.AS_SHIPPED)
    if databases.postgresql_server() is None:
        pytest.skip("no PostgreSQL")
    return databases.new_schema()


def check_in(store: Store) -> None:
    with store.write() as tx:
        workers.check_in(tx, "w", "run", 1, 1)


def seen(store: Store) -> int | None:
    with store.read() as tx:
        return workers.last_seen(tx, store.now_ms(tx))


def test_a_server_that_says_nothing_more_is_told_within_10_s_and_used_again_when_it_speaks(url):
    parts = urlsplit(url)
    with SilentProxy(parts.hostname, parts.port or 5432) as proxy:
        store = Store(url.replace(f":{parts.port}", f":{proxy.port}"))
        check_in(store)
        proxy.silent.set()
        told: list[float] = []

        def ask(what) -> None:
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                what(store)
            told.append(time.monotonic() - began)

        asking = [threading.Thread(target=ask, args=(what,)) for what in (check_in, seen, check_in)]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
        assert len(told) == 3
        assert max(told) < TOLD_S
        proxy.silent.clear()
        check_in(store)
        assert seen(store) == 1
        store.dispose()


def test_a_machine_that_is_gone_is_noticed_by_the_kernel_too(url):
    store = Store(url)
    with store.read() as tx:
        parameters = tx.connection.driver_connection.info.get_parameters()
    for name in ("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"):
        assert parameters[name] == str(CONNECT[name])
    store.dispose()


def test_a_read_only_server_is_unavailable_and_its_connections_are_thrown_away(url):
    """The role of this test alone is read-only, as every session is on a primary that was demoted."""
    store = Store(f"{url}%20-cdefault_transaction_read_only%3Don")
    with store.read() as tx:
        first = tx.connection.driver_connection
    with pytest.raises(StoreUnavailable) as told:
        check_in(store)
    assert "ReadOnlySqlTransaction" in str(told.value)
    assert first.closed
    assert seen(store) is None
    store.dispose()


def test_a_session_that_was_read_only_for_a_while_is_no_lasting_harm(url):
    store = Store(url, pool=1)
    with store.read() as tx:
        tx.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        tx.commit()
    with pytest.raises(StoreUnavailable):
        check_in(store)
    check_in(store)
    assert seen(store) == 1
    store.dispose()


def test_what_the_pool_has_no_connection_for_is_told_and_works_once_one_is_free(url):
    store = Store(url, pool=1, busy_s=0.2)
    with store.read(), pytest.raises(StoreUnavailable):
        check_in(store)
    check_in(store)
    store.dispose()


def test_a_server_without_a_free_connection_is_unavailable_and_used_when_it_has_one(url):
    """The role may have one connection, as a server may have a hundred."""
    name = url.rpartition("%3D")[2].replace("test_", "role_")
    server = databases.postgresql_server()
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE ROLE "{name}" LOGIN CONNECTION LIMIT 1')
        try:
            schema = url.rpartition("%3D")[2]
            admin.execute(f'GRANT ALL ON SCHEMA "{schema}" TO "{name}"')
            admin.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA "{schema}" TO "{name}"')
            own = url.replace("//postgres@", f"//{name}@")
            store = Store(own)
            with psycopg.connect(own), pytest.raises(StoreUnavailable):
                check_in(store)
            deadline = time.monotonic() + TOLD_S
            while True:
                try:
                    check_in(store)
                    break
                except StoreUnavailable:  # the server has not let the other one go yet
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            store.dispose()
        finally:
            admin.execute(f'DROP OWNED BY "{name}"')
            admin.execute(f'DROP ROLE "{name}"')


def test_a_statement_that_takes_longer_than_an_answer_is_waited_for_is_given_up(url):
    store = Store(url)
    with store.read() as tx:
        tx.connection.driver_connection.patience_s = 0.2
    with pytest.raises(StoreUnavailable, match="said nothing"), store.read() as tx:
        tx.exec_driver_sql("SELECT pg_sleep(5)")
    assert seen(store) is None
    store.dispose()


LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


@pytest.mark.parametrize(("opens", "limits"), [("write", ["10s", "10s", "10s"]), ("read", ["10s", "10s", "0"])])
def test_the_server_too_gives_up_what_lasts_too_long_whoever_asks_and_in_each_transaction_anew(url, opens, limits):
    """Settings of a session would stay with whichever server connection a transaction pooler lent for it."""
    store = Store(url, pool=1)
    for _ in range(2):
        with getattr(store, opens)() as tx:
            assert [tx.exec_driver_sql(f"SHOW {name}").scalar_one() for name in LIMITS] == limits
            tx.exec_driver_sql("SELECT 1")
    with store.engine.connect() as bare:  # as any other session of that server connection would find it
        assert [bare.exec_driver_sql(f"SHOW {name}").scalar_one() for name in LIMITS] == ["0", "0", "0"]
    store.dispose()


@pytest.mark.parametrize("opens", ["write", "read"])
def test_a_statement_that_the_server_gives_up_is_unavailable_and_the_next_one_works(url, opens):
    store = Store(url, pool=1)
    with pytest.raises(StoreUnavailable, match="QueryCanceled"), getattr(store, opens)() as tx:
        tx.exec_driver_sql("SET LOCAL statement_timeout = '50ms'")
        tx.exec_driver_sql("SELECT pg_sleep(5)")
    assert seen(store) is None
    store.dispose()


def test_the_processes_of_a_machine_fit_postgresqls_usual_hundred(url):
    gateway = app.wire(read({**SETTINGS, "DATABASE_URL": url}, dotenv=None))
    own, allowed = gateway.store.room()
    assert own * 3 <= 97  # two web processes and a worker; three are kept for the superuser
    assert allowed > 0
    assert gateway.store.engine.pool.size() + 2 == own
    gateway.store.dispose()
