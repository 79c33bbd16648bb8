"""The threads that ask the owner's CRMs, beside the loop that claims: a CRM that hangs delays none of its calls."""

import threading

from flow import enrich
from flow.gateway import Gateway
from store.engine import StoreUnavailable

ASKERS = 3  # of one worker; a CRM that does not answer keeps one of them busy
POLL_MS = 250  # a look again at a lead whose contact was not linked yet
IDLE_MS = 5_000  # where no source asks anybody


class Askers:
    """Ask until `stop`. `nudge` says that something may have become due."""

    def __init__(self, gateway: Gateway, count: int = ASKERS) -> None:
        self._gateway = gateway
        self._due, self._stopping = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._ask_on, name=f"ask-crm-{n}", daemon=True) for n in range(count)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """Never blocks."""
        self._due.set()

    def stop(self, ms: int) -> None:
        """Take no further lead, and give the questions on the wire so many milliseconds to end. A lead whose thread is
        left behind is asked for again once its lease is over."""
        self._stopping.set()
        self._due.set()
        for thread in self._threads:
            thread.join(ms / 1000)

    def _ask_on(self) -> None:
        while not self._stopping.is_set():
            if self._ask_once():
                self._gateway.bell.poke()  # what was answered can be mapped
                continue
            self._due.wait((POLL_MS if self._anybody() else IDLE_MS) / 1000)
            self._due.clear()

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
