"""What the twin makes of bytes: pieces, chunks, keep-alive, nonsense, too much."""

import json
import time

import pytest

from simulator.http_request import MAX_BODY, Malformed, take_body, take_head


def chunked_post(client) -> bytes:
    head, _, body = client.wire().partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    chunks = b"7;note=x\r\n%s\r\n%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (body[:7], len(body) - 7, body[7:])
    return b"\r\n".join([*lines, b"Transfer-Encoding: chunked"]) + b"\r\n\r\n" + chunks


@pytest.mark.parametrize("framed", ["length", "chunks"])
def test_a_request_cut_anywhere_is_not_read_and_one_byte_at_a_time_is(client, framed):
    sent = client.wire() if framed == "length" else chunked_post(client)
    buffer, head, body = bytearray(), None, None
    for n, byte in enumerate(sent, 1):
        buffer.append(byte)
        head = head or take_head(buffer)
        body = take_body(buffer, head) if head else None
        assert (body is not None) == (n == len(sent))
    assert json.loads(body)["script"] == "Заявка"
    assert not buffer


def test_a_chunked_post_rings(client, sim):
    assert b'"ok"' in client.raw(chunked_post(client))
    assert sim.calls[0].rung


def test_a_post_cut_short_is_no_call_but_is_counted(client, sim):
    with client.connect() as sock:
        sock.sendall(client.wire()[:-5])
    deadline = time.monotonic() + 60
    while client.request("GET", "/calls/count").fields != {"count": 0, "rung": 0, "unfinished": 1}:
        assert time.monotonic() < deadline
    assert sim.unfinished == 1


def test_one_connection_carries_requests_one_after_the_other(client, sim):
    keep = client.wire().replace(b"Connection: close\r\n", b"")
    replies = client.raw(keep + keep + client.wire())
    assert replies.count(b"HTTP/1.1 200") == 3
    assert [call.n for call in sim.calls] == [1, 2, 3]


def test_requests_behind_a_slow_one_wait_their_turn(client, sim):
    slow = client.wire("sim:slow:20").replace(b"Connection: close\r\n", b"")
    replies = client.raw(slow + client.wire("sim:refuse"))
    assert replies.index(b'"ok"') < replies.index(b'"error"')


def test_a_client_that_asks_first_is_told_to_go_on(client):
    head, _, body = client.wire().partition(b"\r\n\r\n")
    with client.connect() as sock:
        sock.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert b'"ok"' in sock.recv(4096)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\r\n\r\n", 400),
        (b"POST /api/lido/send/ HTTP/1.1\r\nbroken\r\n\r\n", 400),
        (b"POST /api/lido/send/ HTTP/1.1\r\n\r\n", 411),
        (b"POST /api/lido/send/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /api/lido/send/ HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1), 413),
        (b"POST /api/lido/send/ HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /api/lido/send/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /api/lido/send/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n", 400),
        (b"POST /api/lido/send/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000, 431),
    ],
)
def test_nonsense_is_answered_and_the_connection_closed(client, sim, sent, status):
    assert client.raw(sent).startswith(b"HTTP/1.1 %d " % status)
    assert sim.calls == ()


def test_a_long_head_is_refused_before_it_ends():
    with pytest.raises(Malformed):
        take_head(bytearray(b"x" * 20_000))


def test_two_hundred_connections_are_held_while_others_are_served(client, sim):
    sim.behave("hang", times=200)
    silent = [client.connect() for _ in range(200)]
    try:
        for sock in silent:
            sock.sendall(client.wire())
        assert sim.wait(200)
        assert sim.connections == 200
        assert client.ring().fields["result"] == "ok"
    finally:
        for sock in silent:
            sock.close()


def test_two_hundred_at_once_are_all_answered_with_different_ids(client, sim):
    waiting = [client.connect() for _ in range(200)]
    for sock in waiting:
        sock.sendall(client.wire())
    ids = set()
    for sock in waiting:
        with sock:
            ids.add(json.loads(sock.recv(4096).partition(b"\r\n\r\n")[2])["id"])
    assert len(ids) == 200
    assert len(sim.calls) == 200
