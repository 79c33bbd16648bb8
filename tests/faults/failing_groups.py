"""Trials of what befalls a whole group: a commit of unknown fate, a full disk, a leader that is frozen."""

import contextlib
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from tests.faults.database import POSTGRESQL, SQLITE, Cluster, fresh, rows
from tests.faults.failing_database import fill, limit, small_file_system, unsound, well_again
from tests.faults.gathering import MOST, held, in_a_group, wait_for_seats
from tests.faults.processes import Process, wait_until
from tests.faults.proxy import AFTER, BEFORE, CuttingProxy, behind_a_proxy
from tests.faults.senders import Heard
from tests.faults.trial import Result, Trial, needs_cluster, put_on, within
from tests.faults.world import World

BELIEVES = "tests.faults.group_builds:web_that_believes_any_commit()"
ANSWERS_FIRST = "tests.faults.group_builds:web_that_answers_first()"
HOLDS_ON = "tests.faults.group_builds:web_that_nobody_cuts_off()"
TOLD_S = 10.0  # who waits for his turn to be stored hears so within this time
OF_THE_GROUP = b"of-the-group"

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial(
    "G4",
    "the connection cut at a group's COMMIT",
    databases=(POSTGRESQL,),
    short={"runs": 1},
    long={"runs": 10},
)
def cut_at_a_groups_commit(kind: str, folder: Path, runs: int) -> Result:
    """Before the server hears of it and after: each of the group is answered 503, and its sender's repeat makes one
    lead. Control: a web that believes any commit loses them."""
    problems: list[str] = []
    with behind_a_proxy(folder) as (proxy, url), World(kind, folder, url=url) as world:
        world.web(processes=1)
        world.worker()
        for when in (BEFORE, AFTER):
            for _ in range(runs):
                numbers, heard = _cut(world, proxy, when)
                again = world.senders.each(numbers, world.senders.post_until_taken)
                repeats = {lead["duplicate"] for one in again for lead in one.leads}
                if _not_refused(heard) or repeats != {when == AFTER}:
                    problems.append(f"cut {when} the COMMIT: {_not_refused(heard)}, then duplicates {repeats}")
        world.settle()
        verdict = world.verdict()
        if verdict.calls != verdict.leads:
            problems.append(f"{verdict.calls} calls for {verdict.leads} leads")
        world.web(entry="gunicorn", processes=1, application=BELIEVES)
        world.senders.ports[:] = world.senders.ports[-1:]
        _cut(world, proxy, BEFORE)
        lost = world.verdict().losses
    if not lost:
        problems.append("BLIND: a web that believes any commit lost nobody")
    if proxy.cuts != 2 * runs + 1:
        problems.append(f"BLIND: {proxy.cuts} of {2 * runs + 1} cuts were made")
    note = f"{MOST - 1} deliveries a cut; control: {lost} lost"
    return Result(2 * runs, verdict, problems + verdict.problems(), note)


def _cut(world: World, proxy: CuttingProxy, when: str) -> tuple[list[str], list[Heard]]:
    """The numbers of a group whose COMMIT is cut, and what their senders heard."""
    numbers = [world.senders.number() for _ in range(MOST - 1)]
    proxy.cut(OF_THE_GROUP, when)
    note = {"note": OF_THE_GROUP.decode()}
    return numbers, in_a_group(world, numbers, lambda number: world.senders.post(number, more=note))


def _not_refused(heard: list[Heard]) -> list[int]:
    """The answers that were not 503 with Retry-After."""
    return [one.status for one in heard if one.status != 503 or "retry-after" not in one.headers]


