"""/readyz names what is wrong and what to do; a balancer is sent away only where nothing can be stored or rung."""

import re
import sqlite3
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from core.alarm import Stamp
from core.alarms import CLOCK
from flow.worker_sight import BLIND, Sight
from store import stamps, versions, workers
from store.engine import Store, StoreUnavailable
from store.probe import PROBE_MS, Probe
from store.tables import epoch
from tests.fakes import TOKEN


def ready(app):
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.json["status"], answer.json["checks"]


def seen(gateway, journal=""):
    with gateway.store.write() as tx:
        workers.check_in(tx, "worker-1", "run", 1, gateway.store.now_ms(tx), journal)


def said(gateway, name, text, well=False):
    with gateway.store.write() as tx:
        stamps.put(tx, f"{name} m1", Stamp(gateway.store.now_ms(tx), well, text))


class Away:
    """A database that fails as the test says."""

    def __init__(self, store, *fails):
        self._store, self._fails = store, fails

    def __getattr__(self, name):
        if name in self._fails:
            raise StoreUnavailable("OperationalError: database or disk is full")
        return getattr(self._store, name)


@pytest.fixture
def over(gateway):
    """Another database in place of the gateway's, until the test ends."""
    store = gateway.parts.store

    def put(other):
        gateway.parts.store, gateway.parts.probe = other, Probe()

    yield put
    gateway.parts.store = store


def test_all_is_well(app, gateway):
    seen(gateway)
    status, name, checks = ready(app)
    assert (status, name, set(checks.values())) == (200, "ok", {"ok"})


def test_no_worker_is_not_ready_and_says_which_command_to_run(app, gateway):
    status, name, checks = ready(app)
    assert (status, name) == (503, "not ready")
    assert "flask worker" in checks["worker"]


def test_an_unwritable_journal_is_a_line_of_its_own_until_it_can_be_written(app, gateway):
    seen(gateway, "No space left on device")
    status, name, checks = ready(app)
    assert (status, name) == (200, "degraded")
    assert "No space left on device" in checks["journal"]
    assert "RUN_DIR" in checks["journal"]
    seen(gateway)
    assert ready(app)[1:2] == ("ok",)


def test_a_missing_epoch_says_which_command_to_run(app, gateway):
    with gateway.store.write() as tx:
        tx.execute(epoch.delete())
    status, _, checks = ready(app)
    assert status == 503
    assert "flask release" in checks["migrations"]


def test_a_full_disk_is_found_by_a_write_and_a_database_that_is_away_by_a_read(app, gateway, over):
    seen(gateway)
    over(Away(gateway.parts.store, "write"))
    status, name, checks = ready(app)
    assert (status, name) == (503, "not ready")
    assert "disk is full" in checks["database"]
    assert "make room on its disk" in checks["database"]
    over(Away(gateway.parts.store, "write", "read"))
    status, name, checks = ready(app)
    assert (status, "DATABASE_URL" in checks["database"]) == (503, True)


def test_a_database_that_may_only_be_read_is_named(app, gateway, over, database_url, tmp_path, monkeypatch):
    seen(gateway)
    if gateway.store.is_sqlite:
        monkeypatch.chdir(tmp_path)  # what stands beside a file is put beside its URI, which begins with `file:`
        read_only = Store(f"sqlite:///file:{gateway.store.path}?mode=ro&uri=true", clock=gateway.clock)
    else:
        only = database_url.replace("options=", "options=-cdefault_transaction_read_only%3Don%20")
        assert only != database_url
        read_only = Store(only, clock=gateway.clock)
    over(read_only)
    status, name, checks = ready(app)
    read_only.dispose()
    assert (status, name) == (503, "not ready")
    assert "only" in checks["database"]
    assert "let it be written again" in checks["database"]


@pytest.mark.parametrize("rights", ["SELECT", "SELECT, INSERT", "USAGE"])
def test_a_user_without_the_right_is_named_and_a_lead_is_refused_so_that_it_comes_again(app, gateway, over, rights):
    if gateway.store.is_sqlite:
        pytest.skip("SQLite has no users; a file that may only be read is asked above")
    seen(gateway)
    store, role = gateway.parts.store, f"reader_{uuid4().hex}"
    with store.write() as tx:
        schema = tx.execute(text("SELECT current_schema()")).scalar_one()
        tx.execute(text(f"CREATE ROLE {role} LOGIN"))
        tx.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {role}"))
        if rights != "USAGE":
            tx.execute(text(f"GRANT {rights} ON ALL TABLES IN SCHEMA {schema} TO {role}"))
    other = Store(store.url.set(username=role).render_as_string(hide_password=False), clock=gateway.clock)
    over(other)
    try:
        status, word, checks = ready(app)
        lead = app.test_client().post(f"/hooks/shop?token={TOKEN}", json={"id": "1", "phone": "79990000001"})
        figures = app.test_client().get("/metrics")
    finally:
        other.dispose()
        with store.write() as tx:
            tx.execute(text(f"DROP OWNED BY {role}"))
            tx.execute(text(f"DROP ROLE {role}"))
    assert (status, word) == (503, "not ready")
    assert "permission denied" in checks["database"]
    assert lead.status_code == 503
    assert "Retry-After" in lead.headers
    assert figures.status_code == (503 if rights == "USAGE" else 200)


