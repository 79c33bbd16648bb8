"""Trials of a house with several machines: they join, leave, die, end and are upgraded while leads arrive."""

import random
import time
from pathlib import Path

from tests.faults.database import POSTGRESQL, SQLITE, Cluster
from tests.faults.processes import wait_until
from tests.faults.senders import Crowd
from tests.faults.trial import Result, Trial, needs_cluster, put_on, within
from tests.faults.world import World

PATIENT_S = 5.0  # where nothing may become unknown, also on a busy machine


TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial(
    "machines",
    "2 webs and 4 workers on one PostgreSQL join, leave and die",
    databases=(POSTGRESQL,),
    short={"changes": 8},
    long={"changes": 80},
)
def machines(kind: str, folder: Path, changes: int) -> Result:
    """Nothing is shared but the database: each machine has its own run directory."""
    with World(kind, folder, behaviour="slow:30") as world:
        webs = [world.web(), world.web()]
        ports = list(world.senders.ports)
        workers = [world.worker(machine=str(n)) for n in range(4)]
        with Crowd(world.senders, threads=3, pause=0.05):
            for change in range(changes):
                time.sleep(random.uniform(0.1, 0.5))
                place = change % 4
                if change % 8 == 7:  # a web dies and comes back
                    which = (change // 8) % 2
                    webs[which].kill()
                    webs[which] = world.web(port=ports[which])
                    continue
                if change % 2:
                    workers[place].kill()
                else:
                    workers[place].ask_to_end()
                workers[place] = world.worker(machine=str(place))
        world.settle()
        verdict = world.verdict()
        return Result(changes, verdict, verdict.problems())


@trial("ends", "SIGTERM under load", short_on=(SQLITE,), short={"rounds": 1}, long={"rounds": 10})
def clean_ends(kind: str, folder: Path, rounds: int) -> Result:
    """What is on the wire is finished and recorded, and no web process drops a delivery; nothing is lost or unknown."""
    problems: list[str] = []
    with World(kind, folder, behaviour="slow:300", timeout=PATIENT_S) as world:
        web = world.web()
        port = world.senders.ports[0]
        with Crowd(world.senders, threads=3, pause=0.02):
            for n in range(rounds):
                workers = [world.worker() for _ in range(2)]
                world.started(2 * (n + 1))
                time.sleep(1.0)
                with within(world.timeout + 5, "ending the workers", problems):
                    for worker in workers:
                        worker.ask_to_end()
                    codes = [worker.ended() for worker in workers]
                web.ask_to_end()
                codes.append(web.ended(30))
                if codes != [0, 0, 0]:
                    problems.append(f"exit codes {codes}")
                web = world.web(port=port)
        world.worker()
        world.settle()
        verdict = world.verdict()
        if verdict.unknown:
            problems.append(f"{verdict.unknown} unknown after clean ends")
        return Result(3 * rounds, verdict, problems + verdict.problems())


@trial("upgrade", "a release while leads arrive", short_on=(POSTGRESQL,), short={"releases": 1}, long={"releases": 5})
def upgrades(kind: str, folder: Path, releases: int) -> Result:
    """`flask release` beside running processes, then each is replaced by SIGTERM, one after the other."""
    problems: list[str] = []
    with World(kind, folder, timeout=PATIENT_S) as world:
        web, worker = world.web(), world.worker()
        port = world.senders.ports[0]
        with Crowd(world.senders, threads=3, pause=0.03):
            for n in range(releases):
                world.started(n + 1)
                time.sleep(0.5)
                if (code := world.flask("release").ended(60)) != 0:
                    problems.append(f"release ended with {code}")
                newer = world.worker()
                worker.ask_to_end()
                web.ask_to_end()
                codes = (worker.ended(), web.ended(30))
                if codes != (0, 0):
                    problems.append(f"exit codes {codes}")
                web, worker = world.web(port=port), newer
        world.settle()
        verdict = world.verdict()
        if verdict.unknown:
            problems.append(f"{verdict.unknown} unknown after an upgrade")
        return Result(releases, verdict, problems + verdict.problems())


@trial("rearms", "an operator's rearm rings once more", short_on=(POSTGRESQL,))
def rearms(kind: str, folder: Path) -> Result:
    """Ten equal rearms at once make one more call: the others find the lead changed."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web()
        number = world.senders.number()
        first = world.worker()
        lead = world.senders.post_until_taken(number).leads[0]["id"]
        world.settle()
        first.kill()
        asked = [
            world.flask("leads", "rearm", lead, "--again", "1", "--why", "trial", "--who", "trial") for _ in range(5)
        ]
        codes = sorted(process.ended() or 0 for process in asked)
        if codes != [0, 1, 1, 1, 1]:
            problems.append(f"rearms ended with {codes}, not one of them well")
        world.worker()
        world.settle()
        if world.provider.posts()[number] != 2:
            problems.append(f"{world.provider.posts()[number]} calls, not 2")
        verdict = world.verdict(rearms={number: 1})
        return Result(len(asked), verdict, problems + verdict.problems())


@trial("ends alone", "SIGTERM while the database is away", databases=(POSTGRESQL,))
def ends_without_database(kind: str, folder: Path) -> Result:
    """A worker with a call on the wire ends in time, too; what it could not record becomes unknown."""
    needs_cluster()
    problems: list[str] = []
    with Cluster() as cluster, World(kind, folder, url=cluster.database(), behaviour="slow:700") as world:
        world.web()
        worker = world.worker()
        world.senders.many(3)
        wait_until(lambda: world.verdict().calls > 0)
        cluster.stop()
        with within(world.timeout + 5, "ending the worker", problems):
            worker.ask_to_end()
            code = worker.ended(120)
        if code != 0:
            problems.append(f"exit code {code}")
        cluster.start()
        world.worker()
        world.settle()
        verdict = world.verdict()
        return Result(2, verdict, problems + verdict.problems())
