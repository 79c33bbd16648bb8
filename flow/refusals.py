"""Refused requests, counted by cause and hour: a mistyped token must not lose leads unseen.

Summed in memory and flushed about once a second, because a stranger must not make us write."""

import threading
import time
from collections import Counter

import structlog

from core.durations import HOUR_MS
from store import versions as sources
from store.engine import Store, StoreUnavailable

log = structlog.get_logger()


class Refusals:
    """Counts without values or bodies; only names that are sources are counted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counts: Counter[tuple[str, str]] = Counter()
        self._failing = False  # the last try could not be written
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def count(self, source: str, cause: str) -> None:
        with self._lock:
            self._counts[source, cause] += 1
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._flush_soon, name="refusals", daemon=True)
                self._thread.start()

    def _flush_soon(self) -> None:
        while True:
            time.sleep(1)
            if self.flush():
                return

    def flush(self) -> bool:
        """Write what was counted since the last time; True when there was nothing. What cannot be written is kept."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            if not counts:
                self._thread = None
                return True
        try:
            with self._store.write() as tx:
                now = self._store.now_ms(tx)
                for (source, cause), count in sorted(counts.items()):
                    sources.count_refused(tx, source, now - now % HOUR_MS, cause, count)
            self._failing = False
        except StoreUnavailable as why:
            if not self._failing:
                log.warning("refusals_not_counted", why=str(why))
            self._failing = True
            with self._lock:
                self._counts.update(counts)
        return False
