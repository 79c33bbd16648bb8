"""Counting the hours that are over, off the hot path: `flask watch` does it every few minutes."""

from dataclasses import dataclass

from core.alarm import Stamp
from core.durations import DAY_MS, HOUR_MS
from flow.gateway import Gateway
from store import hourly, stamps

EVERY_MS = 300_000
HOURLY = "hourly"  # its stamp
DAYS = 32  # that are kept: thirty for a chart, from the reader's own midnight on
FRESH_DAYS = 2  # are counted at each look: most leads are decided by then


@dataclass
class Hours:
    """At its first look everything that is kept is counted, a day a transaction; from then on the last two days and
    one of the older ones in turn, so that what a person decides late is there within a few hours."""

    gateway: Gateway
    _looks: int = 0

    def look(self) -> None:
        store = self.gateway.store
        with store.read() as tx:
            now = store.now_ms(tx)
        older = FRESH_DAYS + self._looks % (DAYS - FRESH_DAYS)
        for day in [*range(FRESH_DAYS), older] if self._looks else range(DAYS):
            self._count(now, day)
        self._looks += 1
        with store.write() as tx:
            hourly.forget_old(tx, now - (DAYS + 1) * DAY_MS)
            stamps.put(tx, HOURLY, Stamp(now, True))

    def _count(self, now: int, days_before: int) -> None:
        """The 24 hours that ended so many days before the last full hour. Nothing is written where nothing changed."""
        end = now - now % HOUR_MS - days_before * DAY_MS
        with self.gateway.store.read() as tx:
            counted = hourly.counted(tx, end - DAY_MS, end)
            kept = hourly.kept(tx, end - DAY_MS, end)
        if counted != kept:
            with self.gateway.store.write() as tx:
                hourly.keep(tx, counted, kept)
