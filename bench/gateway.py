"""One whole gateway on loopback: simulator, web, workers, one source. Nothing of it outlives the bench."""

import atexit
import json
import os
import shutil
import tempfile
import urllib.request
from datetime import datetime
from pathlib import Path

from bench import databases
from bench.processes import ROOT, Process, answers, free_port, until
from store.bell import open_bell
from store.engine import Store

TOKEN = "bench-token-" + "b" * 20
SOURCE = """\
preset: generic
auth: {secret: env:BENCH_TOKEN}
event_key: id
mapping:
  number: {field: phone, region: RU}
  script: Bench
# The rules as they are, only so wide that no lead of the bench meets one: their cost is measured too.
policy: {hours: "00:00-24:00", max_age: 0, max_wait: 0, calls_per_hour: "0", calls_per_day: "0", spend_per_day: "0"}
"""
POLICY = 'house: {calls_per_hour: "0", calls_per_day: "0", spend_per_day: "0", calls_per_number_per_day: "0"}\n'
START_S = 60.0
WEB = ["gunicorn", "-c", "gunicorn.conf.py"]


class Twin:
    """The provider's simulator in a process of its own; its log says when it had read each call whole."""

    def __init__(self, behaviour: str = "accept") -> None:
        self._folder = folder = new_folder()
        self.log = folder / "calls.jsonl"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/api/lido/send/"
        arguments = ["simulator", "--port", str(port), "--behaviour", behaviour, "--log", str(self.log), "--quiet"]
        self._process = Process(arguments, dict(os.environ), folder / "simulator.txt")
        until(lambda: answers(f"http://127.0.0.1:{port}/"), START_S, "the simulator's start")
        self._read = 0

    def new_calls(self) -> list[tuple[str, float]]:
        """(number, seconds since 1970 when its POST had been read) of the calls since this was last asked."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text.rfind(b"\n") + 1
        self._read += whole
        calls = [json.loads(line) for line in text[:whole].splitlines()]
        return [(call["number"], datetime.fromisoformat(call["at"]).timestamp()) for call in calls]

    def wait(self, count: int, seconds: float) -> list[tuple[str, float]]:
        """`new_calls` once there are so many. Raises TimeoutError."""
        calls: list[tuple[str, float]] = []

        def enough() -> bool:
            calls.extend(self.new_calls())
            return len(calls) >= count

        until(enough, seconds, f"{count} calls", every=0.05)
        return calls

    def end(self) -> None:
        self._process.end()
        shutil.rmtree(self._folder, ignore_errors=True)


class Bare:
    """The bare Flask view under the gateway's own gunicorn settings."""

    def __init__(
        self, folder: Path, processes: int = 2, threads: int | None = None, worker_class: str | None = None
    ) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/hooks/bench"
        own_class = [] if worker_class is None else ["--worker-class", worker_class]
        self.process = Process(
            [*WEB, *_threads(threads), *own_class, "bench.bare:app"],
            _web_environment(port, processes),
            folder / f"bare-{port}.txt",
        )
        until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), START_S, "the bare view's start")

    def end(self) -> None:
        self.process.end()


class Least:
    """The script P3L in a process of its own, on a database of its own."""

    def __init__(self, kind: str, voice: str) -> None:
        self._folder = folder = new_folder()
        address = databases.fresh(kind, folder)
        arguments = ["bench.least", address.removeprefix("sqlite:///"), voice, str(folder)]
        self._process = Process(arguments, dict(os.environ), folder / "least.txt")
        port = folder / "port"
        until(lambda: port.exists() and port.read_text(), START_S, f"the start of {folder / 'least.txt'}")
        self.url = f"http://127.0.0.1:{port.read_text()}/"

    def end(self) -> None:
        self._process.end()
        shutil.rmtree(self._folder, ignore_errors=True)


