"""Trials of a database that is another one: a backup put back, a clone, a cold copy, a standby that was behind."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.faults.database import POSTGRESQL, SQLITE, Cluster
from tests.faults.processes import Process, wait_until
from tests.faults.senders import Crowd
from tests.faults.trial import Result, Trial, needs_cluster, put_on, within
from tests.faults.world import World

GOES_ON_S = 10.0

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("T10 live", "an older copy put back under running processes", databases=(SQLITE,),
       short={"calls": 20}, long={"calls": 500})  # fmt: skip
def put_back_live(kind: str, folder: Path, calls: int) -> Result:
    return _put_back(kind, folder, calls, "", restart=False)


@trial("T10 restart", "an older copy put back under a restart", databases=(SQLITE,),
       short={"calls": 20}, long={"calls": 500})  # fmt: skip
def put_back_restarted(kind: str, folder: Path, calls: int) -> Result:
    return _put_back(kind, folder, calls, "", restart=True)


@trial("T10 control", "the same, by workers that ask no epoch", databases=(SQLITE,),
       short={"calls": 20}, long={"calls": 200})  # fmt: skip
def put_back_blind(kind: str, folder: Path, calls: int) -> Result:
    result = _put_back(kind, folder, calls, "worker_that_asks_no_epoch", restart=False)
    blind = [] if result.verdict.doubles else ["BLIND: the control rang nobody twice"]
    return Result(result.faults, result.verdict, blind, "must show doubles")


@trial("T10 clone", "a cloned file, its run directory left behind", databases=(SQLITE,),
       short={"calls": 20}, long={"calls": 500})  # fmt: skip
def cloned(kind: str, folder: Path, calls: int) -> Result:
    """The clone's worker rings nobody that the first may ring; the first goes on as if nothing were."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web()
        world.worker()
        world.senders.many(2)
        world.settle()
        _end(world.workers)
        world.senders.many(calls)
        clone = folder / "clone"
        clone.mkdir()
        backup(file_of(world), clone / "leads.db")
        elsewhere = {"DATABASE_URL": f"sqlite:///{clone}/leads.db", "RUN_DIR": str(clone / "run")}
        stranger = world.start("flask", "clone-worker", elsewhere, arguments=["worker"])
        held = "SELECT count(*) FROM leads WHERE state = 'held' AND reason = 'may_have_rung'"
        if not wait_until(lambda: _asked(clone / "leads.db", held) == calls, 30):
            problems.append(f"{_asked(clone / 'leads.db', held)} of {calls} leads are held in the clone")
        world.worker()
        world.settle()
        stranger.kill()
        verdict = world.verdict()
        return Result(1, verdict, problems + verdict.problems())


@trial("T10 cold", "a cold copy of the cluster put back under running processes", databases=(POSTGRESQL,),
       short={"calls": 20}, long={"calls": 500})  # fmt: skip
def cold_copy(kind: str, folder: Path, calls: int) -> Result:
    needs_cluster()
    problems: list[str] = []
    with Cluster() as cluster, World(kind, folder, url=cluster.database()) as world:
        world.web()
        workers = [world.worker(machine="one"), world.worker(machine="two")]
        _rung_before(world)
        world.freeze(workers)
        world.senders.many(calls)  # these wait when the copy is made
        cluster.stop_cleanly()
        cluster.keep_copy()
        cluster.start()
        for worker in workers:
            worker.go_on()
        _all_rung(world, calls, problems)
        cluster.stop_cleanly()
        cluster.put_copy_back()
        cluster.start()
        return _ends(world, problems)


@trial("T10 standby", "an asynchronous standby promoted while behind", databases=(POSTGRESQL,),
       short={"seconds": 2.0}, long={"seconds": 4.0})  # fmt: skip
