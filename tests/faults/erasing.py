"""The trial of erasures: persons ask that their data goes while their leads come, repeat and ring, and workers and
erasers are killed."""

import json
import random
import threading
import time
from pathlib import Path

from store.tables import meta
from tests.faults import database
from tests.faults.dispatching import control
from tests.faults.processes import Process
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import World

WORKERS, ERASERS = 3, 2
RAGE_S, FINAL_S = 180.0, 300.0

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial(
    "E1",
    "persons are erased while their leads come, repeat and ring; workers and erasers killed",
    only_long=True,
    long={"calls": 300, "every": 0.3},
)
def erasures(kind: str, folder: Path, calls: int, every: float) -> Result:
    """Nobody is rung twice, also by a repeat that comes after the erasure; nothing is left of who was erased."""
    with World(kind, folder, behaviour="slow:30") as world:
        world.web()
        faults, gone = _rage(world, calls, every)
        world.settle(60)
        left = _erase_again(world, gone)
        problems = _still_told(world, [number for number in gone if number not in left])
        _repeat(world, gone)
        verdict = world.verdict()
        if len(left) > len(gone) / 2:
            problems.append(f"{len(left)} of {len(gone)} persons could not be erased")
        early = len(_told(world.folder / "erased.jsonl"))
        if early < len(gone) / 5:
            problems.append(f"BLIND: {early} erasures while leads came")
        note = f"{len(gone)} persons, {early} erasures while leads came; {len(left)} left as a call may come to light"
        return Result(faults, verdict, problems + verdict.problems(), note)


@trial("E1 control", "the same, where an erasure forgets the event", only_long=True, long={"calls": 60, "every": 0.3})
def control_erasures(kind: str, folder: Path, calls: int, every: float) -> Result:
    with World(kind, folder, behaviour="slow:30") as world:
        world.web()
        faults, gone = _rage(world, calls, every)
        world.settle(60)
        _erase_again(world, gone, forgets=True)
        _repeat(world, gone)
        return control(faults, world)


def _rage(world: World, calls: int, every: float) -> tuple[int, list[str]]:
    """Kills, one each `every` seconds, until half of them are erased; (how many kills, who asked to be erased)."""
    numbers = [world.senders.number() for _ in range(calls)]
    gone = [number for number in numbers if random.random() < 0.7]
    over = threading.Event()
    sending = threading.Thread(target=_send, args=(world, numbers, over), daemon=True)
    sending.start()
    workers = [world.worker() for _ in range(WORKERS)]
    erasers = [_eraser(world, gone) for _ in range(ERASERS)]
    begun = [0] * ERASERS  # how many erasures were told when each of them began
    faults, until = 0, time.monotonic() + RAGE_S
    while len(told := _told(world.folder / "erased.jsonl")) < len(gone) / 2 and time.monotonic() < until:
        time.sleep(every)
        place = random.randrange(WORKERS + ERASERS)
        if place < WORKERS:
            workers[place].kill()
            world.workers.remove(workers[place])
            workers[place] = world.worker()
        elif len(told) > begun[place - WORKERS] + 3:  # it is at work
            erasers[place - WORKERS].kill()
            erasers[place - WORKERS], begun[place - WORKERS] = _eraser(world, gone), len(told)
        else:
            continue
        faults += 1
    over.set()
    sending.join(60)
    for eraser in erasers:
        eraser.kill()
    return faults, gone


def _send(world: World, numbers: list[str], over: threading.Event) -> None:
    """Each lead, then again and again one that came before."""
    world.senders.each(numbers, lambda number: world.senders.post_until_taken(number, timeout=30.0), threads=3)
    while not over.wait(0.05):
        world.senders.post_until_taken(random.choice(numbers), timeout=30.0)


def _eraser(world: World, numbers: list[str]) -> Process:
    """Goes on until it is killed."""
    shuffled, told = random.sample(numbers, len(numbers)), str(world.folder / "erased.jsonl")
    return world.start("eraser", "eraser", numbers=shuffled, file=told, rounds=1000, forgets=False)


def _erase_again(world: World, gone: list[str], *, forgets: bool = False) -> set[str]:
    """Everybody once more, undisturbed; those of whom a call may still come to light."""
    done = world.folder / "at-last.jsonl"
    eraser = world.start("eraser", "eraser", numbers=gone, file=str(done), rounds=1, forgets=forgets)
    assert eraser.ended(FINAL_S) == 0, eraser.log.read_text()[-2000:]
    told = _told(done)
    assert not any(one["failed"] for one in told), told
    return {one["number"] for one in told if one["left"]}


def _told(file: Path) -> list[dict]:
    """Of erasures that found a lead; the last line may have been cut off."""
    lines = file.read_text(encoding="utf-8").split("\n") if file.exists() else []
    return [told for line in lines if line.endswith("}") and ((told := json.loads(line))["leads"] or told["left"])]


def _still_told(world: World, numbers: list[str]) -> list[str]:
    """Tables in which anything of these persons still stands."""
    found = {}
    for table in meta.tables:
        text = "\n".join(map(repr, database.rows(world.url, f"SELECT * FROM {table}")))
        if count := sum(number[1:] in text for number in numbers):
            found[table] = count
    return [f"{count} erased persons still stand in {table}" for table, count in found.items()]


def _repeat(world: World, gone: list[str]) -> None:
    """The senders send again what was erased, as some do for days."""
    world.senders.each(gone, world.senders.post_until_taken, threads=4)
    world.settle(60)
