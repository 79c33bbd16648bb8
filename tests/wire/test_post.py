"""One POST, told exactly: every way a network can end it, on real sockets."""

import gzip
import socket
import threading
import time
import tracemalloc

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wire.clocks import CLOCKS
from wire.post import PLAIN_NAME, PLAIN_URL, PLAIN_VALUE, NoAnswer, NotSent, Post, _is_plain, _template

BODY = b'{"number": "79990000000"}'
REPLY = b'{"result": "ok"}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(REPLY), REPLY)


SOON_S = 60.0  # for what ends by a short time-out, on a busy machine; without it, it would take PATIENT_S or for ever
PATIENT_S = 120.0


def post(url, total=PATIENT_S, connect=PATIENT_S, **options):
    return Post(
        url,
        {"Authorization": "key"},
        connect_timeout_ms=int(connect * 1000),
        total_timeout_ms=int(total * 1000),
        **options,
    )


def send(url, **options):
    return post(url, **options).send(BODY, CLOCKS.start())


def seconds_of(call):
    began = time.monotonic()
    result = call()
    return result, time.monotonic() - began


# Not sent ---------------------------------------------------------------------------------------------


def test_a_refused_connection_is_not_sent(refused_port):
    assert send(f"http://127.0.0.1:{refused_port}/").how == "refused_connection"


def test_a_name_without_an_address_is_not_sent(monkeypatch):
    def unknown(host, port, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert send("http://voice.invalid/") == NotSent(
        "dns", "the address of the provider was not found: Name or service not known"
    )


def test_a_hanging_name_server_is_not_sent_and_ends_at_the_connect_timeout(monkeypatch):
    free = threading.Event()

    def hang(host, port, flags=0, **options):
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        free.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    ended, seconds = seconds_of(lambda: [send("http://slow.invalid/", connect=0.2).how for _ in range(3)])
    stuck = sum(thread.name == "lookup" for thread in threading.enumerate())
    free.set()
    assert ended == ["dns"] * 3
    assert 0.6 <= seconds < SOON_S
    assert stuck == 1, "callers of one dead name server share one stuck thread"


def test_a_connection_nobody_takes_is_not_sent(deaf_port):
    ended, seconds = seconds_of(lambda: send(f"http://127.0.0.1:{deaf_port}/", connect=0.3))
    assert ended.how == "connect_timeout"
    assert 0.3 <= seconds < SOON_S


def test_a_first_address_that_swallows_packets_leaves_time_for_the_second(monkeypatch, deaf_port, peer):
    good = peer(WHOLE)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (deaf_port, good.port)]

    def two(host, port, flags=0, **options):
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        return found

    monkeypatch.setattr(socket, "getaddrinfo", two)
    ended, seconds = seconds_of(lambda: send("http://two.invalid/", connect=1.6))
    assert ended.status == 200
    assert seconds < SOON_S


def test_a_bug_before_the_first_byte_raises_and_sends_nothing(peer):
    provider = peer(WHOLE)
    with pytest.raises(TypeError):
        post(provider.url).send(12345, CLOCKS.start())  # type: ignore[arg-type]
    assert provider.accepted == 0


@pytest.mark.parametrize("stage", ["half_sent", "sent", "answered"])
def test_a_bug_after_the_first_byte_is_told_as_no_proof(stage, peer):
    def fail(reached):
        if reached == stage:
            raise RuntimeError("a bug")

    assert isinstance(send(peer(WHOLE).url, trace=fail), NoAnswer)


# Sent, and no whole reply -----------------------------------------------------------------------------


def test_a_provider_that_hangs_ends_at_the_total_deadline(peer, hang):
    provider = peer(hang)
    ended, seconds = seconds_of(lambda: send(provider.url, total=0.4))
    assert ended == NoAnswer("no_answer")
    assert 0.4 <= seconds < SOON_S
    assert len(provider.requests) == 1


def drip(head):
    def script(connection):
        connection.sendall(head)
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    return script


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_a_drip_ends_at_the_total_deadline(head, peer):
    ended, seconds = seconds_of(lambda: send(peer(drip(head)).url, total=0.5))
    assert ended.how == "no_answer"
    assert 0.5 <= seconds < SOON_S


def test_a_reset_before_and_after_reading_is_sent_both_times(peer, reset_connection):
    after = send(peer(reset_connection).url)
    early = peer(lambda connection: (connection.recv(1), reset_connection(connection)), reads=False)
    assert (after.how, send(early.url).how) == ("reset", "reset")


def test_a_close_without_an_answer_is_sent(peer):
    assert send(peer(b"").url) == NoAnswer("closed")


