"""Trials of the dispatch journal's disk: no new file at the daily turn, no room at all."""

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.faults.database import SQLITE, rows
from tests.faults.failing_database import fill, small_file_system, well_again
from tests.faults.processes import Process, wait_until
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import World

SMALL = "3m,nr_inodes=30"
SHORT_DAY = "a day is short"
FULL_S = 6.0  # longer than a lead rests that was not sent by our own fault

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial(
    "T6 journal",
    "the journal's disk is full at its daily new file",
    short={"leads": 10},
    long={"leads": 100, "alarm": True},
    short_on=(SQLITE,),
)
def full_journal(kind: str, folder: Path, leads: int, alarm: bool = False) -> Result:
    """Where no new file can be begun the old one serves on and all are rung. Where nothing can be written nobody is
    rung, nothing counts against a lead, `/readyz` and an alarm say so; with room again all are rung once."""
    problems: list[str] = []
    with _small_run(kind, folder) as (world, small):
        worker = _begun(world, problems)
        with _no_new_file(small):
            rung = _rung(world, leads, 30)
        if rung < leads:
            problems.append(f"{rung} of {leads} were rung while no new file could be begun")
        _no_room(world, small, leads, problems, alarm=alarm)
        if not worker.alive:
            problems.append("the worker ended")
        verdict = world.verdict()
        if verdict.unknown:
            problems.append(f"{verdict.unknown} unknown, though nothing was sent that was not written down")
        note = f"{leads} rung without a new file, {leads} once there was room"
        return Result(2, verdict, problems + verdict.problems(), note)


@trial("T6 journal control", "builds that close the old file first, or send all the same",
       short={"leads": 5}, long={"leads": 20}, short_on=(SQLITE,))  # fmt: skip
def blind_journal(kind: str, folder: Path, leads: int) -> Result:
    """The same faults: the first rings nobody without a new file, the second rings what no journal knows of."""
    problems: list[str] = []
    with _small_run(kind, folder / "first") as (world, small):
        _begun(world, problems, "the old file is closed first")
        with _no_new_file(small):
            rung = _rung(world, leads, 4)
        if rung == leads:
            problems.append("BLIND: the build that closes the old file first rang everybody")
    with _small_run(kind, folder / "second") as (world, small):
        _begun(world, problems, "the journal is not asked for")
        found: list[str] = []
        _no_room(world, small, leads, found)
        if not any("were rung while" in one for one in found):
            problems.append("BLIND: the build that asks no journal rang nobody")
        verdict = world.verdict()
    note = f"closed first: {rung} of {leads} rung; not asked for: {'; '.join(found)} (control: has to show both)"
    return Result(2, verdict, problems, note)


@contextlib.contextmanager
def _small_run(kind: str, folder: Path) -> Iterator[tuple[World, Path]]:
    """A world whose run directory lies on a small disk of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    with small_file_system(folder / "small", SMALL) as small, World(kind, folder, timeout=5) as world:
        world.environment["RUN_DIR"] = str(small / "run")
        world.web()
        yield world, small


def _begun(world: World, problems: list[str], *how: str) -> Process:
    """A worker that has begun its journal."""
    worker = world.worker("worker_built", how=[SHORT_DAY, *how])
    if not _rung(world, 5, 60):
        problems.append("nobody was rung before the disk was full")
    return worker


@contextlib.contextmanager
def _no_new_file(small: Path) -> Iterator[None]:
    """Every inode is taken: what is open can be written, and nothing else begun."""
    taken = []
    with contextlib.suppress(OSError):
        for n in range(1000):
            (one := small / f"taken-{n}").touch()
            taken.append(one)
    try:
        yield
    finally:
        for one in taken:
            one.unlink()


def _rung(world: World, leads: int, seconds: float) -> int:
    """A few at a time, so that many days go by meanwhile; how many were rung within so many seconds."""
    numbers: list[str] = []
    for _ in range(5):
        numbers += world.senders.many(leads // 5)
        time.sleep(0.6)
    count = lambda: sum(world.provider.posts()[number] > 0 for number in numbers)  # noqa: E731
    wait_until(lambda: count() == leads, seconds)
    return count()


def _no_room(world: World, small: Path, leads: int, problems: list[str], *, alarm: bool = False) -> None:
    filler = small / "filler"
    fill(filler)
    before, tries = world.verdict().calls, _tries(world)
    watch = world.flask("watch") if alarm else None
    world.senders.many(leads)
    began = time.monotonic()
    if not wait_until(lambda: "cannot be written" in ready(world).get("journal", ""), 20, 0.2):
        problems.append("/readyz did not name the journal")
    if watch is not None:
        rings = "SELECT count(*) FROM alarms WHERE kind = 'journal_unwritable'"
        if not wait_until(lambda: rows(world.url, rings)[0][0] == 1, 90, 0.5):
            problems.append("no alarm was raised")
    time.sleep(max(0.0, FULL_S - (time.monotonic() - began)))
    if sent := world.verdict().calls - before:
        problems.append(f"{sent} were rung while no line could be written")
    if _tries(world) > tries:
        problems.append("our own trouble counts against leads")
    filler.unlink()
    well_again(world, problems)
    world.settle()
    if not wait_until(lambda: ready(world).get("journal") == "ok", 10, 0.2):
        problems.append("/readyz still names the journal")
    if watch is not None:
        watch.kill()


def _tries(world: World) -> int:
    return int(rows(world.url, "SELECT sum(tries) FROM leads")[0][0])


def ready(world: World) -> dict[str, str]:
    """What /readyz says of each check."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{world.senders.ports[0]}/readyz", timeout=15) as answer:
            said = json.load(answer)
    except urllib.error.HTTPError as answer:
        said = json.load(answer)
    except OSError:
        return {}
    return dict(said.get("checks", {}))
