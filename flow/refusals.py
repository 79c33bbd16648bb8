"""Refused proofs, counted by cause and hour: a mistyped token must not lose leads unseen.

Summed in memory and flushed about once a second, because a stranger must not make us write."""

import threading
import time
from collections import Counter

import structlog

from store import versions as sources
from store.engine import Store, StoreUnavailable

HOUR_MS = 3_600_000
log = structlog.get_logger()


class Refusals:
    """Counts without values or bodies; only names that are sources are counted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def count(self, source: str, cause: str) -> None:
        with self._lock:
            self._counts[source, cause] += 1
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._flush_soon, name="refusals", daemon=True)
                self._thread.start()

    def _flush_soon(self) -> None:
        time.sleep(1)
        self.flush()

    def flush(self) -> None:
        """Write what was counted since the last time; what cannot be written is counted again later."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            self._thread = None
        if not counts:
            return
        try:
            with self._store.write() as tx:
                now = self._store.now_ms(tx)
                for (source, cause), count in sorted(counts.items()):
                    sources.count_refused(tx, source, now - now % HOUR_MS, cause, count)
        except StoreUnavailable as why:
            log.warning("refusals_not_counted", why=str(why))
            with self._lock:
                self._counts.update(counts)
