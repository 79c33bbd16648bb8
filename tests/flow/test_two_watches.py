"""Two watches at once, channels that hang or drip, clocks that jump, a hundred sources silent at once."""

import threading
import time

import pytest

from core.alarm import PAGE, Alarm
from core.ports import Told
from flow import telling
from flow.telling import Help
from flow.watch import Watch
from store import alarms as kept
from store.tables import alarm_messages
from tests.flow.test_telling import NOBODY, Phone, helped, ring
from tests.walk.processes import until
from tests.wire.conftest import peer
from tests.wire.test_tell import MESSAGE
from wire.tell_email import Email

__all__ = ["peer"]


def together(*steps):
    """Each in a thread of its own, at the same moment."""
    barrier = threading.Barrier(len(steps))

    def run(step):
        barrier.wait()
        step()

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Slow(dict):
    """Channels that take their time between what is read and what is written."""

    def __iter__(self):
        time.sleep(0.3)
        return super().__iter__()


class SlowPhone(Phone):
    def tell(self, message):
        time.sleep(0.3)
        return super().tell(message)


def test_two_watches_tell_of_an_alarm_once(gateway):
    phone = SlowPhone()
    ring(gateway, NOBODY)
    slow = Help(Slow(c0=phone), helped(phone).manners)
    together(*(lambda: telling.put_down(gateway.parts, slow) for _ in range(3)))
    together(*(lambda: telling.send(gateway.parts, helped(phone)) for _ in range(3)))
    assert len(phone.came) == 1
    with gateway.store.read() as tx:
        assert len(tx.execute(alarm_messages.select()).all()) == 1


def test_a_watch_that_dies_while_it_sends_is_made_good_after_a_minute(gateway):
    class Dies:
        def tell(self, message):
            raise KeyboardInterrupt

    ring(gateway, NOBODY)
    telling.put_down(gateway.parts, helped(Phone()))
    with pytest.raises(KeyboardInterrupt):
        telling.send(gateway.parts, helped(Dies()))
    phone = Phone()
    telling.send(gateway.parts, helped(phone))
    assert phone.came == []
    gateway.clock.forward(60)
    telling.send(gateway.parts, helped(phone))
    assert len(phone.came) == 1


def test_a_channel_that_hangs_keeps_no_other_waiting(gateway):
    over, phone = threading.Event(), Phone()

    class Hangs:
        def tell(self, message):
            over.wait(60)
            return Told(False, "no answer")

    ring(gateway, NOBODY)
    telling.put_down(gateway.parts, helped(Hangs(), phone))
    sending = threading.Thread(target=telling.send, args=(gateway.parts, helped(Hangs(), phone)))
    sending.start()
    until(lambda: phone.came)
    assert (len(phone.came), sending.is_alive()) == (1, True)
    over.set()
    sending.join()


def test_a_mail_server_that_drips_is_cut_off(peer):
    def drip(connection):
        for _ in range(1000):
            connection.sendall(b"2")
            time.sleep(0.1)

    began = time.monotonic()
    there = peer(drip, reads=False)
    told = Email("127.0.0.1", there.port, "a@b.ru", ("c@d.ru",), tls="no", timeout_ms=500).tell(MESSAGE)
    assert not told.well
    assert time.monotonic() - began < 60


def test_a_clock_that_jumps_misses_no_worker(gateway):
    watch = Watch(gateway.parts)
    gateway.alive()
    watch.turn()
    for seconds in (86_400, -7200):
        gateway.clock.forward(seconds)
        watch.turn()  # before the worker's next second
        with gateway.store.read() as tx:
            assert kept.standing(tx) == {}
        gateway.alive()


def test_a_hundred_sources_that_fall_silent_are_ten_messages_an_hour(gateway):
    phone = Phone()
    silent = [Alarm("source_silent", PAGE, "x", None, 12, subject=f"form-{n}") for n in range(100)]
    for n in range(0, 101, 4):  # a few at each look
        ring(gateway, *silent[:n])
        telling.put_down(gateway.parts, helped(phone))
        telling.send(gateway.parts, helped(phone))
        gateway.clock.forward(15)
    assert len(phone.came) == 10
    ring(gateway)  # all is over
    gateway.clock.forward(3600)
    for _ in range(5):
        telling.put_down(gateway.parts, helped(phone))
        telling.send(gateway.parts, helped(phone))
        gateway.clock.forward(60)
    assert 11 <= len(phone.came) <= 20
    assert phone.came[-1].title.startswith("Over: ") or "more" in phone.came[-1].title
