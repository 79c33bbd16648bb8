import gc
import os
import sys

import pytest
import structlog
from hypothesis import HealthCheck, settings

from store.engine import Store
from tests import databases
from tests.application import Application
from tests.fakes import Clock, Stage

# What is compiled is kept, whatever the environment says: each process of the suite, and each that a test starts,
# would compile all of it again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A statement is made of many small objects, which garbage is looked for among each 700 of: a fifth of the time.
gc.set_threshold(20_000, 20, 20)

# Every commit is synced, which memory does at once. What is to outlive a crash is shown by the trials, on a disk.
if databases.roomy_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(databases.MEMORY))

databases.share_between_tests()

# The same examples each time, and no clock: whoever changed nothing sees nothing new. `make faults` looks further.
_CLOCKLESS = [HealthCheck.too_slow]
settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=_CLOCKLESS)
settings.register_profile("far", deadline=None, max_examples=2000, suppress_health_check=_CLOCKLESS, print_blob=True)
settings.load_profile("suite")

# A traceback that shows the values of each line, as structlog's own does where rich is there, takes seconds.
_WORDS = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _WORDS])


def pytest_configure(config):
    config.option.loadscopereorder = False  # xdist would begin with the files of many tests: most of those are quick
    if getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput"):
        databases.share_server()  # one for all processes of this run


def pytest_report_header():
    if not databases.is_promised():
        if databases.CI:
            raise pytest.UsageError("CI must not skip PostgreSQL: no TEST_DATABASE_URL, no initdb, no server")
        return "PostgreSQL's part is skipped: no TEST_DATABASE_URL, no initdb, no server on 127.0.0.1:5432"
    return None


SLOWEST = ("test_calling_for_help.py", "test_worker.py", "test_line.py", "test_silence.py", "test_histories.py")
SLOWEST += ("test_first_day.py", "test_sources.py", "test_hourly.py", "test_pauses.py", "test_signin.py")
SLOWEST += ("test_on_both.py", "test_telling.py", "test_clock_set.py", "test_silent_server.py", "test_moves.py")
SLOWEST += ("test_enrich.py", "test_upgrade.py", "test_forged.py", "test_proxies.py", "test_gunicorn.py")


def pytest_collection_modifyitems(items):
    """The longest files begin, so that no process is left alone with one at the end (xdist deals in whole files)."""
    items.sort(key=lambda item: SLOWEST.index(item.path.name) if item.path.name in SLOWEST else len(SLOWEST))


def pytest_collection_finish():
    """What was collected stays: who looks for garbage need not walk over it each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def _schema():
    if databases.postgresql_server() is None:
        pytest.skip("no PostgreSQL")
    opened = databases.Schema()
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """A fresh, migrated database of each kind."""
    if request.param == "sqlite":
        return databases.new_file(tmp_path)
    schema = request.getfixturevalue("_schema")
    schema.empty()
    return schema.url


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
    stage = Stage(store, clock, tmp_path / "run")
    yield stage
    for _ in range(3):  # what it counted goes with it, not into the next test's database a second later
        if stage.parts.refusals.flush():
            break


@pytest.fixture(scope="session")
def _application():
    return Application()


@pytest.fixture
def app(gateway, _application):
    """The whole web application, and the commands, over the gateway's parts."""
    yield _application.over(gateway.parts)
    gateway.parts.ticker.end()
