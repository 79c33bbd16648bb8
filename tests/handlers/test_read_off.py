"""The rest of a refused body is read off, but neither for ever nor without measure."""

import socket
import threading

import pytest

from handlers.read_off import PIECE, read_off


@pytest.fixture
def line():
    """Our end of a connection, and the sender's."""
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_all_that_comes_is_read_until_the_sender_ends(line):
    ours, theirs = line
    with ours.makefile("rb") as body:
        sending = threading.Thread(target=lambda: (theirs.sendall(b"x" * 500_000), theirs.close()))
        sending.start()
        assert read_off(body, ours) == 500_000
        sending.join()


class Endless:
    """A body that never ends."""

    def read(self, size):
        return b"x" * size


def test_no_more_is_read_than_the_bound(line):
    assert 200_000 <= read_off(Endless(), line[0], most_bytes=200_000) < 200_000 + PIECE


def test_a_silent_sender_is_given_up(line):
    ours, theirs = line
    theirs.sendall(b"x" * 10)
    with ours.makefile("rb") as body:
        assert read_off(body, ours, most_s=0.1) == 10  # returns at all: the sender says nothing more


def test_a_sender_that_drips_is_given_up_too(line):
    ours, theirs = line
    ended = threading.Event()

    def drip():
        while not ended.wait(0.01):
            try:
                theirs.sendall(b"x")
            except OSError:
                return

    dripping = threading.Thread(target=drip)
    dripping.start()
    with ours.makefile("rb") as body:
        assert read_off(body, ours, most_s=0.3) < PIECE
    ended.set()
    dripping.join()
