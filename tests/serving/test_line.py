"""A line gives the same requests however its bytes are cut, and they are those of gunicorn's own reading."""

import socket

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from serving.line import LARGE, Gone, Line
from serving.loop import Settings
from tests.serving.said import CLIENT, SAID, by_gunicorn, config, post, told


def by_us(pieces):
    """What a line makes of these pieces, when it then ends; each request is read whole as soon as it is ready."""
    ours, theirs = socket.socketpair()
    line, said = Line(Settings(config()), ours, CLIENT, ("127.0.0.1", 80)), []
    with ours, theirs:
        for piece in [*pieces, None]:
            if piece is None:
                theirs.shutdown(socket.SHUT_WR)
            else:
                theirs.sendall(piece)
            if line.request is None and line.failure is None:  # else it is at its end already
                try:
                    ready = line.receive()
                except Gone:
                    return said
            else:
                ready = line.receive() or line.is_ready()
            while ready:
                if line.failure:
                    return [*said, type(line.failure).__name__]
                try:
                    body = line.request.body.read()
                except Exception as why:
                    return [*said, told(line.request, type(why).__name__)]
                said.append(told(line.request, body))
                if line.request.should_close() or not line.next():
                    return said
                ready = line.is_ready()
    return said


def cut(data, at):
    at = sorted({n % (len(data) + 1) for n in at})
    return [piece for piece in (data[a:b] for a, b in zip([0, *at], [*at, len(data)], strict=True)) if piece]


@pytest.mark.parametrize("data", SAID.values(), ids=SAID)
def test_whole_or_byte_by_byte_it_is_what_gunicorn_reads(data):
    said = by_gunicorn(data)
    assert by_us([data]) == said
    if len(data) < 1000:
        assert by_us([data[n : n + 1] for n in range(len(data))]) == said


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(SAID.values())), st.lists(st.integers(0, 20_000), max_size=8))
def test_cut_anywhere_it_is_the_same(data, at):
    assert by_us(cut(data, at)) == by_gunicorn(data)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(SAID.values())),
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 2), st.binary(max_size=3)), min_size=1, max_size=3),
    st.lists(st.integers(0, 500), max_size=5),
)
@example(SAID["chunks"], [(60, 2, b"")], [])
def test_whatever_is_changed_in_it_too(data, changes, at):
    for place, less, more in changes:
        place %= len(data) + 1
        data = data[:place] + more + data[place + less :]
    assert by_us(cut(data, at)) == by_gunicorn(data)


@pytest.mark.parametrize("data", [data for data in SAID.values() if len(data) < 400], ids=str)
def test_a_line_that_ends_at_any_byte_says_no_more_than_gunicorn_hears(data):
    for n in range(len(data)):
        assert by_us([data[:n]]) == by_gunicorn(data[:n])


def test_a_large_body_is_for_a_thread_as_soon_as_its_head_has_come():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = Line(Settings(config()), ours, CLIENT, ("127.0.0.1", 80))
        theirs.sendall(post("/a", f"Content-Length: {LARGE + 1}", body=b"x" * 10))
        assert line.receive()
        assert not line.is_whole()
        theirs.sendall(b"y" * 100)
        theirs.close()
        assert line.request.body.read() == b"x" * 10 + b"y" * 100
        assert line.ended


def test_chunks_without_end_are_for_a_thread_as_well():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = Line(Settings(config()), ours, CLIENT, ("127.0.0.1", 80))
        theirs.sendall(post("/a", "Transfer-Encoding: chunked"))
        while not line.receive():
            theirs.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        assert LARGE < line.held() < LARGE + 0x10000


def test_the_sender_is_told_to_go_on_only_when_somebody_waits_for_the_rest():
    for body, expected in ((b"", b"HTTP/1.1 100 Continue\r\n\r\n"), (b"hello", b"")):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            line = Line(Settings(config()), ours, CLIENT, ("127.0.0.1", 80))
            theirs.sendall(post("/a", "Expect: 100-continue", "Content-Length: 5", body=body))
            assert line.receive() == bool(body)
            ours.shutdown(socket.SHUT_WR)
            assert theirs.recv(100) == expected
