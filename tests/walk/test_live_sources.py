"""Source files saved over, halved, broken and mended under a stream of leads, with real processes."""

import json
import os
import re
import signal
import time
import urllib.request

import pytest

from store import queries
from store import versions as sources
from store.engine import Store
from tests.walk.processes import Running, Stream, until


@pytest.fixture
def gateway(tmp_path, database_url):
    with Running(tmp_path, database_url) as running:
        running.store = Store(database_url)
        yield running
        running.store.dispose()


def version(gateway):
    with gateway.store.read() as tx:
        return sources.newest(tx, "shop")


def new_shop(gateway):
    """`flask sources new tilda shop`: the printed address."""
    code, said = gateway.flask("sources", "new", "tilda", "shop")
    assert code == 0, said
    return re.search(r"^http://\S+$", said, re.MULTILINE)[0]


def post(gateway, address, tranid, phone="+79990000001"):
    body = f"tranid={tranid}&Name=Ivan&Phone={phone.replace('+', '%2B')}".encode()
    return gateway.ask(urllib.request.Request(address, body))


def test_a_broken_file_a_killed_process_and_the_mended_file_under_a_stream_of_leads(gateway):
    address = new_shop(gateway)
    until(lambda: post(gateway, address, "first")[0] == 200, 2.5)
    path = gateway.sources / "shop.yaml"
    whole = path.read_text()
    with Stream(gateway, address) as stream:
        path.write_text(whole.replace("preset: tilda", "preset: tilda\nenabld: false"))
        until(lambda: "shop.yaml:4: enabld: expected" in gateway.get("/readyz")[1], 5)
        until(lambda: '"file_broken"' in gateway.log and '"key": "enabld"' in gateway.log, 5)
        code, said = gateway.flask("sources", "check")
        assert (code, "shop.yaml:4: enabld: expected a known key, got enabld; write: enabled:" in said) == (1, True)
        killed = gateway.web_workers()[0]
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(set(gateway.web_workers()) - {killed}) == 2)
        before = len(stream.answers)
        until(lambda: len(stream.answers) > before + 60)
        path.write_text(whole + 'reply: {status: "200", body: mended}\n')
        mended = time.monotonic()
        until(lambda: stream.answers[-1][0] > mended + 3)
    statuses = [status for _, status, _ in stream.answers]
    # A killed process answers nothing to what it was just reading; the sender sees that and sends again.
    assert set(statuses) <= {200, 0}
    assert statuses.count(0) <= 4
    late = [at - mended for at, _, body in stream.answers if at > mended and body != "mended"]
    assert late, "the stream was too thin to tell"
    assert max(late) < 2
    assert version(gateway) == 2
    with gateway.store.read() as tx:
        stored = sum(queries.count_by_state(tx).values())
    assert stored >= statuses.count(200) + 1


def test_a_new_source_rings_without_a_restart_and_no_prefix_of_its_file_becomes_a_version(gateway):
    address = new_shop(gateway)
    until(lambda: post(gateway, address, "first")[0] == 200, 2.5)
    call = until(gateway.rung)[0]
    assert (call["number"], call["script"]) == ("79990000001", "Заявка с сайта")
    path = gateway.sources / "shop.yaml"
    whole = path.read_bytes()
    began = time.monotonic()
    for end in range(len(whole) + 1):
        path.write_bytes(whole[:end])
        time.sleep(max(0.0, began + 5 * end / len(whole) - time.monotonic()))
    assert time.monotonic() - began < 6
    until(lambda: json.loads(gateway.get("/readyz")[1])["files"] == {}, 5)
    assert version(gateway) == 1
    assert post(gateway, address, "second")[0] == 200