def test_one_write_in_ten_seconds_whoever_asks_how_often(gateway):
    probe, written = Probe(), []

    class Counting(Away):
        def write(self, **_):
            written.append(1)
            return self._store.write()

    store = Counting(gateway.store)
    for ms in (0, 10, PROBE_MS - 1, PROBE_MS, PROBE_MS + 1):
        assert probe.why(store, ms) == ""
    assert len(written) == 2


def test_a_policy_file_with_mistakes_takes_nothing_out_of_a_balancer(app, gateway):
    seen(gateway)

    class Files:
        broken = {"policy": "policy.yaml:2: timezone: expected a time zone"}
        differing = {}

    gateway.parts.sources.files = Files()
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert "policy.yaml:2" in answer.json["files"]["policy"]


def test_a_worker_that_cannot_read_secrets_or_a_version_is_named_by_its_machine(app, gateway):
    seen(gateway)
    sight = Sight(gateway.parts)
    gateway.parts.secrets_problem = lambda: "SECRETS_FILE cannot be read (Permission denied)"

    def tell():
        with gateway.store.write() as tx:
            sight.tell(tx, gateway.store.now_ms(tx))

    tell()
    gateway.parts.secrets_problem = lambda: ""  # of the worker it was; this process can read them
    status, name, checks = ready(app)
    assert (status, name) == (200, "degraded")
    assert "is blind to secrets (SECRETS_FILE cannot be read (Permission denied))" in checks["worker sees"]
    with gateway.store.write() as tx:
        versions.put_in_force(tx, "shop", "{of: [a later", after=1, who="later", now=gateway.store.now_ms(tx))
    gateway.parts.sources.refresh()
    gateway.clock.forward(10)
    tell()
    seen(gateway)
    _, _, checks = ready(app)
    assert "cannot read versions in force (shop)" in checks["worker sees"]
    assert "shop" in checks["sources"]
    gateway.parts.sources.broken = {}
    tell()
    assert ready(app)[2]["worker sees"] == "ok"


def test_what_a_worker_said_that_is_gone_is_forgotten(app, gateway):
    said(gateway, BLIND, "is blind to secrets")
    said(gateway, CLOCK, "-45000")
    gateway.clock.forward(31)
    seen(gateway)
    _, _, checks = ready(app)
    assert (checks["worker sees"], checks["clock"].split(":")[0]) == ("ok", "that of m1 is 45 s off")
    gateway.clock.forward(300)
    seen(gateway)
    assert ready(app)[1] == "ok"


def errors_of(store):
    """Every error that the driver has, by name; PostgreSQL's by their codes."""
    if store.is_sqlite:
        plain = {name: getattr(sqlite3, name) for name in dir(sqlite3) if name.endswith("Error")}
        return {**plain, "whole": sqlite3.Error}
    codes = {code: kind for code, kind in errors._sqlcodes.items() if re.fullmatch("[0-9A-Z]{5}", code)}
    return {**codes, "gone": psycopg.InterfaceError, "bare": psycopg.Error}


@pytest.fixture
def failing(gateway):
    """`failing(n, error)`: from its n-th statement on the database says this; n = 0: never. It gives the counter."""
    count = SimpleNamespace(seen=0, at=0, error=None)

    def before(_tx, _cursor, _statement, given, _context, _many):
        count.seen += 1
        if 0 < count.at <= count.seen:
            why = count.error("said by the test")
            raise DBAPIError.instance("the statement", given, why, gateway.store.engine.dialect.loaded_dbapi.Error)

    def set_to(at, error=None):
        count.seen, count.at, count.error = 0, at, error
        return count

    event.listen(gateway.store.engine, "before_cursor_execute", before)
    yield set_to
    event.remove(gateway.store.engine, "before_cursor_execute", before)


def test_whatever_the_database_says_to_whichever_statement_no_answer_is_500(app, gateway, failing):
    seen(gateway)
    for _ in range(2):  # the first one also reads the versions
        clean, gateway.parts.probe = failing(0), Probe()
        assert ready(app)[1] == "ok"
    statements, codes = clean.seen, errors_of(gateway.store)
    assert statements > 5
    assert len(codes) > 8
    failed = 0
    for at in range(1, statements + 1):
        of_each_kind = {error.__mro__[1]: (code, error) for code, error in codes.items()}
        for code, error in codes.items() if at == 1 else of_each_kind.values():
            count, gateway.parts.probe = failing(at, error), Probe()
            status, word, checks = ready(app)
            if count.seen < at:  # it asked less this time
                continue
            failed += 1
            assert (status, word) == (503, "not ready"), (code, at, checks)
            assert checks["database"] != "ok"
    assert failed >= len(codes) + statements - 3
    failing(0)
    gateway.parts.probe = Probe()
    assert ready(app)[1] == "ok"
