"""One trial's world: provider, database, web processes, workers, senders; nothing of it outlives the `with`."""

import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.faults import database
from tests.faults.checker import WAITING, Verdict, check
from tests.faults.processes import Process, wait_until
from tests.faults.provider import Provider
from tests.faults.senders import TOKEN, Senders

GRACE_S = 5.0  # flow.sweep: an attempt is given up this long after its deadline
TIMEOUT_S = 1.0  # VOICE_TOTAL_TIMEOUT of the trials
START_S = 60.0  # a process may take this long to start on a busy machine
ANY_HOUR = 'policy: {hours: "00:00-24:00", once_per_number: %s}'
# A trial makes more calls than any owner would like.
NO_CAPS = """\
defaults: {calls_per_hour: "0", calls_per_day: "0", spend_per_day: "0"}
house: {calls_per_hour: "0", calls_per_day: "0", spend_per_day: "0", calls_per_number_per_day: "0"}
"""
MAPPING = "mapping:\n  number: {field: phone, region: RU}\n  script: %s\n"
SHOP = "preset: generic\nauth: {secret: env:TRIAL_TOKEN}\nevent_key: id\n"
SIGNED = """\
preset: generic
auth:
  scheme: hmac
  secret: env:TRIAL_TOKEN
  header: X-Signature
  signed: [timestamp, ".", body]
  timestamp_header: X-Timestamp
event_key: id
"""
SOURCES = {
    "shop": SHOP + MAPPING % "Trial" + ANY_HOUR % "0",
    "once": SHOP + MAPPING % "Trial" + ANY_HOUR % "24h",
    "again": SHOP + MAPPING % "Trial" + ANY_HOUR % "24h",
    "signed": SIGNED + MAPPING % "Trial" + ANY_HOUR % "0",
    "night": SHOP + MAPPING % "Trial" + 'policy: {hours: "@night", timezone: UTC, once_per_number: 0}',
    "odd": SHOP + MAPPING % "{field: script, allow: [@scripts]}" + ANY_HOUR % "0",
}


