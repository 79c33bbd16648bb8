"""Trials of a provider in trouble: the account pauses itself, leads wait instead of burning, and are rung once."""

import time
from pathlib import Path

from tests.faults.database import POSTGRESQL, SQLITE
from tests.faults.processes import wait_until
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import World

MOST_BURNED = 33
TIMEOUT_S = 0.5
BACK_WITHIN_S = 330.0  # the longest wait between two tries is 5 min


TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial(
    "T19 hang",
    "the provider hangs",
    short={"seconds": 3, "leads": 60, "within": 60.0},
    long={"seconds": 40, "leads": 400, "within": BACK_WITHIN_S},
    short_on=(POSTGRESQL,),
)
def hangs(kind: str, folder: Path, seconds: float, leads: int, within: float) -> Result:
    """At most 33 leads are burned into unknown; the others wait and are rung when it answers again."""
    with World(kind, folder, timeout=TIMEOUT_S, concurrency=8, behaviour="hang") as world:
        world.web()
        for _ in range(3):
            world.worker()
        world.senders.many(leads)
        time.sleep(seconds)
        world.provider.behave("accept")
        came_back = time.monotonic()
        world.settle(within)
        took = time.monotonic() - came_back
        verdict = world.verdict()
        problems = verdict.problems()
        if not 0 < verdict.unknown <= MOST_BURNED:
            problems.append(f"{verdict.unknown} became unknown, not 1 to {MOST_BURNED}")
        return Result(1, verdict, problems, f"{leads} leads, all rung or unknown {took:.0f} s after it was back")


@trial("T19 says so", "401, no money, a wrong key", short_on=(SQLITE,))
def says_so(kind: str, folder: Path) -> Result:
    """It pauses after one such answer: only what was in flight shares its fate."""
    problems: list[str] = []
    faults = ("bad_key", "no_money", "wrong_key")
    with World(kind, folder, concurrency=2) as world:
        world.web()
        world.worker()
        for behaviour in faults:
            world.senders.many(3)
            world.settle(60)
            before = len(world.provider.calls())
            world.provider.behave(behaviour)
            numbers = world.senders.many(20)
            time.sleep(2.0)
            burned = len(world.provider.calls()) - before
            if not 0 < burned <= 3:
                problems.append(f"{behaviour}: {burned} calls went on")
            world.provider.behave("accept")
            wait_until(lambda numbers=numbers: all(world.provider.posts()[number] for number in numbers), 60, 0.2)
        world.settle(60)
        verdict = world.verdict()
        return Result(len(faults), verdict, problems + verdict.problems())


@trial("T19 script", "one script is refused each time", short_on=(POSTGRESQL,))
def misspelt_script(kind: str, folder: Path) -> Result:
    """After five refusals that script rests; the others go on."""
    problems: list[str] = []
    with World(kind, folder, concurrency=2, scripts=("Trial", "sim:refuse")) as world:
        world.web()
        world.worker()
        world.senders.many(25, source="odd", more={"script": "sim:refuse"})
        well = world.senders.many(25)
        busy = {"received", "calling"}

        def done() -> bool:
            posts = world.provider.posts()
            return all(posts[number] for number in well) and not any(state in busy for _, state in world.states())

        wait_until(done, every=0.1)
        rung = sum(world.provider.posts()[number] for number in well)
        states = [state for _, state in world.states()]
        verdict = world.verdict()
        if rung != len(well):
            problems.append(f"{rung} of {len(well)} calls with the right script were made")
        if not 5 <= states.count("refused") <= 10 or states.count("ready") < 15:
            problems.append(f"{states.count('refused')} refused, {states.count('ready')} wait")
        note = f"{states.count('refused')} refused, {states.count('ready')} wait"
        return Result(1, verdict, problems + verdict.problems(waiting=True), note)
