"""Whatever happens on the walk, no phone number and no name reaches a log."""

import io
import json
from contextlib import redirect_stderr
from dataclasses import replace

import pytest
import structlog

from app import create_app
from config import logs
from config.load import from_text
from config.settings import read
from core.outcome import REFUSED, Outcome
from flow import do_not_call, erase, operate
from flow.in_force import InForce
from store.tables import meta
from tests.application import API_TOKEN, SETTINGS
from tests.fakes import LOST, NEVER_LEFT, YES

NAME, NUMBER = "Аристарх", "79990001234"
CANARIES = (NAME, json.dumps(NAME)[1:-1], "9990001234", "999) 000-12-34", "кухню", "secret-token-of-nobody")
ARISTARCH = {"id": NUMBER, "name": NAME, "phone": "+7 (999) 000-12-34", "note": "хочу кухню"}
SHOP = """
preset: generic
auth: {secret: env:SHOP_TOKEN}
event_key: id
mapping:
  number: {field: phone, region: RU}
  person: {field: name}
  script: Заявка
  sms: {template: "Здравствуйте, {{ name }}!"}
"""


@pytest.fixture
def log():
    """What a process would write to its log, set up as in life."""
    written, before = io.StringIO(), structlog.get_config()
    with redirect_stderr(written):
        logs.set_up()
    yield written
    structlog.configure(**before)


def clean(log, *events):
    text = log.getvalue()
    for event in events:
        assert f'"event": "{event}"' in text, f"{event} was not logged at all"
    assert [one for one in CANARIES if one in text] == []


class Stumbling:
    """A field that is read by a mistake of ours, which shows the value in its text."""

    text = "phone"

    def read(self, payload):
        raise ValueError(f"cannot read {payload}")


def stumbling(name, text):
    source = from_text(name, text)
    return replace(
        source, mapping=replace(source.mapping, number=replace(source.mapping.number, fields=(Stumbling(),)))
    )


def test_a_whole_walk_with_every_fate(gateway, log):
    gateway.put("shop", SHOP)
    refused = Outcome(REFUSED, error=f"номер {NUMBER} ({NAME}) заблокирован", http_status=200, reply=NUMBER.encode())
    gateway.voice.outcomes = [YES, refused, LOST, NEVER_LEFT]
    taken = []
    for n in range(4):
        taken.append(gateway.take({**ARISTARCH, "id": f"{NUMBER}-{n}"}))
        gateway.work()
        gateway.clock.forward(25 * 3600)
    gateway.post({**ARISTARCH, "note": "хочу кухню и шкаф"})
    gateway.post(b'{"phone": "+7 (999) 000-12-34", "name": "\xd0')
    gateway.post(ARISTARCH, token="secret-token-of-nobody")
    gateway.take({**ARISTARCH, "id": "held", "phone": f"{NAME} 9990001234"})
    gateway.work()
    operate.cancel(gateway.parts, taken[1], "anna", "no")
    do_not_call.add(gateway.parts, {NUMBER: "asked"}, "anna")
    gateway.take({**ARISTARCH, "id": "listed"})
    gateway.work()
    do_not_call.remove(gateway.parts, NUMBER, "anna", "back")
    erase.erase_person(gateway.parts, NUMBER, "anna", "asked")
    gateway.clock.forward(100 * 24 * 3600)
    erase.erase_old(gateway.parts)
    clean(log, "received", "decided", "claimed", "called", "operated", "do_not_call_added", "erased_person")


def test_a_mistake_of_ours_while_mapping(gateway, log):
    gateway.put("shop", SHOP)
    gateway.parts.sources = InForce(gateway.store, stumbling)
    gateway.parts.sources.refresh()
    lead = gateway.take(ARISTARCH)
    gateway.work()
    assert gateway.lead(lead).reason == "mapping_error"
    clean(log, "mapping_failed")
    assert "builtins.ValueError" in log.getvalue()
    assert "in read" in log.getvalue()  # the place is told all the same


def test_a_statement_that_the_database_refuses(gateway, log):
    leads = meta.tables["leads"]
    row = {"id": "1", "source": "s", "account": "a", "state": "held", "received_at": 1, "due_at": 1, "history_n": 1}
    try:
        with gateway.store.write() as tx:
            for _ in range(2):
                tx.execute(leads.insert(), {**row, "digest": "", "payload": json.dumps(ARISTARCH), "number": NUMBER})
    except Exception:
        gateway.parts.log.exception("step_failed")
    clean(log, "step_failed")
    assert "IntegrityError" in log.getvalue()


def test_what_a_program_asks_for_and_what_it_does_wrong(gateway, log):
    gateway.put("shop", SHOP)
    gateway.take(ARISTARCH)
    with redirect_stderr(log):
        app = create_app(read(SETTINGS, dotenv=None), gateway.parts)

    @app.get("/a-mistake")
    def mistake() -> str:
        raise KeyError(NUMBER)

    api = app.test_client()
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    for path, body in (
        ("/api/leads/search", {"number": NUMBER}),
        ("/api/leads/search", {"numbr": NUMBER}),
        ("/api/do-not-call", {"number": NUMBER, "why": "asked"}),
        ("/api/do-not-call", {"number": f"{NUMBER} {NAME}", "why": "asked"}),
        ("/api/sources/shop/try", {"request": f"POST /hooks/shop?token=secret-token-of-nobody\n\nphone={NUMBER}"}),
    ):
        assert api.post(path, json=body, headers=headers).status_code in (200, 409, 422)
    assert api.post("/hooks/shop?token=secret-token-of-nobody", json=ARISTARCH).status_code == 401
    assert api.get("/api/leads").status_code == 401
    assert api.get("/a-mistake").status_code == 500
    gateway.parts.ticker.end()
    clean(log, "received", "do_not_call_added", "bug")


def test_the_text_of_a_mistake_in_code_is_told(log):
    try:
        None.number  # noqa: B018
    except AttributeError:
        structlog.get_logger().exception("step_failed")
    assert "has no attribute 'number'" in log.getvalue()


def test_what_led_to_a_mistake_is_told_too(log):
    try:
        try:
            raise KeyError(NUMBER)
        except KeyError as why:
            raise ValueError(NAME) from why
    except ValueError:
        structlog.get_logger().exception("step_failed")
    assert "builtins.KeyError" in log.getvalue()
    assert "builtins.ValueError" in log.getvalue()
    clean(log)