@trial("G5", "disk full under a group", short_on=(SQLITE,), short={"groups": 1}, long={"groups": 10})
def disk_full(kind: str, folder: Path, groups: int) -> Result:
    """All of the group are answered 503, nothing of them is stored, and the house is well again within 10 s of room.
    SQLite: no file may grow. PostgreSQL: its tables are on a small file system that fills up. Control: a web that
    answers before it stores loses them."""
    problems: list[str] = []
    with _disk(kind, folder) as (url, full), World(kind, folder / "world", url=url) as world:
        world.quiet = True  # its log could not be written either
        webs = [world.web(processes=1)]
        world.worker()
        for _ in range(groups):
            numbers, heard = _group_without_room(world, full(webs), problems)
            if _not_refused(heard):
                problems.append(f"answered {_not_refused(heard)}, not 503 with Retry-After")
            well_again(world, problems)
            world.senders.each(numbers, world.senders.post_until_taken)
        world.settle()
        problems += unsound(world.url) if kind == SQLITE else []
        verdict = world.verdict()
        webs.append(world.web(entry="gunicorn", processes=1, application=ANSWERS_FIRST))
        world.senders.ports[:] = world.senders.ports[-1:]
        _group_without_room(world, full(webs), problems, tried_s=1.0)
        lost = world.verdict().losses
    if not lost:
        problems.append("BLIND: a web that answers first lost nobody")
    note = f"{MOST - 1} of {MOST - 1} answered 503 each time; control: {lost} lost"
    return Result(groups, verdict, problems + verdict.problems(), note)


Full = Callable[[], contextlib.AbstractContextManager[object]]


def _group_without_room(
    world: World, full: Full, problems: list[str], tried_s: float = 0.0
) -> tuple[list[str], list[Heard]]:
    """The numbers of a group that no room was left for, and what their senders heard. There is room again when they
    have heard it, and `tried_s` have passed."""
    numbers = [world.senders.number() for _ in range(MOST - 1)]
    more = {"note": "x" * 20_000}  # no page that is there already has room for them
    with contextlib.ExitStack() as until_told:
        heard = in_a_group(
            world,
            numbers,
            lambda number: world.senders.post(number, more=more),
            meanwhile=lambda: until_told.enter_context(full()),
        )
        time.sleep(tried_s)
        for table, column in (("leads", "payload"), ("event_keys", "key")):
            kept = [text for (text,) in rows(world.url, f"SELECT {column} FROM {table}")]
            if found := sum(number in text for text in kept for number in numbers):
                problems.append(f"{found} rows of the group in {table}")
    return numbers, heard


