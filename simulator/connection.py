"""One client's connection: bytes in, requests one after the other, plans performed."""

import asyncio
import socket
import struct
import time
from contextlib import suppress

from simulator.http_request import MAX_WIRE, Head, Malformed, Request, take_body, take_head
from simulator.plan import CLOSE, HANG, KEEP, RESET, Plan, page
from simulator.provider import Provider

MAX_CONNECTIONS = 1000
IDLE_S = 60.0  # a client that sends nothing
HANG_S = 900.0  # the longest silence of our own: longer than the ten minutes a trial asks for


class Connection(asyncio.Protocol):
    """`all_open` is the server's set of connections; each adds and removes itself."""

    def __init__(self, provider: Provider, all_open: "set[Connection]") -> None:
        self._provider, self._all_open = provider, all_open
        self._buffer = bytearray()
        self._head: Head | None = None
        self._busy = False
        self._task: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._until = time.monotonic() + IDLE_S

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._all_open.add(self)
        if len(self._all_open) > MAX_CONNECTIONS:
            transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._all_open.discard(self)
        if self._head is not None:
            self._provider.unfinished(self._head)
            self._head = None
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > MAX_WIRE:
            self._transport.abort()
        elif not self._busy:
            self._until = time.monotonic() + IDLE_S
            self._read()

    def close_if_forgotten(self, now: float) -> None:
        """Called now and then by the server, so that nothing stays open for ever."""
        if now > self._until:
            self._transport.abort()

    def abort(self) -> None:
        self._transport.abort()

    def _read(self) -> None:
        """Answers every request that is whole, until one is not or an answer takes its time."""
        while not self._busy and not self._transport.is_closing():
            try:
                request = self._take()
            except Malformed as error:
                self._end_with(error.status)
                return
            if request is None:
                return
            self._perform(self._provider.answer(request), request.head.close)

    def _take(self) -> Request | None:
        head = self._head
        if head is None:
            self._head = head = take_head(self._buffer)
            if head is None:
                return None
            cut = self._provider.before_body(head)
            if cut is not None:
                self._perform(cut, True)
                return None
            if head.headers.get("expect", "").lower() == "100-continue":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = take_body(self._buffer, head)
        if body is None:
            return None
        self._head = None
        return Request(head, body)

    def _end_with(self, status: int) -> None:
        for _, data in page(status, close=True).steps:
            self._transport.write(data)
        self._transport.close()

    def _perform(self, plan: Plan, close: bool) -> None:
        """At once where nothing has to be waited for (nearly always), else in a task of its own."""
        steps = plan.steps
        if isinstance(steps, tuple) and all(delay == 0 for delay, _ in steps):
            for _, data in steps:
                self._transport.write(data)
            self._finish(plan, close)
            return
        self._busy = True
        self._until = time.monotonic() + HANG_S
        self._task = asyncio.get_running_loop().create_task(self._perform_slowly(plan, close))

    async def _perform_slowly(self, plan: Plan, close: bool) -> None:
        for delay, data in plan.steps:
            await asyncio.sleep(delay)
            if self._transport.is_closing():
                return
            self._transport.write(data)
            await self._room.wait()
        self._busy = False
        self._task = None
        self._finish(plan, close)
        if not self._busy:
            self._until = time.monotonic() + IDLE_S
            self._read()

    def _finish(self, plan: Plan, close: bool) -> None:
        if plan.end == RESET:
            self._reset()
        elif plan.end == HANG:
            self._busy = True
            self._until = time.monotonic() + HANG_S
        elif plan.end == CLOSE or (plan.end == KEEP and close):
            self._transport.close()

    def _reset(self) -> None:
        """RST instead of FIN: linger switched on with no time to linger."""
        with suppress(OSError):  # the client was faster: there is nothing left to reset
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self._transport.abort()
