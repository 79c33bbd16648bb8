"""Starting and stopping the twin: in a thread for tests, in the foreground for people."""

import asyncio
import errno
import io
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from types import TracebackType
from typing import Any

from simulator.calls import Call, Calls
from simulator.choice import Choice
from simulator.connection import Connection
from simulator.judge import Account
from simulator.provider import SEND, Provider

BACKLOG = 1024
SWEEP_S = 5.0


class Simulator:
    """The provider's twin on a port of its own (0: any free one), answering in a thread between `start` and `stop`.

    `key`, `login` + `password`: the credentials it knows (none: it takes any). `scripts`: the names it knows (None:
    all). `behaviour` holds for the first `behave_for` calls (None: all); `endings` maps a number's last digits to a
    behaviour. `log`: a file that gets one JSON line a call before it is answered. `say` gets a line for people.
    `names`: others of this machine's, beside localhost, by which it may be asked. Raises ValueError for an unknown
    behaviour and, at `start`, for a host that is not this machine; OSError for a log that cannot be opened.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        key: str | None = None,
        login: str | None = None,
        password: str | None = None,
        scripts: Iterable[str] | None = None,
        behaviour: str = "accept",
        behave_for: int | None = None,
        endings: Mapping[str, str] | None = None,
        log: str | None = None,
        names: Iterable[str] = (),
        say: Callable[[str], None] | None = None,
    ) -> None:
        if (login is None) != (password is None):
            raise ValueError("login and password come together")
        known = None if scripts is None else frozenset(scripts)
        self._choice = Choice(behaviour, behave_for, endings)
        self._calls = Calls(log)
        self._provider = Provider(
            Account(key, login, password, known), self._choice, self._calls, say, names=frozenset(names)
        )
        self.host, self.port = host, port
        self._open: set[Connection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> "Simulator":
        """Listens and returns at once. The port stays the same over `stop` and `start`. Raises OSError."""
        if self._thread is not None:
            return self
        listener = _listen(self.host, self.port)
        self.port = listener.getsockname()[1]
        self._loop = loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        life = self._live(listener, self._ended)
        self._thread = threading.Thread(target=_run, args=(loop, life), name="voice-simulator", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends every connection at once: from here on the port refuses. The calls stay readable."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._thread = self._loop = None

    def __enter__(self) -> "Simulator":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._calls.close()

    @property
    def url(self) -> str:
        """What VOICE_API_URL is set to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{SEND}"

    @property
    def calls(self) -> tuple[Call, ...]:
        """The POSTs read whole since the last `clear`, oldest first."""
        return self._calls.listed()

    @property
    def unfinished(self) -> int:
        """How many POSTs began but did not come whole, or were cut off by `reset_before`."""
        return self._calls.unfinished

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._open)

    def wait(self, count: int, seconds: float = 10.0) -> bool:
        """Until `count` calls were read since the last `clear`; False when `seconds` passed before."""
        return self._calls.wait(count, seconds)

    def behave(self, name: str, times: int | None = None) -> None:
        """Behaves so for the next `times` calls (None: until changed). Raises ValueError."""
        self._choice.behave(name, times)

    def clear(self) -> None:
        """Forgets the calls and the counts."""
        self._calls.clear()

    async def _live(self, listener: socket.socket, ended: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(self._provider, self._open), sock=listener, backlog=BACKLOG
        )
        sweep = loop.create_task(self._sweep())
        await ended.wait()
        server.close()
        sweep.cancel()
        # Connections leave the set in the loop's next turn, and the tasks of slow answers end with them.
        while self._open or len(asyncio.all_tasks()) > 1:
            for connection in tuple(self._open):
                connection.abort()
            await asyncio.sleep(0)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            now = time.monotonic()
            for connection in tuple(self._open):
                connection.close_if_forgotten(now)


def _run(loop: asyncio.AbstractEventLoop, life: Coroutine[Any, Any, None]) -> None:
    try:
        loop.run_until_complete(life)
    finally:
        loop.close()


def _listen(host: str, port: int) -> socket.socket:
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    if not ip_address(str(address[0])).is_loopback:  # whoever reaches it can read every number it was asked to ring
        raise ValueError(f"it listens on this machine alone, so not on {host}; take 127.0.0.1")
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def serve(host: str = "127.0.0.1", port: int = 8001, *, quiet: bool = False, **options: Any) -> int:
    """Runs the twin in the foreground until SIGINT or SIGTERM, whose handlers it takes. For a process's main thread.

    `options` are those of `Simulator`. Returns the process's exit code: 0 ended by a signal, 1 it cannot start here
    (a taken port, a log that cannot be written; one line on stderr), 2 an option is wrong.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(
            errors="backslashreplace"
        )  # a Cyrillic script must not end the call on an ASCII terminal
    ended: queue.SimpleQueue[None] = queue.SimpleQueue()  # not an Event: a handler may not wait for its lock
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.put(None))
    try:
        simulator = Simulator(port, host=host, say=None if quiet else _say, **options).start()
    except ValueError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    except OSError as error:
        taken = f"port {port} is taken; choose another with --port" if error.errno == errno.EADDRINUSE else error
        sys.stderr.write(f"simulator: {taken}\n")
        return 1
    root = simulator.url.removesuffix(SEND.removeprefix("/"))
    _say(f"voice simulator at {simulator.url} (it rings nobody); its help and its calls: {root} and {root}calls")
    ended.get()
    simulator.stop()
    return 0


def _say(line: str) -> None:
    with suppress(OSError):  # nobody reads any more; the calls go on
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
