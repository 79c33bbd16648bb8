"""What looks around in a process, each at its own pace: at versions, files, secrets, alarms."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from store.engine import StoreUnavailable

log = structlog.get_logger()


@dataclass(frozen=True)
class Look:
    """Something to be looked at every `every_ms`; `at_once`: for the first time before `start` returns."""

    name: str
    every_ms: int
    look: Callable[[], object]
    at_once: bool = False


class Ticker:
    """One thread a process, from the first `start` in it until `end`.

    Looks that are due together run in the order given, and none sooner than its pace after the round before had
    ended. One that fails is said, once for each kind of failure, and comes again; the others never notice."""

    def __init__(self, looks: Sequence[Look] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._looks = looks
        self._clock = clock
        self._due: dict[str, float] = {}
        self._failing: dict[str, str] = {}  # the name of a look -> what it last failed of
        self._starting = threading.Lock()
        self._process = 0  # whose thread runs: a fork has none
        self._ended = threading.Event()

    def start(self, *, all_at_once: bool = False) -> None:
        """Look from now on; costs nothing once it runs. What is to be looked at at once has been when this returns."""
        if self._process == os.getpid():
            return
        with self._starting:
            if self._process == os.getpid():
                return
            now = self._clock()
            at_once = [look.name for look in self._looks if look.at_once or all_at_once]
            self._due = {
                look.name: now + (0.0 if look.name in at_once else look.every_ms / 1000) for look in self._looks
            }
            self.round()
            threading.Thread(target=self._for_ever, name="ticker", daemon=True).start()
            self._process = os.getpid()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def round(self) -> None:
        """Whatever is due, once."""
        now = self._clock()
        due = [look for look in self._looks if self._due.get(look.name, now) <= now]
        for look in due:
            self._look(look)
        now = self._clock()
        self._due.update({look.name: now + look.every_ms / 1000 for look in due})

    def rest(self) -> float | None:
        """The seconds until something is due; None where there is nothing to look at."""
        return max(0.0, min(self._due.values()) - self._clock()) if self._due else None

    def _for_ever(self) -> None:
        while not self._ended.wait(self.rest()):
            self.round()

    def _look(self, look: Look) -> None:
        try:
            look.look()
        except Exception as why:  # a database that is away or before its migrations, or a bug of ours
            kind = type(why).__name__
            if self._failing.get(look.name) != kind and isinstance(why, StoreUnavailable):
                log.warning("look_failed", look=look.name, why=str(why))
            elif self._failing.get(look.name) != kind:
                log.exception("look_failed", look=look.name)
            self._failing[look.name] = kind
            return
        if self._failing.pop(look.name, None) is not None:
            log.info("look_works_again", look=look.name)
