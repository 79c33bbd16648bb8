"""A restart, an upgrade and the way back under load refuse nobody: the listening socket is not the process's own, and
the database is brought on while the old code serves."""

import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from store.engine import Store
from tests.databases import empty_schema, is_promised
from tests.deploy import releases
from tests.deploy.served import TOKEN, Served, Unix, ask, listening, until_ready

pytestmark = pytest.mark.storm
LEADS_S = 50


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/leads.db"
    if not is_promised():
        pytest.skip("no PostgreSQL")
    return empty_schema()


class Senders:
    """So many leads a second, each by a thread of its own; `answers` are (status, body)."""

    def __init__(self, path):
        self.path, self.answers, self._stop = path, [], threading.Event()
        self._loop = threading.Thread(target=self._send)

    def __enter__(self):
        self._loop.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._loop.join(60)

    def _send(self):
        threads, begun = [], time.monotonic()
        while not self._stop.wait(max(0.0, begun + len(threads) / LEADS_S - time.monotonic())):
            threads.append(threading.Thread(target=self._post, args=(len(threads),)))
            threads[-1].start()
        for thread in threads:
            thread.join(60)

    def _post(self, n):
        body = b'{"id": "%d", "phone": "+79990000000"}' % n
        said = {"Content_Type": "application/json"}
        self.answers.append(ask(Unix(self.path, 30), "POST", f"/hooks/shop?token={TOKEN}", body, **said))

    def more(self, count):
        """Waits until so many more were answered."""
        end, wanted = time.monotonic() + 120, len(self.answers) + count
        while len(self.answers) < wanted:
            assert time.monotonic() < end, "senders are not answered"
            time.sleep(0.02)

    def refused(self):
        return [answer for answer in self.answers if answer[0] != 200]


@contextmanager
def under_load(folder, **served):
    """A web process on a socket that outlives it, and senders that go on until the block ends."""
    path = folder / "web.sock"
    with listening(folder) as listener, Served(folder, listener, **served) as web:
        until_ready(lambda: Unix(path))
        with Senders(path) as senders:
            senders.more(LEADS_S)
            yield web, senders
            senders.more(LEADS_S)
        assert senders.refused() == []
        assert len(senders.answers) > 4 * LEADS_S
        assert leads_in(web.environ["DATABASE_URL"]) == len(senders.answers)


def leads_in(url):
    store = Store(url)
    try:
        with store.read() as tx:
            return tx.execute(text("SELECT count(*) FROM leads")).scalar_one()
    finally:
        store.dispose()


def test_without_a_socket_that_outlives_it_a_restart_refuses_some(tmp_path):
    """The control: these senders notice a restart."""
    path = tmp_path / "own.sock"
    web = Served(tmp_path, None)
    web.environ["WEB_SOCKET"] = str(path)
    with web:
        until_ready(lambda: Unix(path))
        with Senders(path) as senders:
            senders.more(LEADS_S)
            web.stop()
            web.start()
            senders.more(LEADS_S)
    assert senders.refused()


def test_an_upgrade_and_the_way_back_at_fifty_leads_a_second_refuse_none(tmp_path, empty):
    """`flask release` of the new code while the old one serves, then new processes; then the old code again."""
    old, new = releases.first(tmp_path / "old"), releases.second(tmp_path / "new")
    with under_load(tmp_path, root=old, database_url=empty) as (web, senders):
        for root in (new, old):
            said = releases.flask(root, web.environ, "release")
            assert "database at 0002_things_to_come" in said
            senders.more(LEADS_S)
            web.root = root
            web.stop()
            web.start()
            senders.more(LEADS_S)
            until_ready(lambda: Unix(senders.path))
            assert b"migrations" not in ask(Unix(senders.path), "GET", "/readyz")[1]  # at the socket stands a proxy
            said = ask(Unix(senders.path), "GET", "/readyz", Authorization="Bearer " + "a" * 40)[1]
            assert b'"migrations":"ok"' in said.replace(b" ", b"")