@pytest.mark.parametrize(
    ("raw", "how", "status", "body"),
    [
        (b"garbage\r\n\r\n", "odd_reply", None, b"garbage\r\n\r\n"),
        (b"HTTP/1.1 20", "closed", None, b"HTTP/1.1 20"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closed", 200, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + REPLY, "closed", 200, REPLY),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" + REPLY, "closed", 200, b"10\r\n" + REPLY),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" + REPLY + b"\r\n",
            "closed",
            200,
            b"10\r\n" + REPLY + b"\r\n",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + REPLY, "odd_reply", 200, b"zz\r\n" + REPLY),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "odd_reply", 200, b"abcd"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "closed", 103, b""),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" + WHOLE[:-1], "closed", 200, REPLY[:-1]),
    ],
)
def test_a_cut_or_senseless_reply_is_no_answer_and_kept_as_evidence(raw, how, status, body, peer):
    assert send(peer(raw).url) == NoAnswer(how, status, body)


# Sent and answered ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "whole"),
    [
        (WHOLE, True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + WHOLE, True),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n%b\r\n8\r\n%b\r\n0\r\n\r\n"
            % (REPLY[:8], REPLY[8:]),
            True,
        ),
        (b"HTTP/1.0 200 OK\r\n\r\n" + REPLY, False),
    ],
)
def test_a_reply_that_came_to_its_end_is_sent(raw, whole, peer):
    ended = send(peer(raw).url)
    assert (ended.status, ended.body, ended.whole) == (200, REPLY, whole)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_the_reply_and_is_not_followed(status, peer):
    elsewhere = peer(WHOLE)
    head = f"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n"
    provider = peer(head.encode())
    assert send(provider.url).status == status
    assert (len(provider.requests), provider.accepted, elsewhere.accepted) == (1, 1, 0)


def test_503_with_retry_after_is_not_tried_again(peer):
    provider = peer(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")
    assert send(provider.url).status == 503
    assert provider.accepted == 1


def test_a_compressed_bomb_is_never_decompressed(peer):
    bomb = gzip.compress(bytes(20_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    provider = peer(head + bomb)
    tracemalloc.start()
    ended = send(provider.url)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ended.body == bomb[: len(ended.body)] != b""
    assert most < 2_000_000


@pytest.mark.parametrize("head", [b"", b"Content-Length: 99999999999999\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_of_an_endless_reply_64_kilobytes_are_read(head, peer):
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        while True:
            connection.sendall(b"fffffff0\r\n" + b"x" * 65536)

    tracemalloc.start()
    ended = send(peer(endless).url)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (ended.how, ended.status) == ("odd_reply", 200)
    assert 60_000 < len(ended.body) <= 65536
    assert most < 2_000_000


def test_endless_headers_are_bounded_too(peer):
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            connection.sendall(b"x" * 65536)

    assert send(peer(endless).url).how == "odd_reply"


def test_the_stages_are_told_in_order_and_half_means_half(peer):
    stages, halves = [], []
    provider = peer(lambda connection: (halves.append(connection.recv(65536)), go.set()), reads=False)
    go = threading.Event()

    def trace(stage):
        stages.append(stage)
        if stage == "half_sent":
            assert go.wait(SOON_S)

    send(provider.url, trace=trace)
    assert stages[:2] == ["connected", "half_sent"]
    whole = peer(WHOLE)
    stages.clear()
    send(whole.url, trace=stages.append)
    assert stages == ["connected", "half_sent", "sent", "answered"]
    assert abs(len(halves[0]) - len(whole.requests[0]) // 2) <= 1


def test_128_threads_post_at_once_and_each_once(peer):
    provider = peer(WHOLE)
    shared, ended = post(provider.url, total=20, connect=20), []
    threads = [threading.Thread(target=lambda: ended.append(shared.send(BODY, CLOCKS.start()))) for _ in range(128)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [e.status for e in ended] == [200] * 128
    assert (provider.accepted, len(provider.requests)) == (128, 128)


@pytest.mark.parametrize(
    "url",
    ["ftp://host/", "http:///path", "http://user:secret@host/", "http://host:99999/", "http://host/#x", "host/path"],
)
def test_an_address_that_cannot_be_is_refused_without_its_value(url):
    with pytest.raises(ValueError) as refused:
        post(url)
    assert "secret" not in str(refused.value)
    assert "99999" not in str(refused.value)


NAMES = st.from_regex(PLAIN_NAME, fullmatch=True)
VALUES = st.from_regex(PLAIN_VALUE, fullmatch=True)


@given(st.from_regex(PLAIN_URL, fullmatch=True), st.dictionaries(NAMES, VALUES, max_size=3))
def test_what_is_taken_for_plain_is_what_requests_takes_as_it_stands(url, headers):
    assume(len(url) < 2000 and _is_plain(url, headers))
    try:
        made = _template(url, headers)
    except ValueError as why:
        raise AssertionError(f"{url} {headers}") from why
    assert str(made.url).rstrip("/") == url.rstrip("/")
