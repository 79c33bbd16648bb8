"""Builds that the trials of groups are controlled with: each has the fault that its trial has to find."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy.exc import DBAPIError

from app import create_app, wire
from config.settings import read
from core import states
from core.outcome import Outcome
from core.ports import Call, Start, Voice
from flow.gateway import Gateway
from flow.intake_batch import Stored
from flow.together import Seat, Together
from store import engine, epoch
from store.journal import Entry
from tests.faults import builds
from tests.faults.failpoints import Failpoint


def web_whose_groups_fail_whole() -> Flask:
    """Whatever one delivery breaks is every delivery's fault."""
    return _web(lambda _parts: Together(Exception))


def web_without_groups() -> Flask:
    """Each delivery has a commit of its own."""
    return _web(lambda _parts: Together(engine.StoreUnavailable, most=1))


def web_that_answers_first() -> Flask:
    """It says 200 before anything is stored, as a queue in memory does."""
    return _web(lambda parts: _Eager(parts.storing))


def web_that_believes_any_commit() -> Flask:
    """A COMMIT whose fate is unknown is taken for done."""
    _believe_commits()
    return create_app(read(), wire(read()))


def web_that_nobody_cuts_off() -> Flask:
    """The server waits for ever for a process that says nothing in the middle of a transaction."""
    engine.IDLE_MS = 0
    return create_app(read(), wire(read()))


def worker_that_believes_any_commit() -> None:
    """A COMMIT whose fate is unknown is taken for done, and what it claimed is sent; nor does it ask whether the
    database knows its last call."""
    _believe_commits()
    epoch.is_ours = lambda store, journal, seen: True  # type: ignore[assignment]
    builds.work(wire(read()))


def worker_that_sends_first(*, point: str, act: str) -> None:
    """The lines of a claim are written when all of its calls are over."""
    failpoint = Failpoint(point, act)
    parts = wire(read(), trace=failpoint.trace)
    failpoint.watch(parts)
    lines = _Late(parts.journal.write)
    parts.journal.write = lines.keep  # type: ignore[method-assign]
    for name, account in parts.accounts.items():
        parts.accounts[name] = replace(account, voice=_Early(account.voice, lines))
    builds.work(parts)


def _web(storing: Any) -> Flask:
    parts: Gateway = wire(read())
    parts.storing = storing(parts)
    return create_app(read(), parts)


class _Eager:
    """Seats of which each is told at once that all is well."""

    def __init__(self, real: Together) -> None:
        self._real = real
        self._seats: list[Seat] = []

    def do(self, prepared: Any, do_all: Any, timeout_ms: int | None = None) -> list[Stored]:
        threading.Thread(target=self._store, args=(prepared, do_all, timeout_ms), daemon=True).start()
        return [Stored(one.lead["id"], states.RECEIVED, duplicate=False) for one in prepared.leads]

    def seat(self, prepared: Any, told: Any) -> Seat:
        self._seats.append(Seat(prepared, told))
        return self._seats[-1]

    def lead(self, do_all: Any, after: Any) -> bool:
        seats, self._seats = self._seats, []
        for seat in seats:
            seat.result.append(self.do(seat.item, do_all, 10_000))
            seat.told()
        return False

    def leave(self, seat: Seat) -> None:
        """Nobody waits here."""

    def _store(self, *given: Any) -> None:
        try:
            self._real.do(*given)
        except (engine.StoreUnavailable, TimeoutError):
            return  # nobody is told: this is the fault


class _Late:
    """A journal that waits with a claim's lines until as many calls have ended."""

    def __init__(self, write: Callable[..., None]) -> None:
        self._write, self._lock = write, threading.Lock()
        self._entries: tuple[Entry, ...] = ()
        self._left = 0

    def keep(self, *entries: Entry) -> None:
        self._entries, self._left = entries, len(entries)

    def ended(self) -> None:
        with self._lock:
            self._left -= 1
            if not self._left:
                self._write(*self._entries)


class _Early:
    """A voice that calls before its line is written."""

    def __init__(self, voice: Voice, lines: _Late) -> None:
        self._voice, self._lines = voice, lines

    def place(self, call: Call, start: Start) -> Outcome:
        outcome = self._voice.place(call, start)
        self._lines.ended()
        return outcome


def _believe_commits() -> None:
    """From now on no commit of this process is doubted."""

    def commit(transaction: Any, connection: Any) -> None:
        try:
            transaction.commit()
        except DBAPIError:
            connection.invalidate()

    engine._commit = commit
