"""What attacks have in common: bytes on a raw socket, and what they cost the processes that read them."""

import json
import os
import select
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.faults.senders import TOKEN
from tests.faults.world import World

HOOK = f"/hooks/shop?token={TOKEN}"
TICKS = os.sysconf("SC_CLK_TCK")


def lead(event: str, number: str = "79990000001", **more: str) -> bytes:
    return json.dumps({"id": event, "phone": f"+{number}", **more}).encode()


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    """The head of a request: its line, Host, what else it says."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: gateway.test", *lines, "", ""]).encode()


def whole(path: str, body: bytes, *lines: str) -> bytes:
    return head(path, f"Content-Length: {len(body)}", "Connection: close", *lines) + body


def status_of(port: int, data: bytes, seconds: float = 10.0) -> int:
    """The status of the answer to these bytes; 0 when none came."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
            line.sendall(data)
            return _status(line.recv(65_536))
    except OSError:
        return 0


def pour(port: int, start: bytes, piece: bytes, most: int) -> tuple[int, int]:
    """Send `start` and then `piece` again and again, up to `most` bytes; (status, bytes sent before the answer)."""
    status, answered_after, sent = 0, 0, 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        try:
            line.sendall(start)
            while sent < most:
                line.sendall(piece)
                sent += len(piece)
                if not status and select.select([line], [], [], 0.002)[0]:
                    status, answered_after = _status(line.recv(65_536)), sent
        except OSError:
            pass  # the line was closed: that is an end as good as any
    return status, answered_after


def _status(answer: bytes) -> int:
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.") else 0


def web_processes(world: World) -> list[int]:
    """gunicorn's workers."""
    return [pid for web in world.webs for pid in web.children()]


def memory_kb(pids: Iterable[int]) -> int:
    """The most that one of them has ever held, since its mark was last put down."""
    return max(_line(pid, "VmHWM") for pid in pids)


def grown_kb(world: World, attack: Callable[[], object]) -> int:
    """By how much the largest web process grew, at its highest, while it was attacked."""
    pids = web_processes(world)
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # VmHWM begins anew
    before = {pid: _line(pid, "VmRSS") for pid in pids}
    attack()
    return max(_line(pid, "VmHWM") - before[pid] for pid in pids if Path(f"/proc/{pid}").exists())


def _line(pid: int, name: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name + ":"))


def busy_s(pids: Iterable[int]) -> float:
    """The processor's seconds that they have had so far, in all their threads."""
    spent = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / TICKS


def cost(do: Callable[[], object]) -> tuple[float, int]:
    """(processor's milliseconds, kilobytes of memory at the highest) that it takes in this thread; whatever it raises
    is its answer. Twice, for counting memory takes time of its own."""
    began = time.thread_time()
    _quietly(do)
    took = time.thread_time() - began
    tracemalloc.start()
    try:
        _quietly(do)
        return took * 1000, tracemalloc.get_traced_memory()[1] // 1024
    finally:
        tracemalloc.stop()


def _quietly(do: Callable[[], object]) -> None:
    try:
        do()
    except Exception:  # what comes of it is asked elsewhere; here only what it costs
        return
