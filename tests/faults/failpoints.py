"""Eight named points of dispatch at which a trial's worker kills or freezes itself.

The product holds none of this: a trial's own build of the worker listens to the events of its
engine, stands before its store and its voice, and is told by the wire's `trace`. No setting can arm a point.
"""

import contextlib
import json
import os
import random
import signal
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, event

from core.outcome import Outcome
from core.ports import Call, Start, Voice
from flow.gateway import Gateway
from store.journal import Entry

BEFORE_CLAIM = "P1 before the claim"
IN_CLAIM = "P2 in the claim's commit"
COMMITTED = "P3 committed"
CONNECTED = "P4 connected"
HALF_SENT = "P5 half sent"
SENT = "P6 all sent"
ANSWERED = "P7 answer read"
IN_OUTCOME = "P8 in the outcome's commit"
POINTS = (BEFORE_CLAIM, IN_CLAIM, COMMITTED, CONNECTED, HALF_SENT, SENT, ANSWERED, IN_OUTCOME)
# Not of the eight: where a claim of several leads is written down.
BEFORE_LINES, BETWEEN_LINES, IN_A_LINE = "before the first line", "between two lines", "in the middle of a line"
_TRACED = {"connected": CONNECTED, "half_sent": HALF_SENT, "sent": SENT, "answered": ANSWERED}
_COMMIT_TAKES_S = 0.002  # a commit is hit somewhere within this time


class Failpoint:
    """Acts once, when its point is reached: `kill` or `stop` (SIGSTOP, until someone says SIGCONT)."""

    def __init__(self, point: str, act: str) -> None:
        self._point = point
        self._kills = act == "kill"
        self._armed = threading.Lock()
        self._doing = threading.local()
        self._still = threading.Condition()
        self._writing = 0
        self._freezing = False

    def trace(self, stage: str) -> None:
        """What the wire tells of a call's stages."""
        self._reach(_TRACED[stage])

    def watch(self, parts: Gateway) -> None:
        """Listen to this house's database, and stand before its voices."""
        engine = parts.store.engine
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", self._commit)
        event.listen(engine, "rollback", lambda _connection: self._doing.__dict__.clear())
        self._write = parts.store.write
        parts.store.write = self._gated_write  # type: ignore[method-assign]
        self._journal, self._write_lines = parts.journal, parts.journal.write
        parts.journal.write = self._gated_lines  # type: ignore[method-assign]
        for name, account in parts.accounts.items():
            parts.accounts[name] = replace(account, voice=_Watched(account.voice, self))

    def _statement(self, _connection, _cursor, statement: str, *_rest) -> None:
        if "INSERT INTO attempts" in statement:
            self._reach(BEFORE_CLAIM)
            self._doing.what = IN_CLAIM
        elif "UPDATE attempts SET ended_at" in statement:
            self._doing.what = IN_OUTCOME

    def _commit(self, _connection) -> None:
        point = self._doing.__dict__.pop("what", "")
        if point == self._point and self._armed.acquire(blocking=False):
            # Somewhere in it: before the database hears of it, while it syncs, or just after.
            threading.Timer(random.uniform(0, _COMMIT_TAKES_S), os.kill, (os.getpid(), signal.SIGKILL)).start()

    def _gated_lines(self, *entries: Entry) -> None:
        self._reach(BEFORE_LINES)
        if self._point in (BETWEEN_LINES, IN_A_LINE) and len(entries) > 1:
            half = len(entries) // 2
            self._write_lines(*entries[:half])
            if self._point == IN_A_LINE:
                with open(max(self._journal.directory.glob("journal-*")), "ab") as file:
                    file.write(json.dumps(asdict(entries[half])).encode()[:60])
            self._reach(self._point)
            entries = entries[half:]
        self._write_lines(*entries)

    def committed(self) -> None:
        self._reach(COMMITTED)

    def _reach(self, point: str) -> None:
        if point != self._point or not self._armed.acquire(blocking=False):
            return
        if self._kills:
            os.kill(os.getpid(), signal.SIGKILL)
        self._freeze()

    def _freeze(self) -> None:
        """Stop between the transactions of the other threads: frozen inside one, SQLite's lock would stop the house."""
        with self._still:
            self._freezing = True
            self._still.wait_for(lambda: self._writing == 0)
            # To this very thread: sent to the process, it would run on until another thread has taken the signal.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
            self._freezing = False
            self._still.notify_all()

    @contextlib.contextmanager
    def _gated_write(self, **limits: Any) -> Iterator[Connection]:
        with self._still:
            self._still.wait_for(lambda: not self._freezing)
            self._writing += 1
        try:
            with self._write(**limits) as tx:
                yield tx
        finally:
            with self._still:
                self._writing -= 1
                self._still.notify_all()


class _Watched:
    """A voice behind the point that follows the claim's commit."""

    def __init__(self, voice: Voice, failpoint: Failpoint) -> None:
        self._voice, self._failpoint = voice, failpoint

    def place(self, call: Call, start: Start) -> Outcome:
        self._failpoint.committed()
        return self._voice.place(call, start)
