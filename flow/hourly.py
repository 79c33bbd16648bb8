"""Counting the hours that are over, off the hot path: `flask watch` does it every few minutes."""

from dataclasses import dataclass
from types import ModuleType

from core.alarm import Stamp
from core.durations import DAY_MS, HOUR_MS
from flow.gateway import Gateway
from store import hourly, hourly_calls, stamps
from store.engine import Tx

EVERY_MS = 300_000
HOURLY = "hourly"  # its stamp
DAYS = 32  # of leads that are kept: thirty for a chart, from the reader's own midnight on
FRESH_DAYS = 2  # are counted at each look: most leads are decided by then
HOURS = 25  # of calls that are kept: those of a day, which begins within an hour
FRESH_HOURS = 2  # are counted at each look: a call ends within a minute or two


@dataclass
class Hours:
    """At its first look everything that is kept is counted, a day a transaction; from then on the last two days (of
    calls hours) and one of the older ones in turn, so that what a person decides late is there within some hours."""

    gateway: Gateway
    _looks: int = 0

    def look(self) -> None:
        store = self.gateway.store
        with store.read() as tx:
            now = store.now_ms(tx)
        for day in self._in_turn(DAYS, FRESH_DAYS):
            self._count(hourly, DAY_MS, now, day)
        for hour in self._in_turn(HOURS, FRESH_HOURS):
            self._count(hourly_calls, HOUR_MS, now, hour)
        self._looks += 1
        with store.write() as tx:
            hourly.forget_old(tx, now - (DAYS + 1) * DAY_MS)
            hourly_calls.forget_old(tx, now - (HOURS + 1) * HOUR_MS)
            stamps.put(tx, HOURLY, Stamp(now, True))

    def _in_turn(self, all_: int, fresh: int) -> list[int]:
        return [*range(fresh), fresh + self._looks % (all_ - fresh)] if self._looks else list(range(all_))

    def _count(self, what: ModuleType, span_ms: int, now: int, before: int) -> None:
        """What `what` counts of the `span_ms` that ended so many of them before the last full hour. Nothing is written
        where nothing changed."""
        end = now - now % HOUR_MS - before * span_ms
        with self.gateway.store.read() as tx:
            counted = what.counted(tx, end - span_ms, end)
            kept = what.kept(tx, end - span_ms, end)
        if counted != kept:
            with self.gateway.store.write() as tx:
                what.keep(tx, counted, kept)


def counted_at(tx: Tx, now: int) -> int | None:
    """When the hours were last counted; None where they never were. A count by a clock that has been set back since is
    none: what came after it is not in it."""
    stamp = stamps.known(tx).get(HOURLY)
    return None if stamp is None or stamp.at > now else stamp.at
