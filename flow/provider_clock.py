"""This machine's clock by what providers' replies say the time is: a second clock where the database has none."""

import threading

from core.alarm import Stamp
from core.alarms import CLOCK, CLOCK_MS
from store import stamps
from store.engine import Tx, this_machine

TIMES = 3  # in a row: one reply may be an old one
AGAIN_MS = 60_000


class ProviderClock:
    """Of one worker process. `hear` from any thread, `tell` from the loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._off: list[int] = []  # of the newest replies in a row that were off
        self._told_at = 0

    def hear(self, off_ms: int | None) -> None:
        """How far a reply's time was from this machine's; None: it named none."""
        if off_ms is None:
            return
        with self._lock:
            self._off = [*self._off[1 - TIMES :], off_ms] if abs(off_ms) > CLOCK_MS else []

    def tell(self, tx: Tx, now: int) -> None:
        """Write down that the clock is off, once a minute, and that it is right again."""
        with self._lock:
            off = self._off[-1] if len(self._off) == TIMES else 0
        if off and now - self._told_at >= AGAIN_MS:
            stamps.put(tx, f"{CLOCK} {this_machine()}", Stamp(now, False, str(off)))
            self._told_at = now
        elif not off and self._told_at:
            stamps.put(tx, f"{CLOCK} {this_machine()}", Stamp(now, True))
            self._told_at = 0
