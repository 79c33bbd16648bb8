"""gunicorn on a listening socket that outlives it, as systemd's socket unit holds it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from config.settings import ROOT

TOKEN = "a-token-of-the-form"
SOURCE = "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nevent_key: id\nmapping: {script: Demo}\n"
# What a unit's process gets: the socket as descriptor 3, and its own process id beside it.
HANDED_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""


class Served:
    """The web process of a fresh database with one source, `shop`. Ends with the block; `log` is what it wrote."""

    def __init__(
        self, folder: Path, listener: socket.socket | None, *, root: Path = ROOT, database_url: str = ""
    ) -> None:
        """`root`: the folder of the code that serves."""
        self.listener, self._log, self.root = listener, folder / "web.txt", root
        (folder / "sources").mkdir()
        (folder / "sources" / "shop.yaml").write_text(SOURCE)
        (folder / "policy.yaml").write_text("{}\n")
        (folder / "secrets.env").write_text(f"SHOP_TOKEN={TOKEN}\n")
        (folder / "secrets.env").chmod(0o600)
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
            "DATABASE_URL": database_url or f"sqlite:///{folder}/leads.db",
            "VOICE_API_URL": "http://127.0.0.1:9/",
            "VOICE_API_KEY": "a-key",
            "SECRET_KEY": "s" * 40,
            "DIGEST_KEY": "d" * 40,
            "API_TOKEN": "a" * 40,
            "SOURCES_DIR": str(folder / "sources"),
            "POLICY_FILE": str(folder / "policy.yaml"),
            "SECRETS_FILE": str(folder / "secrets.env"),
            "TRUSTED_PROXIES": "1",
            "WEB_CONCURRENCY": "2",
            "RUN_DIR": str(folder / "run"),
            "HOME": str(folder),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Served":
        flask = [sys.executable, "-m", "flask", "release"]
        subprocess.run(flask, cwd=self.root, env=self.environ, check=True, capture_output=True)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """A new process; on an inherited socket requests may come before it is ready."""
        words = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "app:create_app()"]
        fds = [] if self.listener is None else [self.listener.fileno()]
        if fds:
            words = [sys.executable, "-c", HANDED_OVER, str(fds[0]), *words]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                words, cwd=self.root, env=self.environ, stdout=log, stderr=log, pass_fds=fds
            )

    def stop(self) -> None:
        """As `systemctl stop` does: SIGTERM, and what is being answered is answered."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.process = None

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")


def listening(folder: Path) -> socket.socket:
    """A unix socket that the test holds, as the socket unit would."""
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(folder / "web.sock"))
    made.listen(2048)
    return made


class Unix(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float = 60) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None, **headers: str):
    """(status, body) of one request, the connection closed behind it; status 0 when no answer came."""
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as why:
        return 0, repr(why).encode()
    finally:
        connection.close()


def until_ready(make, seconds: float = 120) -> None:
    """Waits until /healthz answers on a connection that `make` makes."""
    end = time.monotonic() + seconds
    while ask(make(), "GET", "/healthz")[0] != 200:
        assert time.monotonic() < end, "the web process did not get ready"
        time.sleep(0.05)
