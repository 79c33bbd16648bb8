"""Wrong tokens at the door of /api: a few are somebody's mistake; many are said in the log, and slowed."""

import threading
import time
from collections import deque
from collections.abc import Callable

import structlog

WINDOW_S = 10.0
MISTAKES = 30  # of one window
WAIT_S = 0.5
WAITING = 4  # threads that wait at one time; the others are told to come later

log = structlog.get_logger()


class WrongTokens:
    """Of one process. Knows when the last ones came, and nothing of them."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._came: deque[float] = deque(maxlen=1000)
        self._said_at = float("-inf")
        self._places = threading.BoundedSemaphore(WAITING)
        self._lock = threading.Lock()

    def one_more(self, remote: str) -> bool:
        """Called for each; where there were too many it waits, or is False: then the answer is 429."""
        with self._lock:
            now = self._clock()
            while self._came and self._came[0] <= now - WINDOW_S:
                self._came.popleft()
            self._came.append(now)
            count = len(self._came)
            says = count > MISTAKES and now >= self._said_at + WINDOW_S
            self._said_at = now if says else self._said_at
        if count <= MISTAKES:
            return True
        if says:
            log.warning("wrong_api_tokens", count=count, seconds=WINDOW_S, remote=remote)
        if not self._places.acquire(blocking=False):
            return False
        try:
            self._sleep(WAIT_S)
        finally:
            self._places.release()
        return True
