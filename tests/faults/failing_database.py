"""Trials of a database that fails: full, locked, restarted, cut off at COMMIT."""

import contextlib
import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.faults.database import POSTGRESQL, SQLITE, Cluster, fresh, rows
from tests.faults.processes import Process, wait_until
from tests.faults.proxy import AFTER, BEFORE, CuttingProxy, behind_a_proxy
from tests.faults.senders import Crowd
from tests.faults.trial import Result, Skip, Trial, needs_cluster, put_on
from tests.faults.world import GRACE_S, TIMEOUT_S, World

WELL_AGAIN_S = 10.0


TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("T6", "disk full: every write fails", databases=(SQLITE,), short={"leads": 5}, long={"leads": 50})
def no_write_succeeds(kind: str, folder: Path, leads: int) -> Result:
    """RLIMIT_FSIZE on web and worker: each of the deliveries that come together is answered 503 with Retry-After,
    nobody is rung meanwhile."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.quiet = True  # their logs could not be written either
        web, worker = world.web(), world.worker()
        world.senders.many(leads)
        world.settle()
        world.freeze([worker])
        world.senders.many(leads)  # these wait
        before = world.verdict()
        limit([web, worker], 1)
        worker.go_on()
        refused = [world.senders.number() for _ in range(leads)]
        answers = world.senders.each(refused, world.senders.post)
        time.sleep(2.5)  # at least two turns of a worker that polls each second
        if any(heard.status != 503 or "retry-after" not in heard.headers for heard in answers):
            problems.append(f"answered {sorted({heard.status for heard in answers})}, not 503 with Retry-After")
        if world.verdict().calls != before.calls:
            problems.append("someone was rung while nothing could be written")
        limit([web, worker], resource.RLIM_INFINITY)
        well_again(world, problems)
        world.senders.each(refused, world.senders.post_until_taken)
        world.settle()
        problems += unsound(world.url)
        verdict = world.verdict()
        return Result(2 + leads, verdict, problems + verdict.problems(), f"{len(answers)} answered 503")


@trial("T6 tmpfs", "disk full: a small file system", databases=(SQLITE,), short={"tries": 30}, long={"tries": 300})
def full_file_system(kind: str, folder: Path, tries: int) -> Result:
    problems: list[str] = []
    with small_file_system(folder / "small") as small:
        with World(kind, folder, url=fresh(SQLITE, small)) as world:
            world.web()
            world.worker()
            world.senders.many(5)
            filler = small / "filler"
            fill(filler)
            answers = [world.senders.post(world.senders.number()) for _ in range(tries)]
            odd = {heard.status for heard in answers} - {200, 503}
            if odd or any(h.status == 503 and "retry-after" not in h.headers for h in answers):
                problems.append(f"answered {odd}, neither 200 nor 503 with Retry-After")
            refused = sum(heard.status == 503 for heard in answers)
            if not refused:
                problems.append("BLIND: no write failed")
            filler.unlink()
            well_again(world, problems)
            world.settle()
            problems += unsound(world.url)
            verdict = world.verdict()
        return Result(1, verdict, problems + verdict.problems(), f"{refused} of {tries} answered 503")


@trial("T6 locked", "another writer holds the file", databases=(SQLITE,), only_long=True, long={"seconds": 14})
def locked_file(kind: str, folder: Path, seconds: float) -> Result:
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web()
        world.worker()
        with closing(sqlite3.connect(world.url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            heard = world.senders.post(world.senders.number(), timeout=30)
            if heard.status != 503 or "retry-after" not in heard.headers:
                problems.append(f"answered {heard.status}, not 503 with Retry-After")
            time.sleep(max(0.0, seconds - (time.monotonic() - began)))
            other.execute("ROLLBACK")
        well_again(world, problems)
        world.settle()
        verdict = world.verdict()
        return Result(1, verdict, problems + verdict.problems())


@trial(
    "T8",
    "PostgreSQL restarted at once under load",
    databases=(POSTGRESQL,),
    short={"restarts": 1, "within": 30.0},
    long={"restarts": 5, "within": WELL_AGAIN_S},
)
def restarts(kind: str, folder: Path, restarts: int, within: float) -> Result:
    needs_cluster()
    problems: list[str] = []
    with Cluster() as cluster, World(kind, folder, url=cluster.database(), behaviour="slow:20") as world:
        world.web()
        for _ in range(3):
            world.worker()
        world.started(3)
        with Crowd(world.senders, threads=2, pause=0.1):
            for _ in range(restarts):
                time.sleep(1.5)
                cluster.restart()
                well_again(world, problems, within)
        world.settle()
        verdict = world.verdict()
        return Result(restarts, verdict, problems + verdict.problems())


@trial("T9", "the connection cut at COMMIT", databases=(POSTGRESQL,), short={"runs": 1}, long={"runs": 20})
def cut_at_commit(kind: str, folder: Path, runs: int) -> Result:
    """Before the server hears of it and after: intake answers 503 and its sender's repeat makes one lead; dispatch
    sends nothing on a commit that is not proven."""
    problems: list[str] = []
    with behind_a_proxy(folder) as (proxy, url), World(kind, folder, url=url) as world:
        world.web()
        world.worker()
        for when in (BEFORE, AFTER):
            for _ in range(runs):
                _cut_intake(world, proxy, when, problems)
                _cut_claim(world, proxy, when, problems)
                _cut_outcome(world, proxy, when, problems)
        world.settle()
        verdict = world.verdict()
    if proxy.cuts != 6 * runs:
        problems.append(f"BLIND: {proxy.cuts} of {6 * runs} cuts were made")
    return Result(proxy.cuts, verdict, problems + verdict.problems())


def _cut_intake(world: World, proxy: CuttingProxy, when: str, problems: list[str]) -> None:
    number = world.senders.number()
    proxy.cut(b"INSERT INTO deliveries", when)
    first = world.senders.post(number)
    second = world.senders.post_until_taken(number)
    if first.status != 503 or second.leads[0]["duplicate"] != (when == AFTER):
        problems.append(f"cut {when} the intake's COMMIT: {first.status}, then {second.leads}")
    world.settle()


def _cut_claim(world: World, proxy: CuttingProxy, when: str, problems: list[str]) -> None:
    number = world.senders.number()
    proxy.cut(b"INSERT INTO attempts", when)
    lead = world.senders.post_until_taken(number).leads[0]["id"]
    world.settle(TIMEOUT_S + GRACE_S + 10)
    if when == BEFORE and world.state(lead) != "accepted":
        problems.append(f"cut before the claim's COMMIT: {world.state(lead)}, not accepted")
    ended = (world.state(lead), world.provider.posts()[number])
    if when == AFTER and ended not in (("accepted", 1), ("unknown", 0)):
        problems.append(f"cut after the claim's COMMIT: {ended[0]} with {ended[1]} POSTs")


def _cut_outcome(world: World, proxy: CuttingProxy, when: str, problems: list[str]) -> None:
    proxy.cut(b"UPDATE attempts SET ended_at", when)
    lead = world.senders.post_until_taken(world.senders.number()).leads[0]["id"]
    world.settle()
    if world.state(lead) != "accepted":
        problems.append(f"cut {when} the outcome's COMMIT: {world.state(lead)}, not accepted")


def limit(processes: list[Process], most: int) -> None:
    """The largest file that these and their children may write."""
    for pid in [pid for process in processes for pid in (process.pid, *process.children())]:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def well_again(world: World, problems: list[str], within: float = WELL_AGAIN_S) -> None:
    """A new lead has to be taken and rung within so many seconds, with no restart of ours."""
    number = world.senders.number()
    began = time.monotonic()
    world.senders.post_until_taken(number, within)
    if not wait_until(lambda: world.provider.posts()[number] > 0, within - (time.monotonic() - began)):
        problems.append(f"not well again within {within:.0f} s")


def unsound(url: str) -> list[str]:
    said = rows(url, "PRAGMA integrity_check")
    return [] if said == [("ok",)] else [f"integrity_check: {said[:3]}"]


def fill(filler: Path) -> None:
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            continue


@contextlib.contextmanager
def small_file_system(where: Path, size: str = "3m") -> Iterator[Path]:
    """A tmpfs of a few megabytes, where this machine allows to mount one."""
    where.mkdir(parents=True)
    if os.geteuid() != 0 or not os.path.exists("/bin/mount"):
        raise Skip("mounting a small file system needs root")
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(where)], capture_output=True
    )
    if mounted.returncode != 0:
        raise Skip("this machine mounts no tmpfs")
    try:
        yield where
    finally:
        subprocess.run(["/bin/umount", "-l", str(where)], check=False)