def promoted(kind: str, folder: Path, seconds: float) -> Result:
    """What was acknowledged and not replicated is lost (only a synchronous standby keeps it); no double ring."""
    needs_cluster()
    problems: list[str] = []
    with Cluster() as cluster, World(kind, folder, url=cluster.database(), behaviour="slow:20") as world:
        world.web()
        for machine in ("one", "two"):
            world.worker(machine=machine)
        cluster.begin_standby()
        with Crowd(world.senders, threads=2, pause=0.05):
            wait_until(lambda: sum(world.provider.posts().values()) > 20, 30)
            cluster.stop_standby()  # from here on it falls behind
            rung = sum(world.provider.posts().values())
            wait_until(lambda: False, seconds)
            cluster.stop()
            cluster.promote_standby()
            behind = sum(world.provider.posts().values()) - rung
        if behind < 3:
            problems.append("BLIND: nearly nobody was rung while the standby was behind")
        result = _ends(world, problems)
        kept = [problem for problem in result.problems if "acknowledged and not stored" not in problem]
        return Result(1, result.verdict, kept, f"{behind} calls forgotten, {result.verdict.losses} leads with them")


def _put_back(kind: str, folder: Path, calls: int, entry: str, *, restart: bool) -> Result:
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web()
        for _ in range(2):
            world.worker(entry)
        _rung_before(world)
        with _frozen(world):
            world.senders.many(calls)
            backup(file_of(world), folder / "copy.db")
        _all_rung(world, calls, problems)
        if restart:
            _end([*world.workers, *world.webs])
        put_back(folder / "copy.db", file_of(world))
        if restart:
            world.web(port=world.senders.ports[0])
            world.worker(entry)
        return _ends(world, problems)


def _rung_before(world: World) -> None:
    """Calls that the copy knows of."""
    world.senders.many(3)
    world.settle()


def _all_rung(world: World, calls: int, problems: list[str]) -> None:
    if not wait_until(lambda: sum(world.provider.posts().values()) >= calls + 3, 60):
        problems.append("not everybody was rung before the database went back")


def _ends(world: World, problems: list[str]) -> Result:
    """New leads go on within seconds; what was rung and forgotten is there as unknown or held, and rung no more."""
    with within(GOES_ON_S + 5, "new leads", problems):
        number = world.senders.number()
        lead = world.senders.post_until_taken(number).leads[0]["id"]
        wait_until(lambda: world.state(lead) == "accepted", 60)
    if world.provider.posts()[number] != 1:
        problems.append(f"a new lead was rung {world.provider.posts()[number]} times")
    world.settle()
    verdict = world.verdict()
    return Result(1, verdict, problems + verdict.problems())


@contextlib.contextmanager
def _frozen(world: World) -> Iterator[None]:
    world.freeze(world.workers)
    try:
        yield
    finally:
        for process in world.workers:
            process.go_on()


def _end(processes: list[Process]) -> None:
    for process in processes:
        process.ask_to_end()
    for process in processes:
        process.ended()


def file_of(world: World) -> Path:
    return Path(world.url.removeprefix("sqlite:///"))


def backup(source: Path, target: Path) -> None:
    """As SQLite's own backup makes it."""
    with closing(sqlite3.connect(source, timeout=20)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def put_back(copy: Path, file: Path) -> None:
    """As an operator puts a backup back: the file by rename, its journal files away."""
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    draft = file.with_name("put-back.db")
    shutil.copy(copy, draft)
    draft.replace(file)


def _asked(file: Path, query: str) -> int:
    with closing(sqlite3.connect(file, timeout=20)) as connection:
        return int(connection.execute(query).fetchone()[0])


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[tuple[str | None, Cluster | None]]:
    """The address of a database for a trial that puts a copy back, and its server; neither for a file."""
    if kind == SQLITE:
        yield None, None
        return
    needs_cluster()
    with Cluster() as cluster:
        yield cluster.database(), cluster


def keep_copy(world: World, cluster: Cluster | None) -> None:
    """A backup of the database as it is, which `put_copy_back` puts back."""
    if cluster is None:
        backup(file_of(world), world.folder / "copy.db")
        return
    cluster.stop_cleanly()
    cluster.keep_copy()
    cluster.start()


def put_copy_back(world: World, cluster: Cluster | None) -> None:
    if cluster is None:
        put_back(world.folder / "copy.db", file_of(world))
        return
    cluster.stop_cleanly()
    cluster.put_copy_back()
    cluster.start()
