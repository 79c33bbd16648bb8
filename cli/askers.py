"""The threads that ask the owner's CRMs, beside the loop that claims: a CRM that hangs delays none of its calls."""

import threading

from flow import enrich
from flow.gateway import Gateway
from store.engine import StoreUnavailable

ASKERS = 3  # of one worker; a CRM that does not answer keeps one of them busy
IDLE_MS = 5_000  # for leads of a source that asks nobody any more


class Askers:
    """Ask until `stop`. `nudge` says that something may have become due: one thread looks, and while it finds
    something it asks on; the worker's loop nudges a few times a second, so that a second one takes what is next."""

    def __init__(self, gateway: Gateway, count: int = ASKERS) -> None:
        self._gateway = gateway
        self._nudged, self._stopping = False, threading.Event()
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._ask_on, name=f"ask-crm-{n}", daemon=True) for n in range(count)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """Never blocks, and wakes nobody where no source asks a CRM."""
        if self._anybody():
            with self._changed:
                self._nudged = True
                self._changed.notify()

    def stop(self, ms: int) -> None:
        """Take no further lead, and give the questions on the wire so many milliseconds to end. A lead whose thread is
        left behind is asked for again once its lease is over."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(ms / 1000)

    def _ask_on(self) -> None:
        while not self._stopping.is_set():
            if self._ask_once():
                self._gateway.bell.poke()  # what was answered can be mapped
                continue
            with self._changed:
                self._changed.wait_for(lambda: self._nudged or self._stopping.is_set(), IDLE_MS / 1000)
                self._nudged = False

    def _ask_once(self) -> bool:
        try:
            return enrich.enrich_next(self._gateway)
        except StoreUnavailable as why:
            self._gateway.log.warning("store_unavailable", why=str(why))
        except Exception:
            self._gateway.log.exception("asking_failed")
        self._stopping.wait(1.0)
        return False

    def _anybody(self) -> bool:
        """Whether a source in force asks a CRM."""
        known = (self._gateway.sources.get(name) for name in self._gateway.sources.names())
        return any(one is not None and one.source.fetch is not None for one in known)
