"""A clock that was ahead and is right again: nothing waits for a moment that only the wrong clock knew. While it may be
ahead, nothing is erased for its age.
"""

from collections.abc import Callable

from core.durations import DAY_MS, HOUR_MS
from flow.gateway import Gateway
from store import moments
from store.todo import ToDo

AHEAD_MS = 5_000  # less is waited for
STEADY_MS = 10_000  # a machine that has just started may have a clock of yesterday for a moment
LEAP_MS = DAY_MS  # further ahead of what was last seen, it may be wrong: or nobody was here for a day
EVEN_MS = HOUR_MS  # so long it has to go evenly then
BATCH = 500


class SetBack:
    """What one worker knows of the clock that all share."""

    def __init__(self, gateway: Gateway, clock: Callable[[], int]) -> None:
        """`clock`: milliseconds, and nobody sets it."""
        self._gateway, self._clock = gateway, clock
        self._newest, self._since, self._known_until = 0, 0, 0
        self._last = (0, 0)  # the shared clock and this worker's own, at the last look
        self._leapt_at: int | None = None  # by this worker's own clock
        self._leapt_to = 0

    def look(self, there: ToDo) -> None:
        """Once a second, before this worker says that it lives. Where the clock has been behind what was written by it
        for 10 s, whatever waits is looked at again, and the rules of each lead name its moment anew."""
        # What a database that was put back has forgotten, this worker knows: it saw that moment itself.
        now, seen = there.now, max(there.newest, self._last[0])
        since_last_look = self._clock() - self._last[1] if self._last[0] else 0
        self._look_ahead(there)
        newest = max(self._newest, seen)
        if not self._newest:
            self._known_until = now - since_last_look
        if newest <= now + AHEAD_MS or self._another_has_looked_again(there):
            self._newest = 0
            return
        if there.set_back_from < newest:  # a database that was put back may have to be told again
            with self._gateway.store.write() as tx:
                moments.note_set_back(tx, newest)
        if not self._newest:
            self._since = self._clock()
            self._gateway.log.warning("clock_set_back", seconds=(newest - now) // 1000)
        self._newest = newest
        if self._clock() - self._since >= STEADY_MS:
            self._look_again()
            self._newest = 0

    def _another_has_looked_again(self, there: ToDo) -> bool:
        """Since this worker saw that the clock was set back, or since its last look before."""
        return there.newest <= there.now + AHEAD_MS and self._known_until <= there.set_back_from <= there.now

    def may_forget(self) -> bool:
        """Whether what is old by this clock may be erased for its age."""
        return self._leapt_at is None or self._clock() - self._leapt_at >= EVEN_MS

    def _look_ahead(self, there: ToDo) -> None:
        now, (then, own) = there.now, self._last
        if then:
            leapt = now - then - (self._clock() - own)
        else:
            leapt = now - there.newest if there.newest else 0
            if -LEAP_MS <= now - there.leapt_to < EVEN_MS:  # before this worker started
                self._leapt_at, self._leapt_to = self._clock(), there.leapt_to
        if leapt > LEAP_MS:
            self._leapt_at, self._leapt_to = self._clock(), now
            self._note_leap()
            self._gateway.log.warning("clock_leapt", seconds=leapt // 1000)
        elif leapt < -LEAP_MS:
            self._leapt_at = None
        elif not self.may_forget() and self._leapt_to - there.leapt_to > EVEN_MS:
            self._note_leap()  # the database was put back since
        self._last = (now, self._clock())

    def _note_leap(self) -> None:
        with self._gateway.store.write() as tx:
            moments.note_leap(tx, self._leapt_to)

    def _look_again(self) -> None:
        store, leads, batch = self._gateway.store, 0, BATCH
        while batch == BATCH:
            with store.write() as tx:
                batch = moments.look_again(tx, store.now_ms(tx), BATCH)
            leads += batch
        with store.write() as tx:
            moments.bring_near(tx, store.now_ms(tx))
        self._gateway.log.warning("looked_again_after_set_back", leads=leads)
