"""Builds of the product that exist in trials only: a worker with a failpoint, and the controls.

A control is what the trial would show if the product were a usual queue. A trial whose control
shows no damage is blind."""

import json
import os
import signal
import sys

from flask import Flask
from sqlalchemy import event

from app import create_app, wire
from cli.worker import Worker
from config.settings import read
from core import states
from core.move import Move
from core.outcome import NOT_SENT, Outcome
from flow import erase, sweep
from flow.gateway import Gateway
from store import attempts, epoch, erasure, leads
from tests.faults import other_parts
from tests.faults.failpoints import Failpoint


def worker_with_failpoint(*, point: str, act: str) -> None:
    """The worker as it is, with one point armed."""
    settings = read()
    failpoint = Failpoint(point, act)
    parts = wire(settings, trace=failpoint.trace)
    failpoint.watch(parts)
    work(parts)


def worker_that_reclaims(*, point: str = "none", act: str = "kill") -> None:
    """The control: a usual queue, which takes up again what its owner left behind."""
    settings = read()
    failpoint = Failpoint(point, act)
    parts = wire(settings, trace=failpoint.trace)
    failpoint.watch(parts)
    sweep.settle_lost = _reclaim  # type: ignore[assignment]
    work(parts)


def worker_that_asks_no_epoch() -> None:
    """The control: it takes any database for the one it knew."""
    epoch.is_ours = lambda store, journal, seen: True  # type: ignore[assignment]
    settings = read()
    work(wire(settings))


def worker_built(*, how: list[str]) -> None:
    """The worker with these parts of `tests.faults.other_parts` in it."""
    for name in how:
        other_parts.PARTS[name]()
    settings = read()
    work(wire(settings))


def eraser(*, numbers: list[str], file: str, rounds: int, forgets: bool) -> None:
    """Erases these persons, one after the other and all over again, and says of each what it left; `forgets` is the
    control."""
    if forgets:
        erasure._guard = lambda *_: None  # type: ignore[assignment]
    parts = wire(read())
    create_app(read(), parts)
    parts.sources.refresh()
    with open(file, "a", encoding="utf-8", buffering=1) as out:
        for number in numbers * rounds:
            done = erase.erase_person(parts, number, "anna", "asked")
            told = {"number": number, "leads": done.leads, "left": done.left, "failed": done.failed}
            out.write(json.dumps(told) + "\n")


def work(parts: Gateway) -> None:
    """The worker's process, with these parts."""
    create_app(read(), parts)
    worker = Worker(parts)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    worker.run()


def _reclaim(parts: Gateway) -> bool:
    with parts.store.write() as tx:
        now = parts.store.now_ms(tx)
        lost = attempts.overdue(tx, now)
    for attempt_id, lead_id, number in lost:
        with parts.store.write() as tx:
            lead = leads.get(tx, lead_id, lock=True)
            if lead is None or not attempts.close(tx, attempt_id, Outcome(NOT_SENT, "lease_expired"), now):
                continue
            attempts.free_numbers(tx, {attempt_id: number})
            leads.apply(tx, lead, Move("release", states.READY, columns={"due_at": now}), at=now)
    return bool(lost)


def web_that_does_not_sync() -> Flask:
    """The control of the sync trial: the web process over a SQLite that never syncs."""
    parts = wire(read())
    event.listen(parts.store.engine, "connect", lambda db, _: db.execute("PRAGMA synchronous = OFF"))
    return create_app(read(), parts)


def web_of_other_parts() -> Flask:
    """The web process with the parts that its environment names in it."""
    for name in os.environ["OTHER_PARTS"].split(","):
        other_parts.PARTS[name]()
    return create_app(read())


if __name__ == "__main__":
    worker_built(how=sys.argv[1:])
