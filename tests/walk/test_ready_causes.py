"""Each cause of trouble is named by /readyz of a running gateway within 30 seconds, and gone when it is mended."""

import json
import signal

import pytest
from sqlalchemy import text

from store import versions
from store.engine import Store
from tests import databases
from tests.fakes import SHOP, loaded
from tests.walk.processes import Running, until

pytestmark = pytest.mark.storm
NAMED_S = 120.0


@pytest.fixture(params=databases.KINDS)
def running(request, tmp_path):
    url = databases.of_kind(request.param, tmp_path)
    with Running(tmp_path, url) as gateway:
        gateway.folder, gateway.store = tmp_path, Store(url)
        yield gateway
        gateway.store.dispose()


def ready(gateway):
    code, body = gateway.get("/readyz")
    return code, json.loads(body)


def names(gateway, status, *words):
    """Until it is said so; what it says then."""
    return until(lambda: (said := ready(gateway))[0] == status and all(word in str(said[1]) for word in words), NAMED_S)


def well(gateway):
    return until(lambda: ready(gateway)[1]["status"] == "ok", NAMED_S)


def test_each_cause_is_named_and_gone_when_it_is_mended(running):
    well(running)
    policy = running.folder / "policy.yaml"
    whole = policy.read_text()
    policy.write_text("defaults: {hours: 'nine'}\n")
    assert names(running, 200, "degraded", "policy.yaml:1", "expected hours")
    policy.write_text(whole)
    well(running)

    secrets = running.folder / "secrets.env"
    secrets.write_bytes(b"NAME=\xff\xfe")
    assert names(running, 200, "degraded", "blind to secrets", "SECRETS_FILE")
    secrets.write_text("NAME=value\n")
    well(running)

    with running.store.write() as tx:
        versions.put_in_force(tx, "later", "{of: [a later", after=0, who="later", now=running.store.now_ms(tx))
    assert names(running, 200, "degraded", "cannot read versions in force (later)")
    with running.store.write() as tx:
        whole = loaded("later", SHOP).text
        versions.put_in_force(tx, "later", whole, after=1, who="test", now=running.store.now_ms(tx))
    until(lambda: ready(running)[1]["checks"]["worker sees"] == "ok", NAMED_S)

    with running.store.write() as tx:
        was = tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        tx.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    assert names(running, 503, "not ready", "flask release")
    with running.store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = :was"), {"was": was})

    worker = running._processes[-1]
    worker.send_signal(signal.SIGTERM)
    worker.wait(60)
    assert names(running, 503, "not ready", "flask worker")
