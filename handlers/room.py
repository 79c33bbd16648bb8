"""How much of a web process a kind of request may hold, so that no kind takes every thread.

A process has 32 threads (`gunicorn.conf.py`). Senders, who may be slow, many or strangers, hold at most 24 of them;
health, API and console always find one.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from werkzeug.wsgi import ClosingIterator

from handlers.errors import problem

NO_MORE_READS = 0  # SHUT_RD; this folder opens no socket
HOOKS = "/hooks/"
HOOK_THREADS = 24
WAIT_S = 0.25  # for a place, where answers go out; longer would hold the threads that are kept free
FULL = "as many requests as this process answers at one time are here already; send again"
LOOK_S = 0.5

Wsgi = Callable[..., Iterable[bytes]]


class Line(Protocol):
    """The server's socket, of which only this is needed."""

    def shutdown(self, how: int, /) -> None: ...


class Places:
    """`most` at one time, and of one address at most `each`. Knows only who holds one now."""

    def __init__(self, most: int, each: int | None = None) -> None:
        self._most, self._each = most, each or most
        self._held: dict[str, int] = {}
        self._all = self._waiting = 0
        self._changed = threading.Condition()

    def take(self, who: str = "", wait_s: float = 0.0) -> bool:
        """A place for `who`, waited for so long; False where there is none. It has to be given back."""
        with self._changed:
            if not self._is_free(who) and not self._becomes_free(who, wait_s):
                return False
            self._held[who] = self._held.get(who, 0) + 1
            self._all += 1
            return True

    def give_back(self, who: str = "") -> None:
        with self._changed:
            self._all -= 1
            left = self._held.pop(who) - 1
            if left:
                self._held[who] = left
            if self._waiting:
                self._changed.notify_all()

    def _is_free(self, who: str) -> bool:
        return self._all < self._most and self._held.get(who, 0) < self._each

    def _becomes_free(self, who: str, wait_s: float) -> bool:
        self._waiting += 1
        try:
            return self._changed.wait_for(lambda: self._is_free(who), wait_s)
        finally:
            self._waiting -= 1


class Room:
    """Keeps `/hooks` within its threads, until the last byte of a request is read off and its line is given up. Behind
    another server than gunicorn, whose threads are not known, nothing is done."""

    def __init__(self, app: Wsgi, places: Places | None = None) -> None:
        self._app, self._places = app, places or Places(HOOK_THREADS)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        line: Line | None = environ.get("gunicorn.socket")
        if line is None or not environ.get("PATH_INFO", "").startswith(HOOKS):
            return self._app(environ, start_response)
        if not self._places.take(wait_s=WAIT_S):
            full = problem(503, FULL)
            full.headers["Retry-After"] = "1"
            return ClosingIterator(full(environ, start_response), [partial(end_reading, line)])
        try:
            return ClosingIterator(self._app(environ, start_response), [self._places.give_back])
        except BaseException:
            self._places.give_back()
            raise


class Deadlines:
    """Ends what is read from lines whose time is over: one thread for all of them, and none while nobody reads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: dict[int, tuple[float, Line]] = {}
        self._lock = threading.Lock()
        self._watching: threading.Thread | None = None

    @contextmanager
    def within(self, line: Line | None, seconds: float) -> Iterator[Callable[[], bool]]:
        """Reading from `line` (None: a server that shows none) ends after so long. Yields whether that has happened."""
        if line is None:
            yield lambda: False
            return
        end = self._clock() + seconds
        with self._lock:
            self._lines[id(line)] = (end, line)
            if self._watching is None or not self._watching.is_alive():
                self._watching = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._watching.start()
        try:
            yield lambda: self._clock() >= end
        finally:
            with self._lock:
                self._lines.pop(id(line), None)

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_S)
            with self._lock:
                if not self._lines:
                    self._watching = None
                    return
                now = self._clock()
                for end, line in self._lines.values():
                    if now >= end:
                        end_reading(line)


def end_reading(line: Line) -> None:
    """A thread that waits for more of it goes on as if the sender had ended."""
    try:
        line.shutdown(NO_MORE_READS)
    except OSError:  # closed meanwhile
        return
