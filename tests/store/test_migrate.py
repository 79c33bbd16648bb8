"""One migration makes every table; a database of another state of the tables is named, and left as it is."""

import ast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint, inspect, text

from app import create_app
from config.settings import ROOT, read
from store import migrate
from store.engine import Store
from store.tables import meta
from tests.application import SETTINGS
from tests.databases import new_file, new_schema

VERSIONS = ROOT / "store/migrations/versions"


def test_the_migrations_make_exactly_the_tables_of_the_code(store):
    with store.write() as tx:
        differences = compare_metadata(MigrationContext.configure(tx), meta)
        assert migrate.is_current(tx)
    assert differences == []


def test_the_newest_migration_is_told_by_its_file_as_its_own_library_tells_it():
    assert migrate.head() == ScriptDirectory(str(VERSIONS.parent)).get_current_head()


def test_a_database_that_is_there_stays_as_it_is(store):
    assert migrate.upgrade(store) == (migrate.head(), migrate.head())


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """A migrated database of this test alone: what it does to it would last."""
    if request.param == "sqlite":
        return new_file(tmp_path)
    request.getfixturevalue("_schema")  # skips where there is no server
    return new_schema()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE alembic_version SET version_num = '0011'", "the database stands at 0011, "),
        ("DELETE FROM alembic_version", "tables of ours (accounts, alarm_messages, alarm_quiets) and no migration"),
        ("DROP TABLE alembic_version", "tables of ours (accounts, alarm_messages, alarm_quiets) and no migration"),
    ],
)
def test_a_database_of_before_is_refused_in_one_sentence_and_left_as_it_is(url, tmp_path, change, said):
    store = Store(url)
    with store.write() as tx:
        tx.execute(text(change))
    before = state_of(store)
    settings = {**SETTINGS, "DATABASE_URL": url, "RUN_DIR": str(tmp_path / "run")}
    done = create_app(read(settings, dotenv=None)).test_cli_runner().invoke(args=["release"])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert said in done.output
    assert f"this code's {migrate.head()}: " in done.output
    assert done.output.count("\n") == 1
    assert state_of(store) == before
    store.dispose()


def state_of(store):
    with store.read() as tx:
        return MigrationContext.configure(tx).get_current_heads(), sorted(inspect(tx).get_table_names())


def test_release_on_a_database_that_is_away_says_so(tmp_path):
    settings = {**SETTINGS, "DATABASE_URL": "postgresql://postgres@127.0.0.1:9/none", "RUN_DIR": str(tmp_path)}
    done = create_app(read(settings, dotenv=None)).test_cli_runner().invoke(args=["release"])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert "nothing was changed: " in done.output


def test_strangers_tables_are_no_tables_of_ours(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/a.db")
    with store.write() as tx:
        tx.execute(text("CREATE TABLE invoices (id INTEGER)"))
    assert migrate.upgrade(store) == (None, migrate.head())
    store.dispose()


def table(**changed):
    """The fingerprint of a table with these columns in place of its own."""
    columns = {"a": Column("a", Text, nullable=False), "b": Column("b", Integer)} | changed
    made = MetaData()
    Table("one", made, *columns.values())
    return migrate.fingerprint(made)


@pytest.mark.parametrize(
    "changed",
    [
        {"a": Column("a", Text)},
        {"b": Column("b", BigInteger)},
        {"b": Column("b", Integer, server_default="0")},
        {"b": Column("b", Integer, unique=True)},
        {"c": Column("c", Integer)},
        {"i": Index("one_by_a", "a")},
        {"i": Index("one_by_a", "a", unique=True)},
        {"u": UniqueConstraint("a", "b")},
    ],
)
def test_any_change_of_a_table_is_another_state(changed):
    assert table() == table()
    assert table(**changed) != table()


def test_a_second_migration_wants_the_first_one_written_out():
    first, *later = sorted(VERSIONS.glob("*.py"))
    imports = {node.module for node in ast.walk(ast.parse(first.read_text())) if isinstance(node, ast.ImportFrom)}
    assert not later or "store.tables" not in imports, "the first migration would make today's tables for all time"
