"""Trials of what is old when a database is another one: a worker's row of a month ago, a journal that is lost, a worker
that slept, rows that are put back in place."""

import contextlib
import fcntl
import time
from pathlib import Path

import psycopg

from store.meta import meta
from tests.faults import preload
from tests.faults.database import POSTGRESQL, SQLITE, Cluster, rows
from tests.faults.other_database import backup, file_of
from tests.faults.processes import Process, wait_until
from tests.faults.trial import Result, Trial, needs_cluster, put_on
from tests.faults.world import World

MONTH_MS, YEAR_MS = 30 * 86_400_000, 365 * 86_400_000
SHORT_DAY = "a day is short"
SLEPT_S = 660.0
OPEN_S = 45.0  # a journal that is lost is waited for 30 s
MAY_HAVE_RUNG = "SELECT count(*) FROM leads WHERE state = 'held' AND reason = 'may_have_rung'"
NEWEST_WORKERS = "SELECT count(*) FROM attempts WHERE owner = (SELECT id FROM workers ORDER BY started_at DESC LIMIT 1)"
SUSPECT = "SELECT suspect_since FROM epoch"
OLD_WORKER = (
    "INSERT INTO workers (id, host, pid, started_at, seen_at, run) VALUES ('{id}', 'old', 1, {at}, {at}, 'its-run')"
)

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("T8 month", "PostgreSQL restarts, a worker's row is a month old", databases=(POSTGRESQL,),
       short={"restarts": 1, "leads": 10}, long={"restarts": 5, "leads": 50, "lost": True})  # fmt: skip
def month_old(kind: str, folder: Path, restarts: int, leads: int, lost: bool = False) -> Result:
    """It holds none of the leads that wait at a restart; a journal that is lost holds those of that one restart, once;
    rows that nobody asks for any more go."""
    return _restarts(kind, folder, restarts, leads, [SHORT_DAY], lost=lost)


@trial("T8 month control", "the same, by workers that miss every worker", databases=(POSTGRESQL,),
       only_long=True, long={"leads": 10})  # fmt: skip
def month_old_blind(kind: str, folder: Path, leads: int) -> Result:
    result = _restarts(kind, folder, 1, leads, ["every worker is missed"])
    blind = [] if any("held" in one for one in result.problems) else ["BLIND: the control held nobody"]
    return Result(1, result.verdict, blind, f"control: {'; '.join(result.problems)}")


def _restarts(kind: str, folder: Path, restarts: int, leads: int, how: list[str], *, lost: bool = False) -> Result:
    needs_cluster()
    problems: list[str] = []
    with Cluster() as cluster, World(kind, folder, url=cluster.database(), timeout=5) as world:
        world.web()
        workers = [world.worker("worker_built", machine=name, how=how) for name in ("one", "two")]
        world.senders.many(3)
        world.settle()
        now = int(time.time() * 1000)
        _write(world.url, OLD_WORKER.format(id="month", at=now - MONTH_MS))
        expected = _lose_a_journal(world, cluster, workers, leads, problems) if lost else 0
        for _ in range(restarts):
            world.freeze(workers)
            world.senders.many(leads)
            cluster.restart()
            for worker in workers:
                worker.go_on()
            if not world.settle(OPEN_S):
                problems.append("leads that waited at the restart did not ring")
        held = rows(world.url, MAY_HAVE_RUNG)[0][0]
        if held != expected:
            problems.append(f"{held} leads are held, not {expected}")
        if SHORT_DAY in how:
            _pruned(world, now, problems)
        verdict = world.verdict()
        note = f"{restarts} restarts, {leads} waiting at each; {held} held, of the one whose journal is lost"
        return Result(restarts + lost, verdict, problems + verdict.problems(), note)


def _lose_a_journal(world: World, cluster: Cluster, workers: list[Process], leads: int, problems: list[str]) -> int:
    """A worker and its disk are gone when the server is another one: whatever waits is held, this once."""
    third = world.worker("worker_built", machine="three", how=[SHORT_DAY])
    world.started(3)
    time.sleep(2.0)  # it has looked at the database
    world.freeze([*workers, third])
    world.senders.many(leads)
    third.kill()
    cluster.restart()
    for worker in workers:
        worker.go_on()
    if not wait_until(lambda: rows(world.url, MAY_HAVE_RUNG)[0][0] == leads, OPEN_S + 30, 0.5):
        problems.append("a lost journal did not hold what waited")
    return leads


