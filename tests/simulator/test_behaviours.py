"""Every behaviour, seen from the other end of a socket."""

import gzip
import http.client
import json
import time
import zlib

import pytest

from simulator import odd_replies
from simulator.behaviours import BEHAVIOURS

TRIED_HERE = {
    "accept", "slow", "refuse", "refuse_number", "refuse_blacklisted", "refuse_400", "no_money", "wrong_key", "bad_key",
    "hang", "hang_in_body", "reset_before", "reset_after", "close", "drip", "drip_body", "garbage", "truncated",
    "chunk_cut", "chunked", "unframed", "interim", "redirect", "redirect_ok", "error_500",
    "error_500_after_accepting", "status_ok", "gzip_bomb", "gzipped", "endless", "endless_head",
}  # fmt: skip


def test_every_behaviour_is_tried_in_this_file():
    assert set(BEHAVIOURS) == TRIED_HERE | set(odd_replies.TABLE)


def test_every_behaviour_has_one_line_of_help():
    assert all(one.help and "\n" not in one.help and len(one.help) < 80 for one in BEHAVIOURS.values())


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("sim:refuse", "Скрипт с таким именем не найден"),
        ("sim:refuse:Закрыто", "Закрыто"),
        ("sim:refuse_number", "Неверный номер абонента"),
        ("sim:refuse_blacklisted", "Номер в чёрном списке"),
        ("sim:no_money", "Недостаточно средств на балансе"),
        ("sim:wrong_key", "Ошибка авторизации: неверный ключ API"),
        ("sim:hnag", "Симулятор: there is no behaviour 'hnag'; GET / and --help list them"),
    ],
)
def test_a_refusal_says_why(client, sim, script, text):
    reply = client.ring(script)
    assert (reply.status, reply.fields) == (200, {"result": "error", "error_code": text})
    assert [call.rung for call in sim.calls] == [False]


def test_a_refusal_may_stand_under_400(client):
    reply = client.ring("sim:refuse_400")
    assert (reply.status, reply.fields["result"]) == (400, "error")


@pytest.mark.parametrize(
    ("script", "status", "rung"),
    [
        ("sim:bad_key", 401, False),
        ("sim:error_500", 500, False),
        ("sim:error_500:429", 429, False),
        ("sim:error_500_after_accepting", 500, True),
        ("sim:error_500_after_accepting:502", 502, True),
    ],
)
def test_a_page_comes_where_json_was_expected(client, sim, script, status, rung):
    reply = client.ring(script)
    assert (reply.status, reply.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert [call.rung for call in sim.calls] == [rung]


@pytest.mark.parametrize(
    ("script", "status"), [("sim:status_ok", 500), ("sim:status_ok:502", 502), ("sim:redirect_ok:302", 302)]
)
def test_ok_under_a_status_that_denies_it(client, sim, script, status):
    reply = client.ring(script)
    assert (reply.status, reply.fields["result"]) == (status, "ok")
    assert sim.calls[0].rung


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_who_follows_a_redirect_is_seen_as_a_second_call(client, sim, status):
    reply = client.ring(f"sim:redirect:{status}")
    assert reply.status == status
    client.request("POST", reply.headers["location"], b"{}", Content_Type="application/json")
    assert len(sim.calls) == 2


def test_hang_says_nothing_and_rings(client, sim):
    with client.connect() as sock:
        sock.sendall(client.wire("sim:hang"))
        assert sim.wait(1)
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(1)
    assert [(call.behaviour, call.rung) for call in sim.calls] == [("hang", True)]


def test_hang_in_body_stops_in_the_middle(client):
    with client.connect() as sock:
        sock.sendall(client.wire("sim:hang_in_body"))
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_reset_before_cuts_without_reading_and_rings_nobody(client, sim):
    sim.behave("reset_before", times=1)
    head = client.wire().partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    with pytest.raises(ConnectionResetError):
        client.raw(head)
    assert client.ring().fields["result"] == "ok"
    assert (len(sim.calls), sim.unfinished) == (1, 1)


def test_reset_before_leaves_the_simulators_own_pages_alone(client, sim):
    sim.behave("reset_before")
    assert client.request("GET", "/calls/count").fields["count"] == 0


def test_reset_before_chosen_by_a_script_is_read_and_rings_nobody(client, sim):
    with pytest.raises(ConnectionResetError):
        client.raw(client.wire("sim:reset_before"))
    assert [call.rung for call in sim.calls] == [False]


def test_reset_after_rings(client, sim):
    with pytest.raises(ConnectionResetError):
        client.raw(client.wire("sim:reset_after"))
    assert [call.rung for call in sim.calls] == [True]


def test_close_ends_without_a_byte(client, sim):
    assert client.raw(client.wire("sim:close")) == b""
    assert [call.rung for call in sim.calls] == [True]


@pytest.mark.parametrize("script", ["sim:drip:2", "sim:drip_body:2"])
def test_drip_comes_byte_by_byte_and_whole(client, script):
    pieces = []
    with client.connect() as sock:
        sock.sendall(client.wire(script))
        while piece := sock.recv(4096):
            pieces.append(piece)
    assert json.loads(b"".join(pieces).partition(b"\r\n\r\n")[2])["result"] == "ok"
    assert len(pieces) > 20


def test_slow_answers_after_its_time(client):
    start = time.monotonic()
    assert client.ring("sim:slow:100").fields["result"] == "ok"
    assert time.monotonic() - start >= 0.1


def test_garbage_is_no_http(client):
    with pytest.raises(http.client.BadStatusLine):
        client.ring("sim:garbage")


@pytest.mark.parametrize("script", ["sim:truncated", "sim:chunk_cut"])
def test_a_cut_reply_is_seen_as_cut(client, sim, script):
    with pytest.raises(http.client.IncompleteRead):
        client.ring(script)
    assert sim.calls[0].rung


@pytest.mark.parametrize("script", ["sim:accept", "sim:chunked", "sim:unframed", "sim:interim", "Заявка"])
def test_ok_comes_in_every_framing(client, script):
    assert client.ring(script).fields["result"] == "ok"


def test_gzipped_comes_though_nobody_asked(client):
    reply = client.ring("sim:gzipped")
    assert reply.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(reply.body))["result"] == "ok"


