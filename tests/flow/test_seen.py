"""Signed bytes that come again, on both databases: whoever saw a request can send it for ever."""

import base64
import hashlib
import hmac
import json

import pytest

from core.durations import DAY_MS
from core.reading.delivery import Delivery
from flow import erase, intake

SIGNED = """
auth: {scheme: hmac, secret: env:SHOP_TOKEN, header: X-Sig}
event_key: id
repeat_window: 1h
mapping: {number: {field: phone, region: RU}, script: Заявка}
policy: {once_per_number: "0", hours: "00:00-24:00"}
"""
KEY = b"test-token"
IVAN = {"id": "1", "phone": "+7 999 000-00-01"}


def signed(body, key=KEY):
    return hmac.new(key, body, "sha256")


def post(gateway, source, body, *headers, query=""):
    url = f"https://gateway.test/hooks/{source}" + (f"?{query}" if query else "")
    request = Delivery("POST", tuple((name.lower(), value) for name, value in headers), query, "", body, url)
    answer = intake.take(gateway.parts, source, request, gateway.clock.ms())
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["leads"]


def plain(gateway, value=IVAN, query=""):
    body = json.dumps(value).encode()
    (lead,) = post(gateway, "signed", body, ("X-Sig", signed(body).hexdigest()), query=query)
    return lead


@pytest.fixture
def shop(gateway):
    gateway.put("signed", SIGNED)
    return gateway


def test_the_same_signed_bytes_after_their_window_wait_for_a_person(shop):
    first = plain(shop)
    assert plain(shop)["duplicate"]
    shop.clock.forward(2 * 3600)
    again = plain(shop)
    assert (again["state"], again["duplicate"]) == ("held", False)
    reason = json.loads(shop.lead(again["id"]).reasons)[0]
    assert reason == {"code": "signature_seen", "params": {"no": shop.lead(first["id"]).no}}
    assert plain(shop) == {**again, "duplicate": True}
    shop.work()
    assert [call.number for call in shop.voice.asked] == ["79990000001"]


def test_other_signed_bytes_under_the_same_id_after_the_window_are_a_new_event(shop):
    plain(shop)
    shop.clock.forward(2 * 3600)
    assert plain(shop, {**IVAN, "at": "later"})["state"] == "received"


def test_bytes_are_known_under_another_key_of_a_new_version(shop):
    plain(shop)
    shop.put("signed", SIGNED.replace("event_key: id", "event_key: phone"))
    assert plain(shop)["state"] == "held"


def test_old_bytes_correct_nothing(shop):
    plain(shop, {**IVAN, "name": "Old"})
    lead = plain(shop, {**IVAN, "name": "New"})
    plain(shop, {**IVAN, "name": "Old"})
    assert json.loads(shop.lead(lead["id"]).payload)["name"] == "New"


def test_a_signature_on_the_list_of_the_erased_is_still_known(shop):
    plain(shop)
    shop.work()
    shop.clock.forward(100 * DAY_MS / 1000)
    erase.erase_old(shop.parts)
    assert plain(shop)["state"] == "held"


def test_a_request_with_a_token_may_come_again_after_its_window(gateway):
    gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    gateway.clock.forward(31 * 86400)
    assert gateway.lead(gateway.take({"id": "1", "phone": "+7 999 000-00-01"})).state == "received"


def test_hubspots_v3_taken_off_makes_no_second_lead(gateway):
    gateway.put("hub", "preset: hubspot\nauth: {secret: env:SHOP_TOKEN}\nmapping: {script: Заявка}\n")
    body = b'{"vid":7,"phone":"+7 999 000-00-01"}'
    stamp = str(int(gateway.clock() * 1000))
    message = b"POSThttps://gateway.test/hooks/hub" + body + stamp.encode()
    bare = ("X-HubSpot-Signature", hashlib.sha256(KEY + body).hexdigest())
    (first,) = post(
        gateway,
        "hub",
        body,
        bare,
        ("X-HubSpot-Signature-v3", base64.b64encode(signed(message).digest()).decode()),
        ("X-HubSpot-Request-Timestamp", stamp),
    )
    assert first["state"] == "received"
    assert post(gateway, "hub", body, bare)[0]["duplicate"]
    gateway.clock.forward(4 * 86400)
    (again,) = post(gateway, "hub", body, bare)
    assert gateway.lead(again["id"]).reason == "signature_seen"


SHOPIFY = "preset: shopify\nauth: {secret: env:SHOP_TOKEN}\nmapping: {script: Заявка}\n"
ORDER = {"id": 7, "created_at": "2026-11-25T09:00:00Z", "phone": "+7 999 000-00-01"}


def shopify(gateway, order, *topic):
    body = json.dumps(order).encode()
    sign = base64.b64encode(signed(body).digest()).decode()
    (lead,) = post(gateway, "shopify", body, ("X-Shopify-Hmac-Sha256", sign), *(("X-Shopify-Topic", t) for t in topic))
    return lead


def test_an_update_sent_again_as_a_creation_waits_for_a_person(gateway):
    gateway.put("shopify", SHOPIFY)
    shopify(gateway, ORDER, "orders/updated")
    gateway.work()
    forged = shopify(gateway, ORDER, "orders/create")
    assert (forged["state"], forged["duplicate"]) == ("held", False)
    assert gateway.lead(forged["id"]).reason == "signature_seen"
    assert shopify(gateway, ORDER, "orders/create")["duplicate"]
    gateway.work()
    assert gateway.voice.asked == []


def test_a_creation_that_comes_after_its_update_rings(gateway):
    gateway.put("shopify", SHOPIFY)
    shopify(gateway, {**ORDER, "updated_at": "later"}, "orders/updated")
    gateway.work()
    shopify(gateway, ORDER, "orders/create")
    gateway.work()
    assert [call.number for call in gateway.voice.asked] == ["79990000001"]


def test_no_topic_no_lead(gateway):
    gateway.put("shopify", SHOPIFY)
    lead = shopify(gateway, ORDER)
    gateway.work()
    assert gateway.lead(lead["id"]).state == "suppressed"


def test_a_number_beside_the_signed_bytes_is_said_and_rings_nobody(shop):
    lead = plain(shop, {"id": "2"}, query="phone=%2B79990000099")
    shop.work()
    held = shop.lead(lead["id"])
    assert [reason["code"] for reason in json.loads(held.reasons)] == ["no_number", "number_unsigned"]
    assert shop.voice.asked == []
