"""Senders whose deliveries are stored together, in the order in which they came."""

import threading

from flow.together import Together
from store.engine import Busy, StoreUnavailable
from tests.walk.processes import until

LONG_S = 120


class Patient(Together):
    """Seats in which nobody waits too long: a busy machine brings all of them together late."""

    def do(self, item, do_all, timeout_ms=None):
        return super().do(item, do_all)


class AtOnce:
    """While it is open, whoever posts takes a seat behind somebody who is busy; they are one group when it closes."""

    def __init__(self, gateway) -> None:
        self.gateway = gateway
        self.storing = gateway.parts.storing = Patient(StoreUnavailable, kept=(Busy,))
        self.threads: list[threading.Thread] = []
        self.answers: list = []
        self.let_go, self.busy = threading.Event(), threading.Event()

    def __enter__(self) -> "AtOnce":
        self._start(lambda: self.storing.do(None, self._stay))
        assert self.busy.wait(LONG_S)
        return self

    def _stay(self, take, patient):
        taken = take()
        self.busy.set()
        assert self.let_go.wait(LONG_S)
        return taken

    def _start(self, act) -> None:
        self.threads.append(threading.Thread(target=act))
        self.threads[-1].start()

    def post(self, body, **more) -> None:
        self.do(lambda: self.gateway.post(body, **more))

    def do(self, act) -> None:
        """`act` is a request; its answer, or what it raised, comes to its place in `answers`."""
        place, before = len(self.answers), self.storing.waiting()
        self.answers.append(None)

        def ask() -> None:
            try:
                self.answers[place] = act()
            except Exception as why:
                self.answers[place] = why

        self._start(ask)
        until(lambda: self.storing.waiting() > before)

    def __exit__(self, *_) -> None:
        self.let_go.set()
        for thread in self.threads:
            thread.join(LONG_S)
        assert not any(thread.is_alive() for thread in self.threads)


def at_once(gateway, *bodies, **more):
    """The answers to these bodies, posted so that one commit stores them."""
    with AtOnce(gateway) as senders:
        for body in bodies:
            senders.post(body, **more)
    return senders.answers
