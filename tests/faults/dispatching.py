"""Trials of law 2 at named points: killed or frozen anywhere in dispatch, nobody is rung twice."""

import time
from datetime import datetime
from pathlib import Path

from tests.faults import failpoints
from tests.faults.failpoints import ANSWERED, BEFORE_CLAIM, COMMITTED, CONNECTED, IN_CLAIM, POINTS, SENT
from tests.faults.processes import Process, wait_until
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import GRACE_S, TIMEOUT_S, World

FINAL = {"accepted", "refused", "unknown"}
LATE_S = 0.5  # a released call is tried again no sooner than this after its owner went on


TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("T2", "kill -9 at eight points of dispatch", short={"runs": 1}, long={"runs": 50})
def kills_at_points(kind: str, folder: Path, runs: int) -> Result:
    """P1 must end accepted, P2 either way, P3 to P8 unknown or final; then each lead once at most."""
    problems: list[str] = []
    leads: dict[str, str] = {}  # lead -> point
    with World(kind, folder) as world:
        world.web()
        for point in POINTS:
            for _ in range(runs):
                leads[_one_killed(world, point, problems)] = point
        world.worker()
        world.settle()
        states = dict(world.states())
        verdict = world.verdict()
    for lead, point in leads.items():
        allowed = {"accepted"} if point == BEFORE_CLAIM else FINAL
        if states.get(lead) not in allowed:
            problems.append(f"{point}: ended {states.get(lead)}")
    return Result(len(leads), verdict, problems + verdict.problems(), f"{runs} kills a point")


def _one_killed(world: World, point: str, problems: list[str]) -> str:
    """A lead whose owner dies at `point`; where it may still be claimed, a whole worker finishes it."""
    worker = world.worker("worker_with_failpoint", point=point, act="kill")
    lead = world.senders.post_until_taken(world.senders.number()).leads[0]["id"]
    if worker.ended() != -9:
        problems.append(f"{point}: was not reached")
        worker.kill()
    if point in (BEFORE_CLAIM, IN_CLAIM) and world.state(lead) != "calling":
        finisher = world.worker()
        wait_until(lambda: world.state(lead) in FINAL)
        finisher.kill()
    return lead


@trial("T4", "frozen between commit and first byte", short={"runs": 1}, long={"runs": 25})
def frozen_before_the_first_byte(kind: str, folder: Path, runs: int) -> Result:
    """SIGSTOP past the deadline, then SIGCONT: the owner sends nothing late; the call is made anew, once."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web()
        for point in (COMMITTED, CONNECTED):
            for _ in range(runs):
                worker, number, _ = _frozen(world, point, problems)
                time.sleep(TIMEOUT_S + 0.2)
                went_on = time.time()
                worker.go_on()
                wait_until(lambda number=number: world.provider.posts()[number] > 0)
                world.settle()
                worker.kill()
                if any(when < went_on + LATE_S for when in _posted_at(world, number)):
                    problems.append(f"{point}: a late POST left")
        verdict = world.verdict()
        if verdict.unknown:
            problems.append(f"{verdict.unknown} became unknown though nothing had left")
        return Result(2 * runs, verdict, problems + verdict.problems())


@trial("T5", "frozen past the deadline, swept, then awake", short={"runs": 1}, long={"runs": 3})
def late_owners(kind: str, folder: Path, runs: int) -> Result:
    """An owner that wakes after its attempt was given up changes nothing, unless it brings a whole reply."""
    problems: list[str] = []
    with World(kind, folder, scripts=("sim:hang", "Trial")) as world:
        world.web()
        owners = []
        for point, script, then in (
            (COMMITTED, "Trial", "unknown"),  # sends nothing any more
            (SENT, "Trial", "accepted"),  # its answer has come: the proof settles the lead
            (ANSWERED, "Trial", "accepted"),
            (SENT, "sim:hang", "unknown"),  # no answer: the late outcome changes nothing
        ):
            for _ in range(runs):
                owners.append((*_frozen(world, point, problems, script), f"{point}, {script}", then))
        sweeper = world.worker()
        swept = wait_until(
            lambda: all(world.state(lead) == "unknown" for _, _, lead, _, _ in owners), TIMEOUT_S + GRACE_S + 10
        )
        sweeper.kill()
        if not swept:
            problems.append("the attempts of frozen owners were not given up")
        for owner, *_ in owners:
            owner.go_on()
            owner.ask_to_end()
        for owner, _, lead, what, then in owners:
            if owner.ended() is None:
                problems.append(f"{what}: its owner did not end")
            if world.state(lead) != then:
                problems.append(f"{what}: ended {world.state(lead)}, not {then}")
        verdict = world.verdict()
        return Result(len(owners), verdict, problems + verdict.problems())


def _frozen(world: World, point: str, problems: list[str], script: str = "Trial") -> tuple[Process, str, str]:
    """A worker that froze itself at `point`, the number it was calling, and the lead."""
    number = world.senders.number()
    worker = world.worker("worker_with_failpoint", point=point, act="stop")
    heard = world.senders.post_until_taken(number, source="odd", more={"script": script})
    if not worker.stopped_by_itself():
        problems.append(f"{point}: was not reached")
    return worker, number, heard.leads[0]["id"]


def _posted_at(world: World, number: str) -> list[float]:
    calls = world.provider.calls()
    return [datetime.fromisoformat(call["at"]).timestamp() for call in calls if call["number"] == number]


@trial("T2 control", "a queue that re-claims, killed once all is sent", short={"runs": 1}, long={"runs": 5})
def control_at_a_point(kind: str, folder: Path, runs: int) -> Result:
    """The same kill with a usual queue's worker must ring twice, else these trials are blind."""
    with World(kind, folder) as world:
        world.web()
        for _ in range(runs):
            killed = world.worker("worker_that_reclaims", point=failpoints.SENT, act="kill")
            world.senders.post_until_taken(world.senders.number())
            killed.ended()
        world.worker("worker_that_reclaims")
        world.settle()
        return control(runs, world)


def control(faults: int, world: World) -> Result:
    """A control's result: the damage is what it has to show."""
    verdict = world.verdict()
    problems = [] if verdict.doubles else ["BLIND: the control rang nobody twice"]
    return Result(faults, verdict, problems, "control: has to show doubles")