def _pruned(world: World, now: int, problems: list[str]) -> None:
    """Rows of a year ago go within seconds, where a day is a second."""
    old = now - YEAR_MS
    _write(
        world.url,
        OLD_WORKER.format(id="year", at=old),
        f"INSERT INTO refused_proofs (source, hour, cause, count) VALUES ('shop', {old}, 'wrong', 1)",
        "INSERT INTO alarms (kind, subject, severity, text, value, since, raised_at, cleared_at) "
        f"VALUES ('backlog', 'old', 'page', '', 1, {old}, {old}, {old})",
    )
    left = (
        f"SELECT (SELECT count(*) FROM workers WHERE seen_at <= {now - MONTH_MS})"
        f" + (SELECT count(*) FROM refused_proofs WHERE hour <= {old})"
        f" + (SELECT count(*) FROM alarms WHERE cleared_at <= {old})"
    )
    if not wait_until(lambda: rows(world.url, left)[0][0] == 0, 20, 0.2):
        problems.append(f"{rows(world.url, left)[0][0]} old rows are still there")


@trial("T10 slept", "a worker that wakes after an older copy was put back", databases=(POSTGRESQL,),
       only_long=True, long={"calls": 40})  # fmt: skip
def slept(kind: str, folder: Path, calls: int) -> Result:
    """Eleven minutes later, by the clock of the server and of all processes, which is set on meanwhile: it brings back
    its own calls, and the house goes on."""
    return _slept(kind, folder, calls, [])


@trial("T10 slept control", "the same, by a worker that passes its old calls over", databases=(POSTGRESQL,),
       only_long=True, long={"calls": 40})  # fmt: skip
def slept_blind(kind: str, folder: Path, calls: int) -> Result:
    result = _slept(kind, folder, calls, ["old lines are not compared"])
    blind = [] if any("is not opened" in one for one in result.problems) else ["BLIND: the epoch was opened"]
    return Result(1, result.verdict, blind, f"control: {'; '.join(result.problems)}")


def _slept(kind: str, folder: Path, calls: int, how: list[str]) -> Result:
    needs_cluster()
    problems: list[str] = []
    with Cluster(_movable_clock) as cluster, World(kind, folder, url=cluster.database(), timeout=5) as world:
        world.environment |= cluster.environment
        world.web(entry="preloaded_web", application="app:create_app()")
        first = world.worker("preloaded_worker", machine="one", how=[])
        world.started(1)
        time.sleep(1.5)  # it has said so in the database
        sleeper = world.worker("preloaded_worker", machine="two", how=how)
        world.started(2)
        time.sleep(1.5)
        world.senders.many(3)
        world.settle()
        world.freeze([first, sleeper])
        before = rows(world.url, NEWEST_WORKERS)[0][0]
        numbers = world.senders.many(calls)  # these wait when the copy is made
        cluster.stop_cleanly()
        cluster.keep_copy()
        cluster.start()
        first.go_on()
        sleeper.go_on()
        wait_until(lambda: all(world.provider.posts()[number] for number in numbers), 60)
        world.settle()
        world.freeze([first, sleeper])
        own = rows(world.url, NEWEST_WORKERS)[0][0] - before
        cluster.stop_cleanly()
        cluster.put_copy_back()
        cluster.start()
        first.go_on()
        if not wait_until(lambda: rows(world.url, MAY_HAVE_RUNG)[0][0] == own > 0, OPEN_S + 30, 0.5):
            problems.append(f"{rows(world.url, MAY_HAVE_RUNG)[0][0]} are held, not those {own} that it rang")
        first.kill()
        (cluster.folder / "moved").write_text(f"{SLEPT_S:.0f}")
        sleeper.go_on()
        back = "SELECT count(*) FROM attempts WHERE how = 'store_went_back'"
        if not wait_until(lambda: (rows(world.url, SUSPECT)[0][0], rows(world.url, back)[0][0]) == (0, calls), 60, 0.5):
            problems.append(f"the epoch is not opened, or {rows(world.url, back)[0][0]} of {calls} calls came back")
        number = world.senders.number()
        world.senders.post_until_taken(number)
        if not wait_until(lambda: world.provider.posts()[number] > 0, 20):
            problems.append("the epoch is not opened: a new lead is not rung by the one that slept")
        world.settle(10)
        verdict = world.verdict()
        note = f"{own} of {calls} calls were its own; it slept {SLEPT_S:.0f} s"
        return Result(1, verdict, problems + verdict.problems(), note)


def _movable_clock(folder: Path) -> dict[str, str]:
    """Under whoever gets it the clock is ahead by the seconds that stand in the folder's file `moved`."""
    return {"LD_PRELOAD": preload.library("moved_clock", folder), "MOVED_CLOCK": str(folder / "moved")}


@trial("T10 in place", "older rows put back in place under running processes",
       short={"calls": 20}, long={"calls": 200}, short_on=(SQLITE,))  # fmt: skip
def in_place(kind: str, folder: Path, calls: int) -> Result:
    """The same file or server, so that only what is missing tells: nobody is rung twice, and the alarm ends."""
    return _in_place(kind, folder, calls, [])


