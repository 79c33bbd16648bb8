"""Two accounts at two providers ring side by side, over real sockets; the second provider is one file and one line."""

import json
import time
from urllib.parse import parse_qs

import pytest

from app import create_app, wire
from cli.worker import Worker
from config.settings import read
from flow import alarms as flow_alarms
from flow import pauses
from store import queries
from tests.voice import chimes
from voice import PROVIDERS

JSON_YES = b'{"result": "ok", "id": "1", "number": "79990000001", "price": "4.35"}'
SECRETS = {"SHOP_TOKEN": "shop-token-0123456789", "CHIMES_TOKEN": "the-chimes-token"}
SOURCE = """
preset: generic
account: {account}
auth: {{secret: env:SHOP_TOKEN}}
event_key: id
mapping: {{number: {{field: phone, region: RU}}, script: Заявка}}
policy: {{hours: "00:00-24:00", once_per_number: 0, calls_per_hour: 0, calls_per_day: 0, spend_per_day: 0}}
"""


def answer(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d Said\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


class House:
    """The whole gateway in this process: web, worker, database, and a stand-in on a socket for each provider."""

    def __init__(self, folder, database_url, main, files):
        self.folder = folder
        for name in ("sources", "accounts"):
            (folder / name).mkdir()
        for name, text in files.items():
            (folder / f"{name}.yaml").write_text(text)
        (folder / "secrets.env").write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()))
        self.settings = read(
            {
                "DATABASE_URL": database_url,
                "VOICE_API_URL": main.url,
                "VOICE_API_KEY": "main-key",
                "SECRET_KEY": "s" * 32,
                "DIGEST_KEY": "d" * 32,
                "API_TOKEN": "a" * 32,
                "SOURCES_DIR": str(folder / "sources"),
                "ACCOUNTS_DIR": str(folder / "accounts"),
                "SECRETS_FILE": str(folder / "secrets.env"),
                "RUN_DIR": str(folder / "run"),
            },
            dotenv=None,
        )
        self.parts = wire(self.settings, providers={**PROVIDERS, "chimes": chimes.PROVIDER})
        self.app = create_app(self.settings, self.parts)
        self.flask("release")
        self.flask("sources", "apply", "--why", "test")
        self.worker = Worker(self.parts)

    def flask(self, *words):
        told = self.app.test_cli_runner().invoke(args=words)
        return told.exit_code, told.output

    def post(self, source, lead="1", phone="79990000001"):
        """A lead's id."""
        said = self.app.test_client().post(
            f"/hooks/{source}?token={SECRETS['SHOP_TOKEN']}", json={"id": lead, "phone": phone}
        )
        assert said.status_code == 200, said.text
        return said.json["leads"][0]["id"]

    def lead(self, lead):
        with self.parts.store.read() as tx:
            return queries.story(tx, lead)["lead"]

    def work_until(self, lead, *states):
        end = time.monotonic() + 120
        while self.lead(lead).state not in states:
            assert time.monotonic() < end, self.lead(lead).state
            self.parts.bell.wait(min(self.worker.turn(), 50))
        return self.lead(lead)


@pytest.fixture
def house(tmp_path, database_url):
    """`house(main, files)`: the files are `accounts/<name>` and `sources/<name>`."""
    made = []

    def make(main, files):
        made.append(House(tmp_path, database_url, main, files))
        return made[-1]

    yield make
    for each in made:
        each.worker.stop()
        each.worker.finish()
        each.parts.ticker.end()
        each.parts.store.dispose()


def chimes_file(url, **more):
    lines = {"provider": "chimes", "url": url, "auth": "{token: env:CHIMES_TOKEN}", **more}
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


