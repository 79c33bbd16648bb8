"""Ctrl-C at any moment is silence and 130, as the shell counts it; never a traceback.

Of the time before a command is there, while it is imported, `deploy/00-ctrl-c.pth` takes care, which `deploy/setup.sh`
puts beside the packages: there the signal ends the process as it ends any other. From then on a command has to hear it,
so that it can tidy up."""

import queue
import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

ENDED = 128 + signal.SIGINT
_SILENT = (signal.SIG_DFL, signal.default_int_handler)


class Stop(threading.Event):
    """An event that a signal's handler may set. That of `threading` has a lock, for which a handler would wait for ever
    where it interrupts the very code that holds it; `SimpleQueue.put` may be called from anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self._is_set = False
        self._told: queue.SimpleQueue[None] = queue.SimpleQueue()

    def set(self) -> None:
        self._is_set = True
        self._told.put(None)

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        with suppress(queue.Empty):
            self._told.put(self._told.get(timeout=timeout))  # for whoever else waits
        return self._is_set


@contextmanager
def heard() -> Iterator[None]:
    """A command runs; Ctrl-C ends it through its own `finally`s, with exit code 130."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before not in _SILENT:
        yield  # somebody else's: a shell that started it in the background wants none
        return
    unraisable, sys.unraisablehook = sys.unraisablehook, _raise_again
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
    except KeyboardInterrupt:
        sys.exit(ENDED)
    finally:
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = unraisable


def hear() -> None:
    """For what is no command of ours and lives on Ctrl-C: `flask shell`."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _raise_again(what: Any) -> None:
    """Where Python cannot raise it, in a `__del__` or while it looks for garbage, it comes a moment later."""
    if issubclass(what.exc_type, KeyboardInterrupt):
        again = threading.Timer(0.01, interrupt_main)
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(what)
