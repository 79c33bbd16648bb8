"""The worker class on real sockets: its answers are gunicorn's own; who is slow, silent or cut off holds nothing."""

import contextlib
import os
import re
import resource
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.faults.database import free_port, rows
from tests.faults.senders import TOKEN
from tests.faults.world import World
from tests.security.attack import lead, status_of, whole
from tests.serving.said import CHUNKED, SAID, post

HOOK = f"/hooks/shop?token={TOKEN}"
STOCK = {"GUNICORN_CMD_ARGS": "--worker-class=gthread"}


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """The ports of two servers of the same application: with our worker class, and with gunicorn's own."""
    folder = tmp_path_factory.mktemp("echo")
    started, ports = [], []
    for more in ([], ["--worker-class", "gthread"]):
        ports.append(free_port())
        environ = {"PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": str(ports[-1]), "WEB_CONCURRENCY": "1"}
        words = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", *more, "tests.serving.echo:app"]
        with (folder / "log.txt").open("ab") as log:
            started.append(subprocess.Popen(words, cwd=ROOT, env=environ, stdout=log, stderr=log))
    try:
        for port in ports:
            until(lambda port=port: status_of(port, SAID["no body"]) == 200, 60)
        yield ports
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(40)


def until(done, seconds):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def answers(port, pieces, seconds=10):
    """All that comes back for these pieces until the server closes the line, less what differs by the hour."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):  # closed after an answer that comes early
            for piece in pieces:
                line.sendall(piece)
                time.sleep(0.002)
            line.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while data := line.recv(65_536):
                got += data
    got = re.sub(rb"Date: [^\r]*\r\n", b"", got.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b""))
    # In which words a head is refused depends on where gunicorn's own reading of it was cut.
    return re.sub(rb"(HTTP/1.1 [45]\d\d [^\r]*\r\n).*?</html>\n", rb"\1", got, flags=re.DOTALL)


@pytest.mark.parametrize("data", SAID.values(), ids=SAID)
def test_it_answers_as_gunicorn_does(servers, data):
    ours, theirs = servers
    said = answers(theirs, [data])
    third = max(1, len(data) // 3)
    assert answers(ours, [data]) == said
    assert answers(ours, [data[n : n + third] for n in range(0, len(data), third)]) == said


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_arrives_whole_and_the_line_may_be_used_again(servers, chunked):
    body = os.urandom(3_000_000)
    lines = [CHUNKED] if chunked else [f"Content-Length: {len(body)}"]
    sent = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n" if chunked else body
    data = post("/a", *lines, body=sent) + SAID["no body"]
    assert answers(servers[0], [data]) == answers(servers[1], [data]) != b""


# A house


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with World("sqlite", tmp_path_factory.mktemp("house")) as world:
        world.web(processes=1)
        assert status_of(world.senders.ports[0], whole(HOOK, lead("warm", "79990000099"))) == 200
        yield world


def stored(world):
    return len(world.states())


class Answered:
    """Good leads and looks at the health of a house, ten a second of each, as long as the block lasts."""

    def __init__(self, port):
        self._port, self._over, self.told = port, threading.Event(), []

    def __enter__(self):
        self._threads = [threading.Thread(target=self._ask, args=(kind,)) for kind in range(2)]
        for thread in self._threads:
            thread.start()
        return self

    def _ask(self, kind):
        n = 0
        while not self._over.wait(0.1):
            n += 1
            good = whole(HOOK, lead(f"good-{time.monotonic()}", str(79_880_000_000 + n)))
            began = time.monotonic()
            status = status_of(self._port, (good, whole("/healthz", b"").replace(b"POST", b"GET"))[kind])
            self.told.append((status, time.monotonic() - began))

    def __exit__(self, *_):
        until(lambda: len(self.told) > 20, 60)
        self._over.set()
        for thread in self._threads:
            thread.join(20)

    def worst(self):
        """(share that was answered 200, the longest in seconds)."""
        return sum(status == 200 for status, _ in self.told) / len(self.told), max(took for _, took in self.told)


@contextlib.contextmanager
def crowd(port):
    """500 lines that say nothing, 500 with half a head, 130 with half a body and no token, 130 with half a body."""
    half = f"POST /hooks/shop HTTP/1.1\r\nHost: a\r\nContent-Length: 80\r\n\r\n{'x' * 40}".encode()
    proved = half.replace(b"/hooks/shop", HOOK.encode())
    kinds = [(b"", 500), (b"POST /hooks/shop HTTP/1.1\r\nHost: a\r\nContent-Le", 500), (half, 130), (proved, 130)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    with contextlib.ExitStack() as opened:
        for said, count in kinds:
            for _ in range(count):
                line = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
                with contextlib.suppress(OSError):  # given up already
                    line.sendall(said)
        yield


def test_1260_lines_that_say_half_of_it_cost_good_leads_nothing(house):
    port = house.senders.ports[0]
    with Answered(port) as good, crowd(port):
        time.sleep(3)
    share, longest = good.worst()
    assert share == 1.0
    assert longest < 1


def test_under_gunicorns_own_worker_the_same_crowd_is_noticed(tmp_path):
    with World("sqlite", tmp_path) as world:
        world.web(processes=1, settings=STOCK)
        port = world.senders.ports[0]
        with Answered(port) as good, crowd(port):
            time.sleep(3)
    share, longest = good.worst()
    assert share < 1 or longest >= 1


def test_a_lead_that_is_cut_off_at_any_byte_is_not_stored_and_holds_nothing(house):
    port, before = house.senders.ports[0], stored(house)
    data = whole(HOOK, lead("cut", "79990000077"))
    chunks = post(HOOK, CHUNKED, body=b"%x\r\n" % len(lead("cut2")) + lead("cut2") + b"\r\n0\r\n\r\n")
    with Answered(port) as good:
        for told in (data, chunks):
            for n in range(len(told)):
                with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
                    line.sendall(told[:n])
                    if n % 3 == 1:
                        line.shutdown(socket.SHUT_WR)
                        while line.recv(1000):
                            continue
                    elif n % 3 == 2:  # reset
                        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    share, longest = good.worst()
    assert (share, longest < 1) == (1.0, True)
    assert rows(house.url, "SELECT id FROM leads WHERE event_key IN ('cut', 'cut2')") == []
    assert stored(house) > before


@contextlib.contextmanager
def frozen_writer(world):
    """Another process in the middle of a write, as far as the database and the queue before it know."""
    path = world.url.removeprefix("sqlite:///")
    with sqlite3.connect(path, isolation_level=None) as held, Path(f"{path}-writers").open() as queue:
        flock(queue, LOCK_EX)
        held.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            held.execute("ROLLBACK")
            flock(queue, LOCK_UN)


def test_a_writer_that_is_frozen_keeps_neither_the_loop_nor_a_sender_for_long(house):
    port, statuses = house.senders.ports[0], []

    def send(n):
        began = time.monotonic()
        statuses.append((status_of(port, whole(HOOK, lead(f"frozen-{n}", str(79_870_000_000 + n))), 30), began))
        assert time.monotonic() - began < 12

    with frozen_writer(house):
        senders = [threading.Thread(target=send, args=(n,)) for n in range(40)]
        for sender in senders:
            sender.start()
            time.sleep(0.02)
        for _ in range(20):
            began = time.monotonic()
            assert status_of(port, whole("/healthz", b"").replace(b"POST", b"GET")) == 200
            assert status_of(port, whole("/hooks/shop", lead("no token"))) == 401
            assert time.monotonic() - began < 1
        for sender in senders:
            sender.join(30)
        assert {status for status, _ in statuses} == {503}
        assert len(statuses) == 40
    until(lambda: status_of(port, whole(HOOK, lead("after", "79870000999"))) == 200, 10)
    assert rows(house.url, "SELECT count(*) FROM leads WHERE event_key LIKE 'frozen-%'") == [(0,)]


def test_a_loop_that_nobody_relieves_is_found(tmp_path):
    """The control: the same with a build whose loop waits for the database itself."""
    with World("sqlite", tmp_path) as world:
        world.web(processes=1, entry="gunicorn", application="tests.serving.echo:never_relieved()")
        port = world.senders.ports[0]
        assert status_of(port, whole(HOOK, lead("warm", "79990000099"))) == 200
        with frozen_writer(world):
            sender = threading.Thread(target=status_of, args=(port, whole(HOOK, lead("frozen")), 3))
            sender.start()
            time.sleep(0.5)
            assert status_of(port, whole("/healthz", b"").replace(b"POST", b"GET"), 1) == 0
            sender.join()


def test_a_reader_that_takes_nothing_holds_no_thread(house):
    """What it asked for waits without one."""
    port = house.senders.ports[0]
    asked = whole("/api/openapi.json", b"").replace(b"POST", b"GET").replace(b"Connection: close\r\n", b"") * 200
    with contextlib.ExitStack() as opened, Answered(port) as good:
        for _ in range(64):
            line = opened.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            line.settimeout(10)
            line.connect(("127.0.0.1", port))
            line.sendall(asked)
        time.sleep(2)
    assert good.worst()[0] == 1.0
