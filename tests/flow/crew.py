"""Several workers on one database and one clock that only moves when everybody waits."""

import dataclasses
import heapq
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.outcome import Outcome
from core.ports import Call
from core.states import WAITING
from flow import call, claim, decide, sweep
from flow.claim import Claimed
from store.journal import Journal
from tests.fakes import by_state

Provider = Callable[[Call, float], tuple[Outcome, float]]  # a call at a time: how it ends, after how many seconds
LOOK_S = 5.0


class Crew:
    """`workers` x `slots`: at each moment all claim at once, in a thread each, until none may; then the clock
    moves to what comes first: a call's end, the time a worker was told to rest, or a look around."""

    def __init__(self, gateway, provider: Provider, folder: Path, workers: int = 4, slots: int = 8) -> None:
        self.clock, self.provider, self.slots = gateway.clock, provider, slots
        self.store = gateway.store
        self.houses = [dataclasses.replace(gateway.parts, journal=Journal(folder / str(n))) for n in range(workers)]
        self.calls: list[tuple[float, Call, Outcome]] = []  # when it started, what, and how it ends
        self.trying_at_once = 0
        self._flying: list[tuple[float, int, int, Claimed, Outcome]] = []
        self._count = itertools.count()

    def run(self, seconds: float) -> None:
        """So many seconds of the shared clock."""
        until = self.clock() + seconds
        with ThreadPoolExecutor(len(self.houses)) as pool:
            while self.clock() < until:
                while decide.decide_due(self.houses[0], 1):
                    continue
                rests = list(pool.map(self._claim_all, range(len(self.houses))))
                self._move(min(until, self.clock() + min([LOOK_S, *rests])))
                sweep.settle_lost(self.houses[0])

    def drain(self, seconds: float) -> None:
        """Until no lead waits and no call flies, at most so many seconds; then a minute in which nothing more rings."""
        until = self.clock() + seconds
        while self._flying or self._waits():
            assert self.clock() < until
            self.run(min(20.0, until - self.clock()))
        rung = len(self.calls)
        self.run(60)
        assert len(self.calls) == rung

    def _waits(self) -> bool:
        with self.store.read() as tx:
            return bool(by_state(tx).keys() & set(WAITING))

    def _claim_all(self, worker: int) -> float:
        """Everything that this worker may claim now; the seconds it is told to rest."""
        while sum(1 for flight in self._flying if flight[2] == worker) < self.slots:
            mine = self.houses[worker]
            found = claim.claim_due(mine, mine.accounts["main"], f"worker {worker}", next(self._count))
            if not found.looked_at:
                return LOOK_S if found.rest_ms is None else max(found.rest_ms, 1) / 1000
            for claimed in found.claimed:
                outcome, seconds = self.provider(claimed.attempt.call, self.clock())
                self.calls.append((self.clock(), claimed.attempt.call, outcome))
                flight = (self.clock() + seconds, next(self._count), worker, claimed, outcome)
                heapq.heappush(self._flying, flight)
        return LOOK_S

    def _move(self, to: float) -> None:
        """To that time, or to the end of the first call where that comes before."""
        if self._flying:
            to = min(to, self._flying[0][0])
        self.clock.at = max(to, self.clock())
        while self._flying and self._flying[0][0] <= self.clock():
            _, _, worker, claimed, outcome = heapq.heappop(self._flying)
            call.record(self.houses[worker], (claimed, outcome))
