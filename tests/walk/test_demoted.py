"""A primary that is demoted while a call is on the wire: what the provider accepted is written once it can be."""

import json
import urllib.request

import psycopg
import pytest

from tests import databases
from tests.walk.processes import Running, until

pytestmark = pytest.mark.storm
SHOP = """
preset: generic
auth: {secret: env:SHOP_TOKEN}
event_key: id
mapping: {number: {field: phone, region: RU}, script: "sim:slow:2000 Заявка"}
"""
TOKEN = "shop-token-0123456789"


@pytest.fixture
def role():
    """A role with the address of a schema of its own: of it alone the server can become one that only reads."""
    server = databases.postgresql_server()
    if server is None:
        pytest.skip("no PostgreSQL")
    url = databases.new_schema()
    schema = url.rpartition("%3D")[2]
    name = schema.replace("test_", "role_")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE ROLE "{name}" SUPERUSER LOGIN')
        try:
            yield Role(admin, name, url.replace("//postgres@", f"//{name}@"))
        finally:
            admin.execute(f'DROP OWNED BY "{name}"')
            admin.execute(f'DROP ROLE "{name}"')


class Role:
    def __init__(self, admin, name, url):
        self._admin, self._name, self.url = admin, name, url

    def only_reads(self, yes: bool) -> None:
        """As after a failover: every connection is gone, and the next ones find a server that writes nothing."""
        self._admin.execute(f'ALTER ROLE "{self._name}" SET default_transaction_read_only = {"on" if yes else "off"}')
        self._admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [self._name])

    def states(self):
        with psycopg.connect(self.url) as connection:
            return [row[0] for row in connection.execute("SELECT state FROM leads ORDER BY no")]


def test_an_acceptance_in_hand_outlives_a_primary_that_only_reads(role, tmp_path):
    gateway = Running(tmp_path, role.url)
    gateway.environ["WEB_CONCURRENCY"] = "1"
    (tmp_path / "secrets.env").write_text(f"SHOP_TOKEN={TOKEN}\n")
    (tmp_path / "secrets.env").chmod(0o600)
    (gateway.sources / "shop.yaml").write_text(SHOP)

    def post(n: int) -> int:
        asked = urllib.request.Request(f"{gateway.url}/hooks/shop?token={TOKEN}")
        asked.data = json.dumps({"id": str(n), "phone": f"+7 999 000-00-0{n}"}).encode()
        asked.add_header("Content-Type", "application/json")
        return gateway.ask(asked)[0]

    with gateway:
        until(lambda: post(1) == 200)
        until(gateway.rung)
        role.only_reads(True)
        assert post(2) == 503
        until(lambda: "outcome_not_recorded" in gateway.log)
        assert role.states() == ["calling"]
        role.only_reads(False)
        until(lambda: role.states() == ["accepted"])
        until(lambda: post(2) == 200)
        until(lambda: role.states() == ["accepted"] * 2)
        assert len(gateway.rung()) == 2
