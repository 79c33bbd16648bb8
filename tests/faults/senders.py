"""The senders' side of a trial: they post leads, each with a number of its own, and log every 2xx they hear."""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

TOKEN = "trial-token"
FIRST_NUMBER = 79_000_000_000


@dataclass(frozen=True)
class Heard:
    """One answer: status, its headers by lower name, the lead ids of a 2xx and its delivery's. Status 0: none came."""

    status: int
    headers: dict[str, str]
    leads: tuple[dict, ...] = ()
    delivery: str = ""


class Senders:
    """`ports` are those of the web processes, asked in turn. The log is a line per 2xx, written before anything
    else is done with it."""

    def __init__(self, ports: list[int], log: Path) -> None:
        self.ports = ports
        self.log = log
        self.log.touch()
        self._turn = itertools.count()
        self._count = itertools.count()
        self._writing = threading.Lock()

    def number(self) -> str:
        """A number that no lead of this trial has had."""
        return str(FIRST_NUMBER + next(self._count))

    def post(
        self,
        number: str,
        *,
        event: str | None = None,
        source: str = "shop",
        token: str | None = TOKEN,
        spelled: str | None = None,
        more: dict | None = None,
        timeout: float = 15.0,
    ) -> Heard:
        """One delivery of one lead. Its event is its number's, where none is given."""
        fields = {"id": event or f"e{number}", "phone": spelled or f"+{number}", **(more or {})}
        query = "" if token is None else "?" + urlencode({"token": token})
        return self.send(number, f"/hooks/{source}{query}", json.dumps(fields).encode(), {}, timeout)

    def send(self, number: str, path: str, body: bytes, headers: dict[str, str], timeout: float = 15.0) -> Heard:
        """These bytes; whatever was acknowledged is logged as `number`'s."""
        port = self.ports[next(self._turn) % len(self.ports)]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return Heard(0, {})
        finally:
            connection.close()
        heard_headers = {name.lower(): value for name, value in answer.getheaders()}
        if not 200 <= answer.status < 300:
            return Heard(answer.status, heard_headers)
        told = json.loads(text)
        leads = tuple(told["leads"])
        self._note({"number": number, "leads": [lead["id"] for lead in leads]})
        return Heard(answer.status, heard_headers, leads, told["delivery"])

    def post_until_taken(self, number: str, seconds: float = 60.0, **more) -> Heard:
        """As a sender that sends the same event again until it hears a 2xx."""
        until = time.monotonic() + seconds
        while True:
            heard = self.post(number, **more)
            if heard.leads or time.monotonic() > until:
                return heard
            time.sleep(0.05)

    def many(self, count: int, threads: int = 8, **more) -> list[str]:
        """So many leads, each sent until it is taken; their numbers."""
        numbers = [self.number() for _ in range(count)]
        self.each(numbers, lambda number: self.post_until_taken(number, **more), threads)
        return numbers

    @staticmethod
    def each(items: Iterable, do: Callable, threads: int = 8) -> list:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(do, items))

    def _note(self, line: dict) -> None:
        with self._writing, open(self.log, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Crowd:
    """Senders that go on until the `with` ends: new leads all the time, each sent until it is taken."""

    def __init__(self, senders: Senders, threads: int = 4, pause: float = 0.0, **more) -> None:
        self._senders, self._pause, self._more = senders, pause, more
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(threads)]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(90)

    def _send(self) -> None:
        while not self._over.is_set():
            self._senders.post_until_taken(self._senders.number(), **self._more)
            self._over.wait(self._pause)
