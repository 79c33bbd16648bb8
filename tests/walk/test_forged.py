"""What a stranger who saw one signed request makes of it, on a running gateway over real sockets: it never rings."""

import base64
import hashlib
import hmac
import json
import urllib.request
from urllib.parse import quote, urlencode

import pytest

from tests import databases
from tests.walk.longer import continued
from tests.walk.processes import Running, until

KEY = "a-secret-that-no-stranger-knows!"
THEIRS = "79990000099"  # whom the stranger wants to be rung
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SOURCES = {
    **{name: f"preset: {name}\n" for name in ("hubspot", "mango", "botpad", "shopify", "wpforms")},
    "crm": "auth: {scheme: hmac, header: X-Sig}\nevent_key: id\nmapping: {number: {field: phone, region: RU}}\n",
}


def keyed(text: bytes) -> bytes:
    return hmac.new(KEY.encode(), text, "sha256").digest()


class Sender:
    """One sender's true request, and what a stranger does to it."""

    def __init__(self, source, body, headers, content_type=JSON):
        self.source, self.body, self.headers, self.content_type = source, body, headers, content_type

    def post(self, running, *, query="", body=None, content_type=None, **headers):
        said = {**self.headers, "Content-Type": content_type or self.content_type}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"{running.url}/hooks/{self.source}" + (f"?{query}" if query else "")
        asked = urllib.request.Request(address, self.body if body is None else body, said, method="POST")
        return running.ask(asked)


def hubspot():
    body = b'{"vid":7001,"properties":{"phone":{"value":"+7 999 000-00-11"}}}'
    return Sender("hubspot", body, {"X-HubSpot-Signature": hashlib.sha256(KEY.encode() + body).hexdigest()})


def mango():
    text = json.dumps({"entry_id": "e1", "call_direction": 1, "from": {"number": "79990000012"}}).encode()
    sign = hashlib.sha256(b"api-key" + text + KEY.encode()).hexdigest()
    return Sender("mango", urlencode({"vpbx_api_key": "api-key", "sign": sign, "json": text}).encode(), {}, FORM)


def botpad():
    text = json.dumps({"id": 5, "name": "Ivan", "phone": "79990000013"}).encode()
    sign = hashlib.md5(text + KEY.encode(), usedforsecurity=False).hexdigest()
    return Sender("botpad", urlencode({"secret": sign, "json": text}).encode(), {}, FORM)


def shopify():
    body = b'{"id":8,"created_at":"2026-01-01T00:00:00Z","phone":null}'
    headers = {"X-Shopify-Hmac-Sha256": base64.b64encode(keyed(body)).decode(), "X-Shopify-Topic": "orders/create"}
    return Sender("shopify", body, headers)


