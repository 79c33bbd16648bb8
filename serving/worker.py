"""gunicorn's threaded worker, but that a thread is given only what has arrived whole.

What the application says of a request decides who answers it: senders' are begun, stored and answered together by the
loop's thread; the rest by gunicorn's pool, a thread each."""

import collections
import time
from collections.abc import Iterable
from typing import Any

from gunicorn.http import wsgi

from serving.line import Line
from serving.loop import TOO_SLOW, Loop

APART = 8  # threads that large bodies, and senders that are not plain, have at one time
WAITS_S = 10.0  # for what is answered together
TOGETHER, ALONE = "together", "apart"


class Worker(Loop):
    """The application's extension `sorts`, if it has one, is told method and path: TOGETHER, ALONE or neither.

    An answer that is not there yet has `take_seat`, to be told when it is; `lead`, which has all that have a seat done;
    and `leave`, for one that has waited too long."""

    def init_process(self) -> None:
        self._apart: collections.deque[Line] = collections.deque()  # to be answered alone, when a thread is free
        self._threads_apart = 0
        self._ready: list[Line] = []  # to be begun together
        self._leader: Any = None  # an answer of those that wait and that nobody has done
        self._seated: dict[Line, tuple[float, Any]] = {}  # begun and not done: since when, and what they wait for
        super().init_process()

    def pass_on(self, line: Line) -> None:
        """To a thread."""
        request = line.request
        sort = self._sorts(request.method, request.path) if request else ""
        if line.late and sort not in (TOGETHER, ALONE):
            self.drop(line, TOO_SLOW)
        elif sort == ALONE or not (line.is_whole() or line.failure):
            self._apart.append(line)
            self._begin_apart()
        elif sort == TOGETHER:
            self._ready.append(line)
        else:
            self.tpool.submit(self._answer, line)

    def _begin_apart(self) -> None:
        while self._apart and self._threads_apart < APART:
            self._threads_apart += 1
            self.tpool.submit(self._answer_apart, self._apart.popleft())

    def _one_less(self) -> None:
        self._threads_apart -= 1
        self._begin_apart()

    def look(self, now: float) -> None:
        for since, body in list(self._seated.values()):
            if now - since > WAITS_S:
                self.tpool.submit(body.leave)

    def _sorts(self, method: str, path: str) -> str:
        sorts = getattr(self.wsgi, "extensions", {}).get("sorts")
        return sorts(method, path) if sorts else ""

    # A thread for each.

    def _answer(self, line: Line) -> None:
        begun = self._begun(line)
        if begun:
            self._finish(line, *begun)

    def _answer_apart(self, line: Line) -> None:
        try:
            self._answer(line)
        finally:
            self.method_queue.defer(self._one_less)

    def _begun(self, line: Line) -> tuple[Any, Iterable[bytes]] | None:
        """The application's answer, as far as it has one already; None where the server has answered."""
        try:
            if line.failure:
                raise line.failure
            resp, environ = wsgi.create(line.request, line.out, line.client, line.server, self.settings)
            environ["wsgi.multithread"] = True
            if not self.alive or line.ended or line.late:
                resp.force_close()
            return resp, self.wsgi(environ, resp.start_response)
        except Exception as why:
            self._fail(line, why)
            return None

    def _finish(self, line: Line, resp: Any, body: Iterable[bytes]) -> None:
        try:
            try:
                for piece in body:
                    resp.write(piece)
                resp.close()
            finally:
                if hasattr(body, "close"):
                    body.close()
        except OSError:  # who asked has gone
            self._give_back(line, keep=False)
        except Exception as why:
            if resp.headers_sent:
                self.log.exception("Error handling request")
                self._give_back(line, keep=False)
            else:
                self._fail(line, why)
        else:
            self._give_back(line, keep=not resp.should_close())

    def _fail(self, line: Line, why: Exception) -> None:
        self.handle_error(line.request, line.out, line.client, why)
        self._give_back(line, keep=False)

    def _give_back(self, line: Line, *, keep: bool) -> None:
        """To the loop; but a line that has nothing more to say is closed here, and nobody woken."""
        try:
            if line.out.flush() and not keep and line.is_silent():
                line.sock.close()
                self._closed.append(None)
                return
        except OSError:
            keep = False
        self.method_queue.defer(self.back, line, keep)

    # One thread for several.

    def waits(self) -> bool:
        return bool(self._ready) or self._leader is not None

    def store(self) -> None:
        """Begin what is ready; then have all that wait done, unless a thread does that already."""
        lines, self._ready = self._ready, []
        leader, self._leader = self._leader, None
        for line in lines:
            leader = self._seat(line) or leader
        try:
            if leader is not None and leader.lead():
                self.method_queue.defer(self._lead_again, leader)
        except Exception:  # a mistake of ours: whoever was not told is told within 10 s, and the loop goes on
            self.log.exception("Error while storing")

    def _lead_again(self, leader: Any) -> None:
        self._leader = leader

    def _seat(self, line: Line) -> Any:
        """What it waits for, where it does."""
        begun = self._begun(line)
        if begun is None:
            return None
        resp, body = begun
        if not hasattr(body, "take_seat"):
            self._finish(line, resp, body)
            return None

        def done() -> None:
            if self._seated.pop(line, None):
                self._finish(line, resp, body)

        self._seated[line] = (time.monotonic(), body)
        try:
            body.take_seat(done)
        except Exception as why:
            del self._seated[line]
            self._fail(line, why)
            return None
        return body
