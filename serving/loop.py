"""The loop of a web process: it accepts, reads and closes lines, and waits for nobody.

The thread that has the loop also has deliveries stored, so that the busiest way through the house wakes no other
thread. Where storing lasts, another thread relieves it."""

import collections
import contextlib
import errno
import queue
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from serving.line import DISCARD_S, Gone, Line
from serving.outbox import SEND_S

RELIEVED_S = 0.05  # that storing may keep the loop
ACCEPTED = 16  # lines of one turn
LOOK_S = 0.5
HELD = 64 << 20  # bytes that all lines hold
FULL = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Settings:
    """gunicorn's, as its parser asks for them: a look into a dictionary instead of a search."""

    def __init__(self, cfg: Any) -> None:
        self.__dict__.update({name: setting.get() for name, setting in cfg.settings.items()})
        self.is_ssl = cfg.is_ssl
        self.forwarded_allow_networks = cfg.forwarded_allow_networks
        self.proxy_allow_networks = cfg.proxy_allow_networks


class Loop(ThreadWorker):
    """What is done with a request is the subclass's: `pass_on` gets each line that is ready; `store` is called when
    something `waits` for it, and may last; `look` twice a second."""

    def init_process(self) -> None:
        self.settings = Settings(self.cfg)
        self._lines: dict[Line, Callable[[Line], None]] = {}  # that the loop has, and what to do when something comes
        self._closed: collections.deque[None] = collections.deque()  # by threads
        self._lock = threading.Lock()
        self._holder: threading.Thread | None = None  # the loop's
        self._busy = 0.0  # since when it stores; 0: it does not
        self._started = False
        self._ends_at = 0.0
        self._ended: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()  # with the mistake that ended it
        self._looked = 0.0
        self._came = 0  # bytes since it was last asked how many are held
        self._names = {listener: listener.getsockname() for listener in self.sockets}
        super().init_process()

    def pass_on(self, line: Line) -> None:
        raise NotImplementedError

    def waits(self) -> bool:
        raise NotImplementedError

    def store(self) -> None:
        raise NotImplementedError

    def look(self, now: float) -> None:
        raise NotImplementedError

    def run(self) -> None:
        """The main thread only watches, so that it hears signals, and that no storing keeps the loop."""
        self._relieve()
        while True:
            try:
                broken = self._ended.get(timeout=0.05 if self._busy else 0.25)
                break
            except queue.Empty:
                self._look_after_the_loop()
        self.tpool.shutdown(wait=False)
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()
        if broken:
            raise broken

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Ctrl-C in a terminal comes twice, from there and from gunicorn's parent; the second would disturb the end. It
        may have come already: a handler of ours is asked then, where SIG_IGN would have Python print a traceback."""
        for number in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, lambda *_: None)
        super().handle_quit(sig, frame)

    def _look_after_the_loop(self) -> None:
        if self._busy and time.monotonic() - self._busy > RELIEVED_S:
            with self._lock:
                if self._busy:
                    self._relieve()

    def _relieve(self) -> None:
        """Another thread goes on with the loop."""
        self._busy = 0.0
        self._holder = threading.Thread(target=self._hold, name="loop", daemon=True)
        self._holder.start()

    def _hold(self) -> None:
        try:
            self._loop()
        except Exception as why:  # a mistake of ours: the process ends with it, and gunicorn makes another
            self._ended.put(why)

    def _loop(self) -> None:
        if not self._started:
            self._started = True
            self.poller.register(self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks)
            self.set_accept_enabled(True)
        while self.alive and self.is_parent_alive():
            if not self._turn(LOOK_S):
                return
        if self._accepting or not self._ends_at:
            self.set_accept_enabled(False)
            now = time.monotonic()
            self._ends_at = now + self.cfg.graceful_timeout
            for line in self._lines:
                if not line.said_anything():
                    line.deadline = min(line.deadline, now + STOP_KEEPALIVE_LINGER)
        while self.nr_conns > 0 and time.monotonic() < self._ends_at:
            if not self._turn(0.1):
                return
        self._ended.put(None)

    def _turn(self, seconds: float) -> bool:
        """Whether the loop is still this thread's."""
        self.wait_for_and_dispatch_events(0 if self.waits() else seconds)
        while self._closed:
            self._closed.popleft()
            self.nr_conns -= 1
        now = time.monotonic()
        if now - self._looked >= min(seconds, LOOK_S):
            self._looked = now
            self._look(now)
        return not self.waits() or self._store(now)

    def _store(self, now: float) -> bool:
        self._busy = now
        self.store()
        with self._lock:
            mine = self._holder is threading.current_thread()
            if mine:
                self._busy = 0.0
        return mine

    def _look(self, now: float) -> None:
        """What is looked at twice a second."""
        self.notify()
        for line in [line for line in self._lines if line.deadline <= now]:
            self._over(line)
        self.look(now)
        if self.alive:
            self.set_accept_enabled(self.nr_conns < self.worker_connections or bool(self._lines))

    # Lines.

    def accept(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTED):
            try:
                sock, client = listener.accept()
            except OSError as why:
                if why.errno in (errno.EMFILE, errno.ENFILE):
                    self._make_room()
                elif why.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                    raise
                return
            self.nr_conns += 1
            if self.nr_conns > self.worker_connections:
                self._make_room()
            self._read(Line(self.settings, sock, client, self._names[listener]))

    def _wait(self, line: Line, then: Callable[[Line], None], mask: int = selectors.EVENT_READ) -> None:
        """Have `then` called when there is something to read of it, or room to write."""

        def called(_: Any) -> None:
            if (now := self._lines.get(line)) is not None:  # given up a moment ago
                now(line)

        if line in self._lines:
            self.poller.modify(line.sock, mask, called)
        else:
            self.poller.register(line.sock, mask, called)
        self._lines[line] = then

    def _take(self, line: Line) -> None:
        """Out of the loop's hands."""
        if self._lines.pop(line, None):
            self.poller.unregister(line.sock)

    def _read(self, line: Line) -> None:
        held = line.held()
        try:
            ready = line.receive()
        except Gone:
            self.drop(line)
            return
        if ready:
            self._take(line)
            self.pass_on(line)
        elif line not in self._lines:
            self._wait(line, self._read)
        self._came += line.held() - held
        if self._came > HELD >> 4:
            self._came = 0
            if sum(each.held() for each in self._lines) > HELD:
                self._make_room()

    def _over(self, line: Line) -> None:
        """Its time is."""
        if self._lines[line] != self._read or not line.said_anything():
            self.drop(line)
        elif line.request is None:
            self.drop(line, TOO_SLOW)
        else:
            line.late = True
            self._take(line)
            self.pass_on(line)

    def _make_room(self) -> None:
        """Give up the oldest lines of the address that holds most; a whole request needs no line for long."""
        by_address: dict[str, list[Line]] = {}
        for line in self._lines:
            by_address.setdefault(line.address, []).append(line)
        if by_address:
            most = max(by_address.values(), key=lambda lines: sum(4096 + line.held() for line in lines))
            for line in most[: 1 + len(most) // 16]:
                self.drop(line, FULL if line.said_anything() else b"")

    def drop(self, line: Line, told: bytes = b"") -> None:
        self._take(line)
        self.nr_conns -= 1
        with contextlib.suppress(OSError):
            if told:
                line.sock.send(told, socket.MSG_DONTWAIT)
        line.sock.close()

    def back(self, line: Line, keep: bool) -> None:
        """A line comes back."""
        try:
            if not line.out.flush():
                line.deadline = time.monotonic() + SEND_S
                self._wait(line, lambda line: self.back(line, keep), selectors.EVENT_WRITE)
                return
        except OSError:
            self.drop(line)
            return
        now = time.monotonic()
        whole = line.is_whole()
        if not (keep and line.next()):
            self._close(line, now + DISCARD_S)
        elif not whole:
            line.size, line.deadline = 0, now + DISCARD_S
            self._wait(line, self._discard)
        else:
            self._next(line)

    def _next(self, line: Line) -> None:
        if line.is_ready():
            self._take(line)
            self.pass_on(line)
            return
        if not line.said_anything():
            line.deadline = time.monotonic() + (self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER)
        self._wait(line, self._read)

    def _discard(self, line: Line) -> None:
        try:
            if line.discard():
                self._next(line)
        except Gone:
            self.drop(line)

    def _close(self, line: Line, deadline: float) -> None:
        """What the sender still sends is read off first: a line closed with bytes unread is reset, and a reset
        destroys an answer that has not been read yet (RFC 9112, 9.6)."""
        try:
            line.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop(line)
            return
        line.size, line.deadline = 0, deadline
        self._wait(line, self._drain)

    def _drain(self, line: Line) -> None:
        try:
            line.drain()
        except Gone:
            self.drop(line)
