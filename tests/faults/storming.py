"""The storm: six workers, killed and frozen at random all the time, while leads come in."""

import random
import threading
import time
from pathlib import Path

from tests.faults.dispatching import control
from tests.faults.processes import Process
from tests.faults.senders import Senders
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import TIMEOUT_S, World

WORKERS = 6
FROZEN_S = ((0.05, 0.5), (TIMEOUT_S, TIMEOUT_S + 1.5))  # mostly short; sometimes past the deadline
PACE_S = 0.005  # of one sender, so that the last leads still meet the storm


TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial(
    "T3",
    "storm of kill -9 and SIGSTOP on 6 workers",
    short={"calls": 40, "every": 0.15},
    long={"calls": 1500, "every": 0.05},
)
def storm(kind: str, folder: Path, calls: int, every: float) -> Result:
    with World(kind, folder, behaviour="slow:30") as world:
        world.web()
        faults = rage(world, "", calls, every)
        world.settle(60)
        verdict = world.verdict()
        problems = verdict.problems()
        if verdict.calls < calls * 0.8:
            problems.append(f"only {verdict.calls} calls in the storm")
        return Result(faults, verdict, problems)


@trial("T3 control", "the same storm, a queue that re-claims", only_long=True, long={"calls": 500, "every": 0.05})
def control_storm(kind: str, folder: Path, calls: int, every: float) -> Result:
    with World(kind, folder, behaviour="slow:30") as world:
        world.web()
        faults = rage(world, "worker_that_reclaims", calls, every)
        world.settle(60)
        return control(faults, world)


def rage(world: World, entry: str, calls: int, every: float) -> int:
    """Faults, one each `every` seconds, until nearly all were called; leaves whole workers. Their number."""
    workers = [world.worker(entry) for _ in range(WORKERS)]
    thaws: dict[Process, float] = {}
    sending = threading.Thread(target=_send, args=(world.senders, calls), daemon=True)
    sending.start()
    faults, until = 0, time.monotonic() + 20 + calls / 8
    while time.monotonic() < until and (sending.is_alive() or sum(world.provider.posts().values()) < calls * 0.9):
        time.sleep(every)
        now = time.monotonic()
        for frozen in [worker for worker, at in thaws.items() if at <= now]:
            del thaws[frozen]
            frozen.go_on()
        place = random.randrange(WORKERS)
        worker = workers[place]
        if worker in thaws:
            continue
        if random.random() < 0.4:
            worker.kill()
            world.workers.remove(worker)
            workers[place] = world.worker(entry)
        else:
            worker.freeze()
            thaws[worker] = now + random.uniform(*FROZEN_S[random.random() < 0.1])
        faults += 1
    for worker in thaws:
        worker.go_on()
    sending.join(60)
    return faults


def _send(senders: Senders, calls: int) -> None:
    def one(number: str) -> None:
        senders.post_until_taken(number, timeout=30.0)
        time.sleep(PACE_S)

    senders.each([senders.number() for _ in range(calls)], one, threads=4)