class World:
    """`kind` is sqlite or postgresql; `url` where the trial brings its own database. Time-outs in seconds."""

    def __init__(
        self,
        kind: str,
        folder: Path,
        *,
        url: str | None = None,
        timeout: float = TIMEOUT_S,
        concurrency: int = 4,
        behaviour: str = "accept",
        scripts: Iterable[str] = ("Trial",),
        night: str = "00:00-00:01",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.kind, self.folder, self.timeout = kind, folder, timeout
        self.url = url or database.fresh(kind, folder)
        self.provider = Provider(folder, behaviour)
        self.senders = Senders([], folder / "senders.jsonl")
        self.workers: list[Process] = []
        self.webs: list[Process] = []
        self.quiet = False  # processes started from now on write no log
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "FLASK_SKIP_DOTENV": "1",
            "HOST": "127.0.0.1",
            "DATABASE_URL": self.url,
            "RUN_DIR": str(folder / "run"),
            "SECRETS_FILE": str(folder / "secrets.env"),
            "SOURCES_DIR": str(folder / "sources"),
            "ACCOUNTS_DIR": str(folder / "accounts"),
            "POLICY_FILE": str(folder / "policy.yaml"),
            "SECRET_KEY": "s" * 32,
            "DIGEST_KEY": "d" * 32,
            "API_TOKEN": "a" * 32,
            "TRIAL_TOKEN": TOKEN,
            "VOICE_API_URL": self.provider.url,
            "VOICE_API_KEY": "trial-key",
            "VOICE_RATE": "0",
            "VOICE_TOTAL_TIMEOUT": str(timeout),
            "VOICE_CONNECT_TIMEOUT": str(min(1.0, timeout)),
            "VOICE_CONCURRENCY": str(concurrency),
        }
        self._write_sources(scripts, night)

    def _write_sources(self, scripts: Iterable[str], night: str) -> None:
        (self.folder / "policy.yaml").write_text(NO_CAPS, encoding="utf-8")
        folder = self.folder / "sources"
        folder.mkdir(exist_ok=True)
        allowed = ", ".join(f'"{script}"' for script in scripts)
        for name, text in SOURCES.items():
            whole = text.replace("@scripts", allowed).replace("@night", night)
            (folder / f"{name}.yaml").write_text(whole, encoding="utf-8")

    def __enter__(self) -> "World":
        self.provider.start()
        release = self.flask("release")
        assert release.ended(60) == 0, release.log.read_text()
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self.workers, *self.webs]:
            process.kill()
        self.provider.stop()

    def flask(self, *arguments: str, **environment: str) -> Process:
        """`flask <arguments>` in a process of its own."""
        return self.start("flask", "flask", environment, arguments=list(arguments))

    def start(self, entry: str, log: str, environment: Mapping[str, str] | None = None, **options: object) -> Process:
        file = Path(os.devnull) if self.quiet else self.folder / f"{log}.log"
        return Process(entry, {**self.environment, **(environment or {})}, file, **options)

    def web(
        self,
        *,
        port: int | None = None,
        entry: str = "web",
        processes: int = 2,
        settings: Mapping[str, str] | None = None,
        **options: object,
    ) -> Process:
        """A gunicorn that answers; the senders ask it too."""
        port = port or database.free_port()
        environment = {"PORT": str(port), "WEB_CONCURRENCY": str(processes), **(settings or {})}
        web = self.start(entry, f"web-{port}", environment, **options)
        self.webs = [w for w in self.webs if w.alive] + [web]
        assert wait_until(lambda: answers(port), START_S), web.log.read_text()
        if port not in self.senders.ports:
            self.senders.ports.append(port)
        return web

    def worker(self, entry: str = "", *, machine: str = "", **options: object) -> Process:
        """A worker: as it is, or one of `tests.faults.builds`. Each `machine` has a run directory of its own."""
        environment = {"RUN_DIR": str(self.folder / f"run-{machine}")} if machine else {}
        if entry:
            worker = self.start(entry, entry, environment, **options)
        else:
            worker = self.start("flask", "worker", environment, arguments=["worker"])
        self.workers.append(worker)
        return worker

    def started(self, count: int) -> bool:
        """Wait until so many workers have said in their logs that they began (they heed SIGTERM from then on)."""
        logs = lambda: (log.read_text(errors="replace") for log in self.folder.glob("*worker*.log"))  # noqa: E731
        return wait_until(lambda: sum(text.count("worker_started") for text in logs()) >= count, START_S)

    def freeze(self, workers: Iterable[Process]) -> None:
        """Freeze idle workers, none of them inside a transaction: SQLite's lock would stop the whole house."""
        frozen = list(workers)
        while True:
            for worker in frozen:
                worker.freeze()
            if database.is_free(self.url):
                return
            for worker in frozen:
                worker.go_on()
            time.sleep(0.05)

    def states(self) -> list[tuple[str, str]]:
        """(lead, state) as they stand: all that is ever asked of our tables."""
        return [(lead, state) for lead, state in database.rows(self.url, "SELECT id, state FROM leads")]

    def state(self, lead: str) -> str:
        return dict(self.states()).get(lead, "")

    def settle(self, seconds: float = 30.0) -> bool:
        """Wait until no lead waits or is being called; False when none has moved for `seconds`."""
        moving = WAITING | {"calling"}
        until, before = time.monotonic() + seconds, None
        while left := sorted((lead, state) for lead, state in self.states() if state in moving):
            if left != before:
                until, before = time.monotonic() + seconds, left
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True

    def verdict(self, rearms: Mapping[str, int] | None = None, unsigned: Iterable[str] = ()) -> Verdict:
        states = self.states()
        return check(self.senders.log, self.provider.posts(), states, rearms=rearms, unsigned=unsigned)


def answers(port: int, path: str = "/healthz") -> bool:
    """Whether a web process answers 200 on this port."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
