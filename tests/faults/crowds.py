"""Trials of one part that is broken while many wait for it: the others' calls go on, and cost no more than before."""

import contextlib
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.faults.database import POSTGRESQL, SQLITE, Cluster, rows
from tests.faults.other_parts import cpu_s
from tests.faults.processes import Process, wait_until
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import ANY_HOUR, MAPPING, SHOP, World

WARM, CALLS = 40, 200
WITHIN_S = 90.0
DEARER = 1.6  # a call may cost so much more of the processor: it is a busy machine's
MANY = {"short": {"many": 10_000, "calls": 100}, "long": {"many": 100_000}, "short_on": (SQLITE,)}
BLIND = {"long": {"many": 100_000}, "only_long": True}
# The rows of one lead, many times: another id, event and number each, due before and behind what comes next.
MULTIPLIED = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})
INSERT INTO leads ({columns}) SELECT {values} FROM leads, n WHERE leads.id = '{lead}'
"""
CRM = """\
fetch:
  base: "http://127.0.0.1:{port}/api"
  token: env:TRIAL_TOKEN
  headers: {{Authorization: "Bearer {{token}}"}}
  rate: 50
  steps:
    - {{name: lead, path: "/leads/{{id}}"}}
"""

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@dataclass(frozen=True)
class Broken:
    """`source` whose leads wait for what is broken; `breaks` breaks it before the first of them comes, `torn`
    behind it; `waits`: how that one, which is multiplied, waits."""

    source: str
    more: dict[str, str]
    waits: str
    breaks: Callable[[World], None] = lambda world: None
    torn: Callable[[World, str], None] = lambda world, lead: None
    blind: str = ""


def _pause_script(world: World) -> None:
    said = world.flask("pause", "--script", "Paused", "--who", "trial", "--why", "trial")
    assert said.ended(60) == 0, said.log.read_text()


def _tear_version(world: World, lead: str) -> None:
    """As a later release writes it: no process here can read it."""
    columns = "SELECT name, n + 1, '{of: [a later release', 'another', since, 'later' FROM versions WHERE name = 'torn'"
    write(
        world.url,
        f"INSERT INTO versions (name, n, text, digest, since, who) {columns}",
        "UPDATE in_force SET n = n + 1 WHERE name = 'torn'",
    )


def _no_json(world: World, lead: str) -> None:
    write(world.url, f"UPDATE leads SET payload = 'no JSON', state = 'received', due_at = 1 WHERE id = '{lead}'")


SCRIPT = Broken("odd", {"script": "Paused"}, "ready", _pause_script, blind="what waits is walked")
SOURCE = Broken("torn", {}, "ready", torn=_tear_version, blind="every source is believed readable")
ASKED = Broken("asks", {}, "received", blind="what asks its crm is walked")
LEAD = Broken("night", {}, "ready", torn=_no_json, blind="a lead that breaks is taken up again")


@trial("one script", "a paused script with 100,000 leads", **MANY)
def one_script(kind: str, folder: Path, many: int, calls: int = CALLS) -> Result:
    return _beside(kind, folder, SCRIPT, many, calls)


@trial("one source", "a source that no worker can read, with 100,000 leads", **MANY)
def one_source(kind: str, folder: Path, many: int, calls: int = CALLS) -> Result:
    return _beside(kind, folder, SOURCE, many, calls)


@trial("one CRM", "a CRM that is down, with 50,000 leads", **{**MANY, "long": {"many": 50_000}})
def one_crm(kind: str, folder: Path, many: int, calls: int = CALLS) -> Result:
    return _beside(kind, folder, ASKED, many, calls)


@trial("one lead", "a lead on which a decision raises", **{**MANY, "short": {"calls": 100}, "long": {}})
def one_lead(kind: str, folder: Path, calls: int = CALLS) -> Result:
    return _beside(kind, folder, LEAD, 0, calls)


@trial("one control", "builds that walk what waits, or take it up again", **BLIND)
def blind(kind: str, folder: Path, many: int) -> Result:
    """Each has to cost more, or to leave the lead as it is. Whoever walks what waits for a CRM costs a call too little
    to be seen here, and so does a walk on PostgreSQL: tests/store/test_waiting_many.py counts steps and reads plans."""
    problems, told = [], []
    for broken in (SCRIPT, SOURCE, LEAD) if kind == SQLITE else (SOURCE, LEAD):
        count = many if broken is not LEAD else 0
        result = _beside(kind, folder / broken.source, broken, count, CALLS, how=[broken.blind])
        if not result.problems:
            problems.append(f"BLIND: {broken.blind}: {result.note}")
        told.append(f"{broken.blind}: {result.note}")
    return Result(len(told), result.verdict, problems, f"control: has to show each: {' | '.join(told)}")


def _beside(kind: str, folder: Path, broken: Broken, many: int, calls: int, how: list[str] | None = None) -> Result:
    problems: list[str] = []
    with _world(kind, folder) as (world, pids):
        world.web()
        worker = world.worker("worker_built", how=how or [])
        broken.breaks(world)
        _ring(world, WARM, problems)
        before = 0.0 if many else _cost(world, pids(worker), calls, problems)
        lead = world.senders.post_until_taken(world.senders.number(), source=broken.source, more=broken.more)
        lead_id = lead.leads[0]["id"]
        if not wait_until(lambda: world.state(lead_id) == broken.waits, 30):
            problems.append(f"the lead that is to wait is {world.state(lead_id)}")
        broken.torn(world, lead_id)
        time.sleep(2.0)  # seen by all
        if many:
            before = _cost(world, pids(worker), calls, problems)  # with one that waits
            _multiply(world, lead_id, many)
        after = _cost(world, pids(worker), calls, problems)
        if after > before * DEARER:
            problems.append(f"a call costs {after:.1f} ms of the processor, not {before:.1f}")
        if not many and world.state(lead_id) != "held":
            problems.append(f"the lead that breaks is {world.state(lead_id)}")
        verdict = world.verdict()
        alone = "with one of them" if many else "without it"
        note = f"{many} wait; a call costs {before:.1f} ms of the processor {alone}, {after:.1f} with all"
        return Result(1, verdict, problems + verdict.problems(waiting=True), note)


@contextlib.contextmanager
def _world(kind: str, folder: Path) -> Iterator[tuple[World, Callable[[Process], list[int]]]]:
    """A world, and whose processor's time its calls cost: the worker's, and that of a server of its own."""
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(Cluster(max_connections="60")) if kind == POSTGRESQL else None
        url = cluster.database() if cluster else None
        world = World(kind, folder, url=url, timeout=10, scripts=("Trial", "Paused"))
        nobody = stack.enter_context(socket.socket())
        nobody.bind(("127.0.0.1", 0))  # refuses, and no other server of this machine gets it
        texts = {
            "torn": SHOP + MAPPING % "Trial" + 'policy: {hours: "@never", timezone: UTC, once_per_number: 0}',
            "asks": SHOP + CRM.format(port=nobody.getsockname()[1]) + MAPPING % "Trial" + ANY_HOUR % "0",
        }
        for name, text in texts.items():
            (folder / "sources" / f"{name}.yaml").write_text(text.replace("@never", "00:00-00:01"), encoding="utf-8")
        stack.enter_context(world)
        yield world, lambda worker: [worker.pid, *(cluster.pids() if cluster else [])]


def _ring(world: World, calls: int, problems: list[str]) -> None:
    numbers = world.senders.many(calls, threads=4)
    if not wait_until(lambda: all(world.provider.posts()[number] for number in numbers), WITHIN_S, 0.1):
        rung = sum(world.provider.posts()[number] > 0 for number in numbers)
        problems.append(f"{rung} of {calls} were rung within {WITHIN_S:.0f} s")


def _cost(world: World, pids: list[int], calls: int, problems: list[str]) -> float:
    """Milliseconds of the processor for each of so many calls."""
    began = cpu_s(pids)
    _ring(world, calls, problems)
    return (cpu_s(pids) - began) / calls * 1000


def _multiply(world: World, lead: str, many: int) -> None:
    names = [name for (name,) in rows(world.url, "SELECT name FROM pragma_table_info('leads')")] if (
        world.kind == SQLITE
    ) else [name for (name,) in rows(world.url, "SELECT column_name FROM information_schema.columns "
                                                "WHERE table_name = 'leads' AND table_schema = 'public'")]  # fmt: skip
    own = {
        "id": "'crowd' || i",
        "event_key": "'crowd' || i",
        "number": "CASE WHEN number IS NULL THEN NULL ELSE CAST(79980000000 + i AS TEXT) END",
        "due_at": f"received_at - {many} * 5 + i * 10",
    }
    columns = [name for name in names if name != "no"]
    values = ", ".join(own.get(name, f"leads.{name}") for name in columns)
    write(world.url, MULTIPLIED.format(many=many, columns=", ".join(columns), values=values, lead=lead))
    if world.kind == POSTGRESQL:
        write(world.url, "ANALYZE leads")


def write(url: str, *statements: str) -> None:
    """Past our own code."""
    if url.startswith("sqlite:///"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as file, file:
            for statement in statements:
                file.execute(statement)
        return
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement)
