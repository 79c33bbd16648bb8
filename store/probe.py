"""Whether the database takes a write, found out by one."""

import threading
from dataclasses import dataclass, field

from core.alarm import Stamp
from store import stamps
from store.engine import Busy, Refused, Store, StoreUnavailable, this_machine

PROBE_MS = 10_000
PROBE = "probe"  # its stamp, followed by the machine


@dataclass
class Probe:
    """Of one process: a write each ten seconds at most, whoever asks how often."""

    _why: str = ""
    _at: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def why(self, store: Store, ticks_ms: int) -> str:
        """Why nothing can be written, empty where it can. `ticks_ms`: a clock that only goes forward. Somebody who
        asks while another's write is on its way hears of the one before."""
        if self._lock.acquire(blocking=False):
            try:
                if self._at is None or ticks_ms - self._at >= PROBE_MS:
                    self._why, self._at = _written(store), ticks_ms
            finally:
                self._lock.release()
        return self._why


def _written(store: Store) -> str:
    try:
        with store.write() as tx:
            stamps.put(tx, f"{PROBE} {this_machine()}", Stamp(store.now_ms(tx), True))
    except Busy:
        return ""  # somebody else writes: so it can be written
    except StoreUnavailable as why:
        return str(why)
    except Refused as why:
        return type(why.orig).__name__
    return ""
