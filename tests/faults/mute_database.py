"""Trials of a PostgreSQL that says nothing, only reads, or has no connection free: 503 or waiting within 10 s, nothing
forgotten, an acceptance in hand is recorded, and all is well again without a restart of ours."""

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from tests.faults.database import POSTGRESQL, Cluster
from tests.faults.failing_database import WELL_AGAIN_S, well_again
from tests.faults.processes import wait_until
from tests.faults.trial import Result, Trial, needs_cluster, put_on
from tests.faults.world import World

Fault = Callable[[Cluster], contextlib.AbstractContextManager[None]]
TOLD_S = 10.5  # 10 s, and the way there and back on a busy machine
PATIENT_S = 30.0  # of the senders
CALL_MS = 1500  # the provider takes so long: its answer comes while the database is away
CONNECTIONS = "40"
FORGETFUL = ["an acceptance is given up"]

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("T8 silent", "PostgreSQL says nothing more", databases=(POSTGRESQL,),
       short={"seconds": 12.0}, long={"seconds": 75.0})  # fmt: skip
def silent(kind: str, folder: Path, seconds: float) -> Result:
    return _away(kind, folder, _frozen, seconds)


@trial("T8 read-only", "PostgreSQL only reads", databases=(POSTGRESQL,),
       short={"seconds": 5.0}, long={"seconds": 75.0})  # fmt: skip
def read_only(kind: str, folder: Path, seconds: float) -> Result:
    return _away(kind, folder, _only_reading, seconds)


@trial("T8 crowded", "PostgreSQL has no connection free", databases=(POSTGRESQL,),
       short={"seconds": 5.0}, long={"seconds": 75.0})  # fmt: skip
def crowded(kind: str, folder: Path, seconds: float) -> Result:
    return _away(kind, folder, _crowded, seconds)


@trial("T8 mute control", "builds that wait, name no failure, give an acceptance up", databases=(POSTGRESQL,),
       only_long=True, long={"seconds": 20.0})  # fmt: skip
def blind(kind: str, folder: Path, seconds: float) -> Result:
    """The same faults: answers that take longer than 10 s, other ones than 503, calls that end unknown."""
    problems, told = [], []
    for name, fault, web in (
        ("silent", _frozen, "an answer is waited for for ever"),
        ("read-only", _only_reading, "failures have no name"),
        ("crowded", _crowded, "failures have no name"),
    ):
        result = _away(kind, folder / name, fault, seconds, web=web, worker=FORGETFUL)
        found = " ".join(result.problems)
        if "answered" not in found or "in hand" not in found:
            problems.append(f"BLIND: {name}: {found}")
        told.append(f"{name}: {'; '.join(result.problems)}")
    return Result(3, result.verdict, problems, f"control: has to show each: {' | '.join(told)}")


def _away(
    kind: str, folder: Path, fault: Fault, seconds: float, *, web: str = "", worker: list[str] | None = None
) -> Result:
    needs_cluster()
    problems: list[str] = []
    house = Cluster(max_connections=CONNECTIONS)
    with house as cluster, World(kind, folder, url=cluster.database(), behaviour=f"slow:{CALL_MS}", timeout=5) as world:
        settings = {"OTHER_PARTS": web}
        parts = {"entry": "gunicorn", "application": "tests.faults.builds:web_of_other_parts()"} if web else {}
        world.web(processes=1, settings=settings, **parts)
        world.worker("worker_built", how=worker or [])
        world.senders.many(3)
        world.settle()
        in_hand = world.senders.many(2)
        if not wait_until(lambda: all(world.provider.posts()[number] for number in in_hand), 20):
            problems.append("BLIND: no call was on its way when the database went")
        began = time.monotonic()
        with fault(cluster):
            heard = _ask(world, 6)
            _told(heard, problems)
            time.sleep(max(0.0, seconds - (time.monotonic() - began)))
        well_again(world, problems, WELL_AGAIN_S + CALL_MS / 1000)
        world.settle(40)
        accepted = [state for lead, state in world.states() if state != "accepted"]
        if accepted:
            problems.append(f"of what was rung, or in hand, {len(accepted)} ended {sorted(set(accepted))}")
        verdict = world.verdict()
        slowest = max(took for _, took in heard)
        note = f"{len(heard)} answered 503, the slowest after {slowest:.1f} s; 2 acceptances were in hand"
        return Result(1, verdict, problems + verdict.problems(), note)


def _ask(world: World, count: int) -> list[tuple[int, float]]:
    """Senders at once: what each was answered, and after how long."""

    def one(number: str) -> tuple[int, float]:
        began = time.monotonic()
        heard = world.senders.post(number, timeout=PATIENT_S)
        return heard.status, time.monotonic() - began

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, [world.senders.number() for _ in range(count)]))


def _told(heard: list[tuple[int, float]], problems: list[str]) -> None:
    if odd := {status for status, _ in heard} - {503}:
        problems.append(f"answered {sorted(odd)}, not 503")
    if (slowest := max(took for _, took in heard)) > TOLD_S:
        problems.append(f"answered after {slowest:.1f} s")


@contextlib.contextmanager
def _frozen(cluster: Cluster) -> Iterator[None]:
    cluster.freeze()
    try:
        yield
    finally:
        cluster.go_on()


@contextlib.contextmanager
def _only_reading(cluster: Cluster) -> Iterator[None]:
    """As a primary that was demoted."""
    cluster.setting("default_transaction_read_only", "on")
    try:
        yield
    finally:
        cluster.setting("default_transaction_read_only", "off")


@contextlib.contextmanager
def _crowded(cluster: Cluster) -> Iterator[None]:
    """Others have every connection, also those that the house had."""
    url, others = cluster.database(), []
    with psycopg.connect(url, autocommit=True) as own:
        for _ in range(200):
            own.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name <> 'crowd' "
                        "AND backend_type = 'client backend' AND pid <> pg_backend_pid()")  # fmt: skip
            with contextlib.suppress(psycopg.OperationalError):
                while True:
                    others.append(psycopg.connect(url, application_name="crowd"))
            if len(others) >= int(CONNECTIONS) - 1:
                break
        yield
    for one in others:
        one.close()
