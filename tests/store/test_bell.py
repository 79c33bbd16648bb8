"""The bell: heard by every listener, harmless where it cannot be, deaf behind a transaction pooler and said so."""

import threading
import time

import pytest

from store.bell import SocketBell, open_bell
from store.engine import Store
from store.listen_bell import ListenBell


@pytest.fixture
def bells(database_url, tmp_path):
    """Makes open bells of this database; what they said."""
    store, opened, said = Store(database_url), [], []

    def make():
        bell = open_bell(store, str(tmp_path / "run"), "", said.append)
        opened.append(bell)
        return bell

    make.said = said
    yield make
    for bell in opened:
        bell.close()
    store.dispose()


def listening(*bells):
    """They listen, and what rang while they began is heard."""
    for bell in bells:
        bell.listen()
    for bell in bells:
        for _ in range(5):
            if not bell.wait(200):
                break


def test_every_listener_hears_a_ring_of_another_process(bells):
    one, two, web = bells(), bells(), bells()
    listening(one, two)
    web.ring()
    assert one.wait(60_000)
    assert two.wait(60_000)
    assert not one.wait(0)
    assert bells.said == []


def test_rings_are_coalesced_and_nobody_waits_for_a_listener(bells):
    bell, web = bells(), bells()
    for _ in range(1000):
        web.ring()
    bell.listen()
    for _ in range(1000):
        web.ring()
    assert bell.wait(60_000)
    heard = 1
    while bell.wait(300) and heard < 100:
        heard += 1
    assert heard < 100


def test_a_poke_wakes_this_process_only(bells):
    one, two = bells(), bells()
    listening(one, two)
    threading.Timer(0.05, one.poke).start()
    began = time.monotonic()
    assert one.wait(60_000) is False
    assert time.monotonic() - began < 50
    assert not two.wait(0)


def test_the_socket_of_a_killed_worker_is_cleared_away(tmp_path):
    killed = SocketBell(tmp_path, print)
    killed.listen()
    killed._in.close()  # as kill -9 leaves it: the name stays
    assert len(list(tmp_path.glob("bell-*"))) == 1
    web = SocketBell(tmp_path, print)
    web.ring()
    assert list(tmp_path.glob("bell-*")) == []
    web.close()


def test_a_bell_that_cannot_be_bound_says_so_once_and_the_poll_serves(tmp_path):
    said = []
    bell = SocketBell(tmp_path / ("x" * 120), said.append)
    bell.listen()
    assert len(said) == 1
    assert bell.wait(10) is False
    bell.ring()
    bell.close()


def test_behind_a_transaction_pooler_the_bell_says_that_it_is_deaf(pooler):
    said = []
    bell = ListenBell(pooler, "leads:test", said.append)
    bell.listen()
    assert [("deaf" in text, "DATABASE_DIRECT_URL" in text) for text in said] == [(True, True)]
    assert bell.wait(10) is False
    bell.close()