def test_the_bomb_is_small_on_the_wire_and_200_mb_inflated(client):
    body = client.ring("sim:gzip_bomb").body
    assert len(body) < 500_000
    size, left = 0, body
    while left:
        member = zlib.decompressobj(31)
        size += len(member.decompress(left))
        left = member.unused_data
    assert size == 200 << 20


@pytest.mark.parametrize("script", ["sim:endless", "sim:endless_head"])
def test_endless_goes_on_past_any_cap_until_the_client_leaves(client, sim, script):
    with client.connect() as sock:
        sock.sendall(client.wire(script))
        size = 0
        while size < 4 << 20:
            size += len(sock.recv(1 << 20))
    deadline = time.monotonic() + 60
    while sim.connections:
        assert time.monotonic() < deadline, "a client that left must cost nothing more"


def odd(client, name: str) -> bytes:
    reply = client.ring(f"sim:{name}")
    assert reply.status == 200
    return reply.body


@pytest.mark.parametrize("name", odd_replies.STILL_YES)
def test_an_odd_yes_differs_from_the_example_and_still_says_ok(client, sim, name):
    usual, body = client.ring(), odd(client, name)
    assert body.replace(b"1235", b"1234") != usual.body
    assert json.loads(body.decode("utf-8-sig"))["result"].strip().lower() == "ok"
    assert sim.calls[1].rung


@pytest.mark.parametrize("name", odd_replies.STILL_NO)
def test_an_odd_no_rings_nobody(client, sim, name):
    assert json.loads(odd(client, name))["result"] == "error"
    assert not sim.calls[0].rung


EXACT = {
    "int_id": b'{"result": "ok", "id": 1234, "number": "79990000001", "price": "4.35"}',
    "comma_price": b'{"result": "ok", "id": "1234", "number": "79990000001", "price": "4,35"}',
    "number_price": b'{"result": "ok", "id": "1234", "number": "79990000001", "price": 4.35}',
    "other_number": b'{"result": "ok", "id": "1234", "number": "79990000002", "price": "4.35"}',
    "duplicate_keys": b'{"result": "error", "result": "ok", "id": "1234", "number": "79990000001", "price": "4.35"}',
    "no_result": b'{"id": "1234", "number": "79990000001", "price": "4.35"}',
    "other_result": b'{"result": "queued", "id": "1234", "number": "79990000001", "price": "4.35"}',
    "true_result": b'{"result": true, "id": "1234", "number": "79990000001", "price": "4.35"}',
    "list": b'[{"result": "ok", "id": "1234", "number": "79990000001", "price": "4.35"}]',
    "empty": b"",
    "bare_ok": b"OK",
    "json_string": b'"ok"',
}


@pytest.mark.parametrize("name", EXACT)
def test_an_odd_reply_is_byte_for_byte_what_it_says(client, name):
    assert odd(client, name) == EXACT[name]


@pytest.mark.parametrize("name", ["half_json", "two_objects", "bad_utf8", "utf16", "deep", "html_200"])
def test_a_reply_that_is_no_json_cannot_be_read(client, name):
    with pytest.raises((ValueError, RecursionError)):
        json.loads(odd(client, name).decode("utf-8"))


def test_the_last_odd_ones(client):
    assert b"NaN" in odd(client, "nan")
    assert len(odd(client, "long")) > 1_000_000
    assert client.ring("sim:html_typed").headers["content-type"].startswith("text/html")
