"""The trial of clocks: a day forwards, a day back, while leads arrive; and a worker whose clock is off."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults import preload
from tests.faults.database import POSTGRESQL, SQLITE
from tests.faults.processes import wait_until
from tests.faults.senders import Crowd
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import World

DAY_S = 86_400
HOUR_S = 3_600


TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("T20", "the clock jumps by a day and back", databases=(SQLITE,), short={"jumps": 3}, long={"jumps": 20})
def jumps(kind: str, folder: Path, jumps: int) -> Result:
    """Nobody is rung twice; nobody outside the hours; nothing is given up because the clock says so."""
    library = preload.library("moved_clock", folder / "library")
    problems: list[str] = []
    moved = folder / "moved"
    moved.write_text("0")
    settings = {"LD_PRELOAD": library, "MOVED_CLOCK": str(moved), "TZ": "Europe/Nowhere"}
    with World(kind, folder, behaviour="slow:50", night=_six_hours_from_now()) as world:
        world.web(entry="preloaded_web", settings=settings, application="app:create_app()")
        for _ in range(2):
            world.workers.append(world.start("preloaded_flask", "worker", settings, arguments=["worker"]))
        early = world.senders.many(5, source="night")
        with Crowd(world.senders, threads=2, pause=0.05):
            for jump in range(jumps):
                time.sleep(1.0)
                moved.write_text(str((DAY_S, -DAY_S, DAY_S + HOUR_S // 2, -HOUR_S)[jump % 4]))
                time.sleep(1.0)
                moved.write_text("0")
        sleepers = world.senders.many(5, source="night")
        time.sleep(2.5)
        if any(world.provider.posts()[number] for number in early + sleepers):
            problems.append("someone was rung outside the hours")
        moved.write_text(str(6 * HOUR_S + HOUR_S // 2))
        wait_until(lambda: all(world.provider.posts()[number] for number in sleepers), 20)
        rung = sum(world.provider.posts()[number] for number in sleepers)
        if rung != len(sleepers):
            problems.append(f"{rung} of {len(sleepers)} were rung once their hours had come")
        moved.write_text("0")
        began = time.monotonic()
        night = sum(not world.provider.posts()[number] for number in early)  # their hour may be to come
        wait_until(lambda: world.verdict().calling + world.verdict().waiting <= night, 40)
        verdict = world.verdict()
        if verdict.unknown > verdict.calls // 5:
            problems.append(f"{verdict.unknown} of {verdict.calls} calls were given up")
        note = f"the last lead of the wrong clock rang {time.monotonic() - began:.0f} s after it was right"
        if verdict.waiting > night:
            problems.append(f"{verdict.waiting} wait, and {night} of them for the night")
        return Result(2 * jumps, verdict, problems + verdict.problems(waiting=True), note)


def _six_hours_from_now() -> str:
    """A window of an hour, as the policy writes it in UTC."""
    opens = datetime.now(UTC) + timedelta(hours=6)
    return f"{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M}"


@trial(
    "T20 off", "a worker whose clock is minutes off", databases=(POSTGRESQL,), short={"leads": 5}, long={"leads": 50}
)
def clock_off(kind: str, folder: Path, leads: int) -> Result:
    """It claims nothing; the others do."""
    library = preload.library("moved_clock", folder / "library")
    problems: list[str] = []
    moved = folder / "moved"
    moved.write_text("120")
    settings = {"LD_PRELOAD": library, "MOVED_CLOCK": str(moved)}
    with World(kind, folder) as world:
        world.web()
        world.workers.append(world.start("preloaded_flask", "worker", settings, arguments=["worker"]))
        world.senders.many(leads)
        time.sleep(4.0)
        if world.verdict().calls:
            problems.append(f"a worker whose clock is 120 s off made {world.verdict().calls} calls")
        world.worker()
        world.settle()
        verdict = world.verdict()
        if verdict.calls != leads:
            problems.append(f"{verdict.calls} of {leads} were rung")
        return Result(1, verdict, problems + verdict.problems())
