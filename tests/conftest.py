import pytest

from store.engine import Store
from store.tables import meta
from tests import databases
from tests.fakes import Clock, Stage


def pytest_report_header():
    if databases.postgresql_server() is None:
        if databases.CI:
            raise pytest.UsageError("CI must not skip PostgreSQL, and no server was found or could be started")
        return "PostgreSQL's part is skipped: no server on 127.0.0.1:5432, no TEST_DATABASE_URL, no initdb"
    return None


@pytest.fixture(scope="session")
def _schema():
    if databases.postgresql_server() is None:
        pytest.skip("no PostgreSQL")
    return databases.new_schema()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """A fresh, migrated database of each kind."""
    if request.param == "sqlite":
        return databases.new_file(tmp_path)
    url = request.getfixturevalue("_schema")
    store = Store(url)
    with store.write() as tx:
        for table in reversed(meta.sorted_tables):  # faster than TRUNCATE, which syncs each table's file
            tx.execute(table.delete())
    store.dispose()
    return url


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(database_url, clock):
    """An open store whose shared clock the test moves."""
    opened = Store(database_url, clock=clock)
    yield opened
    opened.dispose()


@pytest.fixture
def gateway(store, clock, tmp_path):
    """The whole walk in one process, with a voice that answers what the test says."""
    return Stage(store, clock, tmp_path / "run")
