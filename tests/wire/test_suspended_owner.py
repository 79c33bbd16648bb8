"""An owner that was frozen, or whose clock was set: nothing leaves late, and proof that came is still read."""

import threading
import time

import pytest

from core.ports import Start
from wire.clocks import CLOCKS, Clocks
from wire.post import NoAnswer, Post, Sent

BODY = b"{}"
REPLY = b'{"result": "ok"}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(REPLY), REPLY)


def post(url, total=120.0, **options):
    return Post(url, {}, connect_timeout_ms=120_000, total_timeout_ms=int(total * 1000), **options)


class Sleeper:
    """Clocks of an owner that is suspended, or whose wall clock is set, when told so."""

    def __init__(self):
        self.slept = self.set_forward = 0.0
        self.clocks = Clocks(lambda: CLOCKS.boot() + self.slept, lambda: CLOCKS.wall() + self.slept + self.set_forward)


@pytest.mark.parametrize("clock", ["slept", "set_forward"])
def test_an_owner_suspended_before_its_first_byte_sends_nothing(clock, peer):
    sleeper, came = Sleeper(), []
    provider = peer(lambda connection: came.append(connection.recv(10)), reads=False)

    def suspend(stage):
        assert stage == "connected"
        setattr(sleeper, clock, 3600.0)

    ended = post(provider.url, clocks=sleeper.clocks, trace=suspend).send(BODY, sleeper.clocks.start())
    assert ended.how == "late"
    assert provider.done.acquire(timeout=60)
    assert came == [b""]


def test_an_owner_whose_time_is_over_does_not_even_dial(peer):
    provider = peer(WHOLE)
    now = CLOCKS.start()
    assert post(provider.url).send(BODY, Start(now.boot - 3600, now.wall - 3600)).how == "late"
    assert provider.accepted == 0


def test_an_owner_past_its_deadline_reads_what_has_already_come(peer):
    sleeper, answered = Sleeper(), threading.Event()
    provider = peer(lambda connection: (connection.sendall(WHOLE), answered.set()))

    def freeze(stage):
        if stage == "sent":
            assert answered.wait(60)
            sleeper.slept = 3600.0

    late = post(provider.url, clocks=sleeper.clocks, trace=freeze).send(BODY, sleeper.clocks.start())
    assert isinstance(late, Sent)
    assert late.body == REPLY


def test_an_owner_past_its_deadline_does_not_wait(peer, hang):
    sleeper = Sleeper()

    def freeze(stage):
        if stage == "sent":
            sleeper.slept = 3600.0

    late = post(peer(hang).url, total=120, clocks=sleeper.clocks, trace=freeze)
    began = time.monotonic()
    assert late.send(BODY, sleeper.clocks.start()) == NoAnswer("no_answer")
    assert time.monotonic() - began < 60


def test_a_jump_of_the_wall_clock_does_not_cut_the_wait_for_the_answer(peer):
    sleeper = Sleeper()
    provider = peer(lambda connection: (time.sleep(0.2), connection.sendall(WHOLE)))

    def jump(stage):
        if stage == "sent":
            sleeper.set_forward = 86400.0

    ended = post(provider.url, clocks=sleeper.clocks, trace=jump).send(BODY, sleeper.clocks.start())
    assert isinstance(ended, Sent)


def test_the_clock_that_counts_sleep_and_the_wall_clock_are_the_systems():
    first = CLOCKS.start()
    assert abs(first.wall - time.time()) < 60
    assert 0 <= CLOCKS.start().boot - first.boot < 60
