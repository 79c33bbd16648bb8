"""An upgrade while the old code serves, and one release back: migrations after the first only add."""

import ast
import threading

import pytest
from sqlalchemy import text

from config.settings import ROOT
from store import migrate
from store.engine import Busy, Store
from tests.databases import empty_schema, new_file, new_schema
from tests.deploy import releases
from tests.deploy.served import Served
from tests.faults.processes import wait_until

VERSIONS = ROOT / "store" / "migrations" / "versions"
ADDING = {"create_table", "add_column", "create_index"}
# What a release after this one may do to the database.
A_LATER_RELEASE = (
    "CREATE TABLE things_to_come (id BIGINT PRIMARY KEY)",
    "ALTER TABLE leads ADD COLUMN mood TEXT",
    "ALTER TABLE deliveries ADD COLUMN weight BIGINT NOT NULL DEFAULT 0",
    "UPDATE alembic_version SET version_num = '0002_things_to_come'",
)


def not_only_adding(source):
    """What a migration's `upgrade` does besides adding what the release before can live with."""
    upgrade = next(n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == "upgrade")
    found = []
    for call in (node for node in ast.walk(upgrade) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        if not name.startswith("op."):
            continue
        column = ast.unparse(call.args[1]) if name == "op.add_column" else "nullable=True"
        if name[3:] not in ADDING or ("nullable=True" not in column and "server_default=" not in column):
            found.append(ast.unparse(call))
    return found


def test_every_migration_after_the_first_only_adds():
    for path in sorted(VERSIONS.glob("*.py"))[1:]:
        assert migrate._LATER.fullmatch(path.stem), f"{path.name}: call it like 0002_what_it_adds.py"
        assert not_only_adding(path.read_text()) == [], path.name


@pytest.mark.parametrize(
    "line",
    [
        "op.drop_column('leads', 'mood')",
        "op.alter_column('leads', 'mood', new_column_name='temper')",
        "op.execute('DELETE FROM leads')",
        "op.add_column('leads', sa.Column('mood', sa.Text, nullable=False))",
    ],
)
def test_one_that_takes_away_would_be_found(line):
    assert not_only_adding(f"def upgrade():\n    {line}\n") != []


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return new_file(tmp_path)
    request.getfixturevalue("_schema")  # skips where there is no server
    return new_schema()


def test_code_of_one_release_back_works_on_the_database_of_the_later_one(url):
    store = Store(url)
    with store.write() as tx:
        for line in A_LATER_RELEASE:
            tx.execute(text(line))
    assert migrate.upgrade(store) == ("0002_things_to_come", "0002_things_to_come")
    with store.read() as tx:
        assert migrate.is_current(tx)
    store.dispose()


def test_a_later_database_without_something_of_ours_is_refused(url):
    store = Store(url)
    with store.write() as tx:
        tx.execute(text("ALTER TABLE leads RENAME COLUMN payload TO what_came"))
        tx.execute(text(A_LATER_RELEASE[-1]))
    with pytest.raises(migrate.OtherTables):
        migrate.upgrade(store)
    store.dispose()


def test_a_migration_that_would_wait_for_who_waits_for_it_lets_go_and_begins_anew(tmp_path, request):
    """Somebody has written deliveries and then wants leads, which the migration has by then: a deadlock, which
    PostgreSQL ends by giving one of the two up, were the migration to wait for deliveries."""
    request.getfixturevalue("_schema")  # skips where there is no server
    served = Served(tmp_path, None, root=releases.first(tmp_path / "old"), database_url=empty_schema())
    releases.flask(served.root, served.environ, "release")
    new = releases.second(tmp_path / "new")
    store = Store(served.environ["DATABASE_URL"])
    said = []
    migrating = threading.Thread(target=lambda: said.append(releases.flask(new, served.environ, "release")))
    with store.write(statement_ms=0) as tx:  # the command takes its time to begin
        tx.execute(text("LOCK TABLE deliveries IN ROW EXCLUSIVE MODE"))
        migrating.start()
        assert wait_until(lambda: waits_for_a_table(store), 120)
        tx.execute(text("SELECT count(*) FROM leads"))
    migrating.join(120)
    assert "database at 0002_things_to_come (was 0001_the_tables)" in said[0]
    store.dispose()


def waits_for_a_table(store):
    with store.read() as tx:
        return tx.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'")).scalar()


def test_a_table_that_is_never_free_ends_the_release_with_what_to_do(url):
    store, other = Store(url), Store(url)
    if store.is_sqlite:
        pytest.skip("SQLite's writers come one after the other")
    with other.write() as tx:
        tx.execute(text(f"SELECT pg_advisory_xact_lock({migrate._ONE_MIGRATOR})"))
        with pytest.raises(Busy):
            migrate.upgrade(store, patience_s=0.5)
    assert migrate.upgrade(store)[1] == migrate.head()
    store.dispose()
    other.dispose()