def wpforms(running):
    stamp = str(int(running.now()))
    body = b'{"name":"Ivan","entry_id":"77"}'
    sign = hmac.new(KEY.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
    return Sender("wpforms", body, {"X-WPForms-Webhook-Signature": f"t={stamp},v={sign}"})


def crm(body=b'{"id":"5","note":"no phone"}'):
    return Sender("crm", body, {"X-Sig": keyed(body).hex()})


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    import time

    folder = tmp_path_factory.mktemp("forged")
    gateway = Running(folder, databases.new_file(folder))
    gateway.now = time.time
    (folder / "secrets.env").write_text(f"KEY={KEY}\n")
    (folder / "secrets.env").chmod(0o600)
    for name, text in SOURCES.items():
        auth = "" if "auth:" in text else "auth: {secret: env:KEY}\n"
        text = text.replace("scheme: hmac", "scheme: hmac, secret: env:KEY")
        script = "" if "mapping:" in text else "mapping: {script: Заявка}\n"
        text = text.replace("region: RU}}", "region: RU}, script: Заявка}")
        (gateway.sources / f"{name}.yaml").write_text(text + auth + script)
    with gateway:
        until(lambda: all(gateway.get(f"/hooks/{name}")[0] == 401 for name in SOURCES))
        yield gateway


def rung(running) -> set[str]:
    return {str(call["number"]) for call in running.rung()}


def settled(running) -> None:
    """Until no lead is on its way any more."""

    def nothing_waits() -> bool:
        asked = urllib.request.Request(running.url + "/api/leads?limit=200")
        asked.add_header("Authorization", f"Bearer {running.environ['API_TOKEN']}")
        states = {lead["state"] for lead in json.loads(running.ask(asked)[1])["leads"]}
        return not states & {"received", "ready", "calling"}

    until(nothing_waits)


def test_the_true_requests_ring_those_they_name(running):
    for sender in (hubspot(), mango(), botpad()):
        assert sender.post(running)[0] == 200
    settled(running)
    assert {"79990000011", "79990000012", "79990000013"} <= rung(running)


def test_a_longer_body_under_hubspots_plain_digest_is_refused(running):
    true = hubspot()
    form = (
        f'\r\n--B\r\nContent-Disposition: form-data; name="phone"\r\n\r\n+{THEIRS}\r\n'
        '--B\r\nContent-Disposition: form-data; name="vid"\r\n\r\nnew\r\n--B--\r\n'
    ).encode()
    digest = bytes.fromhex(true.headers["X-HubSpot-Signature"])
    behind, longer = continued(digest, len(KEY) + len(true.body), form)
    assert longer == hashlib.sha256(KEY.encode() + true.body + behind).digest()  # the attack itself works
    for content_type in ("multipart/form-data; boundary=B", JSON, FORM):
        said = {"X_HubSpot_Signature": longer.hex(), "content_type": content_type}
        assert true.post(running, body=true.body + behind, **said)[0] == 401


@pytest.mark.parametrize("make", [mango, botpad])
def test_a_field_beside_the_signed_text_does_not_shadow_it(running, make):
    true = make()
    for shadow in (
        {"json[phone]": THEIRS},
        {"json[from][number]": THEIRS, "json[entry_id]": "e9", "json[call_direction]": "1"},
        {"json[]": json.dumps({"phone": THEIRS})},
        {"phone": THEIRS, "entry_id": "e9"},
    ):
        more = urlencode(shadow).encode()
        for body in (true.body + b"&" + more, more + b"&" + true.body):
            assert true.post(running, body=body)[0] == 200
        true.post(running, query=more.decode())
    settled(running)
    assert THEIRS not in rung(running)


def test_two_signed_texts_are_none(running):
    for make in (mango, botpad):
        second = urlencode({"json": json.dumps({"phone": THEIRS, "entry_id": "e7"})}).encode()
        assert make().post(running, body=make().body + b"&" + second)[0] == 401


def test_neither_query_nor_headers_become_phone_or_key(running):
    query = f"phone={quote('+' + THEIRS)}&id=other&entry_id=99"
    for n, sender in enumerate((shopify(), wpforms(running), crm())):
        for _ in range(2):
            asked = {"X_Shopify_Event_Id": f"new-{n}", "X_Shopify_Webhook_Id": f"new-{n}", "query": query}
            assert sender.post(running, **asked)[0] == 200
    settled(running)
    assert THEIRS not in rung(running)


def test_a_topic_makes_no_second_lead_of_one_signed_body(running):
    body = b'{"id":9,"created_at":"2030-01-01T00:00:00Z","phone":"+7 999 000-00-14"}'
    sender = Sender("shopify", body, {"X-Shopify-Hmac-Sha256": base64.b64encode(keyed(body)).decode()})
    for event in ("a", "b", "c"):
        for topic in ("orders/create", "customers/create"):
            assert sender.post(running, X_Shopify_Topic=topic, X_Shopify_Event_Id=event)[0] == 200
    settled(running)
    assert [str(call["number"]) for call in running.rung()].count("79990000014") == 1


def test_an_empty_signed_body_has_no_lead_in_its_query(running):
    assert crm(b"").post(running, query=f"phone={THEIRS}&id=1") == (200, "this address works")


def test_another_content_type_reads_nothing_else_out_of_signed_bytes(running):
    body = f'{{"id":"6","note":"x&phone={THEIRS}&y="}}'.encode()
    sender = crm(body)
    for content_type in (FORM, "multipart/form-data; boundary=note", "text/xml", f"{JSON}; charset=utf-16"):
        assert sender.post(running, content_type=content_type)[0] == 200
    settled(running)
    assert THEIRS not in rung(running)
