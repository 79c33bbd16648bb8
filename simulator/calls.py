"""The calls the twin was asked for: in memory for tests and `GET /calls`, in a file for an independent checker."""

import os
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.judge import Asked
from simulator.plan import Plan, dump

KEPT = 100_000  # the oldest are forgotten beyond this; the counts are not


@dataclass(frozen=True, slots=True)
class Call:
    """One POST that was read whole. `number`, `script` and `sms` as they came (a wrong request may hold any JSON
    value), `has_sms` False where the field was left out; `auth` is header, apiKey, login or none. `id` is the
    mailing's, where one was made, whether the reply showed it or not."""

    n: int
    at: str
    number: object
    script: object
    sms: object
    has_sms: bool
    auth: str
    behaviour: str
    answered: str
    status: int | None
    rung: bool
    id: str | None

    def as_fields(self) -> dict[str, object]:
        """For JSON: an SMS that was left out is left out here too."""
        fields = {name: getattr(self, name) for name in self.__slots__ if name != "has_sms"}
        if not self.has_sms:
            del fields["sms"]
        return fields


class LogUnwritable(OSError):
    """The log takes no more lines: the call must not be rung, or the checker would not know of it."""


class Calls:
    """The list and the log. Written by the server's thread, read by any."""

    def __init__(self, log: str | None = None) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600) if log else None
        self._changed = threading.Condition()
        self._kept: deque[Call] = deque(maxlen=KEPT)
        self._n = 0
        self.count = self.rung = self.unfinished = 0

    def add(self, asked: Asked, behaviour: str, plan: Plan, mailing_id: str | None = None) -> Call:
        """Writes a call down, in the log first. Raises `LogUnwritable`."""
        call = Call(
            self._n + 1,
            datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="microseconds"),
            asked.number,
            asked.script,
            asked.sms,
            asked.has_sms,
            asked.auth,
            behaviour,
            plan.answered,
            plan.status,
            plan.rung,
            mailing_id,
        )
        if self._log is not None:
            self._append(dump(call.as_fields()) + b"\n")
        with self._changed:
            self._n += 1
            self._kept.append(call)
            self.count += 1
            self.rung += plan.rung
            self._changed.notify_all()
        return call

    def _append(self, line: bytes) -> None:
        assert self._log is not None
        try:
            written = os.write(self._log, line)
        except OSError as error:
            raise LogUnwritable(error.errno, "the log cannot be written") from error
        if written != len(line):
            raise LogUnwritable(0, "the log took half a line")

    def add_unfinished(self) -> None:
        """A POST whose body never came whole."""
        with self._changed:
            self.unfinished += 1
            self._changed.notify_all()

    def listed(self, number: str | None = None, since_n: int = 0) -> tuple[Call, ...]:
        """Oldest first: those after `since_n`, of `number` only if given."""
        with self._changed:
            kept = tuple(self._kept)
        return tuple(call for call in kept if call.n > since_n and number in (None, call.number))

    def clear(self) -> None:
        """Forgets the list and the counts; `n` counts on, and the log stays."""
        with self._changed:
            self._kept.clear()
            self.count = self.rung = self.unfinished = 0

    def wait(self, count: int, seconds: float) -> bool:
        """Until `count` calls were read since the last clear; False when `seconds` passed before."""
        with self._changed:
            return self._changed.wait_for(lambda: self.count >= count, seconds)

    def close(self) -> None:
        if self._log is not None:
            os.close(self._log)
            self._log = None
