"""P10: what one lead costs each part of the house, from which `docs/scaling.md` reckons.

Processor time, bytes of PostgreSQL's log and bytes on disk: figures that other load on the machine hardly moves. The
log's and the server's are those of the whole server, so they are right where nobody else uses it."""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from app import wire
from bench import wrk
from bench.databases import POSTGRESQL
from bench.filling import copies
from bench.gateway import Gateway, Twin
from bench.measure import Line
from bench.p4_dispatch import called_lead
from bench.processes import TICK, Process, until
from config.settings import read
from core.outcome import ACCEPTED, Outcome
from core.states import ON_THE_WAY
from flow.call import record
from flow.claim import claim_due

SECONDS = 2
ROUNDS = 3
DRAINED = 400  # leads of one round that workers ring
WIDTH = 32
TOGETHER = 8  # leads of one claim
CLAIMS = 40
STORED = f"a lead stored, {POSTGRESQL}, 16 connections"
RUNG = f"a lead mapped, claimed, called and recorded, {POSTGRESQL}, {WIDTH} in flight"


def budget() -> Iterator[Line]:
    twin = Twin()
    gateway = Gateway(POSTGRESQL, twin.url, concurrency=WIDTH)
    lines: dict[str, Line] = {}

    def put(row: str, unit: str, value: float) -> None:
        lines.setdefault(row, Line("P10", row, "", unit, by="alone")).ours.append(value)

    try:
        template = called_lead(gateway)
        numbers = itertools.count(500_000_000, 100_000)  # none of those that come by HTTP
        before = _bytes(gateway), gateway.leads()
        web = gateway.web(2)
        wrk.post(gateway.url, connections=16, seconds=1)
        for _ in range(ROUNDS):
            _intake(gateway, web, put)
        web.end()
        worker = gateway.worker()
        until(lambda: not sum(map(gateway.leads, ON_THE_WAY)), 300, "the calls", 0.2)
        put(
            f"disk, a lead that was called, {POSTGRESQL}",
            "kB",
            (_bytes(gateway) - before[0]) / (gateway.leads() - before[1]) / 1024,
        )
        for _ in range(ROUNDS):
            _dispatch(gateway, twin, worker, template, next(numbers), put)
        worker.end()
        for _ in range(ROUNDS):
            put(
                f"one account's claims, {TOGETHER} leads each, one after the other",
                "leads/s",
                _claims(gateway, template, next(numbers)),
            )
    finally:
        gateway.end()
        twin.end()
    yield from lines.values()


Put = Callable[[str, str, float], None]


def _intake(gateway: Gateway, web: Process, put: Put) -> None:
    began = web.cpu_s(), _server_s(gateway), _written(gateway)
    count = wrk.post(gateway.url, connections=16, seconds=SECONDS).requests
    put(f"web's processor, {STORED}", "ms", (web.cpu_s() - began[0]) * 1000 / count)
    put(f"server's processor, {STORED}", "ms", (_server_s(gateway) - began[1]) * 1000 / count)
    put(f"log of the database, {STORED}", "kB", (_written(gateway) - began[2]) / 1024 / count)


def _dispatch(gateway: Gateway, twin: Twin, worker: Process, template: str, first: int, put: Put) -> None:
    now = int(time.time() * 1000)
    copies(gateway.store, template, DRAINED, first=first, state="received", due_at=now)
    twin.new_calls()
    began = worker.cpu_s(), _server_s(gateway), _written(gateway)
    gateway.bell.ring()
    twin.wait(DRAINED, 120)
    until(lambda: not sum(map(gateway.leads, ON_THE_WAY)), 60, "the recordings", 0.05)
    put(f"worker's processor, {RUNG}", "ms", (worker.cpu_s() - began[0]) * 1000 / DRAINED)
    put(f"server's processor, {RUNG}", "ms", (_server_s(gateway) - began[1]) * 1000 / DRAINED)
    put(f"log of the database, {RUNG}", "kB", (_written(gateway) - began[2]) / 1024 / DRAINED)


def _claims(gateway: Gateway, template: str, first: int) -> float:
    """Leads a second that claims take where nothing but them holds the account's lock; each is recorded, unmeasured,
    before the next."""
    parts = wire(read(gateway.environment, None))
    parts.sources.refresh()
    account = parts.accounts["main"]
    copies(gateway.store, template, CLAIMS * TOGETHER, first=first, state="ready", due_at=int(time.time() * 1000))
    took, taken = 0.0, 0
    try:
        for turn in range(CLAIMS):
            began = time.perf_counter()
            claimed = claim_due(parts, account, "bench", turn * TOGETHER, TOGETHER).claimed
            took += time.perf_counter() - began
            taken += len(claimed)
            record(parts, *((one, Outcome(ACCEPTED, provider_id="1", http_status=200)) for one in claimed))
    finally:
        parts.bell.close()
        parts.store.dispose()
    return taken / took


def _written(gateway: Gateway) -> int:
    """Bytes of its log that the server has written so far."""
    return gateway.scalar("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")


def _server_s(gateway: Gateway) -> float:
    """Processor time of all processes of the server, those that have ended too; it has to run on this machine."""
    backend = gateway.scalar("SELECT pg_backend_pid()")
    server = int(_stat(backend)[1])
    family = [server, *map(int, Path(f"/proc/{server}/task/{server}/children").read_text().split())]
    used = sum(int(_stat(server)[n]) for n in (13, 14))
    return (used + sum(int(_stat(pid)[n]) for pid in family for n in (11, 12))) / TICK


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def _bytes(gateway: Gateway) -> int:
    """What the tables of this gateway take on disk, with their indexes."""
    tables = "pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    return gateway.scalar(f"SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM {tables}")