class Gateway:
    """A database of its own, and web and worker processes as they are asked for. `voice` is the provider's
    address; `concurrency` the calls that a worker has in flight."""

    def __init__(self, kind: str, voice: str, *, concurrency: int = 8, folder: Path | None = None) -> None:
        self.folder = folder or new_folder()
        self._processes: list[Process] = []
        (self.folder / "sources").mkdir()
        (self.folder / "sources" / "bench.yaml").write_text(SOURCE, encoding="utf-8")
        (self.folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
        self.database = databases.fresh(kind, self.folder)
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "FLASK_SKIP_DOTENV": "1",
            "HOST": "127.0.0.1",
            "DATABASE_URL": self.database,
            "RUN_DIR": str(self.folder / "run"),
            "SOURCES_DIR": str(self.folder / "sources"),
            "POLICY_FILE": str(self.folder / "policy.yaml"),
            "SECRETS_FILE": str(self.folder / "secrets.env"),
            "SECRET_KEY": "s" * 32,
            "DIGEST_KEY": "d" * 32,
            "API_TOKEN": "a" * 32,
            "BENCH_TOKEN": TOKEN,
            "VOICE_API_URL": voice,
            "VOICE_API_KEY": "bench-key",
            "VOICE_RATE": "0",
            "VOICE_CONCURRENCY": str(concurrency),
        }
        release = self._start(["flask", "release"], {})
        if release.wait(START_S):
            raise RuntimeError(f"the release failed: {release.log.read_text()}")
        self.store = Store(self.database, pool=2)
        self.bell = open_bell(self.store, str(self.folder / "run"), "", print)

    def web(self, processes: int = 2, threads: int | None = None) -> Process:
        """A gunicorn; `url` is its source's address from then on."""
        port = free_port()
        web = self._start([*WEB, *_threads(threads), "app:create_app()"], _web_environment(port, processes))
        until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), START_S, f"the web's start ({web.log})")
        self.url = f"http://127.0.0.1:{port}/hooks/bench?token={TOKEN}"
        return web

    def worker(self, concurrency: int | None = None) -> Process:
        """`flask worker`; it has looked at the database when this returns."""
        more = {} if concurrency is None else {"VOICE_CONCURRENCY": str(concurrency)}
        seen = self.scalar("SELECT count(*) FROM workers")
        worker = self._start(["flask", "worker"], more)
        until(lambda: self.scalar("SELECT count(*) FROM workers") > seen, START_S, f"the worker's start ({worker.log})")
        return worker

    def send(self, name: str, number: str) -> None:
        """One lead, by HTTP."""
        body = json.dumps({"id": name, "name": "Ivan Petrov", "phone": f"+{number}"}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            answer.read()

    def scalar(self, sql: str) -> int:
        with self.store.read() as tx:
            return int(tx.exec_driver_sql(sql).scalar_one())

    def leads(self, state: str | None = None) -> int:
        where = "" if state is None else f" WHERE state = '{state}'"
        return self.scalar(f"SELECT count(*) FROM leads{where}")

    def _start(self, arguments: list[str], more: dict[str, str]) -> Process:
        log = self.folder / f"{arguments[-1].split(':')[0]}-{len(self._processes)}.txt"
        process = Process(arguments, {**self.environment, **more}, log)
        self._processes.append(process)
        return process

    def end(self) -> None:
        for process in self._processes:
            process.end()
        self.bell.close()
        self.store.dispose()
        shutil.rmtree(self.folder, ignore_errors=True)


def new_folder(base: Path = ROOT / "var") -> Path:
    """On the project's disk: /tmp may be memory, where a sync costs nothing."""
    base.mkdir(mode=0o700, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=base))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _threads(count: int | None) -> list[str]:
    return [] if count is None else ["--threads", str(count)]


def _web_environment(port: int, processes: int) -> dict[str, str]:
    own = {"HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": str(processes)}
    return {"PATH": os.environ.get("PATH", ""), **own}