def test_a_second_provider_rings_beside_main(house, peer):
    main, second = peer(answer(200, JSON_YES)), peer(answer(202, b"QUEUED 77 1.20\n"))
    gateway = house(
        main,
        {
            "accounts/abroad": chimes_file(second.url),
            "sources/shop": SOURCE.format(account="main"),
            "sources/flats": SOURCE.format(account="abroad"),
        },
    )
    here, there = gateway.post("shop"), gateway.post("flats", phone="79990000002")
    assert gateway.work_until(here, "accepted").account == "main"
    assert gateway.work_until(there, "accepted").account == "abroad"
    head, _, body = second.requests[0].partition(b"\r\n\r\n")
    assert b"\r\nX-Token: the-chimes-token\r\n" in head
    assert parse_qs(body.decode()) == {"to": ["+79990000002"], "scenario": ["Заявка"]}
    assert [json.loads(request.partition(b"\r\n\r\n")[2])["number"] for request in main.requests] == ["79990000001"]


def test_the_words_of_a_providers_own_pause_its_account_and_no_other(house, peer):
    main, second = peer(answer(200, JSON_YES)), peer(answer(400, b"DENIED no credit left, token the-chimes-token\n"))
    gateway = house(
        main,
        {
            "accounts/abroad": chimes_file(second.url),
            "sources/shop": SOURCE.format(account="main"),
            "sources/flats": SOURCE.format(account="abroad"),
        },
    )
    gateway.work_until(gateway.post("flats", phone="79990000002"), "refused")
    waits = gateway.post("flats", lead="2", phone="79990000003")
    gateway.work_until(gateway.post("shop"), "accepted")
    gateway.work_until(waits, "ready")
    code, said = gateway.flask("leads", "list")
    assert code == 0
    assert "account abroad is paused" in said
    assert "account main" not in said
    assert "the-chimes-token" not in said


def test_each_account_has_slots_of_its_own(house, peer, hang):
    main, second = peer(answer(200, JSON_YES)), peer(hang)
    gateway = house(
        main,
        {
            "accounts/abroad": chimes_file(second.url, concurrency=1, total_timeout="3s"),
            "sources/shop": SOURCE.format(account="main"),
            "sources/flats": SOURCE.format(account="abroad"),
        },
    )
    hangs = gateway.post("flats", phone="79990000002")
    gateway.work_until(hangs, "calling")
    waits = gateway.post("flats", lead="2", phone="79990000003")
    gateway.work_until(gateway.post("shop"), "accepted")
    gateway.work_until(waits, "ready")
    assert gateway.lead(hangs).state == "calling"
    pauses.pause(gateway.parts, "abroad", "anna", "it hangs")
    gateway.work_until(hangs, "unknown")


def test_a_wrong_file_is_named_and_stops_nobody_else(house, peer):
    main = peer(answer(200, JSON_YES))
    gateway = house(
        main,
        {
            "accounts/abroad": "provider: chime\nrate: fast\nauth: {token: s3cret}\n",
            "sources/shop": SOURCE.format(account="main"),
            "sources/flats": SOURCE.format(account="abroad"),
            "sources/dreams": SOURCE.format(account="nowhere"),
        },
    )
    gateway.work_until(gateway.post("shop"), "accepted")
    held = gateway.work_until(gateway.post("flats", phone="79990000002"), "held")
    assert held.reason == "no_account"
    code, said = gateway.flask("sources", "check")
    assert code == 1
    for problem in (
        "shop: ok",
        "account: the file of the voice account 'abroad' is wrong, see below",
        "there is no voice account 'nowhere'; there is main",
        "abroad.yaml:1: provider: expected one of chimes, mobilgroup, got chime; write: provider: chimes",
        "abroad.yaml:2: rate: expected calls per second from 0 (no limit) to 10000, like 5 or 0.5, got fast",
        "abroad.yaml:1: url: expected a value",
    ):
        assert problem in said
    assert "s3cret" not in said
    assert "broken_accounts" in {alarm["name"] for alarm in alarms(gateway)}


def alarms(gateway):
    flow_alarms.keep(gateway.app.extensions["gateway"])
    told = gateway.app.test_client().get("/api/alarms", headers={"Authorization": "Bearer " + "a" * 32})
    return told.json["alarms"]
