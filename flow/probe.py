"""Whether the database takes a write at this moment."""

import threading
import time
from collections.abc import Callable

from core.alarm import Stamp
from store import stamps
from store.engine import Store, StoreUnavailable

PROBED_S = 10.0  # whoever asks cannot make us write more often
NAME = "probe"


class Probe:
    """Tried at most every 10 seconds, however often it is asked. `clock`: seconds that only go forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._until, self._said = clock, float("-inf"), ""
        self._lock = threading.Lock()

    def look(self, store: Store) -> str:
        """Why nothing can be written and what to do; empty where it can."""
        with self._lock:
            if self._clock() >= self._until:
                self._said = _tried(store)
                self._until = self._clock() + PROBED_S
            return self._said


def _tried(store: Store) -> str:
    try:
        with store.write() as tx:
            stamps.put(tx, NAME, Stamp(store.now_ms(tx), True))
    except StoreUnavailable as why:
        return f"nothing can be written ({why}): make room, or see why it only reads"
    return ""