@trial("T10 in place control", "the same, by workers that ask no epoch", long={"calls": 50}, only_long=True)
def in_place_blind(kind: str, folder: Path, calls: int) -> Result:
    result = _in_place(kind, folder, calls, ["nobody asks the epoch"])
    blind = [] if result.verdict.doubles else ["BLIND: the control rang nobody twice"]
    return Result(1, result.verdict, blind, "control: has to show doubles")


def _in_place(kind: str, folder: Path, calls: int, how: list[str]) -> Result:
    if kind == POSTGRESQL:
        needs_cluster()
    problems: list[str] = []
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(Cluster()).database() if kind == POSTGRESQL else None
        world = stack.enter_context(World(kind, folder, url=url, timeout=5))
        world.web()
        worker = world.worker("worker_built", how=how)
        world.senders.many(3)
        world.settle()
        world.freeze([worker])
        world.senders.many(calls)
        put_back = _keep(world, folder)
        worker.go_on()
        world.settle()
        world.freeze([worker])
        put_back()
        worker.go_on()
        seen = wait_until(lambda: rows(world.url, SUSPECT)[0][0] > 0, 5, 0.02)
        if not wait_until(lambda: rows(world.url, SUSPECT)[0][0] == 0, 30, 0.2):
            problems.append("the database stays suspect")
        world.settle()
        verdict = world.verdict()
        if not how and verdict.unknown != calls:
            problems.append(f"{verdict.unknown} of {calls} came back as unknown")
        note = f"{verdict.unknown} came back{', it was suspect meanwhile' if seen else ''}"
        return Result(1, verdict, problems + verdict.problems(), note)


@trial("T10 twins", "a copy on the same server is worked on beside the first, with the same run directory",
       databases=(POSTGRESQL,), short={"calls": 10}, long={"calls": 200})  # fmt: skip
def twins(kind: str, folder: Path, calls: int) -> Result:
    """What one has rung the other does not."""
    return _twins(kind, folder, calls, [])


@trial("T10 twins control", "the same, by workers that do not ask whose directory it is", databases=(POSTGRESQL,),
       long={"calls": 50}, only_long=True)  # fmt: skip
def twins_blind(kind: str, folder: Path, calls: int) -> Result:
    result = _twins(kind, folder, calls, ["nobody asks whose directory it is"])
    blind = [] if result.verdict.doubles else ["BLIND: the control rang nobody twice"]
    return Result(1, result.verdict, blind, "control: has to show doubles")


def _twins(kind: str, folder: Path, calls: int, how: list[str]) -> Result:
    needs_cluster()
    problems: list[str] = []
    with Cluster() as cluster, World(kind, folder, url=cluster.database("first"), timeout=5) as world:
        world.web()
        first = world.worker("worker_built", how=how)
        world.senders.many(3)
        world.settle()
        _freeze_outside_a_claim(first, folder / "run" / "claims.lock")
        numbers = world.senders.many(calls)
        copy = cluster.copied("first", "second")
        other = world.start("worker_built", "copy-worker", {"DATABASE_URL": copy}, how=how)
        rung = lambda: sum(world.provider.posts()[number] > 0 for number in numbers)  # noqa: E731
        if not wait_until(lambda: rung() == calls, 60, 0.1):
            problems.append(f"BLIND: the copy rang {rung()} of {calls}")
        first.go_on()
        number = world.senders.number()
        world.senders.post_until_taken(number)
        if not wait_until(lambda: world.provider.posts()[number] > 0, 30):
            problems.append("a new lead is not rung by the first")
        world.settle()
        other.kill()
        verdict = world.verdict()
        if not how and verdict.unknown != calls:
            problems.append(f"{verdict.unknown} of {calls} came back as unknown")
        return Result(1, verdict, problems + verdict.problems(), f"{verdict.unknown} came back")


def _freeze_outside_a_claim(worker: Process, lock: Path) -> None:
    """One that is frozen inside a claim keeps every other database of its run directory waiting."""
    while True:
        worker.freeze()
        with open(lock, "ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                worker.go_on()
                time.sleep(0.05)


def _keep(world: World, folder: Path):
    """Keep the rows as they are; what is returned puts them back."""
    if world.kind == SQLITE:
        backup(file_of(world), folder / "kept.db")
        return lambda: backup(folder / "kept.db", file_of(world))
    names = [table.name for table in meta.sorted_tables]
    _write(world.url, "CREATE SCHEMA kept", *(f"CREATE TABLE kept.{name} AS TABLE {name}" for name in names))
    back = (f"INSERT INTO {name} OVERRIDING SYSTEM VALUE SELECT * FROM kept.{name}" for name in names)
    return lambda: _write(world.url, f"TRUNCATE {', '.join(names)}", *back)


def _write(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement)
