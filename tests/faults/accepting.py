"""Trials of law 1: what was acknowledged is stored, whatever dies meanwhile."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

from tests.faults.database import POSTGRESQL
from tests.faults.processes import wait_until
from tests.faults.senders import Crowd
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import World

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("T1", "kill -9 while accepting", short={"kills": 6, "acks": 100}, long={"kills": 60, "acks": 2500})
def kills_while_accepting(kind: str, folder: Path, kills: int, acks: int) -> Result:
    """Whole webs and single gunicorn workers are killed while senders post; each sends again what was not taken."""
    done = 0
    with World(kind, folder) as world:
        web = world.web()
        world.worker()
        port = world.senders.ports[0]
        with Crowd(world.senders, threads=6):
            while done < kills or heard(world) < acks:
                time.sleep(random.uniform(0.05, 0.4))
                if done >= kills:
                    continue
                if done % 2:
                    kill_one_of(web.children())
                else:
                    web.kill()
                    web = world.web(port=port)
                done += 1
        world.settle()
        verdict = world.verdict()
        return Result(done, verdict, verdict.problems())


def heard(world: World) -> int:
    return world.senders.log.read_bytes().count(b"\n")


def kill_one_of(pids: list[int]) -> None:
    if pids:
        with suppress(ProcessLookupError):  # it has just been replaced
            os.kill(random.choice(pids), signal.SIGKILL)


@trial(
    "T1c",
    "the provider is down, then back",
    short_on=(POSTGRESQL,),
    short={"leads": 30, "seconds": 2},
    long={"leads": 100, "seconds": 5},
)
def provider_down(kind: str, folder: Path, leads: int, seconds: float) -> Result:
    """Every lead accepted while the port refuses is rung once it is back."""
    with World(kind, folder) as world:
        world.provider.stop()
        world.web()
        world.worker()
        began = time.monotonic()
        numbers = world.senders.many(leads)
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))
        world.provider.start()
        came_back = time.monotonic()
        wait_until(lambda: all(world.provider.posts()[number] for number in numbers), 60)
        took = time.monotonic() - came_back
        world.settle()
        verdict = world.verdict()
        rung = sum(world.provider.posts()[number] == 1 for number in numbers)
        problems = verdict.problems()
        if rung != leads:
            problems.append(f"{rung} of {leads} were rung")
        return Result(1, verdict, problems, f"{rung} of {leads} rung, the last {took:.0f} s after it was back")
