"""The handler itself: who may ask, what must stand in the request, what comes back."""

import json

import pytest

from simulator.price import segments
from simulator.server import Simulator

ASKED = {"number": "79990000001", "script": "Заявка с сайта"}


def test_the_reply_has_the_shape_of_the_description(client):
    reply = client.ring()
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.fields == {"result": "ok", "id": "1234", "number": "79990000001", "price": "4.35"}


def test_ids_count_up_and_a_refused_call_takes_none(client):
    ids = [client.ring().fields["id"], client.ring("sim:refuse").fields.get("id"), client.ring().fields["id"]]
    assert ids == ["1234", None, "1235"]


@pytest.mark.parametrize(
    ("headers", "security", "kind"),
    [
        ({"Authorization": "k"}, None, "header"),
        ({}, {"apiKey": "k"}, "apiKey"),
        ({}, {"login": "me", "password": "secret"}, "login"),
    ],
)
def test_each_of_the_three_ways_opens_the_door(client_of, headers, security, kind):
    with Simulator(key="k", login="me", password="secret") as sim:
        fields = ASKED if security is None else ASKED | {"security": security}
        assert client_of(sim).post(fields, **headers).fields["result"] == "ok"
        assert [(call.auth, call.rung) for call in sim.calls] == [(kind, True)]


@pytest.mark.parametrize(
    ("headers", "security"),
    [
        ({}, None),
        ({"Authorization": "other"}, None),
        ({"Authorization": "Bearer k"}, None),
        ({"Authorization": ""}, None),
        ({"Authorization": "other"}, {"apiKey": "k"}),
        ({}, {"apiKey": "other"}),
        ({}, {"apiKey": 1}),
        ({}, {"login": "me", "password": "wrong"}),
        ({}, {"login": "me"}),
        ({}, {}),
        ({}, "k"),
    ],
)
def test_wrong_or_missing_credentials_are_refused_in_russian(client_of, headers, security):
    with Simulator(key="k", login="me", password="secret") as sim:
        fields = ASKED if security is None else ASKED | {"security": security}
        reply = client_of(sim).post(fields, **headers).fields
        assert reply["result"] == "error"
        assert reply["error_code"].startswith("Ошибка авторизации")
        assert [call.rung for call in sim.calls] == [False]


def test_a_login_opens_nothing_where_only_a_key_is_known(client, sim):
    reply = client.post(ASKED | {"security": {"login": "me", "password": "x"}})
    assert reply.fields["result"] == "error"


@pytest.mark.parametrize(("key", "result"), [("anything", "ok"), ("Bearer anything", "error")])
def test_without_a_key_of_its_own_it_takes_any_bare_key(client_of, key, result):
    with Simulator() as sim:
        assert client_of(sim).post(ASKED, Authorization=key).fields["result"] == result


def test_without_a_key_of_its_own_it_still_wants_one(client_of):
    with Simulator() as sim:
        assert client_of(sim).post(ASKED).fields["result"] == "error"


@pytest.mark.parametrize(
    "changes",
    [
        {"number": None},
        {"number": 79990000001},
        {"number": "+79990000001"},
        {"number": "7999 000"},
        {"number": "٧٩٩٩٠٠٠٠٠٠١"},
        {"number": ""},
        {"script": None},
        {"script": " "},
        {"script": 5},
        {"sms": None},
        {"sms": ""},
        {"sms": 5},
        {"text": "unknown field"},
    ],
)
def test_a_field_that_breaks_the_description_is_refused(client, sim, changes):
    reply = client.post(ASKED | changes, Authorization="k")
    assert (reply.status, reply.fields["result"]) == (200, "error")
    assert [(call.behaviour, call.rung) for call in sim.calls] == [("wrong_request", False)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"ok"',
        b"{",
        "{}".encode("utf-16"),
        b"[" * 100_000,
        b'{"number": "79990000001", "number": "79990000002", "script": "x"}',
    ],
)
def test_a_body_that_is_no_json_object_is_refused(client, sim, body):
    reply = client.raw(
        b"POST /api/lido/send/ HTTP/1.1\r\nAuthorization: k\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    assert json.loads(reply.partition(b"\r\n\r\n")[2])["result"] == "error"
    assert not any(call.rung for call in sim.calls)


def test_another_content_type_is_refused(client):
    reply = client.post(ASKED, Authorization="k", Content_Type="text/plain")
    assert reply.fields["error_code"] == "Ожидается Content-Type: application/json"


def test_only_the_scripts_of_the_panel_exist_once_they_are_named(client_of):
    with Simulator(key="k", scripts=["Заявка"]) as sim:
        client = client_of(sim)
        assert client.ring("Заявка").fields["result"] == "ok"
        assert client.ring("заявка").fields["result"] == "error"
        assert client.ring("sim:accept").fields["result"] == "ok"


def test_a_wrong_request_is_refused_whatever_is_set(client, sim):
    sim.behave("accept")
    sim.behave("int_id", times=1)
    assert client.ring(number="12").fields["result"] == "error"
    assert isinstance(client.ring().fields["id"], int), "the wrong request must not have used the behaviour up"


@pytest.mark.parametrize(
    ("sms", "price"),
    [("Спасибо", "7.45"), ("я" * 70, "7.45"), ("я" * 71, "10.55"), ("a" * 160, "7.45"), ("a" * 161, "10.55")],
)
def test_the_price_rises_with_the_segments_of_the_sms(client, sms, price):
    assert client.ring(sms=sms).fields["price"] == price


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("€" * 80, 1), ("€" * 81, 2), ("😀" * 35, 1), ("😀" * 36, 2), ("я" * 134, 2), ("я" * 135, 3)],
)
def test_segments_are_counted_as_networks_count_them(text, count):
    assert segments(text) == count


@pytest.mark.parametrize("path", ["/api/lido/send", "/api/lido/send//", "/other", "/API/lido/send/"])
def test_other_paths_are_not_found(client, sim, path):
    assert client.request("POST", path, b"{}", Authorization="k").status == 404
    assert sim.calls == ()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_not_allowed(client, sim, method):
    reply = client.request(method, "/api/lido/send/", b"{}")
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert sim.calls == ()
