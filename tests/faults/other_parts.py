"""Parts that stand in a trial's build of the product, by name: a day that is short, and what the code once did.

Each replaces one function where it is looked up; only processes of a trial do that, and nothing is put back."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from cli import worker
from config.watch import Watcher
from core import states
from flow import claim, decide, recover
from flow.gateway import Gateway
from store import due, engine, epoch, journal, patient
from store.journal import Journal
from store.neighbours import Neighbours
from store.tables import leads, sources, workers

DAY_S, SLEPT_MS = 0.5, 5_000


def a_day_is_short() -> None:
    """The journal begins a new file twice a second, and old data is looked for each second."""
    journal.NEW_FILE_S = DAY_S  # type: ignore[assignment]
    worker.Worker.__init__.__defaults__ = (1_000, time.monotonic)  # type: ignore[misc]


def the_old_file_is_closed_first() -> None:
    """The journal closes the old file, then opens the new one: where that fails, a stale descriptor is left."""

    def current(self: Journal) -> int:
        if self._file is not None and time.monotonic() - self._opened_at > journal.NEW_FILE_S:
            os.close(self._file)
            self._file = self._new_file()
            self._opened_at = time.monotonic()
        elif self._file is None:
            self._file, self._opened_at = self._new_file(), time.monotonic()
        return self._file

    Journal._current = current  # type: ignore[method-assign]


def the_journal_is_not_asked_for() -> None:
    """A line that could not be written stops no call: what nobody could know of after a restore is sent."""
    write = Journal.write

    def written(self: Journal, *entries: journal.Entry) -> None:
        with contextlib.suppress(OSError):
            write(self, *entries)

    Journal.write = written  # type: ignore[method-assign]


def every_worker_is_missed() -> None:
    """A run counts as lost however long ago its worker was last seen."""

    def missing(tx: engine.Tx, seen: epoch.Epoch) -> list[str]:
        runs = select(workers.c.run)
        done = runs.where(workers.c.recovered == seen.found)
        every = runs.where(workers.c.run != "", workers.c.recovered != seen.found, workers.c.ended.is_(False))
        return sorted(set(tx.execute(every).scalars()) - set(tx.execute(done).scalars()))

    epoch.missing_runs = missing  # type: ignore[assignment]


def old_lines_are_not_compared() -> None:
    """What a worker sent before it slept is passed over when the database is compared."""
    batches = recover._batches

    def young(gateway: Gateway, store_id: str):
        now = time.time() * 1000
        for some in batches(gateway, store_id):
            yield [entry for entry in some if entry.at > now - SLEPT_MS]

    recover._batches = young  # type: ignore[assignment]


def nobody_asks_the_epoch() -> None:
    """Any database is the one that was known."""
    epoch.is_ours = lambda store, journal, seen: True  # type: ignore[assignment]


def nobody_knows_who_joined() -> None:
    """Only the database says whose journals are waited for."""
    Neighbours.noted = lambda self, store_id: {}  # type: ignore[method-assign]


def no_file_is_waited_for() -> None:
    """Whatever a database says of a source holds, until a file of it is taken."""
    Watcher.unsettled = lambda self, standing: frozenset()  # type: ignore[method-assign]


def nobody_asks_whose_directory_it_is() -> None:
    """What the run directory was last compared with is not asked for."""
    Journal.served = lambda self, store_id: ""  # type: ignore[method-assign]


def an_answer_is_waited_for_for_ever() -> None:
    """Of a server that says nothing more."""
    patient.PatientConnection.patience_s = None


def failures_have_no_name() -> None:
    """What a database cannot do is raised as its driver says it."""
    engine._named_failures = contextlib.nullcontext  # type: ignore[assignment]


def an_acceptance_is_given_up() -> None:
    """What cannot be recorded within a few tries is left to be found as overdue."""

    def once(self: worker.call.Recorder, claimed: claim.Claimed, outcome: object, tries: int = 3) -> None:
        for _ in range(tries):
            with contextlib.suppress(engine.StoreUnavailable):
                worker.call.record(self._gateway, (claimed, outcome))  # type: ignore[arg-type]
                return
            time.sleep(0.1)

    worker.call.Recorder.record_surely = once  # type: ignore[method-assign]


def what_waits_is_walked() -> None:
    """Whoever looks for the next lead to ring walks all that are ready."""

    def walked(tx: engine.Tx, wanted: due.Due, readable: object) -> due.Found:
        query = due._SELECT.where(leads.c.state == states.READY, leads.c.account == wanted.account)
        query = query.where(leads.c.due_at <= wanted.now, leads.c.script.not_in(wanted.without))
        query = query.order_by(leads.c.urgent.desc(), leads.c.due_at.desc()).limit(wanted.limit)
        return due.of_rows(tx.execute(query))

    due._of_open_kinds = walked  # type: ignore[assignment]


def what_asks_its_crm_is_walked() -> None:
    """Whoever looks for the next lead to ask about walks all that wait for a CRM."""

    def walked(tx: engine.Tx, now: int) -> list[object]:
        query = select(leads.c.no, leads.c.due_at).join(sources, sources.c.name == leads.c.source)
        query = query.where(leads.c.state == states.RECEIVED, leads.c.asks_crm == 1, leads.c.due_at <= now)
        return list(tx.execute(query.where(sources.c.ask_at <= now).order_by(leads.c.due_at.desc()).limit(1)))

    due._to_ask = walked  # type: ignore[assignment]


def every_source_is_believed_readable() -> None:
    """A worker takes up leads of a source whose version it cannot read."""
    Gateway.readable = lambda self: None  # type: ignore[method-assign]


def a_lead_that_breaks_is_taken_up_again() -> None:
    """Nobody sets a lead apart on which a step of ours breaks."""
    claim.set_apart = decide.set_apart = lambda gateway, lead_id: None  # type: ignore[assignment]


_ALL: tuple[Callable[[], None], ...] = (
    a_day_is_short,
    the_old_file_is_closed_first,
    the_journal_is_not_asked_for,
    every_worker_is_missed,
    old_lines_are_not_compared,
    nobody_asks_the_epoch,
    nobody_asks_whose_directory_it_is,
    nobody_knows_who_joined,
    no_file_is_waited_for,
    an_answer_is_waited_for_for_ever,
    failures_have_no_name,
    an_acceptance_is_given_up,
    what_waits_is_walked,
    what_asks_its_crm_is_walked,
    every_source_is_believed_readable,
    a_lead_that_breaks_is_taken_up_again,
)
PARTS = {part.__name__.replace("_", " "): part for part in _ALL}


def cpu_s(pids: list[int]) -> float:
    """The processor's time of these processes and of their children that have ended, in seconds."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
