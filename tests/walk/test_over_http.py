"""The senders' own requests through the whole HTTP stack, route and all, to the call; and a sender nobody knew."""

import hashlib
import hmac
import json
import time

import pytest

from tests.http_request import read
from tests.walk.test_cis_senders import IN_QUERY, REQUESTS, secret_of, secrets, yaml_of

DIRECT = {name: said for name, said in REQUESTS.items() if said[1][0].isdigit()}

IMAGINARY = """
auth: {scheme: hmac, secret: env:SHOP_TOKEN, header: X-Kitchen-Signature, signed: [timestamp, ":", body],
       timestamp_header: X-Kitchen-Time, prefix: "sha256="}
split: [{each: guests, entity: guest}]
lead_when: "kind == 'booking'"
event_key: ref
mapping:
  number: {field: {path: [who, Телефон гостя]}, region: RU}
  script: Бронь
  person: {field: {path: [who, name]}}
policy: {hours: "00:00-24:00"}
"""


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.mark.parametrize("name", DIRECT)
def test_a_senders_request_rings_whom_it_names(gateway, client, name):
    preset, numbers = DIRECT[name]
    gateway.parts.secrets = secrets
    gateway.put(preset, yaml_of(preset))
    sent = read(name)
    token = f"token={secret_of(preset)}" if preset in [*IN_QUERY, "amocrm", "megaplan"] else ""
    query = "&".join(part for part in (sent.query, token) if part)
    headers = [(key, value) for key, value in sent.headers if key not in ("content-length", "host")]
    answer = client.open(
        f"/hooks/{preset}/{sent.rest}".rstrip("/"),
        method=sent.method,
        query_string=query,
        headers=headers,
        data=sent.body,
    )
    assert answer.status_code == 200, answer.text
    gateway.work()
    rung = [call.number for call in gateway.voice.asked]
    if preset == "roistat" or not rung:  # the fixture's own date is older than a lead may be
        rung = [gateway.lead(lead).number for lead in gateway.lead_ids()]
    assert rung == numbers


def test_a_sender_of_a_known_shape_needs_one_yaml_and_no_python(gateway, client):
    gateway.put("kitchen", IMAGINARY)
    guests = [
        {"kind": "booking", "ref": "a", "who": {"Телефон гостя": "8 999 000 00 31", "name": "Ольга"}},
        {"kind": "review", "ref": "b", "who": {"Телефон гостя": "8 999 000 00 32"}},
    ]
    body = json.dumps({"restaurant": 7, "guests": guests}, ensure_ascii=False).encode()

    def post(secret, at):
        signature = hmac.new(secret, f"{at}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {"X-Kitchen-Signature": f"sha256={signature}", "X-Kitchen-Time": str(at)}
        return client.post("/hooks/kitchen", data=body, headers=headers, content_type="text/plain")

    now = int(time.time())
    assert post(b"wrong", now).status_code == 401
    assert [lead["duplicate"] for lead in post(b"test-token", now).json["leads"]] == [False, False]
    assert [lead["duplicate"] for lead in post(b"test-token", now).json["leads"]] == [True, True]
    gateway.work()
    assert [(call.number, call.script) for call in gateway.voice.asked] == [("79990000031", "Бронь")]
