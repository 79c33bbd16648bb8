"""A whole gateway in processes of its own: simulator, release, gunicorn with two workers, worker."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from config.settings import ROOT
from tests.ports import free_port

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def until(condition, seconds: float = 120.0):
    """What `condition` answers, once it is true; fails the test when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


class Running:
    """Start with `with`; what it started ends with the block. `log` is what web and worker wrote so far."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.sources = folder / "sources"
        self.sources.mkdir()
        (folder / "policy.yaml").write_text("defaults: {hours: '00:00-24:00', once_per_number: 0}\n")
        self.port, self.voice = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "log.txt"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
            "DATABASE_URL": database_url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            "VOICE_API_URL": f"http://127.0.0.1:{self.voice}/api/lido/send/",
            "VOICE_API_KEY": "demo-key",
            "VOICE_RATE": "0",
            "SECRET_KEY": "s" * 40,
            "DIGEST_KEY": "d" * 40,
            "API_TOKEN": "a" * 40,
            "SOURCES_DIR": str(self.sources),
            "ACCOUNTS_DIR": str(folder / "accounts"),
            "POLICY_FILE": str(folder / "policy.yaml"),
            "SECRETS_FILE": str(folder / "secrets.env"),
            "RUN_DIR": str(folder / "run"),
        }

    def __enter__(self) -> "Running":
        code, said = self.flask("release")
        assert code == 0, said
        try:
            self._start("flask", "simulator", "--port", str(self.voice), "--key", "demo-key", "--quiet")
            self.web = self._start("gunicorn", "-c", "gunicorn.conf.py", "app:create_app()")
            self._start("flask", "worker")
            until(lambda: self.get("/readyz")[0] == 200, 120)
        except BaseException:  # a worker left behind would work on the next test's database
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
            if process.poll() is None:
                process.kill()
                process.wait()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def flask(self, *words: str) -> tuple[int, str]:
        """A person's command: exit code and everything it printed."""
        told = subprocess.run(
            [sys.executable, "-m", "flask", *words], env=self.environ, cwd=ROOT, capture_output=True, text=True
        )
        return told.returncode, told.stdout + told.stderr

    def get(self, path: str) -> tuple[int, str]:
        return self.ask(urllib.request.Request(self.url + path))

    def ask(self, request: urllib.request.Request) -> tuple[int, str]:
        """Status and body; status 0 when no answer came."""
        try:
            with DIRECT.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except (OSError, http.client.HTTPException) as why:
            return 0, type(why).__name__

    def rung(self) -> list[dict[str, object]]:
        """The calls that the provider's twin got."""
        with DIRECT.open(f"http://127.0.0.1:{self.voice}/calls", timeout=60) as answer:
            return list(json.loads(answer.read())["calls"])

    def web_workers(self) -> list[int]:
        """The process ids of gunicorn's workers."""
        table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        rows = (line.split() for line in table.splitlines())
        return [int(pid) for pid, parent in rows if int(parent) == self.web.pid]

    def _start(self, module: str, *words: str) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", module, *words]
            process = subprocess.Popen(command, env=self.environ, cwd=ROOT, stdout=log, stderr=log)
        self._processes.append(process)
        return process


class Stream:
    """A sender that posts about `rate` leads a second from four threads, each under an id of its own."""

    def __init__(self, gateway: Running, address: str, rate: float = 50.0) -> None:
        self.answers: list[tuple[float, int, str]] = []  # (moment, status, body)
        self._gateway, self._address, self._pause = gateway, address, 4 / rate
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._post, args=(n,), daemon=True) for n in range(4)]

    def __enter__(self) -> "Stream":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(120)

    def _post(self, thread: int) -> None:
        n = 0
        while not self._ending.wait(self._pause):
            n += 1
            body = f"tranid={thread}-{n}&Name=Ivan&Phone=%2B7999{thread:03}{n:04}".encode()
            asked = time.monotonic()
            status, text = self._gateway.ask(urllib.request.Request(self._address, body))
            self.answers.append((asked, status, text))