@contextlib.contextmanager
def _disk(kind: str, folder: Path) -> Iterator[tuple[str, Callable[[list[Process]], Full]]]:
    """A database, and what makes its disk full for a while."""
    if kind == SQLITE:
        folder.mkdir(parents=True)
        yield fresh(kind, folder), lambda webs: lambda: _nothing_may_grow(webs)
        return
    needs_cluster()
    with small_file_system(folder / "small", "64m") as small, Cluster() as cluster:
        subprocess.run(["/bin/chown", "postgres", str(small)], check=True)
        for parent in [small, *small.parents]:  # the server has to get there
            parent.chmod(parent.stat().st_mode | 0o011)
        url = cluster.database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{small}'")
            for (table,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall():
                connection.execute(f'ALTER TABLE "{table}" SET TABLESPACE small')
        yield url, lambda _webs: lambda: _filled(small / "filler")


@contextlib.contextmanager
def _nothing_may_grow(webs: list[Process]) -> Iterator[None]:
    limit([web for web in webs if web.alive], 1)
    try:
        yield
    finally:
        limit([web for web in webs if web.alive], resource.RLIM_INFINITY)


@contextlib.contextmanager
def _filled(filler: Path) -> Iterator[None]:
    fill(filler)
    try:
        yield
    finally:
        filler.unlink()


@trial("G6", "a web frozen while it leads", only_long=True, long={"runs": 3})
def frozen_leader(kind: str, folder: Path, runs: int) -> Result:
    """PostgreSQL: the other machine's web goes on; what the frozen one had taken is given up by the server, so that its
    senders' repeats are taken elsewhere. SQLite: the others are told so within 10 s, but for one. On both, whoever
    waited behind it is told within 10 s of its going on, and nothing is lost."""
    problems: list[str] = []
    freeze = _freeze_one_of_two if kind == POSTGRESQL else _freeze_the_writer
    with World(kind, folder) as world:
        world.web(processes=1)
        frozen = world.web(processes=1)
        world.worker()
        took = [freeze(world, frozen, problems) for _ in range(runs)]
        world.settle()
        verdict = world.verdict()
        if verdict.calls != verdict.leads:
            problems.append(f"{verdict.calls} calls for {verdict.leads} leads")
        control = _nobody_cuts_off(world) if kind == POSTGRESQL else _answers_first(world)
    if not control:
        problems.append("BLIND: the control was not noticed")
    said = "its leads taken elsewhere" if kind == POSTGRESQL else "the others told"
    return Result(runs, verdict, problems + verdict.problems(), f"{said} within {max(took):.0f} s; control: {control}")


def _freeze_one_of_two(world: World, web: Process, problems: list[str]) -> float:
    """Freeze the newest web in its transaction, and let it go on once its leads are stored by the first web; so many
    seconds later."""
    with _leading_and_frozen(world, web, problems) as numbers:
        began = time.monotonic()
        with within(TOLD_S / 2, "other leads while it was frozen", problems):
            world.senders.many(5)
        again = world.senders.each(numbers, lambda one: world.senders.post_until_taken(one, 15, timeout=30), MOST)
        took = time.monotonic() - began
        if waiting := sum(not one.leads for one in again):
            problems.append(f"{waiting} of {len(numbers)} that a frozen web had taken were stored nowhere else")
    return took


def _freeze_the_writer(world: World, web: Process, problems: list[str]) -> float:
    """SQLite has one writer: whoever leads in the first web waits for the frozen one, the others are refused, so many
    seconds after they asked."""
    with _leading_and_frozen(world, web, problems):
        began = time.monotonic()
        others = [world.senders.number() for _ in range(5)]
        heard = world.senders.each(others, lambda number: world.senders.post(number, timeout=TOLD_S + 3))
        took = time.monotonic() - began
        if sum(not one.status for one in heard) > 1 or {one.status for one in heard} - {0, 200, 503}:
            problems.append(f"the others heard {sorted(one.status for one in heard)}")
    world.senders.each(others, world.senders.post_until_taken)
    return took


@contextlib.contextmanager
def _leading_and_frozen(world: World, web: Process, problems: list[str]) -> Iterator[list[str]]:
    """The numbers whose senders wait for the newest web, frozen with them in its hands; senders ask the first web until
    the block ends, then it goes on."""
    ports = list(world.senders.ports)
    numbers = [world.senders.number() for _ in range(MOST - 1)]
    with ThreadPoolExecutor(MOST) as pool:
        world.senders.ports[:] = ports[-1:]
        with held(world.url):
            asked = [pool.submit(world.senders.post, number, timeout=60) for number in numbers]
            wait_for_seats(ports[-1], asked)
            if world.kind == POSTGRESQL:
                assert wait_until(lambda: rows(world.url, "SELECT 1 FROM pg_locks WHERE NOT granted")), "nobody leads"
            web.freeze()
        world.senders.ports[:] = ports[:1]
        yield numbers
        web.go_on()
        with within(TOLD_S, "telling those who waited", problems):
            heard = [one.result() for one in asked]
        world.senders.ports[:] = ports
    if odd := {one.status for one in heard} - {200, 503}:
        problems.append(f"those who waited heard {sorted(odd)}")
    world.senders.each(numbers, world.senders.post_until_taken)


def _nobody_cuts_off(world: World) -> str:
    """What is noticed of a web whose transactions nobody gives up."""
    web = world.web(entry="gunicorn", processes=1, application=HOLDS_ON)
    noticed: list[str] = []
    _freeze_one_of_two(world, web, noticed)
    return "; ".join(noticed)


def _answers_first(world: World) -> str:
    """What is lost by a web that answers before it stores, and never goes on."""
    web = world.web(entry="gunicorn", processes=1, application=ANSWERS_FIRST)
    world.senders.ports[:] = world.senders.ports[-1:]
    with held(world.url):
        world.senders.each(range(MOST), lambda _: world.senders.post(world.senders.number()))
        web.freeze()
        web.kill()
    lost = world.verdict().losses
    return f"{lost} lost" if lost else ""
