"""A host's addresses, within a given time.

The system's resolver takes no time-out and may hang for minutes, so it works in a thread of its own
and the caller waits only as long as it may. Callers of the same name share one lookup: a dead name
server costs one stuck thread, however many calls are in flight.
"""

import errno
import socket
import threading
import time

Address = tuple[socket.AddressFamily, socket.SocketKind, int, tuple[str, int] | tuple[str, int, int, int]]

# A lookup older than this is left to itself and a new one begins: a resolver stuck for good must not
# silence the gateway until the next restart.
STUCK_AFTER_S = 30.0


class _Lookup:
    """One question to the resolver, for everyone who asks it meanwhile."""

    def __init__(self, host: str, port: int) -> None:
        self.key = (host, port)
        self.began = time.monotonic()
        self.done = threading.Event()
        self.found: list[Address] = []
        self.problem: tuple[object, ...] | None = None

    def run(self) -> None:
        try:
            self.found = _ask(*self.key)
        except socket.gaierror as failure:
            self.problem = failure.args
        except (OSError, UnicodeError) as failure:
            self.problem = (socket.EAI_FAIL, type(failure).__name__)
        finally:
            with _lock:
                if _running.get(self.key) is self:
                    del _running[self.key]
            self.done.set()


_lock = threading.Lock()
_running: dict[tuple[str, int], _Lookup] = {}


def addresses(host: str, port: int, within: float) -> list[Address]:
    """Where `host` may be reached, in the resolver's order, after `within` seconds at most.

    Raises socket.gaierror when the name has no address, TimeoutError when no answer came in time,
    OSError when the system gives no thread. Keeps nothing for later.
    """
    try:
        return _ask(host, port, socket.AI_NUMERICHOST)  # a literal address needs no resolver and no thread
    except (socket.gaierror, UnicodeError):
        lookup = _join(host, port)
    if not lookup.done.wait(max(within, 0.0)):
        raise TimeoutError("no answer from the resolver in time")
    if lookup.problem is not None:
        raise socket.gaierror(*lookup.problem)
    return lookup.found


def _join(host: str, port: int) -> _Lookup:
    with _lock:
        lookup = _running.get((host, port))
        if lookup is None or time.monotonic() - lookup.began > STUCK_AFTER_S:
            lookup = _Lookup(host, port)
            # A daemon: a stuck resolver must not hold the process back when it ends.
            thread = threading.Thread(target=lookup.run, name="lookup", daemon=True)
            try:
                thread.start()
            except RuntimeError as failure:  # the system gives no more threads
                raise OSError(errno.EAGAIN, "no thread for the lookup") from failure
            _running[lookup.key] = lookup
    return lookup


def _ask(host: str, port: int, flags: int = 0) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, kind, proto, address) for family, kind, proto, _, address in found]  # type: ignore[misc]
