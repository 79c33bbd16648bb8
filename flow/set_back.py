"""A clock that was ahead and is right again: nothing waits for a moment that only the wrong clock knew."""

from collections.abc import Callable

from flow.gateway import Gateway
from store import moments

AHEAD_MS = 5_000  # less is waited for
STEADY_MS = 10_000  # a machine that has just started may have a clock of yesterday for a moment
BATCH = 500


class SetBack:
    """What one worker knows of the clock that all share."""

    def __init__(self, gateway: Gateway, clock: Callable[[], int]) -> None:
        """`clock`: milliseconds, and nobody sets it."""
        self._gateway, self._clock = gateway, clock
        self._newest, self._since = 0, 0

    def look(self) -> None:
        """Once a second, before this worker says that it lives. Where the clock has been behind what was written by it
        for 10 s, whatever waits is looked at again, and the rules of each lead name its moment anew."""
        with self._gateway.store.read() as tx:
            now = self._gateway.store.now_ms(tx)
            newest = max(self._newest, moments.newest(tx))
        if newest <= now + AHEAD_MS:
            self._newest = 0
            return
        if not self._newest:
            self._since = self._clock()
            self._gateway.log.warning("clock_set_back", seconds=(newest - now) // 1000)
        self._newest = newest
        if self._clock() - self._since >= STEADY_MS:
            self._look_again()
            self._newest = 0

    def _look_again(self) -> None:
        store, leads, batch = self._gateway.store, 0, BATCH
        while batch == BATCH:
            with store.write() as tx:
                batch = moments.look_again(tx, store.now_ms(tx), BATCH)
            leads += batch
        with store.write() as tx:
            moments.bring_near(tx, store.now_ms(tx))
        self._gateway.log.warning("looked_again_after_set_back", leads=leads)
